//! A provider with a configuration, whose instances each work in a world of their own, and that can be told to break the
//! contract.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use devopsflow::Source;
use framework::provider::{
    Applied, Apply, Configure, DataRead, Import, Imported, Locate, Located, Locates, Plan, Planned, ReadBack, ReadData,
    Reply, Schemas, Upgrade, Upgraded, Validate,
};
use framework::schema::{Attribute, Attributes, Mode, Shape};
use framework::{Diagnostic, Diagnostics, Provider, Registration, Registry, Schema, Type, Value};

use crate::world::World;

/// The worlds by name, and the tokens with which they were entered.
#[derive(Clone, Default)]
pub(crate) struct Regions(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    worlds: BTreeMap<String, World>,
    tokens: Vec<String>,
}

/// What is done to every answer of a plan and of an apply.
#[derive(Clone, Copy)]
pub(crate) struct Bend {
    pub(crate) plan: fn(&mut Planned),
    pub(crate) apply: fn(&mut Applied),
}

impl Bend {
    pub(crate) const NOT: Self = Self { plan: |_| (), apply: |_| () };
}

impl Regions {
    pub(crate) fn world(&self, name: &str) -> World {
        let mut inner = self.0.lock().unwrap();
        inner.worlds.entry(name.to_owned()).or_insert_with(|| World::new(true)).clone()
    }

    pub(crate) fn tokens(&self) -> Vec<String> {
        self.0.lock().unwrap().tokens.clone()
    }

    pub(crate) fn source(&self, bend: Bend) -> Source {
        let regions = self.clone();
        let make = Arc::new(move || {
            let (regions, schemas, chosen) = (regions.clone(), things(&World::default()), OnceLock::new());
            Arc::new(Region { regions, bend, schemas, chosen }) as Arc<dyn Provider>
        });
        Source::InProcess { make, build: "1".to_owned() }
    }
}

fn things(world: &World) -> Registry {
    Registry::new("Things in a region.").resource(Registration::new(world.clone()).locate())
}

/// One instance.
struct Region {
    regions: Regions,
    bend: Bend,
    /// Answers what is asked before the configuration is known.
    schemas: Registry,
    chosen: OnceLock<Registry>,
}

impl Region {
    fn chosen(&self) -> &Registry {
        self.chosen.get().expect("it is configured first")
    }
}

impl Provider for Region {
    fn schemas(&self) -> Reply<'_, Arc<Schemas>> {
        Box::pin(async {
            let mut schemas = (*self.schemas.schemas().await?).clone();
            let text = |mode, about| Attribute::new(Shape::Plain(Type::String), mode, about);
            let mut token = text(Mode::Optional, "What opens it.");
            token.sensitive = true;
            let region = text(Mode::Required, "Where.");
            let attributes = Attributes::from([("region".to_owned(), region), ("token".to_owned(), token)]);
            schemas.provider = Schema::of("Where things are.", attributes);
            Ok(Arc::new(schemas))
        })
    }

    fn validate(&self, request: Validate) -> Reply<'_, Diagnostics> {
        if request.subject == framework::provider::Subject::Provider {
            let nowhere = request.config.member("region").as_str() == Some("nowhere");
            let refused = nowhere.then(|| Diagnostic::error("No such region", "nowhere").into());
            return Box::pin(async { Ok(refused.unwrap_or_default()) });
        }
        self.schemas.validate(request)
    }

    fn configure(&self, request: Configure) -> Reply<'_, Diagnostics> {
        let text = |name| request.config.member(name).as_str().map(str::to_owned);
        let world = self.regions.world(&text("region").unwrap());
        self.regions.0.lock().unwrap().tokens.extend(text("token"));
        assert!(self.chosen.set(things(&world)).is_ok(), "it is configured once");
        Box::pin(async { Ok(Diagnostics::new()) })
    }

    fn upgrade(&self, request: Upgrade) -> Reply<'_, Upgraded> {
        self.schemas.upgrade(request)
    }

    fn read(&self, request: framework::provider::Read) -> Reply<'_, ReadBack> {
        self.chosen().read(request)
    }

    fn plan(&self, request: Plan) -> Reply<'_, Planned> {
        Box::pin(async {
            let mut answer = self.chosen().plan(request).await?;
            (self.bend.plan)(&mut answer);
            Ok(answer)
        })
    }

    fn apply(&self, request: Apply) -> Reply<'_, Applied> {
        Box::pin(async {
            let mut answer = self.chosen().apply(request).await?;
            (self.bend.apply)(&mut answer);
            Ok(answer)
        })
    }

    fn import(&self, request: Import) -> Reply<'_, Imported> {
        self.chosen().import(request)
    }

    fn read_data(&self, request: ReadData) -> Reply<'_, DataRead> {
        self.chosen().read_data(request)
    }

    fn stop(&self) {
        self.schemas.stop();
    }

    fn locates(&self) -> Option<&dyn Locates> {
        Some(self)
    }
}

impl Locates for Region {
    fn locate(&self, request: Locate) -> Reply<'_, Located> {
        Locates::locate(self.chosen(), request)
    }
}

/// Gives a member of an object another value.
pub(crate) fn set(state: &mut Value, name: &str, value: impl Into<Value>) {
    if let Value::Map(members) = state {
        members.insert(name.to_owned(), value.into());
    }
}
