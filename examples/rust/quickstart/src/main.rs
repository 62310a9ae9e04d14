//! The pipeline of the project in the current directory.

use std::process::ExitCode;

use devopsflow::{Language, Pipeline, Platform, Result, Scope};

fn declare(scope: &mut Scope) -> Result<()> {
    let ci =
        Pipeline::new("ci", Platform::GithubActions, Language::Python).directory(".github/workflows").add(scope)?;
    scope.export("path", ci.path);
    Ok(())
}

fn main() -> ExitCode {
    devopsflow::main("quickstart", declare)
}
