//! Saved plans: the most that a later `up` does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use devopsflow::{Error, Options, Plan, Result, Scope, Stack, Step};

use crate::lab::{Lab, add, one, pair};
use crate::world::Thing;

/// What a file of the stack's plan would hold, read again.
async fn saved(stack: &Stack) -> Plan {
    let plan = stack.preview().save().await.unwrap().plan.unwrap();
    Plan::from_json(&plan.to_json()).unwrap()
}

#[track_caller]
fn unusable<T: std::fmt::Debug>(outcome: std::result::Result<T, Error>) -> String {
    match outcome {
        Err(Error::Plan(text)) => text,
        other => panic!("the plan should be of no use: {other:?}"),
    }
}

#[tokio::test]
async fn less_is_done_and_more_is_refused_with_names() {
    let lab = Lab::default();
    let stack = lab.stack(pair("wood", Options::new(), |user| user));
    let plan = saved(&stack).await;
    let less = lab.stack(|scope| add(scope, Thing::new("base", "base").kind("wood")));
    assert_eq!(less.up().plan(plan.clone()).await.unwrap().counts.created, 1);
    assert!(lab.told().contains("the program declares something else"), "and that is told");
    let more = lab.stack(|scope: &mut Scope| {
        Thing::new("other", "other").add(scope)?;
        pair("wood", Options::new(), |user| user)(scope)
    });
    let text = unusable(more.up().plan(plan.clone()).await);
    assert!(text.contains("for test_thing.other (") && text.contains("saved.rs:"), "{text}");
    assert!(
        text.contains("leaves it as it is, and now it would be create") && text.contains("preview --save"),
        "{text}"
    );
    assert_eq!(stack.up().plan(plan.clone()).await.unwrap().counts.created, 1, "the rest of it");
    assert!(lab.told().contains("1 run was recorded since it was made"));
    assert_eq!(stack.up().plan(plan.clone()).await.unwrap().counts.same, 2, "being there already is no violation");
    // What it did not know is open, and what was removed meanwhile is more than it says.
    let removal = unusable(lab.stack(|_| Ok(())).up().plan(plan).await);
    assert!(removal.contains("for test_thing.user, it says create, and now it would be delete"), "{removal}");
}

#[tokio::test]
async fn an_input_that_changed_in_between_is_refused_with_its_place() {
    let lab = Lab::default();
    let configured = |scope: &mut Scope| {
        let size = scope.config("size")?;
        scope.export::<String>("size", size.as_str());
        add(scope, Thing::new("one", "one").text(size))
    };
    let plan = saved(&lab.stack(configured).config("size", "1")).await;
    let other = lab.stack(configured).config("size", "2");
    let text = unusable(other.up().plan(plan.clone()).await);
    assert!(text.contains("`text` of test_thing.one (") && text.contains("saved.rs:"), "{text}");
    assert!(text.contains("is not what it was in the plan; run `preview --save` again"), "{text}");
    let exports = lab.stack(|scope: &mut Scope| {
        scope.export::<String>("size", "3");
        add(scope, Thing::new("one", "one").text("1"))
    });
    let text = unusable(exports.up().plan(plan.clone()).await);
    assert!(text.contains("export \"size\" is not what it was"), "{text}");
    assert_eq!(lab.labels(), [""; 0]);
    lab.stack(configured).config("size", "1").up().plan(plan).await.unwrap();
}

#[tokio::test]
async fn plans_of_other_stacks_of_newer_releases_and_changed_ones_are_refused() {
    let lab = Lab::default();
    let stack = lab.stack(one(|thing| thing.text("a")));
    let plan = saved(&stack).await;
    let other = Stack::new("shop", "prod", one(|thing| thing.text("a"))).unwrap();
    let other = other.store(lab.store.clone()).provider("test", lab.world.source());
    assert!(unusable(other.up().plan(plan.clone()).await).contains("it is one of stack shop/dev"));
    let text = plan.to_json();
    let changed = Plan::from_json(&text.replace("\"a\"", "\"b\"")).unwrap();
    let reason = unusable(lab.stack(one(|thing| thing.text("b"))).up().plan(changed).await);
    assert!(reason.contains("it is not as it was saved"), "{reason}");
    let newer = unusable(Plan::from_json(&text.replace("\"v\": 1", "\"v\": 2")));
    assert!(newer.contains("version 2") && newer.contains("newer release"), "{newer}");
    for cut in [0, 1, text.len() / 2, text.len() - 1] {
        assert!(unusable(Plan::from_json(&text[..cut])).contains("it cannot be read"));
    }
    assert_eq!(lab.labels(), [""; 0]);
}

#[tokio::test]
async fn a_function_that_gives_something_else_for_the_same_is_named_with_its_line() {
    let lab = Lab::default();
    let counter = Arc::new(AtomicU64::new(0));
    let impure = move |scope: &mut Scope| -> Result<()> {
        let (size, counter) = (scope.config("size")?, Arc::clone(&counter));
        let size = devopsflow::Output::known(&size);
        let text = size.map(move |size: String| format!("{size} {}", counter.fetch_add(1, Ordering::SeqCst)));
        add(scope, Thing::new("one", "one").text(text))
    };
    let stack = |size| lab.stack(impure.clone()).config("size", size);
    let plan = saved(&stack("1")).await;
    let text = unusable(stack("1").up().plan(plan.clone()).await);
    assert!(text.contains("`text` of test_thing.one (") && text.contains("the function at sdk/tests"), "{text}");
    assert_eq!(text.matches("saved.rs:").count(), 2, "{text}");
    assert!(text.contains("must give the same for the same"), "{text}");
    // With another input nobody is to blame.
    let text = unusable(stack("2").up().plan(plan).await);
    assert!(text.contains("run `preview --save` again") && !text.contains("function"), "{text}");
}

#[tokio::test]
async fn what_is_made_up_from_the_seed_is_the_same_in_the_plan_and_in_its_up() {
    let lab = Lab::default();
    let program = |scope: &mut Scope| {
        let name = format!("one-{:x}", scope.seed());
        add(scope, Thing::new("one", name).with(Options::new().ignore_changes("label")))
    };
    let plan = saved(&lab.stack(program)).await;
    assert!(unusable(lab.stack(one(|thing| thing)).up().plan(plan.clone()).await).contains("`label`"));
    lab.stack(program).up().plan(plan).await.unwrap();
    assert_eq!(lab.up(program).await, [""; 0], "another run makes up something else, which is passed over");
    let updates = lab.stack(program).state().unwrap().updates;
    assert!(updates.len() == 1 && updates[0].seed.is_some(), "a run that does nothing is not recorded: {updates:?}");
}

#[tokio::test]
async fn a_plan_that_replaces_allows_what_remains_of_it() {
    let lab = Lab::default();
    lab.up(one(|thing| thing.kind("wood"))).await;
    let stack = lab.stack(one(|thing| thing.kind("iron")));
    let plan = saved(&stack).await;
    // The object vanishes in between, and that is seen: making it is what remains.
    lab.world.inner().things.clear();
    let report = stack.up().with_refresh().plan(plan.clone()).await.unwrap();
    assert_eq!(report.steps, [("test_thing.one".to_owned(), Step::Create)]);
    // The other way round it is more than was said.
    let text = unusable(stack.up().replace("test_thing.one").plan(saved(&stack).await).await);
    assert!(text.contains("now it would be replace"), "{text}");
}

#[tokio::test]
async fn with_a_key_a_plan_is_sealed_and_no_other_seal_fits_it() {
    let lab = Lab::default();
    let stack =
        |text: &'static str| lab.stack(one(move |thing| thing.text(text))).key_holder(crate::secrets::Mask::new(1));
    let json = |plan: &Plan| serde_json::from_str::<serde_json::Value>(&plan.to_json()).unwrap();
    let unsealed = json(&saved(&lab.stack(one(|thing| thing.text("a")))).await)["check"].clone();
    stack("a").secrets_add(crate::secrets::Mask::new(1)).await.unwrap();
    let (plan, other) = (saved(&stack("a")).await, saved(&stack("b")).await);
    assert!(unsealed.is_string() && json(&plan)["check"]["$secret"].is_string());
    for check in [unsealed, json(&other)["check"].clone()] {
        let mut changed = json(&plan);
        changed["check"] = check;
        let text = unusable(stack("a").up().plan(Plan::from_json(&changed.to_string()).unwrap()).await);
        assert!(text.contains("it is not as it was saved"), "{text}");
    }
    let keyless = lab.stack(one(|thing| thing.text("a"))).up().plan(plan.clone()).await;
    assert!(matches!(keyless, Err(Error::Secrets(_))), "{keyless:?}");
    stack("a").up().plan(plan).await.unwrap();
}
