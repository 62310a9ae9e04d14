//! Provider and agent killed anywhere. Services of their own are killed side by side, for each mostly waits.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use acceptance_tests::{Case, Signal, poll};
use rollout::Weight;
use rollout::wire::Outcome;

use super::fixture::{BROKEN, NAME, Shop, apply, candidate, outcomes, pids, recorded, shop_case, spawn_apply, stable};

/// How many services are killed side by side.
const LANES: u64 = 5;

fn rounds(normal: u64, long: u64) -> u64 {
    let is_long = std::env::var_os("DEVOPSFLOW_LONG").is_some_and(|value| value == "1");
    (if is_long { long } else { normal }).div_ceil(LANES)
}

/// Numbers that look random and are the same in every run (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn millis(&mut self, below: u64) -> Duration {
        Duration::from_millis(self.next() % below)
    }
}

/// The lanes, each with a service, a load on it and dice of its own.
fn lanes(body: impl Fn(&mut Case, &Shop, &mut Dice) + Sync) {
    std::thread::scope(|scope| {
        let run = |lane| {
            let shop = Shop::new().steps("{ weight = 20, pause = \"1s\" }, { weight = 50, pause = \"500ms\" }");
            shop_case(&shop, |case| {
                let traffic = shop.load(40.0);
                body(case, &shop, &mut Dice(lane));
                drop(traffic);
            });
        };
        let lanes: Vec<_> = (0..LANES).map(|lane| scope.spawn(move || run(lane))).collect();
        for lane in lanes {
            lane.join().unwrap();
        }
    });
}

/// Waits until no rollout runs and the processes are those of the version that users have.
#[track_caller]
fn check_settled(case: &Case) {
    let status = case.wait_for(NAME, "an end", |status| status.candidate.is_none());
    assert_eq!(status.weight, Weight::ZERO);
    let wanted = usize::try_from(status.service.replicas).unwrap();
    poll("exactly the processes that are recorded", || (pids(case).len() == wanted).then_some(()));
}

#[test]
fn whoever_kills_the_provider_a_bad_version_ends_at_nothing_and_a_good_one_at_all() {
    let in_rollouts = AtomicU64::new(0);
    lanes(|case, shop, dice| {
        let mut users = "v1".to_owned();
        for round in 0..rounds(25, 100) {
            let version = format!("v{}", round + 2);
            let bad = dice.next() % 2 == 0;
            let next = if bad { shop.with_flags(&version, BROKEN) } else { shop.version(&version) };
            let mut apply = spawn_apply(case, &next);
            if dice.next() % 3 > 0 {
                // Somewhere in the rollout, and not before it.
                apply.race("the rollout", || case.try_status(NAME).is_some_and(|status| candidate(&status) == version));
            }
            std::thread::sleep(dice.millis(1_500));
            if apply.race("a provider", || !case.providers().is_empty()) {
                case.providers().iter().for_each(|provider| provider.signal(Signal::KILL));
            }
            let is_killed = !apply.finish().status.success();
            // Nobody runs anything again.
            check_settled(case);
            // The agent remembers ten rollouts: the newest says whether this one began.
            let ended = outcomes(case);
            if ended[0].0 == version {
                let expected = if bad { Outcome::RolledBack } else { Outcome::Promoted };
                assert_eq!(ended[0], (version.clone(), expected));
                in_rollouts.fetch_add(u64::from(is_killed && !bad), Ordering::Relaxed);
                if !bad {
                    users = version;
                }
            }
            assert_eq!((stable(&case.status(NAME)), shop.answer()), (users.as_str(), users.clone()));
            case.run(&["apply", "-refresh-only", "-auto-approve", "-no-color"]).expect_success();
            assert_eq!((recorded(case).0, recorded(case).2), (users.clone(), 100.0));
        }
    });
    let in_rollouts = in_rollouts.into_inner();
    assert!(in_rollouts > 0, "every kill came before a rollout or after it");
}

#[test]
fn whenever_the_agent_is_killed_replicas_run_on_and_the_state_is_true() {
    lanes(|case, shop, dice| {
        for round in 0..rounds(12, 50) {
            let version = format!("v{}", round + 2);
            let before = pids(case);
            let mut apply = spawn_apply(case, &shop.version(&version));
            let begun = |case: &Case| case.try_status(NAME).is_some_and(|status| candidate(&status) == version);
            apply.wait_until("the rollout", || begun(case));
            std::thread::sleep(dice.millis(1_500));
            let weight = case.status(NAME).weight;
            let candidate_was = candidate(&case.status(NAME)).to_owned();
            case.kill_agent();
            if candidate_was == version {
                let running = pids(case);
                assert!(before.iter().all(|pid| running.contains(pid)), "{before:?} died with the agent: {running:?}");
            }
            // Terraform starts it again.
            let ended = apply.finish();
            // An apply that had ended before the kill did not; whatever terraform does next does.
            case.run(&["apply", "-refresh-only", "-auto-approve", "-no-color"]).expect_success();
            check_settled(case);
            let status = case.status(NAME);
            let users = stable(&status).to_owned();
            if ended.status.success() {
                assert_eq!(users, version, "killed at {weight}");
            } else {
                let errors = ended.expect_errors(case);
                assert!(errors.contains(&version), "killed at {weight}: {errors}");
            }
            assert_eq!(shop.answer(), users, "killed at {weight}");
            case.run(&["apply", "-refresh-only", "-auto-approve", "-no-color"]).expect_success();
            assert_eq!((recorded(case).0, recorded(case).2), (users.clone(), 100.0));
            if !ended.status.success() {
                apply_again(case, shop, &users);
            }
        }
    });
}

/// After an error, what users have is nothing to do.
#[track_caller]
fn apply_again(case: &Case, shop: &Shop, users: &str) {
    apply(case, &shop.version(users)).expect_success();
}
