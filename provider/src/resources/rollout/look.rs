//! What is said before and after: warnings of a plan, and errors that are not the agent's.

use std::path::Path as FilePath;

use agent_client::{Client, Error};
use framework::{Context, Diagnostic, Path};
use rollout::RevisionId;
use rollout::gate::blind_steps;
use rollout::machine::Policy;
use rollout::options::{Compiled, OnFailedVersion, Options, Outputs};
use rollout::wire::{Agent, Blocked, Failure, Status};

use super::explain::{self, error as describe};
use super::follow::Left;

fn local(attribute: &str) -> Path {
    Path::of("target").attribute("local").attribute(attribute)
}

/// Refuses where no agent can run.
pub(super) fn only_here() -> Result<(), Diagnostic> {
    if cfg!(target_os = "linux") {
        return Ok(());
    }
    let detail = "The agent that runs services on this machine is for Linux. Run terraform on the Linux machine that is to serve.";
    Err(Diagnostic::error("Not on this system", detail).at(Path::of("target").attribute("local")))
}

/// The agent that runs already, if one does. None is started merely to look.
pub(super) async fn who_is_there(client: Client) -> Result<(Client, Option<Agent>), Diagnostic> {
    match client.hello().await {
        Ok(agent) => Ok((client, Some(agent))),
        Err(Error::NotRunning { .. }) => Ok((client, None)),
        Err(error) => Err(describe(&error)),
    }
}

/// Whether this is another machine than the one of that name.
pub(super) fn is_elsewhere(host: &str) -> bool {
    let here = rustix::system::uname();
    here.nodename().to_str().is_ok_and(|here| here != host)
}

/// The error for a service that another agent runs.
pub(super) fn lives_elsewhere(name: &str, recorded: &Outputs, found: Option<&Agent>) -> Diagnostic {
    let host = &recorded.host;
    let detail = match found {
        Some(agent) if agent.host == *host => format!(
            "It was recorded of another agent on this machine: {}, and this one is {}. Set `{}` to the state directory of \
             that agent. If it is gone for good, take the service out with `terraform state rm` and create or import it anew.",
            recorded.agent_id,
            agent.agent_id,
            agent_client::STATE_DIR
        ),
        _ => format!(
            "A local service belongs to the machine that runs it. Run terraform on {host}. If that machine is gone for good, \
             take the service out with `terraform state rm` and create it anew."
        ),
    };
    Diagnostic::error(format!("{name} lives on {host}"), detail)
}

/// Warns of an agent that will not outlive the job.
pub(super) fn warn_of_build_server(cx: &Context, agent: &Agent) {
    if let Some(variable) = &agent.build_server {
        let detail = format!(
            "The agent was started by a job of a build server (`{variable}` is set), and the end of the job ends it and all it \
             serves. Run it apart from jobs: `devops-flow agent install`."
        );
        cx.warn(Diagnostic::warning("The agent ends with the job", detail));
    }
}

/// Warns of a service that nothing is recorded of.
pub(super) fn warn_of_living(cx: &Context, status: &Status, wanted: &RevisionId) {
    if !is_ours(status, wanted) {
        let Diagnostic { summary, detail, path, .. } = taken(status);
        let detail = format!("{detail} Apply refuses it unless this plan replaces that service.");
        cx.warn(Diagnostic { path, ..Diagnostic::warning(summary, detail) });
    }
}

/// Warns of what can be foreseen of a rollout: that it is refused, and that a gate sees too little.
pub(super) fn warn_of_rollout(cx: &Context, status: &Status, options: &Options, compiled: &Compiled) {
    let tried = Blocked { revision: compiled.revision.id(), retry_token: options.retry_token.clone() };
    if options.on_failed_version == OnFailedVersion::Block && status.blocked.contains(&tried) {
        let why = status.last_failure.as_ref().filter(|failure| failure.revision == tried.revision);
        let why = why.map(|failure| format!("{}. ", explain::failure(failure))).unwrap_or_default();
        let detail = format!(
            "{why}Apply refuses it until the version or `retry_token` changes. `on_failed_version = \"retry\"` tries every \
             version again."
        );
        let summary = format!("{} was taken back before", options.version);
        cx.warn(Diagnostic::warning(summary, detail).at(Path::of("version")));
    }
    let Some(rate) = status.request_rate else { return };
    for (index, gate) in (0..).zip(&compiled.plan.gates) {
        let blind = blind_steps(gate, &compiled.plan.steps, rate);
        if blind.is_empty() {
            continue;
        }
        let blind: Vec<_> = blind.iter().map(ToString::to_string).collect();
        let path = if options.gates.is_some() { Path::of("gates").index(index) } else { Path::of("gates") };
        let detail = format!("The service gets {rate:.2} requests a second. {}", blind.join("; "));
        cx.warn(Diagnostic::warning("A gate will see too little", detail).at(path));
    }
}

/// Whether a service that nothing is recorded of is what a create that was cut off has left.
pub(super) fn is_ours(status: &Status, wanted: &RevisionId) -> bool {
    let both = [&status.stable, &status.candidate];
    status.acknowledged == 0 && both.into_iter().flatten().all(|deployed| deployed.id == *wanted)
}

/// The error for a create of a service that is there already.
pub(super) fn taken(status: &Status) -> Diagnostic {
    let name = &status.service.name;
    let version = status.stable.as_ref().or(status.candidate.as_ref()).map(|deployed| &deployed.revision.version);
    let version = version.map(|version| format!(" with version {version}")).unwrap_or_default();
    let detail = format!(
        "The agent on {} serves {name}{version} already. To manage it here, import it:\n\n  terraform import \
         devopsflow_rollout.<NAME> {name}\n",
        status.host
    );
    Diagnostic::error("The service exists already", detail).at(Path::of("name"))
}

/// The error for a service that went away during an apply.
pub(super) fn gone(name: &str) -> Diagnostic {
    Diagnostic::error("The service is gone", format!("Somebody else removed {name} since the plan. Plan again."))
}

pub(super) fn nothing_to_import(name: &str) -> Diagnostic {
    let detail = format!(
        "No agent that runs on this machine has a service {name:?}. `devops-flow rollout list` shows what there is."
    );
    Diagnostic::error("Nothing to import", detail)
}

/// The warning about a rollout that runs while nobody follows it.
pub(super) fn in_flight(status: &Status) -> Diagnostic {
    let name = &status.service.name;
    let version = status.candidate.as_ref().map_or("", |candidate| candidate.revision.version.as_str());
    let paused = if status.paused.is_empty() {
        "It goes on by itself under its gates.".to_owned()
    } else {
        format!("It is paused: {}.", explain::paused(&status.paused))
    };
    let detail = format!(
        "{version} has {} of the traffic. {paused} Apply with {version} follows it, and apply with another version takes its place.",
        explain::share(status)
    );
    Diagnostic::warning(format!("A rollout of {name} runs"), detail).at(Path::of("version"))
}

/// The error for a rollout that apply stopped following.
pub(super) fn left(options: &Options, left: &Left) -> Diagnostic {
    let (name, version) = (&options.name, &options.version);
    let detail = match &left.status {
        Err(error) => format!(
            "The agent could not be told ({error}), so the rollout of {version} goes on by itself under its gates."
        ),
        Ok(status) => {
            let share = explain::share(status);
            let stable =
                status.stable.as_ref().map(|stable| format!(" Everybody else has {}.", stable.revision.version));
            let stable = stable.unwrap_or_default();
            match left.policy {
                Policy::Pause => format!(
                    "The rollout of {version} is paused with {share} of the traffic.{stable} Apply again or `devops-flow rollout \
                     resume {name}` continues it; gates still take it back, and so does `pause_deadline`."
                ),
                Policy::Rollback if status.weight == rollout::Weight::ZERO => {
                    format!("{version} was taken back and has no traffic any more.{stable}")
                }
                Policy::Rollback => {
                    format!("{version} is being taken back and has {share} of the traffic still.{stable}")
                }
                Policy::Detach => format!(
                    "The rollout of {version} goes on by itself under its gates, from {share} of the traffic.{stable}"
                ),
            }
        }
    };
    Diagnostic::error(left.why.clone(), detail)
}

/// The error for a version that is blocked.
pub(super) fn refused(version: &str, last: Option<&Failure>) -> Diagnostic {
    let why = last.map(|last| format!("{}. ", explain::failure(last))).unwrap_or_default();
    let detail = format!(
        "{why}Nothing was touched. Change `version`, change `retry_token` to try it once more, or set `on_failed_version = \
         \"retry\"`."
    );
    Diagnostic::error(format!("{version} was taken back before"), detail).at(Path::of("version"))
}

/// Refuses a program that is not there, before anything is touched. One that is looked up on `PATH` is the agent's to find.
pub(super) fn program(compiled: &Compiled) -> Result<(), Diagnostic> {
    use std::os::unix::fs::PermissionsExt as _;
    let revision = &compiled.revision;
    let program =
        revision.command.first().map(|program| program.replace("{version}", &revision.version)).unwrap_or_default();
    if !program.contains('/') {
        return Ok(());
    }
    let path = compiled.service.working_dir.join(FilePath::new(&program));
    let problem = match path.metadata() {
        Err(error) => error.to_string(),
        Ok(found) if !found.is_file() => "it is not a file".to_owned(),
        Ok(found) if found.permissions().mode() & 0o111 == 0 => "it is not executable".to_owned(),
        Ok(_) => return Ok(()),
    };
    let detail = format!("{} cannot be run: {problem}. Users are not affected.", path.display());
    Err(Diagnostic::error("The program cannot be run", detail).at(local("command").index(0)))
}
