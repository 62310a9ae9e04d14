//! One service in full, and in one line.

use rollout::machine::Fleet;
use rollout::wire::{Deployed, Phase, Status, StatusWord};
use rollout::{Millis, RevisionId, Weight};

use super::table::{Cell, Table};
use super::{Paint, clean, event, time, words};

/// How many characters all of the traffic is.
const BAR: usize = 20;

/// What a service is now, what it waits for and how one goes on.
pub(crate) fn render(status: &Status, now: Millis, paint: Paint) -> String {
    let parts = [facts(status, now), revisions(status), gates(status)];
    let parts: Vec<String> = parts.iter().filter(|table| !table.is_empty()).map(|table| table.text(paint)).collect();
    parts.join("\n")
}

/// One line: the status, and who has the traffic.
pub(crate) fn summary(status: &Status) -> String {
    let name = &status.service.name;
    let word = words::status(status.status).0;
    let stable = version(status.stable.as_ref());
    let text = match (status.status, &status.candidate) {
        (StatusWord::Progressing | StatusWord::Paused, Some(candidate)) => {
            let waits: Vec<String> = words::waits_for(status).into_iter().map(|(what, _)| what).collect();
            let step = words::step(status).map_or_else(String::new, |(at, count)| format!(", step {at} of {count}"));
            let (version, phase) = (&candidate.revision.version, words::phase(&status.phase));
            format!("{name}: {word}, {version} at {}{step}, {phase}; waits for: {}", status.weight, waits.join("; "))
        }
        (StatusWord::RolledBack, _) => match &status.last_failure {
            Some(failure) => {
                format!(
                    "{name}: {word}, users have {stable}; {} was taken back: {}",
                    failure.version,
                    event::failed(failure)
                )
            }
            None => format!("{name}: {word}, users have {stable}"),
        },
        (StatusWord::RollbackFailed | StatusWord::Held, _) => {
            let shares: Vec<String> = status
                .weights
                .iter()
                .map(|(revision, weight)| format!("{weight} on {}", version_of(status, revision)))
                .collect();
            format!("{name}: {word}, traffic: {}", shares.join(", "))
        }
        _ => format!("{name}: {word}, users have {stable}"),
    };
    clean(&text).replace('\n', " ") + "\n"
}

fn facts(status: &Status, now: Millis) -> Table {
    let mut table = Table::plain();
    let service = &status.service;
    table.row(["service".into(), format!("{} on {} (agent {})", service.name, status.host, status.agent_id).into()]);
    table.row(["address".into(), std::net::SocketAddr::new(service.bind, service.port).to_string().into()]);
    let (word, label) = words::status(status.status);
    table.row(["status".into(), Cell::labelled(Some(label), word)]);
    if status.phase != Phase::Idle {
        let at = words::step(status).map_or_else(String::new, |(at, count)| format!(" at step {at} of {count}"));
        let step = format!("{}{at}", words::phase(&status.phase));
        table.row(["step".into(), step.into()]);
    }
    for (index, (what, command)) in words::waits_for(status).into_iter().enumerate() {
        let command = command.map_or_else(String::new, |command| format!("; go on: {command}"));
        table.row([if index == 0 { "waits for" } else { "" }.into(), format!("{what}{command}").into()]);
    }
    if let Some(reason) = &status.degraded {
        table.row(["degraded".into(), Cell::labelled(Some(super::Label::Bad), reason.as_str())]);
    }
    if let Some(rollout) = &status.rollout_id {
        let began = status.started.map_or_else(String::new, |at| format!(", began {}", time::both(at, now)));
        table.row(["rollout".into(), format!("{rollout}{began}").into()]);
    }
    table.row(["generation".into(), format!("{} (acknowledged {})", status.generation, status.acknowledged).into()]);
    if let Some(failure) = &status.last_failure {
        let which = format!("{} ({}) at {}", failure.version, failure.revision, time::both(failure.at, now));
        table.row(["last failure".into(), which.into()]);
        table.row(["".into(), event::failed(failure).into()]);
        if status.status == StatusWord::RolledBack {
            table.row(["try again".into(), format!("devops-flow rollout retry {}", service.name).into()]);
        }
    }
    for (index, blocked) in status.blocked.iter().enumerate() {
        let token = blocked.retry_token.as_ref().map_or_else(String::new, |token| format!(" (retry token {token:?})"));
        let which = format!("{}{token}", blocked.revision);
        table.row([if index == 0 { "blocked" } else { "" }.into(), which.into()]);
    }
    table
}

fn revisions(status: &Status) -> Table {
    let mut table = Table::new(&["REVISION", "VERSION", "ROLE", "WEIGHT", "", "READY", "RUNNING", "EXITS"]);
    let deployed = [&status.stable, &status.candidate].into_iter().flatten().map(|deployed| &deployed.id);
    let mut known: Vec<&RevisionId> = deployed.collect();
    for other in status.fleet.keys().chain(status.weights.keys()) {
        if !known.contains(&other) {
            known.push(other);
        }
    }
    for id in known {
        let Fleet { desired, running, ready, exits } = status.fleet.get(id).copied().unwrap_or_default();
        let weight = status.weights.get(id).copied().unwrap_or_default();
        table.row([
            id.as_str().into(),
            version_of(status, id).into(),
            role(status, id).into(),
            weight.to_string().into(),
            bar(weight).into(),
            format!("{ready}/{desired}").into(),
            running.to_string().into(),
            exits.to_string().into(),
        ]);
    }
    table
}

fn gates(status: &Status) -> Table {
    let mut table = Table::new(&["GATE", "VERDICT", "MEASURED", "ALLOWED"]);
    for gate in &status.gates {
        let name = gate.name.as_str();
        match &gate.verdict {
            None => table.row([name.into(), "-".into(), "".into(), "".into()]),
            Some(verdict) => {
                let (word, label) = words::verdict(verdict.outcome);
                let verdict_cell = Cell::labelled(Some(label), word);
                table.row([
                    name.into(),
                    verdict_cell,
                    verdict.measured.as_str().into(),
                    verdict.threshold.as_str().into(),
                ]);
            }
        }
    }
    table
}

fn version(deployed: Option<&Deployed>) -> &str {
    deployed.map_or("no version", |deployed| deployed.revision.version.as_str())
}

fn of<'a>(side: Option<&'a Deployed>, id: &RevisionId) -> Option<&'a Deployed> {
    side.filter(|deployed| deployed.id == *id)
}

/// The version of a revision; its name when only that is known.
fn version_of(status: &Status, id: &RevisionId) -> String {
    let found = of(status.candidate.as_ref(), id).or_else(|| of(status.stable.as_ref(), id));
    found.map_or_else(|| format!("revision {id}"), |deployed| deployed.revision.version.clone())
}

fn role(status: &Status, id: &RevisionId) -> &'static str {
    match (of(status.stable.as_ref(), id), of(status.candidate.as_ref(), id)) {
        (Some(_), _) => "stable",
        (None, Some(_)) => "candidate",
        (None, None) => "retained",
    }
}

/// The share as a bar. Any traffic shows, and so does any that is missing.
fn bar(weight: Weight) -> String {
    let share = usize::from(weight.basis_points());
    let all = usize::from(Weight::ALL.basis_points());
    let full = match share {
        0 => 0,
        _ if share == all => BAR,
        _ => ((share * BAR + all / 2) / all).clamp(1, BAR - 1),
    };
    "#".repeat(full) + &".".repeat(BAR - full)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn shown(status: &Status) -> String {
        render(status, samples::NOW, Paint::PLAIN)
    }

    #[test]
    fn a_rollout_that_waits_for_approval() {
        insta::assert_snapshot!(shown(&samples::paused()), @"
        service     api on build-1 (agent a1)
        address     127.0.0.1:8080
        status      paused
        step        holding at step 2 of 4
        waits for   the step waits for approval; go on: devops-flow rollout approve api
        degraded    a replica of 2.0 ended
        rollout     r2, began 2026-03-01T11:54:50Z (5m10s ago)
        generation  8 (acknowledged 7)

        REVISION      VERSION  ROLE       WEIGHT                        READY  RUNNING  EXITS
        4c10b882ed68  1.0      stable     75 %    ###############.....  4/4    4        0
        24ea61e14a42  2.0      candidate  25 %    #####...............  1/1    2        1

        GATE    VERDICT  MEASURED                                         ALLOWED
        errors  pass     1 of 812 requests failed (0.12 %), stable 0.1 %  at most 2 times the rate of stable
        probe   -
        ");
    }

    #[test]
    fn a_service_at_rest() {
        insta::assert_snapshot!(shown(&samples::healthy("web")), @"
        service     web on build-1 (agent a1)
        address     127.0.0.1:8080
        status      healthy
        rollout     r1, began 2026-02-28T11:00:00Z (1d1h ago)
        generation  7 (acknowledged 7)

        REVISION      VERSION  ROLE    WEIGHT                        READY  RUNNING  EXITS
        4c10b882ed68  1.0      stable  100 %   ####################  4/4    4        0
        ");
    }

    #[test]
    fn a_version_that_was_taken_back() {
        insta::assert_snapshot!(shown(&samples::rolled_back()), @r#"
        service       api on build-1 (agent a1)
        address       127.0.0.1:8080
        status        rolled_back
        rollout       r3, began 2026-03-01T11:58:00Z (2m ago)
        generation    9 (acknowledged 7)
        last failure  3.0 (16fa881773ff) at 2026-03-01T11:59:00Z (1m ago)
                      its error rate is too high (gate errors: 12 of 100 requests failed (12 %), stable 0.1 %; allowed: at most 2 times the rate of stable)
        try again     devops-flow rollout retry api
        blocked       16fa881773ff (retry token "1")

        REVISION      VERSION  ROLE    WEIGHT                        READY  RUNNING  EXITS
        4c10b882ed68  1.0      stable  100 %   ####################  4/4    4        0
        "#);
    }

    #[test]
    fn one_line_says_it_all() {
        let paused = samples::paused();
        let progressing = Status { status: StatusWord::Progressing, paused: vec![], ..paused.clone() };
        let failed = Status { status: StatusWord::RollbackFailed, ..paused.clone() };
        let all = [paused, progressing, samples::healthy("web"), samples::rolled_back(), failed];
        insta::assert_snapshot!(all.iter().map(summary).collect::<String>(), @"
        api: paused, 2.0 at 25 %, step 2 of 4, holding; waits for: the step waits for approval
        api: progressing, 2.0 at 25 %, step 2 of 4, holding; waits for: the end of the step and its gates
        web: healthy, users have 1.0
        api: rolled_back, users have 1.0; 3.0 was taken back: its error rate is too high (gate errors: 12 of 100 requests failed (12 %), stable 0.1 %; allowed: at most 2 times the rate of stable)
        api: rollback_failed, traffic: 25 % on 2.0, 75 % on 1.0
        ");
    }

    #[test]
    fn every_pause_says_how_one_goes_on() {
        let mut status = samples::paused();
        status.paused = samples::pauses();
        let shown = |status: &Status| -> Vec<String> {
            let waits = words::waits_for(status).into_iter();
            waits.map(|(what, how)| format!("{what}: {}", how.unwrap_or_default())).collect()
        };
        let mut lines = shown(&status);
        for word in [StatusWord::Held, StatusWord::RollbackFailed] {
            status.status = word;
            lines.extend(shown(&status));
        }
        status.status = StatusWord::Paused;
        status.phase = Phase::TakingBack;
        lines.extend(shown(&status));
        insta::assert_snapshot!(lines.join("\n"), @"
        a person paused it: devops-flow rollout resume api
        its client was interrupted: devops-flow rollout resume api
        the step waits for approval: devops-flow rollout approve api
        gate latency cannot tell: devops-flow rollout resume api, or devops-flow rollout promote api
        gate probe cannot measure: devops-flow rollout resume api, or devops-flow rollout promote api
        a person, for the promotion failed: devops-flow rollout promote --full api, or devops-flow rollout rollback api
        a person, for taking back failed: devops-flow rollout rollback api
        the candidate to be drained and retired:
        ");
    }

    #[test]
    fn a_bar_shows_the_least_share_and_the_least_that_is_missing() {
        let shown = |points| bar(Weight::from_basis_points(points).unwrap()).matches('#').count();
        assert_eq!([0, 1, 500, 2500, 5000, 9999, 10_000].map(shown), [0, 1, 1, 5, 10, 19, 20]);
    }
}
