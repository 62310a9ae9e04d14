//! Deploys with scripts of the project.

use framework::{Diagnostic, Diagnostics, Path};

use super::{Recorded, Site, Tool, tidy};
use crate::pipeline::model::{Script, Step, Value};
use crate::pipeline::options::{DeployStrategy, Environment, Options, Scripts as Given};
use crate::pipeline::shell;
use crate::pipeline::strategy::Move;
use crate::project::Detection;

/// The way of deploying with scripts, each as the command that runs it.
pub(super) struct Scripts {
    deploy: String,
    rollback: String,
    current: String,
    switch: String,
    shift: String,
}

impl Scripts {
    /// Finds the scripts that the strategy needs.
    pub(super) fn new(given: &Given, options: &Options, detection: &Detection) -> Result<Self, Diagnostics> {
        let mut problems = Diagnostics::new();
        let mut command = |name: &str, path: Option<&String>, needed: bool| match path {
            Some(path) => command(path, detection, name).unwrap_or_else(|problem| {
                problems.push(problem);
                String::new()
            }),
            None if needed => {
                problems.push(missing(name));
                String::new()
            }
            None => String::new(),
        };
        let strategy = options.deploy_strategy;
        let scripts = Self {
            deploy: command("deploy", Some(&given.deploy), true),
            rollback: command("rollback", Some(&given.rollback), true),
            current: command("current", Some(&given.current), true),
            switch: command("switch", given.switch.as_ref(), strategy == DeployStrategy::BlueGreen),
            shift: command("shift", given.shift.as_ref(), strategy == DeployStrategy::Canary),
        };
        if problems.is_empty() { Ok(scripts) } else { Err(problems) }
    }

    fn script(site: &Site<'_>, text: String) -> Script {
        Script::new(text).with("ENVIRONMENT", Value::text(&site.environment.name)).with("IMAGE", site.image.clone())
    }
}

fn missing(name: &str) -> Diagnostic {
    let detail = format!("The strategy needs the script {name:?}. Set it to a script of the project.");
    Diagnostic::error("A script is not given", detail).at(Path::of("deploy").attribute("scripts").attribute(name))
}

/// How a script is run: by itself where it may be, and by bash where it is one for it.
fn command(given: &str, detection: &Detection, name: &str) -> Result<String, Diagnostic> {
    let path = tidy(given);
    let error = |summary: &str, detail: String| {
        Err(Diagnostic::error(summary, detail).at(Path::of("deploy").attribute("scripts").attribute(name)))
    };
    match detection.surface.scripts.iter().find(|script| script.path == path) {
        Some(script) if script.executable => Ok(shell::quote(&format!("./{path}"))),
        Some(_) if shell::is_script(&path) => Ok(format!("bash {}", shell::quote(&path))),
        Some(_) => error(
            "A script that cannot be run",
            format!("{given:?} is not executable: run `git update-index --chmod=+x {path}`."),
        ),
        None => error("No such script", format!("{given:?} is not among the scripts of the project.")),
    }
}

impl Tool for Scripts {
    fn set_up(&self, _environment: &Environment) -> Vec<Step> {
        Vec::new()
    }

    fn record(&self, site: &Site<'_>) -> Script {
        Self::script(site, format!("running=$({})\noutput running \"$running\"\n", self.current)).giving_outputs()
    }

    fn recorded(&self) -> &'static [&'static str] {
        &[]
    }

    fn perform(&self, site: &Site<'_>, step: Move) -> Script {
        let script =
            |command: &str| Self::script(site, command.to_owned()).with("PREVIOUS", super::previous(super::RUNNING));
        match step {
            Move::Release | Move::Stage => script(&self.deploy),
            Move::Switch => script(&self.switch),
            Move::Shift(weight) => script(&self.shift).with("WEIGHT", Value::text(weight.to_string())),
            Move::Promote => script(&self.shift).with("WEIGHT", Value::text("100")),
        }
    }

    fn restore(&self, environment: &Environment, recorded: Recorded<'_>) -> Script {
        let script = Script::new(&self.rollback).with("ENVIRONMENT", Value::text(&environment.name));
        script.with("PREVIOUS", recorded(super::RUNNING))
    }
}
