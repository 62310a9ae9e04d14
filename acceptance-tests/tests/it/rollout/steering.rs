//! The command, beside terraform.

use acceptance_tests::{Case, Finished};
use rollout::wire::Outcome::{Aborted, FastPromoted, Promoted, RolledBack};

use super::fixture::{
    BROKEN, LONG, NAME, SHORT, Shop, apply, outcomes, plan, shop_case, spawn_apply, stable, steady, wait_for_traffic,
};

#[track_caller]
fn steer(case: &Case, args: &[&str]) -> serde_json::Value {
    let done = case.flow(&[&["rollout"], args, &[NAME, "--json"]].concat());
    serde_json::from_str(&done.expect_success().stdout).unwrap()
}

#[track_caller]
fn error(finished: &Finished) -> String {
    finished.expect_code(1);
    finished.stderr.clone()
}

#[test]
fn a_person_steers_what_terraform_started() {
    let shop = Shop::new();
    shop_case(&shop, |case| {
        let ladder = "{ weight = 20, pause = \"approval\" }, { weight = 50, pause = \"10m\" }";
        let mut apply = spawn_apply(case, &shop.version("v2").steps(ladder));
        wait_for_traffic(case, &mut apply, "v2");
        let follow = case.spawn_flow(&["rollout", "status", NAME, "--follow", "--json"]);
        case.wait_for(NAME, "it to wait for approval", |status| !status.paused.is_empty());
        let list: serde_json::Value = serde_json::from_str(&case.flow(&["rollout", "list", "--json"]).stdout).unwrap();
        assert_eq!((&list[0]["service"]["name"], &list[0]["weight"]), (&NAME.into(), &2000.into()));
        assert_eq!(steer(case, &["status"])["paused"], serde_json::json!(["approval"]));
        let wrong = case.flow(&["rollout", "promote", NAME, "--rollout", "other"]);
        insta::assert_snapshot!(error(&wrong), @"error: rollout: other is not the rollout that runs (r3), so nobody can steer it");

        steer(case, &["approve"]);
        case.wait_for(NAME, "the second step", |status| status.weight.basis_points() == 5000);
        assert_eq!(steer(case, &["pause"])["status"], "paused");
        assert_eq!(steer(case, &["resume"])["status"], "progressing");
        steer(case, &["promote"]);
        apply.finish().expect_success();
        let history = steer(case, &["history"]);
        assert_eq!((&history[0]["version"], &history[1]["version"]), (&"v2".into(), &"v1".into()));
        // Every event is a line, and the last ones tell of the end.
        let mut follow = follow;
        follow.wait_until_printed("\"ended\"");
        let printed = follow.printed();
        let events = printed.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let numbers: Vec<_> = events.map(|event| event["seq"].as_u64().unwrap()).collect();
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
        follow.signal(acceptance_tests::Signal::INT);
        follow.wait();
        drop(follow);
        case.flow(&["rollout", "wait", NAME]).expect_success();
    });
}

#[test]
fn what_a_person_took_back_is_blocked_until_a_person_tries_it_again() {
    let shop = Shop::new();
    shop_case(&shop, |case| {
        let v2 = shop.version("v2").steps(LONG);
        let mut first = spawn_apply(case, &v2);
        wait_for_traffic(case, &mut first, "v2");
        steer(case, &["abort"]);
        let aborted = first.finish();
        aborted.expect_code(1);
        insta::assert_snapshot!(steady(&aborted.expect_errors(case), &shop), @r#"
        Error: v2 was taken back on request

          with devopsflow_rollout.shop,
          on main.tf line 4, in resource "devopsflow_rollout" "shop":
           4:   version = "v2"

        v2 was taken back: a person aborted it. It had at most 20 % of the traffic. Its users have v1.
        "#);
        plan(case, &v2);
        apply(case, &v2).expect_code(1);
        assert_eq!(outcomes(case).len(), 2, "it was refused");
        steer(case, &["retry"]);
        steer(case, &["promote", "--full"]);
        case.flow(&["rollout", "wait", NAME]).expect_success();
        assert_eq!(outcomes(case)[..2], [("v2".to_owned(), FastPromoted), ("v2".to_owned(), Aborted)]);
        assert_eq!(stable(&case.status(NAME)), "v2");
    });
}

#[test]
fn waiting_says_how_it_ended() {
    let shop = Shop::new();
    shop_case(&shop, |case| {
        let traffic = shop.load(100.0);
        let mut bad = spawn_apply(case, &shop.with_flags("v2", BROKEN).steps(LONG));
        wait_for_traffic(case, &mut bad, "v2");
        let waited = case.flow(&["rollout", "wait", NAME]);
        waited.expect_code(1);
        bad.finish().expect_code(1);
        assert_eq!(outcomes(case)[0], ("v2".to_owned(), RolledBack));
        let mut good = spawn_apply(case, &shop.version("v3").steps(SHORT));
        wait_for_traffic(case, &mut good, "v3");
        case.flow(&["rollout", "wait", NAME]).expect_success();
        good.finish().expect_success();
        assert_eq!(outcomes(case)[0], ("v3".to_owned(), Promoted));
        drop(traffic);
        insta::assert_snapshot!(error(&case.flow(&["rollout", "pause", "none"])), @r#"
        error: the agent has no service "none"
        hint: it has shop
        "#);
        insta::assert_snapshot!(error(&case.flow(&["rollout", "resume", NAME])), @r"
        error: resume is not possible: no rollout is running
        hint: `devops-flow rollout status` shows what it waits for
        ");
    });
}
