//! What users add to a pipeline or change about it.

use std::collections::{BTreeMap, BTreeSet};

use framework::Attributes;

/// One thing that a user lets a job do: exactly one of `run` and `uses`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Attributes)]
pub struct UserStep {
    /// What the step is called.
    pub name: String,
    /// A script for bash. Values reach it through `variables` and `secrets`, never through expressions of the platform.
    pub run: Option<String>,
    /// An action: `owner/name`, whose version stands in `pins` or is built in, or `owner/name@commit` with all 40 digits of the commit.
    pub uses: Option<String>,
    /// The inputs of the action.
    #[attr(default = BTreeMap::new())]
    pub inputs: BTreeMap<String, String>,
    /// Inputs of the action that are secrets, by the secrets' names. The job needs an environment.
    #[attr(default = BTreeMap::new())]
    pub secret_inputs: BTreeMap<String, String>,
    /// Environment variables of the step. Their values are shown in the file and in plans.
    #[attr(default = BTreeMap::new())]
    pub variables: BTreeMap<String, String>,
    /// Names of secrets that the step gets as environment variables of the same names. The job needs an environment.
    #[attr(default = BTreeSet::new())]
    pub secrets: BTreeSet<String>,
    /// The directory that the script runs in, relative to the root. Leave out for the directory of the job.
    pub directory: Option<String>,
}

/// A step at a point of the pipeline's own jobs.
#[derive(Clone, Debug, PartialEq, Eq, Attributes)]
pub struct ExtraStep {
    /// Where it runs.
    pub at: Point,
    /// The environment, for points of the jobs that deploy. Leave out for every environment.
    pub environment: Option<String>,
    /// What it does.
    pub step: UserStep,
}

/// A point in the pipeline's own jobs. `before` is after the job has its sources and tools, `after` is when everything else has
/// succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Attributes)]
pub enum Point {
    /// Before the linters.
    BeforeLint,
    /// After the linters.
    AfterLint,
    /// Before types are checked.
    BeforeTypes,
    /// After types are checked.
    AfterTypes,
    /// Before the unit tests.
    BeforeTest,
    /// After the unit tests.
    AfterTest,
    /// Before the integration tests, for instance to start a database.
    BeforeIntegration,
    /// After the integration tests.
    AfterIntegration,
    /// Before the end-to-end tests.
    BeforeEndToEnd,
    /// After the end-to-end tests.
    AfterEndToEnd,
    /// Before the image or package is built.
    BeforeBuild,
    /// After the image or package is built, scanned, signed and published.
    AfterBuild,
    /// Before the deployment changes anything.
    BeforeDeploy,
    /// After the deployment.
    AfterDeploy,
    /// Before the deployment is verified.
    BeforeVerify,
    /// After the deployment is verified.
    AfterVerify,
}

/// A job of the user's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Attributes)]
pub struct ExtraJob {
    /// The jobs that must have succeeded before, by their names in the file.
    #[attr(default = BTreeSet::new())]
    pub needs: BTreeSet<String>,
    /// The pipeline's own jobs that wait for this one, by their names in the file.
    #[attr(default = BTreeSet::new())]
    pub required_by: BTreeSet<String>,
    /// The labels of the machine. Leave out for the pipeline's.
    pub runner: Option<Vec<String>>,
    /// The platform's environment that the job runs in; secrets need one.
    pub environment: Option<String>,
    /// Environment variables of the job. Their values are shown in the file and in plans.
    #[attr(default = BTreeMap::new())]
    pub variables: BTreeMap<String, String>,
    /// How long it may run, in minutes.
    #[attr(default = 15, range = 1..=4320)]
    pub timeout_minutes: u32,
    /// What it does, after the sources are checked out.
    pub steps: Vec<UserStep>,
}

/// The version of an action.
#[derive(Clone, Debug, PartialEq, Eq, Attributes)]
pub struct Pin {
    /// The version's name, such as `v4.2.0`. It is written beside the commit.
    pub version: String,
    /// The commit, with all 40 digits.
    pub sha: String,
}

/// How long jobs may run, in minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Attributes)]
pub struct Timeouts {
    /// Linters, types and security checks.
    #[attr(default = 15, range = 1..=4320)]
    pub check: u32,
    /// Each of the jobs that run tests.
    #[attr(default = 30, range = 1..=4320)]
    pub test: u32,
    /// Building and publishing.
    #[attr(default = 45, range = 1..=4320)]
    pub build: u32,
    /// Deploying and rolling back, without the pauses of a strategy, which are added.
    #[attr(default = 30, range = 1..=4320)]
    pub deploy: u32,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { check: 15, test: 30, build: 45, deploy: 30 }
    }
}
