//! A [`Provider`] made of typed resources and data sources.
//!
//! A registry answers the dynamic requests of the waist with the typed methods that authors write: it validates against
//! the schema's rules, plans in the named stages of [`stages`], and puts states together so that they hold what the
//! user wrote.

mod data_source;
mod resource;
pub mod stages;
mod state;
mod validate;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::attributes::Inputs;
use crate::provider::{
    Applied, Apply, Configure, DataRead, Import, Imported, Locate, Located, Locates, Move, Moved, Moves, Plan, Planned,
    Provider, Read, ReadBack, ReadData, Reply, Schemas, Subject, Upgrade, Upgraded, Validate,
};
use crate::resource::{Context, DataSource, Resource};
use crate::{Diagnostic, Diagnostics, Path, Schema, Stop, Value, json};

use data_source::AnyDataSource;
use resource::AnyResource;
pub use resource::Registration;

/// The resources and data sources of one provider.
pub struct Registry {
    resources: BTreeMap<&'static str, Box<dyn AnyResource>>,
    data_sources: BTreeMap<&'static str, Box<dyn AnyDataSource>>,
    provider: Schema,
    problems: Diagnostics,
    schemas: OnceLock<Arc<Schemas>>,
    stop: Stop,
}

impl Registry {
    /// A registry without entries. `description` documents the provider, in Markdown.
    pub fn new(description: &str) -> Self {
        Self {
            resources: BTreeMap::new(),
            data_sources: BTreeMap::new(),
            provider: Schema::of(description, BTreeMap::new()),
            problems: Diagnostics::new(),
            schemas: OnceLock::new(),
            stop: Stop::new(),
        }
    }

    /// Adds a resource.
    #[must_use]
    pub fn resource<R: Resource>(mut self, registration: Registration<R>) -> Self {
        let name = R::Inputs::TYPE_NAME;
        if self.resources.insert(name, Box::new(registration)).is_some() {
            self.problems.push(Diagnostic::bug(format!("Two resources are called {name}.")));
        }
        self
    }

    /// Adds a data source.
    #[must_use]
    pub fn data_source<D: DataSource>(mut self, source: D) -> Self {
        let name = D::Inputs::TYPE_NAME;
        if self.data_sources.insert(name, Box::new(data_source::Entry::new(source))).is_some() {
            self.problems.push(Diagnostic::bug(format!("Two data sources are called {name}.")));
        }
        self
    }

    fn find(&self, name: &str) -> Result<&dyn AnyResource, Diagnostics> {
        self.resources.get(name).map(AsRef::as_ref).ok_or_else(|| unknown("resource", name, self.resources.keys()))
    }

    fn find_data(&self, name: &str) -> Result<&dyn AnyDataSource, Diagnostics> {
        self.data_sources
            .get(name)
            .map(AsRef::as_ref)
            .ok_or_else(|| unknown("data source", name, self.data_sources.keys()))
    }

    fn context(&self) -> Context {
        Context::new(self.stop.clone())
    }
}

fn unknown<'a>(kind: &str, name: &str, known: impl Iterator<Item = &'a &'static str>) -> Diagnostics {
    let known: Vec<_> = known.copied().collect();
    Diagnostic::error(format!("Unknown {kind} {name}"), format!("This provider has {}.", known.join(", "))).into()
}

/// An answer that is there already.
fn ready<'a, T: Send + 'a>(answer: T) -> Reply<'a, T> {
    Box::pin(std::future::ready(Ok(answer)))
}

impl Provider for Registry {
    fn schemas(&self) -> Reply<'_, Arc<Schemas>> {
        let schemas = self.schemas.get_or_init(|| {
            Arc::new(Schemas {
                provider: self.provider.clone(),
                resources: self.resources.iter().map(|(name, r)| ((*name).to_owned(), r.schema().clone())).collect(),
                data_sources: self
                    .data_sources
                    .iter()
                    .map(|(name, d)| ((*name).to_owned(), d.schema().clone()))
                    .collect(),
                diagnostics: self.problems.clone(),
                plans_destroy: false,
            })
        });
        ready(Arc::clone(schemas))
    }

    fn validate(&self, request: Validate) -> Reply<'_, Diagnostics> {
        let outcome = match &request.subject {
            Subject::Provider => Ok(validate::check(&self.provider, &request.config)),
            Subject::Resource(name) => self.find(name).map(|resource| resource.validate(&request.config)),
            Subject::DataSource(name) => {
                self.find_data(name).map(|source| validate::check(source.schema(), &request.config))
            }
        };
        ready(outcome.unwrap_or_else(|diagnostics| diagnostics))
    }

    fn configure(&self, _: Configure) -> Reply<'_, Diagnostics> {
        ready(Diagnostics::new())
    }

    fn upgrade(&self, request: Upgrade) -> Reply<'_, Upgraded> {
        let state = self.find(&request.type_name).and_then(|resource| {
            let schema = resource.schema();
            if request.version == schema.version {
                return json::decode(&request.json, &schema.ty()).map_err(|error| {
                    let detail =
                        format!("{error}. Restore the state from a backup, or remove the object and import it.");
                    Diagnostic::error("The recorded state cannot be read", detail).into()
                });
            }
            let detail = format!(
                "It was recorded under version {} of the schema of {}; this release knows version {}.",
                request.version, request.type_name, schema.version
            );
            Err(Diagnostic::error("The recorded state is of an unknown version", detail).into())
        });
        ready(match state {
            Ok(state) => Upgraded { state, diagnostics: Diagnostics::new() },
            Err(diagnostics) => Upgraded { state: Value::Null, diagnostics },
        })
    }

    fn read(&self, request: Read) -> Reply<'_, ReadBack> {
        match self.find(&request.type_name) {
            Ok(resource) => Box::pin(async move { Ok(resource.read(&self.context(), request).await) }),
            Err(diagnostics) => ready(ReadBack { state: request.state, private: request.private, diagnostics }),
        }
    }

    fn plan(&self, request: Plan) -> Reply<'_, Planned> {
        match self.find(&request.type_name) {
            Ok(resource) => Box::pin(async move { Ok(resource.plan(&self.context(), request).await) }),
            Err(diagnostics) => ready(stages::refused(request, diagnostics)),
        }
    }

    fn apply(&self, request: Apply) -> Reply<'_, Applied> {
        let refused = |request: Apply, diagnostics| {
            ready(Applied { state: request.prior, private: request.private, diagnostics, legacy: false })
        };
        match self.find(&request.type_name) {
            _ if self.stop.is_requested() => {
                let detail = "The run was interrupted before this operation began, so nothing was done.";
                refused(request, Diagnostic::error("Interrupted", detail).into())
            }
            Ok(resource) => Box::pin(async move { Ok(resource.apply(&self.context(), request).await) }),
            Err(diagnostics) => refused(request, diagnostics),
        }
    }

    fn import(&self, request: Import) -> Reply<'_, Imported> {
        match self.find(&request.type_name) {
            Ok(resource) => Box::pin(async move { Ok(resource.import(&self.context(), request).await) }),
            Err(diagnostics) => ready(Imported { objects: Vec::new(), diagnostics }),
        }
    }

    fn read_data(&self, request: ReadData) -> Reply<'_, DataRead> {
        match self.find_data(&request.type_name) {
            Ok(source) => Box::pin(async move { Ok(source.read(&self.context(), request.config).await) }),
            Err(diagnostics) => ready(DataRead { state: Value::Null, diagnostics }),
        }
    }

    fn stop(&self) {
        self.stop.request();
    }

    fn lose(&self) {
        self.stop.lose();
    }

    fn moves(&self) -> Option<&dyn Moves> {
        self.resources.values().any(|resource| resource.can_move()).then_some(self as &dyn Moves)
    }

    fn locates(&self) -> Option<&dyn Locates> {
        self.resources.values().any(|resource| resource.can_locate()).then_some(self as &dyn Locates)
    }
}

impl Locates for Registry {
    fn locate(&self, request: Locate) -> Reply<'_, Located> {
        match self.find(&request.type_name) {
            Ok(resource) => Box::pin(async move { Ok(resource.locate(&self.context(), request).await) }),
            Err(diagnostics) => {
                ready(Located { supported: false, state: Value::Null, private: Vec::new(), diagnostics })
            }
        }
    }
}

impl Moves for Registry {
    fn move_state(&self, request: Move) -> Reply<'_, Moved> {
        let moved = self.find(&request.type_name).and_then(|resource| resource.move_state(&request));
        ready(match moved {
            Ok((state, private)) => Moved { state, private, diagnostics: Diagnostics::new() },
            Err(diagnostics) => Moved { state: Value::Null, private: Vec::new(), diagnostics },
        })
    }
}

/// Puts the schema of inputs and outputs together.
fn merge<I: Inputs>() -> Schema {
    let mut attributes = I::attributes();
    attributes.extend(<I::Outputs as crate::attributes::Attributes>::attributes());
    Schema::of(I::DESCRIPTION, attributes)
}

/// The error when a typed struct cannot be read from a value that the schema admits.
fn undecodable(what: &str, errors: Diagnostics) -> Diagnostics {
    errors
        .into_iter()
        .map(|error| {
            let path = error.path.clone().unwrap_or_else(Path::root);
            Diagnostic { summary: format!("{what}: {}", error.summary), ..error }.at(path)
        })
        .collect()
}
