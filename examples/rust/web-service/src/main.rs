//! A web service on this machine: how its new versions go live, and the pipeline that checks it.
//!
//! The settings are in `devopsflow.dev.toml`. `release` is the version that users shall have: `--config release=v2` moves them
//! over step by step, and takes the version back when it is bad.

use std::process::ExitCode;

use devopsflow::rollout::{
    Canary, GateMetric, GateOptions, Local, LocalReadiness, Pause, Percent, Rung, Strategy, Target,
};
use devopsflow::{Language, Pipeline, Platform, Result, Rollout, Scope};

fn declare(scope: &mut Scope) -> Result<()> {
    // `{version}` becomes the release, `{port}` a port of each process; users reach the service at `port`.
    let port: u16 = scope.config_as("port")?;
    let service = Local::builder(["python3", "app.py", "{version}", "{port}"], port)
        .replicas(2)
        .readiness(LocalReadiness::builder().path("/ready"));

    let pause: Pause = scope.config_as("pause")?;
    let steps =
        [Rung::builder(Percent::try_from(10)?).pause(pause), Rung::builder(Percent::try_from(50)?).pause(pause)];

    let shop = Rollout::new("shop", "shop", scope.config("release")?, Target::local(service))
        .strategy(Strategy::canary(Canary::builder().steps(steps)))
        .gates([GateOptions::builder("ready", GateMetric::Http).path("/ready")])
        .add(scope)?;

    // An output flows into an input of another resource, which makes the order: the service first, then its pipeline.
    let ci = Pipeline::new("ci", Platform::GithubActions, Language::Python)
        .directory(".github/workflows")
        .variables([("SHOP_URL", &shop.url)])
        .add(scope)?;

    scope.export("url", shop.url);
    scope.export("version", shop.stable_version);
    scope.export("pipeline", ci.path);
    Ok(())
}

fn main() -> ExitCode {
    devopsflow::main("web-service", declare)
}
