//! What builds, checks and delivers a project, apart from its code: images, manifests, infrastructure, CI, scripts, git.

mod ci;
mod docker;
mod git;
mod kubernetes;
mod others;
mod terraform;
mod updaters;

use framework::Attributes;

use super::component::RuntimeVersion;
use super::walk::Tree;
use super::{Evidence, Note};

/// What builds, checks and delivers the project. Every list is sorted by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surface {
    /// Files from which an image is built.
    pub dockerfiles: Vec<Dockerfile>,
    /// Compose files.
    pub compose: Vec<ComposeFile>,
    /// Helm charts.
    pub charts: Vec<Chart>,
    /// Kustomizations.
    pub kustomizations: Vec<Kustomization>,
    /// Directories with Kubernetes manifests that are neither part of a chart nor of a kustomization.
    pub manifests: Vec<ManifestDirectory>,
    /// Directories that terraform can be run in.
    pub terraform: Vec<TerraformRoot>,
    /// Configurations of CI systems.
    pub ci: Vec<CiConfig>,
    /// Files of Ansible: its configuration, playbooks and requirements.
    pub ansible: Vec<Evidence>,
    /// Configuration of monitoring and alerting.
    pub monitoring: Vec<Evidence>,
    /// Scripts for the shell and scripts under `scripts/` and `bin/`.
    pub scripts: Vec<Script>,
    /// What keeps dependencies current.
    pub updaters: Vec<Updater>,
    /// Files that tell a tool how to treat the repository, such as `.dockerignore`.
    pub policies: Vec<Policy>,
    /// The repository; none when the root is not the root of a git repository.
    pub git: Option<Git>,
}

/// A file from which an image is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dockerfile {
    /// The file, relative to the root.
    pub path: String,
    /// The names of its stages, in order.
    pub stages: Vec<String>,
    /// The images it starts from, in order, without its own stages.
    pub base_images: Vec<String>,
    /// The ports that its last stage declares with `EXPOSE`, as written, such as `8080` or `53/udp`, in order.
    pub ports: Vec<String>,
    /// The line of the `HEALTHCHECK` of its last stage, counted from 1; none without one, or with `NONE`.
    pub healthcheck: Option<u32>,
    /// Whether its last stage sets a user other than root.
    pub non_root: bool,
}

/// A compose file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComposeFile {
    /// The file, relative to the root.
    pub path: String,
    /// The names of its services, sorted.
    pub services: Vec<String>,
}

/// A Helm chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chart {
    /// The directory of `Chart.yaml`, relative to the root; `.` is the root.
    pub directory: String,
    /// Its name.
    pub name: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// The values files beside it, relative to its directory, sorted.
    pub values: Vec<String>,
}

/// A kustomization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kustomization {
    /// Its directory, relative to the root; `.` is the root.
    pub directory: String,
    /// The directory's name under `overlays/`, when it is one.
    pub overlay: Option<String>,
    /// What it refers to, as written: its resources, bases and components.
    pub resources: Vec<String>,
    /// The names of the images that it sets.
    pub images: Vec<String>,
    /// The workloads and services in the manifests beside it.
    pub objects: Vec<Object>,
}

/// A directory with Kubernetes manifests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestDirectory {
    /// The directory, relative to the root; `.` is the root.
    pub directory: String,
    /// The manifests directly in it, relative to the root, sorted.
    pub files: Vec<String>,
    /// The workloads and services they declare, sorted by kind and name.
    pub objects: Vec<Object>,
}

/// A workload or service of Kubernetes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Object {
    /// Its kind, such as `Deployment`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace, where the manifest gives one.
    pub namespace: Option<String>,
    /// The names of its containers, in order, without init containers.
    pub containers: Vec<String>,
    /// Where it is declared.
    pub evidence: Evidence,
}

/// A directory that terraform can be run in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerraformRoot {
    /// The directory, relative to the root; `.` is the root.
    pub directory: String,
    /// The variables it declares, sorted by name.
    pub variables: Vec<TerraformVariable>,
    /// The outputs it declares, sorted by name.
    pub outputs: Vec<TerraformOutput>,
    /// The version of terraform it asks for, as written.
    pub required_version: Option<String>,
    /// The versions of terraform and opentofu that files such as `.terraform-version` pin, in it or above it.
    pub versions: Vec<RuntimeVersion>,
    /// The kind of its backend, such as `s3`; `cloud` for HCP Terraform.
    pub backend: Option<String>,
    /// The providers it requires, sorted by name.
    pub providers: Vec<TerraformProvider>,
    /// Whether its dependency lock file is checked in.
    pub locked: bool,
    /// The `*.tfvars` files beside and below it, relative to its directory, sorted.
    pub variable_files: Vec<String>,
}

/// A variable of a terraform root.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TerraformVariable {
    /// Its name.
    pub name: String,
    /// Whether a value must be given, because it has no default.
    pub required: bool,
    /// Where it is declared.
    pub evidence: Evidence,
}

/// An output of a terraform root.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TerraformOutput {
    /// Its name.
    pub name: String,
    /// Where it is declared.
    pub evidence: Evidence,
}

/// A provider that a terraform root requires.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TerraformProvider {
    /// Its local name.
    pub name: String,
    /// Its source address, such as `hashicorp/aws`, as written.
    pub source: Option<String>,
    /// The versions it accepts, as written.
    pub version: Option<String>,
}

/// A configuration of a CI system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CiConfig {
    /// The system.
    pub system: CiSystem,
    /// The file, relative to the root.
    pub path: String,
}

/// A CI system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Attributes)]
pub enum CiSystem {
    /// GitHub Actions.
    GithubActions,
    /// GitLab CI.
    GitlabCi,
    /// Jenkins.
    Jenkins,
    /// `CircleCI`.
    #[attr(name = "circleci")]
    CircleCi,
    /// Azure Pipelines.
    AzurePipelines,
}

/// A script.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Script {
    /// The file, relative to the root.
    pub path: String,
    /// Whether its owner may execute it; false where the file system knows no such bit.
    pub executable: bool,
}

/// Something that keeps dependencies current.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Updater {
    /// Which one it is.
    pub kind: UpdaterKind,
    /// Its configuration, relative to the root.
    pub path: String,
    /// Patterns of the files whose actions it leaves alone, relative to the root.
    pub spared: Vec<String>,
}

/// What keeps dependencies current.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Attributes)]
pub enum UpdaterKind {
    /// Dependabot.
    Dependabot,
    /// Renovate.
    Renovate,
}

/// A file that tells a tool how to treat the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The tool, such as `docker`, `gitleaks` or `pre-commit`.
    pub tool: String,
    /// The file, relative to the root.
    pub path: String,
}

/// A git repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Git {
    /// The branch that is checked out now; it differs between clones. None when it is detached.
    pub branch: Option<String>,
    /// The default branch of the remote `origin`, as this clone last saw it.
    pub default_branch: Option<String>,
    /// The remote `origin`.
    pub origin: Option<Remote>,
}

/// A remote repository, without any credential that its address holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// The host, such as `github.com`.
    pub host: String,
    /// The owner, or the groups with `/` between them.
    pub owner: String,
    /// The name, without `.git`.
    pub name: String,
}

/// Reads the surface of the whole tree.
pub(super) fn read(tree: &Tree, notes: &mut Vec<Note>) -> Surface {
    let kubernetes = kubernetes::read(tree, notes);
    Surface {
        dockerfiles: docker::dockerfiles(tree, notes),
        compose: docker::compose_files(tree, notes),
        charts: kubernetes.charts,
        kustomizations: kubernetes.kustomizations,
        manifests: kubernetes.manifests,
        terraform: terraform::roots(tree, notes),
        ci: ci::configs(tree),
        ansible: others::ansible(tree),
        monitoring: others::monitoring(tree),
        scripts: others::scripts(tree),
        updaters: updaters::read(tree, notes),
        policies: others::policies(tree),
        git: git::read(tree, notes),
    }
}
