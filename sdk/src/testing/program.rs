//! A program that is tested.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use framework::{Value, json};

use super::{Declared, MemoryHolder, World, blocking, check, lifecycle};
use crate::state::{self, Loaded, State};
use crate::store::{Contents, MemoryStore, Store};
use crate::{Error, Scope, Stack, StackId, program};

const PROJECT: &str = "test";

/// What programs make up things of: the same in every test.
const SEED: u64 = 0;

/// A program that is tested, with what surrounds it. Each run has a state of its own, in memory.
///
/// Hooks of the program run as they do otherwise.
#[derive(Clone)]
pub struct Program {
    declare: Arc<program::Program>,
    stack: String,
    config: BTreeMap<String, String>,
    worlds: BTreeMap<String, World>,
    others: BTreeMap<String, State>,
    checks: bool,
}

/// A program, to be tested as stack `dev` with the devopsflow provider stood in for by a [`World`].
pub fn program(declare: impl Fn(&mut Scope) -> program::Result<()> + Send + Sync + 'static) -> Program {
    Program {
        declare: Arc::new(declare),
        stack: "dev".to_owned(),
        config: BTreeMap::new(),
        worlds: BTreeMap::from([("devopsflow".to_owned(), World::new())]),
        others: BTreeMap::new(),
        checks: true,
    }
}

impl Program {
    /// The stack that it declares.
    #[must_use]
    pub fn stack(self, stack: impl Into<String>) -> Self {
        Self { stack: stack.into(), ..self }
    }

    /// Gives it a setting. Settings that it takes as secrets are given the same way.
    #[must_use]
    pub fn config(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.config.insert(key.into(), value.into());
        self
    }

    /// Stands in for the provider instance of this name.
    #[must_use]
    pub fn provider(mut self, name: impl Into<String>, world: &World) -> Self {
        self.worlds.insert(name.into(), world.clone());
        self
    }

    /// Has another stack of the project that exports this.
    ///
    /// # Panics
    /// The value is not known.
    #[must_use]
    pub fn other_stack(mut self, stack: impl Into<String>, export: impl Into<String>, value: impl Into<Value>) -> Self {
        let value = json::to_json(&value.into()).expect("an export is known");
        self.others.entry(stack.into()).or_default().exports.insert(export.into(), value);
        self
    }

    /// Leaves out [`Program::check`], which otherwise comes before [`Program::preview`] and [`Program::up`]: for a program
    /// that is meant to fail, or whose hooks must not run.
    #[must_use]
    pub fn unchecked(self) -> Self {
        Self { checks: false, ..self }
    }

    /// What it declares, as a preview of a stack without state sees it: outputs are unknown.
    ///
    /// # Errors
    /// The program fails, or cannot be planned.
    pub fn preview(&self) -> Result<Declared, Error> {
        blocking(async {
            self.checked().await?;
            self.declared(&self.in_memory(MemoryStore::new())?).await
        })
    }

    /// What it declares once everything was made: outputs are known.
    ///
    /// # Errors
    /// The program fails, or not everything can be made.
    pub fn up(&self) -> Result<Declared, Error> {
        blocking(async {
            self.checked().await?;
            let stack = self.in_memory(MemoryStore::new())?;
            stack.up().await?;
            self.declared(&stack).await
        })
    }

    /// Checks what holds for every program:
    /// - it declares the same when it is run again;
    /// - everything can be made, and then nothing is left to do; what vanishes is seen and made again; everything can be
    ///   removed;
    /// - so it is for each component made and removed without the rest;
    /// - what is recorded is a valid state after every record.
    ///
    /// It is done with fresh worlds: nothing is made in those of the program, and what they were told to do wrong is left
    /// out.
    ///
    /// # Errors
    /// The program fails, or not everything can be made.
    ///
    /// # Panics
    /// Something else of this does not hold; the message says what.
    pub fn check(&self) -> Result<(), Error> {
        blocking(self.checks_out())
    }

    /// The stack that it is run as, with its state in `store`: for tests that need more than what is declared.
    pub fn in_memory(&self, store: MemoryStore) -> Result<Stack, Error> {
        let declare = Arc::clone(&self.declare);
        let mut stack = Stack::new(PROJECT, &self.stack, move |scope| declare(scope))?;
        for (name, other) in &self.others {
            let snapshot = state::snapshot(&Loaded { state: other.clone(), seq: 0 });
            let contents = Contents { snapshot: Some(snapshot), ..Contents::default() };
            store.put(&StackId::new(PROJECT, name)?, contents);
        }
        for (name, world) in &self.worlds {
            stack = stack.provider(name, world.source());
        }
        for (key, value) in &self.config {
            stack = stack.config(key, value);
        }
        Ok(stack.store(store).key_holder(MemoryHolder::default()))
    }

    async fn declared(&self, stack: &Stack) -> Result<Declared, Error> {
        let (engine, preview) = stack.preview().plans(SEED).await?;
        Declared::of(&engine, preview)
    }

    async fn checked(&self) -> Result<(), Error> {
        if self.checks { self.checks_out().await } else { Ok(()) }
    }

    async fn checks_out(&self) -> Result<(), Error> {
        let components = self.repeats().await?;
        let (fresh, store) = (self.afresh(), MemoryStore::new());
        let stack = fresh.in_memory(store.clone())?;
        let worlds: Vec<World> = fresh.worlds.values().cloned().collect();
        lifecycle::alone(&stack, &worlds).await?;
        valid(&store, &stack);
        for component in components {
            let store = MemoryStore::new();
            let stack = self.afresh().in_memory(store.clone())?;
            lifecycle::part(&stack, &component).await;
            valid(&store, &stack);
        }
        Ok(())
    }

    /// The addresses of its components, if it declares the same twice.
    async fn repeats(&self) -> Result<BTreeSet<String>, Error> {
        let stack = self.afresh().in_memory(MemoryStore::new())?;
        let (first, preview) = stack.preview().plans(SEED).await?;
        let second = stack.preview().plans(SEED).await?.0;
        if !preview.problems.is_empty() {
            return Err(Error::Refused(preview.problems));
        }
        let declared = |engine: &crate::engine::Engine| {
            let nodes = engine.graph.nodes.iter().zip(&engine.edges);
            nodes.map(|(node, edges)| (node.address.clone(), edges.clone())).collect::<Vec<_>>()
        };
        let (first_nodes, second_nodes) = (declared(&first), declared(&second));
        let other = first_nodes.iter().zip(&second_nodes).find(|(first, second)| first != second);
        assert!(
            first_nodes == second_nodes,
            "the program does not declare the same when it is run again: first {:?}, then {:?}",
            other.map(|(first, _)| &first.0),
            other.map(|(_, second)| &second.0),
        );
        let components = first.graph.nodes.iter().filter(|node| node.declaration().is_none());
        Ok(components.map(|node| node.address.clone()).collect())
    }

    fn afresh(&self) -> Self {
        let worlds = self.worlds.iter().map(|(name, world)| (name.clone(), world.afresh())).collect();
        Self { worlds, ..self.clone() }
    }
}

/// What is kept is a valid state after every record.
fn valid(store: &MemoryStore, stack: &Stack) {
    let contents = store.read(stack.id()).ok().flatten().unwrap_or_default();
    let broken = check(&contents);
    assert!(broken.is_empty(), "what is recorded is no valid state: {}", broken.join("; "));
}
