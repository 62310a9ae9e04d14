//! Deploys with kubectl and the project's manifests.
//!
//! Every move applies the manifests as they are, with images, replicas and the service's selector filled in by kustomize. Going
//! back undoes the rollout of the Deployment, or gives the traffic back to the slot that had it.

mod objects;

use framework::Diagnostics;

use self::objects::Objects;
use super::{RUNNING, Recorded, Site, Tool, cluster, for_environment, previous};
use crate::pipeline::model::{Script, Step, Value};
use crate::pipeline::options::{Cluster, DeployStrategy, Environment, Kubectl as Given, Options};
use crate::pipeline::strategy::Move;
use crate::project::Detection;

/// The way of deploying with kubectl.
pub(super) struct Kubectl {
    /// What the manifests of each environment hold, by the environment's name.
    objects: Vec<(String, Objects)>,
    namespace: String,
    cluster: Cluster,
    strategy: DeployStrategy,
}

impl Kubectl {
    /// Finds the manifests and checks that they fit the strategy.
    pub(super) fn new(
        given: &Given,
        options: &Options,
        environments: &[Environment],
        detection: &Detection,
    ) -> Result<Self, Diagnostics> {
        let mut problems = cluster::problems(&given.cluster, options, environments);
        let mut found = Vec::new();
        for environment in environments {
            match objects::find(given, options.deploy_strategy, environment, environments, detection) {
                Ok(objects) => found.push((environment.name.clone(), objects)),
                // The same directory is only reported once.
                Err(problem) if problems.iter().any(|other| *other == problem) => {}
                Err(problem) => problems.push(problem),
            }
        }
        let (namespace, cluster) = (given.namespace.clone(), given.cluster.clone());
        let kubectl = Self { objects: found, namespace, cluster, strategy: options.deploy_strategy };
        if problems.is_empty() { Ok(kubectl) } else { Err(problems) }
    }

    fn objects(&self, environment: &Environment) -> &Objects {
        let found = self.objects.iter().find(|(name, _)| *name == environment.name);
        &found.expect("the manifests of every environment were found").1
    }

    fn script(&self, environment: &Environment, text: impl Into<String>) -> Script {
        let objects = self.objects(environment);
        let mut script = Script::new(text)
            .with("NAMESPACE", Value::text(for_environment(&self.namespace, environment)))
            .with("DEPLOYMENT", Value::text(&objects.deployment))
            .with("CONTAINER", Value::text(&objects.container));
        if let Some(service) = &objects.service {
            script = script.with("SERVICE", Value::text(service));
        }
        cluster::in_cluster(script)
    }

    /// Fills in the manifests and does something with them.
    fn fill(&self, environment: &Environment, then: &str) -> Script {
        let patches = match self.strategy {
            DeployStrategy::BlueGreen => include_str!("kubectl/patch_slots.sh"),
            DeployStrategy::Canary => include_str!("kubectl/patch_canary.sh"),
            DeployStrategy::Rolling | DeployStrategy::FeatureFlag => include_str!("kubectl/patch.sh"),
        };
        let build = self.objects(environment).build();
        self.script(environment, format!("{build}{patches}{}{then}", include_str!("kubectl/fill.sh")))
    }

    fn apply(&self, environment: &Environment) -> Script {
        let wait = match self.strategy {
            DeployStrategy::BlueGreen => include_str!("kubectl/wait_slots.sh"),
            DeployStrategy::Canary => include_str!("kubectl/wait_canary.sh"),
            DeployStrategy::Rolling | DeployStrategy::FeatureFlag => include_str!("kubectl/wait.sh"),
        };
        self.fill(environment, &format!("{}{wait}", include_str!("kubectl/apply.sh")))
    }
}

fn with_slots(script: Script, blue: Value, green: Value, active: Value) -> Script {
    script.with("BLUE", blue).with("GREEN", green).with("ACTIVE_SLOT", active)
}

fn with_canary(script: Script, stable: Value, image: Value, weight: u32, replicas: Value) -> Script {
    let weight = Value::text(weight.to_string());
    script.with("STABLE", stable).with("IMAGE", image).with("WEIGHT", weight).with("REPLICAS", replicas)
}

impl Tool for Kubectl {
    fn set_up(&self, environment: &Environment) -> Vec<Step> {
        vec![cluster::connect(&self.cluster, environment)]
    }

    fn record(&self, site: &Site<'_>) -> Script {
        let text = match self.strategy {
            DeployStrategy::BlueGreen => concat!(include_str!("kubectl/record_slots.sh"), include_str!("slots.sh")),
            _ => include_str!("kubectl/record.sh"),
        };
        self.script(site.environment, text).with("IMAGE", site.image.clone()).giving_outputs()
    }

    fn recorded(&self) -> &'static [&'static str] {
        match self.strategy {
            DeployStrategy::BlueGreen => &["previous_slot", "previous_blue", "previous_green"],
            _ => &["revision", "replicas"],
        }
    }

    fn perform(&self, site: &Site<'_>, step: Move) -> Script {
        let script = self.apply(site.environment);
        let image = || site.image.clone();
        let canary = |script, stable, weight| with_canary(script, stable, image(), weight, previous("replicas"));
        match (step, self.strategy) {
            (Move::Stage, DeployStrategy::Canary) => canary(script, previous("stable"), 0),
            (Move::Stage, _) => with_slots(script, previous("blue"), previous("green"), previous("kept_slot")),
            (Move::Switch, _) => with_slots(script, previous("blue"), previous("green"), previous("slot")),
            (Move::Shift(weight), _) => canary(script, previous("stable"), weight),
            (Move::Promote, _) => canary(script, image(), 0),
            (Move::Release, _) => script.with("IMAGE", image()),
        }
    }

    fn restore(&self, environment: &Environment, recorded: Recorded<'_>) -> Script {
        let undo = |text: &str| {
            self.script(environment, text).with("REVISION", recorded("revision")).with("REPLICAS", recorded("replicas"))
        };
        match self.strategy {
            DeployStrategy::BlueGreen => {
                let script = self.script(environment, include_str!("kubectl/restore_slots.sh"));
                script.with("ACTIVE_SLOT", recorded("previous_slot"))
            }
            DeployStrategy::Canary => {
                undo(concat!(include_str!("kubectl/restore_canary.sh"), include_str!("kubectl/restore.sh")))
            }
            DeployStrategy::Rolling | DeployStrategy::FeatureFlag => undo(include_str!("kubectl/restore.sh")),
        }
    }

    fn drift(&self, environment: &Environment, recorded: Recorded<'_>) -> Option<Script> {
        let script =
            self.fill(environment, concat!(include_str!("kubectl/manifest.sh"), include_str!("cluster/diff.sh")));
        Some(match self.strategy {
            DeployStrategy::BlueGreen => {
                with_slots(script, recorded("previous_blue"), recorded("previous_green"), recorded("previous_slot"))
            }
            DeployStrategy::Canary => {
                with_canary(script, recorded(RUNNING), recorded(RUNNING), 0, recorded("replicas"))
            }
            DeployStrategy::Rolling | DeployStrategy::FeatureFlag => script.with("IMAGE", recorded(RUNNING)),
        })
    }
}
