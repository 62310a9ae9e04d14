//! A provider that breaks the contract as it is told. Its one resource `wrong_thing` keeps a `text`, which says what it does:
//! `plan` plans another text than is configured, `apply` gives another than was planned; with `old` in front of it, it says
//! that it is built on an SDK that does not know better.

use std::process::ExitCode;
use std::sync::Arc;

use framework::provider::{
    Applied, Apply, Configure, DataRead, Import, Imported, Plan, Planned, Read, ReadBack, ReadData, Reply, Schemas,
    Upgrade, Upgraded, Validate,
};
use framework::schema::{Attribute, Attributes, Mode, Shape};
use framework::{Diagnostics, Fault, Provider, Schema, Type, Value, json};

const ADDRESS: &str = "registry.terraform.io/devopsflow/wrong";

struct Wrong;

fn schema() -> Schema {
    let text = Attribute::new(Shape::Plain(Type::String), Mode::Required, "What it does.");
    Schema::of("A thing.", Attributes::from([("text".to_owned(), text)]))
}

fn answer<'a, T: Send + 'a>(answer: T) -> Reply<'a, T> {
    Box::pin(async { Ok(answer) })
}

fn unsupported<'a, T: Send + 'a>(request: &'static str) -> Reply<'a, T> {
    Box::pin(async move { Err(Fault::Unsupported(request.to_owned())) })
}

/// Whether it is told to break the contract now, and whether it calls itself old.
fn told(state: &Value, now: &str) -> (bool, bool) {
    let text = state.member("text").as_str().unwrap_or_default();
    (text.ends_with(now), text.starts_with("old"))
}

/// The state, or another one where it is told to break the contract.
fn bent(state: Value, bends: bool) -> Value {
    if bends { Value::map([("text", "something else".into())]) } else { state }
}

impl Provider for Wrong {
    fn schemas(&self) -> Reply<'_, Arc<Schemas>> {
        let resources = [("wrong_thing".to_owned(), schema())].into();
        answer(Arc::new(Schemas { resources, ..Schemas::default() }))
    }

    fn validate(&self, _: Validate) -> Reply<'_, Diagnostics> {
        answer(Diagnostics::new())
    }

    fn configure(&self, _: Configure) -> Reply<'_, Diagnostics> {
        answer(Diagnostics::new())
    }

    fn upgrade(&self, request: Upgrade) -> Reply<'_, Upgraded> {
        let state = json::decode(&request.json, &schema().ty()).unwrap_or(Value::Null);
        answer(Upgraded { state, diagnostics: Diagnostics::new() })
    }

    fn read(&self, Read { state, private, .. }: Read) -> Reply<'_, ReadBack> {
        answer(ReadBack { state, private, diagnostics: Diagnostics::new() })
    }

    fn plan(&self, request: Plan) -> Reply<'_, Planned> {
        let (bends, legacy) = told(&request.config, "plan");
        let (state, private) = (bent(request.proposed, bends), request.private);
        answer(Planned { state, replace: Vec::new(), private, diagnostics: Diagnostics::new(), legacy })
    }

    fn apply(&self, request: Apply) -> Reply<'_, Applied> {
        let (bends, legacy) = told(&request.config, "apply");
        let (state, private) = (bent(request.planned, bends), request.private);
        answer(Applied { state, private, diagnostics: Diagnostics::new(), legacy })
    }

    fn import(&self, _: Import) -> Reply<'_, Imported> {
        unsupported("import")
    }

    fn read_data(&self, _: ReadData) -> Reply<'_, DataRead> {
        unsupported("data sources")
    }

    fn stop(&self) {}
}

fn main() -> ExitCode {
    tfplugin::server::main(ADDRESS, Arc::new(Wrong))
}
