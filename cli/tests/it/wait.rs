//! Following events and waiting for the end.

use std::sync::atomic::{AtomicBool, Ordering};

use rollout::wire::{Answer, Outcome, Recorded, Request, Status};

use crate::fake::{Fake, Running, Say, program, run};
use crate::samples;

fn status(status: &Status) -> Vec<Say> {
    vec![Say::Answer(Answer::Status(Box::new(status.clone())))]
}

fn event(event: &Recorded) -> Say {
    Say::Answer(Answer::Event(Box::new(event.clone())))
}

/// Until when `api` of [`agent`] is paused; then it is rolled back.
#[derive(Clone, Copy, PartialEq)]
enum Paused {
    Never,
    UntilWatched,
    Always,
}

/// An agent that sends the given events and then keeps quiet.
fn agent(dir: &std::path::Path, events: Vec<Recorded>, paused: Paused) -> Fake {
    let watched = AtomicBool::new(false);
    Fake::start(dir, move |request| match request {
        Request::Status { .. }
            if paused == Paused::Always || paused == Paused::UntilWatched && !watched.load(Ordering::SeqCst) =>
        {
            status(&samples::paused())
        }
        Request::Status { .. } => status(&Status { last_event: 53, ..samples::rolled_back() }),
        Request::History { .. } => vec![Say::Answer(Answer::History(samples::history()))],
        Request::Hello => vec![Say::Answer(Answer::Hello(samples::agent()))],
        Request::Watch { after, .. } => {
            watched.store(true, Ordering::SeqCst);
            let mut say: Vec<Say> = events.iter().filter(|event| event.seq > *after).map(event).collect();
            say.push(Say::Hold);
            say
        }
        other => panic!("{other:?}"),
    })
}

#[test]
fn watch_shows_all_events_and_goes_on_after_a_restart_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let events = samples::events();
    let first = agent(dir.path(), events[..3].to_vec(), Paused::Always);
    let watch = Running::spawn(&mut program(dir.path(), &["rollout", "watch", "--json"]));
    let next = || serde_json::from_str::<Recorded>(&watch.line()).unwrap();
    for event in &events[..3] {
        assert_eq!(next(), *event);
    }
    drop(first);
    assert_eq!(watch.word(), "the agent is away; waiting for it");
    // The next one sends an event again; it is not shown twice.
    let again = events.clone();
    let second = Fake::start(dir.path(), move |_| {
        let mut say: Vec<Say> = again[2..].iter().map(event).collect();
        say.push(Say::Hold);
        say
    });
    for event in &events[3..] {
        assert_eq!(next(), *event);
    }
    assert_eq!(second.requests(), [Request::Watch { service: None, after: events[2].seq }]);
}

#[test]
fn watch_begins_after_the_number_that_is_given() {
    let dir = tempfile::tempdir().unwrap();
    let agent = agent(dir.path(), samples::events(), Paused::Always);
    let watch = Running::spawn(&mut program(dir.path(), &["rollout", "watch", "api", "--after", "44"]));
    assert_eq!(watch.line(), "2026-03-01T11:58:20Z api #45 shifted: nobody gets traffic");
    assert_eq!(agent.requests()[1], Request::Watch { service: Some("api".to_owned()), after: 44 });
}

#[test]
fn status_is_followed_by_the_events_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let agent = agent(dir.path(), samples::events(), Paused::Always);
    let follow = Running::spawn(&mut program(dir.path(), &["rollout", "status", "api", "--follow"]));
    while !follow.line().starts_with("probe") {}
    assert_eq!(follow.line(), "2026-03-01T11:58:20Z api #41 started: rollout r3 brings 16fa881773ff from 4c10b882ed68");
    assert_eq!(agent.requests()[1], Request::Watch { service: Some("api".to_owned()), after: 40 });
    let follow = Running::spawn(&mut program(dir.path(), &["rollout", "status", "api", "-f", "--json"]));
    assert_eq!(serde_json::from_str::<Recorded>(&follow.line()).unwrap(), samples::events()[0]);
}

#[test]
fn events_go_into_a_file_as_they_come() {
    let dir = tempfile::tempdir().unwrap();
    let _agent = Fake::start(dir.path(), |request| match request {
        Request::Hello => vec![Say::Answer(Answer::Hello(samples::agent()))],
        _ => vec![event(&samples::events()[0]), Say::Answer(Answer::Done)],
    });
    let ran = run(dir.path(), &["rollout", "watch", "-o", "events.json", "--json"]).expect(1);
    assert!(ran.stderr.contains("an answer to something else: Done"), "{ran:?}");
    let written = std::fs::read_to_string(dir.path().join("events.json")).unwrap();
    assert_eq!(serde_json::from_str::<Recorded>(&written).unwrap(), samples::events()[0]);
}

#[test]
fn wait_shows_progress_and_ends_with_the_rollout() {
    let dir = tempfile::tempdir().unwrap();
    let _agent = agent(dir.path(), samples::events(), Paused::UntilWatched);
    let ran = run(dir.path(), &["rollout", "wait", "api"]).expect(1);
    assert!(ran.stdout.starts_with("api: rolled_back, users have 1.0; 3.0 was taken back: "), "{ran:?}");
    assert!(ran.stderr.contains("#41 started"), "{ran:?}");
    assert_eq!(ran.stderr.lines().count(), samples::events().len(), "{ran:?}");
}

#[test]
fn wait_for_what_is_healthy_is_over_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let _agent = Fake::start(dir.path(), |request| match request {
        Request::Status { .. } => status(&samples::healthy("api")),
        _ => vec![Say::Hold],
    });
    assert_eq!(run(dir.path(), &["rollout", "wait", "api"]).expect(0).stdout, "api: healthy, users have 1.0\n");
    let json: Status = run(dir.path(), &["rollout", "wait", "api", "--json"]).expect(0).json();
    assert_eq!(json, samples::healthy("api"));
}

#[test]
fn wait_gives_up_in_time_and_says_what_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let _agent = agent(dir.path(), Vec::new(), Paused::Always);
    let ran = run(dir.path(), &["rollout", "wait", "api", "--timeout", "50ms"]).expect(1);
    assert_eq!(
        ran.stderr,
        "error: no end within 50ms: api: paused, 2.0 at 25 %, step 2 of 4, holding; waits for: the step waits for approval\n\
         hint: it goes on by itself; wait again, or steer it\n"
    );
}

#[test]
fn wait_for_one_rollout_looks_into_the_history() {
    let dir = tempfile::tempdir().unwrap();
    for (outcome, code) in [
        (Outcome::Promoted, 0),
        (Outcome::FastPromoted, 0),
        (Outcome::FastRolledBack, 0),
        (Outcome::RolledBack, 1),
        (Outcome::Aborted, 1),
        (Outcome::Superseded, 1),
        (Outcome::RollbackFailed, 1),
        (Outcome::Held, 1),
    ] {
        let _agent = Fake::start(dir.path(), move |request| match request {
            Request::Status { .. } => status(&samples::healthy("api")),
            Request::History { .. } => {
                let mut history = samples::history();
                history[0].outcome = outcome;
                vec![Say::Answer(Answer::History(history))]
            }
            _ => vec![Say::Hold],
        });
        let ran = run(dir.path(), &["rollout", "wait", "api", "--rollout", "r3"]).expect(code);
        assert!(ran.stderr.starts_with("rollout r3 of 3.0 is "), "{ran:?}");
    }
    let _agent = agent(dir.path(), Vec::new(), Paused::Never);
    let ran = run(dir.path(), &["rollout", "wait", "api", "--rollout", "r9"]).expect(1);
    assert!(ran.stderr.starts_with("error: api has no rollout \"r9\""), "{ran:?}");
}

#[test]
fn wait_goes_on_over_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let first = agent(dir.path(), Vec::new(), Paused::Always);
    let wait = Running::spawn(&mut program(dir.path(), &["rollout", "wait", "api"]));
    let is_watch = |request: &Request| matches!(request, Request::Watch { .. });
    let deadline = std::time::Instant::now() + crate::fake::DEADLINE;
    while !first.requests().iter().any(is_watch) {
        assert!(std::time::Instant::now() < deadline, "it never watches");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    drop(first);
    assert_eq!(wait.word(), "the agent is away; waiting for it");
    let _second = Fake::start(dir.path(), |request| match request {
        Request::Status { .. } => status(&samples::healthy("api")),
        _ => vec![Say::Hold],
    });
    let ran = wait.finish().expect(0);
    assert_eq!(ran.stdout, "api: healthy, users have 1.0\n");
}
