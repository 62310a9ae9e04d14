//! Projects of all kinds.

use delivery::pipeline::options::{Options, PackageManager, SmokeTest};

use super::Variant;
use crate::pipeline::fixture::{self, Files, MODULE};

pub(super) fn variants() -> Vec<Variant> {
    let plain = fixture::options;
    let preferred = Options { package_manager: Some(PackageManager::Pip), ..plain() };
    let directory = Options { working_directory: Some("services/the shop".to_owned()), ..plain() };
    let matrix = Options { versions: Some(vec!["3.12".to_owned(), "3.13".to_owned()]), ..plain() };
    let smoke = SmokeTest { command: Some("echo \"$BASE_URL\"".to_owned()), ..SmokeTest::default() };
    vec![
        Variant::new("nothing", plain(), Vec::new()),
        Variant::new(
            "unlocked",
            plain(),
            vec![("pyproject.toml", "[project]\nname = \"a\"\nversion = \"1\"\n[tool.uv]\npackage = false\n")],
        ),
        Variant::new("poetry", plain(), poetry()),
        Variant::new("pdm", plain(), pdm()),
        Variant::new("pipenv", plain(), pipenv()),
        Variant::new("requirements", plain(), requirements()),
        Variant::new("package", plain(), package()),
        Variant::new("pip-by-preference", preferred, fixture::python()),
        Variant::new("every-suite", Options { smoke_test: None, ..plain() }, suites()),
        Variant::new("smoke-command", Options { smoke_test: Some(smoke), ..plain() }, fixture::service(MODULE)),
        Variant::new("monorepo", directory, monorepo()),
        Variant::new("matrix", matrix, fixture::service(MODULE)),
        Variant::new("django", plain(), django()),
    ]
}

const TEST: (&str, &str) = ("tests/test_shop.py", "def test_nothing():\n    pass\n");

pub(crate) fn poetry() -> Files {
    let pyproject = "
[tool.poetry]
name = \"shop\"
version = \"1.0.0\"
package-mode = false
[tool.poetry.dependencies]
python = \"^3.11\"
[tool.poetry.group.dev.dependencies]
pytest = \"*\"
black = \"*\"
flake8 = \"*\"
[tool.poetry.group.types.dependencies]
pyright = \"*\"
";
    vec![("pyproject.toml", pyproject), ("poetry.lock", ""), TEST]
}

pub(crate) fn pdm() -> Files {
    let pyproject = "
[project]
name = \"shop\"
version = \"1.0.0\"
requires-python = \">=3.11\"
[project.optional-dependencies]
quality = [\"pylint\", \"isort\"]
[tool.pdm]
distribution = false
[tool.mypy]
strict = true
";
    vec![("pyproject.toml", pyproject), ("pdm.lock", ""), TEST]
}

pub(crate) fn pipenv() -> Files {
    let pipfile =
        "[packages]\n[dev-packages]\npytest = \"*\"\n[lint]\nruff = \"*\"\n[requires]\npython_version = \"3.12\"\n";
    vec![("Pipfile", pipfile), ("Pipfile.lock", "{}"), TEST]
}

pub(crate) fn requirements() -> Files {
    vec![
        ("requirements.txt", "flask==3.0.0\n"),
        ("requirements-dev.txt", "-r requirements.txt\npytest==8.0.0\nyapf==0.40.0\n"),
        (".python-version", "3.12.4\n"),
        TEST,
    ]
}

pub(crate) fn package() -> Files {
    let pyproject = "
[build-system]
requires = [\"hatchling\"]
build-backend = \"hatchling.build\"
[project]
name = \"shop\"
version = \"1.0.0\"
requires-python = \">=3.11\"
classifiers = [\"Programming Language :: Python :: 3.11\", \"Programming Language :: Python :: 3.12\"]
[project.optional-dependencies]
test = [\"pytest\", \"pytest-cov\"]
[tool.bandit]
skips = [\"B101\"]
";
    vec![("pyproject.toml", pyproject), TEST]
}

pub(crate) fn suites() -> Files {
    let mut files = fixture::service(MODULE);
    let test = "def test_nothing():\n    pass\n";
    files.extend([
        ("tests/integration/test_database.py", test),
        ("tests/e2e/test_checkout.py", test),
        ("tests/smoke/test_health.py", test),
        ("pytest.ini", "[pytest]\nmarkers =\n    integration: needs a database\n    e2e: needs everything\n"),
    ]);
    files
}

pub(crate) fn monorepo() -> Files {
    vec![
        (
            "services/the shop/pyproject.toml",
            "[project]\nname = \"shop\"\nversion = \"1\"\n[tool.uv]\npackage = false\n[dependency-groups]\ndev = [\"pytest\"]\n",
        ),
        ("services/the shop/uv.lock", "version = 1\n"),
        ("services/the shop/tests/test_it.py", "def test_it():\n    pass\n"),
        ("services/the shop/Dockerfile", "FROM scratch\n"),
        ("services/other/pyproject.toml", "[project]\nname = \"other\"\nversion = \"1\"\n"),
    ]
}

pub(crate) fn django() -> Files {
    vec![
        ("manage.py", "import django\n"),
        ("requirements.txt", "django==5.0\n"),
        ("shop/tests.py", "from django.test import TestCase\n\n\nclass Test(TestCase):\n    pass\n"),
    ]
}
