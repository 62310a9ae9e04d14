//! Deploys with a Helm chart of the project.
//!
//! What runs is a matter of the release's values. Every move is an upgrade with other values, after rendering the chart to see
//! that it takes them; going back is a rollback to the recorded revision.

use framework::{Diagnostic, Diagnostics, Path};

use super::{Recorded, Site, Tool, cluster, for_environment, only_directory, patterns, previous, tidy};
use crate::pipeline::model::{Script, Step, Value};
use crate::pipeline::options::{Cluster, DeployStrategy, Environment, Helm as Given, Options};
use crate::pipeline::shell;
use crate::pipeline::strategy::Move;
use crate::project::{Chart, Detection};

/// The way of deploying with Helm. Texts may hold `{environment}`.
pub(super) struct Helm {
    chart: String,
    release: String,
    namespace: String,
    values: Vec<String>,
    cluster: Cluster,
    strategy: DeployStrategy,
}

impl Helm {
    /// Finds the chart and what goes with it.
    pub(super) fn new(
        given: &Given,
        options: &Options,
        environments: &[Environment],
        detection: &Detection,
    ) -> Result<Self, Diagnostics> {
        let chart = chart(given, environments, detection)?;
        let own_values = || patterns(&chart.values, environments).into_iter().take(1).collect();
        let values = if given.values.is_empty() { own_values() } else { given.values.clone() };
        let mut problems = cluster::problems(&given.cluster, options, environments);
        for (position, file) in given.values.iter().enumerate() {
            let lacking = environments.iter().map(|environment| tidy(&for_environment(file, environment)));
            for file in lacking.filter(|file| !chart.values.contains(file)) {
                let detail = format!("{}/{file} does not exist, or is no file of values.", chart.directory);
                problems.push(
                    Diagnostic::error("No file of values", detail)
                        .at(path().attribute("values").index(position as u64)),
                );
            }
        }
        let release = given.release.clone().or_else(|| chart.name.clone()).unwrap_or_else(|| "app".to_owned());
        let strategy = options.deploy_strategy;
        let (namespace, cluster) = (given.namespace.clone(), given.cluster.clone());
        let helm = Self { chart: chart.directory.clone(), release, namespace, values, cluster, strategy };
        if problems.is_empty() { Ok(helm) } else { Err(problems) }
    }

    fn script(&self, environment: &Environment, text: impl Into<String>) -> Script {
        let script = Script::new(text)
            .with("RELEASE", Value::text(for_environment(&self.release, environment)))
            .with("NAMESPACE", Value::text(for_environment(&self.namespace, environment)));
        cluster::in_cluster(script)
    }

    /// Upgrades the release with these values, each a path and the variable of the script that holds it.
    fn upgrade(&self, site: &Site<'_>, values: Vec<(&str, &'static str, Value)>) -> Script {
        let files =
            self.values.iter().map(|file| format!("{}/{}", self.chart, for_environment(file, site.environment)));
        let mut text = "arguments=(--set-string \"image.repository=${IMAGE%@*}\")\n".to_owned();
        text.extend(files.map(|file| format!("arguments+=(--values {})\n", shell::quote(&file))));
        text.extend(
            values.iter().map(|(path, variable, _)| format!("arguments+=(--set-string \"{path}=${variable}\")\n")),
        );
        text.push_str(include_str!("helm/upgrade.sh"));
        let script = self
            .script(site.environment, text)
            .with("CHART", Value::text(format!("./{}", self.chart)))
            .with("IMAGE", site.image.clone());
        values.into_iter().fold(script, |script, (_, variable, value)| script.with(variable, value))
    }
}

fn path() -> Path {
    Path::of("deploy").attribute("helm")
}

fn chart<'d>(given: &Given, environments: &[Environment], detection: &'d Detection) -> Result<&'d Chart, Diagnostic> {
    let charts = &detection.surface.charts;
    let path = path().attribute("chart");
    let directory = if let Some(directory) = &given.chart {
        tidy(directory)
    } else {
        let directories: Vec<_> = charts.iter().map(|chart| chart.directory.clone()).collect();
        only_directory(&directories, environments, "Helm chart", &path)?
    };
    let missing = || Diagnostic::error("No Helm chart", format!("{directory} holds no Helm chart.")).at(path.clone());
    charts.iter().find(|chart| chart.directory == directory).ok_or_else(missing)
}

impl Tool for Helm {
    fn set_up(&self, environment: &Environment) -> Vec<Step> {
        vec![cluster::connect(&self.cluster, environment)]
    }

    fn record(&self, site: &Site<'_>) -> Script {
        let text = match self.strategy {
            DeployStrategy::BlueGreen => {
                concat!(include_str!("helm/record.sh"), include_str!("helm/record_slots.sh"), include_str!("slots.sh"))
            }
            _ => concat!(include_str!("helm/record.sh"), include_str!("helm/record_image.sh")),
        };
        let script = self.script(site.environment, text);
        script.with("IMAGE", site.image.clone()).with("COMMIT", Value::Commit).giving_outputs()
    }

    fn recorded(&self) -> &'static [&'static str] {
        &["revision"]
    }

    fn perform(&self, site: &Site<'_>, step: Move) -> Script {
        let slots = |active: &'static str| {
            vec![
                ("slots.blue.tag", "BLUE", previous("blue")),
                ("slots.green.tag", "GREEN", previous("green")),
                ("activeSlot", "ACTIVE_SLOT", previous(active)),
            ]
        };
        let canary = |stable: &'static str, weight: u32| {
            vec![
                ("image.tag", "STABLE_TAG", previous(stable)),
                ("canary.tag", "TAG", previous("tag")),
                ("canary.weight", "WEIGHT", Value::text(weight.to_string())),
            ]
        };
        let values = match (step, self.strategy) {
            (Move::Stage, DeployStrategy::Canary) => canary("stable", 0),
            (Move::Stage, _) => slots("kept_slot"),
            (Move::Switch, _) => slots("slot"),
            (Move::Shift(weight), _) => canary("stable", weight),
            (Move::Promote, _) => canary("tag", 0),
            (Move::Release, _) => vec![("image.tag", "TAG", previous("tag"))],
        };
        self.upgrade(site, values)
    }

    fn restore(&self, environment: &Environment, recorded: Recorded<'_>) -> Script {
        let text = "helm rollback \"$RELEASE\" \"$REVISION\" --namespace \"$NAMESPACE\" --wait --timeout 10m";
        self.script(environment, text).with("REVISION", recorded("revision"))
    }

    fn drift(&self, environment: &Environment, _recorded: Recorded<'_>) -> Option<Script> {
        Some(self.script(environment, concat!(include_str!("helm/manifest.sh"), include_str!("cluster/diff.sh"))))
    }
}
