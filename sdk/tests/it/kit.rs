//! The testing kit: what a program declares, a provider that only remembers, and what is checked without being asked for.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use devopsflow::rollout::{Local, Target};
use devopsflow::store::MemoryStore;
use devopsflow::testing::{self, Request, World};
use devopsflow::{Error, Input, Language, Options, Pipeline, Platform, Result, Rollout, Scope, Stack, Timeouts};
use framework::Value;

use crate::world::{self, Thing};

/// Things, stood in for.
fn things() -> World {
    World::of(world::World::default().registry())
}

fn declare(scope: &mut Scope) -> Result<()> {
    let url = scope.component("shop:Web", "web", |scope| {
        let first = Thing::new("first", "first").password(scope.secret("password")?).add(scope)?;
        Ok(first.url)
    })?;
    let options = Options::new().protect();
    Thing::new("second", scope.stack().to_owned()).text(url.clone()).with(options).add(scope)?;
    scope.export("url", url);
    Ok(())
}

#[test]
fn what_a_program_declares_is_seen_before_and_after() {
    let program = testing::program(declare).provider("test", &things()).config("password", "hunter2").stack("prod");
    let declared = program.preview().unwrap();
    let second = declared.resource("test_thing.second");
    assert_eq!(second.input("label"), "prod");
    assert!(second.input("text").is_unknown() && second.options().protect);
    assert_eq!(second.dependencies(), ["web/test_thing.first"]);
    assert!(declared.export("url").is_unknown());
    let first = declared.resource("web/test_thing.first");
    assert!(first.input("password").is_secret() && first.input("password").is_known());
    assert_eq!(first.input("password"), "hunter2");
    assert_eq!(format!("{:?}", first.input("password")), "(secret)");
    assert_eq!(declared.of_type("shop:Web").count(), 1);
    let declared = program.up().unwrap();
    assert_eq!(declared.resource("test_thing.second").input("text"), "url-1");
    assert_eq!(declared.resource("web/test_thing.first").output("number"), 1);
    assert_eq!(declared.export("url"), "url-1");
}

#[test]
fn outputs_are_what_a_test_says() {
    let world = things().outputs("test_thing", |thing| {
        [("url", Value::string(format!("http://{}", thing.member("label").as_str().unwrap_or_default())))]
    });
    let program = testing::program(declare).provider("test", &world).config("password", "x");
    assert!(program.preview().unwrap().export("url").is_unknown());
    assert_eq!(program.up().unwrap().export("url"), "http://first");
}

#[test]
fn other_stacks_data_sources_and_our_own_types_are_stood_in_for() {
    let program = testing::program(|scope| {
        let project = scope.lookup(devopsflow::Project::new("here", "."))?;
        let url = scope.stack_export::<String>("base", "url")?;
        let variables = Input::map([("URL", url)]);
        Pipeline::new("ci", Platform::GithubActions, Language::Python).variables(variables).add(scope)?;
        scope.export("kind", Input::from(project.language.to_string()));
        Ok(())
    });
    let declared = program.other_stack("base", "url", "http://base").preview().unwrap();
    let ci = declared.resource("devopsflow_pipeline.ci");
    assert_eq!(ci.input("variables").member("URL"), "http://base");
    assert!(declared.export("kind").is_known());
}

#[test]
fn a_wrong_program_is_an_error_that_names_the_resource() {
    let program = testing::program(|scope| {
        let target = Target::local(Local::builder(["serve"], 8080).replicas(0));
        Rollout::new("api", "api", "v1", target).add(scope)?;
        Ok(())
    });
    let error = program.preview().unwrap_err().to_string();
    assert!(
        error.contains("devopsflow_rollout.api") && error.contains("replicas") && error.contains("kit.rs:"),
        "{error}"
    );
    let missing = testing::program(declare).provider("test", &things()).preview().unwrap_err();
    assert!(matches!(missing, Error::Program(text) if text.contains("--config password=")));
}

#[test]
fn a_program_that_differs_from_run_to_run_is_found_without_being_asked_for() {
    let runs = std::sync::atomic::AtomicUsize::new(0);
    let program = testing::program(move |scope| {
        let run = runs.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Thing::new(format!("t{run}"), "t").add(scope)?;
        Ok(())
    });
    let program = program.provider("test", &things());
    let found = catch_unwind(AssertUnwindSafe(|| program.preview())).unwrap_err();
    let text = found.downcast_ref::<String>().unwrap();
    assert!(text.contains("does not declare the same") && text.contains("test_thing.t0"), "{text}");
    assert!(program.unchecked().preview().is_ok());
}

#[tokio::test]
async fn requests_go_wrong_as_they_are_told() {
    let world = things().locating();
    let stack = Stack::new("shop", "dev", |scope| {
        let one = Thing::new("one", "one").add(scope)?;
        let timeouts = Timeouts { create: Some(Duration::from_millis(20)), ..Timeouts::default() };
        Thing::new("two", "two").text(one.url).with(Options::new().timeouts(timeouts)).add(scope)?;
        Ok(())
    });
    let stack = stack.unwrap().store(MemoryStore::new()).provider("test", world.source());
    let fails = async |text: &str| {
        let error = stack.up().await.unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    };
    world.on(Request::Plan).at("test_thing.two").once().fail("cannot plan");
    fails("cannot plan").await;
    assert_eq!(world.changes(), Vec::<String>::new());
    world.on(Request::Create).at("test_thing.one").once().disconnect();
    fails("the connection to the provider failed").await;
    world.on(Request::Create).at("test_thing.one").once().fail_half_way("no light");
    fails("no light").await;
    assert!(stack.state().unwrap().live("test_thing.one").unwrap().object.as_ref().unwrap().tainted);
    world.on(Request::Create).of("test_thing").after(1).once().lose_answer();
    fails("did not end").await;
    assert_eq!(world.objects().len(), 2, "the tainted one was removed");
    world.forgive();
    world.on(Request::Delete).once().hang();
    assert_eq!(stack.up().await.unwrap().counts.same, 2, "it was located");
    world.edit(world.objects()[0].number, "text", "by hand");
    assert_eq!(stack.up().with_refresh().await.unwrap().counts.updated, 1);
    let two = world.objects()[1].number;
    world.remove(two);
    world.on(Request::Create).at("test_thing.two").once().hang_after();
    assert!(stack.up().with_refresh().await.is_err());
    assert_eq!((world.hanging(), world.objects().len()), (1, 2));
    assert!(stack.up().await.is_ok());
    let imported = world.put("test_thing", "mine", [("label", "three".into())]);
    stack.state_remove("test_thing.two").await.unwrap();
    stack.import("test_thing.two", "mine").await.unwrap();
    let asked = world.asked().into_iter().find(|asked| asked.request == Request::Import).unwrap();
    assert_eq!(asked.address.as_deref(), Some("test_thing.two"));
    let state = stack.state().unwrap();
    assert_eq!(state.live("test_thing.two").unwrap().object.as_ref().unwrap().value["number"], imported);
}

#[tokio::test]
async fn a_lost_create_that_nobody_can_find_is_named_with_what_to_run() {
    let world = things();
    let store = MemoryStore::new();
    let stack = |kind: &'static str| {
        let program = move |scope: &mut Scope| {
            Thing::new("one", "one").kind(kind).add(scope)?;
            Ok(())
        };
        Stack::new("shop", "dev", program).unwrap().store(store.clone()).provider("test", world.source())
    };
    let refused = async |kind: &'static str, operation: u64| {
        let Err(Error::Refused(problems)) = stack(kind).up().await else { panic!("a person must decide") };
        let (text, clear) = (problems[0].to_string(), format!("state clear-pending {operation}"));
        assert!(text.contains("import test_thing.one ID") && text.contains(&clear), "{text}");
    };
    world.on(Request::Create).once().lose_request();
    assert!(stack("wood").up().await.is_err());
    refused("wood", 0).await;
    assert!(world.objects().is_empty(), "nothing is made twice");
    stack("wood").state_clear_pending(0).await.unwrap();
    stack("wood").up().await.unwrap();
    // The same with the first half of a replacement, whose object is there and taken over.
    world.on(Request::Create).once().lose_answer();
    assert!(stack("iron").up().await.is_err());
    refused("iron", 2).await;
    let made = world.objects().last().unwrap().number;
    stack("iron").import("test_thing.one", made.to_string()).await.unwrap();
    stack("iron").up().await.unwrap();
    let left: Vec<u64> = world.objects().iter().map(|object| object.number).collect();
    assert_eq!(left, [made], "the replaced one is removed");
}

#[tokio::test]
async fn a_provider_that_panics_fails_the_run() {
    let world = things().locating();
    let stack = Stack::new("shop", "dev", |scope| {
        Thing::new("one", "one").add(scope)?;
        Ok(())
    });
    let stack = stack.unwrap().store(MemoryStore::new()).provider("test", world.source());
    for request in [Request::Plan, Request::Create, Request::Read, Request::Delete] {
        if request == Request::Read {
            stack.up().await.unwrap();
        }
        world.on(request).once().panic();
        let run = if request == Request::Delete { stack.destroy() } else { stack.up().with_refresh() };
        let error = run.await.expect_err("it panics").to_string();
        assert!(error.contains("test_thing.one") && error.contains("panicked"), "{request:?}: {error}");
    }
    assert_eq!(stack.destroy().await.unwrap().counts.deleted, 1);
}

#[tokio::test]
async fn a_replacement_that_was_never_made_is_not_taken_for_the_one_it_replaces() {
    let world = things().locating();
    let stack = Stack::new("shop", "dev", |scope| {
        Thing::new("one", "one").add(scope)?;
        Ok(())
    });
    let stack = stack.unwrap().store(MemoryStore::new()).provider("test", world.source());
    stack.up().await.unwrap();
    world.on(Request::Create).once().lose_request();
    assert!(stack.up().replace("test_thing.one").await.is_err());
    assert_eq!(stack.up().await.unwrap().counts.same, 1);
    let recorded =
        stack.state().unwrap().live("test_thing.one").unwrap().object.as_ref().unwrap().value["number"].as_u64();
    assert_eq!((world.objects().len(), recorded), (1, Some(world.objects()[0].number)), "it is still there, once");
}
