//! Python: package managers, versions, tools, roles and tests.

use delivery::project::{DependencySet, PackageManager, Role};

use super::{project, report};

#[test]
fn a_project_of_uv_is_read_with_lines() {
    let manifest = r#"[project]
name = "shop"
requires-python = ">=3.12"
classifiers = ["Programming Language :: Python :: 3", "Programming Language :: Python :: 3.13"]
dependencies = ["fastapi[standard]>=0.115"]

[dependency-groups]
dev = ["ruff>=0.6", "Pytest_Cov", { include-group = "test" }]
test = [
    "pytest~=8.0 ; python_version > '3'",
]

[tool.mypy]
strict = true

[tool.pytest.ini_options]
markers = ["integration: needs a database", "slow"]
"#;
    let files = [
        ("pyproject.toml", manifest),
        ("uv.lock", ""),
        (".python-version", "# team\n3.13.1\n"),
        ("tests/test_a.py", ""),
    ];
    insta::assert_snapshot!(report(&files), @r#"
    python . application shop
      manager uv lock=uv.lock <- uv.lock (lock file)
      pinned python 3.13.1 <- .python-version:2 (version file)
      required python >=3.12 <- pyproject.toml:3 (requires-python)
      supported python 3.13 <- pyproject.toml:4 (classifier)
      tool fastapi [framework] in main <- pyproject.toml:5 (dependency fastapi)
      tool mypy [type-check] <- pyproject.toml:13 ([tool.mypy])
      tool pytest [test] in group test <- pyproject.toml:10 (dependency pytest), pyproject.toml:16 ([tool.pytest])
      tool pytest-cov [coverage] in group dev <- pyproject.toml:8 (dependency pytest-cov)
      tool ruff [lint format] in group dev <- pyproject.toml:8 (dependency ruff)
      unit tests: tests <- tests/test_a.py (test)
      integration tests: marker integration <- pyproject.toml:17 (marker)
    "#);
}

#[test]
fn requirements_files_are_sets_of_their_own() {
    let files = [
        ("requirements.txt", "flask==3.0\n-r base.txt\n"),
        ("requirements-dev.txt", "# dev\nblack\nmypy --hash=sha256:aa\n./local\nhttps://example.com/bandit.whl\n"),
        ("requirements/ci.txt", "pip_audit\n"),
        ("setup.cfg", "[flake8]\nmax-line-length = 100\n[tool:pytest]\nmarkers =\n    e2e: whole\n    unit\n"),
        ("tox.ini", "[coverage:run]\nbranch = true\n"),
        ("test_app.py", "import unittest\n"),
    ];
    insta::assert_snapshot!(report(&files), @r#"
    python . application -
      manager pip <- requirements.txt (no sign of another package manager)
      tool black [format] in requirements-dev.txt <- requirements-dev.txt:2 (dependency black)
      tool coverage [coverage] <- tox.ini:1 ([coverage:run])
      tool flake8 [lint] <- setup.cfg:1 ([flake8])
      tool flask [framework] in requirements.txt <- requirements.txt:1 (dependency flask)
      tool mypy [type-check] in requirements-dev.txt <- requirements-dev.txt:3 (dependency mypy)
      tool pip-audit [audit] in requirements/ci.txt <- requirements/ci.txt:1 (dependency pip-audit)
      tool pytest [test] <- setup.cfg:3 ([tool:pytest])
      unit tests: . <- test_app.py (test)
      unit tests: marker unit <- setup.cfg:6 (marker)
      end-to-end tests: marker e2e <- setup.cfg:5 (marker)
    "#);
}

#[test]
fn poetry_groups_and_pipenv_categories_are_sets() {
    let poetry = r#"[tool.poetry]
name = "shop"
package-mode = false
[tool.poetry.dependencies]
python = "^3.11"
django = { version = "^5" }
[tool.poetry.group.lint.dependencies]
pylint = "*"
"#;
    insta::assert_snapshot!(report(&[("pyproject.toml", poetry), ("poetry.lock", "")]), @r#"
    python . application shop
      manager poetry lock=poetry.lock <- poetry.lock (lock file)
      required python ^3.11 <- pyproject.toml:5 (dependency python)
      tool django [framework] in main <- pyproject.toml:6 (dependency django)
      tool pylint [lint] in group lint <- pyproject.toml:8 (dependency pylint)
    "#);
    let pipfile = "[packages]\nflask = \"*\"\n[dev-packages]\nisort = \"*\"\n[requires]\npython_version = \"3.12\"\n";
    insta::assert_snapshot!(report(&[("Pipfile", pipfile)]), @r#"
    python . application -
      manager pipenv <- Pipfile (Pipfile)
      pinned python 3.12 <- Pipfile:6 (python_version)
      tool flask [framework] in main <- Pipfile:2 (dependency flask)
      tool isort [format] in group dev <- Pipfile:4 (dependency isort)
    "#);
}

#[test]
fn a_legacy_package_is_read_without_running_it() {
    let files = [
        ("setup.py", "from setuptools import setup\nsetup(python_requires = '>=3.9')\n"),
        (
            "setup.cfg",
            "[metadata]\nname = shop\n[options]\ninstall_requires =\n  requests\n[options.extras_require]\ntest = pytest; tox\n",
        ),
        ("tox.ini", "[tox]\nenvlist = py39\n"),
    ];
    insta::assert_snapshot!(report(&files), @r#"
    python . package shop
      manager pip <- setup.py (no sign of another package manager)
      required python >=3.9 <- setup.py:2 (python_requires)
      tool pytest [test] in extra test <- setup.cfg:7 (dependency pytest)
      tool tox [runner] in extra test <- setup.cfg:7 (dependency tox), tox.ini:1 ([tox])
    "#);
}

#[test]
fn the_most_binding_version_comes_first() {
    let manifest = "[project]\nclassifiers = ['Programming Language :: Python :: 3.12']\n";
    let found = project(&[
        ("pyproject.toml", manifest),
        ("setup.cfg", "[options]\npython_requires = >=3.11\n"),
        (".tool-versions", "python 3.13\n"),
    ]);
    let specs: Vec<_> = found.component().versions.iter().map(|version| version.spec.as_str()).collect();
    assert_eq!(specs, ["3.13", ">=3.11", "3.12"]);
}

#[test]
fn django_shows_by_its_script_wherever_it_lies() {
    let files = [
        ("requirements.txt", ""),
        (
            "src/manage.py",
            "#!/usr/bin/env python\nimport os\nos.environ.setdefault('DJANGO', 'x')\nfrom django.core import m\n",
        ),
        ("src/shop/tests.py", "from django.test import TestCase\n"),
    ];
    insta::assert_snapshot!(report(&files), @r#"
    python . application -
      manager pip <- requirements.txt (no sign of another package manager)
      tool django [framework] <- src/manage.py:4 (manage.py of Django)
      tool unittest [test] <- src/shop/tests.py:1 (import)
      unit tests: src <- src/shop/tests.py (test)
    "#);
}

#[test]
fn tests_are_sorted_by_where_they_lie() {
    let files = [
        ("pyproject.toml", "[project]\nname = 'shop'\n"),
        ("tests/unit/test_a.py", ""),
        ("tests/integration/db/test_b.py", ""),
        ("tests/end_to_end/test_c.py", ""),
        ("tests/test_integration.py", ""),
        ("tests/it_helpers.py", ""),
        ("shop/test_d.py", ""),
        ("scripts/smoke-tests.sh", ""),
    ];
    insta::assert_snapshot!(report(&files), @r#"
    python . application shop
      manager pip <- pyproject.toml (no sign of another package manager)
      unit tests: shop <- shop/test_d.py (test)
      unit tests: tests/unit <- tests/unit/test_a.py (test)
      integration tests: tests/integration <- tests/integration/db/test_b.py (test)
      integration tests: tests/test_integration.py <- tests/test_integration.py (test)
      end-to-end tests: tests/end_to_end <- tests/end_to_end/test_c.py (test)
      smoke tests: script scripts/smoke-tests.sh <- scripts/smoke-tests.sh (script)
    "#);
}

#[track_caller]
fn check_manager(files: &[(&str, &str)], expected: PackageManager, evidence: &str) {
    let manager = project(files).component().manager.clone().unwrap();
    assert_eq!((manager.name, manager.evidence.to_string().as_str()), (expected, evidence));
}

#[test]
fn the_package_manager_shows_by_lock_or_table() {
    let project = ("pyproject.toml", "[project]\nname = 'a'\n");
    check_manager(&[project, ("pdm.lock", "")], PackageManager::Pdm, "pdm.lock (lock file)");
    check_manager(&[project], PackageManager::Pip, "pyproject.toml (no sign of another package manager)");
    check_manager(&[("pyproject.toml", "[tool.uv]\n")], PackageManager::Uv, "pyproject.toml:1 ([tool.uv])");
    let beside = [("pyproject.toml", "[tool.uv.pip]\n"), ("requirements.txt", "")];
    check_manager(&beside, PackageManager::Pip, "requirements.txt (no sign of another package manager)");
}

#[test]
fn two_lock_files_are_noted() {
    let found = project(&[("pyproject.toml", ""), ("uv.lock", ""), ("poetry.lock", "")]);
    assert_eq!(found.component().manager.as_ref().map(|manager| manager.name), Some(PackageManager::Uv));
    assert_eq!(
        found.notes[0].to_string(),
        "poetry.lock: is a lock file beside uv.lock, which wins; remove the one that is not used"
    );
}

#[test]
fn options_of_pytest_that_need_a_plugin_name_it() {
    for file in [
        ("pyproject.toml", "[tool.pytest.ini_options]\naddopts = '-q --cov=shop'\n"),
        ("pyproject.toml", "[tool.pytest]\naddopts = ['--cov-report=xml']\n"),
        ("pytest.ini", "[pytest]\naddopts =\n  -q\n  --cov\n"),
    ] {
        let found = project(&[("requirements.txt", ""), file]);
        assert!(found.component().tool("pytest-cov").is_some(), "{file:?}");
    }
}

#[track_caller]
fn check_role(manifest: &str, expected: Role) {
    assert_eq!(project(&[("pyproject.toml", manifest)]).component().role, expected, "{manifest}");
}

#[test]
fn the_build_system_makes_a_package() {
    check_role("[build-system]\nrequires = ['hatchling']\n", Role::Package);
    check_role("[project]\nname = 'a'\n", Role::Application);
    check_role("[project]\nname = 'a'\n[tool.uv]\npackage = true\n", Role::Package);
    check_role("[build-system]\n[tool.uv]\npackage = false\n", Role::Application);
    check_role("[tool.ruff]\nline-length = 100\n", Role::Settings);
    check_role("[tool.uv.workspace]\nmembers = ['a']\n", Role::Workspace);
}

#[test]
fn a_tool_that_is_only_configured_is_declared_nowhere() {
    let found =
        project(&[("pyproject.toml", "[project]\nname = 'a'\n[tool.ruff]\n[tool.uv]\ndev-dependencies = ['mypy']\n")]);
    let declared = |name: &str| found.component().tool(name).unwrap().declared_in.clone();
    assert_eq!(declared("ruff"), []);
    assert_eq!(declared("mypy"), [DependencySet::Group("dev".to_owned())]);
}
