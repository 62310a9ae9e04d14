//! The process that hosts rollouts on this machine.

fn main() {}
