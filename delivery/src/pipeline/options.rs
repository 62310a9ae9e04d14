//! What a user says about a pipeline. The documentation of every field is the documentation of its attribute.

mod checks;
mod deploy;
mod environment;
mod extra;
mod image;
mod rollout;
mod triggers;

use std::collections::BTreeMap;
use std::path::PathBuf;

use framework::Attributes;

pub use checks::{Security, Tests};
pub use deploy::{Aks, Cluster, Deploy, Ecs, Eks, Gke, Helm, Kubeconfig, Kubectl, Scripts, Terraform, TerraformTool};
pub use environment::{AwsIdentity, AzureIdentity, Cloud, Environment, GcpIdentity};
pub use extra::{ExtraJob, ExtraStep, Pin, Point, Timeouts, UserStep};
pub use image::{ArtifactRegistry, Availability, EcrRegistry, GhcrRegistry, Image, PasswordRegistry, Registry};
pub use rollout::{Canary, Drift, FeatureFlag, Rung, SmokeTest, Verification};
pub use triggers::Triggers;

/// A CI/CD pipeline, rendered for one platform and kept in step with the repository.
///
/// The pipeline checks, builds, publishes and deploys one component of a project. What the project has (package manager,
/// versions, tools, tests, Dockerfile, terraform module, chart) is read from `repository` whenever a plan is made, so that a
/// change of the project shows as a change of the pipeline. The plan shows the full text of every file.
///
/// Apply never overwrites what it did not write: a file that somebody changed since the plan stops it, and a file of somebody
/// else in the way is an error unless it is imported or `overwrite` is set.
#[derive(Clone, Debug, PartialEq, Eq, Attributes)]
#[attr(resource = "devopsflow_pipeline", builder = Pipeline, outputs = Outputs)]
pub struct Options {
    /// The platform that runs the pipeline.
    pub platform: Platform,
    /// The language of the component that the pipeline checks, builds and delivers.
    pub language: Language,
    /// How a new version takes over from the running one. Each deploy tool has its own way of doing that and needs something of
    /// the project for it; what is missing is named at plan.
    #[attr(default = DeployStrategy::Rolling)]
    pub deploy_strategy: DeployStrategy,
    /// The name of the pipeline. It gives the name of the file and the prefix of the names under which deployments queue, so two
    /// pipelines of one repository need two names. Letters, digits, `-`, `_` and `.`.
    #[attr(default = "ci")]
    pub name: String,
    /// The directory that the files are written to, such as `.github/workflows`. Leave out to only compute their content.
    pub directory: Option<PathBuf>,
    /// Whether a file that is in the way and was not written by this resource is replaced.
    #[attr(default = false)]
    pub overwrite: bool,
    /// The root of the repository that the pipeline runs in. Leave out for the folder in which `directory` is the platform's: `.`
    /// for `.github/workflows`; otherwise the directory that terraform runs in.
    pub repository: Option<PathBuf>,
    /// The directory of the component in a repository that holds several, relative to the root, such as `services/api`. Leave out
    /// to let detection choose.
    pub working_directory: Option<String>,
    /// The labels of the machine that runs the jobs. It needs bash, git, curl, jq and Docker, and for deploying the programs of the
    /// cloud and deploy tool in use (`aws`, `az`, `gcloud`, `kubectl`, `helm`); GitHub's Ubuntu machines have them all.
    #[attr(default = vec!["ubuntu-24.04".to_owned()])]
    pub runner: Vec<String>,
    /// The versions of the language that the tests run with, such as `["3.12", "3.13"]`. Everything else runs with the last one.
    /// Leave out to take the versions that the project states.
    pub versions: Option<Vec<String>>,
    /// What installs the dependencies. Leave out to take what the project uses.
    pub package_manager: Option<PackageManager>,
    /// When the pipeline runs. Leave out for: pushes to `main`, pull requests into it, its merge queue, and by hand.
    pub triggers: Option<Triggers>,
    /// Environment variables of every job. Their values are shown in the file and in plans: pass secrets by name in `environments` or
    /// `tests`.
    #[attr(default = BTreeMap::new())]
    pub variables: BTreeMap<String, String>,
    /// How the tests run. Leave out for what the project states.
    pub tests: Option<Tests>,
    /// What the security checks ask for. Leave out for the documented defaults.
    pub security: Option<Security>,
    /// The image that is built and where it is pushed. Leave out to build the project's only Dockerfile and push it to the
    /// platform's own registry; a project without a Dockerfile has no image.
    pub image: Option<Image>,
    /// The identity with which jobs reach the cloud, by short-lived tokens and without any stored key. An environment can have its own.
    pub cloud: Option<Cloud>,
    /// Where the image is deployed, in the order of promotion: an environment is deployed after the one before it was deployed and
    /// tested, when both deploy the same branch. Leave out for `staging` and then `production` behind an approval; an empty list
    /// deploys nowhere.
    pub environments: Option<Vec<Environment>>,
    /// What deploys the image. Leave out to use the project's terraform module where exactly one fits the strategy; a project
    /// without one is checked and built but not deployed, and a warning says so.
    pub deploy: Option<Deploy>,
    /// The steps of the strategy `canary`. Leave out for 5 %, 25 % and 50 % with pauses of 10, 10 and 15 minutes.
    pub canary: Option<Canary>,
    /// The flag of the strategy `feature-flag`; that strategy needs it.
    pub feature_flag: Option<FeatureFlag>,
    /// How a fresh deployment is tested. Leave out to run the project's smoke tests, or else to ask the environment's `url` for
    /// `/health`.
    pub smoke_test: Option<SmokeTest>,
    /// How a deployment is watched. Leave out to ask the environment's `url` for `/health` over 5 minutes.
    pub verification: Option<Verification>,
    /// When the running infrastructure is compared with its definition. Leave out for every night.
    pub drift: Option<Drift>,
    /// More jobs, by name. Names of the pipeline's own jobs cannot be taken.
    #[attr(default = BTreeMap::new())]
    pub extra_jobs: BTreeMap<String, ExtraJob>,
    /// More steps in the pipeline's own jobs, in the order given. What they run is shown in the file and in plans.
    #[attr(default = Vec::new())]
    pub extra_steps: Vec<ExtraStep>,
    /// Versions of actions to use instead of the built-in ones, and of actions that extra steps use, by `owner/name`.
    #[attr(default = BTreeMap::new())]
    pub pins: BTreeMap<String, Pin>,
    /// How long jobs may run. Leave out for the documented defaults.
    pub timeouts: Option<Timeouts>,
}

impl Options {
    /// All defaults.
    pub fn new(platform: Platform, language: Language) -> Self {
        Self {
            platform,
            language,
            deploy_strategy: DeployStrategy::Rolling,
            name: "ci".to_owned(),
            directory: None,
            overwrite: false,
            repository: None,
            working_directory: None,
            runner: vec!["ubuntu-24.04".to_owned()],
            versions: None,
            package_manager: None,
            triggers: None,
            variables: BTreeMap::new(),
            tests: None,
            security: None,
            image: None,
            cloud: None,
            environments: None,
            deploy: None,
            canary: None,
            feature_flag: None,
            smoke_test: None,
            verification: None,
            drift: None,
            extra_jobs: BTreeMap::new(),
            extra_steps: Vec::new(),
            pins: BTreeMap::new(),
            timeouts: None,
        }
    }
}

/// What apply makes of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Attributes)]
#[attr(outputs)]
pub struct Outputs {
    /// The files, by path relative to `directory`, with their full text.
    pub files: BTreeMap<String, String>,
    /// The path of the pipeline's file: `directory` as written, joined with the file's name. Null without `directory`.
    pub path: Option<String>,
    /// Files of this pipeline that an apply that failed could not remove, by path, with their SHA-256. The next apply removes them.
    pub stray_files: BTreeMap<String, String>,
}

/// A platform that runs pipelines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Attributes)]
pub enum Platform {
    /// GitHub Actions.
    GithubActions,
}

/// A language that pipelines are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Attributes)]
pub enum Language {
    /// Python.
    Python,
}

/// How a new version takes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Attributes)]
pub enum DeployStrategy {
    /// The new version fills the slot that users do not see, is tested there, and then gets all traffic at once. The old version keeps
    /// running in the other slot.
    BlueGreen,
    /// Instances are replaced one after the other, as the deploy tool does it.
    Rolling,
    /// The new version gets a growing part of the traffic and is watched at every step.
    Canary,
    /// The new version is deployed with its feature switched off; a flag then brings it to a growing part of the users.
    FeatureFlag,
}

/// What installs the dependencies of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Attributes)]
pub enum PackageManager {
    /// uv, with `uv.lock`.
    Uv,
    /// Poetry, with `poetry.lock`.
    Poetry,
    /// PDM, with `pdm.lock`.
    Pdm,
    /// Pipenv, with `Pipfile.lock`.
    Pipenv,
    /// pip, with requirements files or `pyproject.toml`.
    Pip,
}
