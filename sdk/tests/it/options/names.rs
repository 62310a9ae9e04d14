//! Aliases, and `depends_on` with components.

use devopsflow::{Options, Result, Scope, Step};

use crate::lab::{Lab, add, incomplete, one, steps};
use crate::world::Thing;

/// What is recorded by now, sorted.
fn addresses(lab: &Lab) -> Vec<String> {
    let state = lab.stack(|_| Ok(())).state().unwrap();
    let mut all: Vec<_> = state.resources.into_values().map(|resource| resource.address).collect();
    all.sort();
    all
}

fn named(
    name: &'static str,
    text: &'static str,
    options: Options,
) -> impl Fn(&mut Scope) -> Result<()> + Send + Sync + 'static {
    move |scope| {
        Thing::new(name, "label").text(text).with(options.clone()).add(scope)?;
        Ok(())
    }
}

#[tokio::test]
async fn a_renamed_resource_is_the_same_one() {
    let lab = Lab::default();
    lab.up(named("one", "a", Options::new())).await;
    assert_eq!(lab.up(named("two", "a", Options::new().alias("one"))).await, [""; 0]);
    assert_eq!(addresses(&lab), ["test_thing.two"]);
    // Renamed and changed at once, and with a type before the name.
    let done = lab.up(named("three", "b", Options::new().alias("test_thing.two"))).await;
    assert_eq!((done, addresses(&lab)), (vec!["update label".to_owned()], vec!["test_thing.three".to_owned()]));
    // Without an alias it is another.
    let report = lab.stack(named("four", "b", Options::new())).preview().await.unwrap();
    assert_eq!(steps(&report), [("four", Step::Create), ("three", Step::Delete)].into());
}

#[tokio::test]
async fn renamed_and_replaced_at_once_its_hooks_run_on_the_old_one() {
    let lab = Lab::default();
    let program = |name: &'static str, kind: &'static str, options: Options| {
        move |scope: &mut Scope| {
            let hook = |_: &devopsflow::Subject<'_>| Err("not yet");
            let options = options.clone().hook(devopsflow::Moment::BeforeDelete, hook);
            Thing::new(name, "label").kind(kind).with(options).add(scope)?;
            Ok(())
        }
    };
    lab.up(program("one", "wood", Options::new())).await;
    let (text, _) = incomplete(lab.stack(program("two", "iron", Options::new().alias("one"))).up().await);
    assert!(text.starts_with("test_thing.two") && text.contains("not yet"), "{text}");
    assert_eq!(addresses(&lab), ["test_thing.two", "test_thing.two"], "the new one, and the one that is to be removed");
}

#[tokio::test]
async fn a_resource_moves_into_a_component_and_out_of_it() {
    let lab = Lab::default();
    lab.up(named("one", "a", Options::new())).await;
    let inside = |scope: &mut Scope| {
        scope.component("shop:Web", "web", |scope| named("one", "a", Options::new().alias("test_thing.one"))(scope))
    };
    assert_eq!(lab.up(inside).await, [""; 0]);
    assert_eq!(addresses(&lab), ["web", "web/test_thing.one"]);
    assert_eq!(lab.up(named("one", "a", Options::new().alias("web/test_thing.one"))).await, [""; 0]);
    assert_eq!(addresses(&lab), ["test_thing.one"]);
}

fn component(
    name: &'static str,
    part: &'static str,
    former: Option<&'static str>,
    options: Options,
) -> impl Fn(&mut Scope) -> Result<()> + Send + Sync + 'static {
    move |scope| {
        scope.component("shop:Outer", "outer", |scope| {
            scope.component("shop:Web", name, |scope| {
                if let Some(former) = former {
                    scope.alias(former)?;
                }
                named(part, "a", options.clone())(scope)
            })
        })
    }
}

#[tokio::test]
async fn the_parts_of_a_renamed_component_are_the_same_ones() {
    let lab = Lab::default();
    lab.up(component("web", "one", None, Options::new())).await;
    assert_eq!(lab.up(component("site", "one", Some("web"), Options::new())).await, [""; 0]);
    assert_eq!(addresses(&lab), ["outer", "outer/site", "outer/site/test_thing.one"]);
    // The part is renamed together with its component.
    let renamed = component("front", "two", Some("outer/site"), Options::new().alias("one"));
    assert_eq!(lab.up(renamed).await, [""; 0]);
    assert_eq!(addresses(&lab), ["outer", "outer/front", "outer/front/test_thing.two"]);
    let state = lab.stack(|_| Ok(())).state().unwrap();
    let part = state.live("outer/front/test_thing.two").unwrap();
    let around = state.live("outer/front").unwrap();
    assert_eq!((part.parent, part.dependencies.len()), (Some(around.id), 0), "a parent is no dependency");
    assert_eq!(around.parent, Some(state.live("outer").unwrap().id));
}

#[tokio::test]
async fn an_address_that_is_declared_is_nobodys_former_one() {
    let lab = Lab::default();
    lab.up(named("one", "a", Options::new())).await;
    let both = |scope: &mut Scope| {
        Thing::new("two", "two").with(Options::new().alias("one")).add(scope)?;
        Thing::new("three", "three").with(Options::new().alias("one")).add(scope)?;
        named("one", "a", Options::new())(scope)
    };
    let mut done = lab.up(both).await;
    done.sort();
    assert_eq!(done, ["create three", "create two"]);
}

#[tokio::test]
async fn a_type_that_changes_at_the_same_name_is_another_resource() {
    let lab = Lab::default();
    lab.up(one(|thing| thing)).await;
    let report = lab
        .stack(|scope| {
            let (platform, language) = (devopsflow::Platform::GithubActions, devopsflow::Language::Python);
            let options = Options::new().alias("test_thing.one");
            devopsflow::Pipeline::new("one", platform, language).with(options).add(scope)?;
            Ok(())
        })
        .preview()
        .await
        .unwrap();
    let expected = [("devopsflow_pipeline.one", Step::Create), ("one", Step::Delete)];
    assert_eq!(steps(&report), expected.into(), "an alias of another type is none");
}

fn waiting(scope: &mut Scope) -> Result<()> {
    let web = scope.component("shop:Web", "web", |scope| {
        Thing::new("a", "a").add(scope)?;
        scope.component("shop:Inner", "inner", |scope| add(scope, Thing::new("b", "b")))?;
        scope.parent()
    })?;
    Thing::new("after", "after").with(Options::new().depends_on(&web)).add(scope)?;
    Ok(())
}

#[tokio::test]
async fn what_depends_on_a_component_waits_for_all_its_parts_and_is_removed_before_them() {
    let lab = Lab::default();
    let done = lab.up(waiting).await;
    assert_eq!(done.last().map(String::as_str), Some("create after"), "{done:?}");
    lab.stack(waiting).destroy().await.unwrap();
    assert_eq!(lab.world.log().first().map(String::as_str), Some("delete after"));
    lab.world.inner().failing.insert("create b".to_owned());
    let (_, report) = incomplete(lab.stack(waiting).up().await);
    assert_eq!((report.counts.created, report.counts.failed, report.counts.skipped), (1, 1, 1));
}

#[tokio::test]
async fn a_part_cannot_wait_for_its_own_component_nor_anything_for_what_is_not_declared() {
    let lab = Lab::default();
    let inside = lab.stack(|scope| {
        scope.component("shop:Web", "web", |scope| {
            let web = scope.parent()?;
            add(scope, Thing::new("a", "a").with(Options::new().depends_on(&web)))
        })
    });
    let text = inside.preview().await.unwrap_err().to_string();
    assert!(text.contains("names.rs:") && text.contains("test_thing.a") && text.contains("a part of web"), "{text}");
    let strange = lab.stack(|scope| {
        let node = framework::declare::Node(7);
        add(scope, Thing::new("a", "a").with(Options::new().depends_on(&node)))
    });
    let text = strange.preview().await.unwrap_err().to_string();
    assert!(text.contains("did not declare"), "{text}");
    let outside = lab.stack(|scope| scope.alias("web"));
    assert!(outside.preview().await.unwrap_err().to_string().contains("no component here"));
}
