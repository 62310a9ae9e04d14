//! Deploys with a terraform module of the project, by Terraform or OpenTofu.
//!
//! What runs is a matter of the module's variables, which it gives back as outputs: finding out is reading outputs, every move
//! is an apply with other values, and going back is an apply with the recorded ones.

mod module;

use std::fmt::Write as _;

use framework::Diagnostics;

use self::module::Settings;
use super::{RUNNING, Recorded, Site, Tool, for_environment, previous};
use crate::pipeline::model::{Action, Script, Step, Tool as Program, Value};
use crate::pipeline::options::{Cloud, DeployStrategy, Environment, Options, TerraformTool};
use crate::pipeline::strategy::Move;
use crate::project::Detection;

/// The way of deploying with terraform.
pub(super) struct Terraform {
    settings: Settings,
    strategy: DeployStrategy,
    /// The outputs of every module that say where the deployment is reached.
    addresses: Vec<&'static str>,
    cloud: Option<Cloud>,
}

/// Variables of the module with their values.
type Values = Vec<(&'static str, Value)>;

impl Terraform {
    /// Finds the module and checks that it fits the strategy.
    pub(super) fn new(
        options: &Options,
        environments: &[Environment],
        detection: &Detection,
        warnings: &mut Diagnostics,
    ) -> Result<Self, Diagnostics> {
        let settings = module::settings(options, environments, detection)?;
        warnings.extend(module::without_identity(&settings, options, environments, detection).into_iter().collect());
        let is_given = |name: &&str| settings.all_give(name, environments, detection);
        let addresses = ["url", "preview_url"].into_iter().filter(is_given).collect();
        Ok(Self { settings, strategy: options.deploy_strategy, addresses, cloud: options.cloud.clone() })
    }

    /// A script for the module of an environment. The scripts speak of terraform, which OpenTofu calls `tofu`.
    fn script(&self, environment: &Environment, text: &str) -> Script {
        let text = match self.settings.tool {
            TerraformTool::Terraform => text.to_owned(),
            TerraformTool::Opentofu => text.replace("terraform ", "tofu "),
        };
        let script = Script::new(text)
            .within(self.settings.directory(environment))
            .with("TF_IN_AUTOMATION", Value::text("true"));
        match environment.cloud.as_ref().or(self.cloud.as_ref()) {
            Some(Cloud::Azure(azure)) => script
                .with("ARM_USE_OIDC", Value::text("true"))
                .with("ARM_CLIENT_ID", Value::text(&azure.client_id))
                .with("ARM_TENANT_ID", Value::text(&azure.tenant_id))
                .with("ARM_SUBSCRIPTION_ID", Value::text(&azure.subscription_id)),
            _ => script,
        }
    }

    /// Plans or applies the module with these variables.
    fn run(&self, environment: &Environment, command: &str, text: &str, values: Values) -> Script {
        let mut variables = String::new();
        for (name, _) in &values {
            write!(variables, " -var \"{name}=${}\"", name.to_uppercase()).expect("a string takes all text");
        }
        let mut script = self.script(environment, &text.replace(" VARIABLES", &variables));
        if let Some(file) = &self.settings.var_file {
            let arguments = format!("-var-file={}", for_environment(file, environment));
            script = script.with(format!("TF_CLI_ARGS_{command}"), Value::text(arguments));
        }
        values.into_iter().fold(script, |script, (name, value)| script.with(name.to_uppercase(), value))
    }

    fn apply(&self, environment: &Environment, values: Values) -> Script {
        self.run(environment, "apply", "terraform apply -input=false -auto-approve -lock-timeout=5m VARIABLES", values)
    }

    /// The variables that bring back what was recorded.
    fn values(&self, recorded: Recorded<'_>) -> Values {
        let running = || recorded(RUNNING);
        match self.strategy {
            DeployStrategy::BlueGreen => {
                slots(recorded("previous_blue"), recorded("previous_green"), recorded("previous_slot"))
            }
            DeployStrategy::Canary => canary(running(), running(), 0),
            DeployStrategy::Rolling | DeployStrategy::FeatureFlag => vec![("image", running())],
        }
    }
}

fn slots(blue: Value, green: Value, active: Value) -> Values {
    vec![("image_blue", blue), ("image_green", green), ("active_slot", active)]
}

fn canary(stable: Value, canary: Value, weight: u32) -> Values {
    vec![("image", stable), ("canary_image", canary), ("canary_weight", Value::text(weight.to_string()))]
}

impl Tool for Terraform {
    fn set_up(&self, environment: &Environment) -> Vec<Step> {
        let program = Program::Terraform { tool: self.settings.tool, version: self.settings.version.clone() };
        let mut text = "terraform init -input=false".to_owned();
        if self.settings.locked {
            text.push_str(" -lockfile=readonly");
        }
        let mut init = self.script(environment, &text);
        if let Some(file) = &self.settings.backend_config {
            init.text.push_str(" -backend-config=\"$BACKEND_CONFIG\"");
            init = init.with("BACKEND_CONFIG", Value::text(for_environment(file, environment)));
        }
        let mut steps =
            vec![Step::new("Set up terraform", Action::Tool(program)), Step::run("Initialise the module", init)];
        if let Some(workspace) = &self.settings.workspace {
            let select = self.script(environment, "terraform workspace select -or-create \"$WORKSPACE\"");
            let select = select.with("WORKSPACE", Value::text(for_environment(workspace, environment)));
            steps.push(Step::run("Select the workspace", select));
        }
        steps
    }

    fn record(&self, site: &Site<'_>) -> Script {
        let text = match self.strategy {
            DeployStrategy::BlueGreen => concat!(include_str!("terraform/record_slots.sh"), include_str!("slots.sh")),
            _ => include_str!("terraform/record.sh"),
        };
        self.script(site.environment, text).with("IMAGE", site.image.clone()).giving_outputs()
    }

    fn recorded(&self) -> &'static [&'static str] {
        match self.strategy {
            DeployStrategy::BlueGreen => &["previous_slot", "previous_blue", "previous_green"],
            _ => &[],
        }
    }

    fn perform(&self, site: &Site<'_>, step: Move) -> Script {
        let image = || site.image.clone();
        let values = match (step, self.strategy) {
            (Move::Stage, DeployStrategy::Canary) => canary(previous("stable"), image(), 0),
            (Move::Stage, _) => slots(previous("blue"), previous("green"), previous("kept_slot")),
            (Move::Switch, _) => slots(previous("blue"), previous("green"), previous("slot")),
            (Move::Shift(weight), _) => canary(previous("stable"), image(), weight),
            (Move::Promote, _) => canary(image(), image(), 0),
            (Move::Release, _) => vec![("image", image())],
        };
        self.apply(site.environment, values)
    }

    fn restore(&self, environment: &Environment, recorded: Recorded<'_>) -> Script {
        self.apply(environment, self.values(recorded))
    }

    fn drift(&self, environment: &Environment, recorded: Recorded<'_>) -> Option<Script> {
        Some(self.run(environment, "plan", include_str!("terraform/drift.sh"), self.values(recorded)))
    }

    fn address(&self, environment: &Environment) -> Option<Script> {
        let text = include_str!("terraform/address.sh");
        (!self.addresses.is_empty()).then(|| self.script(environment, text).giving_outputs())
    }

    fn addresses(&self) -> &[&'static str] {
        &self.addresses
    }
}
