//! What jobs are made of.

use super::{Condition, Value};
use crate::pipeline::options::{Cloud, TerraformTool};

/// The name of a step, unique in its job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::pipeline) struct StepId(pub(in crate::pipeline) &'static str);

/// One thing that a job does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::pipeline) struct Step {
    /// Its name, where others refer to it.
    pub(in crate::pipeline) id: Option<StepId>,
    /// What people read.
    pub(in crate::pipeline) title: String,
    /// When it runs.
    pub(in crate::pipeline) when: When,
    /// What it does.
    pub(in crate::pipeline) action: Action,
}

impl Step {
    /// A step that runs when everything before it succeeded.
    pub(in crate::pipeline) fn new(title: impl Into<String>, action: Action) -> Self {
        Self { id: None, title: title.into(), when: When::Success, action }
    }

    /// A step that runs a script.
    pub(in crate::pipeline) fn run(title: impl Into<String>, script: Script) -> Self {
        Self::new(title, Action::Run(script))
    }

    /// The same, with a name that others refer to.
    pub(in crate::pipeline) fn id(mut self, id: StepId) -> Self {
        self.id = Some(id);
        self
    }

    /// The same, at another time.
    pub(in crate::pipeline) fn when(mut self, when: When) -> Self {
        self.when = when;
        self
    }
}

/// When a step runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::pipeline) enum When {
    /// When everything before it in the job succeeded.
    Success,
    /// When everything before it succeeded, and the condition holds.
    Only(Condition),
    /// When something failed or the job was cancelled, after the step of that name succeeded.
    FailureAfter(StepId),
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::pipeline) enum Action {
    /// Fetch the sources: the commit alone, or all of history.
    Checkout { history: bool },
    /// Install the language.
    Language(LanguageSetUp),
    /// Install a program.
    Tool(Tool),
    /// Keep files between runs.
    Cache(Cache),
    /// Run a script.
    Run(Script),
    /// Keep files of this run.
    Upload(Upload),
    /// Get files of this run.
    Download(Download),
    /// Look for known vulnerabilities in the dependencies that a pull request adds.
    ReviewDependencies,
    /// Log in to a cloud.
    CloudLogin(Cloud),
    /// Log in to a registry.
    RegistryLogin(Login),
    /// Give the name of the repository's image in the platform's own registry as the output `name`; several of one repository differ
    /// by the suffix.
    NameImage { suffix: Option<String> },
    /// Build the image. Gives the output `digest` when it is pushed.
    Build(BuildImage),
    /// Look for vulnerabilities in an image; those of high and critical severity are failures.
    ScanImage { image: Value, include_unfixed: bool },
    /// Write the list of what an image is made of to a file.
    Sbom { image: Value, file: &'static str },
    /// Store an attestation of where an image comes from.
    Attest { name: Value, digest: Value },
    /// Do something that only this platform has.
    User(UserAction),
}

/// A language in one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::pipeline) enum LanguageSetUp {
    /// Python.
    Python { version: Value },
    /// Go, to build a tool from its sources.
    Go { version: &'static str },
}

/// A program that a job needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::pipeline) enum Tool {
    /// uv, which also installs Python; the lock file decides what its cache holds.
    Uv { version: String, python: Value, cache: bool, lock: Option<String> },
    /// Terraform or OpenTofu.
    Terraform { tool: TerraformTool, version: String },
    /// The builder of images.
    Builder,
    /// cosign.
    Cosign,
}

/// Files that are kept between runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::pipeline) struct Cache {
    /// What is kept.
    pub(in crate::pipeline) path: String,
    /// What it is called.
    pub(in crate::pipeline) name: String,
    /// The version of the language it belongs to.
    pub(in crate::pipeline) version: Value,
    /// Files, relative to the root, whose content decides whether it still fits.
    pub(in crate::pipeline) files: Vec<String>,
}

/// A script for bash. It runs with `-e` and `pipefail`, and can give outputs by `output NAME VALUE`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::pipeline) struct Script {
    /// The text.
    pub(in crate::pipeline) text: String,
    /// Environment variables.
    pub(in crate::pipeline) variables: Vec<(String, Value)>,
    /// Where it runs, relative to the root, if not where the job's scripts do.
    pub(in crate::pipeline) directory: Option<String>,
    /// Whether it gives outputs.
    pub(in crate::pipeline) outputs: bool,
}

impl Script {
    /// A script without variables and outputs.
    pub(in crate::pipeline) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// The same, with that environment variable.
    pub(in crate::pipeline) fn with(mut self, name: impl Into<String>, value: Value) -> Self {
        let name = name.into();
        self.variables.retain(|(other, _)| *other != name);
        self.variables.push((name, value));
        self
    }

    /// The same, in another directory.
    pub(in crate::pipeline) fn within(mut self, directory: impl Into<String>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// The same, with outputs.
    pub(in crate::pipeline) fn giving_outputs(mut self) -> Self {
        self.outputs = true;
        self
    }
}

/// Files of a run that people and later jobs can get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::pipeline) struct Upload {
    /// What they are called, unique in the pipeline. Of a job with several versions, each version's are called by it too.
    pub(in crate::pipeline) name: String,
    /// Where they are, relative to the root.
    pub(in crate::pipeline) path: String,
}

/// Files that an earlier job of the run gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::pipeline) struct Download {
    /// What they are called.
    pub(in crate::pipeline) name: String,
    /// Where to put them, relative to the root.
    pub(in crate::pipeline) path: String,
}

/// How to log in to a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::pipeline) enum Login {
    /// The platform's own, as the job.
    Platform,
    /// Amazon's, after logging in to the cloud.
    Ecr,
    /// Google's at that host, after logging in to the cloud.
    ArtifactRegistry { host: String },
    /// Any at that host.
    Password { host: String, username: String, secret: String },
}

/// An image to build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::pipeline) struct BuildImage {
    /// The Dockerfile, relative to the root.
    pub(in crate::pipeline) dockerfile: String,
    /// The directory whose files the build can use, relative to the root.
    pub(in crate::pipeline) context: String,
    /// What it is built for.
    pub(in crate::pipeline) platforms: Vec<String>,
    /// Where it goes.
    pub(in crate::pipeline) push: Push,
}

/// Where an image goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::pipeline) enum Push {
    /// To the machine that built it, under this tag; layers are kept between runs.
    Local { tag: &'static str },
    /// To the registry under that name, by digest and without a tag, with provenance beside it. Nothing is taken from earlier runs.
    Registry { name: Value },
}

/// An action of the platform that a user asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::pipeline) struct UserAction {
    /// The action, as given.
    pub(in crate::pipeline) uses: String,
    /// Its inputs.
    pub(in crate::pipeline) inputs: Vec<(String, Value)>,
    /// Environment variables.
    pub(in crate::pipeline) variables: Vec<(String, Value)>,
    /// Where it was asked for, for errors.
    pub(in crate::pipeline) path: framework::Path,
}
