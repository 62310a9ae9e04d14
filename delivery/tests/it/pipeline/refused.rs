//! What is refused, and what is warned of.

use std::collections::BTreeMap;

use delivery::pipeline::options::{
    AwsIdentity, Canary, Cloud, Cluster, Deploy, DeployStrategy, Ecs, Eks, Environment, ExtraJob, ExtraStep, Helm,
    Image, Kubectl, Options, Pin, Point, Rung, Scripts, Terraform, Tests, Triggers, UserStep,
};
use insta::assert_snapshot;

use super::fixture::{self, MODULE, options};
use super::variants::manifests;

/// Everything that is wrong with a pipeline of a project of these files.
#[track_caller]
fn refusal(files: &[(&str, &str)], options: &Options) -> String {
    fixture::render(files, options).expect_err("it should be refused").to_string()
}

/// What the user is told about a pipeline that is rendered.
#[track_caller]
fn warnings(files: &[(&str, &str)], options: &Options) -> String {
    fixture::render(files, options).unwrap_or_else(|problems| panic!("{problems}")).warnings.to_string()
}

fn step(run: &str) -> UserStep {
    UserStep { name: "Mine".to_owned(), run: Some(run.to_owned()), ..UserStep::default() }
}

fn aws() -> Cloud {
    Cloud::Aws(AwsIdentity { role: "arn:aws:iam::1:role/deploy".to_owned(), region: "eu-central-1".to_owned() })
}

fn eks() -> Cluster {
    Cluster::Eks(Eks { name: "shop".to_owned() })
}

#[test]
fn names_that_are_none() {
    let production = Environment {
        url: Some("example.com".to_owned()),
        branch: Some("release/*".to_owned()),
        ..Environment::new("pro duction")
    };
    let triggers = Triggers { branches: vec!["main; rm".to_owned()], ..Triggers::default() };
    let options = Options {
        name: "../ci".to_owned(),
        versions: Some(vec!["latest".to_owned()]),
        variables: BTreeMap::from([("GITHUB_SHA".to_owned(), "1".to_owned())]),
        environments: Some(vec![production]),
        triggers: Some(triggers),
        image: Some(Image { name: Some("app:latest".to_owned()), platforms: Vec::new(), ..Image::default() }),
        ..options()
    };
    assert_snapshot!(refusal(&fixture::service(MODULE), &options), @r#"
    error: name: Not a name for a file
    "../ci" should be letters, digits, `-`, `_` and `.`, beginning with a letter or digit, at most 100.
    error: versions[0]: Not a version
    "latest" should be a version such as `3.13`.
    error: variables["GITHUB_SHA"]: Not the name of an environment variable
    "GITHUB_SHA" should be letters, digits and `_`, not beginning with a digit, and not one that the platform sets (`GITHUB_...`, `RUNNER_...`).
    error: triggers.branches[0]: Not a pattern of branches or tags
    "main; rm" should be letters, digits, `-`, `_`, `.` and `/`, with the wildcards `*`, `?`, `+`, `[...]` and a leading `!`.
    error: environments[0].name: Not the name of an environment
    "pro duction" should be letters, digits, `-` and `_`, beginning with a letter, at most 50.
    error: environments[0].branch: Not the name of a branch
    "release/*" should be letters, digits, `-`, `_`, `.` and `/`, without wildcards.
    error: environments[0].url: Not an address
    "example.com" should be an address such as `https://example.com`, without user, query and spaces, and without `/` at the end.
    error: image.name: Not the name of an image
    "app:latest" should be a registry and a path in lower case without a tag, such as `ghcr.io/example/api`.
    error: image.platforms: Not a platform
    At least one platform such as `linux/amd64` is expected.
    error: image.registry: No way to log in
    The image is in another registry than GitHub's. Say by `registry` how to log in to it.
    warning: environments[0].cloud: No identity for terraform
    The module in infra uses s3, but the jobs of pro duction have no identity there. Set `cloud = { aws = ... }`, or name the secrets that hold the credentials.
    "#);
}

#[test]
fn expressions_of_the_platform() {
    let extra =
        ExtraStep { at: Point::BeforeTest, environment: None, step: step("echo ${{ github.event.issue.title }}") };
    let options = Options {
        variables: BTreeMap::from([("TITLE".to_owned(), "${{ github.head_ref }}".to_owned())]),
        extra_steps: vec![extra],
        ..options()
    };
    assert_snapshot!(refusal(&fixture::python(), &options), @r#"
    error: variables["TITLE"]: An expression in a text
    `${{` begins an expression of the platform, whose value could be anything a stranger wrote. Pass values as environment variables: by `variables`, by the names of `secrets`, or by those that the platform sets itself, such as `$GITHUB_SHA`.
    error: extra_steps[0].step.run: An expression in a text
    `${{` begins an expression of the platform, whose value could be anything a stranger wrote. Pass values as environment variables: by `variables`, by the names of `secrets`, or by those that the platform sets itself, such as `$GITHUB_SHA`.
    warning: deploy: The pipeline does not deploy
    No image is built, so there is nothing to deploy. Add a Dockerfile to the project, deploy with `scripts`, or set `environments` to an empty list.
    "#);
}

#[test]
fn actions_without_a_known_commit() {
    let uses = |uses: &str| UserStep { name: "Theirs".to_owned(), uses: Some(uses.to_owned()), ..UserStep::default() };
    let steps = vec![uses("someone/thing"), uses("actions/cache@v4")];
    let job = ExtraJob { steps, timeout_minutes: 5, ..ExtraJob::default() };
    let options = Options { extra_jobs: BTreeMap::from([("mine".to_owned(), job)]), ..options() };
    assert_snapshot!(refusal(&fixture::python(), &options), @r#"
    error: extra_jobs["mine"].steps[0].uses: An action without a pinned commit
    "someone/thing" has no commit that is known. Add it to `pins` as "someone/thing" = { version = "...", sha = "..." }, or write `someone/thing@` and the 40 digits of the commit.
    error: extra_jobs["mine"].steps[1].uses: An action without a pinned commit
    "actions/cache@v4" has no commit that is known. Add it to `pins` as "actions/cache" = { version = "...", sha = "..." }, or write `actions/cache@` and the 40 digits of the commit.
    "#);
    let pin = Pin { version: "v1".to_owned(), sha: "abc".to_owned() };
    let options = Options { pins: BTreeMap::from([("someone/thing".to_owned(), pin)]), ..super::fixture::options() };
    assert_snapshot!(refusal(&fixture::python(), &options), @r#"
    error: pins["someone/thing"].sha: Not a commit
    "abc" should be the 40 hexadecimal digits of a commit, in lower case.
    warning: deploy: The pipeline does not deploy
    No image is built, so there is nothing to deploy. Add a Dockerfile to the project, deploy with `scripts`, or set `environments` to an empty list.
    "#);
}

#[test]
fn jobs_that_cannot_be_put_in_order() {
    let job = |needs: &str, required_by: &str| ExtraJob {
        needs: [needs.to_owned()].into(),
        required_by: [required_by.to_owned()].into(),
        steps: vec![step("true")],
        timeout_minutes: 5,
        ..ExtraJob::default()
    };
    let jobs = BTreeMap::from([("lint".to_owned(), job("test", "publish")), ("a".to_owned(), job("nothing", "b"))]);
    assert_snapshot!(refusal(&fixture::image(), &Options { extra_jobs: jobs, ..options() }), @r#"
    warning: deploy: The pipeline does not deploy
    No directory of the project holds a terraform module.
    error: extra_jobs["a"].needs: No such job
    There is no job "nothing". The jobs are a, dependencies, dependency-review, image, lint, publish, sast, secrets, test, types.
    error: extra_jobs["a"].required_by: No such job
    There is no job "b". The jobs are a, dependencies, dependency-review, image, lint, publish, sast, secrets, test, types.
    error: extra_jobs["lint"]: The name of a job is taken
    The pipeline has a job "lint" of its own. Take another name, or add steps to it by `extra_steps`.
    "#);
    let jobs = BTreeMap::from([("a".to_owned(), job("publish", "lint"))]);
    assert_snapshot!(refusal(&fixture::image(), &Options { extra_jobs: jobs, ..options() }), @r"
    warning: deploy: The pipeline does not deploy
    No directory of the project holds a terraform module.
    error: extra_jobs: A circle of jobs
    These jobs wait for each other: lint, image, publish, a.
    ");
}

#[test]
fn secrets_outside_of_environments() {
    let secret = UserStep { secrets: ["TOKEN".to_owned()].into(), ..step("true") };
    let extra = ExtraStep { at: Point::AfterLint, environment: None, step: secret };
    let tests = Tests { secrets: ["PASSWORD".to_owned()].into(), ..Tests::default() };
    assert_snapshot!(refusal(&fixture::python(), &Options { extra_steps: vec![extra], tests: Some(tests), ..options() }), @r"
    error: tests.environment: Secrets without an environment
    Only a job in one of the platform's environments gets secrets. Set `environment`.
    warning: deploy: The pipeline does not deploy
    No image is built, so there is nothing to deploy. Add a Dockerfile to the project, deploy with `scripts`, or set `environments` to an empty list.
    error: extra_steps[0].step.secrets: A secret outside an environment
    Only a job in one of the platform's environments gets secrets, and this job is in none. Give the job an environment, or put the step into a job of `extra_jobs` with `environment`.
    ");
}

#[test]
fn steps_without_a_place_or_a_purpose() {
    let at = |at, step| ExtraStep { at, environment: None, step };
    let both = UserStep { uses: Some("actions/cache".to_owned()), ..step("true") };
    let extra_steps = vec![at(Point::BeforeEndToEnd, step("true")), at(Point::BeforeLint, both)];
    assert_snapshot!(refusal(&fixture::python(), &Options { extra_steps, ..options() }), @r"
    error: extra_steps[1].step: Not one thing to do
    Exactly one of `run` and `uses` is expected.
    warning: deploy: The pipeline does not deploy
    No image is built, so there is nothing to deploy. Add a Dockerfile to the project, deploy with `scripts`, or set `environments` to an empty list.
    error: extra_steps[0].at: A step without a place
    The pipeline has no job with this point: what it needs was not found in the project, or no environment has that name.
    ");
}

#[test]
fn variables_that_the_pipeline_needs_itself() {
    let staging = Environment {
        variables: BTreeMap::from([("IMAGE".to_owned(), "mine".to_owned())]),
        ..Environment::new("staging")
    };
    assert_snapshot!(refusal(&fixture::service(MODULE), &Options { environments: Some(vec![staging]), ..options() }), @r#"
    warning: environments[0].cloud: No identity for terraform
    The module in infra uses s3, but the jobs of staging have no identity there. Set `cloud = { aws = ... }`, or name the secrets that hold the credentials.
    error: variables: An environment variable that is set twice
    The step "Find out what runs" of the job deploy-staging has the environment variable IMAGE already: the pipeline sets it, or it is given twice. Take another name.
    "#);
}

#[test]
fn a_module_that_does_not_fit() {
    let deploy = Some(Deploy::Terraform(Terraform::default()));
    let options = Options { deploy_strategy: DeployStrategy::BlueGreen, deploy, ..options() };
    let module = "variable \"region\" {}\nvariable \"image_blue\" {}\n";
    assert_snapshot!(refusal(&fixture::service(module), &options), @r#"
    error: deploy.terraform.directory: The terraform module does not fit the strategy
    The module in infra takes what runs as variables and gives it back as outputs. For this strategy it lacks:
      variable "image_green" {}
      variable "active_slot" {}
      output "image_blue" { value = var.image_blue }
      output "image_green" { value = var.image_green }
      output "active_slot" { value = var.active_slot }
    error: deploy.terraform.directory: The terraform module keeps no state
    The module in infra configures no backend that outlives the job, so its state would be lost with the machine of the job. Add one, such as `backend "s3" {}`.
    error: deploy.terraform.var_file: A variable without a value
    For staging, nothing gives a value to region (infra/main.tf:1 (variable)). Set `var_file`, or give the environment variables or secrets `TF_VAR_...`.
    error: deploy.terraform.var_file: A variable without a value
    For production, nothing gives a value to region (infra/main.tf:1 (variable)). Set `var_file`, or give the environment variables or secrets `TF_VAR_...`.
    "#);
}

#[test]
fn environments_that_share_a_state() {
    let given = Terraform {
        workspace: Some("shared".to_owned()),
        directory: Some("./infra/".to_owned()),
        ..Terraform::default()
    };
    let options = Options { deploy: Some(Deploy::Terraform(given)), ..options() };
    assert_snapshot!(refusal(&fixture::service(MODULE), &options), @r"
    error: deploy.terraform.workspace: Two environments with one state
    staging and production are both deployed from infra with the same workspace and settings of the backend, so each would replace the other. Put `{environment}` into `workspace`, `backend_config` or `directory`.
    ");
}

#[test]
fn manifests_that_do_not_fit() {
    let given = Kubectl {
        directory: None,
        namespace: "shop".to_owned(),
        deployment: Some("shop".to_owned()),
        container: Some("sidecar".to_owned()),
        service: None,
        cluster: eks(),
    };
    let of = |given: &Kubectl| Options { deploy: Some(Deploy::Kubectl(given.clone())), ..options() };
    assert_snapshot!(refusal(&manifests(), &of(&given)), @r"
    error: cloud: No identity for the cluster
    The cluster of staging is reached with an identity in its cloud. Set `cloud = { aws = ... }`.
    error: cloud: No identity for the cluster
    The cluster of production is reached with an identity in its cloud. Set `cloud = { aws = ... }`.
    error: deploy.kubectl.container: Which container runs the image?
    The Deployment shop has the containers web. Set `container` to one of them.
    ");
    let other = Kubectl { deployment: Some("other".to_owned()), container: None, ..given.clone() };
    let other = Options { deploy_strategy: DeployStrategy::BlueGreen, cloud: Some(aws()), ..of(&other) };
    assert_snapshot!(refusal(&manifests(), &other), @r"
    error: deploy.kubectl.deployment: The manifests do not fit the strategy
    The manifests in k8s must declare the Deployment other-blue and other-green; they declare shop, shop-blue, shop-canary, shop-green.
    ");
}

#[test]
fn charts_and_scripts_that_are_not_there() {
    let chart = Helm {
        chart: Some("charts/shop".to_owned()),
        release: None,
        namespace: "a b".to_owned(),
        values: Vec::new(),
        cluster: eks(),
    };
    assert_snapshot!(refusal(&fixture::image(), &Options { deploy: Some(Deploy::Helm(chart)), cloud: Some(aws()), ..options() }), @r#"
    error: deploy.helm.namespace: Not a name of Kubernetes
    "a b" should be letters, digits and `-`, and may hold `{environment}`.
    error: deploy.helm.chart: No Helm chart
    charts/shop holds no Helm chart.
    "#);
    let scripts = Scripts {
        deploy: "scripts/deploy.sh".to_owned(),
        rollback: "../rollback.sh".to_owned(),
        current: "scripts/current.sh".to_owned(),
        switch: None,
        shift: None,
    };
    let options =
        Options { deploy: Some(Deploy::Scripts(scripts)), deploy_strategy: DeployStrategy::BlueGreen, ..options() };
    assert_snapshot!(refusal(&fixture::image(), &options), @r#"
    error: deploy.scripts.rollback: Not a path of the repository
    "../rollback.sh" should be a path relative to the root, without `..`.
    error: deploy.scripts.deploy: No such script
    "scripts/deploy.sh" is not among the scripts of the project.
    error: deploy.scripts.rollback: No such script
    "../rollback.sh" is not among the scripts of the project.
    error: deploy.scripts.current: No such script
    "scripts/current.sh" is not among the scripts of the project.
    error: deploy.scripts.switch: A script is not given
    The strategy needs the script "switch". Set it to a script of the project.
    "#);
}

#[test]
fn ladders_that_do_not_climb() {
    let rung = |weight| Rung { weight, pause_minutes: 1 };
    let canary = |weights: &[u32]| Some(Canary { steps: weights.iter().copied().map(rung).collect() });
    let options = |strategy, canary| Options { deploy_strategy: strategy, canary, ..options() };
    let files = fixture::service(MODULE);
    assert_snapshot!(refusal(&files, &options(DeployStrategy::Canary, canary(&[5, 5, 100]))), @r#"
    error: canary.steps[1].weight: Weights that do not grow
    5 should be more than 5 and less than 100; after the last step, all get the new version.
    error: canary.steps[2].weight: Weights that do not grow
    100 should be more than 5 and less than 100; after the last step, all get the new version.
    warning: deploy: The pipeline does not deploy
    The module in infra takes what runs as variables and gives it back as outputs. For this strategy it lacks:
      variable "canary_image" {}
      variable "canary_weight" {}
      output "canary_image" { value = var.canary_image }
      output "canary_weight" { value = var.canary_weight }
    "#);
    assert_snapshot!(refusal(&files, &options(DeployStrategy::Rolling, canary(&[5]))), @r#"
    error: canary: Steps of another strategy
    `canary` goes with `deploy_strategy = "canary"` only.
    warning: cloud: No identity for terraform
    The module in infra uses s3, but the jobs of staging, production have no identity there. Set `cloud = { aws = ... }`, or name the secrets that hold the credentials.
    warning: environments: Rollback waits for a person
    A person approves what runs in the environment production, so rolling back and looking for drift wait for a person too. Make an environment without reviewers that has the same secrets, branches and trust, and name it by `unattended_environment`.
    "#);
    assert_snapshot!(refusal(&files, &options(DeployStrategy::FeatureFlag, None)), @r"
    error: feature_flag: No flag
    The strategy `feature-flag` needs a command that sets the flag. Set `feature_flag = { command = ... }`.
    warning: cloud: No identity for terraform
    The module in infra uses s3, but the jobs of staging, production have no identity there. Set `cloud = { aws = ... }`, or name the secrets that hold the credentials.
    warning: environments: Rollback waits for a person
    A person approves what runs in the environment production, so rolling back and looking for drift wait for a person too. Make an environment without reviewers that has the same secrets, branches and trust, and name it by `unattended_environment`.
    ");
    let ecs = Ecs { cluster: "shop".to_owned(), service: "web".to_owned(), container: None };
    let ecs = Options {
        deploy: Some(Deploy::Ecs(ecs)),
        cloud: Some(aws()),
        ..options(DeployStrategy::Canary, canary(&[5, 50]))
    };
    assert_snapshot!(refusal(&files, &ecs), @r"
    error: canary.steps: Too many steps for ECS
    ECS moves a part of the traffic once and then the rest, so it takes one step, not 2.
    ");
}

#[test]
fn a_canary_that_nobody_watches() {
    let module = super::fixture::CANARY.replace("output \"url\" { value = \"https://shop.example.com\" }\n", "");
    let files = [fixture::image(), vec![("infra/main.tf", Box::leak(module.into_boxed_str()) as &str)]].concat();
    assert_snapshot!(refusal(&files, &Options { deploy_strategy: DeployStrategy::Canary, ..options() }), @r"
    warning: cloud: No identity for terraform
    The module in infra uses s3, but the jobs of staging, production have no identity there. Set `cloud = { aws = ... }`, or name the secrets that hold the credentials.
    error: environments: A canary that nobody watches
    Nothing tests or watches what is deployed to staging, so nothing is rolled back either. Set its `url`, or a `command` in `smoke_test` or `verification`.
    error: environments: A canary that nobody watches
    Nothing tests or watches what is deployed to production, so nothing is rolled back either. Set its `url`, or a `command` in `smoke_test` or `verification`.
    warning: environments: Rollback waits for a person
    A person approves what runs in the environment production, so rolling back and looking for drift wait for a person too. Make an environment without reviewers that has the same secrets, branches and trust, and name it by `unattended_environment`.
    ");
}

#[test]
fn nothing_to_deploy_with_is_only_warned_of() {
    assert_snapshot!(warnings(&fixture::image(), &options()), @r"
    warning: deploy: The pipeline does not deploy
    No directory of the project holds a terraform module.
    ");
    assert_snapshot!(warnings(&fixture::service("variable \"image\" {}\n"), &options()), @r#"
    warning: deploy: The pipeline does not deploy
    The module in infra takes what runs as variables and gives it back as outputs. For this strategy it lacks:
      output "image" { value = var.image }
    The module in infra configures no backend that outlives the job, so its state would be lost with the machine of the job. Add one, such as `backend "s3" {}`.
    "#);
}

#[test]
fn an_empty_project_is_told_what_it_lacks() {
    assert_snapshot!(warnings(&[], &options()), @r"
    warning: versions: Unknown version of Python
    The project states no version of Python that it needs, so the pipeline runs with 3.13. Set `versions`, or state one in `.python-version` or as `requires-python` in `pyproject.toml`.
    warning: language: Types are not checked
    Neither mypy, pyright, basedpyright nor ty is declared or configured. Add one to the project to check types.
    warning: tests: The project has no unit tests
    No file that pytest or unittest would collect (`test_*.py`, `*_test.py`) was found.
    warning: deploy: The pipeline does not deploy
    No image is built, so there is nothing to deploy. Add a Dockerfile to the project, deploy with `scripts`, or set `environments` to an empty list.
    ");
}

#[test]
fn what_the_defaults_leave_to_people() {
    assert_snapshot!(warnings(&fixture::service(MODULE), &options()), @r"
    warning: cloud: No identity for terraform
    The module in infra uses s3, but the jobs of staging, production have no identity there. Set `cloud = { aws = ... }`, or name the secrets that hold the credentials.
    warning: environments: Rollback waits for a person
    A person approves what runs in the environment production, so rolling back and looking for drift wait for a person too. Make an environment without reviewers that has the same secrets, branches and trust, and name it by `unattended_environment`.
    ");
}

#[test]
fn other_programs_that_would_change_the_file() {
    let mut files = fixture::python();
    let dependabot = "version: 2\nupdates:\n  - package-ecosystem: github-actions\n    directory: /\n";
    files.extend([(".github/dependabot.yml", dependabot), ("renovate.json", "{}")]);
    let options = Options { environments: Some(Vec::new()), ..options() };
    assert_snapshot!(warnings(&files, &options), @r#"
    warning: pins: The file is open to another program
    dependabot would change the versions of actions in .github/workflows/ci.yml, which the next apply would change back. Pins are changed by `pins`. No comment in the file can tell it so; add to .github/dependabot.yml to the `github-actions` entry: exclude-paths: [".github/workflows/ci.yml"].
    warning: pins: The file is open to another program
    renovate would change the versions of actions in .github/workflows/ci.yml, which the next apply would change back. Pins are changed by `pins`. No comment in the file can tell it so; add to renovate.json "ignorePaths": [".github/workflows/ci.yml"].
    "#);
}

#[test]
fn other_programs_that_leave_the_file_alone() {
    let options = Options { environments: Some(Vec::new()), ..options() };
    let excluded =
        "updates:\n  - package-ecosystem: github-actions\n    exclude-paths: [\".github/workflows/ci.yml\"]\n";
    for (path, text) in [
        (".github/dependabot.yml", excluded),
        (".github/dependabot.yml", "updates:\n  - package-ecosystem: pip\n"),
        ("renovate.json5", "{ // ours\n  \"ignorePaths\": [\".github/workflows/ci.yml\"],\n}"),
        ("renovate.json", r#"{ "enabledManagers": ["pep621"] }"#),
        ("renovate.json", r#"{ "github-actions": { "enabled": false } }"#),
    ] {
        let mut files = fixture::python();
        files.push((path, text));
        assert_eq!(warnings(&files, &options), "", "{path}: {text}");
    }
    let mut files = fixture::python();
    let half = format!("{excluded}  - package-ecosystem: github-actions\n    directory: /sub\n");
    files.push((".github/dependabot.yml", &half));
    assert!(warnings(&files, &options).contains("add to .github/dependabot.yml"));
}

#[test]
fn a_module_in_a_cloud_without_an_identity() {
    let module = r#"
terraform {
  backend "s3" {}
  required_providers {
    google = { source = "hashicorp/google" }
  }
}
variable "image" {}
output "image" { value = var.image }
output "url" { value = "https://shop.example.com" }
"#;
    let options = Options { environments: Some(vec![Environment::new("staging")]), ..options() };
    assert_snapshot!(warnings(&fixture::service(module), &options), @r"
    warning: environments[0].cloud: No identity for terraform
    The module in infra uses s3, but the jobs of staging have no identity there. Set `cloud = { aws = ... }`, or name the secrets that hold the credentials.
    ");
}
