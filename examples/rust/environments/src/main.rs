//! Three environments from one program: dev, staging and production are stacks, each with settings and state of its own.
//!
//! What differs is in `devopsflow.<stack>.toml`. Production has no `release` there: it runs what staging runs.

use std::process::ExitCode;

use devopsflow::rollout::{Canary, Local, Pause, Percent, Rung, Strategy, Target};
use devopsflow::{Options, Output, Result, Rollout, Scope};

fn declare(scope: &mut Scope) -> Result<()> {
    let production = scope.stack() == "production";

    // A stack reference: what another stack of the project exported last.
    let release =
        if production { scope.stack_export("staging", "release")? } else { Output::known(&scope.config("release")?) };

    // A protected resource is neither removed nor replaced, whatever the program or the command says.
    let options = if production { Options::new().protect() } else { Options::new() };

    let pages = ["python3", "-m", "http.server", "{port}", "--bind", "127.0.0.1", "--directory", "releases/{version}"];
    let port: u16 = scope.config_as("port")?;
    let replicas: u32 = scope.config_as("replicas")?;
    let pause: Pause = scope.config_as("pause")?;
    let half = Rung::builder(Percent::try_from(50)?).pause(pause);

    // The stack is part of the name by which the agent knows the service: three of them run side by side.
    let name = format!("site-{}", scope.stack());
    let site = Rollout::new("site", name, release, Target::local(Local::builder(pages, port).replicas(replicas)))
        .strategy(Strategy::canary(Canary::builder().steps([half])))
        .gates(Vec::new())
        .with(options)
        .add(scope)?;

    scope.export("release", site.stable_version);
    scope.export("url", site.url);
    Ok(())
}

fn main() -> ExitCode {
    devopsflow::main("environments", declare)
}
