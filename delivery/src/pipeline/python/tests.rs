//! How the tests of a Python project are run.

use framework::{Diagnostic, Diagnostics, Path};

use super::Python;
use super::environment::Package;
use crate::pipeline::model::{Action, EnvironmentRef, Job, Script, Stage, Step, Upload, Value};
use crate::pipeline::{pins, shell};
use crate::project::{Selector, TestKind, TestSuite};

/// What runs the tests.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Runner {
    /// pytest, which also runs tests written for `unittest`.
    Pytest,
    /// Django's own, where the project does not use pytest.
    Django,
}

impl Python<'_> {
    /// The job of the unit tests, with coverage, for every version.
    pub(super) fn unit_tests(&self, diagnostics: &mut Diagnostics) -> Option<Job> {
        let suites: Vec<_> = self.component.suites(TestKind::Unit).collect();
        if suites.is_empty() {
            let detail = "No file that pytest or unittest would collect (`test_*.py`, `*_test.py`) was found.";
            diagnostics.push(Diagnostic::warning("The project has no unit tests", detail).at(Path::of("tests")));
            return None;
        }
        let (versions, version) = self.versions.tested();
        let mut job = self.job("test", "Unit tests", Stage::Test);
        job.versions = versions;
        job.steps.extend(self.test_set_up(&version));
        job.begin_work();
        let script = Script::new(self.unit_command(&suites));
        job.steps.push(Step::run("Run the unit tests", with_variables(script, &self.test_variables())));
        job.steps.push(self.keep_coverage("coverage"));
        Some(job)
    }

    /// The job of the integration tests, with coverage.
    pub(super) fn integration_tests(&self) -> Option<Job> {
        let coverage = " --cov --cov-report=term --cov-report=xml";
        let mut job = self.secret_tests("integration", "Integration tests", TestKind::Integration, coverage)?;
        if self.runner() == Runner::Pytest {
            job.steps.push(self.keep_coverage("coverage-integration"));
        }
        Some(job)
    }

    /// The job of the end-to-end tests.
    pub(super) fn end_to_end_tests(&self) -> Option<Job> {
        self.secret_tests("end-to-end", "End-to-end tests", TestKind::EndToEnd, "")
    }

    /// A job of tests that may get secrets.
    fn secret_tests(&self, id: &str, title: &str, kind: TestKind, arguments: &str) -> Option<Job> {
        let selectors: Vec<_> = self.component.suites(kind).map(|suite| &suite.selector).collect();
        let command = self.run_suites(&selectors, arguments)?;
        let tests = self.options.tests.as_ref();
        let mut job = self.job(id, title, Stage::Test);
        job.environment = tests.and_then(|tests| tests.environment.clone()).map(|name| EnvironmentRef {
            name,
            url: None,
            approval: false,
        });
        job.steps.extend(self.test_set_up(&self.versions.main()));
        job.begin_work();
        let secrets = tests.into_iter().flat_map(|tests| &tests.secrets);
        let mut variables = self.test_variables();
        variables.extend(secrets.map(|name| (name.clone(), Value::Secret(name.clone()))));
        job.steps.push(Step::run(
            format!("Run the {}", title.to_lowercase()),
            with_variables(Script::new(command), &variables),
        ));
        Some(job)
    }

    /// Installs what the tests need.
    pub(super) fn test_set_up(&self, version: &Value) -> Vec<Step> {
        let mut steps = self.environment.set_up(version);
        let tools = ["pytest", "pytest-cov", "coverage"].iter().filter_map(|name| self.component.tool(name));
        steps.push(self.environment.install(tools.filter_map(|tool| tool.declared_in.first())));
        steps.extend(self.environment.add(&self.missing_tools()));
        steps
    }

    /// What the tests need and the project does not declare.
    fn missing_tools(&self) -> Vec<Package> {
        let needed: &[&'static str] = match self.runner() {
            Runner::Pytest => &["pytest", "pytest-cov"],
            Runner::Django => &["coverage"],
        };
        let declared = |name: &str| self.component.tool(name).is_some_and(|tool| !tool.declared_in.is_empty());
        needed.iter().filter(|name| !declared(name)).map(|name| (*name, pins::python(name))).collect()
    }

    fn runner(&self) -> Runner {
        let has = |name: &str| self.component.tool(name).is_some();
        if has("django") && has("unittest") && !has("pytest") { Runner::Django } else { Runner::Pytest }
    }

    fn unit_command(&self, suites: &[&TestSuite]) -> String {
        let minimum = self.options.tests.as_ref().and_then(|tests| tests.minimum_coverage);
        if self.runner() == Runner::Django {
            let fail = minimum.map(|percent| format!(" --fail-under={percent}")).unwrap_or_default();
            let run = |command: &str| self.environment.run(command);
            let steps =
                [run("coverage run manage.py test"), run(&format!("coverage report{fail}")), run("coverage xml")];
            return steps.join("\n") + "\n";
        }
        let mut words = vec!["pytest".to_owned()];
        words.extend(unit_selection(suites, &self.component.tests));
        words.extend(["--cov", "--cov-report=term", "--cov-report=xml"].map(str::to_owned));
        words.extend(minimum.map(|percent| format!("--cov-fail-under={percent}")));
        self.environment.run(&shell::join(words))
    }

    /// Runs suites that are no unit tests. A marker is only registered, so that no test may have it yet.
    pub(super) fn run_suites(&self, selectors: &[&Selector], arguments: &str) -> Option<String> {
        let paths: Vec<_> = selectors
            .iter()
            .filter_map(|selector| match selector {
                Selector::Path(path) => Some(path.as_str()),
                Selector::Script(path) if !shell::is_script(path) => Some(path.as_str()),
                _ => None,
            })
            .collect();
        let markers: Vec<_> = selectors
            .iter()
            .filter_map(|selector| match selector {
                Selector::Marker(name) => Some(name.as_str()),
                _ => None,
            })
            .collect();
        let mut lines = Vec::new();
        if !paths.is_empty() {
            lines.push(self.environment.run(&format!("pytest {}{arguments}", shell::join(&paths))));
        }
        if !markers.is_empty() {
            // What a path selected has been run, and what it covered is kept.
            let others = shell::join(paths.iter().map(|path| format!("--ignore={path}")));
            let appended = if paths.is_empty() || arguments.is_empty() { "" } else { " --cov-append" };
            let markers = shell::quote(&markers.join(" or "));
            let command = format!("pytest -m {markers} {others}{arguments}{appended}").replace("  ", " ");
            lines.push(format!("{} || [ $? -eq 5 ]", self.environment.run(command.trim_end())));
        }
        match lines.as_slice() {
            [] => None,
            [only] => Some(only.clone()),
            several => Some(several.join("\n") + "\n"),
        }
    }

    fn keep_coverage(&self, name: &str) -> Step {
        let upload = Upload { name: name.to_owned(), path: self.within("coverage.xml") };
        Step::new("Keep the coverage report", Action::Upload(upload))
    }

    fn test_variables(&self) -> Vec<(String, Value)> {
        let variables = self.options.tests.iter().flat_map(|tests| &tests.variables);
        variables.map(|(name, value)| (name.clone(), Value::text(value))).collect()
    }
}

fn with_variables(mut script: Script, variables: &[(String, Value)]) -> Script {
    script.variables.extend_from_slice(variables);
    script
}

/// What selects the unit tests and leaves out all others.
fn unit_selection(unit: &[&TestSuite], all: &[TestSuite]) -> Vec<String> {
    let path = |suite: &TestSuite| match &suite.selector {
        Selector::Path(path) => Some(path.clone()),
        _ => None,
    };
    let mut words: Vec<String> = unit.iter().filter_map(|suite| path(suite)).filter(|path| path != ".").collect();
    let others = || all.iter().filter(|suite| suite.kind != TestKind::Unit);
    words.extend(others().filter_map(path).map(|path| format!("--ignore={path}")));
    let markers: Vec<_> = others()
        .filter_map(|suite| match &suite.selector {
            Selector::Marker(name) => Some(format!("not {name}")),
            _ => None,
        })
        .collect();
    if !markers.is_empty() {
        words.extend(["-m".to_owned(), markers.join(" and ")]);
    }
    words
}
