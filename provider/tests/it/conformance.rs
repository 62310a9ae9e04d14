//! The rules that terraform enforces, with random configurations, priors and unknowns.

use framework::conformance::arbitrary;
use framework::host::{Error, Object};
use framework::{Diagnostics, Value};
use proptest::prelude::*;

use crate::agent::Agent;
use crate::project::{PIPELINE, Project};
use crate::rollout::{ROLLOUT, host};

/// What a plan or an apply said; a refusal is an answer too.
#[track_caller]
fn hold(diagnostics: &Diagnostics) {
    let fault = diagnostics.iter().find(|diagnostic| diagnostic.summary == "The provider is at fault");
    assert!(fault.is_none(), "{}", fault.map(ToString::to_string).unwrap_or_default());
}

/// Random values, but the places that are read and written stay in the project.
fn confined(value: Value, project: &Project, directory: &str) -> Value {
    let Value::Map(mut members) = value else { return value };
    for (name, place) in [("repository", "."), ("directory", directory)] {
        if members[name].as_str().is_some() {
            members.insert(name.to_owned(), project.at(place));
        }
    }
    members.insert(
        "stray_files".to_owned(),
        if members["stray_files"].is_null() { Value::Null } else { Value::Map([].into()) },
    );
    Value::Map(members)
}

fn cases() -> impl Strategy<Value = (Value, Value, Value, bool)> {
    let project = Project::new();
    let schema = project.host.schemas().resources[PIPELINE].clone();
    let config = arbitrary::config(&schema, 0.02);
    config.prop_flat_map(move |config| {
        let known = arbitrary::resolved(&schema, &config);
        (arbitrary::prior(&schema), Just(config), known, any::<bool>())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn plans_and_applies_keep_the_rules((prior, config, known, exists) in cases()) {
        let project = Project::new();
        let (config, known) = (confined(config, &project, "w"), confined(known, &project, "w"));
        let prior = exists.then(|| Object {
            value: confined(prior, &project, "v"),
            private: Vec::new(),
            tainted: false,
        });
        let plan = |config: &Value| pollster::block_on(project.host.plan(PIPELINE, prior.as_ref(), config));
        match plan(&config) {
            Err(Error::Refused(diagnostics)) => hold(&diagnostics),
            Err(Error::Fault(fault)) => panic!("{fault}"),
            Ok(change) => {
                hold(&change.diagnostics);
                match pollster::block_on(project.host.apply(&change, &known)) {
                    Ok(outcome) => hold(&outcome.diagnostics),
                    Err(error) => prop_assert!(!error.to_string().contains("is at fault"), "{error}"),
                }
            }
        }
    }
}

/// Random values of a rollout, but texts that have to be spans, addresses and the like are such, and nothing waits for long.
fn plausible(value: Value) -> Value {
    let Value::Map(members) = value else {
        return match value {
            Value::List(elements) => Value::List(elements.into_iter().map(plausible).collect()),
            value => value,
        };
    };
    let plausible = |name: &str, value: Value| match (name, &value) {
        (_, Value::Null) => value,
        // What was known of an unknown text need not hold for the one that takes its place.
        (_, Value::Unknown(_)) => Value::UNKNOWN,
        ("name", _) => "api".into(),
        ("agent_id", _) => "agent-1".into(),
        ("host", _) => "here".into(),
        ("version", Value::String(text)) => Value::string(text.replace(char::is_control, "x") + "1"),
        ("bind", _) => "127.0.0.1".into(),
        ("path", _) => "/".into(),
        ("pass_when" | "deadline" | "metrics_port" | "gates" | "working_dir", _) => Value::Null,
        ("update", _) => "3650d".into(),
        ("command", _) => Value::List(vec!["serve".into()]),
        ("trusted_proxies", _) => Value::List(Vec::new()),
        ("env", _) => Value::map::<&str>([]),
        ("steps", Value::List(steps)) => Value::List(steps.iter().take(1).cloned().map(plausible).collect()),
        (
            "drain" | "abort_drain" | "stop_timeout" | "interval" | "timeout" | "progress_deadline" | "pause_deadline"
            | "retain" | "create" | "pause" | "max_duration",
            _,
        ) => "10s".into(),
        _ => plausible(value),
    };
    Value::Map(members.into_iter().map(|(name, value)| (name.clone(), plausible(&name, value))).collect())
}

fn rollouts() -> impl Strategy<Value = (Value, Value, Value, bool)> {
    let registry = provider::registry();
    let schemas = pollster::block_on(framework::Provider::schemas(&registry)).unwrap();
    let schema = schemas.resources[ROLLOUT].clone();
    arbitrary::config(&schema, 0.01).prop_flat_map(move |config| {
        let known = arbitrary::resolved(&schema, &config);
        (arbitrary::prior(&schema), Just(config), known, any::<bool>())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn rollouts_keep_the_rules((prior, config, known, exists) in rollouts()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let agent = Agent::start();
            let host = host(&agent).await;
            let (config, known) = (plausible(config), plausible(known));
            let prior = exists.then(|| Object { value: plausible(prior), private: Vec::new(), tainted: false });
            match host.plan(ROLLOUT, prior.as_ref(), &config).await {
                Err(Error::Refused(diagnostics)) => hold(&diagnostics),
                Err(Error::Fault(fault)) => panic!("{fault}"),
                Ok(change) => {
                    hold(&change.diagnostics);
                    match host.apply(&change, &known).await {
                        Ok(outcome) => hold(&outcome.diagnostics),
                        Err(error) => prop_assert!(!error.to_string().contains("is at fault"), "{error}"),
                    }
                }
            }
            Ok(())
        })?;
    }
}
