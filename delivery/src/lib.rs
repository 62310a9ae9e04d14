//! What to deliver.
