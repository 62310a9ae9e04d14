//! The schemas of a provider with the types that follow from them, which every message needs.

use std::collections::BTreeMap;
use std::sync::Arc;

use framework::provider::{Schemas, Subject};
use framework::{Schema, Type};

/// Schemas and types of everything that a provider offers.
#[derive(Debug)]
pub(crate) struct Catalogue {
    pub(crate) schemas: Arc<Schemas>,
    provider: Type,
    resources: BTreeMap<String, Type>,
    data_sources: BTreeMap<String, Type>,
}

impl Catalogue {
    pub(crate) fn new(schemas: Arc<Schemas>) -> Self {
        let types = |schemas: &BTreeMap<String, Schema>| {
            schemas.iter().map(|(name, schema)| (name.clone(), schema.ty())).collect()
        };
        Self {
            provider: schemas.provider.ty(),
            resources: types(&schemas.resources),
            data_sources: types(&schemas.data_sources),
            schemas,
        }
    }

    /// The type of the values of a resource, data source or the provider's own configuration; `None` if there is no
    /// such resource or data source.
    pub(crate) fn ty(&self, subject: &Subject) -> Option<&Type> {
        match subject {
            Subject::Provider => Some(&self.provider),
            Subject::Resource(name) => self.resources.get(name),
            Subject::DataSource(name) => self.data_sources.get(name),
        }
    }
}
