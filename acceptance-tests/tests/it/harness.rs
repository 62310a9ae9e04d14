//! The harness itself, against providers that are not ours: what it promises to find, it finds.

use acceptance_tests::{Action, Case, Config, Plugin, Signal, Step, Terraform};

/// Written by the Go provider.
const FILE: &str = r#"
resource "peer_file" "note" {
  path    = "${path.root}/note.txt"
  content = "one"
  token   = "hunter2-token"
}
"#;

/// A `terraform_data` that holds until the file `gate` appears, after it wrote the file `waiting`.
const GATE: &str = r#"
resource "terraform_data" "gate" {
  provisioner "local-exec" {
    command = "touch waiting; while [ ! -e gate ]; do sleep 0.01; done"
  }
}
"#;

/// Never the same twice.
const RESTLESS: &str = r#"
resource "terraform_data" "clock" {
  input = timestamp()
}
"#;

#[track_caller]
fn builtin_case(body: impl FnOnce(&mut Case)) {
    Case::run_with(&Terraform::current(), &[], body);
}

#[track_caller]
fn peer_case(body: impl FnOnce(&mut Case)) {
    if let Some(peer) = Plugin::peer() {
        Case::run_with(&Terraform::current(), &[peer], body);
    }
}

#[test]
fn an_apply_is_planned_done_and_settled() {
    peer_case(|case| {
        let done = case.apply(FILE);
        assert_eq!(done.plan.action("peer_file.note"), Action::Create);
        assert!(done.plan.is_unknown("peer_file.note", "/id"));
        assert_eq!(done.state.at("peer_file.note", "/mode"), "0644");
        assert_eq!(case.read("note.txt"), "one");
        case.write("note.txt", "edited");
        let drift = case.step(Step::Plan(Config::of(FILE).expect_non_empty_plan()));
        assert_eq!(drift.plan.drifted(), ["peer_file.note"]);
        insta::assert_snapshot!(drift.warnings, @r#"
        Warning: The file was changed by hand

          with peer_file.note,
          on main.tf line 4, in resource "peer_file" "note":
           4:   content = "one"

        ./note.txt is not what this provider wrote last.
        "#);
    });
}

#[test]
#[should_panic(expected = "should be empty")]
fn an_apply_that_does_not_settle_is_found() {
    builtin_case(|case| drop(case.apply(RESTLESS)));
}

#[test]
#[should_panic(expected = "should be not empty")]
fn an_apply_that_settles_against_its_word_is_found() {
    builtin_case(|case| drop(case.step(Step::Apply(Config::of("").expect_non_empty_plan()))));
}

#[test]
fn errors_are_unwrapped_and_name_their_place() {
    peer_case(|case| {
        let mode = FILE.replace("token ", "mode = \"rwx\"\n  token ");
        insta::assert_snapshot!(case.error(Step::Apply(Config::of(&mode))), @r#"
        Error: The file was not created

          with peer_file.note,
          on main.tf line 3, in resource "peer_file" "note":
           3:   path    = "${path.root}/note.txt"

        mode is "rwx": expected permissions in octal such as "0644"
        "#);
        assert!(!case.exists("note.txt"));
    });
}

#[test]
fn what_is_recorded_in_clear_is_found_wherever_it_is() {
    peer_case(|case| {
        case.apply(FILE);
        let places = case.files_with("hunter2-token");
        insta::assert_snapshot!(places.join("\n"), @r"
        logs/03-show-stdout
        logs/05-show-stdout
        work/main.tf
        work/terraform.tfstate
        ");
    });
}

#[test]
fn an_interrupted_command_leaves_no_process() {
    builtin_case(|case| {
        case.write("main.tf", GATE);
        let mut apply = case.spawn(&["apply", "-auto-approve", "-no-color"]);
        apply.wait_until("the gate", || case.exists("waiting"));
        apply.interrupt();
        apply.finish().expect_code(1);
    });
}

#[test]
fn a_killed_provider_fails_the_command() {
    peer_case(|case| {
        let late = FILE.replace("path ", "depends_on = [terraform_data.gate]\n  path ");
        case.write("main.tf", &format!("{GATE}{late}"));
        let mut apply = case.spawn(&["apply", "-auto-approve", "-no-color"]);
        apply.wait_until("the gate", || case.exists("waiting"));
        apply.provider().signal(Signal::KILL);
        case.write("gate", "");
        apply.finish().expect_code(1);
        assert_eq!(case.state().managed(), ["terraform_data.gate"]);
    });
}
