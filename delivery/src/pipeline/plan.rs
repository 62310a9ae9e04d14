//! Makes the model from options and a project: which jobs there are, and what each waits for.

mod check;
mod deliver;
mod extras;
mod image;
mod target;

use std::collections::BTreeSet;

use framework::Diagnostics;

use super::model::{
    Action, Condition, Event, Job, LanguageSetUp, Model, Permission, Script, Stage, Step, Triggers, Value,
};
use super::options::{self, Availability, Language, Options, Timeouts};
use super::pins;
use super::python::Python;
use crate::project::Detection;

/// Everything that the parts of the plan share.
struct Context<'a> {
    options: &'a Options,
    detection: &'a Detection,
    triggers: options::Triggers,
    timeouts: Timeouts,
    diagnostics: Diagnostics,
}

/// The model, and what the user should know; or what is wrong.
pub(super) fn plan(options: &Options, detection: &Detection) -> Result<(Model, Diagnostics), Diagnostics> {
    let mut context = Context {
        options,
        detection,
        triggers: options.triggers.clone().unwrap_or_default(),
        timeouts: options.timeouts.unwrap_or_default(),
        diagnostics: check::problems(options),
    };
    check::surroundings(&mut context);
    let jobs = context.jobs();
    if context.diagnostics.has_errors() {
        return Err(context.diagnostics);
    }
    let model = Model {
        name: options.name.clone(),
        triggers: context.triggers_of(&jobs),
        variables: texts(&options.variables),
        jobs,
    };
    Ok((model, context.diagnostics))
}

impl Context<'_> {
    fn jobs(&mut self) -> Vec<Job> {
        let Language::Python = self.options.language;
        // What a tag publishes must not depend on what another run left behind.
        let cached = self.triggers.tags.is_empty();
        let python = Python::new(self.options, self.detection, cached, &mut self.diagnostics);
        let mut jobs = python.checks(&mut self.diagnostics);
        jobs.push(secrets());
        // Where new dependencies are not reviewed, that job is passed over, and whatever needed it would be too.
        let checks: Vec<_> = jobs.iter().map(|job| job.id.clone()).collect();
        jobs.extend(self.dependency_review());
        let environments = self.environments();
        jobs.extend(self.build(&python, &checks, &environments));
        jobs.extend(self.deliver(&python, &jobs, &checks, &environments));
        self.complete(&mut jobs);
        jobs.sort_by_key(|job| job.stage);
        extras::add(self.options, &mut jobs, &mut self.diagnostics);
        check::variables(&jobs, &mut self.diagnostics);
        jobs
    }

    /// Where the image is deployed.
    fn environments(&self) -> Vec<options::Environment> {
        self.options.environments.clone().unwrap_or_else(|| {
            let production = options::Environment { approval: true, ..options::Environment::new("production") };
            vec![options::Environment::new("staging"), production]
        })
    }

    /// The branch that an environment deploys.
    fn branch<'e>(&'e self, environment: &'e options::Environment) -> &'e str {
        let first = || self.triggers.branches.first().map(String::as_str);
        environment.branch.as_deref().or_else(first).unwrap_or_default()
    }

    fn dependency_review(&self) -> Option<Job> {
        let for_whom = self.options.security.unwrap_or_default().dependency_review;
        let mut job = Job::new("dependency-review", "Review new dependencies", Stage::Secure);
        let is_public = (for_whom == Availability::Public).then_some(Condition::PublicRepository);
        job.condition = Condition::all([Condition::Event(Event::PullRequest)].into_iter().chain(is_public).collect());
        job.steps.push(checkout(false));
        job.steps.push(Step::new("Review", Action::ReviewDependencies));
        (for_whom != Availability::Never).then_some(job)
    }

    /// What all jobs have in common.
    fn complete(&self, jobs: &mut [Job]) {
        let ids: BTreeSet<_> = jobs.iter().map(|job| job.id.clone()).collect();
        let is_scheduled = jobs.iter().any(|job| job.stage == Stage::Operate);
        for job in jobs {
            job.needs.retain(|id| ids.contains(id));
            job.runner.clone_from(&self.options.runner);
            if job.steps.iter().any(|step| matches!(step.action, Action::Checkout { .. })) {
                job.permissions.push(Permission::ReadSources);
            }
            job.permissions.sort_unstable();
            job.permissions.dedup();
            job.timeout_minutes += match job.stage {
                Stage::Check | Stage::Secure => self.timeouts.check,
                Stage::Test => self.timeouts.test,
                Stage::Build => self.timeouts.build,
                Stage::Deploy | Stage::Operate => self.timeouts.deploy,
            };
            // A scheduled run only looks after what runs. Jobs that need others are passed over with them.
            if is_scheduled && job.stage < Stage::Build && job.needs.is_empty() {
                let never_scheduled = Condition::Event(Event::Schedule).negated();
                job.condition.get_or_insert(never_scheduled);
            }
        }
    }

    fn triggers_of(&self, jobs: &[Job]) -> Triggers {
        let given = &self.triggers;
        let is_scheduled = jobs.iter().any(|job| job.stage == Stage::Operate);
        let drift = self.options.drift.clone().unwrap_or_default();
        Triggers {
            branches: given.branches.clone(),
            tags: given.tags.clone(),
            pull_requests: given.pull_request_branches.clone().unwrap_or_else(|| given.branches.clone()),
            paths: given.paths.clone(),
            merge_queue: given.merge_queue,
            manual: given.manual,
            schedule: is_scheduled.then_some(drift.schedule),
        }
    }
}

/// Looks for secrets in all of history.
fn secrets() -> Job {
    let mut job = Job::new("secrets", "Find secrets", Stage::Secure);
    job.steps.push(checkout(true));
    job.steps.push(Step::new("Set up Go", Action::Language(LanguageSetUp::Go { version: pins::program("go") })));
    let install = format!("go install github.com/zricethezav/gitleaks/v8@v{}", pins::go("gitleaks"));
    job.steps.push(Step::run("Install gitleaks", Script::new(install)));
    job.begin_work();
    job.steps.push(Step::run(
        "Find secrets",
        Script::new("\"$(go env GOPATH)/bin/gitleaks\" git --no-banner --redact --verbose"),
    ));
    job
}

fn checkout(history: bool) -> Step {
    Step::new("Check out the sources", Action::Checkout { history })
}

fn texts(variables: &std::collections::BTreeMap<String, String>) -> Vec<(String, Value)> {
    variables.iter().map(|(name, value)| (name.clone(), Value::text(value))).collect()
}
