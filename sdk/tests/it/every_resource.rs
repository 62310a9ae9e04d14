//! The lifecycle of every resource of our provider: whatever its registry has is run, with configurations made from its
//! schema. A resource that is added runs with no further step, or fails with what is missing.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use devopsflow::store::MemoryStore;
use devopsflow::testing::{self, World};
use devopsflow::{Scope, Source, Stack};
use framework::declare::{Declaration, Expr, Kind, Options};
use framework::schema::{Attribute, Attributes, Check, Nesting, Shape};
use framework::{Declare, Provider, Type, Value};

type Members = BTreeMap<String, Value>;

/// The resource types of our provider, with what their configurations may hold.
fn resources() -> BTreeMap<String, Attributes> {
    let schemas = pollster::block_on(provider::registry().schemas()).unwrap();
    schemas.resources.iter().map(|(name, schema)| (name.clone(), schema.block.attributes.clone())).collect()
}

/// Configurations made from a schema: the least that must be given; then that with one more input, or another value of one.
fn configurations(attributes: &Attributes) -> (Members, Vec<Members>) {
    let least = object(attributes, "a");
    let inputs = attributes.iter().filter(|(_, attribute)| attribute.mode.is_input());
    let others = inputs.flat_map(|(name, attribute)| {
        let values = ["a", "b"].map(|letter| value(attribute, letter));
        let least = &least;
        values.into_iter().filter_map(move |value| {
            let mut members = least.clone();
            (members.insert(name.clone(), value.clone()).as_ref() != Some(&value)).then_some(members)
        })
    });
    let others = others.collect();
    (least, others)
}

/// What must be given of an object.
fn object(attributes: &Attributes, letter: &str) -> Members {
    let required = attributes.iter().filter(|(_, attribute)| attribute.mode == framework::schema::Mode::Required);
    required.map(|(name, attribute)| (name.clone(), value(attribute, letter))).collect()
}

fn value(attribute: &Attribute, letter: &str) -> Value {
    let checks = &attribute.rules.checks;
    match &attribute.shape {
        Shape::Plain(ty) => of_type(ty, checks, letter),
        Shape::Nested(nesting, inner) => {
            let one = if checks.contains(&Check::ExactlyOne) || each(checks).contains(&Check::ExactlyOne) {
                let (name, attribute) = inner.iter().find(|(_, attribute)| attribute.mode.is_input()).unwrap();
                Members::from([(name.clone(), value(attribute, letter))])
            } else {
                object(inner, letter)
            };
            match nesting {
                Nesting::Single => Value::Map(one),
                Nesting::List => Value::List(vec![Value::Map(one)]),
                Nesting::Set => Value::set([Value::Map(one)]),
                Nesting::Map => Value::map([(letter, Value::Map(one))]),
            }
        }
    }
}

fn of_type(ty: &Type, checks: &[Check], letter: &str) -> Value {
    let element = |ty: &Type| of_type(ty, each(checks), letter);
    match ty {
        Type::String => text(checks, letter),
        Type::Number => {
            let least = checks.iter().find_map(|check| match check {
                Check::Range(least, _) => least.clone(),
                _ => None,
            });
            least.map_or(Value::from(i64::from(letter.as_bytes()[0])), Value::Number)
        }
        Type::Bool => (letter == "b").into(),
        Type::List(ty) => Value::List(vec![element(ty)]),
        Type::Set(ty) => Value::set([element(ty)]),
        Type::Map(ty) => Value::map([(letter, element(ty))]),
        other => panic!("no values of type {other} are made here yet: say in `of_type` what they look like"),
    }
}

fn text(checks: &[Check], letter: &str) -> Value {
    for check in checks {
        match check {
            Check::OneOf(choices) => {
                let choice = if letter == "a" { choices.first() } else { choices.last() };
                return Value::string(&choice.unwrap().value);
            }
            Check::Length(least, _) => return Value::string(letter.repeat(usize::try_from(*least).unwrap().max(1))),
            _ => {}
        }
    }
    letter.into()
}

fn each(checks: &[Check]) -> &[Check] {
    let each = checks.iter().find_map(|check| match check {
        Check::Each(checks) => Some(checks.as_slice()),
        _ => None,
    });
    each.unwrap_or_default()
}

/// A program that declares one resource.
fn program(type_name: &str, members: Members) -> impl Fn(&mut Scope) -> devopsflow::Result<()> + Send + Sync + use<> {
    // Declarations name types of the program's own code.
    let (type_name, members): (&'static str, _) = (type_name.to_owned().leak(), Arc::new(members));
    move |scope| {
        let inputs = members.iter().map(|(name, value)| (name.clone(), Expr::Constant(value.clone())));
        let declaration = Declaration {
            kind: Kind::Resource,
            type_name,
            name: "it".to_owned(),
            inputs: inputs.collect(),
            options: Options::new(),
            location: std::panic::Location::caller(),
        };
        scope.declare(declaration)?;
        Ok(())
    }
}

/// Takes a resource through the lifecycle with the first of the configurations that differ from the least and are accepted.
async fn lifecycle(type_name: &str, source: impl Fn() -> Source, surroundings: &Members) {
    let (mut least, others) = configurations(&resources()[type_name]);
    least.extend(surroundings.clone());
    let stack = |store: &MemoryStore, members: &Members| {
        let stack = Stack::new("every", "dev", program(type_name, members.clone())).unwrap();
        stack.store(store.clone()).provider("devopsflow", source())
    };
    let store = MemoryStore::new();
    let first = stack(&store, &least);
    if let Err(error) = first.preview().await {
        panic!(
            "{type_name}: the least that its schema asks for is refused: {error}\nGive its attributes checks that say more"
        );
    }
    for mut members in others {
        members.extend(surroundings.clone());
        let second = stack(&store, &members);
        let alone = stack(&MemoryStore::new(), &members);
        if alone.preview().await.is_ok() && members != least {
            testing::lifecycle(&first, &second).await;
            return;
        }
    }
    panic!("{type_name}: no other configuration that is made from its schema is accepted; see `configurations`");
}

#[tokio::test]
async fn every_resource_passes_the_sequence_in_memory() {
    for type_name in resources().keys() {
        let world = World::new();
        lifecycle(type_name, || world.source(), &Members::new()).await;
        assert!(world.changes().len() >= 3, "{type_name}: {:?}", world.changes());
        assert!(world.objects().is_empty(), "{type_name} leaves something");
    }
}

/// What a resource needs to be run for real.
enum Needs {
    /// These inputs, which keep it in a directory of the test.
    Inputs(Members),
    /// More than a directory; this test gives it, and says what it tests.
    Test(&'static str),
}

fn needs(type_name: &str, root: &Path) -> Needs {
    let path = |path: &Path| Value::string(path.display().to_string());
    match type_name {
        "devopsflow_pipeline" => Needs::Inputs(Members::from([
            ("repository".to_owned(), path(root)),
            ("directory".to_owned(), path(&root.join("pipelines"))),
        ])),
        "devopsflow_rollout" => Needs::Test("provider/tests/it/rollout.rs"),
        other => panic!("say in `needs` what {other} needs to be run for real, or which test does it"),
    }
}

#[tokio::test]
async fn every_resource_that_needs_nothing_outside_passes_the_sequence_for_real() {
    for type_name in resources().keys() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("pyproject.toml"), "[project]\nname = \"shop\"\nversion = \"1\"\n").unwrap();
        match needs(type_name, root.path()) {
            Needs::Inputs(inputs) => lifecycle(type_name, Source::devopsflow, &inputs).await,
            Needs::Test(file) => {
                let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
                let text = std::fs::read_to_string(&path).unwrap_or_default();
                assert!(text.contains("destroy") || text.contains("delete"), "{file} does not test {type_name}");
            }
        }
    }
}
