//! `devopsflow_project`: what a directory tree holds.

use std::path::PathBuf;

use delivery::project::{
    self, Component, DetectError, Detection, Language, PackageManager, Purpose, Role, Selector, Surface, TestKind,
};
use framework::{Attributes, Context, Diagnostic, Diagnostics, Path};

/// Looks at a project and reports its languages, tools and tests, and what delivers it. It reads files and runs nothing.
///
/// One component is chosen, and `reason` says why. Where several are equally likely the data source fails and names the
/// attribute that decides; nothing is chosen silently. Files that devops-flow wrote are left out, so the report reads the
/// same before and after an apply.
#[derive(Debug, Clone, Attributes)]
#[attr(data_source = "devopsflow_project", builder = Project, outputs = Outputs)]
pub struct Inputs {
    /// The root of the project, such as `path.root`.
    pub path: PathBuf,
    /// The language to choose where the project has several.
    pub primary_language: Option<Language>,
    /// The directory of the component to choose in a monorepo, relative to `path`. Components below it count too.
    pub working_directory: Option<String>,
}

/// What was found.
#[derive(Debug, Clone, Attributes)]
#[attr(outputs)]
pub struct Outputs {
    /// The language of the chosen component.
    pub language: Language,
    /// Why this component was chosen and no other.
    pub reason: String,
    /// The directory of the chosen component, relative to `path`; `.` is the root.
    pub component_directory: String,
    /// The package manager of the chosen component. Null for a static site.
    pub package_manager: Option<PackageManager>,
    /// Every component found, sorted by directory, then by language.
    pub components: Vec<FoundComponent>,
    /// What builds, checks and delivers the project.
    pub delivery: Delivery,
    /// What was ignored or could not be read, each as `file:line: message`.
    pub notes: Vec<String>,
}

/// One language in one directory.
#[derive(Debug, Clone, Attributes)]
pub struct FoundComponent {
    /// The directory, relative to `path`; `.` is the root.
    pub directory: String,
    /// The language.
    pub language: Language,
    /// The name that its manifest gives it.
    pub name: Option<String>,
    /// What it is built for.
    pub role: Role,
    /// The files that make it a component, each as `file:line (what)`.
    pub evidence: Vec<String>,
    /// What installs its dependencies.
    pub package_manager: Option<FoundManager>,
    /// The versions of its runtime that it asks for, the most binding first.
    pub versions: Vec<FoundVersion>,
    /// The tools that it declares or configures, sorted by name.
    pub tools: Vec<FoundTool>,
    /// The commands that it defines, such as scripts of `package.json`, sorted by runner and name.
    pub commands: Vec<FoundCommand>,
    /// Its tests, sorted by kind.
    pub tests: Vec<FoundTests>,
}

/// A package manager.
#[derive(Debug, Clone, Attributes)]
pub struct FoundManager {
    /// Which one it is.
    pub name: PackageManager,
    /// Its lock file, relative to `path`.
    pub lock_file: Option<String>,
    /// What decided, as `file:line (what)`.
    pub evidence: String,
}

/// A version that a component asks for.
#[derive(Debug, Clone, Attributes)]
pub struct FoundVersion {
    /// The runtime, such as `python`.
    pub runtime: String,
    /// The version or range, as the project spells it.
    pub version: String,
    /// Where it stands, as `file:line (what)`.
    pub evidence: String,
}

/// A tool of a component.
#[derive(Debug, Clone, Attributes)]
pub struct FoundTool {
    /// Its name, such as `ruff`.
    pub name: String,
    /// What it is for.
    pub purposes: Vec<Purpose>,
    /// Where it is declared as a dependency: `main`, `group dev`, or a file. Empty when it is only configured.
    pub declared_in: Vec<String>,
    /// Where it was found, each as `file:line (what)`.
    pub evidence: Vec<String>,
}

/// A command that a component defines.
#[derive(Debug, Clone, Attributes)]
pub struct FoundCommand {
    /// What runs it, such as `npm` or `make`.
    pub runner: String,
    /// Its name.
    pub name: String,
    /// Where it is defined, as `file:line (what)`.
    pub evidence: String,
}

/// Tests that can be run as one.
#[derive(Debug, Clone, Attributes)]
pub struct FoundTests {
    /// What they need.
    pub kind: TestKind,
    /// The directory, file, marker or script that selects them.
    pub selector: String,
    /// The first test, as `file:line (what)`.
    pub evidence: String,
}

/// What builds, checks and delivers a project: paths relative to the project's.
#[derive(Debug, Clone, Attributes)]
pub struct Delivery {
    /// Files from which an image is built.
    pub dockerfiles: Vec<String>,
    /// Compose files.
    pub compose_files: Vec<String>,
    /// Directories of Helm charts.
    pub helm_charts: Vec<String>,
    /// Directories of kustomizations.
    pub kustomizations: Vec<String>,
    /// Directories of Kubernetes manifests.
    pub kubernetes_manifests: Vec<String>,
    /// Directories that terraform can be run in.
    pub terraform_roots: Vec<String>,
    /// Configurations of CI systems.
    pub ci_configs: Vec<String>,
    /// Files of Ansible.
    pub ansible_files: Vec<String>,
    /// Configuration of monitoring and alerting.
    pub monitoring_files: Vec<String>,
    /// Scripts for the shell.
    pub scripts: Vec<String>,
}

/// The data source.
#[derive(Debug)]
pub struct DataSource;

impl framework::DataSource for DataSource {
    type Inputs = Inputs;

    async fn read(&self, _: &Context, inputs: Inputs) -> Result<Outputs, Diagnostics> {
        let options = project::Options {
            assume: false,
            language: inputs.primary_language,
            working_directory: inputs.working_directory,
        };
        Ok(outputs(&project::detect(&inputs.path, &options).map_err(|error| describe(&error))?))
    }
}

/// The error about the attribute that decides.
fn describe(error: &DetectError) -> Diagnostic {
    let attribute = match error {
        DetectError::WorkingDirectory { .. } => "working_directory",
        DetectError::Ambiguous { attribute, .. } if *attribute == "language" => "primary_language",
        DetectError::Ambiguous { attribute, .. } => attribute,
        DetectError::Root { .. } | DetectError::Nothing { .. } => "path",
    };
    let detail = error.to_string().replace("`language`", "`primary_language`");
    Diagnostic::error("The project cannot be told", detail).at(Path::of(attribute))
}

fn outputs(detection: &Detection) -> Outputs {
    let chosen = detection.component();
    Outputs {
        language: chosen.language,
        reason: detection.chosen.reason.clone(),
        component_directory: chosen.directory.clone(),
        package_manager: chosen.manager.as_ref().map(|manager| manager.name),
        components: detection.components.iter().map(component).collect(),
        delivery: delivery(&detection.surface),
        notes: texts(&detection.notes),
    }
}

fn texts<T: ToString>(parts: &[T]) -> Vec<String> {
    parts.iter().map(ToString::to_string).collect()
}

fn component(component: &Component) -> FoundComponent {
    FoundComponent {
        directory: component.directory.clone(),
        language: component.language,
        name: component.name.clone(),
        role: component.role,
        evidence: texts(&component.evidence),
        package_manager: component.manager.as_ref().map(|manager| FoundManager {
            name: manager.name,
            lock_file: manager.lock.clone(),
            evidence: manager.evidence.to_string(),
        }),
        versions: component
            .versions
            .iter()
            .map(|version| FoundVersion {
                runtime: version.runtime.clone(),
                version: version.spec.clone(),
                evidence: version.evidence.to_string(),
            })
            .collect(),
        tools: component
            .tools
            .iter()
            .map(|tool| FoundTool {
                name: tool.name.clone(),
                purposes: tool.purposes.clone(),
                declared_in: texts(&tool.declared_in),
                evidence: texts(&tool.evidence),
            })
            .collect(),
        commands: component
            .commands
            .iter()
            .map(|command| FoundCommand {
                runner: command.runner.clone(),
                name: command.name.clone(),
                evidence: command.evidence.to_string(),
            })
            .collect(),
        tests: component
            .tests
            .iter()
            .map(|suite| FoundTests {
                kind: suite.kind,
                selector: match &suite.selector {
                    Selector::Path(text) | Selector::Marker(text) | Selector::Script(text) => text.clone(),
                },
                evidence: suite.evidence.to_string(),
            })
            .collect(),
    }
}

fn delivery(surface: &Surface) -> Delivery {
    fn paths<T>(parts: &[T], path: impl Fn(&T) -> &String) -> Vec<String> {
        parts.iter().map(|part| path(part).clone()).collect()
    }
    Delivery {
        dockerfiles: paths(&surface.dockerfiles, |file| &file.path),
        compose_files: paths(&surface.compose, |file| &file.path),
        helm_charts: paths(&surface.charts, |chart| &chart.directory),
        kustomizations: paths(&surface.kustomizations, |kustomization| &kustomization.directory),
        kubernetes_manifests: paths(&surface.manifests, |manifests| &manifests.directory),
        terraform_roots: paths(&surface.terraform, |root| &root.directory),
        ci_configs: paths(&surface.ci, |config| &config.path),
        ansible_files: paths(&surface.ansible, |evidence| &evidence.path),
        monitoring_files: paths(&surface.monitoring, |evidence| &evidence.path),
        scripts: paths(&surface.scripts, |script| &script.path),
    }
}
