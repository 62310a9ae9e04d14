//! What a component is: one language in one directory, with its package manager, versions, tools, commands and tests.

use std::fmt;

use framework::Attributes;

use super::Evidence;

/// One language in one directory, declared by at least one manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// The directory, relative to the root, with `/` between its parts; `.` is the root.
    pub directory: String,
    /// The language.
    pub language: Language,
    /// The name that its manifest gives it.
    pub name: Option<String>,
    /// What it is built for.
    pub role: Role,
    /// The manifests that make it a component.
    pub evidence: Vec<Evidence>,
    /// What installs its dependencies; none for a static site.
    pub manager: Option<Manager>,
    /// The versions of its runtime that are asked for, the most binding first.
    pub versions: Vec<RuntimeVersion>,
    /// Where its dependencies are declared, sorted.
    pub dependency_sets: Vec<DependencySet>,
    /// The tools that it declares or configures, sorted by name.
    pub tools: Vec<Tool>,
    /// The commands that it defines for people and pipelines, sorted by runner and name.
    pub commands: Vec<Command>,
    /// Its tests, sorted by kind.
    pub tests: Vec<TestSuite>,
    /// Languages whose components in the same directory are compiled by this one's build, such as Rust by `maturin`.
    pub embeds: Vec<Language>,
}

impl Component {
    /// A component with nothing known of it yet.
    pub(super) fn new(directory: &str, language: Language, role: Role) -> Self {
        Self {
            directory: directory.to_owned(),
            language,
            name: None,
            role,
            evidence: Vec::new(),
            manager: None,
            versions: Vec::new(),
            dependency_sets: Vec::new(),
            tools: Vec::new(),
            commands: Vec::new(),
            tests: Vec::new(),
            embeds: Vec::new(),
        }
    }

    /// The tool of that name.
    pub fn tool(&self, name: &str) -> Option<&Tool> {
        self.tools.iter().find(|tool| tool.name == name)
    }

    /// The tools that serve a purpose, sorted by name.
    pub fn tools_for(&self, purpose: Purpose) -> impl Iterator<Item = &Tool> {
        self.tools.iter().filter(move |tool| tool.purposes.contains(&purpose))
    }

    /// The command of that name, whatever runs it.
    pub fn command(&self, name: &str) -> Option<&Command> {
        self.commands.iter().find(|command| command.name == name)
    }

    /// The suites of a kind.
    pub fn suites(&self, kind: TestKind) -> impl Iterator<Item = &TestSuite> {
        self.tests.iter().filter(move |suite| suite.kind == kind)
    }

    /// Whether the component lies in the root.
    pub fn is_root(&self) -> bool {
        self.directory == "."
    }
}

/// A language, or for a site without code, the lack of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Attributes)]
pub enum Language {
    /// Python.
    Python,
    /// Go.
    Go,
    /// Rust.
    Rust,
    /// Java, built by Maven or Gradle.
    Java,
    /// Kotlin on the JVM, built by Maven or Gradle.
    Kotlin,
    /// The languages of .NET.
    Dotnet,
    /// Ruby.
    Ruby,
    /// PHP.
    Php,
    /// Elixir.
    Elixir,
    /// JavaScript or TypeScript on Deno.
    Deno,
    /// JavaScript or TypeScript on Node.js or Bun.
    Node,
    /// A site of files, without a build.
    Static,
}

/// What installs a component's dependencies and, in most ecosystems, builds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Attributes)]
pub enum PackageManager {
    /// pip with requirements files or a plain `pyproject.toml`.
    Pip,
    /// uv.
    Uv,
    /// Poetry.
    Poetry,
    /// PDM.
    Pdm,
    /// Pipenv.
    Pipenv,
    /// npm.
    Npm,
    /// pnpm.
    Pnpm,
    /// Yarn.
    Yarn,
    /// Bun.
    Bun,
    /// Deno.
    Deno,
    /// The go command.
    Go,
    /// Cargo.
    Cargo,
    /// Maven.
    Maven,
    /// Gradle.
    Gradle,
    /// The dotnet command.
    Dotnet,
    /// Bundler.
    Bundler,
    /// Composer.
    Composer,
    /// Mix with Hex.
    Mix,
}

/// What a component is built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Attributes)]
pub enum Role {
    /// Something that runs.
    Application,
    /// Something that is built and published, such as a wheel, a crate or a gem.
    Package,
    /// A manifest that only ties members together.
    Workspace,
    /// A manifest that only holds the settings or versions of tools.
    Settings,
}

/// What a tool is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Attributes)]
pub enum Purpose {
    /// Finds mistakes of style and meaning in sources.
    Lint,
    /// Formats sources, or checks that they are formatted.
    Format,
    /// Checks types.
    TypeCheck,
    /// Runs tests.
    Test,
    /// Measures what the tests reach.
    Coverage,
    /// Builds what is shipped.
    Build,
    /// Finds known vulnerabilities of dependencies.
    Audit,
    /// Finds vulnerabilities in sources.
    Sast,
    /// Runs other tools in environments of their own.
    Runner,
    /// Is what the component is written with.
    Framework,
}

/// What a suite of tests needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Attributes)]
pub enum TestKind {
    /// Nothing but the code.
    Unit,
    /// Other parts, such as a database.
    Integration,
    /// The whole system.
    EndToEnd,
    /// A deployed system.
    Smoke,
}

/// How binding a version is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Attributes)]
pub enum VersionKind {
    /// What everybody works with, such as `.python-version`.
    Pinned,
    /// What the manifest accepts, such as `requires-python`.
    Required,
    /// What the manifest says it was tried with, such as a trove classifier.
    Supported,
}

/// The package manager of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manager {
    /// Which one it is.
    pub name: PackageManager,
    /// Its lock file, relative to the root. It can lie above the component, at the root of a workspace.
    pub lock: Option<String>,
    /// Its own version, where the project pins it.
    pub version: Option<String>,
    /// The checked-in wrapper that runs it, relative to the root, such as `gradlew`.
    pub wrapper: Option<String>,
    /// What decided.
    pub evidence: Evidence,
}

/// A version of a runtime that the project asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeVersion {
    /// The runtime, such as `python`, `go` or `java`.
    pub runtime: String,
    /// The version or range, as the project spells it, such as `3.12` or `>=3.11,<4`.
    pub spec: String,
    /// How binding it is.
    pub kind: VersionKind,
    /// Where it stands.
    pub evidence: Evidence,
}

/// A place that declares dependencies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DependencySet {
    /// What the component needs to run.
    Main,
    /// A named group that is not part of what is published, such as `dev`.
    Group(String),
    /// An optional feature that users of the package can ask for, such as `test`.
    Extra(String),
    /// A file of its own, relative to the root, such as `requirements-dev.txt`.
    File(String),
}

impl fmt::Display for DependencySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Main => f.write_str("main"),
            Self::Group(name) => write!(f, "group {name}"),
            Self::Extra(name) => write!(f, "extra {name}"),
            Self::File(path) => f.write_str(path),
        }
    }
}

/// A tool that a component declares, configures, or has by nature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    /// Its name, such as `ruff`.
    pub name: String,
    /// What it is for.
    pub purposes: Vec<Purpose>,
    /// Where it is declared as a dependency, sorted. Empty when it is only configured: it is then not installed with the project.
    pub declared_in: Vec<DependencySet>,
    /// Where it was found, sorted.
    pub evidence: Vec<Evidence>,
}

/// A command that the project defines, such as a script of `package.json` or a target of a `Makefile`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Command {
    /// What runs it, such as `npm`, `composer`, `deno` or `make`.
    pub runner: String,
    /// Its name.
    pub name: String,
    /// What it runs, where that is one line.
    pub runs: Option<String>,
    /// Where it is defined.
    pub evidence: Evidence,
}

/// Tests of one kind that can be run as one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TestSuite {
    /// What they need.
    pub kind: TestKind,
    /// What selects them. The directory of unit tests can contain those of other suites, which a run of unit tests must leave out.
    pub selector: Selector,
    /// The first test, or the line that registers the marker.
    pub evidence: Evidence,
}

/// What selects the tests of a suite.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Selector {
    /// A directory or file, relative to the component's directory; `.` is that directory.
    Path(String),
    /// A name that the test runner filters by, such as a marker of pytest or a build tag of Go.
    Marker(String),
    /// A script to run, relative to the root.
    Script(String),
}
