//! A registry with one small resource, asked through the trait.
#![expect(clippy::cast_possible_wrap, reason = "the texts and boards of these tests are short")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;

use super::*;
use crate::provider::Subject;
use crate::resource::{Create, Done, Failed, PreviewRequest, Reached, Rest, State, Update};
use crate::{Attributes, Preview};

/// A note on a board.
#[derive(Debug, Attributes)]
#[attr(crate = crate, resource = "test_note", builder = Note, outputs = Outputs)]
struct Inputs {
    /// The text.
    text: String,
    /// Where it hangs.
    place: Option<PathBuf>,
    /// How often it is copied.
    #[attr(default = 1)]
    copies: u16,
}

/// What the board knows.
#[derive(Debug, Attributes)]
#[attr(crate = crate, outputs)]
struct Outputs {
    /// Its number.
    number: i64,
    /// How long the text is.
    length: i64,
}

/// Texts by number; one that says "fail" cannot be put up completely.
#[derive(Default)]
struct Board(Mutex<BTreeMap<i64, String>>);

impl Board {
    fn put(&self, number: i64, text: &str, private: u32) -> Result<Done<Self>, Failed<Self>> {
        self.0.lock().unwrap().insert(number, text.to_owned());
        let outputs = || Outputs { number, length: text.len() as i64 };
        if text != "fail" {
            return Ok(Done { outputs: outputs(), private });
        }
        let state = State { inputs: InputsPartial::default(), outputs: outputs(), private };
        let reached = Some(Box::new(Reached { state, rest: Rest::Planned }));
        Err(Failed { reached, diagnostics: Diagnostic::error("Torn", "The paper tore.").into() })
    }
}

impl Resource for Board {
    type Inputs = Inputs;
    type Private = u32;

    async fn preview(&self, cx: &Context, request: PreviewRequest<Self>) -> Result<OutputsPreview, Diagnostics> {
        if request.inputs.copies > 9 {
            cx.warn(Diagnostic::warning("Many copies", ""));
        }
        let length = request.inputs.text.len() as i64;
        Ok(OutputsPreview { number: Preview::Keep, length: Preview::Known(length) })
    }

    async fn create(&self, _: &Context, request: Create<Self>) -> Result<Done<Self>, Failed<Self>> {
        let number = self.0.lock().unwrap().len() as i64;
        self.put(number, &request.inputs.text, 1)
    }

    async fn read(&self, _: &Context, mut state: State<Self>) -> Result<Option<State<Self>>, Diagnostics> {
        let board = self.0.lock().unwrap();
        let Some(text) = board.get(&state.outputs.number) else { return Ok(None) };
        state.outputs.length = text.len() as i64;
        state.inputs.text = Some(text.clone());
        Ok(Some(state))
    }

    async fn update(&self, _: &Context, request: Update<Self>) -> Result<Done<Self>, Failed<Self>> {
        self.put(request.prior.outputs.number, &request.inputs.text, request.prior.private + 1)
    }

    async fn delete(&self, _: &Context, state: State<Self>) -> Result<(), Failed<Self>> {
        self.0.lock().unwrap().remove(&state.outputs.number);
        Ok(())
    }
}

fn registry() -> Registry {
    Registry::new("Notes.").resource(Registration::new(Board::default()))
}

fn config(text: Value, place: Value) -> Value {
    let absent = ["copies", "number", "length"].map(|name| (name, Value::Null));
    Value::map(absent.into_iter().chain([("text", text), ("place", place)]))
}

#[track_caller]
fn plan(registry: &Registry, prior: &Value, config: Value) -> Planned {
    let request = Plan {
        type_name: "test_note".into(),
        prior: prior.clone(),
        proposed: config.clone(),
        config,
        private: Vec::new(),
    };
    pollster::block_on(registry.plan(request)).unwrap()
}

#[track_caller]
fn apply(registry: &Registry, prior: &Value, planned: Value, private: &[u8]) -> Applied {
    let request = Apply {
        type_name: "test_note".into(),
        prior: prior.clone(),
        config: planned.clone(),
        planned,
        private: private.to_vec(),
    };
    pollster::block_on(registry.apply(request)).unwrap()
}

#[track_caller]
fn read(registry: &Registry, state: &Value) -> Value {
    let request = Read { type_name: "test_note".into(), state: state.clone(), private: Vec::new() };
    pollster::block_on(registry.read(request)).unwrap().state
}

/// The text of the only error.
#[track_caller]
fn error(diagnostics: &Diagnostics) -> String {
    assert_eq!(diagnostics.iter().count(), 1, "{diagnostics}");
    diagnostics.to_string()
}

#[test]
fn an_object_lives_and_keeps_what_the_user_wrote() {
    let registry = registry();
    let planned = plan(&registry, &Value::Null, config("hi".into(), "./wall//left".into()));
    assert_eq!(planned.state.member("number"), &Value::UNKNOWN);
    assert_eq!(planned.state.member("copies"), &Value::from(1));
    let created = apply(&registry, &Value::Null, planned.state, b"");
    assert_eq!(created.state.member("place"), &Value::from("./wall//left"));
    assert_eq!(created.state.member("number"), &Value::from(0));

    let again = plan(&registry, &created.state, config("hi".into(), "wall/left".into()));
    assert_eq!(again.state, created.state, "the same place, spelled otherwise, is no change");
    let changed = plan(&registry, &created.state, config("hello".into(), Value::Null));
    let updated = apply(&registry, &created.state, changed.state, &created.private);
    assert_eq!((updated.state.member("length"), &*updated.private), (&Value::from(5), &b"2"[..]));

    let deleted = apply(&registry, &updated.state, Value::Null, &updated.private);
    assert_eq!(deleted.state, Value::Null);
    assert_eq!(read(&registry, &updated.state), Value::Null);
}

#[test]
fn an_unknown_input_makes_every_output_unknown() {
    let planned = plan(&registry(), &Value::Null, config(Value::UNKNOWN, Value::Null));
    assert_eq!((planned.state.member("number"), planned.state.member("length")), (&Value::UNKNOWN, &Value::UNKNOWN));
}

#[test]
fn an_input_that_drifted_is_read_back_and_the_others_are_as_written() {
    let registry = registry();
    let planned = plan(&registry, &Value::Null, config("hi".into(), "./wall".into()));
    let created = apply(&registry, &Value::Null, planned.state, b"").state;
    assert_eq!(read(&registry, &created), created);
    let number = created.member("number").as_number().and_then(crate::Number::to_i64).unwrap();
    let planned = plan(&registry, &created, config("edited".into(), "./wall".into()));
    apply(&registry, &created, planned.state, b"");
    let found = read(&registry, &created);
    assert_eq!((number, found.member("text"), found.member("place")), (0, &"edited".into(), &"./wall".into()));
}

#[test]
fn a_failure_says_what_was_reached() {
    let registry = registry();
    let planned = plan(&registry, &Value::Null, config("fail".into(), "./wall".into()));
    let torn = apply(&registry, &Value::Null, planned.state.clone(), b"");
    assert_eq!(error(&torn.diagnostics), "error: Torn\nThe paper tore.");
    assert_eq!((torn.state.member("number"), torn.state.member("place")), (&Value::from(0), &"./wall".into()));
}

#[test]
fn warnings_reach_the_plan() {
    let mut many = config("hi".into(), Value::Null);
    if let Value::Map(members) = &mut many {
        members.insert("copies".into(), 10.into());
    }
    assert_eq!(error(&plan(&registry(), &Value::Null, many).diagnostics), "warning: Many copies");
}

#[test]
fn after_a_stop_nothing_begins() {
    let registry = registry();
    let planned = plan(&registry, &Value::Null, config("hi".into(), Value::Null));
    registry.stop();
    let refused = apply(&registry, &Value::Null, planned.state, b"");
    assert_eq!(refused.state, Value::Null);
    assert!(error(&refused.diagnostics).starts_with("error: Interrupted\n"));
}

#[test]
fn what_is_missing_is_named() {
    let registry = registry();
    let import = Import { type_name: "test_note".into(), id: "1".into() };
    let imported = pollster::block_on(registry.import(import)).unwrap();
    assert!(error(&imported.diagnostics).starts_with("error: test_note cannot be imported\n"));
    assert!(registry.moves().is_none());

    let subject = Subject::Resource("test_page".into());
    let found = pollster::block_on(registry.validate(Validate { subject, config: Value::Null })).unwrap();
    assert_eq!(error(&found), "error: Unknown resource test_page\nThis provider has test_note.");

    let upgrade = Upgrade { type_name: "test_note".into(), version: 7, json: b"{}".to_vec() };
    let upgraded = pollster::block_on(registry.upgrade(upgrade)).unwrap();
    assert!(error(&upgraded.diagnostics).contains("version 7"));
}

#[test]
fn two_resources_of_one_name_are_a_fault_of_the_provider() {
    let registry = registry().resource(Registration::new(Board::default()));
    let schemas = pollster::block_on(registry.schemas()).unwrap();
    assert!(error(&schemas.diagnostics).contains("Two resources are called test_note."));
}
