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
}

/// Linters and formatters, in the order in which they run. Those that would also look into a virtual environment get the files
/// that git knows, or are told to leave it out.
const LINTERS: &[Known] = &[
    Known { name: "ruff", imports: false, title: "Lint with ruff", command: "ruff check ." },
    Known { name: "flake8", imports: false, title: "Lint with flake8", command: "flake8 --extend-exclude .venv" },
    Known { name: "pylint", imports: true, title: "Lint with pylint", command: "pylint $(git ls-files '*.py')" },
    Known { name: "black", imports: false, title: "Check the format with black", command: "black --check ." },
    Known { name: "isort", imports: false, title: "Check the imports with isort", command: "isort --check-only ." },
    Known { name: "yapf", imports: false, title: "Check the format with yapf", command: "yapf --diff --recursive --exclude .venv ." },
];

const TYPE_CHECKERS: &[Known] = &[
    Known { name: "mypy", imports: true, title: "Check types with mypy", command: "mypy ." },
    Known { name: "pyright", imports: true, title: "Check types with pyright", command: "pyright" },
    Known { name: "basedpyright", imports: true, title: "Check types with basedpyright", command: "basedpyright" },
    Known { name: "ty", imports: true, title: "Check types with ty", command: "ty check" },
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
    Use { name: known.name, origin, declared_in, title: known.title, command: known.command }
}
