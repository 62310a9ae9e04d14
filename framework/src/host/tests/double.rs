//! A provider of one resource, `thing`, and one data source, `look`, both with the sample schema. It does everything
//! right, except what a test bends.

use std::sync::{Arc, Mutex, PoisonError};

use crate::conformance::sample::{object, schema};
use crate::conformance::{Rule, map_attributes};
use crate::host::{Error, Host, Object};
use crate::provider::*;
use crate::schema::Shape;
use crate::{Diagnostic, Diagnostics, Path, Schema, Type, Value, json};

/// What is different about the provider: each function changes an answer.
#[derive(Default)]
pub(super) struct Bend {
    pub(super) schemas: Option<fn(&mut Schemas)>,
    pub(super) validate: Option<fn(&Validate, &mut Diagnostics)>,
    pub(super) upgrade: Option<fn(&mut Upgraded)>,
    pub(super) read: Option<fn(&mut ReadBack)>,
    pub(super) plan: Option<fn(&Plan, &mut Planned)>,
    pub(super) apply: Option<fn(&mut Applied)>,
    pub(super) import: Option<fn(&mut Imported)>,
    pub(super) data: Option<fn(&mut DataRead)>,
    pub(super) moved: Option<fn(&mut Moved)>,
    /// The request that is not answered, and why.
    pub(super) fault: Option<(&'static str, Fault)>,
    pub(super) cannot_move: bool,
}

pub(super) struct Double {
    bend: Bend,
    asked: Mutex<Vec<String>>,
}

/// A host of the provider so bent, and the provider.
pub(super) fn host(bend: Bend) -> (Host, Arc<Double>) {
    let double = Arc::new(Double::new(bend));
    let host = pollster::block_on(Host::start("double", double.clone())).expect("schemas");
    (host, double)
}

/// The recorded object with the given members, its private data `recorded`.
pub(super) fn recorded(text: &str) -> Object {
    Object { value: object(text), private: b"recorded".to_vec(), tainted: false }
}

/// Asserts that the messages blame the provider for breaking exactly one rule, once.
#[track_caller]
pub(super) fn assert_blamed(diagnostics: &Diagnostics, rule: Rule) {
    let errors: Vec<&Diagnostic> = diagnostics.iter().collect();
    assert_eq!(errors.len(), 1, "{diagnostics}");
    assert!(errors[0].detail.contains(&format!("provider double broke {rule}.")), "{diagnostics}");
}

/// The messages of a refusal.
#[track_caller]
pub(super) fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> Diagnostics {
    match result {
        Err(Error::Refused(diagnostics)) => diagnostics,
        other => panic!("refused expected, not {other:?}"),
    }
}

/// Puts `value` in place of the attribute `name`.
pub(super) fn set(object: &mut Value, name: &str, value: Value) {
    if let Value::Map(members) = object {
        members.insert(name.to_owned(), value);
    }
}

pub(super) fn error() -> Diagnostics {
    Diagnostic::error("no", "").into()
}

impl Double {
    pub(super) fn new(bend: Bend) -> Self {
        Self { bend, asked: Mutex::default() }
    }

    /// What was asked since the last call, one line each.
    pub(super) fn asked(&self) -> String {
        std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner)).join("\n")
    }

    fn answer<'a, T: Send + 'a>(
        &'a self,
        request: &'static str,
        note: &str,
        answer: impl FnOnce() -> T + Send + 'a,
    ) -> Reply<'a, T> {
        let line = format!("{request} {note}").trim_end().to_owned();
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        let fault = self.bend.fault.clone().filter(|(failing, _)| *failing == request);
        Box::pin(async move { fault.map_or_else(|| Ok(answer()), |(_, fault)| Err(fault)) })
    }
}

/// A short form of a state for the protocol of requests: its name, or null.
fn brief(state: &Value) -> String {
    if state.is_null() { "null".into() } else { format!("{:?}", state.member("name")) }
}

fn text(private: &[u8]) -> String {
    String::from_utf8_lossy(private).into_owned()
}

impl Provider for Double {
    fn schemas(&self) -> Reply<'_, Arc<Schemas>> {
        let mut schemas = Schemas {
            provider: Schema::default(),
            resources: [("thing".to_owned(), schema())].into(),
            data_sources: [("look".to_owned(), schema())].into(),
            ..Schemas::default()
        };
        if let Some(bend) = self.bend.schemas {
            bend(&mut schemas);
        }
        Box::pin(async { Ok(Arc::new(schemas)) })
    }

    fn validate(&self, request: Validate) -> Reply<'_, Diagnostics> {
        self.answer("validate", "", move || {
            let mut diagnostics = Diagnostics::new();
            self.bend.validate.inspect(|bend| bend(&request, &mut diagnostics));
            diagnostics
        })
    }

    fn configure(&self, request: Configure) -> Reply<'_, Diagnostics> {
        self.answer("configure", &request.host_version, Diagnostics::new)
    }

    fn upgrade(&self, request: Upgrade) -> Reply<'_, Upgraded> {
        let note = format!("{} {}", request.version, text(&request.json));
        self.answer("upgrade", &note, move || {
            let state = json::decode(&request.json, &schema().ty()).expect("a state");
            let mut answer = Upgraded { state, diagnostics: Diagnostics::new() };
            self.bend.upgrade.inspect(|bend| bend(&mut answer));
            answer
        })
    }

    fn read(&self, request: Read) -> Reply<'_, ReadBack> {
        let note = format!("{} private={}", brief(&request.state), text(&request.private));
        self.answer("read", &note, move || {
            let mut answer =
                ReadBack { state: request.state, private: b"read".to_vec(), diagnostics: Diagnostics::new() };
            self.bend.read.inspect(|bend| bend(&mut answer));
            answer
        })
    }

    fn plan(&self, request: Plan) -> Reply<'_, Planned> {
        let note = format!("prior={} private={}", brief(&request.prior), text(&request.private));
        self.answer("plan", &note, move || {
            let mut answer = Planned {
                state: plan(&request),
                replace: vec![Path::of("name")],
                private: b"planned".to_vec(),
                diagnostics: Diagnostics::new(),
                legacy: false,
            };
            self.bend.plan.inspect(|bend| bend(&request, &mut answer));
            answer
        })
    }

    fn apply(&self, request: Apply) -> Reply<'_, Applied> {
        let note = format!(
            "prior={} planned={} config={} private={}",
            brief(&request.prior),
            brief(&request.planned),
            brief(&request.config),
            text(&request.private)
        );
        self.answer("apply", &note, move || {
            let diagnostics = Diagnostics::new();
            let mut answer =
                Applied { state: made(request.planned), private: b"applied".to_vec(), diagnostics, legacy: false };
            self.bend.apply.inspect(|bend| bend(&mut answer));
            answer
        })
    }

    fn import(&self, request: Import) -> Reply<'_, Imported> {
        self.answer("import", &request.id.clone(), move || {
            let state = object(&format!("{{\"id\":\"{}\"}}", request.id));
            let object = ImportedObject { type_name: request.type_name, state, private: b"imported".to_vec() };
            let mut answer = Imported { objects: vec![object], diagnostics: Diagnostics::new() };
            self.bend.import.inspect(|bend| bend(&mut answer));
            answer
        })
    }

    fn read_data(&self, request: ReadData) -> Reply<'_, DataRead> {
        self.answer("read_data", "", move || {
            let mut answer = DataRead { state: made(computed(request.config)), diagnostics: Diagnostics::new() };
            self.bend.data.inspect(|bend| bend(&mut answer));
            answer
        })
    }

    fn stop(&self) {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push("stop".into());
    }

    fn moves(&self) -> Option<&dyn Moves> {
        if self.bend.cannot_move { None } else { Some(self) }
    }
}

impl Moves for Double {
    fn move_state(&self, request: Move) -> Reply<'_, Moved> {
        let Move { source_provider, source_type, source_json, source_private, .. } = request;
        let note = format!("{source_provider} {source_type} {} {}", text(&source_json), text(&source_private));
        self.answer("move", &note, || {
            let mut answer = Moved { state: object("{}"), private: b"moved".to_vec(), diagnostics: Diagnostics::new() };
            self.bend.moved.inspect(|bend| bend(&mut answer));
            answer
        })
    }
}

/// The proposed state; where it differs from the prior one, what is computed and not known yet is unknown.
fn plan(request: &Plan) -> Value {
    let proposed = map_attributes(&schema().block, request.proposed.clone(), &|attribute, value| {
        if attribute.write_only { Value::Null } else { value }
    });
    if proposed == request.prior { proposed } else { computed(proposed) }
}

fn computed(state: Value) -> Value {
    map_attributes(&schema().block, state, &|attribute, value| match value {
        Value::Null if attribute.mode.is_computed() => Value::UNKNOWN,
        _ if attribute.write_only => Value::Null,
        value => value,
    })
}

/// The planned state with something for what is unknown.
fn made(planned: Value) -> Value {
    map_attributes(&schema().block, planned, &|attribute, value| match (&attribute.shape, value) {
        (Shape::Plain(Type::String), Value::Unknown(_)) => "made".into(),
        (_, Value::Unknown(_)) => Value::Null,
        (_, value) => value,
    })
}
