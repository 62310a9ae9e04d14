//! A provider of things in memory, that can be told to fail.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use devopsflow::Source;
use framework::resource::{
    Create, DataSource, Done, Failed, ImportState, LocateState, PreviewRequest, Resource, State, Update,
};
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
    /// What is written on it.
    pub labels: Option<BTreeMap<String, String>>,
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

/// Reads what a thing holds.
#[derive(Debug, Clone, Attributes)]
#[attr(data_source = "test_reading", builder = Reading, outputs = ReadingOutputs)]
pub(crate) struct ReadingInputs {
    /// What the thing is called.
    pub label: String,
}

/// What was read.
#[derive(Debug, Clone, Attributes)]
#[attr(outputs)]
pub(crate) struct ReadingOutputs {
    /// What it holds.
    pub content: Option<String>,
}

/// The world.
#[derive(Debug, Default)]
pub(crate) struct Inner {
    pub(crate) things: BTreeMap<u64, ThingInputs>,
    pub(crate) next: u64,
    /// Operations that fail, as `create label`.
    pub(crate) failing: BTreeSet<String>,
    /// Operations that are done and never answer, as `create label`.
    pub(crate) silent: BTreeSet<String>,
    /// How many operations run, and the most that did at once.
    pub(crate) running: usize,
    pub(crate) most: usize,
    /// Until so many run at once, none ends.
    gather: usize,
    /// What was done, as `create label`.
    pub(crate) log: Vec<String>,
    pub(crate) plans: usize,
}

impl Inner {
    /// From now on no operation ends before so many have run at once.
    pub(crate) fn gather_at(&mut self, running: usize) {
        (self.most, self.gather) = (0, running);
    }
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
        let make = Arc::new(move || Arc::new(world.registry()) as Arc<dyn Provider>);
        Source::InProcess { make, build: "1".to_owned() }
    }

    /// The provider, on its own.
    pub(crate) fn registry(&self) -> Registry {
        let registration = Registration::new(self.clone()).import();
        let registration = if self.1 { registration.locate() } else { registration };
        Registry::new("Things in memory.").resource(registration).data_source(self.clone())
    }

    fn begin(&self, text: &str) -> Result<(), Diagnostics> {
        let mut inner = self.inner();
        if inner.failing.contains(text) {
            return Err(Diagnostic::error("Flaky", text).into());
        }
        inner.log.push(text.to_owned());
        inner.running += 1;
        inner.most = inner.most.max(inner.running);
        Ok(())
    }

    /// Does something, while others may run, and answers unless it is told not to.
    async fn does<T>(&self, operation: &str, label: &str, act: impl FnOnce(&mut Inner) -> T) -> Result<T, Diagnostics> {
        let text = format!("{operation} {label}");
        self.begin(&text)?;
        let gathering = || {
            let inner = self.inner();
            inner.most < inner.gather
        };
        while gathering() {
            tokio::task::yield_now().await;
        }
        if self.inner().gather > 0 {
            // So that one too many has the time to show itself.
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let done = act(&mut self.inner());
        let silent = self.inner().silent.contains(&text);
        if silent {
            std::future::pending::<()>().await;
        }
        self.inner().running -= 1;
        Ok(done)
    }
}

impl World {
    fn thing(&self, number: u64) -> Option<State<Self>> {
        let ThingInputs { label, kind, text, labels, password } = self.inner().things.get(&number)?.clone();
        let inputs = ThingInputsPartial { label: Some(label), kind, text, labels, password };
        Some(State { inputs, outputs: outputs(number), private: () })
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
        let label = request.inputs.label.clone();
        let make = |inner: &mut Inner| {
            inner.next += 1;
            inner.things.insert(inner.next, request.inputs);
            inner.next
        };
        let number = self.does("create", &label, make).await?;
        Ok(Done { outputs: outputs(number), private: () })
    }

    async fn read(&self, _: &Context, state: State<Self>) -> Result<Option<State<Self>>, Diagnostics> {
        Ok(self.thing(state.outputs.number))
    }

    async fn update(&self, _: &Context, request: Update<Self>) -> Result<Done<Self>, Failed<Self>> {
        let (number, label) = (request.prior.outputs.number, request.inputs.label.clone());
        self.does("update", &label, |inner| inner.things.insert(number, request.inputs)).await?;
        Ok(Done { outputs: outputs(number), private: () })
    }

    async fn delete(&self, _: &Context, state: State<Self>) -> Result<(), Failed<Self>> {
        let label = state.inputs.label.unwrap_or_default();
        self.does("delete", &label, |inner| inner.things.remove(&state.outputs.number)).await?;
        Ok(())
    }
}

impl ImportState for World {
    async fn import(&self, _: &Context, id: &str) -> Result<State<Self>, Diagnostics> {
        let found = id.parse().ok().and_then(|number| self.thing(number));
        found.ok_or_else(|| Diagnostic::error("No such thing", format!("Nothing has the number {id:?}.")).into())
    }
}

impl DataSource for World {
    type Inputs = ReadingInputs;

    async fn read(&self, _: &Context, inputs: ReadingInputs) -> Result<ReadingOutputs, Diagnostics> {
        let mut inner = self.inner();
        inner.log.push(format!("read {}", inputs.label));
        let found = inner.things.values().find(|thing| thing.label == inputs.label);
        let content = found.map(|thing| thing.text.clone());
        let content = content.ok_or_else(|| Diagnostic::error("Nothing to read", inputs.label))?;
        Ok(ReadingOutputs { content })
    }
}

impl LocateState for World {
    async fn locate(&self, _: &Context, request: Create<Self>) -> Result<Option<Done<Self>>, Diagnostics> {
        let inner = self.inner();
        let found = inner.things.iter().rev().find(|(_, thing)| **thing == request.inputs);
        Ok(found.map(|(number, _)| Done { outputs: outputs(*number), private: () }))
    }
}
