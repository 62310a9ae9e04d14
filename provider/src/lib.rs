//! The devops-flow provider.
