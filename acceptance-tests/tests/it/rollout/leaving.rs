//! Terraform ends before the rollout does.

use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::process::Stdio;

use acceptance_tests::{Case, Process, Signal, poll};
use rollout::Weight;
use rollout::wire::Outcome::{Aborted, Promoted, RolledBack};
use rollout::wire::PauseReason;

use super::fixture::{
    BROKEN, LONG, NAME, SHOP, SHORT, Shop, apply, candidate, check_nothing_lost, outcomes, pids, plan, plan_nothing,
    recorded, shop_case, spawn_apply, stable, wait_for_traffic, without_blind,
};

/// A ladder that waits for a person.
const APPROVAL: &str = "{ weight = 20, pause = \"approval\" }";

/// Applies v2 and interrupts terraform when it has traffic. Gives the errors.
#[track_caller]
fn interrupted(case: &Case, shop: &Shop) -> String {
    let mut apply = spawn_apply(case, shop);
    wait_for_traffic(case, &mut apply, "v2");
    apply.interrupt();
    let ended = apply.finish();
    ended.expect_code(1);
    let errors = ended.expect_errors(case);
    // What terraform itself says to an interrupt depends on where it comes.
    let ours = errors.split("\n\nError: ").filter(|error| !error.contains("execution halted"));
    ours.collect::<Vec<_>>().join("\n\nError: ")
}

#[test]
fn an_interrupt_pauses_and_the_next_apply_goes_on() {
    let shop = Shop::new();
    shop_case(&shop, |case| {
        let traffic = shop.load(50.0);
        let v2 = shop.version("v2").steps(APPROVAL);
        insta::assert_snapshot!(interrupted(case, &v2), @r#"
        Error: Interrupted

          with devopsflow_rollout.shop,
          on main.tf line 2, in resource "devopsflow_rollout" "shop":
           2: resource "devopsflow_rollout" "shop" {

        The rollout of v2 is paused with 20 % at step 1 of 2 of the traffic. Everybody else has v1. Apply again or `devops-flow rollout resume shop` continues it; gates still take it back, and so does `pause_deadline`.
        "#);
        assert_eq!(recorded(case), ("v1".to_owned(), "paused".to_owned(), 20.0));
        let status = case.status(NAME);
        assert!(status.paused.contains(&PauseReason::Interrupted), "{:?}", status.paused);
        insta::assert_snapshot!(without_blind(&plan(case, &v2).warnings), @r#"
        Warning: A rollout of shop runs

          with devopsflow_rollout.shop,
          on main.tf line 4, in resource "devopsflow_rollout" "shop":
           4:   version = "v2"

        v2 has 20 % at step 1 of 2 of the traffic. It is paused: the one who started it was interrupted, it waits for approval. Apply with v2 follows it, and apply with another version takes its place.
        "#);
        let mut apply = spawn_apply(case, &v2);
        apply.wait_until("the pause to be over", || !case.status(NAME).paused.contains(&PauseReason::Interrupted));
        case.flow(&["rollout", "approve", NAME]).expect_success();
        apply.finish().expect_success();
        assert_eq!(case.history(NAME)[0].rollout_id, status.rollout_id.unwrap(), "the same rollout went on");
        check_nothing_lost(&traffic.stop_blocking());
        plan_nothing(case, &v2);
    });
}

/// Terraform knows that users have this version; what it did not get to record of the strategy is all that is left to do.
#[track_caller]
fn check_no_rollout(case: &mut Case, shop: &Shop) {
    let planned = plan(case, shop).plan;
    assert_eq!(planned.before(SHOP, "/version"), planned.after(SHOP, "/version"));
    assert!(!planned.is_unknown(SHOP, "/status"));
}

#[test]
fn a_gate_takes_a_paused_rollout_back() {
    let shop = Shop::new();
    shop_case(&shop, |case| {
        // Nobody asks it for anything before it is paused.
        let v2 = shop.with_flags("v2", BROKEN).steps(LONG);
        interrupted(case, &v2);
        assert_eq!(recorded(case), ("v1".to_owned(), "paused".to_owned(), 20.0));
        let traffic = shop.load(100.0);
        let status = case.wait_for(NAME, "the version to be taken back", |status| status.candidate.is_none());
        drop(traffic);
        assert_eq!(stable(&status), "v1");
        assert_eq!(outcomes(case)[0], ("v2".to_owned(), RolledBack));
        plan(case, &v2);
    });
}

#[test]
fn an_interrupt_takes_back() {
    let shop = Shop::new();
    shop_case(&shop, |case| {
        let traffic = shop.load(50.0);
        let v2 = shop.version("v2").steps(LONG).and("on_interrupt = \"rollback\"");
        insta::assert_snapshot!(interrupted(case, &v2), @r#"
        Error: Interrupted

          with devopsflow_rollout.shop,
          on main.tf line 2, in resource "devopsflow_rollout" "shop":
           2: resource "devopsflow_rollout" "shop" {

        v2 was taken back and has no traffic any more. Everybody else has v1.
        "#);
        let (version, status, _) = recorded(case);
        assert_eq!(version, "v1");
        assert!(["rolled_back", "progressing"].contains(&status.as_str()), "{status}");
        case.wait_for(NAME, "the end", |status| status.candidate.is_none() && status.weight == Weight::ZERO);
        assert_eq!(outcomes(case)[0], ("v2".to_owned(), Aborted));
        check_nothing_lost(&traffic.stop_blocking());
        plan(case, &v2);
    });
}

#[test]
fn an_interrupt_lets_it_go_on() {
    let shop = Shop::new();
    shop_case(&shop, |case| {
        let v2 = shop.version("v2").steps("{ weight = 20, pause = \"3s\" }").and("on_interrupt = \"detach\"");
        insta::assert_snapshot!(interrupted(case, &v2), @r#"
        Error: Interrupted

          with devopsflow_rollout.shop,
          on main.tf line 2, in resource "devopsflow_rollout" "shop":
           2: resource "devopsflow_rollout" "shop" {

        The rollout of v2 goes on by itself under its gates, from 20 % at step 1 of 2 of the traffic. Everybody else has v1.
        "#);
        assert_eq!(recorded(case), ("v1".to_owned(), "progressing".to_owned(), 20.0));
        case.wait_for(NAME, "v2 to win by itself", |status| stable(status) == "v2" && status.candidate.is_none());
        check_no_rollout(case, &v2);
    });
}

#[test]
fn a_terraform_or_a_provider_that_is_killed_lets_it_go_on() {
    let shop = Shop::new();
    shop_case(&shop, |case| {
        for (version, all) in [("v2", true), ("v3", false)] {
            // Nobody asked for anything, so nothing else that was agreed counts.
            let agreed = "on_interrupt = \"rollback\"";
            let next = shop.version(version).steps("{ weight = 20, pause = \"2s\" }").and(agreed);
            let mut apply = spawn_apply(case, &next);
            wait_for_traffic(case, &mut apply, version);
            if all {
                apply.signal(Signal::KILL);
                apply.wait();
            } else {
                apply.provider().signal(Signal::KILL);
            }
            apply.finish();
            assert_eq!(candidate(&case.status(NAME)), version, "it is still under way");
            case.wait_for(NAME, "it to win by itself", |status| stable(status) == version);
            assert_eq!(outcomes(case)[0], (version.to_owned(), Promoted));
            check_no_rollout(case, &next);
        }
    });
}

#[test]
fn an_apply_waits_as_long_as_it_is_told() {
    let shop = Shop::new();
    shop_case(&shop, |case| {
        let v2 = shop.version("v2").and("progress_deadline = \"2s\"");
        let short = apply(case, &v2.and("timeouts = { update = \"1s\" }"));
        short.expect_code(1);
        insta::assert_snapshot!(short.expect_errors(case), @r#"
    Error: The timeout is shorter than the ladder

      with devopsflow_rollout.shop,
      on main.tf line 2, in resource "devopsflow_rollout" "shop":
       2: resource "devopsflow_rollout" "shop" {

    A rollout with these steps can take 23s, and apply would give up after 1s. Leave the timeout out, or make it 23s or longer.

    The attribute is `timeouts.update`.
    "#);
        assert_eq!(case.history(NAME).len(), 1, "nothing was begun");
        let longest = plan(case, &v2).plan.after(SHOP, "/max_duration").as_str().unwrap().to_owned();
        let mut apply = spawn_apply(case, &v2.and(&format!("timeouts = {{ update = \"{longest}\" }}")));
        wait_for_traffic(case, &mut apply, "v2");
        case.flow(&["rollout", "pause", NAME]).expect_success();
        let late = apply.finish();
        late.expect_code(1);
        insta::assert_snapshot!(late.expect_errors(case).replace(&longest, "<longest>"), @r#"
        Error: Not done within <longest>

          with devopsflow_rollout.shop,
          on main.tf line 2, in resource "devopsflow_rollout" "shop":
           2: resource "devopsflow_rollout" "shop" {

        The rollout of v2 is paused with 10 % at step 1 of 3 of the traffic. Everybody else has v1. Apply again or `devops-flow rollout resume shop` continues it; gates still take it back, and so does `pause_deadline`.
        "#);
        assert_eq!(recorded(case).1, "paused");
    });
}

/// A child that inherits the plugin's streams would hold the pipe open for its whole life.
#[test]
fn a_pipe_ends_with_terraform_and_not_with_the_agent() {
    let shop = Shop::new().steps(SHORT);
    acceptance_tests::case(|case| {
        case.write("main.tf", &shop.text());
        let program = case.terraform().program().to_owned();
        let mut command = case.command(&program);
        command.args(["apply", "-auto-approve", "-no-color"]).process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (mut stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let out = std::thread::spawn(move || {
            let mut text = String::new();
            stdout.read_to_string(&mut text).map(|_| text)
        });
        let err = std::thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).map(|_| text)
        });
        poll("the end of both streams", || (out.is_finished() && err.is_finished()).then_some(()));
        assert!(child.wait().unwrap().success());
        assert!(out.join().unwrap().unwrap().contains("Apply complete!"));
        assert_eq!(err.join().unwrap().unwrap(), "");
        assert!(case.agent().is_some_and(|agent: Process| !agent.is_gone()) && pids(case).len() == 1);
        assert_eq!(shop.answer(), "v1");
    });
}
