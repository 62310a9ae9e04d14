//! A service with its pipeline, and a rollout for its versions.

use std::process::ExitCode;

use devopsflow::rollout::{Canary, Local, OnDestroy, Pause, Percent, Rung, Span, Strategy, Target, Weight};
use devopsflow::{Language, Pipeline, Platform, Result, Rollout, Scope};

const TENTH: Percent = Percent(Weight::from_basis_points(1_000).expect("it is at most 10000"));

fn declare(scope: &mut Scope) -> Result<()> {
    Pipeline::new("ci", Platform::GithubActions, Language::Python).directory(".github/workflows").add(scope)?;
    let rung = Rung::builder(TENTH).pause(Pause::Elapsed(Span::from_mins(10)));
    let api = Rollout::new(
        "api",
        "api",
        scope.config("version")?,
        Target::local(Local::builder(["python3", "app.py"], 8080).replicas(2)),
    )
    .strategy(Strategy::canary(Canary::builder().steps([rung])))
    .on_destroy(OnDestroy::Stop)
    .add(scope)?;
    scope.export("url", api.url);
    Ok(())
}

fn main() -> ExitCode {
    devopsflow::main("service", declare)
}
