//! A provider written by hand, whose resource misbehaves as its configuration asks.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use framework::provider::{
    Applied, Apply, Configure, DataRead, Import, Imported, ImportedObject, Move, Moved, Moves, Plan, Planned, Provider,
    Read, ReadBack, ReadData, Reply, Schemas, Subject, Upgrade, Upgraded, Validate,
};
use framework::schema::{Attribute, Mode, Shape};
use framework::{Diagnostic, Diagnostics, Path, Schema, Stop, Type, Value, json};

/// The resource: a file with some content.
pub(crate) const FILE: &str = "double_file";
/// The data source: a text of as many letters as asked for.
pub(crate) const LETTERS: &str = "double_letters";

/// The provider.
///
/// What `double_file` does beside its work is asked for with `mode`: `panic` panics in apply, `fail` writes the file and
/// then fails, `wait` waits in apply until the provider is stopped, with a file `PATH.waiting` to say that it does, and
/// `linger` goes on waiting after that until there is a file `PATH.finish`.
#[derive(Default)]
pub(crate) struct Double {
    stop: Stop,
}

fn attribute(ty: Type, mode: Mode) -> Attribute {
    Attribute::new(Shape::Plain(ty), mode, "An *attribute*.")
}

fn schemas() -> Schemas {
    let file = [
        ("path", attribute(Type::String, Mode::Required)),
        ("content", attribute(Type::String, Mode::Required)),
        ("mode", attribute(Type::String, Mode::Optional)),
        ("length", attribute(Type::Number, Mode::Computed)),
    ];
    let letters =
        [("amount", attribute(Type::Number, Mode::Required)), ("text", attribute(Type::String, Mode::Computed))];
    let named =
        |attributes: Vec<(&str, Attribute)>| attributes.into_iter().map(|(name, a)| (name.to_owned(), a)).collect();
    let provider = [("prefix", attribute(Type::String, Mode::Optional))];
    Schemas {
        provider: Schema::of("A provider for tests.", named(provider.into())),
        resources: [(FILE.to_owned(), Schema::of("A file.", named(file.into())))].into(),
        data_sources: [(LETTERS.to_owned(), Schema::of("Letters.", named(letters.into())))].into(),
        diagnostics: Diagnostics::new(),
        plans_destroy: true,
    }
}

fn with(state: &Value, name: &str, value: Value) -> Value {
    let mut members = state.as_map().cloned().unwrap_or_default();
    members.insert(name.to_owned(), value);
    Value::Map(members)
}

fn length(state: &Value) -> Value {
    match state.member("content").as_str() {
        Some(content) => Value::from(i64::try_from(content.len()).unwrap_or(i64::MAX)),
        None => Value::UNKNOWN,
    }
}

fn check(config: &Value) -> Diagnostics {
    match config.member("path").as_str() {
        Some("") => Diagnostic::error("Empty path", "Give the file a path.").at(Path::of("path")).into(),
        _ => Diagnostics::new(),
    }
}

impl Double {
    async fn create(&self, request: Apply) -> Applied {
        let path = request.planned.member("path").as_str().unwrap_or_default().to_owned();
        let mode = request.planned.member("mode").as_str();
        if matches!(mode, Some("wait" | "linger")) {
            fs::write(format!("{path}.waiting"), "").expect("the folder is there");
            self.stop.requested().await;
        }
        if mode == Some("linger") {
            fs::write(format!("{path}.stopping"), "").expect("the folder is there");
            while !fs::exists(format!("{path}.finish")).expect("the folder is there") {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        assert!(mode != Some("panic"), "asked to panic");
        fs::write(&path, request.planned.member("content").as_str().unwrap_or_default()).expect("the folder is there");
        let state = with(&request.planned, "length", length(&request.planned));
        let mut diagnostics = Diagnostics::new();
        if mode == Some("fail") {
            diagnostics.push(Diagnostic::error("Asked to fail", "").at(Path::of("mode")));
        }
        Applied { state, private: b"applied".to_vec(), diagnostics, legacy: false }
    }
}

impl Provider for Double {
    fn schemas(&self) -> Reply<'_, Arc<Schemas>> {
        Box::pin(async { Ok(Arc::new(schemas())) })
    }

    fn validate(&self, request: Validate) -> Reply<'_, Diagnostics> {
        Box::pin(async move {
            Ok(if request.subject == Subject::Resource(FILE.into()) {
                check(&request.config)
            } else {
                Diagnostics::new()
            })
        })
    }

    fn configure(&self, request: Configure) -> Reply<'_, Diagnostics> {
        Box::pin(async move {
            let prefix = request.config.member("prefix").as_str();
            Ok(match prefix {
                Some(prefix) => Diagnostic::warning(format!("{prefix} {}", request.host_version), "").into(),
                None => Diagnostics::new(),
            })
        })
    }

    fn upgrade(&self, request: Upgrade) -> Reply<'_, Upgraded> {
        Box::pin(async move {
            let ty = schemas().resources[FILE].ty();
            Ok(match json::decode(&request.json, &ty) {
                Ok(state) => Upgraded { state, diagnostics: Diagnostics::new() },
                Err(error) => Upgraded { state: Value::Null, diagnostics: Diagnostic::bug(error).into() },
            })
        })
    }

    fn read(&self, request: Read) -> Reply<'_, ReadBack> {
        Box::pin(async move {
            let content = fs::read_to_string(request.state.member("path").as_str().unwrap_or_default());
            let state = match content {
                Ok(content) => {
                    let state = with(&request.state, "content", content.into());
                    with(&state, "length", length(&state))
                }
                Err(_) => Value::Null,
            };
            Ok(ReadBack { state, private: request.private, diagnostics: Diagnostics::new() })
        })
    }

    fn plan(&self, request: Plan) -> Reply<'_, Planned> {
        Box::pin(async move {
            let state = match &request.proposed {
                Value::Null => Value::Null,
                proposed => with(proposed, "length", length(proposed)),
            };
            let moved = !request.prior.is_null() && request.prior.member("path") != state.member("path");
            let replace = if moved { vec![Path::of("path")] } else { Vec::new() };
            Ok(Planned { state, replace, private: request.private, diagnostics: Diagnostics::new(), legacy: false })
        })
    }

    fn apply(&self, request: Apply) -> Reply<'_, Applied> {
        Box::pin(async move {
            if !request.planned.is_null() {
                return Ok(self.create(request).await);
            }
            let removed = fs::remove_file(request.prior.member("path").as_str().unwrap_or_default());
            let diagnostics = match removed {
                Ok(()) => Diagnostics::new(),
                Err(error) => Diagnostic::error("The file cannot be removed", error.to_string()).into(),
            };
            Ok(Applied { state: Value::Null, private: Vec::new(), diagnostics, legacy: false })
        })
    }

    fn import(&self, request: Import) -> Reply<'_, Imported> {
        Box::pin(async move {
            let state = Value::map([
                ("path", Value::from(request.id)),
                ("content", Value::Null),
                ("mode", Value::Null),
                ("length", Value::Null),
            ]);
            let object = ImportedObject { type_name: request.type_name, state, private: b"imported".to_vec() };
            Ok(Imported { objects: vec![object], diagnostics: Diagnostics::new() })
        })
    }

    fn read_data(&self, request: ReadData) -> Reply<'_, DataRead> {
        Box::pin(async move {
            let amount = request.config.member("amount").as_number().and_then(framework::Number::to_u64);
            let text = "x".repeat(usize::try_from(amount.unwrap_or_default()).unwrap_or_default());
            let state = with(&request.config, "text", text.into());
            Ok(DataRead { state, diagnostics: Diagnostics::new() })
        })
    }

    fn stop(&self) {
        self.stop.request();
    }

    fn moves(&self) -> Option<&dyn Moves> {
        Some(self)
    }
}

impl Moves for Double {
    fn move_state(&self, request: Move) -> Reply<'_, Moved> {
        Box::pin(async move {
            let source = Type::object([("filename", Type::String), ("content", Type::String)]);
            let source = json::decode(&request.source_json, &source).unwrap_or(Value::Null);
            let state = Value::map([
                ("path", source.member("filename").clone()),
                ("content", source.member("content").clone()),
                ("mode", Value::Null),
                ("length", length(&source)),
            ]);
            let note = Diagnostic::warning(format!("Moved from {}", request.source_type), request.source_provider);
            Ok(Moved { state, private: request.source_private, diagnostics: note.into() })
        })
    }
}
