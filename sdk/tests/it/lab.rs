//! A store in memory, a world of things, and what was told while stacks ran on them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use devopsflow::store::MemoryStore;
use devopsflow::{Error, Event, Options, Problem, Report, Result, Scope, Stack, Step};

use crate::lifecycle;
use crate::world::{Thing, ThingInputs, World};

/// What tests of options and plans share.
#[derive(Clone, Default)]
pub(crate) struct Lab {
    pub(crate) store: MemoryStore,
    pub(crate) world: World,
    told: Arc<Mutex<Vec<Event>>>,
}

impl Lab {
    /// A lab whose world finds what a lost create made.
    pub(crate) fn locating() -> Self {
        Self { world: World::new(true), ..Self::default() }
    }

    /// The stack of this program.
    pub(crate) fn stack(&self, program: impl Fn(&mut Scope) -> Result<()> + Send + Sync + 'static) -> Stack {
        self.on(self.store.clone(), program)
    }

    /// The same on another store.
    pub(crate) fn on(
        &self,
        store: impl devopsflow::store::Store + 'static,
        program: impl Fn(&mut Scope) -> Result<()> + Send + Sync + 'static,
    ) -> Stack {
        let told = Arc::clone(&self.told);
        let tell = move |event: &Event| told.lock().unwrap().push(event.clone());
        lifecycle::stack(store, &self.world, program).reporter(tell)
    }

    /// Runs `up` on this program; gives what was done in the world.
    #[track_caller]
    pub(crate) fn up(
        &self,
        program: impl Fn(&mut Scope) -> Result<()> + Send + Sync + 'static,
    ) -> impl Future<Output = Vec<String>> {
        let place = std::panic::Location::caller();
        self.world.log();
        let (stack, world) = (self.stack(program), self.world.clone());
        async move {
            let report = stack.up().await;
            assert!(report.is_ok(), "{place}: {}", report.unwrap_err());
            world.log()
        }
    }

    /// All that was told since it was last asked.
    pub(crate) fn events(&self) -> Vec<Event> {
        std::mem::take(&mut *self.told.lock().unwrap())
    }

    /// The messages and reasons that were told, one a line: `address: text`.
    pub(crate) fn told(&self) -> String {
        let line = |event| match event {
            Event::Message { address, text, .. } => Some(format!("{}: {text}\n", address.unwrap_or_default())),
            Event::Skipped { address, reason } => Some(format!("{address}: skipped, for {reason}\n")),
            _ => None,
        };
        self.events().into_iter().filter_map(line).collect()
    }

    /// The thing of this label; there is at most one.
    #[track_caller]
    pub(crate) fn thing(&self, label: &str) -> Option<ThingInputs> {
        let things = self.world.inner().things.clone();
        let mut found = things.into_values().filter(|thing| thing.label == label);
        let thing = found.next();
        assert!(found.next().is_none(), "{label} exists twice");
        thing
    }

    /// The labels of all things, sorted.
    pub(crate) fn labels(&self) -> Vec<String> {
        let mut labels: Vec<_> = self.world.inner().things.values().map(|thing| thing.label.clone()).collect();
        labels.sort();
        labels
    }
}

/// Adds a thing of which nothing else is needed.
#[track_caller]
pub(crate) fn add(scope: &mut Scope, thing: Thing) -> Result<()> {
    thing.add(scope)?;
    Ok(())
}

/// A program of one thing.
pub(crate) fn one(
    change: impl Fn(Thing) -> Thing + Send + Sync + 'static,
) -> impl Fn(&mut Scope) -> Result<()> + Send + Sync + 'static {
    move |scope| {
        change(Thing::new("one", "one")).add(scope)?;
        Ok(())
    }
}

/// A program of `base` and `user`, which holds the address of `base`.
pub(crate) fn pair(
    kind: &'static str,
    base: Options,
    user: impl Fn(Thing) -> Thing + Send + Sync + 'static,
) -> impl Fn(&mut Scope) -> Result<()> + Send + Sync + 'static {
    move |scope| {
        let base = Thing::new("base", "base").kind(kind).with(base.clone()).add(scope)?;
        user(Thing::new("user", "user").text(base.url)).add(scope)?;
        Ok(())
    }
}

/// Why nothing was done.
#[track_caller]
pub(crate) fn refused(outcome: std::result::Result<Report, Error>) -> String {
    match outcome {
        Err(Error::Refused(problems)) => list(&problems),
        other => panic!("it should be refused: {other:?}"),
    }
}

/// What was not done, and the report.
#[track_caller]
pub(crate) fn incomplete(outcome: std::result::Result<Report, Error>) -> (String, Arc<Report>) {
    match outcome {
        Err(Error::Incomplete(report)) => (list(&report.problems), report),
        other => panic!("it should be incomplete: {other:?}"),
    }
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
}

/// The steps of a report by address, without the type.
pub(crate) fn steps(report: &Report) -> BTreeMap<&str, Step> {
    report.steps.iter().map(|(address, step)| (address.trim_start_matches("test_thing."), *step)).collect()
}
