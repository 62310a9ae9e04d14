//! The linters, formatters and type checkers of a project, and how they are run.

use super::environment::Package;
use crate::pipeline::pins;
use crate::project::{Component, DependencySet, Purpose, Tool};

/// Where a tool comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The project declares it.
    Project,
    /// The pipeline adds it to the project's environment, because it must see what the project imports.
    Added,
    /// The pipeline installs it beside the project's environment.
    Isolated,
}

/// A tool that a job runs.
pub(super) struct Use {
    name: &'static str,
    /// Where it comes from.
    pub(super) origin: Origin,
    /// The set of dependencies that brings it.
    pub(super) declared_in: Option<DependencySet>,
    /// What people read.
    pub(super) title: &'static str,
    /// What is run.
    pub(super) command: &'static str,
    /// Whether it is given the files that git knows.
    pub(super) takes_files: bool,
}

impl Use {
    /// The package to install beside the project's environment, if that is where it comes from.
    pub(super) fn isolated(&self) -> Option<Package> {
        (self.origin == Origin::Isolated).then(|| (self.name, pins::python(self.name)))
    }

    /// The package to add to the project's environment, if that is where it comes from.
    pub(super) fn added(&self) -> Option<Package> {
        (self.origin == Origin::Added).then(|| (self.name, pins::python(self.name)))
    }
}

/// How a tool is run.
struct Known {
    name: &'static str,
    /// Whether it must see what the project imports.
    imports: bool,
    title: &'static str,
    command: &'static str,
    /// Whether it must be given files, because it would look into a virtual environment.
    takes_files: bool,
}

impl Known {
    const fn new(name: &'static str, title: &'static str, command: &'static str) -> Self {
        Self { name, imports: false, title, command, takes_files: false }
    }

    const fn imports(mut self) -> Self {
        self.imports = true;
        self
    }

    const fn takes_files(mut self) -> Self {
        self.takes_files = true;
        self
    }
}

/// Linters and formatters, in the order in which they run.
const LINTERS: &[Known] = &[
    Known::new("ruff", "Lint with ruff", "ruff check ."),
    Known::new("flake8", "Lint with flake8", "flake8 --extend-exclude .venv"),
    Known::new("pylint", "Lint with pylint", "pylint").imports().takes_files(),
    Known::new("black", "Check the format with black", "black --check ."),
    Known::new("isort", "Check the imports with isort", "isort --check-only ."),
    Known::new("yapf", "Check the format with yapf", "yapf --diff --recursive --exclude .venv ."),
];

const TYPE_CHECKERS: &[Known] = &[
    Known::new("mypy", "Check types with mypy", "mypy .").imports(),
    Known::new("pyright", "Check types with pyright", "pyright").imports(),
    Known::new("basedpyright", "Check types with basedpyright", "basedpyright").imports(),
    Known::new("ty", "Check types with ty", "ty check").imports(),
];

/// The project's linters and formatters; for a project without a linter, ruff.
pub(super) fn linters(component: &Component) -> Vec<Use> {
    let mut uses = find(LINTERS, component);
    if component.tools_for(Purpose::Lint).next().is_none() {
        uses.insert(0, of(&LINTERS[0], None));
    }
    uses
}

/// The project's type checkers.
pub(super) fn type_checkers(component: &Component) -> Vec<Use> {
    find(TYPE_CHECKERS, component)
}

fn find(known: &'static [Known], component: &Component) -> Vec<Use> {
    known.iter().filter_map(|known| Some(of(known, Some(component.tool(known.name)?)))).collect()
}

fn of(known: &Known, tool: Option<&Tool>) -> Use {
    let declared_in = tool.and_then(|tool| tool.declared_in.first()).cloned();
    let origin = match (&declared_in, known.imports) {
        (Some(_), _) => Origin::Project,
        (None, true) => Origin::Added,
        (None, false) => Origin::Isolated,
    };
    Use {
        name: known.name,
        origin,
        declared_in,
        title: known.title,
        command: known.command,
        takes_files: known.takes_files,
    }
}
