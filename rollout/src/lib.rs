//! How a new version goes live: the vocabulary, the plans and the machine, without a clock, a runtime or a network.
