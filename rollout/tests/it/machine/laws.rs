//! What holds for every event in every world.

use std::collections::BTreeMap;
use std::fmt;

use proptest::prelude::*;
use rollout::gate::Outcome as Says;
use rollout::machine::{Action, Event, FailureKind, Policy};
use rollout::plan::Limits;
use rollout::plan::canary::{CanaryOptions, Pause, Rung, compile};
use rollout::wire::StatusWord;
use rollout::{Plan, RevisionId, Span, Weight, Weights};

use super::script::gate;
use super::world::{Fate, Health, World};

const VERSIONS: [&str; 4] = ["v1", "v2", "v3", "v4"];

/// A plan that is shown in a line.
#[derive(Clone)]
struct Climb(Plan);

impl fmt::Debug for Climb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plan { progress_deadline, abort_on_deadline, pause_deadline, retain, gates, .. } = &self.0;
        let (ladder, gates) = (self.0.ladder(), gates.len());
        write!(f, "{ladder:?} {gates} gates, {progress_deadline} {abort_on_deadline} {pause_deadline} {retain}")
    }
}

/// What can happen to a rollout.
#[derive(Clone, Debug)]
enum Doing {
    Rounds(u8, i64),
    Start(usize, Option<&'static str>, bool, Climb),
    Operate(Action),
    Resize(u32),
    Gone(Policy),
    /// The host dies: with the last event's commands carried out, lost, or with the event itself lost.
    Restart {
        rebooted: bool,
        lost: Option<Box<Doing>>,
        journalled: bool,
    },
    Health(Side, Health),
    Ensures(Fate),
    Shifts(Fate),
    Says(Says),
    Clock(i64),
    External(usize, u16),
}

/// Whose replicas change: what happens to those that have traffic is what matters.
#[derive(Clone, Copy, Debug)]
enum Side {
    Stable,
    Candidate,
    Version(usize),
}

impl Side {
    fn revision(self, world: &World) -> Option<RevisionId> {
        match self {
            Self::Stable => world.state.view().stable,
            Self::Candidate => world.state.view().candidate,
            Self::Version(version) => Some(VERSIONS[version].into()),
        }
    }
}

fn plan() -> impl Strategy<Value = Climb> {
    let pause = prop_oneof![
        2 => (0..4_u64).prop_map(|seconds| Some(Pause::Elapsed(Span::from_secs(seconds)))),
        1 => Just(None),
        1 => (3..9_u64).prop_map(|seconds| Some(Pause::Approval { deadline: Span::from_secs(seconds) })),
    ];
    let rungs = prop::collection::btree_map(1..=20_u16, pause, 1..4);
    (rungs, 4..10_u64, any::<bool>(), 5..20_u64, 0..4_u64, any::<bool>()).prop_map(
        |(rungs, deadline, abort_on_deadline, pause_deadline, retain, gated)| {
            let weight = |twentieths: u16| Weight::from_basis_points(twentieths * 500).unwrap();
            let steps = rungs.into_iter().map(|(share, pause)| Rung { weight: weight(share), pause }).collect();
            let limits = Limits {
                progress_deadline: Span::from_secs(deadline),
                abort_on_deadline,
                pause_deadline: Span::from_secs(pause_deadline),
                retain: Span::from_secs(retain),
                pass_when: None,
                gates: if gated { vec![gate("errors")] } else { Vec::new() },
            };
            Climb(compile(&CanaryOptions { steps }, limits).unwrap())
        },
    )
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        4 => Just(Fate::Done),
        1 => Just(Fate::Lost),
        1 => Just(Fate::Silent),
        1 => Just(Fate::Fails(FailureKind::Transient)),
        1 => Just(Fate::Fails(FailureKind::Unknown)),
        1 => Just(Fate::Fails(FailureKind::Permanent)),
    ]
}

fn doing() -> impl Strategy<Value = Doing> {
    let health = prop_oneof![
        3 => Just(Health::Good),
        1 => Just(Health::Half),
        2 => Just(Health::Unready),
        1 => Just(Health::Crashing),
    ];
    let side = prop_oneof![
        1 => Just(Side::Stable),
        2 => Just(Side::Candidate),
        1 => (0..4_usize).prop_map(Side::Version),
    ];
    let action = prop_oneof![
        Just(Action::Promote),
        Just(Action::PromoteFull),
        Just(Action::Approve),
        Just(Action::Pause),
        Just(Action::Resume),
        Just(Action::Abort),
        Just(Action::Rollback),
        Just(Action::Retry),
    ];
    let says = prop_oneof![
        4 => Just(Says::Pass),
        1 => Just(Says::NoData),
        1 => Just(Says::Inconclusive),
        1 => Just(Says::Error),
        1 => Just(Says::Fail),
    ];
    let policy = prop_oneof![Just(Policy::Pause), Just(Policy::Rollback), Just(Policy::Detach)];
    let token = prop_oneof![Just(None), Just(Some("a")), Just(Some("b"))];
    let one = prop_oneof![
        12 => (1..6_u8, 500..4_500_i64).prop_map(|(n, millis)| Doing::Rounds(n, millis)),
        4 => (0..4_usize, token, prop::bool::weighted(0.2), plan())
            .prop_map(|(version, token, retry, plan)| Doing::Start(version, token, retry, plan)),
        5 => action.prop_map(Doing::Operate),
        1 => (0..6_u32).prop_map(Doing::Resize),
        1 => policy.prop_map(Doing::Gone),
        6 => (side, health).prop_map(|(side, health)| Doing::Health(side, health)),
        2 => fate().prop_map(Doing::Ensures),
        2 => fate().prop_map(Doing::Shifts),
        2 => says.prop_map(Doing::Says),
        1 => (-100_000..10_000_000_i64).prop_map(Doing::Clock),
        1 => (0..4_usize, 0..=100_u16).prop_map(|(version, percent)| Doing::External(version, percent)),
    ];
    one.prop_recursive(1, 2, 1, |inner| {
        (any::<bool>(), prop::option::of(inner), any::<bool>())
            .prop_map(|(rebooted, lost, journalled)| Doing::Restart { rebooted, lost: lost.map(Box::new), journalled })
    })
}

fn event(world: &World, doing: &Doing) -> Option<Event> {
    Some(match doing {
        Doing::Start(version, token, retry, plan) => Event::Start(rollout::machine::Start {
            revision: VERSIONS[*version].into(),
            version: VERSIONS[*version].to_owned(),
            plan: plan.0.clone(),
            expect_generation: world.state.view().generation,
            retry_token: token.map(str::to_owned),
            retry_blocked: *retry,
        }),
        Doing::Operate(action) => Event::Operator(action.clone()),
        Doing::Resize(replicas) => Event::Resize(*replicas),
        Doing::Gone(policy) => Event::ClientGone(*policy),
        _ => return None,
    })
}

fn happen(world: &mut World, doing: &Doing) {
    match doing {
        Doing::Rounds(n, millis) => (0..*n).for_each(|_| world.round(*millis)),
        Doing::Restart { rebooted, lost, journalled } => {
            if let Some(event) = lost.as_ref().and_then(|lost| event(world, lost)) {
                let before = world.clone();
                let _ = world.take(event);
                if !journalled {
                    *world = before;
                }
            }
            world.restart(*rebooted);
        }
        Doing::Health(side, health) => {
            if let Some(revision) = side.revision(world) {
                world.health.insert(revision, *health);
            }
        }
        Doing::Ensures(fate) => world.ensures = *fate,
        Doing::Shifts(fate) => world.shifts = *fate,
        Doing::Says(says) => {
            world.says.insert("errors".to_owned(), *says);
        }
        Doing::Clock(millis) => world.now.0 += millis,
        Doing::External(version, percent) => {
            if let Some(stable) = world.state.view().stable {
                let share = Weight::from_basis_points(percent * 100).unwrap();
                world.weights = rollout::weight::split(&stable, &VERSIONS[*version].into(), share);
                if stable.as_str() == VERSIONS[*version] {
                    world.weights = rollout::weight::all_to(&stable);
                }
                world.look();
            }
        }
        other => {
            if let Some(event) = event(world, other) {
                let _ = world.send(event);
            }
        }
    }
}

fn fair(world: &mut World) {
    (world.ensures, world.shifts) = (Fate::Done, Fate::Done);
    world.health = BTreeMap::new();
    world.says = BTreeMap::new();
}

/// (10) From here on everything works: an end comes, or a pause with a reason, and the target is as recorded.
fn ends(world: &mut World) {
    fair(world);
    let begun = world.events;
    let steps = world.state.view().rollout_id.and_then(|id| world.plans.get(&id).map(|plan| plan.steps.len()));
    let bound = 10 * (steps.unwrap_or(1) + world.replicas as usize);
    loop {
        world.round(4_000);
        let view = world.state.view();
        if view.status != StatusWord::Progressing {
            break;
        }
        let taken = world.events - begun;
        assert!(taken <= bound, "(10) no end after {taken} events: {view:?}\n{:?}", world.state);
    }
    if !world.state.view().paused.is_empty() {
        return;
    }
    // Retirements that hung are given again, and what was kept is retired.
    (0..30).for_each(|_| world.round(4_000));
    let view = world.state.view();
    if view.status == StatusWord::Held {
        return;
    }
    let stable = view.stable.iter().map(|stable| (stable.clone(), Weight::ALL)).collect::<Weights>();
    assert_eq!((&world.weights, &view.weights), (&stable, &stable), "{:?}", world.state);
    let running: BTreeMap<_, _> = world
        .fleet
        .iter()
        .filter(|(_, fleet)| fleet.running > 0)
        .map(|(revision, fleet)| (revision, fleet.desired))
        .collect();
    let expected: BTreeMap<_, _> = view.stable.iter().map(|stable| (stable, world.replicas)).collect();
    assert_eq!(running, expected, "{:?}", world.state);
    assert!(!world.state.is_busy());
}

/// More are run with `PROPTEST_CASES`.
fn config() -> ProptestConfig {
    let given = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { given.cases } else { 40 };
    ProptestConfig { cases, max_shrink_iters: 20_000, ..given }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_laws_hold_whatever_happens(
        replicas in 1..6_u32,
        window in 0..3_u32,
        begun in prop::option::weighted(0.8, (plan(), 0..6_u8)),
        doings in prop::collection::vec(doing(), 1..40),
        prefix in any::<prop::sample::Index>(),
    ) {
        let mut world = World::new(replicas, window);
        if let Some((plan, rounds)) = begun {
            // Most stories begin with a stable revision and a candidate.
            world.start("v1", &plan.0).unwrap();
            (0..3).for_each(|_| world.round(1_000));
            world.start("v2", &plan.0).unwrap();
            (0..rounds).for_each(|_| world.round(1_000));
        }
        let mut prefixes = vec![world.clone()];
        for doing in &doings {
            happen(&mut world, doing);
            prefixes.push(world.clone());
        }
        // (6) Any prefix of the journal is live again.
        let mut again = prefix.get(&prefixes).clone();
        again.restart(false);
        ends(&mut again);
        ends(&mut world);
    }

    #[test]
    fn a_failing_gate_brings_all_traffic_back_with_the_next_look(
        replicas in 1..6_u32, plan in plan(), before in 0..12_u8, paused in any::<bool>(),
    ) {
        let mut world = World::new(replicas, 0);
        world.start("v1", &plan.0).unwrap();
        (0..3).for_each(|_| world.round(1_000));
        world.start("v2", &plan.0).unwrap();
        (0..before).for_each(|_| world.round(1_000));
        if paused {
            let _ = world.send(Event::Operator(Action::Pause));
        }
        if world.state.gates().is_empty() {
            return Ok(());
        }
        world.says.insert("errors".to_owned(), Says::Fail);
        world.speak();
        prop_assert_eq!(&world.weights, &rollout::weight::all_to(&"v1".into()));
        ends(&mut world);
        prop_assert_eq!(world.state.view().status, StatusWord::RolledBack);
    }

    #[test]
    fn a_good_candidate_ends_with_all_traffic(replicas in 1..6_u32, plan in plan()) {
        let mut world = World::new(replicas, 0);
        world.start("v1", &plan.0).unwrap();
        (0..3).for_each(|_| world.round(1_000));
        world.start("v2", &plan.0).unwrap();
        for _ in 0..200 {
            world.round(1_000);
            let _ = world.send(Event::Operator(Action::Approve));
        }
        prop_assert_eq!(&world.weights, &rollout::weight::all_to(&"v2".into()));
        prop_assert_eq!(world.state.view().status, StatusWord::Healthy);
    }
}
