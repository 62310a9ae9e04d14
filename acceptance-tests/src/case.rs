//! A case: steps in a sandbox, each held to what holds for all.

use std::ops::{Deref, DerefMut};

use crate::command::Finished;
use crate::plan::{Action, Plan, disagreements};
use crate::{Config, Done, Plugin, Sandbox, State, Step, Terraform};

/// Where plans are saved, from the working folder.
const SAVED: &str = "../logs/saved.tfplan";

/// A case in progress. It is its [`Sandbox`] too.
#[derive(Debug)]
pub struct Case {
    sandbox: Sandbox,
}

/// Runs a case with our provider, and destroys at its end what is left.
pub fn case(body: impl FnOnce(&mut Case)) {
    Case::run_with(&Terraform::current(), &[Plugin::ours()], body);
}

/// Runs a case with our provider on every terraform there is.
pub fn each_terraform(body: impl Fn(&mut Case)) {
    for terraform in [Some(Terraform::current()), Terraform::next()].into_iter().flatten() {
        Case::run_with(&terraform, &[Plugin::ours()], &body);
    }
}

impl Case {
    /// Runs a case with these providers.
    pub fn run_with(terraform: &Terraform, plugins: &[Plugin], body: impl FnOnce(&mut Self)) {
        let mut case = Self { sandbox: Sandbox::new(terraform.clone(), plugins) };
        case.run(&["init", "-no-color"]).expect_success();
        body(&mut case);
        case.end();
    }

    /// Does a step, which succeeds.
    #[track_caller]
    pub fn step(&mut self, step: Step<'_>) -> Done {
        match self.attempt(step) {
            Ok(done) => done,
            Err(Finished { line, status, stdout, stderr }) => {
                panic!("`{line}` ended with {status}\n{stdout}\n{stderr}")
            }
        }
    }

    /// Applies a configuration, the most frequent step.
    #[track_caller]
    pub fn apply(&mut self, config: &str) -> Done {
        self.step(Step::Apply(Config::of(config)))
    }

    /// Does a step, which fails, and gives the errors: unwrapped, in a stable order, without the sandbox's paths.
    #[track_caller]
    pub fn error(&mut self, step: Step<'_>) -> String {
        match self.attempt(step) {
            Ok(done) => panic!("an error was expected, but all went well\n{}", done.text),
            Err(failed) => failed.expect_errors(self),
        }
    }

    /// The state as it is.
    #[track_caller]
    pub fn state(&self) -> State {
        State::parse(&self.run(&["show", "-json"]).expect_success().stdout)
    }

    #[track_caller]
    fn attempt(&mut self, step: Step<'_>) -> Result<Done, Finished> {
        match step {
            Step::Apply(config) => self.attempt_apply(config),
            Step::ImportBlock { config, address } => {
                let done = self.attempt_apply(config)?;
                assert!(done.plan.imports(address).is_some(), "nothing was imported at {address}\n{}", done.text);
                Ok(done)
            }
            Step::Plan(config) => {
                self.write("main.tf", config.text);
                let (plan, seen) = self.save_plan(config.args)?;
                expect_emptiness(config, &seen);
                Ok(self.done(plan, &seen))
            }
            Step::Destroy => {
                let (plan, seen) = self.save_plan(&["-destroy"])?;
                self.run(&["apply", "-no-color", SAVED]).or_failed()?;
                let done = self.done(plan, &seen);
                assert!(done.state.objects().is_empty(), "left in the state: {:?}", done.state);
                Ok(done)
            }
            Step::Import { config, address, id } => {
                self.write("main.tf", config);
                self.run(&["import", "-no-color", address, id]).or_failed()?;
                let (plan, seen) = self.save_plan(&[])?;
                Ok(self.done(plan, &seen))
            }
            Step::Refresh => {
                self.run(&["apply", "-refresh-only", "-auto-approve", "-no-color"]).or_failed()?;
                let (plan, seen) = self.save_plan(&[])?;
                Ok(self.done(plan, &seen))
            }
        }
    }

    /// Plans, applies that plan, compares what was reached with what was planned, and plans twice more.
    #[track_caller]
    fn attempt_apply(&mut self, config: Config<'_>) -> Result<Done, Finished> {
        self.write("main.tf", config.text);
        let (plan, seen) = self.save_plan(config.args)?;
        self.run(&["apply", "-no-color", SAVED]).or_failed()?;
        let done = self.done(plan, &seen);
        expect_as_planned(&done);
        self.expect_settled(config, &["-refresh=false"])?;
        self.expect_settled(config, &[])?;
        Ok(done)
    }

    /// Saves a plan. The command's exit code says whether the plan is empty.
    #[track_caller]
    fn save_plan(&self, args: &[&str]) -> Result<(Plan, Finished), Finished> {
        let out = format!("-out={SAVED}");
        let seen = self.plan(&[args, &[&out]].concat())?;
        Ok((Plan::parse(&self.run(&["show", "-json", SAVED]).expect_success().stdout), seen))
    }

    #[track_caller]
    fn expect_settled(&self, config: Config<'_>, args: &[&str]) -> Result<(), Finished> {
        let seen = self.plan(args)?;
        expect_emptiness(config, &seen);
        Ok(())
    }

    #[track_caller]
    fn plan(&self, args: &[&str]) -> Result<Finished, Finished> {
        let seen = self.run(&[&["plan", "-no-color", "-detailed-exitcode"], args].concat());
        if matches!(seen.status.code(), Some(0 | 2)) { Ok(seen) } else { Err(seen) }
    }

    #[track_caller]
    fn done(&self, plan: Plan, seen: &Finished) -> Done {
        Done { plan, text: seen.stdout.clone(), warnings: seen.warnings(self), state: self.state() }
    }

    /// Destroys what the steps left, without looking at it first, and checks that nothing else is left either.
    fn end(self) {
        if !self.state().objects().is_empty() {
            self.run(&["apply", "-destroy", "-refresh=false", "-auto-approve", "-no-color"]).expect_success();
            assert!(self.state().objects().is_empty(), "left in the state after the destroy: {:?}", self.state());
        }
        self.end_agent();
        let left = crate::Process::marked(&self.mark(None));
        assert!(left.is_empty(), "still running: {left:?}");
    }
}

impl Deref for Case {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        &self.sandbox
    }
}

impl DerefMut for Case {
    fn deref_mut(&mut self) -> &mut Sandbox {
        &mut self.sandbox
    }
}

/// Whether the plan is empty, or not, as the configuration says it should be.
#[track_caller]
fn expect_emptiness(config: Config<'_>, seen: &Finished) {
    let empty = seen.status.code() == Some(0);
    let should = if config.settles { "empty" } else { "not empty" };
    assert!(empty == config.settles, "the plan of `{}` should be {should}:\n{}", seen.line, seen.stdout);
}

/// Whether every value that the plan knew is the one that the apply reached.
#[track_caller]
fn expect_as_planned(done: &Done) {
    let objects = done.state.objects();
    for (address, change) in done.plan.changes() {
        let change = &change["change"];
        if matches!(done.plan.action(address), Action::Delete | Action::Forget) {
            assert!(!objects.contains_key(address), "{address} was to go and is still in the state");
            continue;
        }
        let Some(object) = objects.get(address) else { panic!("{address} was planned and is not in the state") };
        let found = disagreements(&change["after"], &change["after_unknown"], &object["values"]);
        assert!(found.is_empty(), "{address} is not as planned:\n{}", found.join("\n"));
    }
}
