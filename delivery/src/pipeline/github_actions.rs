//! Renders the model as a workflow of GitHub Actions.

mod expression;
mod steps;
mod workflow;
mod yaml;

use framework::Diagnostics;

use super::model::{Condition, EnvironmentRef, Job, Model, Permission, StepId, Triggers, Value};
use super::pins::Pins;
use workflow::{
    Concurrency, Defaults, Environment, Events, Members, On, Pushes, RunDefaults, Schedule, Strategy, Workflow,
};
use yaml::{Note, Text};

/// Where GitHub looks for workflows, relative to the root of the repository.
pub(super) const LOCATION: &str = ".github/workflows";

/// The text of the workflow, below the lines that say where it comes from.
pub(super) fn render(model: &Model, pins: &Pins<'_>) -> Result<String, Diagnostics> {
    let mut problems = Diagnostics::new();
    let jobs =
        model.jobs.iter().map(|job| (job.id.0.clone(), yaml::SpaceAfter(job_of(job, model, pins, &mut problems))));
    let workflow = Workflow {
        name: Text::new(&model.name),
        on: on(&model.triggers),
        permissions: Members::default(),
        concurrency: concurrency(),
        defaults: Defaults { run: RunDefaults { shell: Some("bash"), working_directory: None } },
        env: variables(&model.variables),
        jobs: jobs.collect(),
    };
    if problems.has_errors() { Err(problems) } else { Ok(yaml::to_text(&workflow)) }
}

fn on(triggers: &Triggers) -> On {
    let paths = || yaml::texts(&triggers.paths);
    let pushes =
        Pushes { branches: yaml::texts(&triggers.branches), tags: yaml::texts(&triggers.tags), paths: paths() };
    let pull_requests = Pushes { branches: yaml::texts(&triggers.pull_requests), tags: Vec::new(), paths: paths() };
    On {
        push: (!pushes.branches.is_empty() || !pushes.tags.is_empty()).then_some(pushes),
        pull_request: (!pull_requests.branches.is_empty()).then_some(pull_requests),
        merge_group: triggers.merge_queue.then(Events::default),
        workflow_dispatch: triggers.manual.then(Events::default),
        schedule: triggers.schedule.iter().map(|cron| Schedule { cron: Text::new(cron) }).collect(),
    }
}

/// A newer run for the same pull request replaces the older one; no other run waits or is cancelled.
fn concurrency() -> Concurrency {
    let group = "${{ github.workflow }}-${{ github.event_name == 'pull_request' && github.ref || github.run_id }}";
    Concurrency {
        group: Text::expression(group),
        cancel_in_progress: Text::expression("${{ github.event_name == 'pull_request' }}").into(),
    }
}

fn job_of(job: &Job, model: &Model, pins: &Pins<'_>, problems: &mut Diagnostics) -> workflow::Job {
    let mut steps = Vec::new();
    for step in &job.steps {
        match steps::steps(step, job, pins) {
            Ok(rendered) => steps.extend(rendered),
            Err(diagnostic) => problems.push(diagnostic),
        }
    }
    let output = |(name, step, output): &(&'static str, StepId, &'static str)| {
        ((*name).to_owned(), expression::value(&Value::Step(*step, output)))
    };
    workflow::Job {
        name: title(job),
        needs: job.needs.iter().map(|id| Text::new(&id.0)).collect(),
        condition: condition(job).map(|text| Text::expression(&text)),
        runs_on: runner(&job.runner),
        timeout_minutes: job.timeout_minutes,
        environment: job.environment.as_ref().map(environment),
        concurrency: job.queue.as_ref().map(|name| Concurrency {
            group: Text::new(&format!("{}-{name}", model.name)),
            cancel_in_progress: false.into(),
        }),
        permissions: permissions(&job.permissions),
        strategy: (!job.versions.is_empty()).then(|| Strategy::over_versions(&job.versions)),
        defaults: job.directory.as_ref().map(|directory| Defaults {
            run: RunDefaults { shell: None, working_directory: Some(Text::new(directory)) },
        }),
        outputs: job.outputs.iter().map(output).collect(),
        env: variables(&job.variables),
        steps,
    }
}

fn title(job: &Job) -> Text {
    if job.versions.is_empty() {
        return Text::new(&job.title);
    }
    Text::expression(&format!("{} (${{{{ matrix.version }}}})", yaml::literal(&job.title)))
}

/// Without a condition, a job runs when the jobs it needs have succeeded.
fn condition(job: &Job) -> Option<String> {
    let own = job.condition.as_ref().map(expression::condition);
    if !job.after_failures {
        return own;
    }
    // A condition on the jobs' results counts only with a function that lifts the demand for success.
    let own = match &job.condition {
        Some(Condition::Any(_)) => own.map(|own| format!("({own})")),
        _ => own,
    };
    Some(["!cancelled()".to_owned()].into_iter().chain(own).collect::<Vec<_>>().join(" && "))
}

fn runner(labels: &[String]) -> workflow::OneOrMany {
    match labels {
        [label] => workflow::OneOrMany::One(Text::new(label)),
        labels => workflow::OneOrMany::Many(yaml::texts(labels)),
    }
}

fn environment(environment: &EnvironmentRef) -> Environment {
    let note = if environment.approval { "its required reviewers approve the deployment" } else { "" };
    Environment {
        name: Note::new(Text::new(&environment.name), note),
        url: environment.url.as_ref().map(expression::value),
    }
}

fn permissions(permissions: &[Permission]) -> Members<Note> {
    let scope = |permission: &Permission| {
        let (scope, access, why) = match permission {
            Permission::ReadSources => ("contents", "read", "fetch the sources"),
            Permission::PublishImages => ("packages", "write", "push the image"),
            Permission::ProveIdentity => ("id-token", "write", "prove to others which job this is"),
            Permission::WriteAttestations => ("attestations", "write", "store where the image comes from"),
        };
        (scope.to_owned(), Note::new(Text::new(access), why))
    };
    permissions.iter().map(scope).collect()
}

fn variables(variables: &[(String, Value)]) -> Members<Text> {
    variables.iter().map(|(name, value)| (name.clone(), expression::value(value))).collect()
}
