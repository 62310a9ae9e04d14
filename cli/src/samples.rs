//! What an agent says, for tests.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use rollout::gate::{self, Verdict};
use rollout::machine::Fleet;
use rollout::revision::Revision;
use rollout::wire::{
    Agent, Blocked, Deployed, Ended, Failure, GateStatus, Happening, Outcome, PauseReason, Phase, Protocol, Readiness,
    Recorded, Service, Status, StatusWord,
};
use rollout::{Millis, RevisionId, Span, Weight, Weights, weight};

/// 2026-03-01T12:00:00Z.
pub(crate) const NOW: Millis = Millis(1_772_366_400_000);

fn ago(seconds: i64) -> Millis {
    Millis(NOW.0 - seconds * 1000)
}

pub(crate) fn agent() -> Agent {
    Agent {
        interface: rollout::wire::VERSION,
        release: "0.1.0".to_owned(),
        agent_id: "a1".to_owned(),
        host: "build-1".to_owned(),
        pid: 4242,
        started: ago(7_500),
        build_server: None,
    }
}

fn service(name: &str) -> Service {
    Service {
        name: name.to_owned(),
        bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
        port: 8080,
        replicas: 4,
        working_dir: "/srv/app".into(),
        drain: Span::from_secs(30),
        abort_drain: Span::from_secs(5),
        stop_timeout: Span::from_secs(10),
        trusted_proxies: Vec::new(),
        log_limit: 1 << 20,
        metrics_port: None,
        history_limit: 10,
        rollback_window: 1,
    }
}

fn deployed(version: &str) -> Deployed {
    let second = Span::from_secs(1);
    let revision = Revision {
        version: version.to_owned(),
        command: vec!["releases/{version}/api".to_owned()],
        env: BTreeMap::new(),
        readiness: Readiness { path: Some("/ready".to_owned()), interval: second, timeout: second, failures: 3 },
        protocol: Protocol::Http1,
    };
    Deployed { id: revision.id(), revision, executable: None }
}

/// The name of the revision of a version.
pub(crate) fn id(version: &str) -> RevisionId {
    deployed(version).id
}

fn fleet(replicas: u32) -> Fleet {
    Fleet { desired: replicas, running: replicas, ready: replicas, exits: 0 }
}

/// A service that is at rest on 1.0.
pub(crate) fn healthy(name: &str) -> Status {
    Status {
        service: service(name),
        agent_id: "a1".to_owned(),
        host: "build-1".to_owned(),
        generation: 7,
        acknowledged: 7,
        phase: Phase::Idle,
        status: StatusWord::Healthy,
        paused: Vec::new(),
        degraded: None,
        stable: Some(deployed("1.0")),
        candidate: None,
        weights: weight::all_to(&id("1.0")),
        weight: Weight::ALL,
        step_index: 0,
        step_count: 1,
        rollout_id: Some("r1".to_owned()),
        started: Some(ago(90_000)),
        last_failure: None,
        blocked: Vec::new(),
        fleet: BTreeMap::from([(id("1.0"), fleet(4))]),
        gates: Vec::new(),
        request_rate: Some(41.5),
        last_event: 40,
    }
}

/// `api` on its way from 1.0 to 2.0, at 25 %, where somebody has to approve.
pub(crate) fn paused() -> Status {
    let quarter = Weight::from_basis_points(2_500).expect("within bounds");
    let verdict = Verdict {
        outcome: gate::Outcome::Pass,
        measured: "1 of 812 requests failed (0.12 %), stable 0.1 %".to_owned(),
        threshold: "at most 2 times the rate of stable".to_owned(),
    };
    Status {
        generation: 8,
        phase: Phase::Holding,
        status: StatusWord::Paused,
        paused: vec![PauseReason::Approval],
        degraded: Some("a replica of 2.0 ended".to_owned()),
        candidate: Some(deployed("2.0")),
        weights: weight::split(&id("1.0"), &id("2.0"), quarter),
        weight: quarter,
        step_index: 1,
        step_count: 4,
        rollout_id: Some("r2".to_owned()),
        started: Some(ago(310)),
        fleet: BTreeMap::from([
            (id("1.0"), fleet(4)),
            (id("2.0"), Fleet { desired: 1, running: 2, ready: 1, exits: 1 }),
        ]),
        gates: vec![
            GateStatus { name: "errors".to_owned(), verdict: Some(verdict) },
            GateStatus { name: "probe".to_owned(), verdict: None },
        ],
        ..healthy("api")
    }
}

pub(crate) fn pauses() -> Vec<PauseReason> {
    vec![
        PauseReason::Operator,
        PauseReason::Interrupted,
        PauseReason::Approval,
        PauseReason::Inconclusive { gate: "latency".to_owned() },
        PauseReason::Errors { gate: "probe".to_owned() },
    ]
}

fn failure() -> Failure {
    Failure {
        version: "3.0".to_owned(),
        revision: id("3.0"),
        gate: Some("errors".to_owned()),
        measured: "12 of 100 requests failed (12 %), stable 0.1 %".to_owned(),
        threshold: "at most 2 times the rate of stable".to_owned(),
        reason: "its error rate is too high".to_owned(),
        at: ago(60),
    }
}

/// `api` back on 1.0 after 3.0 failed.
pub(crate) fn rolled_back() -> Status {
    Status {
        status: StatusWord::RolledBack,
        generation: 9,
        rollout_id: Some("r3".to_owned()),
        started: Some(ago(120)),
        last_failure: Some(failure()),
        blocked: vec![Blocked { revision: id("3.0"), retry_token: Some("1".to_owned()) }],
        ..healthy("api")
    }
}

pub(crate) fn history() -> Vec<Ended> {
    let ended = Ended {
        rollout_id: "r3".to_owned(),
        version: "3.0".to_owned(),
        revision: id("3.0"),
        from: Some(id("1.0")),
        outcome: Outcome::RolledBack,
        started: ago(120),
        ended: ago(60),
        paused: Span::ZERO,
        highest_weight: Weight::from_basis_points(500).expect("within bounds"),
        failure: Some(failure()),
    };
    let first = Ended {
        rollout_id: "r1".to_owned(),
        version: "1.0".to_owned(),
        revision: id("1.0"),
        from: None,
        outcome: Outcome::Promoted,
        started: ago(90_000),
        ended: ago(86_000),
        paused: Span::from_mins(12),
        highest_weight: Weight::ALL,
        failure: None,
    };
    vec![ended, first]
}

/// One event of every kind.
pub(crate) fn events() -> Vec<Recorded> {
    let (stable, candidate) = (id("1.0"), id("3.0"));
    let part = Weight::from_basis_points(500).expect("within bounds");
    let verdict =
        Verdict { outcome: gate::Outcome::Fail, measured: failure().measured, threshold: failure().threshold };
    let happenings = vec![
        Happening::Started { revision: candidate.clone(), from: Some(stable.clone()) },
        Happening::Replica { revision: candidate.clone(), index: 0, what: "ready".to_owned() },
        Happening::Advanced { phase: Phase::Shifting, step_index: 0 },
        Happening::Shifted { weights: weight::split(&stable, &candidate, part) },
        Happening::Shifted { weights: Weights::new() },
        Happening::Paused { reason: PauseReason::Operator },
        Happening::Resumed { reason: PauseReason::Operator },
        Happening::Degraded { reason: Some("the progress deadline passed".to_owned()) },
        Happening::Degraded { reason: None },
        Happening::Failed { message: "the port is taken\u{1b}[0m\nby another".to_owned() },
        Happening::Judged { gate: "errors".to_owned(), verdict },
        Happening::TakingBack { failure: failure() },
        Happening::Ended(Box::new(history().swap_remove(0))),
    ];
    let recorded = |(seq, happening)| Recorded {
        seq,
        at: ago(100),
        service: "api".to_owned(),
        rollout_id: Some("r3".to_owned()),
        happening,
    };
    (41..).zip(happenings).map(recorded).collect()
}
