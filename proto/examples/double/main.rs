//! A small provider in a process of its own, for the tests of both ends of the protocol.

mod provider;

use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    tfplugin::server::main("registry.terraform.io/example/double", Arc::new(provider::Double::default()))
}
