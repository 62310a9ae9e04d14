//! Pipelines: what checks, builds and delivers a project, as files of the platform that runs it.
//!
//! [`render`] is a pure function of [`Options`] and a [`Detection`]. It makes a model of jobs and steps that knows no platform,
//! which one file per platform then renders; one file per language says how that is checked and built, one per deploy tool and
//! one per strategy how it gets to users.

mod deploy;
mod github_actions;
mod model;
pub mod options;
mod pins;
mod plan;
mod python;
mod shell;
mod strategy;

use framework::Diagnostics;

pub use options::{Options, Platform};

use crate::artifacts::Artifacts;
use crate::project::{self, Detection, MARKER};

/// What the first line of every file goes on with behind [`MARKER`].
const NOTICE: &str =
    ": do not edit it, change what it is made from (such as the devopsflow_pipeline resource) and apply that";

/// What is said to people about the programs that would change the file: there is nothing in a file that would tell the programs.
const UPDATERS: &str =
    "Exclude it from Renovate (ignorePaths) and Dependabot (exclude-paths): `pins` changes the versions of actions.";

/// A rendered pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The files, by path relative to the pipeline's directory.
    pub artifacts: Artifacts,
    /// What the user should know.
    pub warnings: Diagnostics,
}

/// Renders the pipeline of a project. The same options and project give the same bytes.
///
/// # Errors
/// What is wrong with the options, or does not fit the project, each with the path of its attribute; warnings among them.
pub fn render(options: &Options, detection: &Detection) -> Result<Rendered, Diagnostics> {
    let (model, warnings) = plan::plan(options, detection)?;
    let pins = pins::Pins::new(&options.pins);
    let Platform::GithubActions = options.platform;
    let text = github_actions::render(&model, &pins)?;
    let mut artifacts = Artifacts::new();
    artifacts
        .insert_text(file_name(options.platform, &options.name), format!("# {MARKER}{NOTICE}\n# {UPDATERS}\n\n{text}"));
    Ok(Rendered { artifacts, warnings })
}

/// The directory in which a platform looks for its pipelines, relative to the root of the repository.
pub fn location(platform: Platform) -> &'static str {
    match platform {
        Platform::GithubActions => github_actions::LOCATION,
    }
}

/// The name of the file of a pipeline.
pub fn file_name(platform: Platform, name: &str) -> String {
    match platform {
        Platform::GithubActions => format!("{name}.yml"),
    }
}

/// How to detect the project that the options are for.
pub fn detection_options(options: &Options) -> project::Options {
    let options::Language::Python = options.language;
    project::Options {
        language: Some(project::Language::Python),
        working_directory: options.working_directory.clone(),
        assume: true,
    }
}
