//! How deployments are tested and watched, and how flags are set.

use framework::{Diagnostic, Path};

use super::super::Context;
use super::stop::Stop;
use crate::pipeline::model::{Script, Step, Value};
use crate::pipeline::options::DeployStrategy;
use crate::pipeline::python::Python;

/// Says where something is reached, if that is known.
type Address<'a> = &'a dyn Fn(&'static str) -> Option<Value>;

impl Context<'_> {
    /// Tests a fresh deployment: by the user's command, the project's smoke tests, or by asking whether it is well.
    pub(super) fn smoke(&self, stop: &Stop<'_>, python: &Python<'_>, address: Address<'_>) -> Vec<Step> {
        let url = address("url");
        if let Some(command) = self.smoke_command() {
            return vec![Step::run("Test the deployment", given_command(stop, command, url))];
        }
        if let Some((mut steps, command)) = python.smoke_tests() {
            let mut script = given_command(stop, &command, url);
            script.directory = python.directory();
            steps.push(Step::run("Run the smoke tests", script));
            return steps;
        }
        url.map(|url| self.ask(url)).into_iter().collect()
    }

    /// Whether something of the project's is run to test or judge a deployment.
    pub(super) fn runs_commands(&self, python: &Python<'_>) -> bool {
        let judges = self.options.verification.as_ref().is_some_and(|verification| verification.command.is_some());
        judges || self.smoke_command().is_some() || python.smoke_tests().is_some()
    }

    /// Tests the slot that users do not see.
    pub(super) fn test_preview(&self, stop: &Stop<'_>) -> Option<Step> {
        let url = stop.address_in_deployment("preview_url")?;
        Some(match self.smoke_command() {
            Some(command) => Step::run("Test the slot", given_command(stop, command, Some(url))),
            None => self.ask(url),
        })
    }

    /// Watches a deployment for some minutes, or checks it once, and then lets the user's command judge.
    pub(super) fn watch(&self, stop: &Stop<'_>, minutes: u32, address: Address<'_>) -> Vec<Step> {
        let url = address("url");
        let verification = self.options.verification.clone().unwrap_or_default();
        let mut steps = Vec::new();
        match &url {
            Some(url) if minutes > 0 => {
                let script = Script::new(include_str!("watch.sh"))
                    .with("BASE_URL", url.clone())
                    .with("CHECK_PATH", Value::text(&verification.path))
                    .with("WATCH_SECONDS", Value::text(minutes.saturating_mul(60).to_string()))
                    .with("INTERVAL_SECONDS", Value::text(verification.interval_seconds.to_string()))
                    .with("MAX_FAILED_PERCENT", Value::text(verification.max_failed_percent.to_string()));
                steps.push(Step::run(format!("Watch for {minutes} minutes"), script));
            }
            Some(url) if verification.command.is_none() => steps.push(self.ask(url.clone())),
            None if minutes > 0 && verification.command.is_some() => {
                let script = Script::new("sleep \"$WATCH_SECONDS\"")
                    .with("WATCH_SECONDS", Value::text(minutes.saturating_mul(60).to_string()));
                steps.push(Step::run(format!("Wait for {minutes} minutes"), script));
            }
            _ => {}
        }
        if let Some(command) = &verification.command {
            steps.push(Step::run("Judge the new version", given_command(stop, command, url)));
        }
        steps
    }

    /// Sets the flag for a part of the users.
    pub(super) fn flag(&self, stop: &Stop<'_>, percent: u32) -> Option<Step> {
        let flag = self.options.feature_flag.as_ref()?;
        let script = given_command(stop, &flag.command, None).with("PERCENT", Value::text(percent.to_string()));
        Some(Step::run(format!("Give the feature to {percent} % of the users"), script))
    }

    /// Asks the deployment whether it is well, some times.
    fn ask(&self, url: Value) -> Step {
        let test = self.options.smoke_test.clone().unwrap_or_default();
        let script = Script::new(include_str!("ask.sh"))
            .with("BASE_URL", url)
            .with("CHECK_PATH", Value::text(&test.path))
            .with("ATTEMPTS", Value::text(test.attempts.to_string()))
            .with("INTERVAL_SECONDS", Value::text(test.interval_seconds.to_string()));
        Step::run("Ask whether it is well", script)
    }

    fn smoke_command(&self) -> Option<&str> {
        self.options.smoke_test.as_ref()?.command.as_deref()
    }

    /// Says that a rollback waits for a person, which is slow, and that a nightly job does, which is a nuisance.
    pub(super) fn warn_attended(&mut self, stop: &Stop<'_>) {
        let name = &stop.environment.name;
        if !stop.environment.approval || stop.environment.unattended_environment.is_some() {
            return;
        }
        let detail = format!(
            "A person approves what runs in the environment {name}, so rolling back and looking for drift wait for a person too. Make \
             an environment without reviewers that has the same secrets, branches and trust, and name it by `unattended_environment`."
        );
        let path = self.path_of(stop, "unattended_environment");
        self.diagnostics.push(Diagnostic::warning("Rollback waits for a person", detail).at(path));
    }

    /// Where an attribute of the environment is given; those that nobody gave are all of `environments`.
    fn path_of(&self, stop: &Stop<'_>, attribute: &str) -> Path {
        let path = Path::of("environments");
        match self.options.environments {
            Some(_) => path.index(stop.position as u64).attribute(attribute),
            None => path,
        }
    }

    /// Says that nothing tests what is deployed.
    pub(super) fn warn_unverified(&mut self, stop: &Stop<'_>) {
        let path = self.path_of(stop, "url");
        let detail = format!(
            "Nothing tests or watches what is deployed to {}, so nothing is rolled back either. Set its `url`, or a `command` in \
             `smoke_test` or `verification`.",
            stop.environment.name
        );
        self.diagnostics.push(if self.options.deploy_strategy == DeployStrategy::Canary {
            Diagnostic::error("A canary that nobody watches", detail).at(path)
        } else {
            Diagnostic::warning("A deployment that nobody verifies", detail).at(path)
        });
    }
}

/// A command of the user's, with what it may want to know.
fn given_command(stop: &Stop<'_>, command: &str, url: Option<Value>) -> Script {
    let mut script =
        Script::new(command).with("ENVIRONMENT", Value::text(&stop.environment.name)).with("IMAGE", stop.site().image);
    if let Some(url) = url {
        script = script.with("BASE_URL", url);
    }
    stop.script(script)
}
