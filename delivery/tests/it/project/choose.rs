//! Which component is chosen, and what is said when none can be.

use delivery::project::{DetectError, Language, Options, detect};

use super::tree;

const PYTHON: &str = "[project]\nname = 'a'\n";
const NODE: &str = "{\"main\": \"a.js\"}";

fn narrowed(language: Option<Language>, directory: Option<&str>) -> Options {
    Options { language, working_directory: directory.map(str::to_owned), assume: false }
}

/// Detects, and gives the choice with its reason, or the error.
#[track_caller]
fn choice(files: &[(&str, &str)], options: &Options) -> String {
    match detect(tree(files).path(), options) {
        Ok(found) => {
            let component = found.component();
            format!("{} in {}: {}", component.language, component.directory, found.chosen.reason)
        }
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_only_component_is_chosen() {
    insta::assert_snapshot!(choice(&[("services/api/go.mod", "")], &Options::default()), @"go in services/api: it is the only candidate");
}

#[test]
fn node_comes_after_other_languages() {
    insta::assert_snapshot!(choice(&[("pyproject.toml", PYTHON), ("package.json", NODE)], &Options::default()), @"python in .: node in the root comes after other languages, because projects often carry its files beside the code they are about");
    insta::assert_snapshot!(choice(&[("api/pyproject.toml", PYTHON), ("web/package.json", NODE)], &Options::default()), @"python in api: node in web comes after other languages, because projects often carry its files beside the code they are about");
}

#[test]
fn the_root_wins_over_what_lies_below() {
    insta::assert_snapshot!(choice(&[("package.json", NODE), ("api/pyproject.toml", PYTHON)], &Options::default()), @"node in .: it lies in the root, and python in api lies below it");
}

#[test]
fn a_manifest_for_tools_gives_way_to_code_below() {
    let files = [("package.json", "{\"devDependencies\": {\"prettier\": \"3\"}}"), ("api/pyproject.toml", PYTHON)];
    insta::assert_snapshot!(choice(&files, &Options::default()), @"python in api: node in the root only holds settings of tools");
}

#[test]
fn two_languages_in_one_directory_are_for_the_user_to_decide() {
    let files = [("go.mod", ""), ("pyproject.toml", PYTHON), ("package.json", NODE)];
    insta::assert_snapshot!(choice(&files, &Options::default()), @r#"
    2 components are equally likely to be what the project is about; set `language` to one of "go", "python":
      python in the root (pyproject.toml)
      go in the root (go.mod)
    "#);
    insta::assert_snapshot!(choice(&files, &narrowed(Some(Language::Go), None)), @"go in .: it is the only candidate for the language go that was asked for");
    assert!(matches!(
        detect(tree(&files).path(), &Options::default()),
        Err(DetectError::Ambiguous { attribute: "language", candidates }) if candidates.len() == 2
    ));
}

#[test]
fn two_directories_are_for_the_user_to_decide() {
    let files = [("a/pyproject.toml", PYTHON), ("b/pyproject.toml", PYTHON)];
    insta::assert_snapshot!(choice(&files, &Options::default()), @r#"
    2 components are equally likely to be what the project is about; set `working_directory` to one of "a", "b":
      python in a (a/pyproject.toml)
      python in b (b/pyproject.toml)
    "#);
    insta::assert_snapshot!(choice(&files, &narrowed(None, Some("./b/"))), @"python in b: it is the only candidate");
    insta::assert_snapshot!(choice(&[("a/pyproject.toml", PYTHON), ("b/go.mod", "")], &Options::default()), @r#"
    2 components are equally likely to be what the project is about; set `language` to one of "go", "python", or `working_directory` to one of "a", "b":
      python in a (a/pyproject.toml)
      go in b (b/go.mod)
    "#);
}

#[test]
fn several_languages_in_several_directories_take_both_to_decide() {
    let files = [("a/pyproject.toml", PYTHON), ("a/go.mod", ""), ("b/pyproject.toml", PYTHON)];
    insta::assert_snapshot!(choice(&files, &Options::default()), @r#"
    3 components are equally likely to be what the project is about; set `working_directory` to one of "a", "b", and `language` to one of "go", "python":
      python in a (a/pyproject.toml)
      go in a (a/go.mod)
      python in b (b/pyproject.toml)
    "#);
    assert!(matches!(
        detect(tree(&files).path(), &Options::default()),
        Err(DetectError::Ambiguous { attribute: "working_directory", .. })
    ));
}

#[test]
fn what_lies_aside_is_named_as_the_reason() {
    let files = [("pyproject.toml", PYTHON), ("docs/package.json", NODE)];
    insta::assert_snapshot!(choice(&files, &Options::default()), @"python in .: node in docs lies in a directory that serves the project");
}

#[test]
fn members_of_a_workspace_belong_to_it() {
    let files = [("back/Cargo.toml", "[workspace]\n"), ("back/a/Cargo.toml", ""), ("back/b/Cargo.toml", "")];
    assert!(choice(&files, &Options::default()).starts_with("rust in back: "));
}

#[test]
fn what_a_build_compiles_is_part_of_it() {
    let files = [("pyproject.toml", "[build-system]\nrequires = ['maturin>=1,<2']\n"), ("Cargo.toml", "[package]\n")];
    assert!(choice(&files, &Options::default()).starts_with("python in .: "));
    assert!(choice(&files, &narrowed(Some(Language::Rust), None)).starts_with("rust in .: "));
}

#[test]
fn what_lies_aside_is_only_chosen_when_asked_for() {
    let files = [("docs/requirements.txt", "mkdocs\n")];
    insta::assert_snapshot!(choice(&files, &Options::default()), @r#"
    found no component in or below the root (looked for pyproject.toml, requirements.txt, Pipfile, setup.py, manage.py, go.mod, go.work, Cargo.toml, pom.xml, build.gradle, build.gradle.kts, settings.gradle, settings.gradle.kts, *.sln, *.slnx, *.csproj, *.fsproj, *.vbproj, Gemfile, composer.json, mix.exs, deno.json, deno.jsonc, package.json, index.html); set `working_directory` or `language` to use what was found and not considered:
      python in docs (docs/requirements.txt)
    "#);
    insta::assert_snapshot!(choice(&files, &narrowed(None, Some("docs"))), @"python in docs: it is the only candidate");
    insta::assert_snapshot!(choice(&files, &narrowed(Some(Language::Python), None)), @"python in docs: it is the only candidate for the language python that was asked for");
}

#[test]
fn nothing_found_says_what_was_looked_for() {
    insta::assert_snapshot!(choice(&[("README.md", "")], &Options::default()), @"found no component in or below the root (looked for pyproject.toml, requirements.txt, Pipfile, setup.py, manage.py, go.mod, go.work, Cargo.toml, pom.xml, build.gradle, build.gradle.kts, settings.gradle, settings.gradle.kts, *.sln, *.slnx, *.csproj, *.fsproj, *.vbproj, Gemfile, composer.json, mix.exs, deno.json, deno.jsonc, package.json, index.html); set `path` to the directory that holds the project");
    insta::assert_snapshot!(choice(&[("go.mod", "")], &narrowed(Some(Language::Kotlin), None)), @r#"
    found no component of language kotlin in or below the root (looked for pom.xml, build.gradle, build.gradle.kts, settings.gradle, settings.gradle.kts); set `working_directory` or `language` to use what was found and not considered:
      go in the root (go.mod)
    "#);
    insta::assert_snapshot!(choice(&[("go.mod", "")], &narrowed(None, Some("api"))), @r#"
    found no component in or below api (looked for pyproject.toml, requirements.txt, Pipfile, setup.py, manage.py, go.mod, go.work, Cargo.toml, pom.xml, build.gradle, build.gradle.kts, settings.gradle, settings.gradle.kts, *.sln, *.slnx, *.csproj, *.fsproj, *.vbproj, Gemfile, composer.json, mix.exs, deno.json, deno.jsonc, package.json, index.html); set `working_directory` or `language` to use what was found and not considered:
      go in the root (go.mod)
    "#);
}

#[test]
fn a_working_directory_stays_within_the_project() {
    for (path, problem) in [("", "is empty"), ("/srv", "is absolute"), ("a/../..", "leads out of the project")] {
        let error = choice(&[], &narrowed(None, Some(path)));
        assert!(error.starts_with(&format!("working_directory {path:?} {problem}")), "{error}");
    }
}

#[test]
fn a_missing_root_is_an_error() {
    let root = tree(&[]);
    let error = detect(&root.path().join("gone"), &Options::default());
    assert!(matches!(error, Err(DetectError::Root { .. })), "{error:?}");
}

#[test]
fn a_language_that_was_given_can_be_assumed_where_nothing_is_found() {
    let assume = |language| Options { language, working_directory: None, assume: true };
    let python = assume(Some(Language::Python));
    insta::assert_snapshot!(choice(&[("README.md", "")], &python), @"python in .: no manifest of python was found, and the language was given");
    assert!(choice(&[("README.md", "")], &assume(None)).starts_with("found no component"));
    let docs_only = [("docs/pyproject.toml", PYTHON)];
    assert!(choice(&docs_only, &assume(Some(Language::Python))).starts_with("python in docs"));
}
