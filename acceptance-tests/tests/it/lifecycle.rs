//! Create, no-op, drift, update, move and destroy of a pipeline.

use acceptance_tests::Action;

use crate::fixture::{CI, FILE, PIPELINE, TEXT, changed, ci_with, each_pipeline_case, error, pipeline_case, plan};

#[test]
fn the_plan_shows_the_text_and_apply_writes_it() {
    each_pipeline_case(|case| {
        let done = case.apply(CI);
        assert_eq!(done.plan.action(PIPELINE), Action::Create);
        assert_eq!(done.plan.after(PIPELINE, TEXT), &case.read(FILE));
        assert_eq!(done.plan.after(PIPELINE, "/path"), "./.github/workflows/ci.yml");
        assert_eq!(case.list(".github/workflows"), ["ci.yml"]);
        assert_eq!(done.warnings, "");
    });
}

#[test]
fn a_hand_edit_is_shown_as_a_diff_and_repaired() {
    each_pipeline_case(|case| {
        case.apply(CI);
        let text = case.read(FILE);
        case.write(FILE, &text.replacen("permissions:", "# edited\npermissions:", 1));
        let drift = plan(case, CI);
        assert_eq!(drift.plan.drifted(), [PIPELINE]);
        assert_eq!(drift.plan.action(PIPELINE), Action::Update);
        assert!(drift.text.contains("- # edited\n"), "{}", drift.text);
        case.apply(CI);
        assert_eq!(case.read(FILE), text);
    });
}

#[test]
fn a_file_that_was_removed_is_written_again() {
    pipeline_case(|case| {
        case.apply(CI);
        let text = case.read(FILE);
        fs_err::remove_file(case.work().join(FILE)).unwrap();
        assert_eq!(case.apply(CI).plan.action(PIPELINE), Action::Create);
        assert_eq!(case.read(FILE), text);
    });
}

#[test]
fn an_update_is_made_in_place() {
    each_pipeline_case(|case| {
        let before = case.apply(CI);
        let done = case.apply(&changed());
        assert_eq!(done.plan.action(PIPELINE), Action::Update);
        assert_ne!(before.state.at(PIPELINE, TEXT), done.state.at(PIPELINE, TEXT));
        assert_eq!(done.state.at(PIPELINE, TEXT), &case.read(FILE));
    });
}

#[test]
fn another_directory_is_a_move() {
    each_pipeline_case(|case| {
        case.apply(CI);
        case.write(".github/workflows/other.yml", "mine");
        let elsewhere = CI.replace("/.github", "/sub/.github");
        let done = case.apply(&elsewhere.replace("  platform ", "  repository = path.root\n  platform "));
        assert_eq!(done.plan.action(PIPELINE), Action::Update);
        assert_eq!(done.state.at(PIPELINE, "/path"), "./sub/.github/workflows/ci.yml");
        assert_eq!(case.list("sub/.github/workflows"), ["ci.yml"]);
        assert_eq!(case.list(".github/workflows"), ["other.yml"]);
    });
}

#[test]
fn another_name_is_a_move() {
    pipeline_case(|case| {
        case.apply(CI);
        let done = case.apply(&ci_with("name = \"delivery\""));
        assert_eq!(done.plan.action(PIPELINE), Action::Update);
        assert_eq!(case.list(".github/workflows"), ["delivery.yml"]);
    });
}

#[test]
fn a_move_onto_a_file_of_somebody_else_changes_nothing() {
    pipeline_case(|case| {
        case.apply(CI);
        let text = case.read(FILE);
        case.write(".github/workflows/delivery.yml", "mine");
        insta::assert_snapshot!(error(case, &ci_with("name = \"delivery\"")), @r#"
        Error: The file exists already

          with devopsflow_pipeline.ci,
          on main.tf line 7, in resource "devopsflow_pipeline" "ci":
           7:   directory       = "${path.root}/.github/workflows"

        ./.github/workflows/delivery.yml was not written by this resource and holds something else. Import it, set `overwrite = true`, or choose another `name`.
        "#);
        assert_eq!(case.read(".github/workflows/delivery.yml"), "mine");
        assert_eq!(case.read(FILE), text);
        case.apply(CI);
    });
}

#[test]
fn destroy_removes_exactly_its_own() {
    each_pipeline_case(|case| {
        case.write(".github/workflows/other.yml", "mine");
        case.apply(CI);
        assert_eq!(case.list(".github/workflows"), ["ci.yml", "other.yml"]);
        let done = case.step(acceptance_tests::Step::Destroy);
        assert_eq!(done.plan.action(PIPELINE), Action::Delete);
        assert_eq!(case.list(".github/workflows"), ["other.yml"]);
    });
}

#[test]
fn without_a_directory_nothing_is_written() {
    pipeline_case(|case| {
        let computed = CI.replace("  directory       = \"${path.root}/.github/workflows\"\n", "");
        let done = case.apply(&computed);
        assert!(done.state.at(PIPELINE, TEXT).is_string());
        assert!(done.state.at(PIPELINE, "/path").is_null());
        assert!(!case.exists(".github"));
    });
}

#[test]
fn a_directory_where_the_platform_does_not_look_is_a_warning() {
    pipeline_case(|case| {
        let done = case.apply(&CI.replace("/.github/workflows", "/pipelines"));
        insta::assert_snapshot!(done.warnings, @r#"
        Warning: The platform does not look into this directory

          with devopsflow_pipeline.ci,
          on main.tf line 6, in resource "devopsflow_pipeline" "ci":
           6:   directory       = "${path.root}/pipelines"

        github-actions runs only pipelines in `.github/workflows` of the repository; those in ./pipelines are written but not found.
        "#);
        assert_eq!(case.list("pipelines"), ["ci.yml"]);
    });
}
