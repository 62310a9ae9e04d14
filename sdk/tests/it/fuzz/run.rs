//! Runs a case, and says what is not as it must be.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use devopsflow::state::Operation;
use devopsflow::store::{MemoryStore, Store};
use devopsflow::testing::{self, Request};
use devopsflow::{Error, Problem, Stack};

use super::case::{Case, Flag, Flake, Kill, Method, Outcome, Status, Thing, Verb};
use super::program::program;
use super::snapshot::{self, Worlds};
use super::watch::{Watch, object};

/// How long any run may take, far more than it needs.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs a case.
///
/// # Errors
/// What is not as it must be.
pub(super) fn run(case: &Case) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let running = Running::new(case)?;
        running.operate().await?;
        running.recover().await?;
        running.end().await
    })
}

/// Runs a case that was found.
#[track_caller]
pub(super) fn reproduce(case: &Case) {
    if let Err(problem) = run(case) {
        panic!("{problem}");
    }
}

struct Running<'c> {
    case: &'c Case,
    watch: Watch,
    worlds: Worlds,
    /// Whether nothing is protected any more.
    unprotected: AtomicBool,
}

impl<'c> Running<'c> {
    fn new(case: &'c Case) -> Result<Self, String> {
        let (contents, worlds) = snapshot::build(case);
        let broken = testing::check(&contents);
        if !broken.is_empty() {
            return Err(format!("the case begins with no valid state: {}", broken.join("; ")));
        }
        let memory = MemoryStore::new();
        let watch = Watch::new(memory.clone(), &contents, worlds.clone());
        let running = Self { case, watch, worlds, unprotected: AtomicBool::new(false) };
        memory.put(running.stack(Vec::new()).id(), contents);
        Ok(running)
    }

    /// A stack whose program declares these.
    fn stack(&self, mut things: Vec<Thing>) -> Stack {
        if self.unprotected.load(Ordering::SeqCst) {
            for thing in &mut things {
                thing.options.retain(|flag| *flag != Flag::Protect);
            }
        }
        let mut stack = Stack::new("fuzz", "dev", program(things)).unwrap().store(self.watch.clone());
        for (name, world) in &self.worlds.0 {
            stack = stack.provider(*name, world.source());
        }
        stack
    }

    fn program(&self) -> Stack {
        self.stack(self.case.program.clone())
    }

    /// The operation of the case, with all that goes wrong.
    async fn operate(&self) -> Result<(), String> {
        let case = self.case;
        if case.settled {
            let live = case.recorded.iter().filter(|recorded| recorded.status == Status::Live);
            let outcome = self.stack(live.map(|recorded| recorded.thing.clone()).collect()).up().await;
            bailed("the first up", outcome.err())?;
        }
        case.flaky.iter().for_each(|flake| self.order(flake));
        if let Some(kill) = case.kill {
            self.kill(kill);
        }
        let stack = self.program();
        let before = self.watch.memory.read(stack.id()).unwrap();
        let mut run = match case.verb {
            Verb::Up => stack.up(),
            Verb::Preview => stack.preview(),
            Verb::Refresh => stack.refresh(),
            Verb::Destroy => stack.destroy(),
        };
        run = run.parallel(case.parallel);
        run = if case.refresh { run.with_refresh() } else { run };
        run = case.targets.iter().fold(run, |run, place| run.target(place.address()));
        run = case.excludes.iter().fold(run, |run, place| run.exclude(place.address()));
        run = case.replaces.iter().fold(run, |run, place| run.replace(place.address()));
        let changes: Vec<usize> = self.worlds.0.values().map(|world| world.changes().len()).collect();
        let outcome = tokio::select! {
            outcome = tokio::time::timeout(PATIENCE, run.into_future()) => Some(outcome),
            () = self.hangs() => None,
        };
        match outcome {
            None => self.died(&stack).await?,
            Some(Err(_)) => return Err("the operation does not end".to_owned()),
            Some(Ok(outcome)) => bailed("the operation", outcome.err())?,
        }
        if case.verb == Verb::Preview && self.watch.memory.read(stack.id()).unwrap() != before {
            return Err("a preview records something".to_owned());
        }
        self.left_alone(&changes)?;
        self.holds("the operation")
    }

    /// What was left out was not changed, after so many changes in each world.
    fn left_alone(&self, before: &[usize]) -> Result<(), String> {
        let excluded: Vec<String> = self.case.excludes.iter().map(super::case::Place::address).collect();
        let worlds = self.worlds.0.values().zip(before);
        for change in worlds.flat_map(|(world, before)| world.changes().split_off(*before)) {
            let address = change.split_once(' ').map_or("", |(_, address)| address);
            if excluded.iter().any(|excluded| address == excluded || address.starts_with(&format!("{excluded}/"))) {
                return Err(format!("{change}, though it is left out"));
            }
        }
        Ok(())
    }

    fn order(&self, flake: &Flake) {
        for world in self.worlds.0.values() {
            let order = world.on(request(flake.method)).at(flake.place.address());
            match flake.outcome {
                Outcome::Fails => order.fail("flaky"),
                Outcome::FailsHalfWay => order.fail_half_way("flaky"),
                Outcome::LosesAnswer => order.lose_answer(),
                Outcome::LosesRequest => order.lose_request(),
                Outcome::Disconnects => order.disconnect(),
                Outcome::Panics => order.panic(),
            }
        }
    }

    fn kill(&self, kill: Kill) {
        for world in self.worlds.0.values() {
            match kill {
                Kill::Records(records) => self.watch.take(records),
                Kill::Before(method, after) => world.on(request(method)).after(after).once().hang(),
                Kill::After(method, after) => world.on(request(method)).after(after).once().hang_after(),
            }
        }
    }

    /// Ends when a request hangs: the process is dead then.
    async fn hangs(&self) {
        while self.worlds.0.values().all(|world| world.hanging() == 0) {
            tokio::task::yield_now().await;
        }
    }

    /// Waits until nothing of a run that was dropped holds the stack any more.
    async fn died(&self, stack: &Stack) -> Result<(), String> {
        for _ in 0..10_000 {
            if self.watch.memory.open(stack.id(), "a look").is_ok() {
                return Ok(());
            }
            tokio::task::yield_now().await;
        }
        Err("a run that was dropped goes on".to_owned())
    }

    /// Everything that must be true at any time.
    fn holds(&self, after: &str) -> Result<(), String> {
        let problems = self.watch.problems();
        if problems.is_empty() { Ok(()) } else { Err(format!("after {after}: {}", problems.join("; "))) }
    }

    /// Runs it again, as a person would: doing what it says.
    async fn recover(&self) -> Result<(), String> {
        self.watch.take(usize::MAX);
        self.worlds.0.values().for_each(testing::World::forgive);
        self.succeed(false).await?;
        // What vanished is only seen by who looks.
        self.succeed(true).await?;
        self.recovered().await
    }

    /// Runs `up` until it succeeds.
    async fn succeed(&self, refresh: bool) -> Result<(), String> {
        for _ in 0..8 {
            let stack = self.program();
            let run = if refresh { stack.up().with_refresh() } else { stack.up() };
            let outcome = tokio::time::timeout(PATIENCE, run.into_future()).await;
            let outcome = outcome.map_err(|_| "a run after it does not end".to_owned())?;
            self.holds("a run after it")?;
            match outcome {
                Ok(_) => return Ok(()),
                Err(Error::Refused(problems)) => self.decide(&problems).await?,
                Err(error) => return Err(format!("a run after it, with nothing in the way: {error}")),
            }
        }
        Err("running it again, and doing what it says, does not get there".to_owned())
    }

    /// Does what a run asks a person for.
    async fn decide(&self, problems: &[Problem]) -> Result<(), String> {
        for problem in problems {
            let text = problem.to_string();
            let address = problem.address.clone().unwrap_or_default();
            if text.contains("protected") {
                self.unprotect().await?;
            } else if let Some((_, command)) = text.split_once("run `state clear-pending ") {
                let named = text.contains(&format!("run `import {address} ID`"));
                let operation = command.split('`').next().and_then(|number| number.parse().ok());
                let Some(operation) = operation.filter(|_| named) else { return Err(format!("what to run? {text}")) };
                self.clear(&address, operation).await?;
            } else {
                return Err(format!("a run after it, with nothing in the way: {text}"));
            }
        }
        Ok(())
    }

    /// A person looks for what a creation made.
    async fn clear(&self, address: &str, operation: u64) -> Result<(), String> {
        let state = self.watch.state();
        let Some(pending) = state.pending.get(&operation).filter(|pending| pending.operation == Operation::Create)
        else {
            return Err(format!("{operation} is no pending creation"));
        };
        let recorded: Vec<_> = state.resources.values().filter_map(object).collect();
        let released = self.watch.released();
        let found = self.worlds.existing().into_iter().find(|(provider, number, of)| {
            let key = (provider.clone(), *number);
            *provider == pending.provider && of == address && !recorded.contains(&key) && !released.contains(&key)
        });
        let stack = self.program();
        let done = match found {
            Some((_, number, _)) => stack.import(address, number.to_string()).await.map(drop),
            None => stack.state_clear_pending(operation).await,
        };
        done.map_err(|error| format!("what it asks for: {error}"))?;
        self.holds("what a person did")
    }

    async fn unprotect(&self) -> Result<(), String> {
        self.unprotected.store(true, Ordering::SeqCst);
        let state = self.watch.state();
        for resource in state.resources.values().filter(|resource| resource.protect && !resource.outgoing) {
            let done = self.program().state_protect(&resource.address, false).await;
            done.map_err(|error| format!("unprotecting {}: {error}", resource.address))?;
        }
        Ok(())
    }

    /// Everything is there, once, and nothing is left to do.
    async fn recovered(&self) -> Result<(), String> {
        let state = self.watch.state();
        if let Some(outgoing) = state.resources.values().find(|resource| resource.outgoing) {
            return Err(format!("{} is left outgoing", outgoing.address));
        }
        if !state.pending.is_empty() {
            return Err("operations are left pending".to_owned());
        }
        let idle = self.program().preview().with_refresh().await.map_err(|error| format!("preview: {error}"))?;
        if !idle.steps.is_empty() {
            return Err(format!("running it again leaves {:?} to do", idle.steps));
        }
        let idle = self.program().up().await.map_err(|error| format!("another up: {error}"))?;
        if !idle.steps.is_empty() || idle.counts.created + idle.counts.updated + idle.counts.deleted > 0 {
            return Err(format!("another up does {:?}", idle.steps));
        }
        let mut live: Vec<&String> = state.resources.values().map(|resource| &resource.address).collect();
        let declared = self.case.program.iter().map(|thing| thing.place.address());
        let mut declared: Vec<String> = declared.collect();
        live.sort();
        declared.sort();
        if live != declared.iter().collect::<Vec<_>>() {
            return Err(format!("{declared:?} are declared, and {live:?} recorded"));
        }
        self.exact()
    }

    /// Exactly what is recorded exists, and what was let go.
    fn exact(&self) -> Result<(), String> {
        let released = self.watch.released();
        let existing = self.worlds.existing().into_iter().map(|(provider, number, _)| (provider, number));
        let existing: Vec<_> = existing.filter(|key| !released.contains(key)).collect();
        let mut recorded: Vec<_> = self.watch.state().resources.values().filter_map(object).collect();
        recorded.sort();
        if existing == recorded { Ok(()) } else { Err(format!("{recorded:?} are recorded, and {existing:?} exist")) }
    }

    /// Everything can be removed.
    async fn end(&self) -> Result<(), String> {
        self.unprotect().await?;
        let destroyed = tokio::time::timeout(PATIENCE, self.program().destroy().into_future()).await;
        let destroyed = destroyed.map_err(|_| "destroy does not end".to_owned())?;
        destroyed.map_err(|error| format!("destroy: {error}"))?;
        self.holds("destroy")?;
        let state = self.watch.state();
        if !state.resources.is_empty() {
            return Err(format!("destroy leaves {:?}", state.resources.keys()));
        }
        self.exact()?;
        let contents = self.watch.memory.read(self.program().id()).unwrap().unwrap();
        let broken = testing::check(&contents);
        if broken.is_empty() { Ok(()) } else { Err(broken.join("; ")) }
    }
}

/// Errors that a run may end with. Others say that the state was no longer one, or that it should not have got there.
fn bailed(what: &str, error: Option<Error>) -> Result<(), String> {
    match error {
        None => Ok(()),
        Some(error) => {
            let text = error.to_string();
            let bails = matches!(error, Error::Refused(_) | Error::Incomplete(_) | Error::Record(_) | Error::Store(_));
            // The world panics when it is told to; nothing else does.
            let panics = text.matches("panicked").count() > text.matches("the world was told to panic").count();
            if bails && !panics { Ok(()) } else { Err(format!("{what}: {text}")) }
        }
    }
}

fn request(method: Method) -> Request {
    match method {
        Method::Plan => Request::Plan,
        Method::Create => Request::Create,
        Method::Update => Request::Update,
        Method::Delete => Request::Delete,
        Method::Read => Request::Read,
        Method::Locate => Request::Locate,
    }
}
