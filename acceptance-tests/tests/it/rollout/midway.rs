//! Other applies, other versions and other machines while a rollout runs.

use acceptance_tests::Case;
use rollout::wire::Outcome::{FastRolledBack, Promoted, Superseded};

use super::fixture::{
    LONG, NAME, SHOP, Shop, apply, candidate, check_nothing_lost, outcomes, pids, plan, plan_nothing, recorded,
    shop_case, spawn_apply, stable, wait_for_traffic, without_blind,
};

/// Starts a rollout that goes on by itself, at the first step of a ladder that outlasts the test.
#[track_caller]
fn detached(case: &Case, shop: &Shop) {
    let shop = shop.steps(LONG).and("on_interrupt = \"detach\"");
    let mut apply = spawn_apply(case, &shop);
    wait_for_traffic(case, &mut apply, "v2");
    apply.interrupt();
    apply.finish().expect_code(1);
    assert_eq!(recorded(case), ("v1".to_owned(), "progressing".to_owned(), 20.0));
}

#[test]
fn going_back_in_the_middle_takes_the_new_version_back() {
    let shop = Shop::new();
    shop_case(&shop, |case| {
        let traffic = shop.load(100.0);
        detached(case, &shop.version("v2"));
        let planned = plan(case, &shop);
        assert!(planned.plan.is_unknown(SHOP, "/weight") && planned.plan.is_unknown(SHOP, "/status"));
        insta::assert_snapshot!(without_blind(&planned.warnings), @r#"
        Warning: A rollout of shop runs

          with devopsflow_rollout.shop,
          on main.tf line 4, in resource "devopsflow_rollout" "shop":
           4:   version = "v1"

        v2 has 20 % at step 1 of 2 of the traffic. It goes on by itself under its gates. Apply with v2 follows it, and apply with another version takes its place.
        "#);
        let done = case.apply(&shop.text());
        assert_eq!(done.state.at(SHOP, "/weight"), 100.0);
        assert_eq!(outcomes(case)[0], ("v2".to_owned(), FastRolledBack));
        let summary = traffic.stop_blocking();
        check_nothing_lost(&summary);
        assert_eq!(shop.answer(), "v1");
    });
}

#[test]
fn another_version_takes_the_place_of_the_one_that_climbs() {
    let shop = Shop::new();
    shop_case(&shop, |case| {
        let traffic = shop.load(100.0);
        detached(case, &shop.version("v2"));
        let v3 = shop.version("v3");
        case.apply(&v3.text());
        let expected = [("v3".to_owned(), Promoted), ("v2".to_owned(), Superseded), ("v1".to_owned(), Promoted)];
        assert_eq!(outcomes(case), expected);
        check_nothing_lost(&traffic.stop_blocking());
        assert_eq!((shop.answer(), pids(case).len()), ("v3".to_owned(), 1));
    });
}

/// A second folder with its own state file of the same service.
fn second_folder(case: &Case) {
    for name in ["main.tf", "versions.tf", ".terraform.lock.hcl", "terraform.tfstate"] {
        case.write(&format!("second/{name}"), &case.read(name));
    }
    std::os::unix::fs::symlink(case.work().join(".terraform"), case.work().join("second/.terraform")).unwrap();
}

#[test]
fn of_two_applies_planned_on_one_generation_the_second_fails() {
    let shop = Shop::new();
    shop_case(&shop, |case| {
        second_folder(case);
        case.write("main.tf", &shop.version("v2").steps("{ weight = 20, pause = \"approval\" }").text());
        case.write("second/main.tf", &shop.version("v3").text());
        case.run(&["plan", "-out=mine", "-no-color"]).expect_success();
        case.run(&["-chdir=second", "plan", "-out=theirs", "-no-color"]).expect_success();
        let mut mine = case.spawn(&["apply", "-no-color", "mine"]);
        wait_for_traffic(case, &mut mine, "v2");
        let theirs = case.run(&["-chdir=second", "apply", "-no-color", "theirs"]);
        theirs.expect_code(1);
        insta::assert_snapshot!(theirs.expect_errors(case), @r#"
        Error: The service has changed since the plan

          with devopsflow_rollout.shop,
          on main.tf line 2, in resource "devopsflow_rollout" "shop":
           2: resource "devopsflow_rollout" "shop" {

        changed since the plan: generation 2 was planned on, and it is 3 now; plan again. Nothing was done.
        "#);
        assert_eq!(candidate(&case.status(NAME)), "v2");
        // Planned anew, it takes the place of the first, whose apply says so.
        let again = case.run(&["-chdir=second", "apply", "-auto-approve", "-no-color"]);
        again.expect_success();
        let superseded = mine.finish();
        superseded.expect_code(1);
        insta::assert_snapshot!(superseded.expect_errors(case), @r#"
        Error: v2 was superseded

          with devopsflow_rollout.shop,
          on main.tf line 4, in resource "devopsflow_rollout" "shop":
           4:   version = "v2"

        Another rollout of shop took its place. Its users have v1.
        "#);
        assert_eq!(stable(&case.status(NAME)), "v3");
        plan_nothing(case, &shop.version("v3"));
    });
}

#[test]
fn a_state_of_another_machine_is_refused() {
    let shop = Shop::new();
    shop_case(&shop, |case| {
        let state = case.read("terraform.tfstate");
        let status = case.status(NAME);
        let before = pids(case);
        let other = "00000000-0000-0000-0000-000000000000";
        let edited = state.replace(&status.agent_id, other);
        assert_ne!(edited, state);
        let refused = |state: &str| {
            case.write("terraform.tfstate", state);
            let refused = apply(case, &shop.version("v2"));
            refused.expect_code(1);
            refused.expect_errors(case).replace(&status.agent_id, "<id>").replace(&status.host, "<host>")
        };
        insta::assert_snapshot!(refused(&edited), @r#"
        Error: shop lives on <host>

          with devopsflow_rollout.shop,
          on main.tf line 2, in resource "devopsflow_rollout" "shop":
           2: resource "devopsflow_rollout" "shop" {

        It was recorded of another agent on this machine: 00000000-0000-0000-0000-000000000000, and this one is <id>. Set `DEVOPSFLOW_STATE_DIR` to the state directory of that agent. If it is gone for good, take the service out with `terraform state rm` and create or import it anew.
        "#);
        insta::assert_snapshot!(refused(&edited.replace(&format!("\"{}\"", status.host), "\"elsewhere\"")), @r#"
        Error: shop lives on elsewhere

          with devopsflow_rollout.shop,
          on main.tf line 2, in resource "devopsflow_rollout" "shop":
           2: resource "devopsflow_rollout" "shop" {

        A local service belongs to the machine that runs it. Run terraform on elsewhere. If that machine is gone for good, take the service out with `terraform state rm` and create it anew.
        "#);
        assert_eq!((pids(case), case.history(NAME).len()), (before, 1));
        case.write("terraform.tfstate", &state);
    });
}
