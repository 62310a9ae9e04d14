//! What people read, over sequences of events.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use framework::{Path, Severity, Value};
use proptest::prelude::*;

use super::{Plain, Progress};
use crate::event::{Event, Failure, REDACTED, Reason, Step, Summary, Unfinished};
use crate::state::{Counts, Operation};

fn map<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::map(members)
}

fn list<const N: usize>(elements: [&str; N]) -> Value {
    Value::List(elements.map(Value::from).to_vec())
}

fn planned(step: Step, before: Value, after: Value) -> Event {
    let (hidden, replace, reason) = (BTreeSet::new(), Vec::new(), None);
    let (address, location) = ("test_thing.a".to_owned(), "src/main.rs:7".to_owned());
    Event::Planned { address, step, before, after, hidden, replace, reason, location }
}

fn update(before: Value, after: Value) -> Event {
    planned(Step::Update, before, after)
}

/// The lines of these events, one after the other.
fn shown(events: &[Event]) -> String {
    let mut plain = Plain::new(false);
    events.iter().filter_map(|event| plain.lines(event)).collect::<Vec<_>>().join("\n")
}

fn started(verb: &'static str) -> Event {
    Event::Started { verb, stack: "shop/dev".to_owned(), parallel: 2 }
}

fn waiting(address: &str, on: &[&str]) -> Event {
    let on = on.iter().map(|on| (*on).to_owned()).collect();
    Event::Waiting { address: address.to_owned(), operation: Operation::Create, on }
}

fn running(address: &str) -> Event {
    Event::Running { address: address.to_owned(), operation: Operation::Create }
}

fn done(address: &str, succeeded: bool) -> Event {
    let (address, elapsed) = (address.to_owned(), Duration::from_millis(1_250));
    Event::Done { address, operation: Operation::Create, elapsed, succeeded }
}

fn error(address: &str, text: &str) -> Event {
    Event::Message {
        severity: Severity::Error,
        address: Some(address.to_owned()),
        location: None,
        text: text.to_owned(),
    }
}

fn ended(counts: Counts, failures: Vec<Failure>, pending: BTreeMap<u64, Unfinished>) -> Event {
    let (succeeded, elapsed) = (failures.is_empty(), Duration::from_millis(65_400));
    Event::Ended { succeeded, counts, elapsed, exports: BTreeMap::new(), failures, pending }
}

fn failure(address: &str, summary: &str) -> Failure {
    let location = Some("src/main.rs:7".to_owned());
    Failure { address: Some(address.to_owned()), location, summary: summary.to_owned() }
}

#[test]
fn created_resources_show_their_inputs() {
    let after = map([
        ("label", "shop".into()),
        ("kind", Value::Null),
        ("number", Value::UNKNOWN),
        ("url", Value::UNKNOWN),
        ("password", REDACTED.into()),
        ("ports", Value::List(vec![80.into(), 443.into()])),
        ("tags", map([])),
        (
            "rules",
            Value::List(vec![map([
                ("from", "10.0.0.0/8".into()),
                ("to", Value::UNKNOWN),
                ("nested", map([("deep", list(["a", "b"]))])),
            ])]),
        ),
        ("script", "set -e\n\tmake all\n".into()),
    ]);
    insta::assert_snapshot!(shown(&[planned(Step::Create, Value::Null, after)]), @r#"
    + create test_thing.a  (src/main.rs:7)
      + label    = "shop"
      + password = (secret)
      + ports    = [80, 443]
      + rules    = [
        + {
          + from   = "10.0.0.0/8"
          + nested = {
            + deep = ["a", "b"]
            }
          + to     = (known after up)
          }
        ]
      + script   = (2 lines)
        + set -e
        + 	make all
      + number, url = (known after up)
        (1 empty attribute hidden)
    "#);
}

#[test]
fn of_nested_values_only_what_changes_is_shown() {
    let before = map([
        ("label", "shop".into()),
        ("size", 1.into()),
        ("env", map([("A", "1".into()), ("B", "2".into()), ("C", "3".into()), ("odd name", "x".into())])),
        ("ports", Value::List(vec![80.into(), 81.into(), 443.into(), 8080.into()])),
        ("zones", Value::set(["a", "b", "c"].map(Value::from))),
        (
            "rules",
            Value::List(vec![
                map([("name", "in".into()), ("allow", true.into())]),
                map([("name", "out".into()), ("allow", false.into())]),
            ]),
        ),
        ("gone", list(["x"])),
        ("same", "x".into()),
        ("policy", r#"{"allow":["read"],"on":"x"}"#.into()),
        ("shape", "flat".into()),
    ]);
    let after = map([
        ("label", "shop".into()),
        ("size", 2.into()),
        ("env", map([("A", "1".into()), ("B", "3".into()), ("D", "4".into()), ("odd name", Value::UNKNOWN)])),
        ("ports", Value::List(vec![80.into(), 82.into(), 443.into(), 8080.into(), 9090.into()])),
        ("zones", Value::set(["b", "c", "d"].map(Value::from))),
        (
            "rules",
            Value::List(vec![
                map([("name", "in".into()), ("allow", false.into())]),
                map([("name", "out".into()), ("allow", false.into())]),
            ]),
        ),
        ("gone", Value::Null),
        ("same", "x".into()),
        ("policy", r#"{ "allow": ["read", "write"], "on": "x" }"#.into()),
        ("shape", map([("kind", "round".into())])),
    ]);
    insta::assert_snapshot!(shown(&[update(before, after)]), @r#"
    ~ update test_thing.a  (src/main.rs:7)
      ~ env    = {
        ~ B          = "2" -> "3"
        - C          = "3"
        + D          = "4"
        ~ "odd name" = "x" -> (known after up)
          (1 unchanged attribute hidden)
        }
      - gone   = ["x"]
      ~ policy = JSON {
        ~ allow = [
            (1 unchanged element hidden)
          + "write"
          ]
          (1 unchanged attribute hidden)
        }
      ~ ports  = [
          (1 unchanged element hidden)
        ~ [1] = 81 -> 82
          (2 unchanged elements hidden)
        + 9090
        ]
      ~ rules  = [
        ~ [0] = {
          ~ allow = true -> false
            name  = "in"
          }
          (1 unchanged element hidden)
        ]
      - shape  = "flat"
      + shape  = { kind = "round" }
      ~ size   = 1 -> 2
      ~ zones  = [
        - "a"
        + "d"
          (2 unchanged elements hidden)
        ]
        (2 unchanged attributes hidden)
    "#);
}

#[test]
fn texts_of_several_lines_are_a_unified_diff() {
    let before = (1..=20).map(|line| format!("line {line}")).collect::<Vec<_>>().join("\n") + "\n";
    let after = before.replace("line 9\n", "line nine\n").replace("line 20\n", "line 20");
    insta::assert_snapshot!(shown(&[update(map([("text", before.into())]), map([("text", after.into())]))]), @"
    ~ update test_thing.a  (src/main.rs:7)
      ~ text = (20 lines, 2 added, 2 removed)
          @@ -6,7 +6,7 @@
          line 6
          line 7
          line 8
        - line 9
        + line nine
          line 10
          line 11
          line 12
          @@ -17,4 +17,4 @@
          line 17
          line 18
          line 19
        - line 20
        + line 20 (no line end)
    ");
}

#[test]
fn long_texts_show_what_differs() {
    let long = |middle: &str| Value::from(format!("{}{middle}{}", "a".repeat(200), "b".repeat(200)));
    insta::assert_snapshot!(shown(&[update(map([("command", long("-v1-"))]), map([("command", long("-v2-"))]))]), @r#"
    ~ update test_thing.a  (src/main.rs:7)
      ~ command = "…aaaaaaaaaaaaaaaaaa-v1-bbbbbbbbbbbbbbbbbbb…" -> "…aaaaaaaaaaaaaaaaaa-v2-bbbbbbbbbbbbbbbbbbb…"
    "#);
}

#[test]
fn no_resource_takes_more_than_some_lines() {
    let many = |from: i64| Value::List((0..5_000).map(|n| Value::from(n * 2 + from)).collect());
    let text = shown(&[update(map([("many", many(0))]), map([("many", many(1))]))]);
    assert_eq!(text.lines().count(), 202, "{text}");
    assert!(text.contains("(4802 more lines; --json has everything)"), "{text}");
    let lines = |end: &str| Value::from(format!("line {end}\n").repeat(30_000));
    insta::assert_snapshot!(shown(&[update(map([("text", lines("a"))]), map([("text", lines("b"))]))]), @"
    ~ update test_thing.a  (src/main.rs:7)
      ~ text = (30000 lines) -> (30000 lines)
    ");
}

#[test]
fn a_replacement_says_because_of_what() {
    let before =
        map([("kind", "wood".into()), ("number", 1.into()), ("parts", Value::List(vec![map([("name", "x".into())])]))]);
    let after = map([("kind", "iron".into()), ("number", Value::UNKNOWN), ("parts", Value::UNKNOWN)]);
    let mut first = planned(Step::Replace, before.clone(), after.clone());
    let Event::Planned { replace, .. } = &mut first else { unreachable!() };
    *replace = vec![Path::of("kind"), Path::of("parts").index(0).attribute("name")];
    let mut second = planned(Step::DeleteThenCreate, before.clone(), before.clone());
    let Event::Planned { reason, .. } = &mut second else { unreachable!() };
    *reason = Some(Reason::Asked);
    let mut third = second.clone();
    let Event::Planned { reason, .. } = &mut third else { unreachable!() };
    *reason = Some(Reason::Incomplete);
    insta::assert_snapshot!(shown(&[first, second, third, planned(Step::DeleteThenCreate, before, after)]), @r#"
    +/- replace test_thing.a, the old one is deleted afterwards  (src/main.rs:7)
        ~ kind   = "wood" -> "iron"  # forces replacement
        ~ number = 1 -> (known after up)
        ~ parts  = [1 element] -> (known after up)
          parts[0].name forces replacement

    -/+ replace test_thing.a, as asked  (src/main.rs:7)
          (3 unchanged attributes hidden)

    -/+ replace test_thing.a, for making it failed half-way  (src/main.rs:7)
          (3 unchanged attributes hidden)

    -/+ replace test_thing.a, the old one is deleted first  (src/main.rs:7)
        ~ kind   = "wood" -> "iron"
        ~ number = 1 -> (known after up)
        ~ parts  = [1 element] -> (known after up)
    "#);
}

#[test]
fn a_secret_that_changes_is_seen_to_change_and_not_read() {
    let value = map([("label", "a".into()), ("password", REDACTED.into())]);
    let mut event = update(value.clone(), value);
    let Event::Planned { hidden, .. } = &mut event else { unreachable!() };
    hidden.insert("password".to_owned());
    insta::assert_snapshot!(shown(&[event]), @"
    ~ update test_thing.a  (src/main.rs:7)
      ~ password = (secret) -> (another secret)
        (1 unchanged attribute hidden)
    ");
}

#[test]
fn removed_ones_are_named_and_shown_when_short() {
    let long = Value::map((0..20).map(|n| (format!("a{n}"), Value::from(n))));
    let short = map([("label", "a".into())]);
    let events = [
        planned(Step::Delete, long.clone(), Value::Null),
        planned(Step::Delete, short, Value::Null),
        planned(Step::Forget, long.clone(), Value::Null),
        planned(Step::Import, long.clone(), long),
    ];
    let summary = Summary { delete: 2, forget: 1, import: 1, same: 5, ..Summary::default() };
    let whole = Event::PlanEnded { summary, refreshed: false };
    insta::assert_snapshot!(shown(&[&events[..], &[whole]].concat()), @r#"
      - delete test_thing.a  (src/main.rs:7)
      - delete test_thing.a  (src/main.rs:7)
        - label = "a"

      . forget test_thing.a  (src/main.rs:7)
      = import test_thing.a  (src/main.rs:7)
          (20 unchanged attributes hidden)

    Plan: 2 to delete, 1 to import, 1 to forget; 5 unchanged. The world was not looked at; --refresh does.
    "#);
    let none = Event::PlanEnded { summary: Summary { same: 5, ..Summary::default() }, refreshed: true };
    insta::assert_snapshot!(shown(&[none]), @"Nothing to do: 5 unchanged.");
}

#[test]
fn what_a_refresh_finds_is_no_plan() {
    let (before, after) = (map([("label", "a".into())]), map([("label", "b".into())]));
    let events = [started("refresh"), update(before.clone(), after), planned(Step::Delete, before, Value::Null)];
    insta::assert_snapshot!(shown(&events), @r#"
    ~ changed test_thing.a  (src/main.rs:7)
      ~ label = "a" -> "b"

    - gone test_thing.a  (src/main.rs:7)
      - label = "a"
    "#);
}

#[test]
fn a_run_that_fails_says_what_failed_and_what_to_do() {
    let kept = |imported| Event::Kept { address: "test_thing.d".to_owned(), imported };
    let skipped = Event::Skipped { address: "test_thing.c".to_owned(), reason: "test_thing.b failed".to_owned() };
    let counts = Counts { created: 1, failed: 1, skipped: 1, ..Counts::default() };
    let failures = vec![failure("test_thing.b", "The disk is full")];
    let mut events = vec![
        started("up"),
        waiting("test_thing.c", &["test_thing.b"]),
        running("test_thing.a"),
        done("test_thing.a", true),
        done("test_thing.b", false),
        error("test_thing.b", "The disk is full\nMake room."),
        skipped,
        kept(true),
        kept(false),
        ended(counts, failures.clone(), BTreeMap::new()),
    ];
    insta::assert_snapshot!(shown(&events), @"
    test_thing.a: create ...
    test_thing.a: create done after 1.2 s
    test_thing.b: create FAILED after 1.2 s
    error: test_thing.b: The disk is full
      Make room.
    test_thing.c: skipped, for test_thing.b failed
    test_thing.d: imported
    test_thing.d: as declared already
    Not done: 1 created, 1 failed, 1 skipped, in 1m05s.
      test_thing.b: The disk is full  (src/main.rs:7)
    What was done is recorded; run `up` again for the rest.
    ");
    let pending = |operation| Unfinished { address: "test_thing.b".to_owned(), operation };
    let pending = BTreeMap::from([(7, pending(Operation::Create)), (8, pending(Operation::Delete))]);
    events = vec![started("up"), ended(Counts::default(), vec![failures[0].clone(); 12], pending)];
    insta::assert_snapshot!(shown(&events), @"
    Not done: nothing changed, in 1m05s.
      test_thing.b: The disk is full  (src/main.rs:7)
      test_thing.b: The disk is full  (src/main.rs:7)
      test_thing.b: The disk is full  (src/main.rs:7)
      test_thing.b: The disk is full  (src/main.rs:7)
      test_thing.b: The disk is full  (src/main.rs:7)
      test_thing.b: The disk is full  (src/main.rs:7)
      test_thing.b: The disk is full  (src/main.rs:7)
      test_thing.b: The disk is full  (src/main.rs:7)
      test_thing.b: The disk is full  (src/main.rs:7)
      test_thing.b: The disk is full  (src/main.rs:7)
      and 2 more
    Operation 7, create of test_thing.b, has no recorded end. If the next `up` cannot find out: `import test_thing.b ID` when it exists, `state clear-pending 7` when not.
    Operation 8, delete of test_thing.b, has no recorded end. The next `up` looks at it again.
    ");
}

#[test]
fn what_is_said_of_many_is_explained_once() {
    let warning = |address: &str| {
        let (severity, address) = (Severity::Warning, Some(address.to_owned()));
        Event::Message { severity, address, location: None, text: "kind: Wood burns\nTake iron.".to_owned() }
    };
    insta::assert_snapshot!(shown(&[warning("test_thing.a"), warning("test_thing.b")]), @"
    warning: test_thing.a: kind: Wood burns
      Take iron.
    warning: test_thing.b: kind: Wood burns
    ");
}

/// The lines of the progress after these events, each with the second at which it came.
fn progress(events: &[(u64, Event)], now: u64, size: (usize, usize)) -> String {
    let mut progress = Progress::default();
    for (at, event) in events {
        progress.event(event, Duration::from_secs(*at));
    }
    progress.lines(Duration::from_secs(now), size, false).join("\n")
}

fn plan_of(create: u64) -> Event {
    Event::PlanEnded { summary: Summary { create, ..Summary::default() }, refreshed: false }
}

#[test]
fn progress_shows_what_runs_and_what_waits_for_which() {
    let mut events = vec![
        (0, started("up")),
        (1, planned(Step::Create, Value::Null, map([]))),
        (2, plan_of(6)),
        (2, waiting("test_thing.a", &[])),
        (2, waiting("test_thing.b", &[])),
        (2, waiting("test_thing.c", &[])),
        (2, waiting("test_thing.d", &["test_thing.a"])),
        (2, waiting("test_thing.e", &["test_thing.a", "test_thing.b", "test_thing.c", "test_thing.d"])),
        (2, waiting("test_thing.f", &["test_thing.b"])),
        (2, running("test_thing.a")),
        (4, running("test_thing.b")),
    ];
    insta::assert_snapshot!(progress(&events[..2], 1, (80, 24)), @"up shop/dev: 1 with changes so far, 1.0 s");
    insta::assert_snapshot!(progress(&events, 75, (80, 24)), @"
    up shop/dev: 0 of 6 done, 1m15s
      + create test_thing.a  1m13s
      + create test_thing.b  1m11s
        1 waiting for a free place, at most 2 run at once
        create test_thing.d waits for test_thing.a
        create test_thing.e waits for test_thing.a, test_thing.b and 2 more
        create test_thing.f waits for test_thing.b
    ");
    events.extend([
        (76, done("test_thing.a", true)),
        (77, done("test_thing.b", false)),
        (77, error("test_thing.b", "no")),
        (77, Event::Skipped { address: "test_thing.e".to_owned(), reason: "test_thing.b failed".to_owned() }),
        (77, Event::Skipped { address: "test_thing.f".to_owned(), reason: "test_thing.b failed".to_owned() }),
        (77, running("test_thing.c")),
    ]);
    insta::assert_snapshot!(progress(&events, 78, (80, 24)), @"
    up shop/dev: 1 of 6 done, 1 failed, 2 skipped, 1m18s
      + create test_thing.c  1.0 s
        1 waiting for a free place, at most 2 run at once
    ");
    let alone = Event::Started { verb: "up", stack: "shop/dev".to_owned(), parallel: 1 };
    let alone = [(0, alone), (0, plan_of(1)), (0, waiting("test_thing.a", &[]))];
    assert!(progress(&alone, 1, (80, 24)).ends_with("1 waiting for a free place, at most 1 runs at once"));
    events.push((79, ended(Counts::default(), Vec::new(), BTreeMap::new())));
    assert_eq!(progress(&events, 80, (80, 24)), "", "nothing is left when it ended");
}

#[test]
fn progress_shows_what_is_looked_at() {
    let refreshing = |address: &str| Event::Refreshing { address: address.to_owned() };
    let refreshed = |address: &str| {
        let (address, elapsed) = (address.to_owned(), Duration::from_secs(1));
        Event::Refreshed { address, elapsed, succeeded: true }
    };
    let mut events = vec![
        (0, started("refresh")),
        (0, refreshing("test_thing.a")),
        (1, refreshing("test_thing.b")),
        (2, refreshed("test_thing.a")),
    ];
    insta::assert_snapshot!(progress(&events, 3, (80, 24)), @"
    refresh shop/dev: 1 refreshed, 0 with changes so far, 3.0 s
     <= refresh test_thing.b  2.0 s
    ");
    let mut log = Progress::default();
    for (at, event) in &events {
        log.event(event, Duration::from_secs(*at));
    }
    insta::assert_snapshot!(log.still(Duration::from_secs(11)).join("\n"), @"test_thing.b: still refreshing, 10.0 s elapsed");
    events.push((4, refreshed("test_thing.b")));
    insta::assert_snapshot!(progress(&events, 4, (80, 24)), @"refresh shop/dev: 2 refreshed, 0 with changes so far, 4.0 s");
}

#[test]
fn nothing_is_drawn_in_the_first_moment() {
    let mut progress = Progress::default();
    progress.event(&started("up"), Duration::ZERO);
    assert!(progress.lines(Duration::from_millis(249), (80, 24), false).is_empty());
    assert!(!progress.lines(Duration::from_millis(250), (80, 24), false).is_empty());
}

#[test]
fn what_is_removed_first_is_done_when_it_is_made_anew() {
    let (address, operation) = (|| "test_thing.a".to_owned(), Operation::Delete);
    let delete = Event::Running { address: address(), operation };
    let deleted = Event::Done { address: address(), operation, elapsed: Duration::ZERO, succeeded: true };
    let mut events = vec![
        (0, started("up")),
        (0, planned(Step::DeleteThenCreate, map([]), map([]))),
        (0, plan_of(1)),
        (0, waiting("test_thing.a", &[])),
        (0, waiting("test_thing.b", &["test_thing.a"])),
        (0, delete),
        (1, deleted),
    ];
    assert!(progress(&events, 2, (80, 24)).contains("test_thing.b waits for test_thing.a"));
    events.extend([(1, running("test_thing.a")), (2, done("test_thing.a", true))]);
    assert!(progress(&events, 3, (80, 24)).contains("1 waiting for a free place"));
}

#[test]
fn progress_is_bounded_however_much_there_is() {
    let address = |n: u64| format!("test_thing.number_{n}");
    let mut events = vec![(0, started("up")), (0, plan_of(10_000))];
    events
        .extend((0..10_000).map(|n| {
            (0, if n < 5_000 { waiting(&address(n), &[]) } else { waiting(&address(n), &[&address(n - 1)]) })
        }));
    events.extend((0..50).map(|n| (0, running(&address(n)))));
    insta::assert_snapshot!(progress(&events, 1, (60, 24)), @"
    up shop/dev: 0 of 10000 done, 1.0 s
      + create test_thing.number_0  1.0 s
      + create test_thing.number_1  1.0 s
      + create test_thing.number_2  1.0 s
      + create test_thing.number_3  1.0 s
      + create test_thing.number_4  1.0 s
      + create test_thing.number_5  1.0 s
      + create test_thing.number_6  1.0 s
        and 43 more running
        4950 waiting for a free place, at most 2 run at once
        create test_thing.number_5000 waits for test_thing.num…
        create test_thing.number_5001 waits for test_thing.num…
        and 4998 more waiting
    ");
    insta::assert_snapshot!(progress(&events, 1, (30, 5)), @"
    up shop/dev: 0 of 10000 done…
      + create test_thing.number…
      + create test_thing.number…
        and 48 more running
    ");
    for rows in 0..24 {
        let shown = progress(&events, 1, (20, rows));
        assert!(shown.lines().count() <= rows.saturating_sub(1).max(1), "{rows} rows:\n{shown}");
        assert!(shown.lines().all(|line| line.chars().count() < 20), "{shown}");
    }
}

#[test]
fn a_log_is_told_every_ten_seconds_what_takes_long() {
    let mut progress = Progress::default();
    for event in [started("up"), running("test_thing.a")] {
        progress.event(&event, Duration::ZERO);
    }
    let mut at = |seconds| progress.still(Duration::from_secs_f32(seconds)).join("\n");
    assert_eq!(at(9.9), "");
    insta::assert_snapshot!(at(10.1), @"test_thing.a: still creating, 10.1 s elapsed");
    assert_eq!(at(19.9), "", "the next step is ten seconds after the first, not after it was told");
    insta::assert_snapshot!(at(75.0), @"test_thing.a: still creating, 1m15s elapsed");
    assert_eq!(at(79.9), "");
    progress.event(&done("test_thing.a", true), Duration::from_secs(80));
    for n in 0..30 {
        progress.event(&running(&format!("test_thing.b{n}")), Duration::from_secs(80));
    }
    let many = progress.still(Duration::from_secs(95));
    let mut planning = Progress::default();
    planning.event(&started("preview"), Duration::ZERO);
    planning.event(&planned(Step::Create, Value::Null, map([])), Duration::from_secs(5));
    assert!(planning.still(Duration::from_secs(14)).is_empty());
    assert_eq!(planning.still(Duration::from_secs(15)), ["preview shop/dev: 1 with changes so far, 15.0 s"]);
    assert!(planning.still(Duration::from_secs(24)).is_empty());
    assert_eq!((many.len(), many[7].as_str()), (8, "and 23 more still run"));
}

#[test]
fn colour_is_added_and_nothing_else() {
    let after = map([("label", "a".into()), ("text", "a\nb\n".into())]);
    let events = [
        started("up"),
        planned(Step::Create, Value::Null, after),
        plan_of(1),
        done("test_thing.a", false),
        error("test_thing.a", "no"),
        ended(Counts::default(), vec![failure("test_thing.a", "no")], BTreeMap::new()),
    ];
    let mut plain = Plain::new(true);
    let coloured: Vec<String> = events.iter().filter_map(|event| plain.lines(event)).collect();
    let coloured = coloured.join("\n");
    assert!(coloured.contains("\u{1b}[32m+\u{1b}[0m"), "{coloured:?}");
    assert_eq!(console::strip_ansi_codes(&coloured), shown(&events));
}

/// Any text, of characters that people use and of those that command terminals.
fn text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => prop::char::range(' ', '~'),
        2 => Just('\n'),
        1 => prop::char::range('\0', '\u{a0}'),
        1 => prop::sample::select(vec!['\u{202e}', '\u{2066}', '\u{200b}', 'ü', '語', '\u{301}', '{', '[', '"']),
    ];
    prop::collection::vec(character, 0..40).prop_map(|characters| characters.into_iter().collect())
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        Just(Value::UNKNOWN),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text().prop_map(Value::from),
        Just(Value::from(REDACTED)),
        Just(Value::from("{\"a\":[1,{\"b\":null}]}")),
        "[a-z]{150,160}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::List),
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::set),
            prop::collection::btree_map(text(), inner.clone(), 0..6).prop_map(Value::Map),
            inner.prop_map(|inner| Value::Dynamic(Box::new((framework::Type::String, inner)))),
        ]
    })
}

fn attributes() -> impl Strategy<Value = Value> {
    prop::collection::btree_map(prop_oneof![Just("a".to_owned()), Just("b".to_owned()), text()], value(), 0..6)
        .prop_map(Value::Map)
}

/// Whether a terminal takes any of it for a command, or shows it where it does not stand.
fn is_harmless(text: &str) -> bool {
    !text.chars().any(|c| {
        (c.is_control() && c != '\n' && c != '\t') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_values_are_shown_and_command_nothing(before in attributes(), after in attributes(), other in text()) {
        for step in [Step::Create, Step::Update, Step::Replace, Step::Delete] {
            let mut event = planned(step, before.clone(), after.clone());
            let Event::Planned { address, location, replace, .. } = &mut event else { unreachable!() };
            (*address, *location, *replace) = (other.clone(), other.clone(), vec![Path::of("a"), Path::of("b").key(&other)]);
            let text = shown(&[event]);
            prop_assert!(is_harmless(&text), "{text:?}");
            prop_assert!(text.lines().count() < 300);
        }
        let created = shown(&[planned(Step::Create, Value::Null, after), planned(Step::Delete, before, Value::Null)]);
        prop_assert!(is_harmless(&created), "{created:?}");
    }

    #[test]
    fn equal_values_have_no_diff_and_others_have_one(before in attributes(), after in attributes()) {
        let rows = |before, after| super::diff::changed(before, after, &BTreeSet::new(), &[]);
        prop_assert!(rows(&before, &before).iter().all(|row| row.sign == super::tree::Sign::Note));
        let given = |value: &Value| {
            let members = value.as_map().unwrap().clone().into_iter();
            members.filter(|(_, value)| !value.is_null()).collect::<BTreeMap<_, _>>()
        };
        if given(&before) != given(&after) {
            prop_assert!(rows(&before, &after).iter().any(|row| row.sign != super::tree::Sign::Note));
        }
    }

    #[test]
    fn any_texts_are_shown_and_command_nothing(text in text(), columns in 0..200_usize, rows in 0..50_usize) {
        let events = [
            started("up"),
            plan_of(3),
            waiting(&text, &[&text]),
            running(&text),
            running("a"),
            done(&text, false),
            error(&text, &text),
            Event::Skipped { address: text.clone(), reason: text.clone() },
            ended(Counts::default(), vec![failure(&text, &text)], BTreeMap::from([(1, Unfinished { address: text.clone(), operation: Operation::Create })])),
        ];
        prop_assert!(is_harmless(&shown(&events)), "{:?}", shown(&events));
        let mut progress = Progress::default();
        for event in &events {
            progress.event(event, Duration::ZERO);
            prop_assert!(progress.lines(Duration::from_secs(1), (columns, rows), false).iter().all(|line| is_harmless(line) && !line.contains('\n')));
        }
        prop_assert!(is_harmless(&super::export(&text, &Value::from(text.as_str()))));
        let line = crate::event::WireEvent::from(&events[6]).to_line();
        prop_assert!(!line.chars().any(char::is_control), "{line:?}");
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        prop_assert_eq!(read["text"].as_str(), Some(text.as_str()));
    }
}
