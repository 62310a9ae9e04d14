//! The process that Terraform starts.

use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    tfplugin::server::main(provider::ADDRESS, Arc::new(provider::registry()))
}
