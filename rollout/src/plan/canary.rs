//! Canary: a growing share of the traffic, step by step.
