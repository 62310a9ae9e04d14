//! The tools that deploy. Each says how to find out what runs, how to make the moves of a strategy, and how to go back.

mod cluster;
mod ecs;
mod helm;
mod kubectl;
mod scripts;
mod terraform;

use framework::{Diagnostic, Diagnostics, Path};

use super::model::{Script, Step, StepId, Value};
use super::options::{Deploy, Environment, Options};
use super::strategy::Move;
use crate::project::Detection;

/// The step that finds out what runs before anything changes.
pub(super) const PREVIOUS: StepId = StepId("previous");

/// The step that finds out where a deployment is reached.
pub(super) const ADDRESS: StepId = StepId("address");

/// The output of [`PREVIOUS`] that says what users get; empty before the first deployment.
pub(super) const RUNNING: &str = "running";

/// What is deployed where.
pub(super) struct Site<'a> {
    /// Where.
    pub(super) environment: &'a Environment,
    /// What: a reference to an image with its digest.
    pub(super) image: Value,
}

/// Says where an output of [`Tool::record`] is found.
pub(super) type Recorded<'a> = &'a dyn Fn(&'static str) -> Value;

/// A tool that deploys, set up for a project and a strategy.
pub(super) trait Tool {
    /// Makes the tool ready, in a job that has the sources and has logged in to the cloud.
    fn set_up(&self, environment: &Environment) -> Vec<Step>;

    /// Finds out what runs. Gives [`RUNNING`], [`Tool::recorded`], and what [`Tool::perform`] needs.
    fn record(&self, site: &Site<'_>) -> Script;

    /// The outputs of [`Tool::record`] that [`Tool::restore`] and [`Tool::drift`] read, besides [`RUNNING`].
    fn recorded(&self) -> &'static [&'static str];

    /// Makes a move, after [`Tool::record`] as the step [`PREVIOUS`] of the same job.
    fn perform(&self, site: &Site<'_>, step: Move) -> Script;

    /// Goes back to what was recorded.
    fn restore(&self, environment: &Environment, recorded: Recorded<'_>) -> Script;

    /// Fails when what was recorded is not what the definition says. None where the tool has no definition to compare with.
    fn drift(&self, _environment: &Environment, _recorded: Recorded<'_>) -> Option<Script> {
        None
    }

    /// Finds out where the deployment is reached. Gives [`Tool::addresses`].
    fn address(&self, _environment: &Environment) -> Option<Script> {
        None
    }

    /// Which of `url` and `preview_url` the tool knows.
    fn addresses(&self) -> &[&'static str] {
        &[]
    }

    /// For how many minutes the tool itself holds the pauses of the strategy, if a single [`Move::Release`] does all of it.
    fn own_pace(&self) -> Option<u32> {
        None
    }
}

/// The tool that the options ask for, or else terraform, when it fits the project and the strategy.
pub(super) fn choose(
    options: &Options,
    environments: &[Environment],
    detection: &Detection,
    warnings: &mut Diagnostics,
) -> Result<Box<dyn Tool>, Diagnostics> {
    Ok(match &options.deploy {
        None | Some(Deploy::Terraform(_)) => {
            Box::new(terraform::Terraform::new(options, environments, detection, warnings)?)
        }
        Some(Deploy::Helm(given)) => Box::new(helm::Helm::new(given, options, environments, detection)?),
        Some(Deploy::Kubectl(given)) => Box::new(kubectl::Kubectl::new(given, options, environments, detection)?),
        Some(Deploy::Ecs(given)) => Box::new(ecs::Ecs::new(given, options, environments)?),
        Some(Deploy::Scripts(given)) => Box::new(scripts::Scripts::new(given, options, detection)?),
    })
}

/// An output of the step that found out what runs.
pub(super) fn previous(name: &'static str) -> Value {
    Value::Step(PREVIOUS, name)
}

/// Where an attribute of an environment is given; environments that nobody gave take it from the pipeline.
fn path_of(options: &Options, position: usize, attribute: &str) -> Path {
    let parent =
        if options.environments.is_some() { Path::of("environments").index(position as u64) } else { Path::root() };
    parent.attribute(attribute)
}

/// `text` for an environment.
fn for_environment(text: &str, environment: &Environment) -> String {
    text.replace("{environment}", &environment.name)
}

/// A path as detection spells it.
fn tidy(path: &str) -> String {
    let parts: Vec<_> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

/// Paths of which every environment has its own, with the environment's name as `{environment}`.
fn patterns(paths: &[String], environments: &[Environment]) -> Vec<String> {
    let Some(first) = environments.first() else { return Vec::new() };
    let name = first.name.as_str();
    let replace = |part: &str| match part.split_once(name) {
        Some((before, after)) if is_separated(before, after) => format!("{before}{{environment}}{after}"),
        _ => part.to_owned(),
    };
    let pattern = |path: &String| path.split('/').map(replace).collect::<Vec<_>>().join("/");
    let is_everywhere = |pattern: &String| {
        environments.iter().all(|environment| paths.contains(&for_environment(pattern, environment)))
    };
    paths.iter().map(pattern).filter(|pattern| pattern.contains("{environment}") && is_everywhere(pattern)).collect()
}

/// Whether a name stands as a word of its own between what comes before and after it.
fn is_separated(before: &str, after: &str) -> bool {
    let separates = |c: char| "-_.".contains(c);
    (before.is_empty() || before.ends_with(separates)) && (after.is_empty() || after.starts_with(separates))
}

/// The only directory, or the directories of which every environment has its own.
fn only_directory(
    directories: &[String],
    environments: &[Environment],
    what: &str,
    path: &Path,
) -> Result<String, Diagnostic> {
    if let [only] = directories {
        return Ok(only.clone());
    }
    if let [only] = patterns(directories, environments).as_slice() {
        return Ok(only.clone());
    }
    let (summary, detail) = if directories.is_empty() {
        (format!("No {what}"), format!("No directory of the project holds a {what}."))
    } else {
        (
            format!("More than one {what}"),
            format!("There is a {what} in each of {}. Say which one deploys the image.", directories.join(", ")),
        )
    };
    Err(Diagnostic::error(summary, detail).at(path.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(paths: &[&str], expected: &[&str]) {
        let paths: Vec<_> = paths.iter().map(|path| (*path).to_owned()).collect();
        let environments = [Environment::new("staging"), Environment::new("production")];
        assert_eq!(patterns(&paths, &environments), expected);
    }

    #[test]
    fn a_pattern_holds_for_every_environment() {
        check(&["infra/production", "infra/staging"], &["infra/{environment}"]);
        check(
            &["environments/staging.tfvars", "environments/production.tfvars"],
            &["environments/{environment}.tfvars"],
        );
        check(&["values.yaml", "values-production.yaml", "values-staging.yaml"], &["values-{environment}.yaml"]);
        check(&["infra/staging"], &[]);
        check(&["prestaging", "preproduction"], &[]);
    }
}
