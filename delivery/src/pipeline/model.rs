//! What a pipeline does, in terms of no platform: jobs with explicit dependencies, made of steps that say what is wanted.
//!
//! `plan` makes it from options and a project; each platform renders it. Texts of users appear only in [`Value`]s, in scripts and in
//! inputs of actions, so a renderer has few places to quote.

mod condition;
mod step;
mod value;

pub(super) use condition::{Condition, Event};
pub(super) use step::{
    Action, BuildImage, Cache, Download, LanguageSetUp, Login, Push, Script, Step, StepId, Tool, Upload, UserAction,
    When,
};
pub(super) use value::Value;

/// A whole pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Model {
    /// Its name.
    pub(super) name: String,
    /// When it runs.
    pub(super) triggers: Triggers,
    /// Environment variables of all jobs.
    pub(super) variables: Vec<(String, Value)>,
    /// The jobs, every one after those it needs.
    pub(super) jobs: Vec<Job>,
}

/// What starts a pipeline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Triggers {
    /// Pushes to these branches, as names or patterns.
    pub(super) branches: Vec<String>,
    /// Pushes of these tags, as names or patterns.
    pub(super) tags: Vec<String>,
    /// Pull requests into these branches, as names or patterns.
    pub(super) pull_requests: Vec<String>,
    /// Files of which one must have changed; empty for any.
    pub(super) paths: Vec<String>,
    /// Whether changes in the merge queue are checked.
    pub(super) merge_queue: bool,
    /// Whether people can start it.
    pub(super) manual: bool,
    /// Points in time, as five fields of cron in UTC.
    pub(super) schedule: Option<String>,
}

/// The name of a job, unique in its pipeline.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct JobId(pub(super) String);

impl JobId {
    /// The job of that name.
    pub(super) fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }
}

impl std::fmt::Display for JobId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which part of the way to users a job belongs to. Jobs stand in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Stage {
    /// Looks at sources.
    Check,
    /// Runs tests.
    Test,
    /// Looks for vulnerabilities and secrets.
    Secure,
    /// Builds, scans, signs and publishes.
    Build,
    /// Brings a version to an environment, and back.
    Deploy,
    /// Looks after what runs.
    Operate,
}

/// A job: steps on one machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Job {
    /// Its name.
    pub(super) id: JobId,
    /// What people read.
    pub(super) title: String,
    /// Which part of the way it belongs to.
    pub(super) stage: Stage,
    /// The jobs that must have succeeded before.
    pub(super) needs: Vec<JobId>,
    /// Whether it also runs when one of those failed.
    pub(super) after_failures: bool,
    /// When it runs at all.
    pub(super) condition: Option<Condition>,
    /// The labels of the machine.
    pub(super) runner: Vec<String>,
    /// How long it may run, in minutes.
    pub(super) timeout_minutes: u32,
    /// The platform's environment it runs in.
    pub(super) environment: Option<EnvironmentRef>,
    /// What it is allowed to do, besides nothing.
    pub(super) permissions: Vec<Permission>,
    /// Versions of the language with which it runs once each.
    pub(super) versions: Vec<String>,
    /// The queue in which it waits for others of the same name, over all runs.
    pub(super) queue: Option<String>,
    /// The directory of its scripts, relative to the root.
    pub(super) directory: Option<String>,
    /// Environment variables of all steps.
    pub(super) variables: Vec<(String, Value)>,
    /// What jobs that need it can read: by name, an output of one of its steps.
    pub(super) outputs: Vec<(&'static str, StepId, &'static str)>,
    /// What it does.
    pub(super) steps: Vec<Step>,
    /// How many of the steps only prepare the others: a user's steps that come before the work come behind these.
    pub(super) prepared: usize,
}

impl Job {
    /// A job with nothing to do yet.
    pub(super) fn new(id: impl Into<String>, title: impl Into<String>, stage: Stage) -> Self {
        Self {
            id: JobId::new(id),
            title: title.into(),
            stage,
            needs: Vec::new(),
            after_failures: false,
            condition: None,
            runner: Vec::new(),
            timeout_minutes: 0,
            environment: None,
            permissions: Vec::new(),
            versions: Vec::new(),
            queue: None,
            directory: None,
            variables: Vec::new(),
            outputs: Vec::new(),
            steps: Vec::new(),
            prepared: 0,
        }
    }

    /// What was added so far prepares what comes.
    pub(super) fn begin_work(&mut self) {
        self.prepared = self.steps.len();
    }
}

/// An environment of the platform, which holds secrets and asks people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EnvironmentRef {
    /// Its name.
    pub(super) name: String,
    /// Where what was deployed is reached.
    pub(super) url: Option<Value>,
    /// Whether a person approves before the job starts.
    pub(super) approval: bool,
}

/// Something that a job must be allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Permission {
    /// Read the sources.
    ReadSources,
    /// Push to the platform's own registry.
    PublishImages,
    /// Prove to others which job it is (OpenID Connect).
    ProveIdentity,
    /// Store attestations.
    WriteAttestations,
}
