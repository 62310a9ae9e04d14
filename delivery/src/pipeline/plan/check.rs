//! Checks what the user wrote, before anything is made of it: that names are names, that texts stay where they are put, and that
//! what belongs together is there.

mod environments;
mod names;
mod surroundings;
mod texts;

use std::collections::BTreeSet;

use framework::{Diagnostic, Diagnostics, Path};

use super::options::{DeployStrategy, Options, Rung, Triggers, UserStep};
use crate::pipeline::model::{Action, Job, Script, UserAction};
use crate::pipeline::pins::Pins;
use names::Name;

/// What is wrong with the options by themselves.
pub(super) fn problems(options: &Options) -> Diagnostics {
    let mut problems: Diagnostics = Pins::new(&options.pins).problems().collect();
    let mut check = Check(&mut problems);
    check.general(options);
    check.triggers(&options.triggers.clone().unwrap_or_default());
    check.strategy(options);
    check.steps(options);
    environments::check(options, &mut check);
    texts::check(options, &mut check);
    problems
}

pub(super) use surroundings::check as surroundings;

/// Reports variables that a script gets twice: from the user and from the pipeline, or from the user in two ways.
pub(super) fn variables(jobs: &[Job], diagnostics: &mut Diagnostics) {
    let mut reported = BTreeSet::new();
    for job in jobs {
        for step in &job.steps {
            let (Action::Run(Script { variables, .. }) | Action::User(UserAction { variables, .. })) = &step.action
            else {
                continue;
            };
            let mut names = BTreeSet::new();
            let twice = variables.iter().map(|(name, _)| name).filter(|name| !names.insert(name.to_ascii_uppercase()));
            for name in twice.filter(|name| reported.insert(name.to_ascii_uppercase())) {
                let detail = format!(
                    "The step {:?} of the job {} has the environment variable {name} already: the pipeline sets it, or it is given twice. \
                     Take another name.",
                    step.title, job.id
                );
                diagnostics.push(
                    Diagnostic::error("An environment variable that is set twice", detail).at(Path::of("variables")),
                );
            }
        }
    }
}

/// Collects problems.
struct Check<'a>(&'a mut Diagnostics);

impl Check<'_> {
    fn error(&mut self, path: &Path, summary: &str, detail: impl Into<String>) {
        self.0.push(Diagnostic::error(summary, detail).at(path.clone()));
    }

    /// Reports a text that is not the name it should be.
    fn name(&mut self, text: &str, name: Name, path: &Path) {
        if !name.fits(text) {
            self.error(path, name.summary(), format!("{text:?} should be {}.", name.expected()));
        }
    }

    fn general(&mut self, options: &Options) {
        self.name(&options.name, Name::File, &Path::of("name"));
        if options.runner.is_empty() {
            self.error(&Path::of("runner"), "No machine", "At least one label is expected, such as `ubuntu-24.04`.");
        }
        if options.versions.as_ref().is_some_and(Vec::is_empty) {
            self.error(
                &Path::of("versions"),
                "No version",
                "At least one version is expected. Leave `versions` out for the project's.",
            );
        }
        for (position, version) in options.versions.iter().flatten().enumerate() {
            self.name(version, Name::Version, &Path::of("versions").index(position as u64));
        }
        for name in options.variables.keys() {
            self.name(name, Name::Variable, &Path::of("variables").key(name));
        }
        for name in options.tests.iter().flat_map(|tests| tests.variables.keys()) {
            self.name(name, Name::Variable, &Path::of("tests").attribute("variables").key(name));
        }
        for name in options.extra_jobs.keys() {
            self.name(name, Name::Job, &Path::of("extra_jobs").key(name));
        }
        if let Some(tests) = &options.tests {
            let path = Path::of("tests");
            self.secrets(tests.secrets.iter(), &path);
            if !tests.secrets.is_empty() && tests.environment.is_none() {
                let detail = "Only a job in one of the platform's environments gets secrets. Set `environment`.";
                self.error(&path.attribute("environment"), "Secrets without an environment", detail);
            }
            if tests.minimum_coverage.is_some_and(|percent| percent > 100) {
                self.error(
                    &path.attribute("minimum_coverage"),
                    "More than everything",
                    "A percentage from 0 to 100 is expected.",
                );
            }
        }
    }

    fn secrets<'s>(&mut self, names: impl Iterator<Item = &'s String>, parent: &Path) {
        for name in names {
            self.name(name, Name::Secret, &parent.attribute("secrets"));
        }
    }

    fn triggers(&mut self, triggers: &Triggers) {
        let path = Path::of("triggers");
        let pull_requests = triggers.pull_request_branches.clone().unwrap_or_default();
        let lists =
            [("branches", &triggers.branches), ("pull_request_branches", &pull_requests), ("tags", &triggers.tags)];
        for (attribute, patterns) in lists {
            for (position, pattern) in patterns.iter().enumerate() {
                self.name(pattern, Name::Pattern, &path.attribute(attribute).index(position as u64));
            }
        }
        for (position, pattern) in triggers.paths.iter().enumerate() {
            self.name(pattern, Name::PathPattern, &path.attribute("paths").index(position as u64));
        }
    }

    fn strategy(&mut self, options: &Options) {
        let strategy = options.deploy_strategy;
        if options.canary.is_some() && strategy != DeployStrategy::Canary {
            self.error(
                &Path::of("canary"),
                "Steps of another strategy",
                "`canary` goes with `deploy_strategy = \"canary\"` only.",
            );
        }
        if options.feature_flag.is_some() && strategy != DeployStrategy::FeatureFlag {
            let detail = "`feature_flag` goes with `deploy_strategy = \"feature-flag\"` only.";
            self.error(&Path::of("feature_flag"), "The flag of another strategy", detail);
        }
        if strategy == DeployStrategy::FeatureFlag && options.feature_flag.is_none() {
            let detail = "The strategy `feature-flag` needs a command that sets the flag. Set `feature_flag = { command = ... }`.";
            self.error(&Path::of("feature_flag"), "No flag", detail);
        }
        if let Some(canary) = &options.canary {
            self.ladder(&canary.steps, &Path::of("canary").attribute("steps"));
        }
        if let Some(steps) = options.feature_flag.as_ref().and_then(|flag| flag.steps.as_ref()) {
            self.ladder(steps, &Path::of("feature_flag").attribute("steps"));
        }
        if let Some(drift) = &options.drift {
            self.name(&drift.schedule, Name::Cron, &Path::of("drift").attribute("schedule"));
        }
        let verification = options.verification.clone().unwrap_or_default();
        if verification.interval_seconds == 0
            || verification.interval_seconds > verification.minutes.max(1).saturating_mul(60)
        {
            let path = Path::of("verification").attribute("interval_seconds");
            self.error(
                &path,
                "Not a time between two requests",
                "At least 1 second and at most the time of watching is expected.",
            );
        }
        if verification.max_failed_percent > 100 {
            let path = Path::of("verification").attribute("max_failed_percent");
            self.error(&path, "More than everything", "A percentage from 0 to 100 is expected.");
        }
    }

    /// Whether weights grow from step to step and stay below everything.
    fn ladder(&mut self, steps: &[Rung], path: &Path) {
        if steps.is_empty() {
            self.error(path, "No step", "At least one step is expected. Leave the steps out for the documented ones.");
        }
        let mut last = 0;
        for (position, step) in steps.iter().enumerate() {
            if step.weight <= last || step.weight >= 100 {
                let detail = format!(
                    "{} should be more than {last} and less than 100; after the last step, all get the new version.",
                    step.weight
                );
                self.error(&path.index(position as u64).attribute("weight"), "Weights that do not grow", detail);
            }
            last = step.weight;
        }
    }

    fn steps(&mut self, options: &Options) {
        for (position, extra) in options.extra_steps.iter().enumerate() {
            self.step(&extra.step, &Path::of("extra_steps").index(position as u64).attribute("step"));
        }
        for (name, job) in &options.extra_jobs {
            let path = Path::of("extra_jobs").key(name);
            if job.steps.is_empty() {
                self.error(&path.attribute("steps"), "A job without steps", "At least one step is expected.");
            }
            for variable in job.variables.keys() {
                self.name(variable, Name::Variable, &path.attribute("variables").key(variable));
            }
            if let Some(environment) = &job.environment {
                self.name(environment, Name::Environment, &path.attribute("environment"));
            }
            for (position, step) in job.steps.iter().enumerate() {
                self.step(step, &path.attribute("steps").index(position as u64));
            }
        }
    }

    fn step(&mut self, step: &UserStep, path: &Path) {
        if step.run.is_some() == step.uses.is_some() {
            self.error(path, "Not one thing to do", "Exactly one of `run` and `uses` is expected.");
        }
        if step.uses.is_none() && !(step.inputs.is_empty() && step.secret_inputs.is_empty()) {
            self.error(
                &path.attribute("inputs"),
                "Inputs of a script",
                "Only actions have inputs. Give a script `variables`.",
            );
        }
        if step.uses.is_some() && step.directory.is_some() {
            self.error(&path.attribute("directory"), "The directory of an action", "Only scripts run in a directory.");
        }
        for name in step.variables.keys() {
            self.name(name, Name::Variable, &path.attribute("variables").key(name));
        }
        for (attribute, inputs) in [("inputs", &step.inputs), ("secret_inputs", &step.secret_inputs)] {
            for name in inputs.keys() {
                self.name(name, Name::Input, &path.attribute(attribute).key(name));
            }
        }
        for (input, secret) in &step.secret_inputs {
            self.name(secret, Name::Secret, &path.attribute("secret_inputs").key(input));
        }
        self.secrets(step.secrets.iter(), path);
    }
}
