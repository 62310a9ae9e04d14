//! First version, changes in place, drift, import and destroy.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use acceptance_tests::load::{Call, Load, Mix};
use acceptance_tests::{Action, Case, Config, Process, Step, free_port, poll};
use rollout::wire::Outcome::Promoted;

use super::fixture::{
    LONG, NAME, SHOP, Shop, apply, check_nothing_lost, outcomes, pids, plan, plan_nothing, recorded, shop_case, stable,
    steady,
};

#[test]
fn a_service_that_is_there_is_imported_and_not_created() {
    let shop = Shop::new();
    shop_case(&shop, |case| {
        let before = pids(case);
        case.run(&["state", "rm", SHOP]).expect_success();
        let taken = apply(case, &shop);
        taken.expect_code(1);
        insta::assert_snapshot!(taken.expect_errors(case), @r#"
        Error: The service exists already

          with devopsflow_rollout.shop,
          on main.tf line 3, in resource "devopsflow_rollout" "shop":
           3:   name    = "shop"

        The agent on vm serves shop with version v1 already. To manage it here, import it:

          terraform import devopsflow_rollout.<NAME> shop
        "#);
        let done = case.step(Step::Import { config: &shop.text(), address: SHOP, id: NAME });
        assert_eq!((done.plan.action(SHOP), recorded(case).0), (Action::Update, "v1".to_owned()));
        assert!(!done.plan.is_unknown(SHOP, "/status"), "no rollout is planned");
        case.apply(&shop.text());
        assert_eq!((pids(case), outcomes(case)), (before, vec![("v1".to_owned(), Promoted)]));
        let none = case.error(Step::Import {
            config: &shop.text().replace("shop\" {", "other\" {"),
            address: "devopsflow_rollout.other",
            id: "none",
        });
        insta::assert_snapshot!(none, @r#"
        Error: Nothing to import

        No agent that runs on this machine has a service "none". `devops-flow rollout list` shows what there is.
        "#);
    });
}

#[test]
fn destroy_stops_or_releases() {
    let shop = Shop::new();
    shop_case(&shop, |case| {
        assert_eq!(pids(case).len(), 1);
        case.step(Step::Destroy);
        assert!(case.try_status(NAME).is_none() && pids(case).is_empty());
        assert!(std::net::TcpListener::bind(shop.address()).is_ok(), "the port is free");
        let released = shop.and("on_destroy = \"release\"");
        apply(case, &released).expect_success();
        let before = pids(case);
        case.step(Step::Destroy);
        assert_eq!((shop.answer(), pids(case)), ("v1".to_owned(), before));
    });
}

#[test]
fn the_data_source_says_what_runs() {
    let shop = Shop::new();
    shop_case(&shop, |case| {
        let data = format!("data \"devopsflow_rollout\" \"it\" {{\n  name = {NAME:?}\n  depends_on = [{SHOP}]\n}}\n");
        let output = "output \"it\" {\n  value = data.devopsflow_rollout.it\n}\n";
        let done = case.apply(&format!("{}{data}{output}", shop.text()));
        let found = done.state.output("it");
        assert_eq!((&found["stable_version"], &found["status"]), (&"v1".into(), &"healthy".into()));
        assert_eq!((&found["weight"], &found["replicas"]), (&100.into(), &1.into()));
        let wrong = data.replace("\"shop\"", "\"none\"");
        let error = case.error(Step::Plan(Config::of(&format!("{}{wrong}", shop.text()))));
        insta::assert_snapshot!(error, @r#"
        Error: There is no service "none"

          with data.devopsflow_rollout.it,
          on main.tf line 25, in data "devopsflow_rollout" "it":
          25:   name = "none"

        The agent on this machine has no such service. `devops-flow rollout list` shows what there is, and `devops-flow agent run` starts an agent.
        "#);
    });
}

#[test]
fn replicas_gates_and_port_change_in_place() {
    let shop = Shop::new();
    shop_case(&shop, |case| {
        let first = pids(case);
        let more = shop.replicas(3).gates("").steps(LONG);
        let done = case.apply(&more.text());
        assert_eq!(done.plan.action(SHOP), Action::Update);
        case.wait_for(NAME, "three replicas", |status| {
            status.fleet.values().map(|fleet| fleet.ready).sum::<u32>() == 3
        });
        assert!(pids(case).len() == 3 && first.iter().all(|pid| pids(case).contains(pid)));
        case.apply(&shop.text());
        poll("one replica", || (pids(case).len() == 1).then_some(()));

        let moved = shop.at_port(free_port());
        let before = pids(case);
        // What is under way at the old port ends in order.
        let mix = Mix::of([(1, Call::get("/stream?ms=4000"))]);
        let streams = Load::new(shop.address(), mix, 20.0).total(6).start().unwrap();
        while streams.so_far().sent < 6 {
            std::thread::sleep(Duration::from_millis(5));
        }
        let ended = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let watch = scope.spawn(|| {
                // Whenever the old port is closed, the new one is open.
                while !ended.load(Ordering::Relaxed) {
                    let open = |shop: &Shop| std::net::TcpStream::connect(shop.address()).is_ok();
                    assert!(open(&shop) || open(&moved), "both ports are closed");
                    std::thread::sleep(Duration::from_millis(5));
                }
            });
            case.apply(&moved.text());
            ended.store(true, Ordering::Relaxed);
            watch.join().unwrap();
        });
        assert!(std::net::TcpStream::connect(shop.address()).is_err(), "the old port is closed");
        assert_eq!(case.state().at(SHOP, "/url"), &format!("http://127.0.0.1:{}", moved.port));
        check_nothing_lost(&tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(streams.wait()));
        assert_eq!((moved.answer(), pids(case), outcomes(case).len()), ("v1".to_owned(), before, 1));
    });
}

#[test]
fn another_name_is_another_service() {
    let shop = Shop::new();
    shop_case(&shop, |case| {
        let other = shop.text().replace("name    = \"shop\"", "name    = \"store\"");
        let done = case.step(Step::Plan(Config::of(&other).expect_non_empty_plan()));
        assert_eq!(done.plan.action(SHOP), Action::Replace);
    });
}

#[test]
fn a_version_that_was_changed_from_outside_is_a_difference() {
    let shop = Shop::new();
    shop_case(&shop, |case| {
        let v2 = shop.version("v2").and("retain = \"10m\"").steps("{ weight = 50, pause = \"0s\" }");
        apply(case, &v2).expect_success();
        assert_eq!(pids(case).len(), 2, "the version before is kept");
        case.flow(&["rollout", "rollback", NAME]).expect_success();
        case.wait_for(NAME, "the way back", |status| stable(status) == "v1" && status.candidate.is_none());
        assert_eq!(shop.answer(), "v1");
        case.run(&["apply", "-refresh-only", "-auto-approve", "-no-color"]).expect_success();
        assert_eq!(recorded(case).0, "v1");
        let planned = plan(case, &v2);
        assert_eq!(planned.plan.before(SHOP, "/version"), "v1");
        insta::assert_snapshot!(steady(&planned.warnings, &shop), @r#"
        Warning: v2 was taken back before

          with devopsflow_rollout.shop,
          on main.tf line 4, in resource "devopsflow_rollout" "shop":
           4:   version = "v2"

        v2 was taken back: a person rolled it back after its promotion; measured: <measured>
        "#);
        apply(case, &v2).expect_code(1);
        plan_nothing(case, &shop.and("retain = \"10m\"").steps("{ weight = 50, pause = \"0s\" }"));
    });
}

/// The harness: a case that fails leaves nothing, and one that leaves something fails.
#[test]
fn a_case_leaves_neither_agent_nor_replicas() {
    let shop = Shop::new();
    let fails_in_it: fn(&mut Case) = |_| panic!("on purpose");
    let leaves_a_replica: fn(&mut Case) = |case| {
        case.run(&["state", "rm", SHOP]).expect_success();
        case.kill_agent();
    };
    for (body, why) in [(fails_in_it, "on purpose"), (leaves_a_replica, "still running without an agent")] {
        let mut started = Vec::new();
        let case = || {
            shop_case(&shop, |case| {
                started.extend(case.replicas().into_iter().chain(case.agent()));
                body(case);
            });
        };
        let failed = catch_unwind(AssertUnwindSafe(case)).unwrap_err();
        let said = failed.downcast_ref::<String>().cloned();
        let said = said.unwrap_or_else(|| (*failed.downcast_ref::<&str>().unwrap()).to_owned());
        assert!(said.contains(why), "{said}");
        assert_eq!(started.len(), 2);
        poll("all to be gone", || started.iter().all(Process::is_gone).then_some(()));
    }
}
