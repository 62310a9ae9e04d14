//! The proxy: users reach it, and it spreads their requests over the revisions by weight.
