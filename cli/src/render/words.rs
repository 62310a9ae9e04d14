//! The words for what the agent's types say.

use rollout::gate;
use rollout::wire::{Outcome, PauseReason, Phase, Status, StatusWord};

use super::Label;

/// The word of the status, as in `--json`.
pub(crate) fn status(word: StatusWord) -> (&'static str, Label) {
    match word {
        StatusWord::Healthy => ("healthy", Label::Good),
        StatusWord::Progressing => ("progressing", Label::Waiting),
        StatusWord::Paused => ("paused", Label::Waiting),
        StatusWord::RolledBack => ("rolled_back", Label::Bad),
        StatusWord::RollbackFailed => ("rollback_failed", Label::Bad),
        StatusWord::Held => ("held", Label::Bad),
    }
}

/// The word of the phase, as in `--json`.
pub(crate) fn phase(phase: &Phase) -> &'static str {
    match phase {
        Phase::Idle => "idle",
        Phase::Preparing => "preparing",
        Phase::Shifting => "shifting",
        Phase::Holding => "holding",
        Phase::Promoting => "promoting",
        Phase::Baking => "baking",
        Phase::RestoringStable => "restoring-stable",
        Phase::TakingBack => "taking-back",
    }
}

/// The word of the outcome, as in `--json`.
pub(crate) fn outcome(outcome: Outcome) -> (&'static str, Label) {
    match outcome {
        Outcome::Promoted => ("promoted", Label::Good),
        Outcome::FastPromoted => ("fast-promoted", Label::Good),
        Outcome::FastRolledBack => ("fast-rolled-back", Label::Good),
        Outcome::RolledBack => ("rolled-back", Label::Bad),
        Outcome::Aborted => ("aborted", Label::Bad),
        Outcome::Superseded => ("superseded", Label::Waiting),
        Outcome::RollbackFailed => ("rollback-failed", Label::Bad),
        Outcome::Held => ("held", Label::Bad),
    }
}

/// The word of a gate's verdict, as in `--json`.
pub(crate) fn verdict(outcome: gate::Outcome) -> (&'static str, Label) {
    match outcome {
        gate::Outcome::Pass => ("pass", Label::Good),
        gate::Outcome::NoData => ("no-data", Label::Waiting),
        gate::Outcome::Inconclusive => ("inconclusive", Label::Waiting),
        gate::Outcome::Error => ("error", Label::Bad),
        gate::Outcome::Fail => ("fail", Label::Bad),
    }
}

/// Why a rollout is paused, in words.
pub(crate) fn reason(reason: &PauseReason) -> String {
    match reason {
        PauseReason::Operator => "a person paused it".to_owned(),
        PauseReason::Interrupted => "its client was interrupted".to_owned(),
        PauseReason::Approval => "the step waits for approval".to_owned(),
        PauseReason::Inconclusive { gate } => format!("gate {gate} cannot tell"),
        PauseReason::Errors { gate } => format!("gate {gate} cannot measure"),
    }
}

/// What a rollout waits for, each with the command by which one goes on, where it is one's turn.
pub(crate) fn waits_for(status: &Status) -> Vec<(String, Option<String>)> {
    let name = &status.service.name;
    let command = |verb: &str| format!("devops-flow rollout {verb} {name}");
    let either = |one: &str, other: &str| Some(format!("{}, or {}", command(one), command(other)));
    let one = |what: &str, how: Option<String>| vec![(what.to_owned(), how)];
    match status.status {
        StatusWord::Held => {
            return one("a person, for the promotion failed", either("promote --full", "rollback"));
        }
        StatusWord::RollbackFailed => {
            return one("a person, for taking back failed", Some(command("rollback")));
        }
        StatusWord::Healthy | StatusWord::Progressing | StatusWord::Paused | StatusWord::RolledBack => {}
    }
    // A rollout that is being taken back does not wait for who paused it.
    let taken_back = matches!(status.phase, Phase::RestoringStable | Phase::TakingBack);
    if !status.paused.is_empty() && !taken_back {
        let pause = |why: &PauseReason| {
            let how = match why {
                PauseReason::Operator | PauseReason::Interrupted => Some(command("resume")),
                PauseReason::Approval => Some(command("approve")),
                // The first asks the gate again, the second goes on without it.
                PauseReason::Inconclusive { .. } | PauseReason::Errors { .. } => either("resume", "promote"),
            };
            (reason(why), how)
        };
        return status.paused.iter().map(pause).collect();
    }
    match status.phase {
        Phase::Idle => Vec::new(),
        Phase::Preparing => one("the replicas of the candidate to be ready", None),
        Phase::Shifting => one("the weights to be in effect", None),
        Phase::Holding => one("the end of the step and its gates", None),
        Phase::Promoting => one("the candidate to be stable", None),
        Phase::Baking => one("the end of the time in which the version before is kept", None),
        Phase::RestoringStable => one("the replicas of the stable version to be back", None),
        Phase::TakingBack => one("the candidate to be drained and retired", None),
    }
}

/// The step and how many there are, for people, who count from 1; `None` without a ladder.
pub(crate) fn step(status: &Status) -> Option<(u32, u32)> {
    let count = status.step_count;
    (count > 0).then(|| (status.step_index.saturating_add(1).min(count), count))
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;

    #[track_caller]
    fn same(word: &str, value: impl Serialize) {
        assert_eq!(serde_json::to_value(value).unwrap(), word);
    }

    #[test]
    fn words_are_those_of_the_json() {
        use Phase::{Baking, Holding, Idle, Preparing, Promoting, RestoringStable, Shifting, TakingBack};
        use StatusWord::{Healthy, Held, Paused, Progressing, RollbackFailed, RolledBack};
        for word in [Healthy, Progressing, Paused, RolledBack, RollbackFailed, Held] {
            same(status(word).0, word);
        }
        for one in [Idle, Preparing, Shifting, Holding, Promoting, Baking, RestoringStable, TakingBack] {
            same(phase(&one), &one);
        }
        for one in [
            Outcome::Promoted,
            Outcome::FastPromoted,
            Outcome::RolledBack,
            Outcome::Aborted,
            Outcome::FastRolledBack,
            Outcome::Superseded,
            Outcome::RollbackFailed,
            Outcome::Held,
        ] {
            same(outcome(one).0, one);
        }
        for one in [
            gate::Outcome::Fail,
            gate::Outcome::Error,
            gate::Outcome::Inconclusive,
            gate::Outcome::NoData,
            gate::Outcome::Pass,
        ] {
            same(verdict(one).0, one);
        }
    }
}
