//! What the agent says of a service, as a state.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use framework::attributes::{Attributes as _, Partial as _};
use framework::{Diagnostics, Value};
use rollout::options::{
    LastFailure, Local, LocalProtocol, LocalReadiness, Options, OptionsPartial, Outputs, Target, revision,
};
use rollout::revision::Revision;
use rollout::wire::{Failure, Protocol, Readiness, Service, Status, StatusWord};
use rollout::{Span, Weight};

/// What no agent knows: it follows from the options.
#[derive(Debug, Clone)]
pub(super) struct Foreseen {
    pub(super) ladder: Vec<String>,
    pub(super) max_duration: Span,
}

/// What a service gives now.
pub(super) fn outputs(status: &Status, foreseen: Foreseen) -> Outputs {
    let version = |deployed: &rollout::wire::Deployed| deployed.revision.version.clone();
    let stable_version = status.stable.as_ref().map(version);
    let candidate = status.candidate.as_ref();
    Outputs {
        url: url(status.service.bind, status.service.port),
        active_version: candidate.map(version).or_else(|| stable_version.clone()),
        stable_version,
        status: word(status.status).to_owned(),
        weight: candidate.map_or(Weight::ALL, |_| status.weight).percent(),
        step_index: status.step_index,
        rollout_id: status.rollout_id.clone(),
        ladder: foreseen.ladder,
        max_duration: foreseen.max_duration,
        host: status.host.clone(),
        agent_id: status.agent_id.clone(),
        last_failure: status.last_failure.as_ref().map(last_failure),
    }
}

/// The version that was taken back last.
pub(crate) fn last_failure(failure: &Failure) -> LastFailure {
    LastFailure {
        version: failure.version.clone(),
        gate: failure.gate.clone(),
        measured: failure.measured.clone(),
        threshold: failure.threshold.clone(),
        at: jiff::Timestamp::from_millisecond(failure.at.0).map_or_else(|_| String::new(), |at| at.to_string()),
    }
}

/// Where users on this machine reach a service.
pub(crate) fn url(bind: IpAddr, port: u16) -> String {
    let address = match bind {
        IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        address => address,
    };
    format!("http://{}", SocketAddr::new(address, port))
}

/// What a user reads for what a service does.
pub(crate) fn word(word: StatusWord) -> &'static str {
    match word {
        StatusWord::Healthy => "healthy",
        StatusWord::Progressing => "progressing",
        StatusWord::Paused => "paused",
        StatusWord::RolledBack => "rolled_back",
        StatusWord::RollbackFailed => "rollback_failed",
        StatusWord::Held => "held",
    }
}

/// Whether the recorded word asks for a rollout even if the revision is the recorded one: what users have is not settled.
pub(super) fn is_unsettled(recorded: &str) -> bool {
    [StatusWord::Progressing, StatusWord::Paused, StatusWord::RollbackFailed]
        .iter()
        .any(|known| word(*known) == recorded)
}

/// Whether a rollout runs.
pub(super) fn is_running(status: &Status) -> bool {
    matches!(status.status, StatusWord::Progressing | StatusWord::Paused)
}

/// The recorded inputs, with what is different in the service: the version that users have, what runs, and the settings.
/// An input that is still true keeps what is recorded, so that only what was changed from outside is a difference.
pub(super) fn drifted(recorded: OptionsPartial, status: &Status) -> OptionsPartial {
    let mut inputs = proven(recorded, status);
    let recorded = inputs.target.take().map(|Target::Local(local)| local);
    let runs = status.stable.as_ref().or(status.candidate.as_ref()).map(|deployed| &deployed.revision);
    let local = runs.map(|runs| local(recorded.clone(), &status.service, runs)).or(recorded);
    OptionsPartial {
        name: Some(status.service.name.clone()),
        target: local.map(Target::Local),
        history_limit: Some(status.service.history_limit),
        rollback_window: Some(status.service.rollback_window),
        ..inputs
    }
}

/// The recorded inputs, but the version and what it runs are those that users have: the stable ones.
pub(super) fn proven(recorded: OptionsPartial, status: &Status) -> OptionsPartial {
    let Some(stable) = status.stable.as_ref().map(|deployed| &deployed.revision) else { return recorded };
    let target = recorded.target.map(|Target::Local(local)| Target::Local(running(local, stable)));
    OptionsPartial { version: Some(stable.version.clone()), target, ..recorded }
}

/// The recorded options of a target, but what it runs is `revision`.
fn running(recorded: Local, runs: &Revision) -> Local {
    if revision(&runs.version, &recorded) == *runs {
        return recorded;
    }
    let readiness = if Readiness::from(recorded.readiness.clone()) == runs.readiness {
        recorded.readiness
    } else {
        let Readiness { path, interval, timeout, failures } = runs.readiness.clone();
        Some(LocalReadiness { path, interval, timeout, failures })
    };
    let protocol = match runs.protocol {
        Protocol::Http1 => LocalProtocol::Http1,
        Protocol::H2c => LocalProtocol::H2c,
    };
    Local { command: runs.command.clone(), env: runs.env.clone(), readiness, protocol, ..recorded }
}

/// The options of a target as they are in effect. Where the processes run is resolved at apply and no difference.
fn local(recorded: Option<Local>, service: &Service, runs: &Revision) -> Local {
    let imported = recorded.is_none();
    let recorded = recorded.unwrap_or_else(|| Local {
        command: runs.command.clone(),
        port: service.port,
        bind: String::new(),
        replicas: service.replicas,
        env: runs.env.clone(),
        working_dir: None,
        readiness: None,
        protocol: LocalProtocol::Http1,
        drain: service.drain,
        abort_drain: service.abort_drain,
        stop_timeout: service.stop_timeout,
        trusted_proxies: Vec::new(),
        log_limit: service.log_limit,
        metrics_port: service.metrics_port,
    });
    let elsewhere = std::env::current_dir().map_or(true, |here| here != service.working_dir);
    let proxies: Vec<IpAddr> = recorded.trusted_proxies.iter().filter_map(|text| text.parse().ok()).collect();
    let same_proxies = proxies == service.trusted_proxies && proxies.len() == recorded.trusted_proxies.len();
    Local {
        port: service.port,
        bind: if recorded.bind.parse() == Ok(service.bind) { recorded.bind.clone() } else { service.bind.to_string() },
        replicas: service.replicas,
        working_dir: if imported && elsewhere {
            Some(service.working_dir.clone())
        } else {
            recorded.working_dir.clone()
        },
        drain: service.drain,
        abort_drain: service.abort_drain,
        stop_timeout: service.stop_timeout,
        trusted_proxies: if same_proxies {
            recorded.trusted_proxies.clone()
        } else {
            service.trusted_proxies.iter().map(IpAddr::to_string).collect()
        },
        log_limit: service.log_limit,
        metrics_port: service.metrics_port,
        ..running(recorded, runs)
    }
}

/// The inputs of a service that nothing is recorded of. What the agent does not keep has its default.
pub(super) fn imported(status: &Status) -> Result<OptionsPartial, Diagnostics> {
    let defaults =
        Options::attributes().into_iter().filter_map(|(name, attribute)| Some((name, attribute.rules.default?)));
    Ok(drifted(OptionsPartial::from_object(&Value::map(defaults))?, status))
}

/// The whole inputs, if nothing that is required is absent.
pub(super) fn whole(inputs: &OptionsPartial) -> Result<Options, Diagnostics> {
    Options::from_object(&Value::Map(inputs.to_members()), &framework::Path::root())
}

/// The directory that the processes run in, absolute.
pub(super) fn working_dir(options: &Options) -> std::io::Result<std::path::PathBuf> {
    let Target::Local(local) = &options.target;
    std::path::absolute(local.working_dir.as_deref().unwrap_or(Path::new(".")))
}
