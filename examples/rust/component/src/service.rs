//! A service of the repository: what is known of its code, and its pipeline.
//!
//! A component is a plain struct with typed arguments, and outputs that flow like those of resources. Its children are declared within
//! [`Scope::component`], which puts its name before theirs: `api/devopsflow_pipeline.ci`.

use devopsflow::{Input, Language, Options, Output, Pipeline, Platform, Project, Result, Scope, format_output};

/// A service of the repository.
pub(crate) struct Service {
    name: &'static str,
    directory: &'static str,
    after: Option<Output<String>>,
}

/// What a service gives.
pub(crate) struct ServiceOutputs {
    /// The path of its pipeline.
    pub(crate) path: Output<String>,
    /// What it is, in one line.
    pub(crate) summary: Output<String>,
}

impl Service {
    /// The service whose code is in this directory.
    pub(crate) fn new(name: &'static str, directory: &'static str) -> Self {
        Self { name, directory, after: None }
    }

    /// Its pipeline is told of that of another service.
    pub(crate) fn after(self, other: &ServiceOutputs) -> Self {
        Self { after: Some(other.path.clone()), ..self }
    }

    /// Declares it. An error names the line that called this, as it does for resources.
    #[track_caller]
    pub(crate) fn add(self, scope: &mut Scope) -> Result<ServiceOutputs> {
        let Self { name, directory, after } = self;
        scope.component("shop:Service", name, |scope| {
            let code = Project::new("code", ".").working_directory(directory).add(scope)?;
            let mut ci = Pipeline::new("ci", Platform::GithubActions, Language::Python)
                .name(name)
                .working_directory(directory)
                .directory(".github/workflows")
                // It was called `build` once: the recorded pipeline is renamed, and not made anew.
                .with(Options::new().alias("build"));
            if let Some(after) = after {
                ci = ci.variables(Input::map([("AFTER", after)]));
            }
            let ci = ci.add(scope)?;
            let summary = format_output!("{} in {} is checked by {}", name, code.component_directory, &ci.path);
            Ok(ServiceOutputs { path: ci.path, summary })
        })
    }
}
