//! From what a user writes to what the agent is asked.

use std::net::IpAddr;
use std::path::PathBuf;

use framework::{Diagnostic, Diagnostics, Path};

use super::{GateMetric, GateOptions, Local, Options, Pause, Rung, Strategy, Target};
use crate::gate::{Gate, Metric, Rule, error_rate, http};
use crate::plan::Limits;
use crate::plan::canary::{self, CanaryOptions};
use crate::revision::Revision;
use crate::wire::Service;
use crate::{Plan, Span};

/// How much longer than the rollout apply waits.
const GRACE: Span = Span::from_mins(10);
/// The wait for a person when a step says nothing else.
const APPROVAL: Span = Span::from_mins(24 * 60);

/// What the agent is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Compiled {
    /// What applies in place.
    pub service: Service,
    /// What runs.
    pub revision: Revision,
    /// How it takes over.
    pub plan: Plan,
    /// How long apply waits for the first version.
    pub create_timeout: Span,
    /// How long apply waits for every other version.
    pub update_timeout: Span,
}

/// Translates options. `working_dir` is where the processes run, absolute.
///
/// # Errors
/// What is wrong with the options, each with the path of its attribute.
pub fn compile(options: &Options, working_dir: PathBuf) -> Result<Compiled, Diagnostics> {
    let Target::Local(local) = &options.target;
    let plan = plan(options)?;
    let longest = plan.max_duration();
    let (create, update) =
        options.timeouts.as_ref().map_or((None, None), |timeouts| (timeouts.create, timeouts.update));
    if let Some(update) = update.filter(|update| *update < longest) {
        let detail = format!(
            "A rollout with these steps can take {longest}, and apply would give up after {update}. Leave the timeout out, \
             or make it {longest} or longer."
        );
        let error = Diagnostic::error("The timeout is shorter than the ladder", detail);
        return Err(error.at(Path::of("timeouts").attribute("update")).into());
    }
    Ok(Compiled {
        service: service(options, local, working_dir)?,
        revision: revision(&options.version, local),
        create_timeout: create.unwrap_or(options.progress_deadline.plus(GRACE)),
        update_timeout: update.unwrap_or(longest.plus(GRACE)),
        plan,
    })
}

/// What a version of a service runs.
pub fn revision(version: &str, local: &Local) -> Revision {
    Revision {
        version: version.to_owned(),
        command: local.command.clone(),
        env: local.env.clone(),
        readiness: local.readiness.clone().into(),
        protocol: local.protocol.into(),
    }
}

fn service(options: &Options, local: &Local, working_dir: PathBuf) -> Result<Service, Diagnostics> {
    let at = |attribute: &str| Path::of("target").attribute("local").attribute(attribute);
    let proxies = (0..).zip(&local.trusted_proxies);
    Ok(Service {
        name: options.name.clone(),
        bind: address(&local.bind, at("bind"))?,
        port: local.port,
        replicas: local.replicas,
        working_dir,
        drain: local.drain,
        abort_drain: local.abort_drain,
        stop_timeout: local.stop_timeout,
        trusted_proxies: proxies
            .map(|(index, proxy)| address(proxy, at("trusted_proxies").index(index)))
            .collect::<Result<_, _>>()?,
        log_limit: local.log_limit,
        metrics_port: local.metrics_port,
        history_limit: options.history_limit,
        rollback_window: options.rollback_window,
    })
}

fn address(text: &str, path: Path) -> Result<IpAddr, Diagnostics> {
    text.parse().map_err(|_| Diagnostic::error("Not an IP address", format!("{text:?} is none.")).at(path).into())
}

fn plan(options: &Options) -> Result<Plan, Diagnostics> {
    let gates = match &options.gates {
        None => vec![default_gate()],
        Some(gates) => gates.iter().map(gate).collect(),
    };
    if let Err(error) = Rule::new(options.pass_when.as_deref(), &gates) {
        return Err(Diagnostic::error("Unusable expression", format!("{error}.")).at(Path::of("pass_when")).into());
    }
    let limits = Limits {
        progress_deadline: options.progress_deadline,
        abort_on_deadline: options.abort_on_deadline,
        pause_deadline: options.pause_deadline,
        retain: options.retain,
        pass_when: options.pass_when.clone(),
        gates,
    };
    // `validate` says all that can be wrong here with the path of its attribute.
    canary::compile(&canary(options.strategy.as_ref()), limits)
        .map_err(|error| Diagnostic::error("The plan cannot be followed", format!("{error}.")).into())
}

/// The gate that watches when nothing is said of gates.
fn default_gate() -> Gate {
    let limits = error_rate::Limits {
        max_ratio_to_baseline: Some(error_rate::DEFAULT_RATIO),
        max: None,
        min_samples: error_rate::DEFAULT_MIN_SAMPLES,
    };
    Gate {
        name: "error_rate".to_owned(),
        metric: Metric::ErrorRate(limits),
        no_data: None.into(),
        dry_run: false,
        interval: Span::from_secs(1),
        initial_delay: Span::ZERO,
    }
}

/// The gate that the options describe.
pub(super) fn gate(options: &GateOptions) -> Gate {
    let metric = match options.metric {
        GateMetric::ErrorRate => Metric::ErrorRate(error_rate::Limits {
            max_ratio_to_baseline: match (options.max_ratio_to_baseline, options.max) {
                (None, None) => Some(error_rate::DEFAULT_RATIO),
                (ratio, _) => ratio,
            },
            max: options.max,
            min_samples: options.min_samples.map_or(error_rate::DEFAULT_MIN_SAMPLES, u64::from),
        }),
        GateMetric::Http => Metric::Http(http::Probe {
            path: options.path.clone().unwrap_or_default(),
            status: options.expect_status.unwrap_or(200),
            timeout: options.timeout.unwrap_or(Span::from_secs(1)),
            failures: options.failures.unwrap_or(3),
        }),
    };
    Gate {
        name: options.name.clone(),
        metric,
        no_data: options.no_data.into(),
        dry_run: options.dry_run,
        interval: options.interval,
        initial_delay: options.initial_delay,
    }
}

/// The rungs of a strategy.
fn canary(strategy: Option<&Strategy>) -> CanaryOptions {
    let steps = strategy.and_then(|Strategy::Canary(canary)| canary.steps.as_ref());
    steps.map_or_else(CanaryOptions::default, |steps| CanaryOptions { steps: steps.iter().map(rung).collect() })
}

fn rung(rung: &Rung) -> canary::Rung {
    let pause = rung.pause.map(|pause| match pause {
        Pause::Elapsed(span) => canary::Pause::Elapsed(span),
        Pause::Approval => canary::Pause::Approval { deadline: rung.deadline.unwrap_or(APPROVAL) },
    });
    canary::Rung { weight: rung.weight.0, pause }
}
