//! A program with a secret: a token that its pipeline gets, and that it exports.
//!
//! `DEVOPSFLOW_PASSPHRASE=... cargo run --example secret -- config set --secret token -` reads it from standard input and seals it.

use std::path::PathBuf;
use std::process::ExitCode;

use devopsflow::{Language, Pipeline, Platform, Result, Scope};
use framework::Input;

fn declare(scope: &mut Scope) -> Result<()> {
    let token = scope.secret("token")?;
    let root = PathBuf::from(scope.config("root")?);
    let pipeline = Pipeline::new("ci", Platform::GithubActions, Language::Python)
        .repository(root.clone())
        .directory(root.join(".github/workflows"))
        .variables(Input::map([("TOKEN", token.clone())]))
        .add(scope)?;
    scope.export("files", pipeline.files);
    let limit: usize = scope.config_opt("limit").map_or(Ok(usize::MAX), |limit| limit.parse())?;
    scope.export(
        "token",
        token.map(move |token| {
            assert!(token.len() <= limit, "{token} is too long");
            token
        }),
    );
    Ok(())
}

fn main() -> ExitCode {
    devopsflow::main("vault", declare)
}
