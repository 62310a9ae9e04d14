//! Where the files of a pipeline are: paths, import ids, and the states of other resources.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use delivery::pipeline::{Platform, location};
use framework::Diagnostic;
use serde_json::Value as Json;

use crate::files::lexical;

/// The place that a path names: folder, file name, and the name without its ending.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) directory: PathBuf,
    pub(super) file: String,
    pub(super) name: String,
}

impl Place {
    /// Takes a path apart, the folder as it is written.
    pub(super) fn of(path: &str) -> Option<Self> {
        let path = Path::new(path);
        let file = path.file_name()?.to_str()?.to_owned();
        let name = path.file_stem()?.to_str()?.to_owned();
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        Some(Self { directory, file, name })
    }
}

/// Reads an import id: `platform:path`.
pub(super) fn parse_id(id: &str) -> Result<(Platform, Place), Diagnostic> {
    let error = |problem: String| {
        let detail = format!("{problem} The id is `platform:path`, such as `github-actions:.github/workflows/ci.yml`.");
        Diagnostic::error("Not the id of a pipeline", detail)
    };
    let (platform, path) = id.split_once(':').ok_or_else(|| error(format!("{id:?} has no colon.")))?;
    let platform: Platform = platform.parse().map_err(|unknown| error(format!("{unknown}")))?;
    let place = Place::of(path).ok_or_else(|| error(format!("{path:?} names no file.")))?;
    Ok((platform, place))
}

/// The platform that finds its pipeline in this folder, if any does.
pub(super) fn platform_of(directory: &Path) -> Option<Platform> {
    Platform::ALL.iter().copied().find(|platform| lexical(directory).ends_with(location(*platform)))
}

/// The root of the repository that a pipeline in `directory` belongs to: the folder that holds the platform's.
pub(super) fn repository(platform: Platform, directory: Option<&Path>) -> PathBuf {
    let root = directory.and_then(|directory| {
        let directory = lexical(directory);
        let levels = Path::new(location(platform)).components().count();
        directory.ends_with(location(platform)).then(|| {
            let root = directory.ancestors().nth(levels).unwrap_or(Path::new("")).to_owned();
            if root.as_os_str().is_empty() { PathBuf::from(".") } else { root }
        })
    });
    root.unwrap_or_else(|| PathBuf::from("."))
}

/// What the state of another resource says of a file: where it is, and its text.
///
/// `local_file` records `filename` and `content`. A `terraform_data` that stood for a file has an object with `filename`
/// and `content` as its input; any other has no file.
pub(super) fn of_state(type_name: &str, state: &Json) -> Option<(Place, BTreeMap<String, String>)> {
    let file = match type_name {
        "local_file" => state,
        _ => &state["input"]["value"],
    };
    let place = Place::of(file["filename"].as_str()?)?;
    let content = file["content"].as_str()?;
    let texts = BTreeMap::from([(place.file.clone(), content.to_owned())]);
    Some((place, texts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_taken_apart_as_written() {
        let (platform, place) = parse_id("github-actions:./.github/workflows/ci.yaml").unwrap();
        assert_eq!(platform, Platform::GithubActions);
        let expected = Place { directory: "./.github/workflows".into(), file: "ci.yaml".into(), name: "ci".into() };
        assert_eq!(place, expected);
        assert_eq!(Place::of("ci.yml").unwrap().directory, Path::new("."));
    }

    #[test]
    fn what_is_no_id_is_explained() {
        for (id, problem) in [
            ("ci.yml", "\"ci.yml\" has no colon."),
            ("github-actions:", "\"\" names no file."),
            ("github-actions:..", "\"..\" names no file."),
            ("github:ci.yml", "expected, not \"github\"."),
        ] {
            let error = parse_id(id).unwrap_err();
            assert!(error.detail.contains(problem), "{error}");
            assert!(error.detail.ends_with("such as `github-actions:.github/workflows/ci.yml`."), "{error}");
        }
    }

    #[test]
    fn the_repository_holds_the_folder_of_the_platform() {
        let of = |directory: &str| repository(Platform::GithubActions, Some(Path::new(directory)));
        assert_eq!(of("./.github/workflows"), Path::new("."));
        assert_eq!(of("/a/b/.github/workflows/"), Path::new("/a/b"));
        assert_eq!(of("../x/.github/workflows"), Path::new("../x"));
        assert_eq!(of("elsewhere"), Path::new("."));
        assert_eq!(repository(Platform::GithubActions, None), Path::new("."));
    }
}
