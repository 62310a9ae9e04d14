//! The `devops-flow` command.

fn main() {}
