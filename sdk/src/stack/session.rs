//! What every verb begins with: providers, program, state.

use std::collections::BTreeMap;
use std::sync::Arc;

use framework::declare::Declaration;
use framework::host::config_value;
use framework::{Diagnostics, Value};
use tokio::runtime::Handle;

use super::{Error, Stack};
use crate::engine::Ledger;
use crate::program::{Graph, Scope, Surroundings, World};
use crate::providers::Providers;
use crate::recorder::Recorder;
use crate::state::{self, Loaded, State};
use crate::store::{Contents, Store};
use crate::vault::{self, Vault};
use crate::{Event, StackId};

/// What a program may ask for, from within a blocking thread of this runtime.
struct Live {
    handle: Handle,
    providers: Arc<Providers>,
    store: Arc<dyn Store>,
    id: StackId,
}

impl World for Live {
    fn read(&self, declaration: &Declaration, members: BTreeMap<String, Value>) -> Result<Value, Diagnostics> {
        let instance = self.providers.of(declaration)?;
        let config = config_value(instance.data_source(declaration.type_name)?, members)?;
        self.handle.block_on(instance.read_data(declaration.type_name, &config))
    }

    fn export(&self, stack: &str, name: &str) -> Result<serde_json::Value, String> {
        let id = self.id.sibling(stack).map_err(|error| error.to_string())?;
        let contents = self.store.read(&id).map_err(|error| error.to_string())?;
        let contents = contents.ok_or_else(|| format!("stack {id} does not exist; run `up` on it first"))?;
        let loaded = state::load(&contents).map_err(|error| error.to_string())?;
        let found = loaded.state.exports.get(name);
        let found = found.ok_or_else(|| format!("stack {id} does not export {name:?}"))?;
        if vault::sealed(found).is_some() {
            return Err(format!("export {name:?} of stack {id} is secret, and secrets do not leave their stack"));
        }
        Ok(found.clone())
    }
}

/// A state with the right to change it.
pub(super) struct Opened {
    pub(super) ledger: Arc<Ledger>,
}

impl Stack {
    pub(super) async fn providers(&self) -> Result<Arc<Providers>, Error> {
        let providers = Arc::new(Providers::start(&self.sources).await?);
        self.stopper.watch(&providers);
        Ok(providers)
    }

    pub(super) fn vault(&self) -> Arc<Vault> {
        Arc::new(Vault::new(self.id.to_string(), self.sealer.clone()))
    }

    /// Runs the program, once, on a thread of its own.
    pub(super) async fn declare(&self, providers: &Arc<Providers>) -> Result<Graph, Error> {
        let world = Live {
            handle: Handle::current(),
            providers: Arc::clone(providers),
            store: Arc::clone(&self.store),
            id: self.id.clone(),
        };
        let surroundings = Surroundings { id: self.id.clone(), config: self.config.clone(), world: Arc::new(world) };
        let program = Arc::clone(&self.program);
        let declared = tokio::task::spawn_blocking(move || {
            let mut scope = Scope::new(surroundings);
            program(&mut scope).map(|()| scope.finish())
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

    fn valid(&self, contents: &Contents) -> Result<Loaded, Error> {
        for text in &contents.warnings {
            let severity = framework::Severity::Warning;
            (self.reporter)(&Event::Message { severity, address: None, text: text.clone() });
        }
        let loaded = state::load(contents)?;
        let broken = loaded.state.verify();
        if broken.is_empty() { Ok(loaded) } else { Err(state::Invalid::Broken(broken).into()) }
    }

    /// The state, with the right to change it, and an update begun.
    pub(super) async fn open(&self, verb: &str) -> Result<Opened, Error> {
        let (store, id, holder) = (Arc::clone(&self.store), self.id.clone(), holder(verb));
        let opened = tokio::task::spawn_blocking(move || store.open(&id, &holder)).await;
        let (writer, contents) = opened.map_err(|error| Error::Edit(error.to_string()))??;
        let loaded = self.valid(&contents)?;
        let (state, epoch) = (loaded.state.clone(), writer.epoch());
        let recorder = Recorder::start(writer, loaded, Arc::clone(&self.clock));
        let ledger = Ledger::begin(recorder, state, verb, epoch, Arc::clone(&self.clock)).await?;
        Ok(Opened { ledger: Arc::new(ledger) })
    }
}

/// Says to others who runs.
fn holder(verb: &str) -> String {
    let user = std::env::var("USER").unwrap_or_else(|_| "somebody".to_owned());
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("`{verb}` of {user}, process {} on {}", std::process::id(), host.trim())
}
