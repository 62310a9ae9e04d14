//! The environment of a Python project: how each package manager installs it and runs what is in it.

use std::collections::BTreeSet;

use crate::pipeline::model::{Action, Cache, LanguageSetUp, Script, Step, Tool, Value};
use crate::pipeline::{options, pins, shell};
use crate::project::{Component, DependencySet, PackageManager, Role};

/// Where tools live that are not part of the project's environment.
const TOOLS: &str = "~/.pipeline-tools";

/// A package and its version.
pub(super) type Package = (&'static str, &'static str);

/// The environment of a project.
pub(super) struct Environment<'a> {
    manager: PackageManager,
    lock: Option<&'a str>,
    version: Option<&'a str>,
    component: &'a Component,
    /// Whether downloads are kept between runs.
    cached: bool,
}

impl<'a> Environment<'a> {
    /// The environment that the project's package manager makes, or the one that the user prefers.
    pub(super) fn new(preferred: Option<options::PackageManager>, component: &'a Component, cached: bool) -> Self {
        let found = component.manager.as_ref();
        let manager = preferred.map(convert).or(found.map(|found| found.name)).unwrap_or(PackageManager::Pip);
        let found = found.filter(|found| found.name == manager);
        let lock = found.and_then(|found| found.lock.as_deref());
        Self { manager, lock, version: found.and_then(|found| found.version.as_deref()), component, cached }
    }

    /// The name of the package manager.
    pub(super) fn manager(&self) -> PackageManager {
        self.manager
    }

    /// Whether the package manager could lock versions but the project has no lock file.
    pub(super) fn lacks_lock(&self) -> bool {
        self.lock.is_none() && self.manager != PackageManager::Pip
    }

    /// Installs Python and the package manager.
    pub(super) fn set_up(&self, python: &Value) -> Vec<Step> {
        if self.manager == PackageManager::Uv {
            let version = self.version.unwrap_or(pins::python("uv")).to_owned();
            let uv =
                Tool::Uv { version, python: python.clone(), cache: self.cached, lock: self.lock.map(str::to_owned) };
            return vec![Step::new("Set up uv and Python", Action::Tool(uv))];
        }
        let set_up = Action::Language(LanguageSetUp::Python { version: python.clone() });
        let mut steps = vec![Step::new("Set up Python", set_up)];
        let cache = Some(self.cache(python)).filter(|cache| self.cached && !cache.files.is_empty());
        steps.extend(cache.map(|cache| Step::new("Keep downloads", Action::Cache(cache))));
        let name = self.manager.as_str();
        if self.manager != PackageManager::Pip {
            let constraints = if self.version.is_some() { &[] } else { pins::constraints(name) };
            let version = self.version.unwrap_or_else(|| pins::python(name));
            let requirements = [format!("{name}=={version}")].into_iter().chain(constraints.iter().cloned());
            let install = format!("python -m pip install {}", shell::join(requirements));
            steps.push(Step::run(format!("Install {name}"), Script::new(install)));
        }
        steps
    }

    fn cache(&self, python: &Value) -> Cache {
        let name = self.manager.as_str();
        let directory = if self.manager == PackageManager::Poetry { "pypoetry" } else { name };
        let own = self.component.evidence.iter().map(|evidence| evidence.path.clone());
        let requirements = self.component.dependency_sets.iter().filter_map(|set| match set {
            DependencySet::File(path) => Some(path.clone()),
            _ => None,
        });
        let mut files: Vec<_> =
            self.lock.map_or_else(|| own.chain(requirements).collect(), |lock| vec![lock.to_owned()]);
        files.sort();
        files.dedup();
        Cache { path: format!("~/.cache/{directory}"), name: format!("python-{name}"), version: python.clone(), files }
    }

    /// Installs the project with its main dependencies and those sets.
    pub(super) fn install<'s>(&self, sets: impl IntoIterator<Item = &'s DependencySet>) -> Step {
        let sets: Vec<_> = sets.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        let script = match self.manager {
            PackageManager::Uv => self.install_by_uv(&sets),
            PackageManager::Poetry => self.install_by_poetry(&sets),
            PackageManager::Pdm => self.install_by_pdm(&sets),
            PackageManager::Pipenv => self.install_by_pipenv(&sets),
            _ => self.install_by_pip(&sets),
        };
        Step::run("Install the dependencies", Script::new(script))
    }

    fn install_by_uv(&self, sets: &[&DependencySet]) -> String {
        let locked = if self.lock.is_some() { " --locked" } else { "" };
        format!("uv sync{locked}{}", selection(sets, " --group ", " --extra "))
    }

    fn install_by_poetry(&self, sets: &[&DependencySet]) -> String {
        let check = if self.lock.is_some() { "poetry check --lock\n" } else { "" };
        format!("{check}poetry install --no-interaction{}\n", selection(sets, " --with ", " --extras "))
    }

    fn install_by_pdm(&self, sets: &[&DependencySet]) -> String {
        // All groups for development are installed anyway.
        let extras: Vec<_> = sets.iter().copied().filter(|set| matches!(set, DependencySet::Extra(_))).collect();
        let extras = selection(&extras, " --group ", " --group ");
        if self.lock.is_some() {
            format!("pdm lock --check\npdm sync{extras}\n")
        } else {
            format!("pdm install{extras}")
        }
    }

    fn install_by_pipenv(&self, sets: &[&DependencySet]) -> String {
        let own = |set: &&&DependencySet| matches!(set, DependencySet::Group(name) if name != "dev");
        let categories: Vec<_> = sets.iter().filter(own).map(|set| group(set)).collect();
        let categories = if categories.is_empty() {
            String::new()
        } else {
            format!(" --categories {}", shell::quote(&format!("packages dev-packages {}", categories.join(" "))))
        };
        if self.lock.is_some() {
            format!("pipenv verify\npipenv sync --dev{categories}\n")
        } else {
            format!("pipenv install --dev{categories}")
        }
    }

    /// A virtual environment in the component's directory, filled from requirements files and the project's own metadata.
    fn install_by_pip(&self, sets: &[&DependencySet]) -> String {
        let all = &self.component.dependency_sets;
        let plain =
            |set: &&DependencySet| matches!(set, DependencySet::File(path) if path.ends_with("requirements.txt"));
        let mut files: Vec<_> = all.iter().filter(plain).filter(|set| is_main_file(set)).collect();
        files.extend(sets.iter().filter(|set| matches!(set, DependencySet::File(_))));
        files.dedup();
        let mut arguments: Vec<String> =
            files.iter().map(|file| format!("--requirement {}", shell::quote(&self.relative(file)))).collect();
        let extras: Vec<_> = sets.iter().filter_map(|set| extra(set)).collect();
        if self.component.role == Role::Package {
            let extras = if extras.is_empty() { String::new() } else { format!("[{}]", extras.join(",")) };
            arguments.push(format!("--editable {}", shell::quote(&format!(".{extras}"))));
        }
        let groups = sets.iter().filter(|set| matches!(set, DependencySet::Group(_)));
        arguments.extend(groups.map(|set| format!("--group {}", shell::quote(group(set)))));
        let mut script = "python -m venv .venv\n".to_owned();
        if self.component.role != Role::Package && all.contains(&DependencySet::Main) {
            script.push_str(&metadata_requirements(&extras));
            arguments.push("--requirement .venv/requirements.txt".to_owned());
        }
        if !arguments.is_empty() {
            script.extend([".venv/bin/python -m pip install ", &arguments.join(" "), "\n"]);
        }
        script
    }

    /// A path of the repository, as seen from the component's directory.
    fn relative(&self, set: &DependencySet) -> String {
        let DependencySet::File(path) = set else { return String::new() };
        let prefix = format!("{}/", self.component.directory);
        path.strip_prefix(&prefix).unwrap_or(path).to_owned()
    }

    /// Adds packages to the environment that the project does not bring.
    pub(super) fn add(&self, packages: &[Package]) -> Option<Step> {
        if packages.is_empty() {
            return None;
        }
        let requirements = requirements(packages);
        let names: Vec<_> = packages.iter().map(|(name, _)| *name).collect();
        let command = match self.manager {
            PackageManager::Uv => format!("uv pip install {requirements}"),
            PackageManager::Pip => format!(".venv/bin/python -m pip install {requirements}"),
            _ => format!("python -m pip --python \"$({})\" install {requirements}", self.run("which python")),
        };
        Some(Step::run(format!("Install {}", names.join(" and ")), Script::new(command)))
    }

    /// A command of the environment.
    pub(super) fn run(&self, command: &str) -> String {
        match self.manager {
            PackageManager::Uv => format!("uv run --no-sync {command}"),
            PackageManager::Pip => format!(".venv/bin/{command}"),
            manager => format!("{} run {command}", manager.as_str()),
        }
    }

    /// Installs tools beside the environment. uv does that when it runs them.
    pub(super) fn isolated_set_up(&self, packages: &[Package]) -> Option<Step> {
        if packages.is_empty() || self.manager == PackageManager::Uv {
            return None;
        }
        let names: Vec<_> = packages.iter().map(|(name, _)| plain_name(name)).collect();
        let script = format!("python -m venv {TOOLS}\n{TOOLS}/bin/python -m pip install {}\n", requirements(packages));
        Some(Step::run(format!("Install {}", names.join(" and ")), Script::new(script)))
    }

    /// A command of a tool beside the environment, which one of the packages brings.
    pub(super) fn isolated(&self, packages: &[Package], command: &str) -> String {
        match self.manager {
            PackageManager::Uv => format!("uvx --from {} {command}", requirements(packages)),
            _ => format!("{TOOLS}/bin/{command}"),
        }
    }
}

fn convert(manager: options::PackageManager) -> PackageManager {
    match manager {
        options::PackageManager::Uv => PackageManager::Uv,
        options::PackageManager::Poetry => PackageManager::Poetry,
        options::PackageManager::Pdm => PackageManager::Pdm,
        options::PackageManager::Pipenv => PackageManager::Pipenv,
        options::PackageManager::Pip => PackageManager::Pip,
    }
}

fn requirements(packages: &[Package]) -> String {
    shell::join(packages.iter().map(|(name, version)| format!("{name}=={version}")))
}

/// The name of a package without its extras.
fn plain_name(name: &str) -> &str {
    name.split('[').next().unwrap_or(name)
}

/// The groups and extras among the sets, each behind its option.
fn selection(sets: &[&DependencySet], group_option: &str, extra_option: &str) -> String {
    let option = |set: &&DependencySet| match set {
        DependencySet::Group(name) => Some(format!("{group_option}{}", shell::quote(name))),
        DependencySet::Extra(name) => Some(format!("{extra_option}{}", shell::quote(name))),
        DependencySet::Main | DependencySet::File(_) => None,
    };
    sets.iter().filter_map(option).collect()
}

fn group(set: &DependencySet) -> &str {
    if let DependencySet::Group(name) = set { name } else { "" }
}

fn extra<'s>(set: &'s &DependencySet) -> Option<&'s str> {
    if let DependencySet::Extra(name) = set { Some(name) } else { None }
}

/// Whether a requirements file is the one of what runs: `requirements.txt`, and not one such as `dev-requirements.txt`.
fn is_main_file(set: &DependencySet) -> bool {
    matches!(set, DependencySet::File(path) if path.rsplit('/').next() == Some("requirements.txt"))
}

/// Writes the dependencies that `pyproject.toml` declares to a requirements file: a project that is no package cannot be installed
/// to get them.
fn metadata_requirements(extras: &[&str]) -> String {
    let extras = if extras.is_empty() {
        String::new()
    } else {
        let names: Vec<_> = extras.iter().map(|name| format!("\"{name}\"")).collect();
        format!("for extra in ({},):\n    needed += project[\"optional-dependencies\"][extra]\n", names.join(", "))
    };
    format!(
        "python >.venv/requirements.txt <<'PYTHON'\nimport tomllib\n\nwith open(\"pyproject.toml\", \"rb\") as file:\n    project = tomllib.load(file)[\"project\"]\nneeded = list(project.get(\"dependencies\", []))\n{extras}print(\"\\n\".join(needed))\nPYTHON\n"
    )
}
