//! A plugin that breaks the contract.

use acceptance_tests::{Case, Plugin};

use super::fixture::{End, Settings, attributes, resource, run, state, up};

const THING: &str = "wrong_thing.one";

/// A case with a thing that does what `text` says.
fn wrong_case(text: &str, body: impl FnOnce(&mut Case, &Settings)) {
    let program = Plugin::wrong().program().display().to_string();
    let settings = Settings::default().with("wrong", program).with("text", text);
    acceptance_tests::case(|case| body(case, &settings));
}

#[test]
fn a_plan_that_is_not_what_was_configured_is_refused() {
    wrong_case("plan", |case, settings| {
        let refused = run(case, End::InProcess, settings, &["up", "--yes"]);
        refused.expect_code(1);
        for part in ["wrong_thing.one (", "program.rs:", "In planning wrong_thing, provider wrong broke rule 3"] {
            assert!(refused.stderr.contains(part), "{part} in {}", refused.stderr);
        }
        assert!(state(case).resources.is_empty());
    });
}

#[test]
fn what_is_not_as_planned_is_recorded_and_replaced_later() {
    wrong_case("apply", |case, settings| {
        let failed = run(case, End::InProcess, settings, &["up", "--yes"]);
        failed.expect_code(1);
        assert!(failed.stderr.contains("In applying wrong_thing, provider wrong broke rule 12"), "{}", failed.stderr);
        assert!(resource(case, THING).object.unwrap().tainted);
        up(case, End::InProcess, &settings.with("text", "right"));
        assert_eq!(attributes(case, THING)["text"], "right");
    });
}

#[test]
fn what_an_old_one_does_is_a_line_in_the_log() {
    wrong_case("old plan", |case, settings| {
        let quiet = run(case, End::InProcess, settings, &["preview"]);
        quiet.expect_success();
        assert!(!quiet.stderr.contains("rule"), "{}", quiet.stderr);
        case.set_env("DEVOPSFLOW_LOG", "warn");
        let told = up(case, End::InProcess, settings);
        for part in ["WARN", "tolerated", "wrong", "rule 3"] {
            assert!(told.stderr.contains(part), "{part} in {}", told.stderr);
        }
    });
}
