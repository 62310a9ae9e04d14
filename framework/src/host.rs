//! Core's half of the contract with a provider: what is asked of it, in which order, and how its answers are checked.
//!
//! [`Host`] does for one object what Terraform's core does for a resource instance: it builds the proposed new state,
//! validates again once values are known, upgrades stored states before anything else sees them, plans again with a null
//! prior when an object must be replaced and again at apply, carries private data, and checks every answer against
//! [`crate::conformance`]. Which objects there are, in which order they change, and where they are recorded is the
//! caller's.
//!
//! # Errors
//! [`Error::Fault`] when the provider gave no answer, [`Error::Refused`] when the provider or a rule says no. In both
//! cases nothing was changed, except where the documentation of a method says otherwise.

mod apply;
mod blame;
mod change;
mod config;
mod object;
mod plan;
mod proposed;
mod state;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::provider::{Configure, Schemas, Subject, Validate};
use crate::{Diagnostic, Diagnostics, Fault, Provider, Schema, Value};

pub use apply::{ApplyError, Outcome};
pub use change::{Action, Change};
pub use config::config_value;
#[cfg(test)]
pub(crate) use config::empty;
pub use object::{Object, Stored};
pub use proposed::proposed_new;
pub use state::{Answer, Located};

/// Why a request did not give what it was made for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The provider gave no answer.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The provider refused, or its answer cannot be used; at least one of the messages is an error.
    #[error("{0}")]
    Refused(Diagnostics),
}

impl From<Diagnostic> for Error {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Refused(diagnostic.into())
    }
}

/// A provider and the one who asks it.
#[derive(Clone)]
pub struct Host {
    provider: Arc<dyn Provider>,
    name: String,
    schemas: Arc<Schemas>,
}

impl Host {
    /// Gets the schemas of `provider`. `name` is what messages call it.
    ///
    /// # Errors
    /// Also when the provider could not put its schemas together.
    pub async fn start(name: impl Into<String>, provider: Arc<dyn Provider>) -> Result<Self, Error> {
        let schemas = provider.schemas().await?;
        if schemas.diagnostics.has_errors() {
            return Err(Error::Refused(schemas.diagnostics.clone()));
        }
        Ok(Self { provider, name: name.into(), schemas })
    }

    /// The provider's schemas, with the warnings that came with them.
    pub fn schemas(&self) -> &Schemas {
        &self.schemas
    }

    /// Asks all requests to end at their next safe point.
    pub fn stop(&self) {
        self.provider.stop();
    }

    /// Checks the provider's own configuration. Returns the warnings.
    pub async fn validate_provider(&self, config: &Value) -> Result<Diagnostics, Error> {
        self.validate(Subject::Provider, &self.schemas.provider, config).await
    }

    /// Checks the configuration of a resource, as far as it is known. Returns the warnings.
    pub async fn validate_resource(&self, type_name: &str, config: &Value) -> Result<Diagnostics, Error> {
        self.validate(Subject::Resource(type_name.to_owned()), self.resource(type_name)?, config).await
    }

    /// Checks the configuration of a data source, as far as it is known. Returns the warnings.
    pub async fn validate_data_source(&self, type_name: &str, config: &Value) -> Result<Diagnostics, Error> {
        self.validate(Subject::DataSource(type_name.to_owned()), self.data_source(type_name)?, config).await
    }

    /// Checks the provider's own configuration and hands it over, before anything but schemas, validation and upgrades.
    /// It may hold unknowns while nothing is applied yet. `host_version` is the version of the program that asks, such
    /// as `1.11.4`. Returns the warnings.
    pub async fn configure(&self, config: Value, host_version: &str) -> Result<Diagnostics, Error> {
        let mut warnings = self.validate_provider(&config).await?;
        let request = Configure { config, host_version: host_version.to_owned() };
        warnings.extend(accepted(self.provider.configure(request).await?)?);
        Ok(warnings)
    }

    async fn validate(&self, subject: Subject, schema: &Schema, config: &Value) -> Result<Diagnostics, Error> {
        config::check_given(schema, config)?;
        accepted(self.provider.validate(Validate { subject, config: config.clone() }).await?)
    }

    fn resource(&self, type_name: &str) -> Result<&Schema, Error> {
        self.schemas.resources.get(type_name).ok_or_else(|| self.no_such("resource type", type_name).into())
    }

    fn data_source(&self, type_name: &str) -> Result<&Schema, Error> {
        self.schemas.data_sources.get(type_name).ok_or_else(|| self.no_such("data source", type_name).into())
    }

    fn no_such(&self, kind: &str, type_name: &str) -> Diagnostic {
        let known = match kind {
            "data source" => self.schemas.data_sources.keys(),
            _ => self.schemas.resources.keys(),
        };
        let known = known.map(String::as_str).collect::<Vec<_>>().join(", ");
        let detail = format!("Provider {} has no {kind} {type_name:?}. It has: {known}.", self.name);
        Diagnostic::error(format!("No such {kind}"), detail)
    }
}

/// The warnings, if there are no errors.
fn accepted(diagnostics: Diagnostics) -> Result<Diagnostics, Error> {
    if diagnostics.has_errors() { Err(Error::Refused(diagnostics)) } else { Ok(diagnostics) }
}
