//! Python: `pyproject.toml`, `requirements.txt`, `Pipfile`, `setup.py`, `manage.py`.

mod dependencies;
mod tools;

use super::tools::Findings;
use super::{Ecosystem, Folder, commands, manager, suites, versions};
use crate::project::Evidence;
use crate::project::component::{
    Component, Language, Manager, PackageManager, Purpose, Role, RuntimeVersion, Selector, TestKind, TestSuite,
    VersionKind,
};
use crate::project::text::{Ini, Node, Section, lines, quoted};
use crate::project::walk;

pub(super) const ECOSYSTEM: Ecosystem = Ecosystem {
    languages: &[Language::Python],
    looked_for: "pyproject.toml, requirements.txt, Pipfile, setup.py, manage.py",
    is_manifest: |name| MANIFESTS.contains(&name),
    is_weak: |name| name == "manage.py",
    read,
};

const MANIFESTS: &[&str] = &["pyproject.toml", "requirements.txt", "Pipfile", "setup.py", "manage.py"];

const RULES: suites::Rules = suites::Rules { is_test, default: TestKind::Unit };

/// The manifests of a directory, as far as they are there and readable.
struct Manifests {
    pyproject: Option<Node>,
    pipfile: Option<Node>,
    setup_py: Option<String>,
    /// The files of [`INIS`] that are there, in that order.
    inis: Vec<(&'static str, Ini)>,
}

impl Manifests {
    /// A section of `setup.cfg`.
    fn setup_cfg(&self, section: &str) -> Option<&Section> {
        self.inis.iter().find(|(name, _)| *name == "setup.cfg").and_then(|(_, ini)| ini.section(section))
    }

    /// The lines of an entry of pytest's section in the shared files, each with its file and number.
    fn pytest_entries(&self, key: &str) -> impl Iterator<Item = (&'static str, u32, &str)> {
        self.inis.iter().flat_map(move |(file, ini)| {
            let entries = ["pytest", "tool:pytest"].iter().filter_map(move |name| ini.section(name)?.get(key));
            entries.flat_map(|entry| &entry.values).map(move |(line, text)| (*file, *line, text.as_str()))
        })
    }

    /// What `pyproject.toml` has at a path of keys.
    fn pyproject(&self, keys: &[&str]) -> Option<&Node> {
        self.pyproject.as_ref()?.at(keys)
    }
}

/// Files of settings that several tools share.
const INIS: &[&str] = &["setup.cfg", "tox.ini", "pytest.ini", ".pytest.ini"];

fn read(folder: &mut Folder<'_>) -> Component {
    let manifests = Manifests {
        pyproject: folder.toml("pyproject.toml"),
        pipfile: folder.toml("Pipfile"),
        setup_py: folder.text("setup.py"),
        inis: INIS.iter().filter_map(|name| Some((*name, folder.ini(name)?))).collect(),
    };
    let role = role(folder, &manifests);
    let mut component = Component::new(folder.directory, Language::Python, role);
    component.evidence = MANIFESTS.iter().filter_map(|name| folder.presence(name, "Python manifest")).collect();
    component.name = name(&manifests);
    component.embeds = embeds(&manifests);
    component.versions = runtime(folder, &manifests);
    let mut findings = Findings::new(tools::TOOLS);
    dependencies::read(folder, &manifests, &mut findings);
    tools::read(folder, &manifests, &mut findings);
    unittest(folder, &mut findings);
    component.manager = Some(package_manager(folder, &manifests));
    findings.fill(&mut component);
    component.tests = markers(folder, &manifests);
    suites::fill(folder, folder.own_files(), &RULES, &mut component);
    if let Some(pyproject) = &manifests.pyproject {
        let path = folder.path("pyproject.toml");
        component.commands.extend(commands::scripts("pdm", &path, pyproject.at(&["tool", "pdm", "scripts"])));
        component.commands.extend(commands::scripts("poe", &path, pyproject.at(&["tool", "poe", "tasks"])));
    }
    commands::fill(folder, &mut component);
    component
}

/// Whether the directory is built into a package, run as it is, or holds nothing but settings of tools.
fn role(folder: &Folder<'_>, manifests: &Manifests) -> Role {
    let has = |keys: &[&str]| manifests.pyproject(keys).is_some();
    let says = |keys: &[&str], text: &str| manifests.pyproject(keys).and_then(Node::text) == Some(text);
    if says(&["tool", "uv", "package"], "false") || says(&["tool", "poetry", "package-mode"], "false") {
        return Role::Application;
    }
    let is_legacy = manifests.setup_py.is_some() || manifests.setup_cfg("metadata").is_some();
    if has(&["build-system"]) || says(&["tool", "uv", "package"], "true") || is_legacy {
        return Role::Package;
    }
    if has(&["project"]) || has(&["tool", "poetry"]) || MANIFESTS[1..].iter().any(|name| folder.has(name)) {
        return Role::Application;
    }
    if has(&["tool", "uv", "workspace"]) {
        return Role::Workspace;
    }
    // A broken file says nothing of itself, so it counts as what such a file most often is.
    if manifests.pyproject.is_some() && !has(&["dependency-groups"]) { Role::Settings } else { Role::Application }
}

fn name(manifests: &Manifests) -> Option<String> {
    let declared =
        manifests.pyproject(&["project", "name"]).or_else(|| manifests.pyproject(&["tool", "poetry", "name"]));
    let metadata = manifests.setup_cfg("metadata").and_then(|section| section.get("name")?.first());
    declared.and_then(Node::text).or(metadata.map(|(_, name)| name)).map(str::to_owned)
}

/// The languages that the build backend compiles.
fn embeds(manifests: &Manifests) -> Vec<Language> {
    let requires = manifests.pyproject(&["build-system", "requires"]);
    let mut packages =
        requires.into_iter().flat_map(Node::items).filter_map(Node::text).filter_map(dependencies::package);
    packages
        .find(|name| matches!(name.as_str(), "maturin" | "setuptools-rust"))
        .map(|_| Language::Rust)
        .into_iter()
        .collect()
}

/// The versions of Python that are asked for.
fn runtime(folder: &mut Folder<'_>, manifests: &Manifests) -> Vec<RuntimeVersion> {
    let mut found = versions::pinned(folder, "python", &[".python-version", "runtime.txt"], &["python"]);
    for version in &mut found {
        version.spec = version.spec.trim_start_matches("python-").to_owned();
    }
    let mut declared = |file: &str, node: Option<&Node>, kind: VersionKind, what: &str| {
        let spec =
            node.and_then(|node| node.text().or_else(|| node.text_at(&["version"])).map(|spec| (node.line, spec)));
        found.extend(spec.map(|(line, spec)| versions::version("python", spec, kind, &folder.path(file), line, what)));
    };
    for key in ["python_full_version", "python_version"] {
        declared(
            "Pipfile",
            manifests.pipfile.as_ref().and_then(|node| node.at(&["requires", key])),
            VersionKind::Pinned,
            key,
        );
    }
    let poetry = manifests.pyproject(&["tool", "poetry", "dependencies", "python"]);
    declared(
        "pyproject.toml",
        manifests.pyproject(&["project", "requires-python"]),
        VersionKind::Required,
        "requires-python",
    );
    declared("pyproject.toml", poetry, VersionKind::Required, "dependency python");
    found.extend(classifiers(folder, manifests));
    found.extend(legacy_runtime(folder, manifests));
    found.sort_by_key(|version| version.kind);
    found
}

/// The versions that the classifiers of the package name.
fn classifiers(folder: &Folder<'_>, manifests: &Manifests) -> Vec<RuntimeVersion> {
    let items = manifests.pyproject(&["project", "classifiers"]).map(Node::items).unwrap_or_default().iter();
    let version = |node: &Node| {
        // Without a point it names a generation, such as `3` or `3 :: Only`.
        let spec = node.text()?.strip_prefix("Programming Language :: Python :: ").filter(|spec| spec.contains('.'))?;
        Some(versions::version(
            "python",
            spec,
            VersionKind::Supported,
            &folder.path("pyproject.toml"),
            node.line,
            "classifier",
        ))
    };
    items.filter_map(version).collect()
}

/// The versions that `setup.cfg` and `setup.py` accept.
fn legacy_runtime(folder: &Folder<'_>, manifests: &Manifests) -> Vec<RuntimeVersion> {
    let required = |file: &str, line: u32, spec: &str| {
        versions::version("python", spec, VersionKind::Required, &folder.path(file), line, "python_requires")
    };
    let options = manifests.setup_cfg("options").and_then(|section| section.get("python_requires")?.first());
    let call = manifests.setup_py.as_deref().and_then(|text| {
        lines(text).find_map(|(line, text)| {
            let rest = text.split_once("python_requires")?.1.trim_start().strip_prefix('=')?;
            Some((line, quoted(rest)?))
        })
    });
    let options = options.map(|(line, spec)| required("setup.cfg", line, spec));
    options.into_iter().chain(call.map(|(line, spec)| required("setup.py", line, spec))).collect()
}

/// The package managers that have a lock file, in the order in which one wins over another.
const LOCKS: &[(&str, PackageManager)] = &[
    ("uv.lock", PackageManager::Uv),
    ("poetry.lock", PackageManager::Poetry),
    ("pdm.lock", PackageManager::Pdm),
    ("Pipfile.lock", PackageManager::Pipenv),
];

/// The package manager: by lock file in the directory, by settings, by a lock file of a workspace above, and otherwise pip.
fn package_manager(folder: &mut Folder<'_>, manifests: &Manifests) -> Manager {
    let locks: Vec<_> = LOCKS.iter().filter(|(file, _)| folder.has(file)).collect();
    if let Some((file, name)) = locks.first() {
        for (other, _) in &locks[1..] {
            folder.note(
                other,
                None,
                format!("is a lock file beside {file}, which wins; remove the one that is not used"),
            );
        }
        let path = folder.path(file);
        return manager(*name, Some(path.clone()), Evidence::file(path, "lock file"));
    }
    if folder.has("Pipfile") {
        return manager(PackageManager::Pipenv, None, Evidence::file(folder.path("Pipfile"), "Pipfile"));
    }
    let table = |tool: &str| manifests.pyproject(&["tool", tool]);
    let tables = [("poetry", PackageManager::Poetry), ("pdm", PackageManager::Pdm), ("uv", PackageManager::Uv)];
    let set = tables.iter().find_map(|(tool, name)| table(tool).map(|node| (tool, *name, node.line)));
    let above = LOCKS.iter().find_map(|(file, name)| folder.nearest(file).map(|path| (*name, path)));
    // Beside requirements files, a table for uv only configures uv as pip.
    if let Some((tool, name, line)) =
        set.filter(|(_, name, _)| *name != PackageManager::Uv || !folder.has("requirements.txt"))
    {
        let lock = above.filter(|(above, _)| *above == name).map(|(_, path)| path);
        return manager(name, lock, Evidence::at(folder.path("pyproject.toml"), line, format!("[tool.{tool}]")));
    }
    if let Some((name, path)) = above.filter(|_| manifests.pyproject.is_some() && !folder.has("requirements.txt")) {
        return manager(name, Some(path.clone()), Evidence::file(path, "lock file above"));
    }
    let shown = ["requirements.txt"].iter().chain(MANIFESTS).find(|name| folder.has(name)).copied().unwrap_or_default();
    manager(PackageManager::Pip, None, Evidence::file(folder.path(shown), "no sign of another package manager"))
}

/// Finds out whether tests are written for `unittest`, when no other test tool shows.
fn unittest(folder: &mut Folder<'_>, findings: &mut Findings) {
    if findings.serves(Purpose::Test) {
        return;
    }
    let tests: Vec<&str> = folder.own_files().filter(|path| is_test(path)).collect();
    for path in tests {
        let text = folder.text(path).unwrap_or_default();
        let imports = |line: &str| {
            line.starts_with("import unittest")
                || line.starts_with("from unittest")
                || line.starts_with("from django.test")
        };
        if let Some((line, _)) = lines(&text).find(|(_, line)| imports(line)) {
            findings.tool("unittest", Evidence::at(folder.path(path), line, "import"));
            return;
        }
    }
}

/// The suites that markers of pytest select.
fn markers(folder: &Folder<'_>, manifests: &Manifests) -> Vec<TestSuite> {
    let settings = manifests
        .pyproject(&["tool", "pytest", "ini_options", "markers"])
        .or_else(|| manifests.pyproject(&["tool", "pytest", "markers"]));
    let settings = settings.map(Node::items).unwrap_or_default().iter();
    let settings = settings.filter_map(|node| Some(("pyproject.toml", node.line, node.text()?)));
    let inis = manifests.pytest_entries("markers").map(|(file, line, text)| (file, Some(line), text));
    let suite = |(file, line, text): (&str, Option<u32>, &str)| {
        let name = text.split([':', '(']).next()?.trim().to_owned();
        let evidence = Evidence::at(folder.path(file), line, "marker");
        Some(TestSuite { kind: suites::kind_of(&name)?, selector: Selector::Marker(name), evidence })
    };
    settings.chain(inis).filter_map(suite).collect()
}

/// Whether a file is one that pytest, unittest or Django collects.
fn is_test(path: &str) -> bool {
    let name = walk::name(path);
    name.strip_suffix(".py").is_some_and(|stem| stem.starts_with("test_") || stem.ends_with("_test") || stem == "tests")
}
