//! Program and plugin killed in the middle of an operation: what the next run finds, and does.

use acceptance_tests::{Case, Running, Signal};
use devopsflow::state::Operation;
use rollout::wire::Outcome::Promoted;
use rollout::wire::StatusWord;

use super::fixture::{End, SHOP, Settings, check_idle, run, shown, spawn, state, up};
use super::rollout::{outcomes, wait_for_traffic};

const NAME: &str = "shop";

/// A service that takes a while until it is ready.
fn slow() -> Settings {
    Settings::service().with("flags", "--ready-after 2500")
}

/// Kills the program, or its plugin.
fn kill(running: &mut Running<'_>, plugin: bool) {
    if plugin {
        running.provider().signal(Signal::KILL);
    } else {
        running.signal(Signal::KILL);
    }
}

/// Begins to make the service, and kills in the middle: the plugin where there is one, otherwise the program.
#[track_caller]
fn kill_create(case: &Case, end: End, settings: &Settings) -> String {
    let mut making = spawn(case, end, settings, &["up", "--yes"]);
    making.wait_until("the service to be there", || case.try_status(NAME).is_some());
    kill(&mut making, end == End::Plugin);
    let ended = making.finish();
    assert!(!ended.status.success());
    let state = state(case);
    assert!(state.live(SHOP).is_none(), "{state:?}");
    let pending: Vec<_> = state.pending.values().map(|pending| (pending.operation, &*pending.address)).collect();
    assert_eq!(pending, [(Operation::Create, SHOP)]);
    ended.stderr
}

/// Nothing was made twice.
#[track_caller]
fn check_made_once(case: &Case, settings: &Settings) {
    assert_eq!(outcomes(case), [("v1".to_owned(), Promoted)]);
    assert_eq!(case.replicas().len(), 1);
    assert_eq!(shown(case), "v1 healthy 100");
    check_idle(case, End::InProcess, settings);
}

#[test]
fn a_service_that_a_killed_program_made_is_found() {
    acceptance_tests::case(|case| {
        let settings = slow();
        kill_create(case, End::InProcess, &settings);
        // The rollout is the agent's: it goes on.
        case.wait_for(NAME, "the service to be ready", |status| status.status == StatusWord::Healthy);
        let found = up(case, End::InProcess, &settings);
        assert!(found.stderr.contains("it was found, and is recorded"), "{}", found.stderr);
        check_made_once(case, &settings);
    });
}

#[test]
fn a_service_that_is_not_ready_when_it_is_looked_for_is_gone_on_with() {
    acceptance_tests::case(|case| {
        let settings = Settings::service().with("flags", "--ready-after 4000");
        kill_create(case, End::InProcess, &settings);
        assert_ne!(case.status(NAME).status, StatusWord::Healthy);
        up(case, End::InProcess, &settings);
        check_made_once(case, &settings);
    });
}

#[test]
fn a_service_that_a_killed_plugin_made_is_found() {
    acceptance_tests::case(|case| {
        let settings = slow();
        let told = kill_create(case, End::Plugin, &settings);
        let lost = [
            "1 failed",
            "The operation did not end",
            "the connection to the provider failed",
            "the next `up` finds out",
        ];
        for part in ["devopsflow_rollout.shop (", "program.rs:"].iter().chain(&lost) {
            assert!(told.contains(part), "{part} in {told}");
        }
        case.wait_for(NAME, "the service to be ready", |status| status.status == StatusWord::Healthy);
        let found = up(case, End::Plugin, &settings);
        assert!(found.stderr.contains("it was found, and is recorded"), "{}", found.stderr);
        check_made_once(case, &settings);
        check_idle(case, End::Plugin, &settings);
    });
}

#[test]
fn what_a_killed_plugin_made_can_be_imported_in_place_of_that() {
    acceptance_tests::case(|case| {
        let settings = slow();
        kill_create(case, End::Plugin, &settings);
        case.wait_for(NAME, "the service to be ready", |status| status.status == StatusWord::Healthy);
        run(case, End::Plugin, &settings, &["import", SHOP, NAME]).expect_success();
        assert!(state(case).pending.is_empty());
        up(case, End::Plugin, &settings);
        check_made_once(case, &settings);
    });
}

#[test]
fn an_update_in_a_killed_plugin_or_program_is_gone_on_with() {
    for (end, kills_plugin) in [(End::Plugin, true), (End::Plugin, false), (End::InProcess, false)] {
        acceptance_tests::case(|case| {
            let one = Settings::service();
            up(case, end, &one);
            let two = one.with("version", "v2").with("pause", "8s");
            let mut updating = spawn(case, end, &two, &["up", "--yes"]);
            wait_for_traffic(case, &mut updating, "v2");
            kill(&mut updating, kills_plugin);
            // A plugin does not outlive its program.
            let told = updating.finish();
            assert!(!told.status.success());
            let pending: Vec<_> = state(case).pending.into_values().map(|pending| pending.operation).collect();
            assert_eq!(pending, [Operation::Update]);
            if kills_plugin {
                assert!(told.stderr.contains("the next `up` finds out"), "{}", told.stderr);
            }
            let rollout = case.status(NAME).rollout_id;
            let again = up(case, end, &two);
            assert!(
                again.stderr.contains("an earlier run ended in the middle of an operation on it"),
                "{}",
                again.stderr
            );
            assert_eq!(Some(case.history(NAME)[0].rollout_id.clone()), rollout, "the same rollout went on");
            assert_eq!((outcomes(case).len(), shown(case)), (2, "v2 healthy 100".to_owned()));
            check_idle(case, end, &two);
        });
    }
}
