//! Terraform's plugin protocol, both ends.
