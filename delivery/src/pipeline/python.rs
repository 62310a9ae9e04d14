//! What the pipeline does for Python: linters, types, tests, vulnerabilities, packages.
//!
//! The project's own tools come first, as it declares them. What it only configures, and what every project gets (a linter,
//! coverage, bandit, pip-audit), the pipeline brings along in pinned versions. Types are checked only by a type checker that the
//! project declares or configures: without configuration, no checker can tell mistakes from code that was never annotated.

mod environment;
mod tests;
mod tools;
mod versions;

use framework::{Diagnostic, Diagnostics, Path};

use self::environment::Environment;
use self::tools::{Origin, Use};
use super::model::{Action, Job, Script, Stage, Step, Upload};
use super::options::Options;
use super::{pins, shell};
use crate::project::{Component, Detection, Role, Selector, TestKind};

/// The job that builds the package.
pub(super) const PACKAGE: &str = "build";

/// The directory that packages are built into, and what they are called when they are kept.
pub(super) const DIST: &str = "dist";

/// A Python project, as far as a pipeline needs to know it.
pub(super) struct Python<'a> {
    options: &'a Options,
    component: &'a Component,
    environment: Environment<'a>,
    versions: versions::Versions,
}

impl<'a> Python<'a> {
    /// Reads what the project states and the options override. What is downloaded is kept between runs if `cached`.
    pub(super) fn new(
        options: &'a Options,
        detection: &'a Detection,
        cached: bool,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let component = detection.component();
        let versions = versions::choose(options.versions.as_deref(), component, diagnostics);
        let environment = Environment::new(options.package_manager, component, cached);
        if environment.lacks_lock() {
            diagnostics.push(unlocked(&environment, component));
        }
        Self { options, component, environment, versions }
    }

    /// The jobs that look at the sources, test them, and look for vulnerabilities.
    pub(super) fn checks(&self, diagnostics: &mut Diagnostics) -> Vec<Job> {
        let jobs = [Some(self.lint()), self.types(diagnostics), self.unit_tests(diagnostics)];
        let more = [self.integration_tests(), self.end_to_end_tests(), Some(self.sast()), Some(self.audit())];
        jobs.into_iter().chain(more).flatten().collect()
    }

    /// The job that builds the package, if the project is one.
    pub(super) fn package(&self) -> Option<Job> {
        (self.component.role == Role::Package).then(|| {
            let mut job = self.job(PACKAGE, "Build the package", Stage::Build);
            let output = DIST;
            let command = self
                .environment
                .isolated(&[("build", pins::python("build"))], &format!("pyproject-build --outdir {output}"));
            job.steps.extend(self.environment.set_up(&self.versions.main()));
            job.steps.extend(self.environment.isolated_set_up(&[("build", pins::python("build"))]));
            job.steps.push(Step::run("Build", Script::new(command)));
            let upload = Upload { name: output.to_owned(), path: self.within(output) };
            job.steps.push(Step::new("Keep the package", Action::Upload(upload)));
            job
        })
    }

    /// The command of the project's smoke tests with what must be installed before, if it has any.
    pub(super) fn smoke_tests(&self) -> Option<(Vec<Step>, String)> {
        let suites: Vec<_> = self.component.suites(TestKind::Smoke).collect();
        if let Some(script) = suites.iter().find_map(|suite| match &suite.selector {
            Selector::Script(path) if shell::is_script(path) => Some(path),
            _ => None,
        }) {
            return Some((Vec::new(), format!("bash {}", shell::quote(script))));
        }
        let selectors: Vec<_> = suites.iter().map(|suite| &suite.selector).collect();
        let command = self.run_suites(&selectors, "")?;
        Some((self.test_set_up(&self.versions.main()), command))
    }

    /// The directory that its commands run in, if that is not the root.
    pub(super) fn directory(&self) -> Option<String> {
        (!self.component.is_root()).then(|| self.component.directory.clone())
    }

    fn lint(&self) -> Job {
        let mut job = self.job("lint", "Lint", Stage::Check);
        let uses = tools::linters(self.component);
        self.use_tools(&mut job, &uses);
        job
    }

    fn types(&self, diagnostics: &mut Diagnostics) -> Option<Job> {
        let uses = tools::type_checkers(self.component);
        if uses.is_empty() {
            let detail = "Neither mypy, pyright, basedpyright nor ty is declared or configured. Add one to the project to check types.";
            diagnostics.push(Diagnostic::warning("Types are not checked", detail).at(Path::of("language")));
            return None;
        }
        let mut job = self.job("types", "Check types", Stage::Check);
        self.use_tools(&mut job, &uses);
        Some(job)
    }

    /// Installs what the tools need and runs one after the other.
    fn use_tools(&self, job: &mut Job, uses: &[Use]) {
        let isolated: Vec<_> = uses.iter().filter_map(Use::isolated).collect();
        let needs_project = uses.iter().any(|tool| tool.origin != Origin::Isolated);
        job.steps.extend(self.environment.set_up(&self.versions.main()));
        if needs_project {
            job.steps.push(self.environment.install(uses.iter().filter_map(|tool| tool.declared_in.as_ref())));
            let added: Vec<_> = uses.iter().filter_map(Use::added).collect();
            job.steps.extend(self.environment.add(&added));
        }
        job.steps.extend(self.environment.isolated_set_up(&isolated));
        job.begin_work();
        for tool in uses {
            let command = match tool.isolated() {
                Some(package) => self.environment.isolated(&[package], tool.command),
                None => self.environment.run(tool.command),
            };
            let files = if tool.takes_files { "git ls-files -z '*.py' | xargs --null --no-run-if-empty " } else { "" };
            let command = format!("{files}{command}");
            job.steps.push(Step::run(tool.title, Script::new(command)));
        }
    }

    fn sast(&self) -> Job {
        let mut job = self.job("sast", "Find vulnerabilities in the sources", Stage::Secure);
        let package = [("bandit[toml]", pins::python("bandit"))];
        let command = |arguments: &str| {
            let all = format!(
                "bandit --quiet --recursive . --severity-level medium --confidence-level medium{}{arguments}",
                self.bandit_settings()
            );
            self.environment.isolated(&package, &all)
        };
        job.steps.extend(self.environment.set_up(&self.versions.main()));
        job.steps.extend(self.environment.isolated_set_up(&package));
        job.begin_work();
        let report = "security-report.json";
        job.steps.push(Step::run(
            "Write a report",
            Script::new(command(&format!(" --exit-zero --format json --output {report}"))),
        ));
        let upload = Upload { name: "security-report".to_owned(), path: self.within(report) };
        job.steps.push(Step::new("Keep the report", Action::Upload(upload)));
        job.steps.push(Step::run("Fail for findings", Script::new(command(""))));
        job
    }

    /// Where bandit looks, and what configures it: it finds only `.bandit` by itself.
    fn bandit_settings(&self) -> String {
        let tests = self.component.tests.iter().filter_map(|suite| match &suite.selector {
            Selector::Path(path) if path != "." => Some(format!("./{path}")),
            _ => None,
        });
        let excluded: Vec<_> = ["./.venv".to_owned()].into_iter().chain(tests).collect();
        let files = self
            .component
            .tool("bandit")
            .into_iter()
            .flat_map(|tool| &tool.evidence)
            .map(|evidence| evidence.path.as_str());
        let mut names = files.map(|path| path.rsplit('/').next().unwrap_or(path));
        let config = names.find(|name| matches!(*name, "bandit.yml" | "bandit.yaml"));
        let in_pyproject = self
            .component
            .tool("bandit")
            .is_some_and(|tool| tool.evidence.iter().any(|evidence| evidence.what == "[tool.bandit]"));
        let config = config.or(in_pyproject.then_some("pyproject.toml")).map(|name| format!(" --configfile {name}"));
        format!(" --exclude {}{}", shell::quote(&excluded.join(",")), config.unwrap_or_default())
    }

    fn audit(&self) -> Job {
        let mut job = self.job("dependencies", "Find vulnerable dependencies", Stage::Secure);
        let package = [("pip-audit", pins::python("pip-audit"))];
        job.steps.extend(self.environment.set_up(&self.versions.main()));
        job.steps.push(self.environment.install([]));
        job.steps.extend(self.environment.isolated_set_up(&package));
        job.begin_work();
        let packages = self.environment.run("python -c 'import sysconfig; print(sysconfig.get_path(\"purelib\"))'");
        let audit = self.environment.isolated(&package, "pip-audit --skip-editable --path \"$packages\"");
        job.steps.push(Step::run("Audit", Script::new(format!("packages=$({packages})\n{audit}\n"))));
        job
    }

    /// A job that works in the component's directory, on the sources.
    fn job(&self, id: &str, title: &str, stage: Stage) -> Job {
        let mut job = Job::new(id, title, stage);
        job.directory = self.directory();
        job.steps.push(Step::new("Check out the sources", Action::Checkout { history: false }));
        job
    }

    /// A path of the component, relative to the root.
    fn within(&self, path: &str) -> String {
        if self.component.is_root() { path.to_owned() } else { format!("{}/{path}", self.component.directory) }
    }
}

fn unlocked(environment: &Environment<'_>, component: &Component) -> Diagnostic {
    let detail = format!(
        "{} has no lock file of {} in {}, so every run can install other versions. Lock the dependencies and check the file in.",
        component.name.as_deref().unwrap_or("The component"),
        environment.manager(),
        component.directory
    );
    Diagnostic::warning("The dependencies are not locked", detail).at(Path::of("package_manager"))
}
