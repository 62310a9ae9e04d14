//! Deploys to a service of Amazon's Elastic Container Service, which follows the strategies by itself.
//!
//! Every deployment registers the running task definition again with the new image and waits until ECS says how its own
//! deployment ended; ECS waits, shifts and goes back by alarms and health checks. Going back stops what still goes on, or deploys
//! the recorded task definition.

use framework::{Diagnostic, Diagnostics, Path};

use super::{Recorded, Site, Tool, for_environment, path_of, previous};
use crate::pipeline::model::{Script, Step, Value};
use crate::pipeline::options::{Canary, Cloud, DeployStrategy, Ecs as Given, Environment, Options, Rung};
use crate::pipeline::strategy::Move;

/// The way of deploying to ECS.
pub(super) struct Ecs {
    given: Given,
    /// What of the service's deployment configuration the strategy sets, as JSON.
    configuration: String,
    minutes: u32,
}

impl Ecs {
    /// Translates the strategy.
    pub(super) fn new(given: &Given, options: &Options, environments: &[Environment]) -> Result<Self, Diagnostics> {
        let mut problems = identities(options, environments);
        let bake = options.verification.clone().unwrap_or_default().minutes;
        let (configuration, minutes) = match options.deploy_strategy {
            DeployStrategy::Rolling | DeployStrategy::FeatureFlag => (r#"{"strategy": "ROLLING"}"#.to_owned(), 0),
            DeployStrategy::BlueGreen => {
                (format!(r#"{{"strategy": "BLUE_GREEN", "bakeTimeInMinutes": {bake}}}"#), bake)
            }
            DeployStrategy::Canary => {
                let rung = rung(options.canary.as_ref()).map_err(|problem| problems.push(problem)).unwrap_or(FIRST);
                (canary(rung, bake), bake.saturating_add(rung.pause_minutes))
            }
        };
        let ecs = Self { given: given.clone(), configuration, minutes };
        if problems.is_empty() { Ok(ecs) } else { Err(problems) }
    }

    fn script(&self, environment: &Environment, text: &str) -> Script {
        Script::new(text)
            .with("CLUSTER", Value::text(for_environment(&self.given.cluster, environment)))
            .with("SERVICE", Value::text(for_environment(&self.given.service, environment)))
    }
}

/// The step of a canary when none is given.
const FIRST: Rung = Rung { weight: 5, pause_minutes: 10 };

fn canary(rung: Rung, bake: u32) -> String {
    let Rung { weight, pause_minutes } = rung;
    format!(
        r#"{{"strategy": "CANARY", "bakeTimeInMinutes": {bake}, "canaryConfiguration": {{"canaryPercent": {weight}, "canaryBakeTimeInMinutes": {pause_minutes}}}}}"#
    )
}

/// The only step: ECS moves a part of the traffic once, and then the rest.
fn rung(canary: Option<&Canary>) -> Result<Rung, Diagnostic> {
    match canary.map(|canary| canary.steps.as_slice()) {
        None => Ok(FIRST),
        Some([only]) => Ok(*only),
        Some(steps) => {
            let detail = format!(
                "ECS moves a part of the traffic once and then the rest, so it takes one step, not {}.",
                steps.len()
            );
            Err(Diagnostic::error("Too many steps for ECS", detail).at(Path::of("canary").attribute("steps")))
        }
    }
}

fn identities(options: &Options, environments: &[Environment]) -> Diagnostics {
    let lacks = |environment: &Environment| {
        !matches!(environment.cloud.as_ref().or(options.cloud.as_ref()), Some(Cloud::Aws(_)))
    };
    let problem = |(position, environment): (usize, &Environment)| {
        let detail = format!(
            "The service of {} is reached with an identity in AWS. Set `cloud = {{ aws = ... }}`.",
            environment.name
        );
        Diagnostic::error("No identity for the service", detail).at(path_of(options, position, "cloud"))
    };
    environments.iter().enumerate().filter(|(_, environment)| lacks(environment)).map(problem).collect()
}

impl Tool for Ecs {
    fn set_up(&self, _environment: &Environment) -> Vec<Step> {
        Vec::new()
    }

    fn record(&self, site: &Site<'_>) -> Script {
        let script = self.script(site.environment, include_str!("ecs/record.sh"));
        script.with("CONTAINER", Value::text(self.given.container.clone().unwrap_or_default())).giving_outputs()
    }

    fn recorded(&self) -> &'static [&'static str] {
        &["definition"]
    }

    fn perform(&self, site: &Site<'_>, _step: Move) -> Script {
        let script =
            self.script(site.environment, concat!(include_str!("ecs/register.sh"), include_str!("ecs/deploy.sh")));
        script
            .with("DEFINITION", previous("definition"))
            .with("CONTAINER", previous("container"))
            .with("IMAGE", site.image.clone())
            .with("CONFIGURATION", Value::text(&self.configuration))
    }

    fn restore(&self, environment: &Environment, recorded: Recorded<'_>) -> Script {
        let script = self.script(environment, include_str!("ecs/restore.sh"));
        script.with("DEFINITION", recorded("definition"))
    }

    fn own_pace(&self) -> Option<u32> {
        Some(self.minutes)
    }
}
