//! The providers that a stack uses: in this process, or as plugin processes.

mod pool;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use disk::Digest;
use framework::declare::Declaration;
use framework::host::{self, Host, Located, config_value};
use framework::schema::{Attribute, Block, Shape};
use framework::{Diagnostic, Diagnostics, Provider, Schema, Type, Value, json};
use tfplugin::client::{Options, Plugin, PluginError};

pub(crate) use pool::{Pool, Recorded, Spec};

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
    /// Nobody says where it comes from.
    #[error("provider {name}: the stack has no provider {kind:?}; give its program with `ProviderInstance::plugin`")]
    NoSource {
        /// The instance.
        name: String,
        /// The provider of which it shall be an instance.
        kind: String,
    },
    /// It is there already.
    #[error("provider {name}: it is declared twice, or something uses it before it is declared")]
    Taken {
        /// The instance.
        name: String,
    },
    /// What is recorded of its configuration cannot be used.
    #[error("provider {name}: its recorded configuration cannot be read: {reason}")]
    Recorded {
        /// The instance.
        name: String,
        /// Why not.
        reason: String,
    },
}

/// A provider that runs.
pub(crate) struct Instance {
    pub(crate) host: Host,
    /// Stands for its code and configuration: with the same, the same inputs give the same plan.
    pub(crate) build: String,
    types: BTreeMap<String, TypeInfo>,
}

/// What is needed of a resource type over and over.
pub(crate) struct TypeInfo {
    pub(crate) ty: Type,
    /// The attributes at the top that hold anything sensitive.
    pub(crate) sensitive: BTreeSet<String>,
    /// The attributes at the top that hold anything that reaches the provider and is never recorded.
    pub(crate) write_only: BTreeSet<String>,
}

impl Instance {
    /// Starts it. It is to be configured before anything else is asked of it.
    pub(crate) async fn launch(name: &str, source: &Source) -> Result<Self, ProviderError> {
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
        let host = Host::start(name, provider).await;
        let host = host.map_err(|source| ProviderError::Refused { name: owned(), source })?;
        let types = host.schemas().resources.iter().map(|(name, schema)| (name.clone(), TypeInfo::of(schema)));
        Ok(Self { types: types.collect(), host, build })
    }

    /// Hands it the members of its configuration that are given.
    pub(crate) async fn configure(
        mut self,
        name: &str,
        config: BTreeMap<String, Value>,
    ) -> Result<Self, ProviderError> {
        let refused = |source| ProviderError::Refused { name: name.to_owned(), source };
        if !config.is_empty() {
            self.build = configured(&self.build, &config);
        }
        let config = config_value(&self.host.schemas().provider, config);
        let config = config.map_err(|diagnostics| refused(host::Error::Refused(diagnostics)))?;
        self.host.configure(config, env!("CARGO_PKG_VERSION")).await.map_err(refused)?;
        Ok(self)
    }

    /// The type of its configuration.
    pub(crate) fn config_type(&self) -> Type {
        self.host.schemas().provider.ty()
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

    /// Finds out what became of a creation whose answer was lost. Terraform's protocol cannot ask for that: of our own provider as a
    /// plugin, the one in this process knows, for both look at the same world.
    pub(crate) async fn locate(
        &self,
        type_name: &str,
        config: &Value,
        planned: &Value,
    ) -> Result<Located, host::Error> {
        let located = self.host.locate(type_name, config, planned).await?;
        if located != Located::Unsupported {
            return Ok(located);
        }
        let ours = Host::start("devopsflow", Arc::new(provider::registry())).await?;
        let form = |host: &Host| host.schemas().resources.get(type_name).map(|schema| (schema.version, schema.ty()));
        let same = form(&ours).is_some_and(|form_of_ours| form(&self.host) == Some(form_of_ours));
        if same { ours.locate(type_name, config, planned).await } else { Ok(located) }
    }

    /// Reads a data source.
    pub(crate) async fn read_data(&self, type_name: &str, config: &Value) -> Result<Value, Diagnostics> {
        self.host.read_data(type_name, config).await.map(|answer| answer.value).map_err(diagnostics)
    }
}

/// What stands for the code and the configuration of a provider.
fn configured(build: &str, config: &BTreeMap<String, Value>) -> String {
    let config: Vec<_> = config.iter().map(|(name, value)| (name, json::to_json(value))).collect();
    Digest::of(format!("{build} {config:?}").as_bytes()).to_string()
}

/// The error about an instance that nobody has.
pub(crate) fn absent(name: &str) -> Diagnostics {
    let detail =
        "Neither the stack nor the program has it. Declare it with `ProviderInstance`, or give it to the stack.";
    Diagnostic::error(format!("No provider {name:?}"), detail).into()
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
        let (ty, block) = (schema.ty(), &schema.block);
        Self {
            ty,
            sensitive: holding(block, |attribute| attribute.sensitive),
            write_only: holding(block, |attribute| attribute.write_only),
        }
    }
}

/// The attributes at the top of a block that hold anything sensitive.
pub(crate) fn sensitive(block: &Block) -> BTreeSet<String> {
    holding(block, |attribute| attribute.sensitive)
}

/// The names at the top of a block that are, or hold, an attribute of this kind.
fn holding(block: &Block, is: fn(&Attribute) -> bool) -> BTreeSet<String> {
    let attributes = block.attributes.iter().filter(|(_, attribute)| holds(attribute, is)).map(|(name, _)| name);
    let blocks = block.blocks.iter().filter(|(_, nested)| !holding(&nested.block, is).is_empty()).map(|(name, _)| name);
    attributes.chain(blocks).cloned().collect()
}

fn holds(attribute: &Attribute, is: fn(&Attribute) -> bool) -> bool {
    is(attribute)
        || matches!(&attribute.shape, Shape::Nested(_, inner) if inner.values().any(|attribute| holds(attribute, is)))
}

/// The providers that a run needs, by instance name.
pub(crate) struct Providers(BTreeMap<String, Arc<Instance>>);

impl Providers {
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
        self.0.get(name).map(AsRef::as_ref).ok_or_else(|| absent(name))
    }

    pub(crate) fn of(&self, declaration: &Declaration) -> Result<&Instance, Diagnostics> {
        self.get(Self::name_of(declaration))
    }
}
