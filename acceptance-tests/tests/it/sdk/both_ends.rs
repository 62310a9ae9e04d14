//! The provider in the program's process and as a plugin: what it plans, says and leaves is the same.

use acceptance_tests::Case;
use serde_json::{Value, json};

use super::fixture::{BOTH, CI, End, SHOP, Settings, check_idle, events, planned, resource, run, shown, state, up};
use crate::fixture::{FILE, pipeline_case};

/// What differs from run to run, whoever runs it.
const MOMENTARY: [&str; 6] = ["elapsed_ms", "rollout_id", "at", "private", "fingerprint", "updates"];

/// The value with nothing in the places that differ from run to run.
fn steady(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let keep = members.iter().filter(|(name, _)| !MOMENTARY.contains(&name.as_str()));
            // An id that is written as an attribute that changes.
            let is_id = members.get("attribute").is_some_and(|name| name == "rollout_id");
            keep.map(|(name, value)| (name.clone(), if is_id { Value::Null } else { steady(value) })).collect()
        }
        Value::Array(elements) => elements.iter().map(steady).collect(),
        other => other.clone(),
    }
}

/// Goes through the life of two pipelines and a service. Gives what was told at every step, and what was recorded after it.
fn life(case: &Case, end: End, settings: &Settings) -> Vec<String> {
    let mut notes = Vec::new();
    let mut step = |settings: &Settings, args: &[&str], code: i32| {
        let ended = run(case, end, settings, &[args, &["--parallel", "1", "--json"]].concat());
        ended.expect_code(code);
        let told = events(&ended).into_iter().map(|event| steady(&event).to_string());
        // Whether a gate sees enough depends on how long there was no traffic.
        let mut told: Vec<String> = told.filter(|event| !event.contains("A gate will see too little")).collect();
        told.sort();
        notes.push(format!("{args:?}"));
        notes.extend(told);
        let recorded = serde_json::to_string_pretty(&steady(&json!(state(case)))).unwrap();
        notes.extend(recorded.lines().map(str::to_owned));
    };
    let one = settings.with("motto", "one").with("second", "yes");
    let two = one.with("motto", "two").with("version", "v2");
    step(&one, &["up", "--yes"], 0);
    step(&one, &["preview"], 0);
    step(&two, &["up", "--yes"], 0);
    case.write(FILE, "name: by hand\n");
    step(&two, &["refresh"], 0);
    step(&two, &["up", "--yes"], 0);
    step(&two, &["up", "--yes", "--replace", CI, "--replace", SHOP], 0);
    step(&two.with("name", "No Name"), &["up", "--yes"], 1);
    step(&two, &["destroy", "--yes"], 0);
    assert!(!case.exists(FILE) && case.try_status("shop").is_none());
    // The next life begins anew, with the same ids.
    fs_err::remove_dir_all(case.work().join(".devopsflow")).unwrap();
    notes
}

#[test]
fn the_same_program_tells_and_records_the_same() {
    pipeline_case(|case| {
        let settings = Settings::service();
        let [near, far] = BOTH.map(|end| life(case, end, &settings));
        // They are long: the first that differs says enough.
        let differing = near.iter().zip(&far).find(|(near, far)| near != far);
        assert_eq!(differing, None);
        assert_eq!(near.len(), far.len());
    });
}

#[test]
fn a_stack_can_be_switched_from_one_to_the_other() {
    pipeline_case(|case| {
        let settings = Settings::service().with("motto", "one").with("second", "yes");
        for (from, to) in [(End::InProcess, End::Plugin), (End::Plugin, End::InProcess)] {
            up(case, from, &settings);
            let before = state(case);
            check_idle(case, to, &settings);
            let ended = run(case, to, &settings, &["up", "--yes", "--json"]);
            ended.expect_success();
            let counts = events(&ended).pop().unwrap()["counts"].clone();
            assert_eq!((&counts["same"], &counts["updated"]), (&json!(3), &json!(0)), "{counts}");
            let after = state(case);
            assert_eq!(steady(&json!(before)), steady(&json!(after)));
            let fingerprint = |state: &devopsflow::state::State| state.live(CI).unwrap().fingerprint.clone();
            assert_ne!(fingerprint(&before), fingerprint(&after), "that of the provider's build is part of it");
        }
        // What the one recorded, the other changes and removes.
        assert_eq!(
            planned(case, End::Plugin, &settings.with("version", "v2")),
            [(SHOP.to_owned(), "update".to_owned())]
        );
        up(case, End::Plugin, &settings.with("version", "v2"));
        assert_eq!(shown(case), "v2 healthy 100");
        assert_eq!(resource(case, SHOP).provider, "devopsflow");
        run(case, End::InProcess, &settings, &["destroy", "--yes"]).expect_success();
        assert!(state(case).resources.is_empty() && !case.exists(FILE) && case.try_status("shop").is_none());
    });
}
