//! What went wrong, for people, at the attribute where it can be put right.

use std::fmt::Write as _;

use agent_client::Error;
use framework::{Diagnostic, Path, Step};
use rollout::machine::Refused;
use rollout::wire::{self, Ended, Failure, Outcome, PauseReason, Status};

/// The message for what the agent, or the way to it, answered.
pub(crate) fn error(error: &Error) -> Diagnostic {
    let detail = chain(error);
    match error {
        Error::Agent(wire::Error::Invalid { what, why }) => {
            Diagnostic::error("The agent cannot do this", why.clone()).at(path(what))
        }
        Error::Agent(wire::Error::Refused(Refused::Changed { .. })) => {
            Diagnostic::error("The service has changed since the plan", format!("{detail}. Nothing was done."))
        }
        Error::Agent(wire::Error::Refused(Refused::Blocked { .. })) => {
            Diagnostic::error("This version was taken back before", detail).at(Path::of("version"))
        }
        Error::Agent(wire::Error::DiskFull(_)) => Diagnostic::error("The disk is full", detail),
        Error::Agent(_) => Diagnostic::error("The agent refuses", detail),
        Error::NoProgram { .. } | Error::BadProgram { .. } | Error::Launch { .. } => {
            Diagnostic::error("The agent cannot be started", detail)
        }
        Error::Lost { .. } => {
            let detail = format!("{detail}. It goes on by itself; the next plan shows what became of it.");
            Diagnostic::error("The connection to the agent was lost", detail)
        }
        _ => Diagnostic::error("The agent cannot be asked", detail),
    }
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| {
        // A transparent error says what its cause says.
        let cause = cause.to_string();
        if text.ends_with(&cause) { text } else { format!("{text}: {cause}") }
    })
}

/// The attribute that the agent names: `target.local.port`, `gates[0].path`.
fn path(text: &str) -> Path {
    let mut steps = Vec::new();
    for part in text.split('.') {
        let mut pieces = part.split('[');
        steps.extend(pieces.next().filter(|name| !name.is_empty()).map(|name| Step::Attribute(name.to_owned())));
        for index in pieces {
            let index = index.trim_end_matches(']');
            steps.push(match index.parse() {
                Ok(index) => Step::Index(index),
                Err(_) => Step::Key(index.trim_matches('"').to_owned()),
            });
        }
    }
    steps.into_iter().collect()
}

/// Where the traffic is: `25 % at step 2 of 4`.
pub(super) fn share(status: &Status) -> String {
    let step = status.step_index + 1;
    let weight = status.weight;
    if status.step_count == 0 {
        weight.to_string()
    } else {
        format!("{weight} at step {step} of {}", status.step_count)
    }
}

/// Why a version was taken back.
pub(super) fn failure(failure: &Failure) -> String {
    let Failure { version, gate, measured, threshold, reason, .. } = failure;
    let gate = gate.as_ref().filter(|gate| !reason.contains(*gate)).map(|gate| format!("gate `{gate}`: "));
    let mut text = format!("{version} was taken back: {}{reason}", gate.unwrap_or_default());
    if !measured.is_empty() && measured != reason {
        let _ = write!(text, "; measured: {measured}");
    }
    if !threshold.is_empty() {
        let _ = write!(text, "; allowed: {threshold}");
    }
    text
}

/// Why a rollout does not advance.
pub(super) fn paused(reasons: &[PauseReason]) -> String {
    let words: Vec<_> = reasons.iter().map(reason).collect();
    words.join(", ")
}

pub(crate) fn reason(reason: &PauseReason) -> String {
    match reason {
        PauseReason::Operator => "a person paused it".to_owned(),
        PauseReason::Interrupted => "the one who started it was interrupted".to_owned(),
        PauseReason::Approval => "it waits for approval".to_owned(),
        PauseReason::Inconclusive { gate } => format!("gate `{gate}` cannot tell"),
        PauseReason::Errors { gate } => format!("gate `{gate}` cannot measure"),
    }
}

/// The error for a rollout that ended and did not bring its version to all users.
pub(super) fn not_promoted(status: &Status, ended: Option<&Ended>, version: &str) -> Diagnostic {
    let name = &status.service.name;
    let outcome = ended.map(|ended| ended.outcome);
    let why = ended.and_then(|ended| ended.failure.as_ref()).or(status.last_failure.as_ref());
    let why = why.filter(|why| why.version == version).map(|why| format!("{}.", failure(why))).unwrap_or_default();
    let highest =
        ended.map(|ended| format!("It had at most {} of the traffic.", ended.highest_weight)).unwrap_or_default();
    let stable = status.stable.as_ref().map(|stable| format!("Its users have {}.", stable.revision.version));
    let serves = stable.unwrap_or_else(|| "Nothing serves its users now.".to_owned());
    let split = format!("{version} has {} of the traffic.", share(status));
    let look = format!("Look at `devops-flow rollout status {name}`.");
    let (summary, detail) = match (outcome, status.status) {
        (Some(Outcome::Superseded), _) => (
            format!("{version} was superseded"),
            [format!("Another rollout of {name} took its place."), serves].to_vec(),
        ),
        (_, wire::StatusWord::RollbackFailed) => (format!("Taking back {version} failed"), vec![split, why, look]),
        (_, wire::StatusWord::Held) => {
            let keeps = "The side that works keeps the traffic.".to_owned();
            (format!("The promotion of {version} failed"), vec![keeps, split, why, look])
        }
        (Some(Outcome::Aborted), _) => (format!("{version} was taken back on request"), vec![why, highest, serves]),
        _ => (format!("{version} was taken back"), vec![why, highest, serves]),
    };
    let detail: Vec<_> = detail.into_iter().filter(|sentence| !sentence.is_empty()).collect();
    let detail = detail.join(" ");
    Diagnostic::error(summary, detail).at(Path::of("version"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_agent_names_attributes_as_hcl_does() {
        for text in ["target.local.port", "gates[0].path", "target.local.env[\"A\"]", "name"] {
            assert_eq!(path(text).to_string(), text);
        }
    }

    #[test]
    fn a_cause_is_said_once() {
        let refused = Error::Agent(wire::Error::Refused(Refused::Plan("no steps".to_owned())));
        assert_eq!(chain(&refused), "the plan cannot be followed: no steps");
        let connect = Error::Connect { socket: "/s".into(), source: std::io::Error::other("no") };
        assert_eq!(chain(&connect), "cannot connect to the agent at /s: no");
    }
}
