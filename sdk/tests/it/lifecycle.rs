//! Create, change and remove; options; outputs that flow.

use devopsflow::store::MemoryStore;
use devopsflow::{Error, Moment, Options, Result, Scope, Stack, Step, format_output, testing};

use crate::cut::Cut;
use crate::world::{Thing, World};

pub(crate) fn stack(
    store: impl devopsflow::store::Store + 'static,
    world: &World,
    program: impl Fn(&mut Scope) -> Result<()> + Send + Sync + 'static,
) -> Stack {
    Stack::new("shop", "dev", program).unwrap().store(store).provider("test", world.source())
}

fn two(text: &'static str) -> impl Fn(&mut Scope) -> Result<()> + Send + Sync + 'static {
    move |scope| {
        let first = Thing::new("first", "first").text(text).add(scope)?;
        let length = first.url.clone().map(|url| url.len().to_string());
        let note = format_output!("{} has {}", &first.url, length);
        let second = Thing::new("second", "second").text(note).add(scope)?;
        scope.export("url", second.url);
        Ok(())
    }
}

#[tokio::test]
async fn the_sequence_that_every_program_passes() {
    let (store, world) = (MemoryStore::new(), World::default());
    testing::lifecycle(&stack(store.clone(), &world, two("a")), &stack(store, &world, two("b"))).await;
    assert!(world.inner().things.is_empty());
}

#[tokio::test]
async fn outputs_flow_and_unchanged_resources_are_not_planned() {
    let (store, world) = (MemoryStore::new(), World::default());
    let stack = stack(store, &world, two("a"));
    let preview = stack.preview().await.unwrap();
    assert!(preview.exports["url"].is_unknown());
    let report = stack.up().await.unwrap();
    assert_eq!(report.exports["url"].as_str(), Some("thing:2"));
    assert_eq!(world.inner().things[&2].text.as_deref(), Some("thing:1 has 7"));
    let plans = world.inner().plans;
    stack.up().await.unwrap();
    assert_eq!(world.inner().plans, plans);
    let state = stack.state().unwrap();
    let second = state.live("test_thing.second").unwrap();
    let text = serde_json::to_value(&second.inputs["text"]).unwrap();
    assert_eq!(
        text["references"][0],
        serde_json::json!({"address": "test_thing.first", "path": "url", "kind": "code"})
    );
}

#[tokio::test]
async fn a_replacement_is_made_before_the_old_one_is_removed_and_what_uses_it_moves_on() {
    let (store, world) = (MemoryStore::new(), World::default());
    let program = |kind: &'static str, options: Options| {
        move |scope: &mut Scope| {
            let base = Thing::new("base", "base").kind(kind).with(options.clone()).add(scope)?;
            Thing::new("user", "user").text(base.url).add(scope)?;
            Ok(())
        }
    };
    stack(store.clone(), &world, program("wood", Options::new())).up().await.unwrap();
    world.log();
    let report = stack(store.clone(), &world, program("iron", Options::new())).up().await.unwrap();
    assert_eq!(report.steps[0], ("test_thing.base".to_owned(), Step::Replace));
    assert_eq!(world.log(), ["create base", "update user", "delete base"]);
    let first = Options::new().delete_before_replace();
    stack(store.clone(), &world, program("clay", first)).up().await.unwrap();
    assert_eq!(world.log(), ["delete base", "create base", "update user"]);
    let protected = stack(store.clone(), &world, program("clay", Options::new().protect()));
    protected.up().await.unwrap();
    let replaced = stack(store.clone(), &world, program("wood", Options::new().protect())).up().await;
    assert!(matches!(replaced, Err(Error::Refused(_))), "{replaced:?}");
    assert!(matches!(protected.destroy().await, Err(Error::Refused(_))));
    assert_eq!(world.log(), Vec::<String>::new());
}

#[tokio::test]
async fn options_do_what_they_say() {
    let (store, world) = (MemoryStore::new(), World::default());
    let program = |text: &'static str, name: &'static str, alias: &'static str| {
        move |scope: &mut Scope| {
            let options = Options::new().ignore_changes("text").alias(alias).retain_on_delete();
            let first = Thing::new(name, "kept").text(text).with(options).add(scope)?;
            let options = Options::new().depends_on(&first).deleted_with(&first).replace_on_changes("text").hook(
                Moment::BeforeCreate,
                |subject| if subject.address.ends_with("refused") { Err("no") } else { Ok(()) },
            );
            Thing::new("with", "with").text(text).with(options).add(scope)?;
            Ok(())
        }
    };
    stack(store.clone(), &world, program("a", "one", "x")).up().await.unwrap();
    world.log();
    let report = stack(store.clone(), &world, program("b", "two", "one")).up().await.unwrap();
    assert_eq!(report.steps, [("test_thing.with".to_owned(), Step::Replace)]);
    assert_eq!(world.log(), ["create with", "delete with"]);
    let renamed = stack(store.clone(), &world, program("b", "two", "one"));
    assert!(renamed.state().unwrap().live("test_thing.two").is_some());
    let report = renamed.destroy().await.unwrap();
    assert_eq!(report.summary.forget, 2, "one is retained, the other vanishes with it");
    assert_eq!(world.log(), Vec::<String>::new());
    assert!(renamed.state().unwrap().resources.is_empty());
}

#[tokio::test]
async fn what_can_go_on_after_a_failure_does() {
    let (store, world) = (MemoryStore::new(), World::default());
    let stack = stack(store, &world, |scope| {
        let bad = Thing::new("bad", "bad").add(scope)?;
        Thing::new("below", "below").text(bad.url).add(scope)?;
        Thing::new("good", "good").add(scope)?;
        Ok(())
    });
    world.inner().failing.insert("create bad".to_owned());
    let Err(Error::Incomplete(report)) = stack.up().await else { panic!("it cannot be complete") };
    assert_eq!((report.counts.created, report.counts.failed, report.counts.skipped), (1, 1, 1));
    let problem = report.problems[0].to_string();
    assert!(problem.starts_with("test_thing.bad (") && problem.contains("lifecycle.rs:"), "{problem}");
    world.inner().failing.clear();
    let report = stack.up().await.unwrap();
    assert_eq!((report.counts.created, report.counts.same), (2, 1));
}

#[tokio::test]
async fn targets_bring_what_they_need_and_components_group() {
    let (store, world) = (MemoryStore::new(), World::default());
    let stack = stack(store, &world, |scope| {
        let url = scope.component("shop:Web", "web", |scope| Ok(Thing::new("a", "a").add(scope)?.url))?;
        Thing::new("b", "b").text(url).add(scope)?;
        Thing::new("c", "c").add(scope)?;
        Ok(())
    });
    let report = stack.up().target("test_thing.b").await.unwrap();
    assert_eq!(report.counts.created, 2);
    assert!(stack.state().unwrap().live("web/test_thing.a").is_some());
    stack.up().exclude("web").await.unwrap();
    assert_eq!(world.inner().things.len(), 3);
    assert!(matches!(stack.up().target("test_thing.none").await, Err(Error::Refused(_))));
    let report = stack.destroy().target("web").await.unwrap();
    assert_eq!(report.counts.deleted, 2, "what uses it goes with it");
}

#[tokio::test]
async fn a_function_that_fails_names_resource_and_line() {
    let (store, world) = (MemoryStore::new(), World::default());
    let stack = stack(store, &world, |scope| {
        let first = Thing::new("first", "first").add(scope)?;
        let number = first.url.try_map(|url| url.parse::<u64>().map(|number| number.to_string()));
        Thing::new("second", "second").text(number).add(scope)?;
        Ok(())
    });
    let Err(Error::Incomplete(report)) = stack.up().await else { panic!("it fails") };
    let problem = report.problems[0].to_string();
    assert!(problem.starts_with("test_thing.second (") && problem.contains("invalid digit"), "{problem}");
    assert_eq!(problem.matches("lifecycle.rs:").count(), 2, "{problem}");
}

#[tokio::test]
async fn a_saved_plan_is_the_most_that_is_done() {
    let (store, world) = (MemoryStore::new(), World::default());
    let one = |text: &'static str| {
        move |scope: &mut Scope| {
            Thing::new("one", "one").text(text).add(scope)?;
            Ok(())
        }
    };
    let first = stack(store.clone(), &world, one("a"));
    let plan = first.preview().save().await.unwrap().plan.unwrap();
    let plan = devopsflow::Plan::from_json(&plan.to_json()).unwrap();
    let other = stack(store.clone(), &world, one("b")).up().plan(plan.clone()).await;
    assert!(matches!(&other, Err(Error::Plan(text)) if text.contains("`text` of test_thing.one")), "{other:?}");
    let more = stack(store.clone(), &world, two("a")).up().plan(plan.clone()).await;
    assert!(matches!(&more, Err(Error::Plan(text)) if text.contains("test_thing.first")), "{more:?}");
    assert!(world.inner().things.is_empty());
    assert_eq!(first.up().plan(plan.clone()).await.unwrap().counts.created, 1);
    assert_eq!(first.up().plan(plan).await.unwrap().counts.same, 1, "being there already is no violation");
}

#[tokio::test]
async fn refresh_records_what_was_changed_and_what_is_gone() {
    let (store, world) = (MemoryStore::new(), World::default());
    let stack = stack(store, &world, two("a"));
    stack.up().await.unwrap();
    world.inner().things.remove(&1);
    assert!(stack.preview().await.unwrap().summary.is_empty(), "the world is not looked at");
    let report = stack.preview().with_refresh().await.unwrap();
    assert_eq!(report.steps[0], ("test_thing.first".to_owned(), Step::Create));
    let report = stack.refresh().await.unwrap();
    assert_eq!(report.steps, [("test_thing.first".to_owned(), Step::Delete)]);
    let report = stack.up().await.unwrap();
    assert_eq!((report.counts.created, report.counts.updated), (1, 1));
}

#[tokio::test]
async fn stacks_see_each_others_exports_and_programs_what_is_there() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("pyproject.toml"), "[project]\nname = \"shop\"\nversion = \"1\"\n").unwrap();
    let (store, world) = (MemoryStore::new(), World::default());
    let base = Stack::new("shop", "base", |scope| {
        let one = Thing::new("one", "one").add(scope)?;
        scope.export("url", one.url);
        Ok(())
    });
    base.unwrap().store(store.clone()).provider("test", world.source()).up().await.unwrap();
    let path = root.path().to_owned();
    let user = stack(store, &world, move |scope| {
        let found = scope.lookup(devopsflow::Project::new("here", path.clone()))?;
        let url = scope.stack_export::<String>("base", "url")?;
        let text = format_output!("{} {} {}", url, found.language.to_string(), scope.config("extra")?);
        Thing::new("two", "two").text(text).add(scope)?;
        Ok(())
    });
    let missing = user.up().await.unwrap_err().to_string();
    assert!(missing.contains("--config extra="), "{missing}");
    user.config("extra", "more").up().await.unwrap();
    assert_eq!(world.inner().things[&2].text.as_deref(), Some("thing:1 python more"));
}

#[tokio::test]
async fn a_declaration_chooses_its_provider_and_transforms_reach_it() {
    let (store, world, other) = (MemoryStore::new(), World::default(), World::default());
    let stack = stack(store, &world, |scope| {
        Thing::new("here", "here").add(scope)?;
        scope.component("shop:There", "there", |scope| {
            scope.transform(|declaration| declaration.options.provider = Some("other".to_owned()));
            Thing::new("thing", "there").add(scope)?;
            Ok(())
        })?;
        Thing::new("again", "again").add(scope)?;
        Ok(())
    });
    let stack = stack.provider("other", other.source());
    stack.up().await.unwrap();
    assert_eq!((world.inner().things.len(), other.inner().things.len()), (2, 1));
    let state = stack.state().unwrap();
    assert_eq!(state.live("there/test_thing.thing").unwrap().provider, "other");
    stack.destroy().await.unwrap();
    assert!(world.inner().things.is_empty() && other.inner().things.is_empty());
}

#[tokio::test]
async fn a_resource_that_gets_another_provider_instance_is_made_there_and_removed_here() {
    let (store, world, other) = (MemoryStore::new(), World::default(), World::default());
    let with = |options: Options| {
        let program = move |scope: &mut Scope| {
            Thing::new("one", "one").with(options.clone()).add(scope)?;
            Ok(())
        };
        stack(store.clone(), &world, program).provider("other", other.source())
    };
    with(Options::new()).up().await.unwrap();
    let moved = with(Options::new().provider("other")).up().await.unwrap();
    assert_eq!(moved.steps, [("test_thing.one".to_owned(), Step::Replace)]);
    assert_eq!((world.inner().things.len(), other.inner().things.len()), (0, 1));
    let protected = with(Options::new().provider("other").protect()).up().await;
    assert!(protected.is_ok() && with(Options::new().protect()).up().await.is_err());
}

#[tokio::test]
async fn a_create_that_nobody_can_find_is_named_and_stops_the_next_up() {
    let (memory, world) = (MemoryStore::new(), World::new(false));
    let thing = |scope: &mut Scope| {
        Thing::new("one", "one").add(scope)?;
        Ok(())
    };
    // The start of the update and the beginning of the create are recorded; its end is not.
    let killed = stack(Cut::new(memory.clone(), 2), &world, thing).up().await;
    assert!(killed.is_err());
    let stack = stack(memory, &world, thing);
    let Err(Error::Refused(problems)) = stack.up().await else { panic!("a person must decide") };
    let text = problems[0].to_string();
    assert!(text.contains("import test_thing.one ID") && text.contains("state clear-pending 0"), "{text}");
    assert_eq!(world.inner().things.len(), 1, "nothing is made twice");
    stack.state_clear_pending(0).await.unwrap();
    assert!(stack.up().await.is_ok());
}

#[tokio::test]
async fn destroy_and_state_work_when_the_program_fails() {
    let (store, world) = (MemoryStore::new(), World::default());
    stack(store.clone(), &world, two("a")).up().await.unwrap();
    let broken = stack(store, &world, |_| Err("broken".into()));
    assert!(matches!(broken.preview().await, Err(Error::Program(text)) if text == "broken"));
    broken.state_move("test_thing.first", "test_thing.renamed").await.unwrap();
    let used = broken.state_remove("test_thing.renamed").await.unwrap_err().to_string();
    assert!(used.contains("used by test_thing.second"), "{used}");
    broken.state_remove("test_thing.second").await.unwrap();
    broken.state_protect("test_thing.renamed", true).await.unwrap();
    assert!(matches!(broken.destroy().await, Err(Error::Refused(_))));
    broken.state_protect("test_thing.renamed", false).await.unwrap();
    assert_eq!(broken.destroy().await.unwrap().counts.deleted, 1);
    assert_eq!(world.inner().things.len(), 1, "what was forgotten stays");
    let verbs: Vec<String> = broken.state().unwrap().updates.into_iter().map(|update| update.verb).collect();
    assert_eq!(verbs.first().map(String::as_str), Some("up"));
    assert_eq!(verbs.last().map(String::as_str), Some("destroy"));
}

#[tokio::test]
async fn a_stopped_run_begins_nothing_new_and_the_next_does_the_rest() {
    let (store, world) = (MemoryStore::new(), World::default());
    let first = stack(store.clone(), &world, two("a"));
    let stopper = first.stopper();
    let first = first.reporter(move |event| {
        if matches!(event, devopsflow::Event::Running { address, .. } if address == "test_thing.first") {
            stopper.stop();
        }
    });
    let Err(Error::Incomplete(report)) = first.up().await else { panic!("it was stopped") };
    assert_eq!((report.counts.created, report.counts.skipped), (1, 1), "what ran ended");
    assert!(report.problems.iter().any(|problem| problem.to_string().contains("stopped")), "{:?}", report.problems);
    assert!(first.state().unwrap().pending.is_empty());
    let rest = stack(store.clone(), &world, two("a"));
    assert_eq!(rest.up().await.unwrap().counts.created, 1);
    let last = stack(store, &world, two("a"));
    last.stopper().stop();
    assert!(matches!(last.destroy().await, Err(Error::Incomplete(_))));
    assert_eq!(world.inner().things.len(), 2);
}
