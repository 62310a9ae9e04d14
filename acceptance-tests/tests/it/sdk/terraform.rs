//! The same with terraform, and objects handed from one to the other.

use std::collections::BTreeMap;

use acceptance_tests::{Action, Case, Config, Step};
use serde_json::Value;

use super::fixture::{CI, End, SHOP, Settings, attributes, check_idle, planned, run, state, up};
use crate::fixture::{FILE, pipeline_case};

/// What names them for an import.
const PIPELINE_ID: &str = "github-actions:./.github/workflows/ci.yml";
const NAME: &str = "shop";

/// What the program declares with the same settings, in terraform's words.
fn config(settings: &Settings) -> String {
    let [service, port, version, motto] = ["service", "port", "version", "motto"].map(|key| settings.get(key));
    format!(
        r#"
resource "devopsflow_pipeline" "ci" {{
  platform     = "github-actions"
  language     = "python"
  name         = "ci"
  directory    = "./.github/workflows"
  environments = []
  variables    = {{ MOTTO = "{motto}" }}
}}

resource "devopsflow_rollout" "shop" {{
  name    = "shop"
  version = "{version}"
  retain  = "0s"
  gates   = [{{ name = "errors", metric = "error_rate", min_samples = 1 }}]

  target = {{
    local = {{
      command   = ["{service}", "--version", "{{version}}"]
      port      = {port}
      readiness = {{ path = "/healthz", interval = "100ms" }}
    }}
  }}

  strategy = {{
    canary = {{ steps = [{{ weight = 20, pause = "1s" }}] }}
  }}
}}
"#
    )
}

/// The settings of a pipeline and a service.
fn settings() -> Settings {
    Settings::service().with("motto", "one")
}

/// What differs between two objects that are made alike.
const MOMENTARY: [&str; 1] = ["rollout_id"];

fn members(value: &Value) -> BTreeMap<String, Value> {
    let members = value.as_object().unwrap().iter().filter(|(name, _)| !MOMENTARY.contains(&name.as_str()));
    members.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// What terraform and the program record of the two objects is the same, attribute by attribute.
#[track_caller]
fn check_agree(terraform: &acceptance_tests::State, case: &Case) {
    for address in [CI, SHOP] {
        let (theirs, ours) = (members(terraform.at(address, "")), members(&attributes(case, address)));
        assert_eq!(theirs.keys().collect::<Vec<_>>(), ours.keys().collect::<Vec<_>>(), "{address}");
        for (name, theirs) in theirs {
            assert!(
                same(&theirs, &ours[&name]),
                "{address}: {name} is {theirs} for terraform and {} here",
                ours[&name]
            );
        }
    }
}

/// Whether two values are equal; numbers as numbers, for 20 and 20.0 are one value in two spellings.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| other.get(name).is_some_and(|other| same(value, other)))
        }
        _ => one == other,
    }
}

/// The text of the pipeline, the processes of the service, and how many rollouts it had.
#[track_caller]
fn objects(case: &Case) -> (String, Vec<i32>, usize) {
    let mut replicas: Vec<i32> = case.replicas().iter().map(acceptance_tests::Process::pid).collect();
    replicas.sort_unstable();
    (case.read(FILE), replicas, case.history(NAME).len())
}

#[test]
fn the_same_inputs_give_the_same_state() {
    pipeline_case(|case| {
        let (one, two) = (settings(), settings().with("motto", "two").with("version", "v2"));
        case.apply(&config(&one));
        let updated = case.apply(&config(&two)).state;
        case.step(Step::Destroy);
        assert!(!case.exists(FILE) && case.try_status(NAME).is_none());
        up(case, End::InProcess, &one);
        up(case, End::InProcess, &two);
        check_agree(&updated, case);
        run(case, End::InProcess, &two, &["destroy", "--yes"]).expect_success();
    });
}

#[test]
fn what_terraform_made_is_imported_by_the_program() {
    pipeline_case(|case| {
        let settings = settings();
        let made = case.apply(&config(&settings)).state;
        let before = objects(case);
        for (address, id) in [(CI, PIPELINE_ID), (SHOP, NAME)] {
            run(case, End::InProcess, &settings, &["import", address, id]).expect_success();
        }
        // An import does not know what was asked for, only what is there: the inputs that nothing shows are all that is new.
        let planned = planned(case, End::InProcess, &settings);
        assert!(planned.iter().all(|(_, step)| step == "update"), "{planned:?}");
        up(case, End::InProcess, &settings);
        check_idle(case, End::InProcess, &settings);
        check_agree(&made, case);
        assert_eq!(objects(case), before, "neither was touched");
        case.step(Step::Plan(Config::of(&config(&settings))));

        // Each can let go of them without the other.
        for address in [SHOP, CI] {
            run(case, End::InProcess, &settings, &["state", "remove", address]).expect_success();
        }
        assert!(state(case).resources.is_empty());
        assert_eq!(objects(case), before);
        case.step(Step::Plan(Config::of(&config(&settings))));
    });
}

#[test]
fn what_the_program_made_is_imported_by_terraform() {
    pipeline_case(|case| {
        let settings = settings();
        up(case, End::InProcess, &settings);
        let (before, config) = (objects(case), config(&settings));
        let done = case.step(Step::Import { config: &config, address: CI, id: PIPELINE_ID });
        assert_eq!(done.plan.action(CI), Action::Update);
        let block = format!("{config}\nimport {{\n  to = {SHOP}\n  id = \"{NAME}\"\n}}\n");
        let done = case.step(Step::ImportBlock { config: Config::of(&block), address: SHOP });
        assert_eq!((done.plan.action(CI), done.plan.action(SHOP)), (Action::Update, Action::Update));
        case.step(Step::Plan(Config::of(&config)));
        check_agree(&case.state(), case);
        assert_eq!(objects(case), before, "neither was touched");
        check_idle(case, End::InProcess, &settings);

        case.run(&["state", "rm", CI, SHOP]).expect_success();
        assert_eq!(objects(case), before);
        check_idle(case, End::InProcess, &settings);
        run(case, End::InProcess, &settings, &["destroy", "--yes"]).expect_success();
        assert!(!case.exists(FILE) && case.try_status(NAME).is_none());
    });
}
