//! What every verb begins with: providers, program, state.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use framework::declare::Declaration;
use framework::host::config_value;
use framework::{Diagnostic, Diagnostics, Severity, Value};
use tokio::runtime::Handle;

use super::{Error, Stack};
use crate::StackId;
use crate::engine::Ledger;
use crate::program::{Graph, Scope, Setting, Surroundings, World};
use crate::providers::{Pool, ProviderError, Providers, Recorded, Spec, absent};
use crate::recorder::Recorder;
use crate::secrets::{Header, Redactor, Sealed};
use crate::state::{self, Loaded, State};
use crate::store::{Contents, Store, Writer};
use crate::sync::lock;
use crate::vault::{Group, Keyring, Vault};

/// What a program may ask for, from within a blocking thread of this runtime.
struct Live {
    handle: Handle,
    pool: Arc<Pool>,
    store: Arc<dyn Store>,
    id: StackId,
    vault: Arc<Vault>,
    keyring: Keyring,
    redactor: Arc<Redactor>,
    /// The secrets of other stacks that it asked for.
    others: Mutex<BTreeMap<StackId, Arc<Vault>>>,
}

impl Live {
    /// The secrets of another stack, with its key unlocked at most once.
    fn other(&self, id: &StackId, header: Option<&Header>) -> Arc<Vault> {
        let mut others = lock(&self.others);
        let vault = others.entry(id.clone()).or_insert_with(|| {
            let vault = Vault::new(id.to_string(), self.keyring.clone(), Arc::clone(&self.redactor));
            vault.see(header);
            Arc::new(vault)
        });
        Arc::clone(vault)
    }
}

impl World for Live {
    fn read(&self, declaration: &Declaration, members: BTreeMap<String, Value>) -> Result<Value, Diagnostics> {
        self.handle.block_on(async {
            let name = Providers::name_of(declaration);
            let not_running = |error: ProviderError| Diagnostic::error("The provider does not run", error.to_string());
            let instance = self.pool.get(name).await.map_err(not_running)?.ok_or_else(|| absent(name))?;
            let config = config_value(instance.data_source(declaration.type_name)?, members)?;
            instance.read_data(declaration.type_name, &config).await
        })
    }

    fn start_provider(&self, name: &str, spec: Spec) -> Result<(), String> {
        self.handle.block_on(self.pool.declare(name, spec)).map_err(|error| error.to_string())
    }

    fn export(&self, stack: &str, name: &str) -> Result<(serde_json::Value, bool), String> {
        let id = self.id.sibling(stack).map_err(|error| error.to_string())?;
        let contents = self.store.read(&id).map_err(|error| error.to_string())?;
        let contents = contents.ok_or_else(|| format!("stack {id} does not exist; run `up` on it first"))?;
        let loaded = state::load(&contents).map_err(|error| error.to_string())?;
        let found = loaded.state.exports.get(name);
        let found = found.ok_or_else(|| format!("stack {id} does not export {name:?}"))?;
        let vault = self.other(&id, loaded.state.secrets.as_ref());
        let opened = self.handle.block_on(vault.open(Group::Exports, name, found.clone()));
        let (value, secret) = opened.map_err(|error| error.to_string())?;
        if secret {
            vault.learn(&value);
        }
        Ok((value, secret))
    }

    fn open_setting(&self, key: &str, sealed: &Sealed) -> Result<String, String> {
        self.handle.block_on(self.vault.open_setting(key, sealed)).map_err(|error| error.to_string())
    }

    fn learn(&self, secret: &str) {
        self.redactor.add(secret);
    }
}

impl Stack {
    /// The providers of a run, of which none runs yet.
    pub(super) fn pool(&self) -> Arc<Pool> {
        Arc::new(Pool::new(self.sources.clone()))
    }

    /// The providers that what is declared and what is recorded need.
    pub(super) async fn providers(
        &self,
        pool: &Pool,
        graph: &Graph,
        recorded: &Recorded,
        vault: &Vault,
    ) -> Result<Arc<Providers>, Error> {
        let names = graph.nodes.iter().filter_map(|node| node.declaration()).map(Providers::name_of);
        let names: BTreeSet<&str> = names.collect();
        let providers = Arc::new(pool.providers(names, recorded, vault).await?);
        self.stopper.watch(&providers);
        Ok(providers)
    }

    /// Starts these providers, and records those that the program declares: before anything is made by one, it is known how to
    /// remove it again. A stack without a key gets one when a configuration holds a secret.
    pub(super) async fn start_and_record(
        &self,
        graph: &Graph,
        pool: &Pool,
        ledger: &Ledger,
        vault: &Vault,
    ) -> Result<Arc<Providers>, Error> {
        let (recorded, key) = ledger.look(|state| (Recorded::of(state), state.secrets.clone()));
        vault.see(key.as_ref());
        let providers = self.providers(pool, graph, &recorded, vault).await?;
        if pool.has_secrets().await {
            self.record_key(ledger, vault).await?;
        }
        let news = pool.news(&recorded, vault).await?;
        ledger.change(ledger.look(|state| news.changes(state))).await?;
        Ok(providers)
    }

    /// The secrets of one run.
    pub(super) fn vault(&self) -> Arc<Vault> {
        Arc::new(Vault::new(self.id.to_string(), self.keyring.clone(), Arc::clone(&self.redactor)))
    }

    /// Runs the program, once, on a thread of its own.
    pub(super) async fn declare(&self, pool: &Arc<Pool>, vault: &Arc<Vault>, seed: u64) -> Result<Graph, Error> {
        if self.config.values().any(|setting| matches!(setting, Setting::Sealed(_))) {
            vault.see(self.look()?.secrets.as_ref());
        }
        let world = Live {
            handle: Handle::current(),
            pool: Arc::clone(pool),
            store: Arc::clone(&self.store),
            id: self.id.clone(),
            vault: Arc::clone(vault),
            keyring: self.keyring.clone(),
            redactor: Arc::clone(&self.redactor),
            others: Mutex::default(),
        };
        let (id, config) = (self.id.clone(), self.config.clone());
        let surroundings = Surroundings { id, config, seed, world: Arc::new(world) };
        let program = Arc::clone(&self.program);
        let declared = tokio::task::spawn_blocking(move || {
            let mut scope = Scope::new(surroundings);
            program(&mut scope).and_then(|()| scope.finish())
        });
        match declared.await {
            Ok(Ok(graph)) => Ok(graph),
            Ok(Err(error)) => Err(Error::Program(error.to_string())),
            Err(panicked) => Err(Error::Program(format!("it panicked: {panicked}"))),
        }
    }

    /// The state, without the right to change it.
    pub(super) fn look(&self) -> Result<State, Error> {
        let contents = self.store.read(&self.id)?.unwrap_or_default();
        self.valid(&contents).map(|loaded| loaded.state)
    }

    pub(super) fn valid(&self, contents: &Contents) -> Result<Loaded, Error> {
        let loaded = self.unverified(contents)?;
        let broken = loaded.state.verify();
        if broken.is_empty() { Ok(loaded) } else { Err(state::Invalid::Broken(broken).into()) }
    }

    /// What is recorded, whether or not it keeps to the rules.
    pub(super) fn unverified(&self, contents: &Contents) -> Result<Loaded, Error> {
        for text in &contents.warnings {
            self.say(Severity::Warning, text.clone());
        }
        Ok(state::load(contents)?)
    }

    /// The right to write, and what is kept.
    pub(super) async fn writer(&self, verb: &str) -> Result<(Box<dyn Writer>, Contents), Error> {
        let (store, id, holder) = (Arc::clone(&self.store), self.id.clone(), holder(verb));
        let opened = tokio::task::spawn_blocking(move || store.open(&id, &holder)).await;
        Ok(opened.map_err(|error| Error::Edit(error.to_string()))??)
    }

    /// The state, with the right to change it in an update of this verb.
    pub(super) async fn open(&self, verb: &str, seed: Option<u64>) -> Result<Arc<Ledger>, Error> {
        let (writer, contents) = self.writer(verb).await?;
        let loaded = self.valid(&contents)?;
        let (state, epoch) = (loaded.state.clone(), writer.epoch());
        let recorder = Recorder::start(writer, loaded, Arc::clone(&self.clock));
        Ok(Arc::new(Ledger::new(recorder, state, (verb, seed), epoch, Arc::clone(&self.clock))))
    }
}

/// Says to others who runs.
fn holder(verb: &str) -> String {
    let user = std::env::var("USER").unwrap_or_else(|_| "somebody".to_owned());
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("`{verb}` of {user}, process {} on {}", std::process::id(), host.trim())
}
