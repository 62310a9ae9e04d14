//! What is in a pipeline, by project and options.

use std::sync::LazyLock;

use delivery::pipeline::options::{DeployStrategy, Environment, ExtraStep, Options, Point, Triggers, UserStep};
use delivery::pipeline::{self, Platform};
use delivery::project::Detection;
use insta::assert_snapshot;
use proptest::prelude::*;

use super::fixture::{self, CANARY, Files, MODULE, SLOTS, options};
use super::variants::projects;
use super::workflow::Workflow;

/// Every job with those it waits for.
#[track_caller]
fn graph(files: &Files, options: &Options) -> String {
    let workflow = Workflow::read(fixture::text(files, options));
    let line = |name: &str| format!("{name}: {}", workflow.job(name).needs().join(", "));
    let lines: Vec<_> = workflow.names().into_iter().map(line).collect();
    lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
}

/// What people read of a job's steps.
#[track_caller]
fn steps(files: &Files, options: &Options, job: &str) -> String {
    Workflow::read(fixture::text(files, options)).job(job).titles().join("\n")
}

/// The scripts of a job.
#[track_caller]
fn scripts(files: &Files, job: &str) -> String {
    Workflow::read(fixture::text(files, &options())).job(job).scripts()
}

#[test]
fn a_service_is_checked_built_once_and_promoted() {
    assert_snapshot!(graph(&fixture::service(MODULE), &options()), @r"
    lint:
    types:
    test:
    sast:
    dependencies:
    secrets:
    dependency-review:
    image: lint, types, test, sast, dependencies, secrets
    publish: lint, types, test, sast, dependencies, secrets
    deploy-staging: publish
    smoke-test-staging: publish, deploy-staging
    rollback-staging: publish, deploy-staging, smoke-test-staging
    deploy-production: publish, smoke-test-staging
    verify-production: publish, deploy-production
    rollback-production: publish, deploy-production, verify-production
    drift-staging:
    drift-production:
    ");
}

#[test]
fn the_module_that_fits_is_found_among_others() {
    let mut files = fixture::service(SLOTS);
    files.extend([("main.tf", "provider \"devopsflow\" {}\n"), ("network/main.tf", "variable \"cidr\" {}\n")]);
    let options = Options { deploy_strategy: DeployStrategy::BlueGreen, ..options() };
    let workflow = Workflow::read(fixture::text(&files, &options));
    assert_eq!(workflow.job("deploy-staging").step("Initialise the module")["working-directory"], "infra");
}

#[test]
fn a_project_that_builds_nothing_is_only_checked() {
    assert_snapshot!(graph(&fixture::python(), &options()), @r"
    lint:
    types:
    test:
    sast:
    dependencies:
    secrets:
    dependency-review:
    ");
}

#[test]
fn a_package_is_built_after_all_checks() {
    assert_snapshot!(graph(&projects::package(), &options()), @r"
    lint:
    test:
    sast:
    dependencies:
    secrets:
    dependency-review:
    build: lint, test, sast, dependencies, secrets
    ");
}

#[test]
fn environments_of_different_branches_do_not_wait_for_each_other() {
    let of = |name: &str, branch: &str| Environment { branch: Some(branch.to_owned()), ..Environment::new(name) };
    let environments = vec![of("development", "develop"), of("staging", "main"), of("production", "main")];
    let triggers = Triggers { branches: vec!["main".to_owned(), "develop".to_owned()], ..Triggers::default() };
    let options = Options { environments: Some(environments), triggers: Some(triggers), ..options() };
    let workflow = Workflow::read(fixture::text(&fixture::service(MODULE), &options));
    assert_eq!(workflow.job("deploy-staging").needs(), ["publish"]);
    assert_eq!(workflow.job("deploy-production").needs(), ["publish", "smoke-test-staging"]);
    assert_snapshot!(workflow.job("publish").body["if"].as_str().unwrap(), @"(github.event_name == 'push' || github.event_name == 'workflow_dispatch') && (github.ref == 'refs/heads/develop' || github.ref == 'refs/heads/main')");
    assert_snapshot!(workflow.job("deploy-development").body["if"].as_str().unwrap(), @"(github.event_name == 'push' || github.event_name == 'workflow_dispatch') && github.ref == 'refs/heads/develop'");
}

#[test]
fn the_image_is_named_only_after_it_was_scanned_signed_and_attested() {
    assert_snapshot!(steps(&fixture::service(MODULE), &options(), "publish"), @r"
    Check out the sources
    Name the image
    Log in to the registry
    Set up the builder
    Set up cosign
    Build and push by digest
    Refer to the image by digest
    Scan the image
    List what the image is made of
    Sign the image and the list
    Attest where the image comes from
    Tag the image
    ");
}

#[test]
fn blue_and_green_are_tested_before_they_switch() {
    let options = Options { deploy_strategy: DeployStrategy::BlueGreen, ..options() };
    assert_snapshot!(steps(&fixture::service(SLOTS), &options, "deploy-production"), @r"
    Check out the sources
    Set up terraform
    Initialise the module
    Select the workspace
    Find out what runs
    Start the new version without traffic
    Find out where it is reached
    Ask whether it is well
    Give all traffic to the new version
    Find out what runs
    Go back to what ran before
    ");
}

#[test]
fn a_canary_is_watched_at_every_step_of_the_last_environment() {
    let options = Options { deploy_strategy: DeployStrategy::Canary, ..options() };
    assert_snapshot!(steps(&fixture::service(CANARY), &options, "deploy-production"), @r"
    Check out the sources
    Set up terraform
    Initialise the module
    Select the workspace
    Find out what runs
    Start the new version without traffic
    Find out where it is reached
    Give 5 % of the traffic to the new version
    Watch for 10 minutes
    Give 25 % of the traffic to the new version
    Watch for 10 minutes
    Give 50 % of the traffic to the new version
    Watch for 15 minutes
    Give all traffic to the new version
    Find out what runs
    Go back to what ran before
    ");
    let workflow = Workflow::read(fixture::text(&fixture::service(CANARY), &options));
    assert_eq!(workflow.job("deploy-production").body["timeout-minutes"], 65);
    assert_eq!(workflow.job("deploy-staging").body["timeout-minutes"], 30);
}

#[test]
fn rollback_runs_when_a_deployment_was_not_verified() {
    let workflow = Workflow::read(fixture::text(&fixture::service(MODULE), &options()));
    assert_snapshot!(workflow.job("rollback-production").body["if"].as_str().unwrap(), @"!cancelled() && needs.verify-production.result != 'success' && needs.deploy-production.outputs.running != '' && needs.deploy-production.outputs.restored != 'true'");
    assert_snapshot!(workflow.job("rollback-production").titles().join("\n"), @r"
    Check out the sources
    Set up terraform
    Initialise the module
    Select the workspace
    Find out what runs
    Check that nothing newer runs
    Go back to what ran before
    ");
}

#[test]
fn a_pull_request_from_anywhere_gets_an_image_that_goes_nowhere() {
    let workflow = Workflow::read(fixture::text(&fixture::service(MODULE), &options()));
    let job = workflow.job("image");
    assert_snapshot!(job.body["if"].as_str().unwrap(), @"!((github.event_name == 'push' || github.event_name == 'workflow_dispatch') && github.ref == 'refs/heads/main')");
    assert_eq!(job.step("Build")["with"]["load"], true);
    assert!(job.step("Build")["with"]["outputs"].is_null());
}

#[test]
fn a_scheduled_run_only_looks_for_drift() {
    let workflow = Workflow::read(fixture::text(&fixture::service(MODULE), &options()));
    for job in workflow.jobs().filter(|job| job.needs().is_empty()) {
        let condition = job.body["if"].as_str().unwrap();
        let is_scheduled = job.name.starts_with("drift-");
        assert_eq!(condition.contains("github.event_name == 'schedule'"), is_scheduled, "{}", job.name);
    }
}

#[test]
fn uv_installs_what_is_locked() {
    assert_snapshot!(scripts(&fixture::python(), "test"), @r"
    uv sync --locked --group dev
    uv run --no-sync pytest tests --cov --cov-report=term --cov-report=xml
    ");
}

#[test]
fn poetry_installs_the_groups_of_the_tools() {
    assert_snapshot!(scripts(&projects::poetry(), "lint"), @r"
    python -m pip install poetry==2.5.1
    poetry check --lock
    poetry install --no-interaction --with dev

    poetry run flake8 --extend-exclude .venv
    poetry run black --check .
    ");
    assert_snapshot!(scripts(&projects::poetry(), "types"), @r"
    python -m pip install poetry==2.5.1
    poetry check --lock
    poetry install --no-interaction --with types

    poetry run pyright
    ");
}

#[test]
fn pdm_gets_what_the_project_lacks_from_the_pipeline() {
    assert_snapshot!(scripts(&projects::pdm(), "test"), @r#"
    python -m pip install pdm==2.29.3 'hishel<1.4' 'unearth<0.19'
    pdm lock --check
    pdm sync

    python -m pip --python "$(pdm run which python)" install pytest==9.2.0 pytest-cov==7.1.0
    pdm run pytest tests --cov --cov-report=term --cov-report=xml
    "#);
    assert_snapshot!(scripts(&projects::pdm(), "lint"), @r"
    python -m pip install pdm==2.29.3 'hishel<1.4' 'unearth<0.19'
    pdm lock --check
    pdm sync --group quality

    git ls-files -z '*.py' | xargs --null --no-run-if-empty pdm run pylint
    pdm run isort --check-only .
    ");
}

#[test]
fn pipenv_installs_categories() {
    assert_snapshot!(scripts(&projects::pipenv(), "lint"), @r"
    python -m pip install pipenv==2026.10.3
    pipenv verify
    pipenv sync --dev --categories 'packages dev-packages lint'

    pipenv run ruff check .
    ");
}

#[test]
fn pip_installs_requirements_files_and_extras() {
    assert_snapshot!(scripts(&projects::requirements(), "test"), @r"
    python -m venv .venv
    .venv/bin/python -m pip install --requirement requirements.txt --requirement requirements-dev.txt

    .venv/bin/python -m pip install pytest-cov==7.1.0
    .venv/bin/pytest tests --cov --cov-report=term --cov-report=xml
    ");
    assert_snapshot!(scripts(&projects::package(), "test"), @r"
    python -m venv .venv
    .venv/bin/python -m pip install --editable '.[test]'

    .venv/bin/pytest tests --cov --cov-report=term --cov-report=xml
    ");
}

#[test]
fn pip_reads_the_metadata_of_what_is_no_package() {
    let pyproject = "[project]\nname = \"a\"\nversion = \"1\"\ndependencies = [\"idna\"]\n";
    assert_snapshot!(scripts(&vec![("pyproject.toml", pyproject), ("tests/test_a.py", "")], "test"), @r#"
    python -m venv .venv
    python >.venv/requirements.txt <<'PYTHON'
    import tomllib

    with open("pyproject.toml", "rb") as file:
        project = tomllib.load(file)["project"]
    needed = list(project.get("dependencies", []))
    print("\n".join(needed))
    PYTHON
    .venv/bin/python -m pip install --requirement .venv/requirements.txt

    .venv/bin/python -m pip install pytest==9.2.0 pytest-cov==7.1.0
    .venv/bin/pytest tests --cov --cov-report=term --cov-report=xml
    "#);
}

#[test]
fn suites_do_not_run_each_other() {
    let files = projects::suites();
    let last = |job: &str| scripts(&files, job).lines().last().unwrap().to_owned();
    assert_snapshot!(last("test"), @"uv run --no-sync pytest tests --ignore=tests/integration --ignore=tests/e2e --ignore=tests/smoke -m 'not integration and not e2e' --cov --cov-report=term --cov-report=xml");
    assert_snapshot!(scripts(&files, "integration"), @r"
    uv sync --locked --group dev
    uv run --no-sync pytest tests/integration --cov --cov-report=term --cov-report=xml
    uv run --no-sync pytest -m integration --ignore=tests/integration --cov --cov-report=term --cov-report=xml --cov-append || [ $? -eq 5 ]
    ");
    assert_snapshot!(last("end-to-end"), @"uv run --no-sync pytest -m e2e --ignore=tests/e2e || [ $? -eq 5 ]");
    assert_snapshot!(last("smoke-test-staging"), @"uv run --no-sync pytest tests/smoke");
}

#[test]
fn django_runs_its_own_tests() {
    assert_snapshot!(scripts(&projects::django(), "test"), @r"
    python -m venv .venv
    .venv/bin/python -m pip install --requirement requirements.txt

    .venv/bin/python -m pip install coverage==7.17.3
    .venv/bin/coverage run manage.py test
    .venv/bin/coverage report
    .venv/bin/coverage xml
    ");
}

#[test]
fn a_component_of_a_monorepo_is_worked_on_where_it_is() {
    let options = Options { working_directory: Some("services/the shop".to_owned()), ..options() };
    let workflow = Workflow::read(fixture::text(&projects::monorepo(), &options));
    let test = workflow.job("test");
    assert_eq!(test.body["defaults"]["run"]["working-directory"], "services/the shop");
    assert_eq!(test.step("Keep the coverage report")["with"]["path"], "services/the shop/coverage.xml");
    assert_eq!(workflow.job("image").step("Build")["with"]["context"], "services/the shop");
}

#[test]
fn every_version_is_tested_and_the_last_one_used() {
    let options = Options { versions: Some(vec!["3.12".to_owned(), "3.13".to_owned()]), ..options() };
    let workflow = Workflow::read(fixture::text(&fixture::python(), &options));
    assert_eq!(workflow.job("test").body["strategy"]["matrix"]["version"], serde_json::json!(["3.12", "3.13"]));
    assert_eq!(workflow.job("lint").step("Set up uv and Python")["with"]["python-version"], "3.13");
}

#[test]
fn texts_of_users_arrive_as_they_were_written() {
    let variants = super::variants::variants();
    let variant = variants.iter().find(|variant| variant.name == "odd-texts").unwrap();
    let workflow = Workflow::read(fixture::text(&variant.files, &variant.options));
    for (name, text) in &variant.options.variables {
        assert_eq!(workflow.root["env"][name], serde_json::json!(text), "{name}");
    }
    let given: Vec<_> = variant.options.extra_steps.iter().map(|extra| &extra.step).collect();
    let lint = workflow.job("lint");
    let steps: Vec<_> = lint.steps().filter(|step| step["name"].as_str().unwrap().starts_with("Odd")).collect();
    assert_eq!(steps.len(), given.len());
    for (step, given) in steps.iter().zip(given) {
        assert_eq!(step["name"], serde_json::json!(given.name));
        assert_eq!(
            step["run"].as_str().unwrap().trim_end_matches('\n'),
            given.run.as_ref().unwrap().trim_end_matches('\n')
        );
    }
}

#[test]
fn the_platform_says_where_its_files_belong() {
    assert_eq!(pipeline::location(Platform::GithubActions), ".github/workflows");
    assert_eq!(pipeline::file_name(Platform::GithubActions, "ci"), "ci.yml");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_breaks_out_of_its_place(text in "[ -~\n\t\u{e9}\u{2028}\u{feff}]{0,40}", name in "[ -~]{1,20}") {
        let step = UserStep { name, run: Some(text.clone()), ..UserStep::default() };
        let options = Options {
            variables: [("TEXT".to_owned(), text)].into(),
            extra_steps: vec![ExtraStep { at: Point::BeforeLint, environment: None, step }],
            ..options()
        };
        let Ok(rendered) = pipeline::render(&options, &PROJECT) else { return Ok(()) };
        let (_, file) = rendered.artifacts.iter().next().unwrap();
        let workflow = Workflow::read(String::from_utf8(file.content.clone()).unwrap());
        prop_assert_eq!(workflow.root["env"]["TEXT"].as_str(), Some(options.variables["TEXT"].as_str()));
        let given = &options.extra_steps[0].step;
        let lint = workflow.job("lint");
        let step = lint.steps().find(|step| step["name"] == given.name.as_str()).unwrap();
        let script = step["run"].as_str().unwrap().trim_end_matches('\n');
        prop_assert_eq!(script, given.run.as_deref().unwrap().trim_end_matches('\n'));
    }
}

/// What the property tests render for.
static PROJECT: LazyLock<Detection> = LazyLock::new(|| fixture::detect(&fixture::python(), &options()));
