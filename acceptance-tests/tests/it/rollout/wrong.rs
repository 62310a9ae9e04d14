//! Bad input, each at the earliest possible time and without harm to users.

use std::os::unix::process::CommandExt as _;

use acceptance_tests::{Case, Config, Step, free_port, note_skipped};

use super::fixture::{LONG, NAME, Shop, apply, check_nothing_lost, outcomes, pids, shop_case, stable, steady};

/// The errors of a plan. Nothing is begun.
#[track_caller]
fn plan_errors(case: &mut Case, shop: &Shop) -> String {
    let errors = case.error(Step::Plan(Config::of(&shop.text()).expect_non_empty_plan()));
    steady(&errors, shop)
}

/// The errors of an apply that planned well. Users keep v1 and lose nothing.
#[track_caller]
fn apply_errors(case: &mut Case, shop: &Shop, next: &Shop) -> String {
    let before = pids(case);
    let traffic = shop.load(50.0);
    let failed = apply(case, next);
    let summary = traffic.stop_blocking();
    failed.expect_code(1);
    check_nothing_lost(&summary);
    assert_eq!(summary.by_version.keys().collect::<Vec<_>>(), ["v1"], "{summary}");
    assert_eq!((stable(&case.status(NAME)), pids(case)), ("v1", before));
    steady(&failed.expect_errors(case), next)
}

#[test]
fn what_a_plan_can_know_is_refused_at_plan() {
    let shop = Shop::new();
    shop_case(&shop, |case| {
        let v2 = shop.version("v2");
        insta::assert_snapshot!(plan_errors(case, &v2.steps("{ weight = 50, pause = \"1s\" }, { weight = 10, pause = \"1s\" }")), @r#"
        Error: The ladder does not ascend

          with devopsflow_rollout.shop,
          on main.tf line 2, in resource "devopsflow_rollout" "shop":
           2: resource "devopsflow_rollout" "shop" {

        Each step has a larger weight than the one before: 10 % follows 50 %.

        The attribute is `strategy.canary.steps[1].weight`.
        "#);
        insta::assert_snapshot!(plan_errors(case, &v2.and("timeouts = { update = \"3s\" }")), @r#"
        Error: The timeout is shorter than the ladder

          with devopsflow_rollout.shop,
          on main.tf line 2, in resource "devopsflow_rollout" "shop":
           2: resource "devopsflow_rollout" "shop" {

        A rollout with these steps can take 30m17s, and apply would give up after 3s. Leave the timeout out, or make it 30m17s or longer.

        The attribute is `timeouts.update`.
        "#);
        insta::assert_snapshot!(plan_errors(case, &v2.gates("{ name = \"health\", metric = \"http\", path = \"http://127.0.0.1:1/\" }")), @r#"
        Error: Unusable path

          with devopsflow_rollout.shop,
          on main.tf line 2, in resource "devopsflow_rollout" "shop":
           2: resource "devopsflow_rollout" "shop" {

        A path begins with `/` and holds only printable ASCII characters, escaped where needed; "http://127.0.0.1:1/" does not.

        The attribute is `gates[0].path`.
        "#);
        insta::assert_snapshot!(plan_errors(case, &v2.steps("{ weight = 5, pause = \"soon\" }")), @r#"
        Error: Unexpected value

          with devopsflow_rollout.shop,
          on main.tf line 2, in resource "devopsflow_rollout" "shop":
           2: resource "devopsflow_rollout" "shop" {

        a span of time such as "90s", "10m" or "1h30m" expected, at most "3650d", not "soon"; or "approval".

        The attribute is `strategy.canary.steps[0].pause`.
        "#);
        assert_eq!(outcomes(case).len(), 1);
        case.write("main.tf", &shop.text());
    });
}

#[test]
fn what_only_an_apply_can_know_is_refused_before_users_are_touched() {
    let shop = Shop::new();
    shop_case(&shop, |case| {
        let v2 = shop.version("v2");
        insta::assert_snapshot!(apply_errors(case, &shop, &v2.command("\"./releases/none\"")), @r#"
        Error: The program cannot be run

          with devopsflow_rollout.shop,
          on main.tf line 2, in resource "devopsflow_rollout" "shop":
           2: resource "devopsflow_rollout" "shop" {

        <work>/./releases/none cannot be run: No such file or directory (os error 2). Users are not affected.

        The attribute is `target.local.command[0]`.
        "#);
        insta::assert_snapshot!(apply_errors(case, &shop, &v2.command("\"no-such-program\"")), @r#"
        Error: The agent cannot do this

          with devopsflow_rollout.shop,
          on main.tf line 2, in resource "devopsflow_rollout" "shop":
           2: resource "devopsflow_rollout" "shop" {

        "no-such-program" was not found in PATH (/usr/bin:/bin); install it, or name it by its path

        The attribute is `target.local.command`.
        "#);
        assert_eq!(outcomes(case).len(), 1);
        let taken = std::net::TcpListener::bind(("127.0.0.1", free_port())).unwrap();
        let port = taken.local_addr().unwrap().port();
        insta::assert_snapshot!(apply_errors(case, &shop, &shop.at_port(port)), @r#"
        Error: The agent cannot do this

          with devopsflow_rollout.shop,
          on main.tf line 2, in resource "devopsflow_rollout" "shop":
           2: resource "devopsflow_rollout" "shop" {

        127.0.0.1:<port> is taken by another program: choose another port, or end that program

        The attribute is `target.local.port`.
        "#);
        insta::assert_snapshot!(apply_errors(case, &shop, &v2.at_port(port)), @r#"
        Error: The agent cannot do this

          with devopsflow_rollout.shop,
          on main.tf line 2, in resource "devopsflow_rollout" "shop":
           2: resource "devopsflow_rollout" "shop" {

        127.0.0.1:<port> is taken by another program: choose another port, or end that program

        The attribute is `target.local.port`.
        "#);
        assert_eq!(outcomes(case).len(), 1);
    });
}

#[test]
fn a_version_that_never_works_gets_no_traffic() {
    let shop = Shop::new();
    shop_case(&shop, |case| {
        let soon = shop.and("progress_deadline = \"2s\"");
        insta::assert_snapshot!(apply_errors(case, &shop, &soon.with_flags("v2", "--ready-after 600000")), @r#"
        Error: v2 was taken back

          with devopsflow_rollout.shop,
          on main.tf line 4, in resource "devopsflow_rollout" "shop":
           4:   version = "v2"

        v2 was taken back: 0 of 1 replicas of v2 are ready after 2s; allowed: within 2s. It had at most 0 % of the traffic. Its users have v1.
        "#);
        insta::assert_snapshot!(apply_errors(case, &shop, &soon.with_flags("v3", "--exit-after 100 --listen-after 600000")), @r#"
        Error: v3 was taken back

          with devopsflow_rollout.shop,
          on main.tf line 4, in resource "devopsflow_rollout" "shop":
           4:   version = "v3"

        v3 was taken back: 0 of 1 replicas of v3 are ready after 2s; allowed: within 2s. It had at most 0 % of the traffic. Its users have v1.
        "#);
    });
}

#[test]
fn a_probe_that_gets_another_answer_takes_back() {
    let shop = Shop::new();
    shop_case(&shop, |case| {
        let gates =
            "{ name = \"health\", metric = \"http\", path = \"/healthz\", expect_status = 204, interval = \"200ms\" }";
        let failed = apply(case, &shop.version("v2").steps(LONG).gates(gates));
        failed.expect_code(1);
        insta::assert_snapshot!(steady(&failed.expect_errors(case), &shop), @r#"
        Error: v2 was taken back

          with devopsflow_rollout.shop,
          on main.tf line 4, in resource "devopsflow_rollout" "shop":
           4:   version = "v2"

        v2 was taken back: gate "health" failed; measured: <measured>; allowed: GET /healthz answers 204 within 1s, at most 2 failures in a row. It had at most 20 % of the traffic. Its users have v1.
        "#);
        assert_eq!(shop.answer(), "v1");
    });
}

#[test]
fn a_first_version_at_a_port_that_is_taken_leaves_nothing() {
    let taken = std::net::TcpListener::bind(("127.0.0.1", free_port())).unwrap();
    let shop = Shop::new().at_port(taken.local_addr().unwrap().port());
    acceptance_tests::case(|case| {
        let failed = apply(case, &shop);
        failed.expect_code(1);
        insta::assert_snapshot!(steady(&failed.expect_errors(case), &shop), @r#"
        Error: The agent cannot do this

          with devopsflow_rollout.shop,
          on main.tf line 2, in resource "devopsflow_rollout" "shop":
           2: resource "devopsflow_rollout" "shop" {

        127.0.0.1:<port> is taken by another program: choose another port, or end that program

        The attribute is `target.local.port`.
        "#);
        assert!(case.state().managed().is_empty() && pids(case).is_empty());
    });
}

#[test]
fn a_socket_of_somebody_else_is_not_spoken_to() {
    if !rustix::process::geteuid().is_root() {
        note_skipped("root, to make a socket of another user");
        return;
    }
    let shop = Shop::new();
    acceptance_tests::case(|case| {
        let directory = case.state_dir();
        fs_err::create_dir(&directory).unwrap();
        let socket = directory.join("agent.sock");
        let listen =
            "import socket,sys,time\ns=socket.socket(socket.AF_UNIX)\ns.bind(sys.argv[1])\ns.listen()\ntime.sleep(600)";
        std::os::unix::fs::chown(&directory, Some(65534), None).unwrap();
        let mut command = std::process::Command::new("python3");
        fs_err::set_permissions(case.work().parent().unwrap(), std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .unwrap();
        let mut other = command.args(["-c", listen]).arg(&socket).uid(65534).spawn().unwrap();
        acceptance_tests::poll("the socket", || socket.exists().then_some(()));
        let refused = apply(case, &shop);
        other.kill().unwrap();
        other.wait().unwrap();
        refused.expect_code(1);
        insta::assert_snapshot!(refused.expect_errors(case), @r#"
        Error: The agent cannot be asked

          with devopsflow_rollout.shop,
          on main.tf line 2, in resource "devopsflow_rollout" "shop":
           2: resource "devopsflow_rollout" "shop" {

        the socket <root>/agent/agent.sock belongs to user 65534, not to you; set `DEVOPSFLOW_STATE_DIR` to a directory of your own
        "#);
        fs_err::remove_file(&socket).unwrap();
    });
}
