//! A program with rules that are worth a test: which pipelines there are is a setting, and production is handled with care.

#[cfg(test)]
mod tests;

use std::process::ExitCode;

use devopsflow::{Input, Language, Options, Output, Pipeline, Platform, Result, Scope};

fn declare(scope: &mut Scope) -> Result<()> {
    let services = scope.config("services")?;
    let production = scope.stack() == "production";
    let mut paths = Vec::new();
    for name in services.split(',') {
        let options = if production { Options::new().protect() } else { Options::new() };
        let ci = pipeline(name).with(options).add(scope)?;
        paths.push(ci.path);
    }

    // One more, which is told of the others and so comes after them.
    let paths = Output::all(paths).map(|paths: Vec<String>| paths.join(" "));
    let overview = pipeline("overview").variables(Input::map([("PIPELINES", &paths)])).add(scope)?;
    scope.export("overview", overview.path);
    scope.export("pipelines", paths);
    Ok(())
}

fn pipeline(name: &str) -> Pipeline {
    Pipeline::new(name, Platform::GithubActions, Language::Python).name(name).directory(".github/workflows")
}

fn main() -> ExitCode {
    devopsflow::main("testing", declare)
}
