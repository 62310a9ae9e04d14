//! Checks that no text of the user's means something to the platform: values reach jobs by variables and secrets alone.

use std::collections::BTreeMap;

use framework::Path;

use super::Check;
use crate::pipeline::options::{Options, UserStep};

/// What begins an expression on GitHub.
const EXPRESSION: &str = "${{";

/// Every text that a user can write freely, with its path.
fn texts(options: &Options) -> Vec<(Path, &String)> {
    let mut texts = Vec::new();
    texts.extend(of_map(Path::of("variables"), &options.variables));
    texts.extend(
        options.runner.iter().enumerate().map(|(position, text)| (Path::of("runner").index(position as u64), text)),
    );
    if let Some(tests) = &options.tests {
        texts.extend(of_map(Path::of("tests").attribute("variables"), &tests.variables));
    }
    for (position, environment) in options.environments.iter().flatten().enumerate() {
        let path = Path::of("environments").index(position as u64).attribute("variables");
        texts.extend(of_map(path, &environment.variables));
    }
    let command = |name: &str| Path::of(name).attribute("command");
    texts.extend(options.feature_flag.iter().map(|flag| (command("feature_flag"), &flag.command)));
    texts.extend(options.smoke_test.iter().map(|test| (Path::of("smoke_test").attribute("path"), &test.path)));
    texts.extend(options.smoke_test.iter().filter_map(|test| Some((command("smoke_test"), test.command.as_ref()?))));
    texts.extend(
        options
            .verification
            .iter()
            .map(|verification| (Path::of("verification").attribute("path"), &verification.path)),
    );
    texts.extend(
        options.verification.iter().filter_map(|given| Some((command("verification"), given.command.as_ref()?))),
    );
    for (position, extra) in options.extra_steps.iter().enumerate() {
        of_step(&extra.step, &Path::of("extra_steps").index(position as u64).attribute("step"), &mut texts);
    }
    for (name, job) in &options.extra_jobs {
        let path = Path::of("extra_jobs").key(name);
        texts.extend(of_map(path.attribute("variables"), &job.variables));
        for (position, step) in job.steps.iter().enumerate() {
            of_step(step, &path.attribute("steps").index(position as u64), &mut texts);
        }
    }
    texts
}

fn of_map(path: Path, map: &BTreeMap<String, String>) -> impl Iterator<Item = (Path, &String)> {
    map.iter().map(move |(key, text)| (path.key(key), text))
}

fn of_step<'s>(step: &'s UserStep, path: &Path, texts: &mut Vec<(Path, &'s String)>) {
    texts.push((path.attribute("name"), &step.name));
    texts.extend(step.run.iter().map(|text| (path.attribute("run"), text)));
    texts.extend(step.directory.iter().map(|text| (path.attribute("directory"), text)));
    texts.extend(of_map(path.attribute("inputs"), &step.inputs));
    texts.extend(of_map(path.attribute("variables"), &step.variables));
}

/// Refuses expressions, and characters that no file should hold.
pub(super) fn check(options: &Options, check: &mut Check<'_>) {
    for (path, text) in texts(options) {
        if text.contains(EXPRESSION) {
            let detail = "`${{` begins an expression of the platform, whose value could be anything a stranger wrote. Pass values as \
                          environment variables: by `variables`, by the names of `secrets`, or by those that the platform sets itself, such \
                          as `$GITHUB_SHA`.";
            check.error(&path, "An expression in a text", detail);
        }
        let is_odd = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
        if let Some(odd) = text.chars().find(|c| is_odd(*c)) {
            let hint = if odd == '\r' { " Lines end with a line feed alone." } else { "" };
            check.error(
                &path,
                "A character that cannot be shown",
                format!("The text holds U+{:04X}.{hint}", odd as u32),
            );
        }
    }
    let smoke_test = options.smoke_test.as_ref().map(|test| ("smoke_test", &test.path));
    let verification = options.verification.as_ref().map(|verification| ("verification", &verification.path));
    for (attribute, text) in smoke_test.into_iter().chain(verification) {
        if !text.starts_with('/') || text.contains(char::is_whitespace) {
            let detail = "A path that begins with `/` is expected, such as `/health`.";
            check.error(&Path::of(attribute).attribute("path"), "Not a path of a service", detail);
        }
    }
}
