//! Starts providers as a run comes to need them: those of the stack, those that the program declares, and those that are
//! recorded because something that they made is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use framework::declare::Resolved;
use framework::{Type, Value, json};
use serde_json::Value as Json;
use tokio::sync::Mutex;

use super::{Instance, ProviderError, Providers, Source};
use crate::state;
use crate::vault::{Group, Vault, VaultError};

/// A provider instance as a program declares it.
#[derive(Debug, Clone)]
pub(crate) struct Spec {
    /// The provider of which it is an instance.
    pub(crate) kind: String,
    /// The program that it runs as.
    pub(crate) plugin: Option<String>,
    /// The members of its configuration that are given, wholly known.
    pub(crate) config: BTreeMap<String, Resolved>,
}

/// The providers of a run while it finds out which it needs.
pub(crate) struct Pool {
    sources: BTreeMap<String, Source>,
    running: Mutex<Running>,
}

/// What a state says of providers.
pub(crate) struct Recorded {
    /// The instances that manage what is recorded.
    used: BTreeSet<String>,
    providers: BTreeMap<String, state::Provider>,
}

/// What a program declares of providers that is not recorded.
#[derive(Default)]
pub(crate) struct News {
    /// The instances that are to be recorded from now on, if they are others.
    providers: Option<BTreeMap<String, state::Provider>>,
    /// The recorded instances whose configuration is another now.
    changed: BTreeSet<String>,
}

impl Recorded {
    /// What this state says.
    pub(crate) fn of(state: &state::State) -> Self {
        let resources = state.resources.values().filter(|resource| !resource.component);
        let resources = resources.map(|resource| resource.provider.as_str());
        let pending = state.pending.values().map(|pending| pending.provider.as_str());
        let used: BTreeSet<&str> = resources.chain(pending).collect();
        Self { used: used.into_iter().map(str::to_owned).collect(), providers: state.providers.clone() }
    }
}

impl News {
    /// The changes that record it. What is of an instance whose configuration changed is recorded as to be looked at again.
    pub(crate) fn changes(self, state: &state::State) -> Vec<state::Change> {
        let Some(providers) = self.providers else { return Vec::new() };
        let doubtful = state.resources.values().filter(|resource| self.changed.contains(&resource.provider));
        let doubtful = doubtful.map(|resource| {
            let resource = state::Resource { fingerprint: String::new(), ..resource.clone() };
            state::Change::Put(Box::new(resource))
        });
        std::iter::once(state::Change::Providers(providers)).chain(doubtful).collect()
    }
}

#[derive(Default)]
struct Running {
    started: BTreeMap<String, Arc<Instance>>,
    declared: BTreeMap<String, Spec>,
}

impl Pool {
    /// A pool of a stack that has these providers.
    pub(crate) fn new(sources: BTreeMap<String, Source>) -> Self {
        Self { sources, running: Mutex::default() }
    }

    /// Starts an instance that the program declares.
    pub(crate) async fn declare(&self, name: &str, spec: Spec) -> Result<(), ProviderError> {
        let mut running = self.running.lock().await;
        if running.started.contains_key(name) {
            return Err(ProviderError::Taken { name: name.to_owned() });
        }
        let source = self.source(name, &spec.kind, spec.plugin.as_ref())?;
        let config = spec.config.iter().map(|(name, resolved)| (name.clone(), resolved.value.clone()));
        let instance = Instance::launch(name, &source).await?.configure(name, config.collect()).await?;
        running.started.insert(name.to_owned(), Arc::new(instance));
        running.declared.insert(name.to_owned(), spec);
        Ok(())
    }

    /// The instance of this name: one that runs, or that of the stack. None when there is neither.
    pub(crate) async fn get(&self, name: &str) -> Result<Option<Arc<Instance>>, ProviderError> {
        let mut running = self.running.lock().await;
        if let Some(instance) = running.started.get(name) {
            return Ok(Some(Arc::clone(instance)));
        }
        let Some(source) = self.sources.get(name) else { return Ok(None) };
        let instance = Instance::launch(name, source).await?.configure(name, BTreeMap::new()).await?;
        let instance = Arc::new(instance);
        running.started.insert(name.to_owned(), Arc::clone(&instance));
        Ok(Some(instance))
    }

    /// Starts a recorded instance that does not run. One that nobody knows is left out: whatever needs it says so.
    async fn start_recorded(&self, name: &str, recorded: &Recorded, vault: &Vault) -> Result<(), ProviderError> {
        let Some(provider) = recorded.providers.get(name) else { return self.get(name).await.map(drop) };
        let mut running = self.running.lock().await;
        if running.started.contains_key(name) {
            return Ok(());
        }
        let source = self.source(name, &provider.kind, provider.plugin.as_ref())?;
        let instance = Instance::launch(name, &source).await?;
        let unreadable = |reason| ProviderError::Recorded { name: name.to_owned(), reason };
        let (config, _) = open(vault, name, provider).await.map_err(|error| unreadable(error.to_string()))?;
        let config = typed(config, &instance.config_type()).map_err(unreadable)?;
        running.started.insert(name.to_owned(), Arc::new(instance.configure(name, config).await?));
        Ok(())
    }

    /// The providers that these names and what is recorded need.
    pub(crate) async fn providers<'n>(
        &self,
        names: impl IntoIterator<Item = &'n str>,
        recorded: &Recorded,
        vault: &Vault,
    ) -> Result<Providers, ProviderError> {
        for name in names {
            self.get(name).await?;
        }
        for name in &recorded.used {
            self.start_recorded(name, recorded, vault).await?;
        }
        Ok(Providers(self.running.lock().await.started.clone()))
    }

    /// What the program declares that is not recorded.
    pub(crate) async fn news(&self, recorded: &Recorded, vault: &Vault) -> Result<News, VaultError> {
        let mut providers = recorded.providers.clone();
        providers.retain(|name, _| recorded.used.contains(name));
        let mut changed = BTreeSet::new();
        for (name, spec) in &self.running.lock().await.declared {
            match recorded.providers.get(name) {
                Some(known) if same(vault, name, known, spec).await? => {
                    providers.insert(name.clone(), known.clone());
                }
                known => {
                    changed.extend(known.map(|_| name.clone()));
                    providers.insert(name.clone(), seal(vault, name, spec, known).await?);
                }
            }
        }
        Ok(News { providers: Some(providers).filter(|providers| *providers != recorded.providers), changed })
    }

    /// Whether the configuration of any declared instance holds a secret.
    pub(crate) async fn has_secrets(&self) -> bool {
        let declared = &self.running.lock().await.declared;
        declared.values().flat_map(|spec| spec.config.values()).any(|resolved| resolved.secret)
    }

    fn source(&self, name: &str, kind: &str, plugin: Option<&String>) -> Result<Source, ProviderError> {
        let plugin = plugin.map(|plugin| Source::Plugin(PathBuf::from(plugin)));
        let missing = || ProviderError::NoSource { name: name.to_owned(), kind: kind.to_owned() };
        plugin.or_else(|| self.sources.get(kind).cloned()).ok_or_else(missing)
    }
}

async fn seal(
    vault: &Vault,
    name: &str,
    spec: &Spec,
    recorded: Option<&state::Provider>,
) -> Result<state::Provider, VaultError> {
    let secrets = spec.config.iter().filter(|(_, resolved)| resolved.secret).map(|(name, _)| name.clone()).collect();
    let recorded = recorded.map(|recorded| &recorded.config);
    let config = vault.seal_members(Group::Provider(name), members(spec), &secrets, recorded).await?;
    Ok(state::Provider { kind: spec.kind.clone(), plugin: spec.plugin.clone(), config })
}

async fn open(
    vault: &Vault,
    name: &str,
    recorded: &state::Provider,
) -> Result<(BTreeMap<String, Json>, BTreeSet<String>), VaultError> {
    vault.open_members(Group::Provider(name), &recorded.config, |_| true).await
}

/// Whether the recorded instance is the declared one. Sealing gives another text each time, so what is sealed is compared.
async fn same(vault: &Vault, name: &str, recorded: &state::Provider, spec: &Spec) -> Result<bool, VaultError> {
    let secret = spec.config.iter().filter(|(_, resolved)| resolved.secret && !resolved.value.is_null());
    let secret = secret.map(|(name, _)| name.clone()).collect();
    let from = (&recorded.kind, &recorded.plugin) == (&spec.kind, &spec.plugin);
    Ok(from && open(vault, name, recorded).await? == (members(spec), secret))
}

fn members(spec: &Spec) -> BTreeMap<String, Json> {
    spec.config.iter().filter_map(|(name, resolved)| Some((name.clone(), json::to_json(&resolved.value)?))).collect()
}

fn typed(config: BTreeMap<String, Json>, ty: &Type) -> Result<BTreeMap<String, Value>, String> {
    let Type::Object(types) = ty else { return Err("the provider takes no configuration".to_owned()) };
    let read = |(name, value): (String, Json)| {
        let ty = types.get(&name).ok_or_else(|| format!("the provider has no attribute {name:?}"))?;
        let value = json::from_json(&value, ty).map_err(|error| format!("{name}: {error}"))?;
        Ok((name, value))
    };
    config.into_iter().map(read).collect()
}
