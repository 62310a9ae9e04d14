//! Adds the user's own jobs and steps.

use std::collections::BTreeSet;

use framework::{Diagnostic, Diagnostics, Path};

use super::texts;
use super::{checkout, options::Options};
use crate::pipeline::model::{
    Action, EnvironmentRef, Job, JobId, Permission, Script, Stage, Step, UserAction, Value, When,
};
use crate::pipeline::options::{ExtraJob, Point, UserStep};

/// Adds extra steps to the jobs, and extra jobs beside them.
pub(super) fn add(options: &Options, jobs: &mut Vec<Job>, diagnostics: &mut Diagnostics) {
    add_steps(options, jobs, diagnostics);
    let own: BTreeSet<_> = jobs.iter().map(|job| job.id.clone()).collect();
    for (name, extra) in &options.extra_jobs {
        let path = Path::of("extra_jobs").key(name);
        if own.contains(&JobId::new(name)) {
            let detail = format!(
                "The pipeline has a job {name:?} of its own. Take another name, or add steps to it by `extra_steps`."
            );
            diagnostics.push(Diagnostic::error("The name of a job is taken", detail).at(path));
            continue;
        }
        check_names(options, extra, &own, &path, diagnostics);
        jobs.push(job(options, name, extra, &path));
        for required in &extra.required_by {
            if let Some(job) = jobs.iter_mut().find(|job| job.id.0 == *required) {
                job.needs.push(JobId::new(name));
            }
        }
    }
    order(jobs, diagnostics);
}

fn add_steps(options: &Options, jobs: &mut [Job], diagnostics: &mut Diagnostics) {
    let mut inserted = vec![0_usize; jobs.len()];
    for (position, extra) in options.extra_steps.iter().enumerate() {
        let path = Path::of("extra_steps").index(position as u64);
        let (kinds, is_before) = place(extra.at);
        let mut found = false;
        for (job, inserted) in jobs.iter_mut().zip(&mut inserted) {
            if !kinds.iter().any(|kind| is_job(&job.id, kind, extra.environment.as_deref())) {
                continue;
            }
            found = true;
            let step = step(&extra.step, &path.attribute("step"));
            needs_environment(&extra.step, job.environment.is_some(), &path.attribute("step"), diagnostics);
            if is_before {
                job.steps.insert(job.prepared + *inserted, step);
                *inserted += 1;
            } else {
                let trailing = job.steps.iter().rev().take_while(|step| step.when != When::Success).count();
                job.steps.insert(job.steps.len() - trailing, step);
            }
        }
        if !found {
            let detail = "The pipeline has no job with this point: what it needs was not found in the project, or no environment has \
                          that name.";
            diagnostics.push(Diagnostic::error("A step without a place", detail).at(path.attribute("at")));
        }
    }
}

/// The kinds of jobs that have a point, and whether it comes before their work.
fn place(point: Point) -> (&'static [&'static str], bool) {
    match point {
        Point::BeforeLint => (&["lint"], true),
        Point::AfterLint => (&["lint"], false),
        Point::BeforeTypes => (&["types"], true),
        Point::AfterTypes => (&["types"], false),
        Point::BeforeTest => (&["test"], true),
        Point::AfterTest => (&["test"], false),
        Point::BeforeIntegration => (&["integration"], true),
        Point::AfterIntegration => (&["integration"], false),
        Point::BeforeEndToEnd => (&["end-to-end"], true),
        Point::AfterEndToEnd => (&["end-to-end"], false),
        Point::BeforeBuild => (&["build", "image", "publish"], true),
        Point::AfterBuild => (&["build", "publish"], false),
        Point::BeforeDeploy => (&["deploy-"], true),
        Point::AfterDeploy => (&["deploy-"], false),
        Point::BeforeVerify => (&["smoke-test-", "verify-"], true),
        Point::AfterVerify => (&["smoke-test-", "verify-"], false),
    }
}

/// Whether a job is of a kind; a kind that ends with `-` has one job for each environment.
fn is_job(id: &JobId, kind: &str, environment: Option<&str>) -> bool {
    match id.0.strip_prefix(kind) {
        Some(name) if kind.ends_with('-') => environment.is_none_or(|environment| environment == name),
        Some("") => environment.is_none(),
        _ => false,
    }
}

fn step(step: &UserStep, path: &Path) -> Step {
    let secrets = |names: &BTreeSet<String>| {
        names.iter().map(|name| (name.clone(), Value::Secret(name.clone()))).collect::<Vec<_>>()
    };
    let mut variables = texts(&step.variables);
    variables.extend(secrets(&step.secrets));
    let action = match (&step.run, &step.uses) {
        (_, Some(uses)) => {
            let mut inputs = texts(&step.inputs);
            inputs.extend(
                step.secret_inputs.iter().map(|(input, secret)| (input.clone(), Value::Secret(secret.clone()))),
            );
            Action::User(UserAction { uses: uses.clone(), inputs, variables, path: path.attribute("uses") })
        }
        (run, None) => Action::Run(Script {
            text: run.clone().unwrap_or_default(),
            variables,
            directory: step.directory.clone(),
            outputs: false,
        }),
    };
    Step::new(&step.name, action)
}

fn job(options: &Options, name: &str, extra: &ExtraJob, path: &Path) -> Job {
    let mut job = Job::new(name, name, Stage::Check);
    job.needs = extra.needs.iter().map(JobId::new).collect();
    job.runner = extra.runner.clone().unwrap_or_else(|| options.runner.clone());
    job.timeout_minutes = extra.timeout_minutes;
    job.environment = extra.environment.clone().map(|name| EnvironmentRef { name, url: None, approval: false });
    job.permissions = vec![Permission::ReadSources];
    job.variables = texts(&extra.variables);
    job.steps.push(checkout(false));
    let steps = extra.steps.iter().enumerate();
    job.steps.extend(steps.map(|(position, given)| step(given, &path.attribute("steps").index(position as u64))));
    job
}

/// Whether everything that an extra job names is there.
fn check_names(options: &Options, extra: &ExtraJob, own: &BTreeSet<JobId>, path: &Path, diagnostics: &mut Diagnostics) {
    let known = |name: &String| own.contains(&JobId::new(name)) || options.extra_jobs.contains_key(name);
    let names: BTreeSet<_> =
        own.iter().map(|id| id.0.as_str()).chain(options.extra_jobs.keys().map(String::as_str)).collect();
    let names = names.into_iter().collect::<Vec<_>>().join(", ");
    let mut report = |attribute: &str, name: &String| {
        let detail = format!("There is no job {name:?}. The jobs are {names}.");
        diagnostics.push(Diagnostic::error("No such job", detail).at(path.attribute(attribute)));
    };
    extra.needs.iter().filter(|name| !known(name)).for_each(|name| report("needs", name));
    extra
        .required_by
        .iter()
        .filter(|name| !own.contains(&JobId::new(*name)))
        .for_each(|name| report("required_by", name));
    for (position, step) in extra.steps.iter().enumerate() {
        needs_environment(
            step,
            extra.environment.is_some(),
            &path.attribute("steps").index(position as u64),
            diagnostics,
        );
    }
}

fn needs_environment(step: &UserStep, has_environment: bool, path: &Path, diagnostics: &mut Diagnostics) {
    if has_environment || (step.secrets.is_empty() && step.secret_inputs.is_empty()) {
        return;
    }
    let detail = "Only a job in one of the platform's environments gets secrets, and this job is in none. Give the job an environment, or \
                  put the step into a job of `extra_jobs` with `environment`.";
    diagnostics.push(Diagnostic::error("A secret outside an environment", detail).at(path.attribute("secrets")));
}

/// Puts every job behind those it needs, and otherwise leaves them where they are.
fn order(jobs: &mut Vec<Job>, diagnostics: &mut Diagnostics) {
    let mut done: BTreeSet<JobId> = BTreeSet::new();
    let mut rest = std::mem::take(jobs);
    let ids: BTreeSet<_> = rest.iter().map(|job| job.id.clone()).collect();
    while !rest.is_empty() {
        let next = rest.iter().position(|job| job.needs.iter().all(|id| done.contains(id) || !ids.contains(id)));
        let Some(next) = next else {
            let names: Vec<_> = rest.iter().map(|job| job.id.0.as_str()).collect();
            let detail = format!("These jobs wait for each other: {}.", names.join(", "));
            diagnostics.push(Diagnostic::error("A circle of jobs", detail).at(Path::of("extra_jobs")));
            jobs.append(&mut rest);
            return;
        };
        let job = rest.remove(next);
        done.insert(job.id.clone());
        jobs.push(job);
    }
}
