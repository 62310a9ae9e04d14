//! A program with as many pipelines as the setting `count` says, each in a folder of its own.

use std::path::PathBuf;
use std::process::ExitCode;

use devopsflow::{Language, Pipeline, Platform, Result, Scope};
use framework::Input;

fn declare(scope: &mut Scope) -> Result<()> {
    let count: usize = scope.config_opt("count").unwrap_or_else(|| "2".to_owned()).parse()?;
    let root = PathBuf::from(scope.config("root")?);
    let mut before = None;
    for number in 0..count {
        let mut pipeline = Pipeline::new(format!("p{number}"), Platform::GithubActions, Language::Python)
            .repository(root.clone())
            .directory(root.join(format!("p{number}/.github/workflows")));
        if let Some(path) = before.take().filter(|_| number % 5 != 0) {
            pipeline = pipeline.variables(Input::map([("BEFORE", path)]));
        }
        let pipeline = pipeline.add(scope)?;
        before = Some(pipeline.path.clone());
        scope.export("last", pipeline.path);
    }
    Ok(())
}

fn main() -> ExitCode {
    devopsflow::main("shop", declare)
}
