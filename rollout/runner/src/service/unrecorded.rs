//! What may happen although the journal takes nothing.

use rollout::machine::Command;
use rollout::wire::Phase;
use rollout::{RevisionId, Weights};

use crate::store::Record;

/// Why the record changes, which decides what becomes of the change when it cannot be saved.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// Somebody asked for it and is told that it is durable.
    Asked,
    /// It happened by itself.
    Happened,
    /// The host was started: what there was is restored.
    Restarted,
}

/// Whether a change that cannot be saved takes effect all the same. Whoever asks is told only what is durable, but taking users off
/// a bad version waits for no disk, and what runs is kept running: no revision gets more users, none comes and none goes.
pub(super) fn may_go_unrecorded(before: &Record, after: &Record, commands: &[Command], cause: Cause) -> bool {
    let (was, is) = (before.state.view(), after.state.view());
    let same = was.candidate == is.candidate && was.stable == is.stable;
    let back = matches!(is.phase, Phase::TakingBack | Phase::RestoringStable);
    let desired = |revision: &RevisionId| was.fleet.get(revision).map_or(0, |fleet| fleet.desired);
    let harmless = |command: &Command| match command {
        Command::Shift { weights, .. } => {
            let share = |weights: &Weights| is.candidate.as_ref().and_then(|id| weights.get(id)).copied();
            share(weights).unwrap_or_default() <= share(&was.weights).unwrap_or_default()
        }
        Command::Ensure { revision, replicas, .. } => {
            is.stable.as_ref() == Some(revision) || *replicas <= desired(revision)
        }
        Command::StartGate { .. } | Command::StopGate { .. } | Command::Emit(_) => true,
    };
    match cause {
        Cause::Restarted => true,
        Cause::Happened => same && (back || commands.iter().all(harmless)),
        Cause::Asked => same && back,
    }
}
