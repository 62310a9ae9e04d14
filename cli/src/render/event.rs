//! Events, one a line.

use rollout::Weights;
use rollout::wire::{Failure, Happening, Recorded};

use super::{clean, time, words};

/// When, which service, its number, and what happened.
pub(crate) fn render(event: &Recorded) -> String {
    let text = format!(
        "{} {} #{} {}",
        time::absolute(event.at),
        event.service,
        event.seq,
        happening(&event.happening, event.rollout_id.as_deref())
    );
    clean(&text).replace('\n', " ")
}

fn happening(happening: &Happening, rollout: Option<&str>) -> String {
    match happening {
        Happening::Started { revision, from } => {
            let from = from.as_ref().map_or_else(String::new, |from| format!(" from {from}"));
            format!("started: rollout {} brings {revision}{from}", rollout.unwrap_or("-"))
        }
        Happening::Advanced { phase, step_index } => {
            format!("advanced: {} at step {}", words::phase(phase), step_index.saturating_add(1))
        }
        Happening::Shifted { weights } => format!("shifted: {}", shares(weights)),
        Happening::Judged { gate, verdict } => {
            let (word, _) = words::verdict(verdict.outcome);
            format!("judged: gate {gate} says {word}: {}; allowed: {}", verdict.measured, verdict.threshold)
        }
        Happening::Paused { reason } => format!("paused: {}", words::reason(reason)),
        Happening::Resumed { reason } => format!("resumed, for this is over: {}", words::reason(reason)),
        Happening::Degraded { reason: Some(reason) } => format!("degraded: {reason}"),
        Happening::Degraded { reason: None } => "degraded no more".to_owned(),
        Happening::TakingBack { failure } => format!("taking back: {}", failed(failure)),
        Happening::Ended(ended) => {
            let why = ended.failure.as_ref().map_or_else(String::new, |failure| format!(": {}", failed(failure)));
            format!("ended: version {} is {}{why}", ended.version, words::outcome(ended.outcome).0)
        }
        Happening::Replica { revision, index, what } => format!("replica {revision}/{index}: {what}"),
        Happening::Failed { message } => format!("failed: {message}"),
    }
}

fn shares(weights: &Weights) -> String {
    if weights.is_empty() {
        return "nobody gets traffic".to_owned();
    }
    weights.iter().map(|(revision, weight)| format!("{revision} {weight}")).collect::<Vec<_>>().join(", ")
}

/// The reason in a sentence, with what was measured where something was.
pub(crate) fn failed(failure: &Failure) -> String {
    let Failure { reason, measured, threshold, gate, .. } = failure;
    match gate {
        Some(gate) => format!("{reason} (gate {gate}: {measured}; allowed: {threshold})"),
        None => reason.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn every_event_is_a_line() {
        let lines: Vec<String> = samples::events().iter().map(render).collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        2026-03-01T11:58:20Z api #41 started: rollout r3 brings 16fa881773ff from 4c10b882ed68
        2026-03-01T11:58:20Z api #42 replica 16fa881773ff/0: ready
        2026-03-01T11:58:20Z api #43 advanced: shifting at step 1
        2026-03-01T11:58:20Z api #44 shifted: 16fa881773ff 5 %, 4c10b882ed68 95 %
        2026-03-01T11:58:20Z api #45 shifted: nobody gets traffic
        2026-03-01T11:58:20Z api #46 paused: a person paused it
        2026-03-01T11:58:20Z api #47 resumed, for this is over: a person paused it
        2026-03-01T11:58:20Z api #48 degraded: the progress deadline passed
        2026-03-01T11:58:20Z api #49 degraded no more
        2026-03-01T11:58:20Z api #50 failed: the port is taken\u{1b}[0m by another
        2026-03-01T11:58:20Z api #51 judged: gate errors says fail: 12 of 100 requests failed (12 %), stable 0.1 %; allowed: at most 2 times the rate of stable
        2026-03-01T11:58:20Z api #52 taking back: its error rate is too high (gate errors: 12 of 100 requests failed (12 %), stable 0.1 %; allowed: at most 2 times the rate of stable)
        2026-03-01T11:58:20Z api #53 ended: version 3.0 is rolled-back: its error rate is too high (gate errors: 12 of 100 requests failed (12 %), stable 0.1 %; allowed: at most 2 times the rate of stable)
        ");
    }
}
