//! `devopsflow_rollout`: what a service does now.

use std::path::PathBuf;

use agent_client::{Client, Error};
use framework::{Attributes, Context, Diagnostic, Diagnostics, Path};
use rollout::options::LastFailure;
use rollout::wire::{Deployed, Status};

use crate::resources::rollout::{describe, describe_pause, last_failure, url, word};

/// Reads what a service on this machine does now: its versions, the rollout that runs, and what its gates say. It changes
/// nothing and starts nothing.
#[derive(Debug, Clone, Attributes)]
#[attr(data_source = "devopsflow_rollout", builder = RolloutStatus, outputs = Outputs)]
pub struct Inputs {
    /// The name of the service.
    pub name: String,
}

/// What the agent says.
#[derive(Debug, Clone, Attributes)]
#[attr(outputs)]
pub struct Outputs {
    /// Where users reach the service.
    pub url: String,
    /// The version that the candidate of a running rollout has, or else the stable one.
    pub active_version: Option<String>,
    /// The version that all users have, or had when the running rollout began.
    pub stable_version: Option<String>,
    /// `healthy`, `progressing`, `paused`, `rolled_back`, `rollback_failed` or `held`.
    pub status: String,
    /// Why the rollout does not advance.
    pub paused: Vec<String>,
    /// What is amiss and may mend itself.
    pub degraded: Option<String>,
    /// The share of the traffic that the candidate has, in percent; 100 when no rollout runs.
    pub weight: f64,
    /// The step that the rollout is at, from 0.
    pub step_index: u32,
    /// How many steps the rollout has; 0 when none runs.
    pub step_count: u32,
    /// The rollout that runs or ran last.
    pub rollout_id: Option<String>,
    /// The gates of the running rollout and what they said last.
    pub gates: Vec<GateReport>,
    /// How many processes serve the service.
    pub replicas: u32,
    /// How many requests a second it had, on average over the last 24 hours.
    pub request_rate: Option<f64>,
    /// The name of the machine that runs the service.
    pub host: String,
    /// The agent that runs the service.
    pub agent_id: String,
    /// The version that was taken back last, and why.
    pub last_failure: Option<LastFailure>,
}

/// What a gate said last.
#[derive(Debug, Clone, Attributes)]
pub struct GateReport {
    /// Its name.
    pub name: String,
    /// `pass`, `fail`, `no-data`, `inconclusive` or `error`. Null before the first evaluation.
    pub outcome: Option<String>,
    /// What was measured.
    pub measured: Option<String>,
    /// What is allowed.
    pub threshold: Option<String>,
}

/// The data source. Reading it needs a tokio runtime.
#[derive(Debug, Default)]
pub struct DataSource {
    /// The state directory of the agent; that of the environment when absent.
    state_dir: Option<PathBuf>,
}

impl DataSource {
    /// The data source with the agent of this state directory.
    pub fn at(state_dir: impl Into<PathBuf>) -> Self {
        Self { state_dir: Some(state_dir.into()) }
    }
}

impl framework::DataSource for DataSource {
    type Inputs = Inputs;

    async fn read(&self, _: &Context, inputs: Inputs) -> Result<Outputs, Diagnostics> {
        let client = self.state_dir.as_ref().map_or_else(Client::from_env, |directory| Ok(Client::at(directory)));
        let status = match client {
            Ok(client) => client.status(&inputs.name).await,
            Err(error) => Err(error),
        };
        match status {
            Ok(Some(status)) => Ok(outputs(status)),
            Ok(None) => Err(missing(&inputs.name, "The agent on this machine has no such service").into()),
            Err(Error::NotRunning { .. }) => Err(missing(&inputs.name, "No agent runs on this machine").into()),
            Err(error) => Err(describe(&error).into()),
        }
    }
}

fn missing(name: &str, why: &str) -> Diagnostic {
    let detail =
        format!("{why}. `devops-flow rollout list` shows what there is, and `devops-flow agent run` starts an agent.");
    Diagnostic::error(format!("There is no service {name:?}"), detail).at(Path::of("name"))
}

fn outputs(status: Status) -> Outputs {
    let version = |deployed: &Deployed| deployed.revision.version.clone();
    let stable_version = status.stable.as_ref().map(version);
    let gates = status.gates.into_iter().map(|gate| {
        let (outcome, measured, threshold) = match gate.verdict {
            Some(verdict) => (Some(outcome(verdict.outcome)), Some(verdict.measured), Some(verdict.threshold)),
            None => (None, None, None),
        };
        GateReport { name: gate.name, outcome, measured, threshold }
    });
    Outputs {
        url: url(status.service.bind, status.service.port),
        active_version: status.candidate.as_ref().map(version).or_else(|| stable_version.clone()),
        stable_version,
        status: word(status.status).to_owned(),
        paused: status.paused.iter().map(describe_pause).collect(),
        degraded: status.degraded,
        weight: status.candidate.map_or(100.0, |_| status.weight.percent()),
        step_index: status.step_index,
        step_count: status.step_count,
        rollout_id: status.rollout_id,
        gates: gates.collect(),
        replicas: status.service.replicas,
        request_rate: status.request_rate,
        host: status.host,
        agent_id: status.agent_id,
        last_failure: status.last_failure.as_ref().map(last_failure),
    }
}

fn outcome(outcome: rollout::gate::Outcome) -> String {
    use rollout::gate::Outcome::{Error, Fail, Inconclusive, NoData, Pass};
    let word = match outcome {
        Fail => "fail",
        Error => "error",
        Inconclusive => "inconclusive",
        NoData => "no-data",
        Pass => "pass",
    };
    word.to_owned()
}
