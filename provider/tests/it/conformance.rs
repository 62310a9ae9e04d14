//! The rules that terraform enforces, with random configurations, priors and unknowns.

use framework::conformance::arbitrary;
use framework::host::{Error, Object};
use framework::{Diagnostics, Value};
use proptest::prelude::*;

use crate::project::{PIPELINE, Project};

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
