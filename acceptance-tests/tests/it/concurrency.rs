//! Two runs at once.

use acceptance_tests::Case;

use crate::fixture::{CI, FILE, GATE, PIPELINE, changed, error, pipeline_case};

#[test]
fn a_second_apply_on_the_same_state_is_refused_while_the_first_runs() {
    pipeline_case(|case| {
        case.write("main.tf", &format!("{CI}{GATE}"));
        let mut first = case.spawn(&["apply", "-auto-approve", "-no-color"]);
        first.wait_until("the gate", || case.exists("waiting"));
        let second = case.run(&["apply", "-auto-approve", "-no-color"]);
        assert!(second.expect_errors(case).starts_with("Error: Error acquiring the state lock"));
        case.write("gate", "");
        first.finish().expect_success();
        assert_eq!(case.state().managed(), [PIPELINE, "terraform_data.gate"]);
    });
}

/// Two configurations with a state each, and one place for the file.
#[track_caller]
fn two_states(body: impl FnOnce(&mut Case, &mut Case, &str, &str)) {
    pipeline_case(|first| {
        let place = first.work().join(".github/workflows").display().to_string();
        let here = |config: &str| config.replace("${path.root}/.github/workflows", &place);
        acceptance_tests::case(|second| body(first, second, &here(CI), &here(&changed())));
    });
}

#[test]
fn two_states_that_want_the_same_text_agree() {
    two_states(|first, second, config, _| {
        for case in [&*first, &*second] {
            case.write("main.tf", config);
        }
        let running = [first.spawn(&["apply", "-auto-approve"]), second.spawn(&["apply", "-auto-approve"])];
        for apply in running {
            apply.finish().expect_success();
        }
        assert_eq!(second.apply(config).state.at(PIPELINE, crate::fixture::TEXT), &first.read(FILE));
        second.run(&["state", "rm", PIPELINE]).expect_success();
    });
}

#[test]
fn of_two_states_that_want_different_texts_the_second_is_refused() {
    two_states(|first, second, config, other| {
        second.write("main.tf", other);
        second.run(&["plan", "-out=../logs/saved"]).expect_success();
        first.apply(config);
        let refused = second.run(&["apply", "-no-color", "../logs/saved"]).expect_errors(first);
        insta::assert_snapshot!(refused, @r#"
        Error: The file exists already

          with devopsflow_pipeline.ci,
          on main.tf line 2, in resource "devopsflow_pipeline" "ci":
           2: resource "devopsflow_pipeline" "ci" {

        <work>/.github/workflows/ci.yml was not written by this resource and holds something else. Import it, set `overwrite = true`, or choose another `name`.
        "#);
        assert!(error(second, other).contains("exists already"));
        first.apply(config);
    });
}
