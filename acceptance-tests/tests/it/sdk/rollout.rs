//! Rollouts: promoted, taken back, interrupted and removed.

use acceptance_tests::load::{Call, Load, Mix};
use acceptance_tests::{Case, Running};
use rollout::Weight;
use rollout::wire::Outcome::{Promoted, RolledBack};
use rollout::wire::PauseReason;

use super::fixture::{End, SHOP, Settings, check_idle, planned, resource, run, shown, spawn, state, up};

const NAME: &str = "shop";

/// A step that outlasts every test.
const LONG: &str = "10m";

/// Puts requests on the service.
fn load(settings: &Settings) -> acceptance_tests::load::Running {
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], settings.get("port").parse().unwrap()));
    Load::new(address, Mix::of([(1, Call::get("/"))]), 100.0).start().unwrap()
}

/// Waits until the version has traffic.
#[track_caller]
pub(super) fn wait_for_traffic(case: &Case, run: &mut Running<'_>, version: &str) {
    run.wait_until("traffic for the new version", || {
        case.try_status(NAME).is_some_and(|status| {
            let candidate = status.candidate.map(|deployed| deployed.revision.version);
            candidate.as_deref() == Some(version) && status.weight > Weight::ZERO
        })
    });
}

/// How the rollouts of the service ended, newest first.
#[track_caller]
pub(super) fn outcomes(case: &Case) -> Vec<(String, rollout::wire::Outcome)> {
    case.history(NAME).into_iter().map(|ended| (ended.version, ended.outcome)).collect()
}

#[test]
fn a_new_version_is_promoted_and_a_bad_one_taken_back() {
    acceptance_tests::case(|case| {
        let one = Settings::service();
        let first = up(case, End::InProcess, &one);
        assert_eq!(first.stdout, format!("url = http://127.0.0.1:{}\n", one.get("port")));
        assert_eq!(shown(case), "v1 healthy 100");
        check_idle(case, End::InProcess, &one);
        let two = one.with("version", "v2");
        up(case, End::InProcess, &two);
        assert_eq!(
            (shown(case), outcomes(case)[0].clone()),
            ("v2 healthy 100".to_owned(), ("v2".to_owned(), Promoted))
        );

        let bad = two.with("version", "v3").with("flags", "--error-every 1").with("pause", LONG);
        let traffic = load(&bad);
        let failed = run(case, End::InProcess, &bad, &["up", "--yes"]);
        failed.expect_code(1);
        for part in [
            "devopsflow_rollout.shop (",
            "program.rs:",
            "v3 was taken back: gate \"errors\" failed",
            "Its users have v2",
        ] {
            assert!(failed.stderr.contains(part), "{part} in {}", failed.stderr);
        }
        assert_eq!(
            (shown(case), outcomes(case)[0].clone()),
            ("v2 rolled_back 100".to_owned(), ("v3".to_owned(), RolledBack))
        );
        assert!(state(case).pending.is_empty() && !resource(case, SHOP).object.unwrap().tainted);
        let update = [(SHOP.to_owned(), "update".to_owned())];
        assert_eq!(planned(case, End::InProcess, &bad), update, "the next plan shows the difference again");
        let refused = run(case, End::InProcess, &bad, &["up", "--yes"]);
        refused.expect_code(1);
        assert!(refused.stderr.contains("v3 was taken back before"), "{}", refused.stderr);
        assert_eq!(outcomes(case).len(), 3, "nothing was touched");
        let summary = traffic.stop_blocking();
        assert_eq!(summary.by_version["v2"].failed, 0, "{summary}");

        // What users have is what is recorded, so going back is nothing to do.
        assert!(planned(case, End::InProcess, &two).is_empty());
        run(case, End::InProcess, &two, &["destroy", "--yes"]).expect_success();
        assert!(case.try_status(NAME).is_none() && case.replicas().is_empty());
    });
}

#[test]
fn an_interrupt_pauses_and_the_next_up_goes_on() {
    acceptance_tests::case(|case| {
        let one = Settings::service();
        up(case, End::InProcess, &one);
        let two = one.with("version", "v2").with("pause", LONG);
        let mut interrupted = spawn(case, End::InProcess, &two, &["up", "--yes"]);
        wait_for_traffic(case, &mut interrupted, "v2");
        interrupted.interrupt();
        let interrupted = interrupted.finish();
        interrupted.expect_code(1);
        for part in ["Stopping: what runs is let end", "The rollout of v2 is paused with 20 %", "The run was stopped"] {
            assert!(interrupted.stderr.contains(part), "{part} in {}", interrupted.stderr);
        }
        assert_eq!(shown(case), "v1 paused 20");
        assert!(state(case).pending.is_empty(), "what ran has ended, and is recorded");
        let before = case.status(NAME);
        assert!(before.paused.contains(&PauseReason::Interrupted), "{:?}", before.paused);

        let seen = run(case, End::InProcess, &two, &["refresh"]);
        assert!(seen.stderr.contains("A rollout of shop runs"), "{}", seen.stderr);
        let mut again = spawn(case, End::InProcess, &two, &["up", "--yes"]);
        again.wait_until("the pause to be over", || case.status(NAME).paused.is_empty());
        case.flow(&["rollout", "promote", NAME]).expect_success();
        again.finish().expect_success();
        assert_eq!(case.history(NAME)[0].rollout_id, before.rollout_id.unwrap(), "the same rollout went on");
        assert_eq!(shown(case), "v2 healthy 100");
        check_idle(case, End::InProcess, &two);
    });
}

#[test]
fn a_service_with_a_rollout_in_the_middle_is_removed() {
    acceptance_tests::case(|case| {
        let one = Settings::service();
        up(case, End::InProcess, &one);
        let two = one.with("version", "v2").with("pause", LONG);
        let mut left = spawn(case, End::InProcess, &two, &["up", "--yes"]);
        wait_for_traffic(case, &mut left, "v2");
        left.interrupt();
        left.finish().expect_code(1);
        run(case, End::InProcess, &two, &["destroy", "--yes"]).expect_success();
        assert!(case.try_status(NAME).is_none() && case.replicas().is_empty() && state(case).resources.is_empty());
    });
}
