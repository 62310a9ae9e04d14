//! With terraform itself and a state on disk.

use std::fs;
use std::path::Path;

use delivery::pipeline::options::{Canary, DeployStrategy, Environment, Options, Rung, SmokeTest, Verification};
use tempfile::TempDir;

use crate::pipeline::fixture::{self, CANARY, MODULE, SLOTS};
use crate::pipeline::runner::{Outputs, Runner, has};
use crate::pipeline::workflow::Workflow;

/// A repository with a module, whose backend is a file beside it.
struct Repository {
    root: TempDir,
    workflow: Workflow,
}

fn repository(module: &'static str, options: &Options) -> Option<Repository> {
    if !["terraform", "jq", "bash"].iter().all(|program| has(program)) {
        return None;
    }
    let files = fixture::service(module);
    let workflow = Workflow::read(fixture::text(&files, options));
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("infra")).unwrap();
    fs::write(root.path().join("infra/main.tf"), module).unwrap();
    fs::write(root.path().join("infra/backend_override.tf"), "terraform {\n  backend \"local\" {}\n}\n").unwrap();
    Some(Repository { root, workflow })
}

/// One environment; tests pass while `healthy` is there.
fn options(deploy_strategy: DeployStrategy) -> Options {
    let command = || Some("test -e healthy".to_owned());
    let smoke_test = SmokeTest { command: command(), ..SmokeTest::default() };
    let verification = Verification { command: command(), minutes: 0, ..Verification::default() };
    let staging = Environment { preview_url: Some("https://preview".to_owned()), ..Environment::new("staging") };
    let environments = Some(vec![staging]);
    let canary = Canary { steps: vec![Rung { weight: 5, pause_minutes: 0 }] };
    let canary = (deploy_strategy == DeployStrategy::Canary).then_some(canary);
    Options {
        deploy_strategy,
        smoke_test: Some(smoke_test),
        verification: Some(verification),
        environments,
        canary,
        ..fixture::options()
    }
}

impl Repository {
    fn set_healthy(&self, healthy: bool) {
        let path = self.root.path().join("healthy");
        if healthy { fs::write(path, "").unwrap() } else { fs::remove_file(path).unwrap() }
    }

    /// A run of the pipeline that published an image.
    fn runner(&self, image: &str) -> Runner<'_> {
        let outputs = Outputs::from([("needs.publish.outputs.image".to_owned(), image.to_owned())]);
        Runner { workflow: &self.workflow, root: self.root.path(), outputs }
    }

    /// What the module says runs.
    #[track_caller]
    fn check(&self, expected: &[(&str, &str)]) {
        for (name, value) in expected {
            assert_eq!(output(&self.root.path().join("infra"), name), *value, "{name}");
        }
    }
}

fn output(directory: &Path, name: &str) -> String {
    let output =
        std::process::Command::new("terraform").args(["output", "-raw", name]).current_dir(directory).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_failed_verification_brings_the_version_before_back() {
    let Some(repository) = repository(MODULE, &options(DeployStrategy::Rolling)) else { return };
    assert!(repository.runner("one").run("deploy-staging").succeeded);
    let mut second = repository.runner("two");
    let deployed = second.run("deploy-staging");
    assert!(deployed.succeeded, "{}", deployed.said);
    repository.check(&[("image", "two")]);
    let rolled_back = second.run("rollback-staging");
    assert!(rolled_back.succeeded, "{}", rolled_back.said);
    repository.check(&[("image", "one")]);
}

#[test]
fn a_rollback_leaves_alone_what_a_later_run_deployed() {
    let Some(repository) = repository(MODULE, &options(DeployStrategy::Rolling)) else { return };
    assert!(repository.runner("one").run("deploy-staging").succeeded);
    let mut second = repository.runner("two");
    assert!(second.run("deploy-staging").succeeded);
    assert!(repository.runner("three").run("deploy-staging").succeeded);
    let refused = second.run("rollback-staging");
    assert!(!refused.succeeded && refused.said.contains("three runs by now"), "{}", refused.said);
    repository.check(&[("image", "three")]);
}

#[test]
fn blue_and_green_take_turns_and_a_bad_slot_never_gets_traffic() {
    let Some(repository) = repository(SLOTS, &options(DeployStrategy::BlueGreen)) else { return };
    repository.set_healthy(true);
    assert!(repository.runner("one").run("deploy-staging").succeeded);
    repository.check(&[("active_slot", "blue"), ("image_blue", "one")]);
    let second = repository.runner("two").run("deploy-staging");
    assert!(second.succeeded, "{}", second.said);
    repository.check(&[("active_slot", "green"), ("image_blue", "one"), ("image_green", "two")]);
    repository.set_healthy(false);
    let mut third = repository.runner("three");
    let failed = third.run("deploy-staging");
    assert!(!failed.succeeded);
    assert!(!failed.ran.contains(&"Give all traffic to the new version".to_owned()), "{:?}", failed.ran);
    repository.check(&[("active_slot", "green"), ("image_blue", "one"), ("image_green", "two")]);
    assert_eq!(third.outputs["needs.deploy-staging.outputs.restored"], "true");
}

#[test]
fn a_canary_that_fails_loses_its_traffic_at_once() {
    let Some(repository) = repository(CANARY, &options(DeployStrategy::Canary)) else { return };
    repository.set_healthy(true);
    let first = repository.runner("one").run("deploy-staging");
    assert!(first.succeeded, "{}", first.said);
    repository.check(&[("image", "one"), ("canary_image", "one"), ("canary_weight", "0")]);
    repository.set_healthy(false);
    let second = repository.runner("two").run("deploy-staging");
    assert!(!second.succeeded);
    assert_eq!(second.ran.last().unwrap(), "Go back to what ran before");
    repository.check(&[("image", "one"), ("canary_image", "one"), ("canary_weight", "0")]);
}

#[test]
fn drift_is_found_and_nothing_deployed_is_none() {
    let Some(repository) = repository(MODULE, &options(DeployStrategy::Rolling)) else { return };
    let nothing = repository.runner("").run("drift-staging");
    assert!(nothing.succeeded && nothing.said.contains("Nothing is deployed yet."), "{}", nothing.said);
    assert!(repository.runner("one").run("deploy-staging").succeeded);
    let same = repository.runner("").run("drift-staging");
    assert!(same.succeeded && same.said.contains("What runs is what the module says."), "{}", same.said);
    let module = repository.root.path().join("infra/more.tf");
    fs::write(&module, "resource \"terraform_data\" \"more\" {}\n").unwrap();
    let drifted = repository.runner("").run("drift-staging");
    assert!(!drifted.succeeded && drifted.said.contains("What runs is not what the module says"), "{}", drifted.said);
    fs::write(&module, "not terraform").unwrap();
    let broken = repository.runner("").run("drift-staging");
    assert!(!broken.succeeded && !broken.said.contains("What runs is not"), "{}", broken.said);
}
