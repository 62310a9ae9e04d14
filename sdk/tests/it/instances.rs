//! Several instances of a provider, each with a configuration; providers that have no typed builders.

use devopsflow::store::{MemoryStore, Store as _};
use devopsflow::{Dynamic, Error, Options, ProviderInstance, Resource, Result, Scope, Stack, Step, testing};

use crate::regions::{Bend, Regions};
use crate::secrets::Mask;
use crate::world::Thing;

fn stack(
    store: &MemoryStore,
    regions: &Regions,
    program: impl Fn(&mut Scope) -> Result<()> + Send + Sync + 'static,
) -> Stack {
    let stack = Stack::new("shop", "dev", program).unwrap().store(store.clone());
    stack.provider("test", regions.source(Bend::NOT))
}

fn instance(scope: &mut Scope, name: &str, region: &str) -> Result<()> {
    Ok(ProviderInstance::new(name, "test").input("region", region).add(scope)?)
}

fn two(text: &'static str) -> impl Fn(&mut Scope) -> Result<()> + Send + Sync + 'static {
    move |scope| {
        instance(scope, "test", "home")?;
        let west = scope.config_opt("west").unwrap_or_else(|| "west".to_owned());
        instance(scope, "west", &west)?;
        let home = Thing::new("home", "home").text(text).add(scope)?;
        scope.with_provider("west", |scope| {
            scope.component("shop:Web", "web", |scope| {
                Thing::new("west", "west").text(home.url).add(scope)?;
                Ok(())
            })
        })?;
        Thing::new("there", "there").with(Options::new().provider("west")).add(scope)?;
        Ok(())
    }
}

#[tokio::test]
async fn each_instance_manages_what_names_it_or_lies_within_it() {
    let (store, regions) = (MemoryStore::new(), Regions::default());
    let first = stack(&store, &regions, two("a"));
    testing::lifecycle(&first, &stack(&store, &regions, two("b"))).await;
    assert!(first.state().unwrap().providers.is_empty(), "nothing is left of them once nothing is managed");
    first.up().await.unwrap();
    let labels =
        |name| regions.world(name).inner().things.values().map(|thing| thing.label.clone()).collect::<Vec<_>>();
    assert_eq!(labels("home"), ["home"]);
    assert_eq!(labels("west").len(), 2);
    assert_eq!(first.state().unwrap().live("web/test_thing.west").unwrap().provider, "west");
}

#[tokio::test]
async fn what_is_no_longer_declared_is_removed_by_the_instance_that_made_it() {
    let (store, regions) = (MemoryStore::new(), Regions::default());
    stack(&store, &regions, two("a")).up().await.unwrap();
    let only_home = |scope: &mut Scope| {
        instance(scope, "test", "home")?;
        Thing::new("home", "home").text("a").add(scope)?;
        Ok(())
    };
    assert_eq!(stack(&store, &regions, only_home).up().await.unwrap().counts.deleted, 2);
    assert!(regions.world("west").inner().things.is_empty());
    stack(&store, &regions, two("a")).up().await.unwrap();
    let broken = stack(&store, &regions, |_| Err("broken".into()));
    regions.world("west").inner().things.clear();
    assert_eq!(broken.refresh().await.unwrap().counts.updated, 2, "they are gone");
    assert_eq!(broken.destroy().await.unwrap().counts.deleted, 1);
    assert!(regions.world("home").inner().things.is_empty());
}

#[tokio::test]
async fn another_instance_makes_it_anew_and_the_old_one_removes_it() {
    let (store, regions) = (MemoryStore::new(), Regions::default());
    let at = |name: &'static str| {
        move |scope: &mut Scope| {
            instance(scope, "east", "east")?;
            instance(scope, "west", "west")?;
            Thing::new("one", "one").with(Options::new().provider(name)).add(scope)?;
            Ok(())
        }
    };
    stack(&store, &regions, at("east")).up().await.unwrap();
    let moved = stack(&store, &regions, at("west")).up().await.unwrap();
    assert_eq!(moved.steps, [("test_thing.one".to_owned(), Step::Replace)]);
    let count = |name| regions.world(name).inner().things.len();
    assert_eq!((count("east"), count("west")), (0, 1));
}

#[tokio::test]
async fn with_another_configuration_its_objects_are_looked_at_again() {
    let (store, regions) = (MemoryStore::new(), Regions::default());
    let stack = stack(&store, &regions, two("a"));
    stack.up().await.unwrap();
    assert!(stack.preview().await.unwrap().summary.is_empty());
    let elsewhere = stack.config("west", "far west");
    let report = elsewhere.preview().await.unwrap();
    assert_eq!((report.summary.create, report.summary.same), (2, 1), "they are not where it points now");
    elsewhere.up().await.unwrap();
    assert_eq!(regions.world("far west").inner().things.len(), 2);
    assert!(elsewhere.preview().await.unwrap().summary.is_empty());
}

#[tokio::test]
async fn a_secret_of_a_configuration_is_recorded_sealed() {
    let (store, regions) = (MemoryStore::new(), Regions::default());
    let program = |scope: &mut Scope| {
        let token = scope.secret("token")?;
        ProviderInstance::new("test", "test").input("region", "home").input("token", token).add(scope)?;
        Thing::new("one", "one").add(scope)?;
        Ok(())
    };
    let keyless = stack(&store, &regions, program).config("token", "hunter2");
    let refused = keyless.up().await.unwrap_err();
    assert!(matches!(refused, Error::Secrets(_)) && refused.to_string().contains("no key"), "{refused}");
    assert!(regions.world("home").inner().things.is_empty());
    let keyed = keyless.key_holder(Mask::new(1));
    keyed.up().await.unwrap();
    keyed.up().await.unwrap();
    let broken = stack(&store, &regions, |_| Err("broken".into())).key_holder(Mask::new(1));
    broken.destroy().await.unwrap();
    assert_eq!(regions.tokens().last().map(String::as_str), Some("hunter2"), "the recorded one was opened");
    let contents = store.read(keyed.id()).unwrap().unwrap();
    let all: String = contents.records.iter().map(|record| String::from_utf8_lossy(record).into_owned()).collect();
    assert!(all.contains("providers") && !all.contains("hunter2"), "{all}");
    assert_eq!(all.matches("\"providers\":{\"test\"").count(), 1, "an unchanged one is recorded once");
    assert_eq!(testing::check(&contents), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_wrong_with_an_instance_is_said_with_its_line() {
    let (store, regions) = (MemoryStore::new(), Regions::default());
    let error = async |program: fn(&mut Scope) -> Result<()>| {
        stack(&store, &regions, program).preview().await.unwrap_err().to_string()
    };
    let refused = error(|scope| instance(scope, "west", "nowhere")).await;
    assert!(refused.contains("instances.rs:") && refused.contains("No such region"), "{refused}");
    let unknown = error(|scope| {
        instance(scope, "test", "home")?;
        let one = Thing::new("one", "one").add(scope)?;
        Ok(ProviderInstance::new("west", "test").input("region", one.url).add(scope)?)
    });
    let unknown = unknown.await;
    assert!(unknown.contains("`region` refers to what another declaration gives"), "{unknown}");
    let twice = error(|scope| {
        instance(scope, "west", "west")?;
        instance(scope, "west", "east")
    });
    assert!(twice.await.contains("declared twice"));
    let nowhere = error(|scope| Ok(ProviderInstance::new("west", "files").add(scope)?)).await;
    assert!(nowhere.contains("the stack has no provider \"files\""), "{nowhere}");
    let missing = error(|scope| {
        Thing::new("one", "one").with(Options::new().provider("north")).add(scope)?;
        Ok(())
    });
    let missing = missing.await;
    assert!(missing.contains("test_thing.one (") && missing.contains("No provider \"north\""), "{missing}");
    let undeclared = error(|scope| scope.with_provider("north", |_| Ok(()))).await;
    assert!(undeclared.contains("no provider instance \"north\""), "{undeclared}");
}

#[tokio::test]
async fn a_resource_without_a_typed_builder_is_as_one_with_it() {
    let (store, regions) = (MemoryStore::new(), Regions::default());
    let program = |text: &'static str| {
        move |scope: &mut Scope| {
            instance(scope, "test", "home")?;
            let first = Resource::new("test_thing", "first").input("label", "first").input("text", text).add(scope)?;
            let number = first.output::<u64>("number").map(|number| (number + 1).to_string());
            let second = Resource::new("test_thing", "second").input("label", "second").input("text", number);
            let second = second.with(Options::new().depends_on(&first)).add(scope)?;
            scope.export("url", second.output::<String>("url"));
            Ok(())
        }
    };
    testing::lifecycle(&stack(&store, &regions, program("a")), &stack(&store, &regions, program("b"))).await;
    let report = stack(&store, &regions, program("a")).up().await.unwrap();
    assert!(report.exports["url"].as_str().is_some_and(|url| url.starts_with("thing:")));
    let wrong = |scope: &mut Scope| {
        instance(scope, "test", "home")?;
        Resource::new("test_thing", "first")
            .input("label", 7_u32)
            .input("colour", Dynamic::list(["red"]))
            .add(scope)?;
        Ok(())
    };
    let error = stack(&store, &regions, wrong).preview().await.unwrap_err().to_string();
    assert!(error.contains("test_thing.first (") && error.contains("instances.rs:"), "{error}");
    assert!(error.contains("label") && error.contains("colour"), "{error}");
}
