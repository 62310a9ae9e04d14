//! Wrong programs that compile: the error names the resource, the line that declared it, and what to do.

use devopsflow::store::MemoryStore;
use devopsflow::{Error, Language, Options, Output, Pipeline, Platform, Project, Result, Scope, Stack};

use crate::world::{Thing, World};

/// What a preview of the program says, with `line N` for the Nth line after that of the call of this function.
#[track_caller]
fn error(program: impl Fn(&mut Scope) -> Result<()> + Send + Sync + 'static) -> String {
    let first = std::panic::Location::caller().line();
    let stack = Stack::new("shop", "dev", program).unwrap().store(MemoryStore::new());
    let stack = stack.provider("test", World::default().source()).config("port", "soon");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let error = runtime.block_on(async { stack.preview().await }).unwrap_err();
    assert!(matches!(error, Error::Program(_) | Error::Refused(_) | Error::Incomplete(_)), "{error:?}");
    let mut text = error.to_string();
    for line in 1..10 {
        text = text.replace(&format!("{}:{}", file!(), first + line), &format!("line {line}"));
    }
    text
}

#[track_caller]
fn check(error: &str, parts: &[&str]) {
    for part in parts {
        assert!(error.contains(part), "{part:?} is missing in: {error}");
    }
}

#[test]
fn a_name_that_is_taken() {
    let error = error(|scope| {
        Thing::new("one", "one").add(scope)?;
        Thing::new("one", "two").add(scope)?;
        Ok(())
    });
    check(&error, &["line 2: test_thing.one is declared twice", "also declared at line 1"]);
}

#[test]
fn a_component_whose_name_is_taken() {
    let error = error(|scope| {
        scope.component("shop:Web", "web", |_| Ok(()))?;
        scope.component("shop:Web", "web", |_| Ok(()))
    });
    check(&error, &["line 2: web is declared twice", "also declared at line 1"]);
}

#[test]
fn names_that_are_none() {
    for name in ["", "a/b", "two words", &"n".repeat(201)] {
        let name = name.to_owned();
        let error = error(move |scope| {
            Thing::new(name.clone(), "one").add(scope)?;
            Ok(())
        });
        check(&error, &["line 1: ", "cannot be a name", "letters, digits and"]);
    }
}

#[test]
fn a_function_that_panics() {
    let error = error(|scope| {
        let text = Output::known(&"soon".to_owned()).map(|text| text.parse::<u64>().unwrap().to_string());
        Thing::new("one", "one").text(text).add(scope)?;
        Ok(())
    });
    check(&error, &["test_thing.one (line 2): ", "text: ", "line 1: the function panicked"]);
}

#[test]
fn a_value_that_the_resource_does_not_take() {
    let error = error(|scope| {
        Pipeline::new("ci", Platform::GithubActions, Language::Python).name("not a name").add(scope)?;
        Ok(())
    });
    check(&error, &["devopsflow_pipeline.ci (line 1): ", "name: ", "Use letters, digits"]);
}

#[test]
fn a_type_and_a_provider_that_there_are_not() {
    let missing = error(|scope| {
        Thing::new("one", "one").with(Options::new().provider("other")).add(scope)?;
        Ok(())
    });
    check(
        &missing,
        &["test_thing.one (line 1): ", "No provider \"other\"", "Neither the stack nor the program has it"],
    );
    let unknown = error(|scope| {
        Thing::new("one", "one").with(Options::new().provider("devopsflow")).add(scope)?;
        Ok(())
    });
    check(&unknown, &["test_thing.one (line 1): ", "No such resource test_thing"]);
}

#[test]
fn an_input_that_a_transform_made_up() {
    let error = error(|scope| {
        scope.transform(|declaration| {
            let label = declaration.inputs["label"].clone();
            declaration.inputs.insert("colour".to_owned(), label);
        });
        Thing::new("one", "one").add(scope)?;
        Ok(())
    });
    check(&error, &["test_thing.one (line 5): ", "colour"]);
}

#[test]
fn a_lookup_of_what_is_not_known_yet() {
    let error = error(|scope| {
        let one = Thing::new("one", "one").add(scope)?;
        scope.lookup(Project::new("code", one.url.map(std::path::PathBuf::from)))?;
        Ok(())
    });
    check(
        &error,
        &[
            "data.devopsflow_project.code (line 2)",
            "`path` refers to what another declaration gives",
            "`add` takes others",
        ],
    );
}

#[test]
fn settings_and_stacks_that_there_are_not() {
    let setting = error(|scope| scope.config("release").map(|_| ()));
    check(&setting, &["stack shop/dev has no setting \"release\"", "--config release=", "devopsflow.dev.toml"]);
    let number = error(|scope| scope.config_as::<u16>("port").map(|_| ()));
    check(&number, &["setting \"port\" of stack shop/dev is \"soon\": invalid digit"]);
    let stack = error(|scope| scope.stack_export::<String>("staging", "url").map(|_| ()));
    check(&stack, &["stack shop/staging does not exist", "run `up` on it first"]);
}

#[test]
fn a_program_that_panics() {
    let error = error(|_| panic!("nobody thought of that"));
    check(&error, &["the program failed: it panicked", "nobody thought of that"]);
}
