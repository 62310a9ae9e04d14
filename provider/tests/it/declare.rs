//! A pipeline declared in Rust: what the SDK will do, with a [`Declare`] that only remembers.

use std::collections::BTreeMap;

use delivery::pipeline::options::{Environment, Language, Pipeline, Platform};
use framework::declare::{Declaration, Declare, Kind, Node, Resolved};
use framework::host::config_value;
use framework::{Diagnostics, Input, Output, Path, Value};

use crate::project::{PIPELINE, Project};

/// Declarations in their order.
#[derive(Default)]
struct Memory(Vec<Declaration>);

impl Declare for Memory {
    fn declare(&mut self, declaration: Declaration) -> Result<Node, Diagnostics> {
        self.0.push(declaration);
        Ok(Node(self.0.len() - 1))
    }
}

impl Memory {
    /// The inputs of a declaration, with what `outputs` says of the ones before.
    fn resolve(&self, node: usize, outputs: &[Value]) -> BTreeMap<String, Value> {
        let lookup =
            |node: Node, path: &Path| Resolved::from(path.find(&outputs[node.0]).cloned().unwrap_or(Value::UNKNOWN));
        let inputs = self.0[node].inputs.iter();
        inputs.map(|(name, expr)| (name.clone(), expr.resolve(&lookup).unwrap().value)).collect()
    }
}

#[test]
fn a_pipeline_is_declared_planned_and_its_output_flows_on() {
    let project = Project::new();
    let mut scope = Memory::default();
    let first = Pipeline::new("ci", Platform::GithubActions, Language::Python)
        .repository(project.path().to_owned())
        .directory(".github/workflows")
        .environments([Environment::builder("staging").branch("develop")])
        .add(&mut scope)
        .unwrap();
    let path: Output<String> = first.path;
    Pipeline::new("second", Platform::GithubActions, Language::Python)
        .variables(Input::map([("FIRST", path)]))
        .add(&mut scope)
        .unwrap();

    assert_eq!((scope.0[0].kind, scope.0[0].type_name, &*scope.0[0].name), (Kind::Resource, PIPELINE, "ci"));
    assert!(scope.0[0].location.file().ends_with("declare.rs"));
    let schema = &project.host.schemas().resources[PIPELINE];
    let config = config_value(schema, scope.resolve(0, &[])).unwrap();
    let change = pollster::block_on(project.host.plan(PIPELINE, None, &config)).unwrap();
    assert_eq!(change.planned.member("path"), &".github/workflows/ci.yml".into());

    let second = scope.resolve(1, std::slice::from_ref(&change.planned));
    assert_eq!(second["variables"], Value::map([("FIRST", ".github/workflows/ci.yml".into())]));
    assert_eq!(scope.resolve(1, &[Value::UNKNOWN])["variables"], Value::map([("FIRST", Value::UNKNOWN)]));
}
