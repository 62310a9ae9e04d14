//! From the inputs to the text of the files.

use std::path::Path as FilePath;

use delivery::pipeline::options::{Options, OptionsPartial};
use delivery::pipeline::{self, Platform, Rendered};
use delivery::project::{self, DetectError, Detection};
use framework::value::normal_form;
use framework::{Context, Diagnostic, Diagnostics, Path};

use super::place;
use crate::files::Texts;

/// What can be said of the inputs without looking at the project.
pub(super) fn validate(inputs: &OptionsPartial) -> Diagnostics {
    let error = |attribute: &str, detail: String| Diagnostic::error("Invalid value", detail).at(Path::of(attribute));
    let name = inputs.name.as_deref().and_then(|name| {
        let problem = name_problem(name)?;
        let use_instead = "Use letters, digits, `-`, `_` and `.`, such as `ci`.";
        Some(error("name", format!("`name` is {name:?}, which {problem}. {use_instead}")))
    });
    let directory = inputs.directory.as_ref().filter(|directory| directory.as_os_str().is_empty()).map(|_| {
        let platform = inputs.platform.unwrap_or(Platform::GithubActions);
        let detail = format!(
            "`directory` is empty. Give a directory, such as `{}` or `.`, or leave it out to write nothing.",
            pipeline::location(platform)
        );
        error("directory", detail)
    });
    name.into_iter().chain(directory).collect()
}

fn name_problem(name: &str) -> Option<&'static str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() {
        Some("is empty")
    } else if name.starts_with('.') {
        Some("begins with a dot")
    } else if !name.chars().all(plain) {
        Some("has other characters than a file name should")
    } else if name.len() > 100 {
        Some("is longer than 100 characters")
    } else {
        None
    }
}

/// The files, as they are in this moment of the project.
pub(super) fn files(cx: &Context, inputs: &Options) -> Result<Texts, Diagnostics> {
    let root = match &inputs.repository {
        Some(root) => root.clone(),
        None => place::repository(inputs.platform, inputs.directory.as_deref()),
    };
    let detection = project::detect(&root, &pipeline::detection_options(inputs))
        .map_err(|error| Diagnostics::from(undetected(&error)))?;
    if detection.component().evidence.is_empty() {
        cx.warn(assumed(&root, &detection));
    }
    let Rendered { artifacts, warnings } = pipeline::render(inputs, &detection)?;
    warnings.into_iter().for_each(|warning| cx.warn(warning));
    Ok(artifacts
        .iter()
        .map(|(path, artifact)| (path.to_owned(), normal_form(String::from_utf8_lossy(&artifact.content))))
        .collect())
}

fn undetected(error: &DetectError) -> Diagnostic {
    let attribute = match error {
        DetectError::Root { .. } => "repository",
        DetectError::Ambiguous { attribute, .. } => attribute,
        DetectError::WorkingDirectory { .. } | DetectError::Nothing { .. } => "working_directory",
    };
    Diagnostic::error("The project cannot be told", format!("{error}.")).at(Path::of(attribute))
}

fn assumed(root: &FilePath, detection: &Detection) -> Diagnostic {
    let detail = format!(
        "In {}, {}. The pipeline installs its own tools and nothing of the project; set `repository` if the project is elsewhere.",
        root.display(),
        detection.chosen.reason
    );
    Diagnostic::warning("No project was found", detail).at(Path::of("language"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, expected: &str) {
        let inputs = OptionsPartial { name: Some(name.to_owned()), ..OptionsPartial::default() };
        assert_eq!(validate(&inputs).to_string(), expected);
    }

    #[test]
    fn names_are_file_names() {
        check("ci-2.main_x", "");
        let error = |problem: &str, name: &str| {
            format!(
                "error: name: Invalid value\n`name` is {name:?}, which {problem}. Use letters, digits, `-`, `_` and `.`, such as `ci`."
            )
        };
        check("", &error("is empty", ""));
        check(".ci", &error("begins with a dot", ".ci"));
        check("../ci", &error("begins with a dot", "../ci"));
        check("a/b", &error("has other characters than a file name should", "a/b"));
    }

    #[test]
    fn an_empty_directory_is_no_directory() {
        let said = |directory: &str| {
            validate(&OptionsPartial { directory: Some(directory.into()), ..OptionsPartial::default() }).to_string()
        };
        assert_eq!(
            said(""),
            "error: directory: Invalid value\n`directory` is empty. Give a directory, such as `.github/workflows` or `.`, \
             or leave it out to write nothing."
        );
        assert_eq!(said("."), "");
    }
}
