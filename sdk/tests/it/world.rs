//! A provider of things in memory, that can be told to fail.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use devopsflow::Source;
use framework::resource::{Create, Done, Failed, LocateState, PreviewRequest, Resource, State, Update};
use framework::{Attributes, Context, Diagnostic, Diagnostics, Preview, Provider, Registration, Registry};

/// A thing.
#[derive(Debug, Clone, PartialEq, Attributes)]
#[attr(resource = "test_thing", builder = Thing, outputs = ThingOutputs)]
pub(crate) struct ThingInputs {
    /// What it is called.
    pub label: String,
    /// What it is made of.
    #[attr(replace)]
    pub kind: Option<String>,
    /// What it holds.
    pub text: Option<String>,
    /// What it holds in secret.
    #[attr(sensitive)]
    pub password: Option<String>,
}

/// What a thing gives.
#[derive(Debug, Clone, Attributes)]
#[attr(outputs)]
pub(crate) struct ThingOutputs {
    /// Its number.
    pub number: u64,
    /// Its address.
    pub url: String,
}

/// The world.
#[derive(Debug, Default)]
pub(crate) struct Inner {
    pub(crate) things: BTreeMap<u64, ThingInputs>,
    pub(crate) next: u64,
    /// Operations that fail, as `create label`.
    pub(crate) failing: BTreeSet<String>,
    /// What was done, as `create label`.
    pub(crate) log: Vec<String>,
    pub(crate) plans: usize,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct World(Arc<Mutex<Inner>>, bool);

impl World {
    pub(crate) fn new(locates: bool) -> Self {
        Self(Arc::default(), locates)
    }

    pub(crate) fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(crate) fn log(&self) -> Vec<String> {
        std::mem::take(&mut self.inner().log)
    }

    pub(crate) fn source(&self) -> Source {
        let world = self.clone();
        let make = Arc::new(move || {
            let registration = Registration::new(world.clone());
            let registration = if world.1 { registration.locate() } else { registration };
            Arc::new(Registry::new("Things in memory.").resource(registration)) as Arc<dyn Provider>
        });
        Source::InProcess { make, build: "1".to_owned() }
    }

    fn does(&self, operation: &str, label: &str) -> Result<(), Diagnostics> {
        let text = format!("{operation} {label}");
        let mut inner = self.inner();
        if inner.failing.contains(&text) {
            return Err(Diagnostic::error("Flaky", text).into());
        }
        inner.log.push(text);
        Ok(())
    }
}

fn outputs(number: u64) -> ThingOutputs {
    ThingOutputs { number, url: format!("thing:{number}") }
}

impl Resource for World {
    type Inputs = ThingInputs;
    type Private = ();

    async fn preview(&self, _: &Context, _: PreviewRequest<Self>) -> Result<ThingOutputsPreview, Diagnostics> {
        self.inner().plans += 1;
        Ok(ThingOutputsPreview { number: Preview::Keep, url: Preview::Keep })
    }

    async fn create(&self, _: &Context, request: Create<Self>) -> Result<Done<Self>, Failed<Self>> {
        self.does("create", &request.inputs.label)?;
        let mut inner = self.inner();
        inner.next += 1;
        let number = inner.next;
        inner.things.insert(number, request.inputs);
        Ok(Done { outputs: outputs(number), private: () })
    }

    async fn read(&self, _: &Context, state: State<Self>) -> Result<Option<State<Self>>, Diagnostics> {
        let found = self.inner().things.get(&state.outputs.number).cloned();
        let Some(thing) = found else { return Ok(None) };
        let ThingInputs { label, kind, text, password } = thing;
        let inputs = ThingInputsPartial { label: Some(label), kind, text, password };
        Ok(Some(State { inputs, outputs: state.outputs, private: () }))
    }

    async fn update(&self, _: &Context, request: Update<Self>) -> Result<Done<Self>, Failed<Self>> {
        self.does("update", &request.inputs.label)?;
        let number = request.prior.outputs.number;
        self.inner().things.insert(number, request.inputs);
        Ok(Done { outputs: outputs(number), private: () })
    }

    async fn delete(&self, _: &Context, state: State<Self>) -> Result<(), Failed<Self>> {
        self.does("delete", &state.inputs.label.unwrap_or_default())?;
        self.inner().things.remove(&state.outputs.number);
        Ok(())
    }
}

impl LocateState for World {
    async fn locate(&self, _: &Context, request: Create<Self>) -> Result<Option<Done<Self>>, Diagnostics> {
        let inner = self.inner();
        let found = inner.things.iter().rev().find(|(_, thing)| **thing == request.inputs);
        Ok(found.map(|(number, _)| Done { outputs: outputs(*number), private: () }))
    }
}
