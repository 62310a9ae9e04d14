//! Versions that are taken back, blocked and tried again.

use acceptance_tests::Action;
use rollout::wire::Outcome::{Promoted, RolledBack};

use super::fixture::{
    BROKEN, LONG, NAME, SHOP, Shop, apply, check_nothing_lost, outcomes, pids, plan, plan_nothing, recorded, shop_case,
    steady, without_blind,
};

#[test]
fn a_failing_version_is_taken_back_blocked_and_tried_again_on_request() {
    let shop = Shop::new();
    shop_case(&shop, |case| {
        plan_nothing(case, &shop);
        let traffic = shop.load(100.0);
        let v2 = shop.version("v2");
        let done = case.apply(&v2.text());
        assert_eq!(done.plan.action(SHOP), Action::Update);
        assert_eq!((done.state.at(SHOP, "/stable_version"), shop.answer()), (&"v2".into(), "v2".to_owned()));
        let summary = traffic.stop_blocking();
        check_nothing_lost(&summary);
        assert!(summary.by_version["v1"].sent > 0 && summary.by_version["v2"].sent > 0, "{summary}");

        let v3 = shop.with_flags("v3", BROKEN).steps(LONG);
        let traffic = shop.load(100.0);
        let failed = apply(case, &v3);
        failed.expect_code(1);
        insta::assert_snapshot!(steady(&failed.expect_errors(case), &shop), @r#"
        Error: v3 was taken back

          with devopsflow_rollout.shop,
          on main.tf line 4, in resource "devopsflow_rollout" "shop":
           4:   version = "v3"

        v3 was taken back: gate "errors" failed; measured: <measured>; allowed: at most 2 times the rate of stable. It had at most 20 % of the traffic. Its users have v2.
        "#);
        assert_eq!(recorded(case), ("v2".to_owned(), "rolled_back".to_owned(), 100.0));
        assert!(!case.state().is_tainted(SHOP));
        let planned = plan(case, &v3);
        assert_eq!(
            (planned.plan.before(SHOP, "/version"), planned.plan.after(SHOP, "/version")),
            (&"v2".into(), &"v3".into())
        );
        insta::assert_snapshot!(steady(&without_blind(&planned.warnings), &shop), @r#"
        Warning: v3 was taken back before

          with devopsflow_rollout.shop,
          on main.tf line 4, in resource "devopsflow_rollout" "shop":
           4:   version = "v3"

        v3 was taken back: gate "errors" failed; measured: <measured>; allowed: at most 2 times the rate of stable. Apply refuses it until the version or `retry_token` changes. `on_failed_version = "retry"` tries every version again.
        "#);

        // Refused at once, and nothing is touched.
        let before = (pids(case), case.status(NAME).generation, outcomes(case));
        let refused = apply(case, &v3);
        refused.expect_code(1);
        insta::assert_snapshot!(steady(&refused.expect_errors(case), &shop), @r#"
        Error: v3 was taken back before

          with devopsflow_rollout.shop,
          on main.tf line 4, in resource "devopsflow_rollout" "shop":
           4:   version = "v3"

        v3 was taken back: gate "errors" failed; measured: <measured>; allowed: at most 2 times the rate of stable. Nothing was touched. Change `version`, change `retry_token` to try it once more, or set `on_failed_version = "retry"`.
        "#);
        assert_eq!((pids(case), case.status(NAME).generation, outcomes(case)), before);
        assert_eq!(before.2, [("v3".to_owned(), RolledBack), ("v2".to_owned(), Promoted), ("v1".to_owned(), Promoted)]);

        for again in ["retry_token = \"again\"", "on_failed_version = \"retry\""] {
            apply(case, &v3.and(again)).expect_code(1);
        }
        assert_eq!(outcomes(case).iter().filter(|(version, _)| version == "v3").count(), 3);
        let summary = traffic.stop_blocking();
        assert_eq!(summary.by_version["v2"].failed, 0, "{summary}");
        // Going back to what users have is nothing to do.
        plan_nothing(case, &v2);
        assert_eq!(shop.answer(), "v2");
    });
}

#[test]
fn a_first_version_that_fails_leaves_nothing() {
    let shop = Shop::new().with_flags("v1", "--ready-after 600000").and("progress_deadline = \"1s\"");
    acceptance_tests::case(|case| {
        let failed = apply(case, &shop);
        failed.expect_code(1);
        insta::assert_snapshot!(steady(&failed.expect_errors(case), &shop), @r#"
        Error: v1 was taken back

          with devopsflow_rollout.shop,
          on main.tf line 4, in resource "devopsflow_rollout" "shop":
           4:   version = "v1"

        v1 was taken back: 0 of 1 replicas of v1 are ready after 1s; allowed: within 1s. It had at most 0 % of the traffic. Nothing serves its users now.
        "#);
        assert!(case.state().managed().is_empty());
        assert!(case.try_status(NAME).is_none() && case.replicas().is_empty());
    });
}
