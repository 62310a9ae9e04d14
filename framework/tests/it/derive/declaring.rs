//! Builders, through a `Declare` in memory.

use std::collections::BTreeMap;

use framework::declare::{Declaration, Declare, Expr, Kind, Node, Resolved};
use framework::{Attributes, Diagnostic, Diagnostics, Input, Output, Path, Value};

use super::{Channel, DryRun, Gate, Inputs, Local, Rollout, Target};

/// A program: its declarations, each with the outputs that it gives.
#[derive(Default)]
struct Program {
    declarations: Vec<Declaration>,
    outputs: Vec<Value>,
}

impl Declare for Program {
    fn declare(&mut self, declaration: Declaration) -> Result<Node, Diagnostics> {
        let key = |declaration: &Declaration| (declaration.type_name, declaration.name.clone());
        if self.declarations.iter().any(|other| key(other) == key(&declaration)) {
            return Err(Diagnostic::error("Name taken", format!("`{}` is declared twice.", declaration.name)).into());
        }
        self.declarations.push(declaration);
        Ok(Node(self.declarations.len() - 1))
    }
}

impl Program {
    /// The inputs of the latest declaration, with the outputs of the others.
    fn inputs(&self) -> BTreeMap<String, Value> {
        let lookup =
            |node: Node, path: &Path| Resolved::from(path.find(&self.outputs[node.0]).cloned().expect("an output"));
        let declaration = self.declarations.last().expect("a declaration");
        declaration
            .inputs
            .iter()
            .map(|(name, input)| (name.clone(), input.resolve(&lookup).expect("no function fails").value))
            .collect()
    }
}

#[test]
fn a_declaration_holds_what_was_given() {
    let mut program = Program::default();
    let line = line!() + 1;
    let rollout = Rollout::new("api", "1.2.3", Target::local(Local::builder(8080).command(["run", "me"])));
    rollout.notify([Channel::Mail]).r#type("low").notes("elsewhere").add(&mut program).expect("declares");
    let Declaration { kind, type_name, name, location, .. } = &program.declarations[0];
    assert_eq!((*kind, *type_name, name.as_str()), (Kind::Resource, "demo_rollout", "api"));
    assert_eq!((location.file(), location.line()), (file!(), line));
    insta::assert_snapshot!(format!("{:#?}", program.inputs()), @r#"
    {
        "notes": "elsewhere",
        "notify": {
            "mail",
        },
        "target": {
            "dry_run": null,
            "local": {
                "command": [
                    "run",
                    "me",
                ],
                "port": 8080,
                "replicas": null,
            },
            "static": null,
        },
        "type": "low",
        "version": "1.2.3",
    }
    "#);
    let inputs =
        Inputs::from_object(&Value::Map(program.inputs()), &Path::root()).expect("the declaration is complete");
    assert_eq!(inputs.version, "1.2.3");
}

#[test]
fn outputs_flow_into_inputs() {
    let mut program = Program::default();
    let first = Rollout::new("first", "1", Target::dry_run(DryRun {})).add(&mut program).expect("declares");
    program.outputs.push(Value::map([("url", "http://first"), ("reason", "slow")].map(|(k, v)| (k, Value::from(v)))));
    let gates = [("errors", Gate::builder(0.1).advisory(true))];
    let second = Rollout::new("second", first.url, Target::r#static(first.reason.clone())).gates(gates);
    // A `dyn Declare` will do as well.
    let scope: &mut dyn Declare = &mut program;
    second.add(scope).expect("declares");
    let inputs = program.inputs();
    assert_eq!(inputs["version"], Value::from("http://first"));
    assert_eq!(inputs["target"].member("static"), &Value::from("slow"));
    assert_eq!(inputs["gates"].member("errors").member("advisory"), &Value::Bool(true));
}

#[test]
fn references_name_their_place() {
    let mut program = Program::default();
    let rollout = Rollout::new("api", "1", Target::dry_run(DryRun::builder())).add(&mut program).expect("declares");
    let reason: Output<String> = rollout.clone().reason;
    assert_eq!(reason.expr(), &Expr::Reference(Node(0), Path::of("reason")));
    assert!(format!("{rollout:?}").contains("resolved_gates"));
}

#[test]
fn a_name_that_is_taken_is_reported_by_the_scope() {
    let mut program = Program::default();
    let mut add = || Rollout::new("api", "1", Target::dry_run(DryRun {})).add(&mut program);
    add().expect("declares");
    let error = add().expect_err("the second has the same name");
    assert_eq!(error.to_string(), "error: Name taken\n`api` is declared twice.");
}

/// A data source whose first required input is called like the name of the declaration.
#[derive(Attributes)]
#[attr(data_source = "demo_lookup", builder = Lookup, outputs = Found)]
pub(super) struct LookupInputs {
    /// What to look for.
    name: String,
    /// Numbers to look at.
    numbers: Vec<u64>,
}

/// What was found.
#[derive(Attributes)]
#[attr(outputs)]
pub(super) struct Found {
    /// Its id.
    id: u64,
}

#[test]
fn data_sources_are_declared_alike() {
    let mut program = Program::default();
    let found = Lookup::new("declaration", "input", Input::list([1, 2])).add(&mut program).expect("declares");
    program.outputs.push(Value::map([("id", Value::from(7))]));
    let declaration = &program.declarations[0];
    assert_eq!((declaration.kind, declaration.name.as_str()), (Kind::DataSource, "declaration"));
    assert_eq!(program.inputs()["name"], Value::from("input"));
    Lookup::new("next", "input", [found.id]).add(&mut program).expect("declares");
    assert_eq!(program.inputs()["numbers"], Value::List(vec![Value::from(7)]));
}
