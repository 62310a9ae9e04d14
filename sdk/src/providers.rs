//! The providers that a stack uses: in this process, or as plugin processes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use disk::Digest;
use framework::declare::Declaration;
use framework::host::{self, Host, config_value};
use framework::schema::{Attribute, Block, Shape};
use framework::{Diagnostic, Diagnostics, Provider, Schema, Type, Value};
use tfplugin::client::{Options, Plugin, PluginError};

/// Where a provider comes from.
#[derive(Clone)]
pub enum Source {
    /// It runs in this process.
    InProcess {
        /// Makes one; each instance has its own.
        make: Arc<dyn Fn() -> Arc<dyn Provider> + Send + Sync>,
        /// Stands for its code: with the same, the same inputs give the same plan.
        build: String,
    },
    /// It is a program that speaks terraform's plugin protocol.
    Plugin(PathBuf),
}

impl Source {
    /// The devopsflow provider in this process.
    pub fn devopsflow() -> Self {
        let make = Arc::new(|| Arc::new(provider::registry()) as Arc<dyn Provider>);
        Self::InProcess { make, build: provider::BUILD.to_owned() }
    }
}

/// Why a provider does not run.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// The plugin does not start.
    #[error("provider {name}: {source}")]
    Plugin {
        /// The instance.
        name: String,
        /// Why not.
        source: PluginError,
    },
    /// The program of the plugin cannot be read.
    #[error("provider {name}: cannot read {}: {source}", path.display())]
    Program {
        /// The instance.
        name: String,
        /// The program.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The provider does not accept what it was asked first.
    #[error("provider {name}: {source}")]
    Refused {
        /// The instance.
        name: String,
        /// Why not.
        source: host::Error,
    },
}

/// A provider that runs.
pub(crate) struct Instance {
    pub(crate) host: Host,
    pub(crate) build: String,
    types: BTreeMap<String, TypeInfo>,
}

/// What is needed of a resource type over and over.
pub(crate) struct TypeInfo {
    pub(crate) ty: Type,
    /// The attributes at the top that hold anything sensitive.
    pub(crate) sensitive: BTreeSet<String>,
}

impl Instance {
    /// Starts it, without configuration: our own provider has none, and one that needs some says so.
    pub(crate) async fn start(name: &str, source: &Source) -> Result<Self, ProviderError> {
        let owned = || name.to_owned();
        let (provider, build): (Arc<dyn Provider>, String) = match source {
            Source::InProcess { make, build } => (make(), build.clone()),
            Source::Plugin(path) => {
                let bytes = std::fs::read(path);
                let bytes =
                    bytes.map_err(|source| ProviderError::Program { name: owned(), path: path.clone(), source })?;
                let launched = Plugin::launch(tokio::process::Command::new(path), Options::default()).await;
                let plugin = launched.map_err(|source| ProviderError::Plugin { name: owned(), source })?;
                (Arc::new(plugin), Digest::of(&bytes).to_string())
            }
        };
        let refused = |source| ProviderError::Refused { name: owned(), source };
        let host = Host::start(name, provider).await.map_err(refused)?;
        let config = config_value(&host.schemas().provider, []);
        let config = config.map_err(|diagnostics| refused(host::Error::Refused(diagnostics)))?;
        host.configure(config, env!("CARGO_PKG_VERSION")).await.map_err(refused)?;
        let types = host.schemas().resources.iter().map(|(name, schema)| (name.clone(), TypeInfo::of(schema)));
        Ok(Self { types: types.collect(), host, build })
    }

    /// The schema of a resource type.
    pub(crate) fn resource(&self, type_name: &str) -> Result<(&Schema, &TypeInfo), Diagnostics> {
        let schema = self.host.schemas().resources.get(type_name);
        schema.zip(self.types.get(type_name)).ok_or_else(|| unknown("resource", type_name))
    }

    /// The schema of a data source.
    pub(crate) fn data_source(&self, type_name: &str) -> Result<&Schema, Diagnostics> {
        self.host.schemas().data_sources.get(type_name).ok_or_else(|| unknown("data source", type_name))
    }

    /// Reads a data source.
    pub(crate) async fn read_data(&self, type_name: &str, config: &Value) -> Result<Value, Diagnostics> {
        self.host.read_data(type_name, config).await.map(|answer| answer.value).map_err(diagnostics)
    }
}

fn unknown(kind: &str, type_name: &str) -> Diagnostics {
    let detail = "The provider does not have it. Is the provider older than the program?";
    Diagnostic::error(format!("No such {kind} {type_name}"), detail).into()
}

/// What a host's error says.
pub(crate) fn diagnostics(error: host::Error) -> Diagnostics {
    match error {
        host::Error::Refused(diagnostics) => diagnostics,
        host::Error::Fault(fault) => Diagnostic::error("The provider gave no answer", fault.to_string()).into(),
    }
}

impl TypeInfo {
    fn of(schema: &Schema) -> Self {
        Self { ty: schema.ty(), sensitive: sensitive(&schema.block) }
    }
}

fn sensitive(block: &Block) -> BTreeSet<String> {
    let attributes = block.attributes.iter().filter(|(_, attribute)| is_sensitive(attribute)).map(|(name, _)| name);
    let blocks = block.blocks.iter().filter(|(_, nested)| !sensitive(&nested.block).is_empty()).map(|(name, _)| name);
    attributes.chain(blocks).cloned().collect()
}

fn is_sensitive(attribute: &Attribute) -> bool {
    attribute.sensitive || matches!(&attribute.shape, Shape::Nested(_, inner) if inner.values().any(is_sensitive))
}

/// The providers of a stack by instance name.
pub(crate) struct Providers(BTreeMap<String, Instance>);

impl Providers {
    pub(crate) async fn start(sources: &BTreeMap<String, Source>) -> Result<Self, ProviderError> {
        let mut instances = BTreeMap::new();
        for (name, source) in sources {
            instances.insert(name.clone(), Instance::start(name, source).await?);
        }
        Ok(Self(instances))
    }

    /// Asks all of them to end what they do at the next safe point.
    pub(crate) fn stop(&self) {
        self.0.values().for_each(|instance| instance.host.stop());
    }

    /// The name of the instance that manages a declaration: the one it names, or that of its type's first word.
    pub(crate) fn name_of(declaration: &Declaration) -> &str {
        let by_type = || declaration.type_name.split('_').next().unwrap_or_default();
        declaration.options.provider.as_deref().unwrap_or_else(by_type)
    }

    pub(crate) fn get(&self, name: &str) -> Result<&Instance, Diagnostics> {
        self.0.get(name).ok_or_else(|| {
            let known = self.0.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            Diagnostic::error(format!("No provider {name:?}"), format!("This stack has {known}.")).into()
        })
    }

    pub(crate) fn of(&self, declaration: &Declaration) -> Result<&Instance, Diagnostics> {
        self.get(Self::name_of(declaration))
    }
}
