//! Data sources that depend on resources, and stacks that depend on stacks.

use devopsflow::{Event, Options, Result, Scope, Step};

use crate::lab::{Lab, add};
use crate::world::{Reading, Thing};

/// A reading of a thing that is found by its label alone.
fn reading(text: &'static str) -> impl Fn(&mut Scope) -> Result<()> + Send + Sync + 'static {
    move |scope| {
        let one = Thing::new("one", "one").text(text).add(scope)?;
        let found = Reading::new("found", "one").with(Options::new().depends_on(&one)).add(scope)?;
        scope.export("content", found.content.clone());
        add(scope, Thing::new("copy", "copy").text(found.content))
    }
}

#[tokio::test]
async fn one_that_depends_on_something_that_changes_is_read_during_up() {
    let lab = Lab::default();
    let preview = lab.stack(reading("a")).preview().await.unwrap();
    assert_eq!((lab.world.log().len(), preview.exports["content"].is_unknown()), (0, true));
    let read = |event: &Event| matches!(event, Event::Planned { step: Step::Read, .. });
    assert!(lab.events().iter().any(read), "and the plan says so");
    assert_eq!(lab.up(reading("a")).await, ["create one", "read one", "create copy"]);
    assert_eq!(lab.thing("copy").unwrap().text.as_deref(), Some("a"));
    assert_eq!(lab.up(reading("b")).await, ["update one", "read one", "update copy"]);
    assert_eq!(lab.thing("copy").unwrap().text.as_deref(), Some("b"));
    lab.stack(reading("b")).preview().await.unwrap();
    assert_eq!(lab.world.log(), ["read one"], "nothing changes, so the plan can know it");
}

#[tokio::test]
async fn one_whose_inputs_are_not_known_yet_is_read_during_up() {
    let lab = Lab::default();
    let program = |scope: &mut Scope| {
        let one = Thing::new("one", "one").text("a").add(scope)?;
        let found = Reading::new("found", one.url.map(|_| "one".to_owned())).add(scope)?;
        add(scope, Thing::new("copy", "copy").text(found.content))
    };
    lab.stack(program).preview().await.unwrap();
    assert_eq!(lab.up(program).await, ["create one", "read one", "create copy"]);
}

#[tokio::test]
async fn one_that_cannot_be_read_refuses_the_plan_or_fails_what_needs_it() {
    let lab = Lab::default();
    let alone = |scope: &mut Scope| {
        let found = Reading::new("found", "nobody").add(scope)?;
        add(scope, Thing::new("copy", "copy").text(found.content))
    };
    let text = crate::lab::refused(lab.stack(alone).up().await);
    assert!(text.contains("test_reading.found (") && text.contains("Nothing to read"), "{text}");
    let late = |scope: &mut Scope| {
        let one = Thing::new("one", "one").add(scope)?;
        let found = Reading::new("found", "nobody").with(Options::new().depends_on(&one)).add(scope)?;
        add(scope, Thing::new("copy", "copy").text(found.content))
    };
    let (text, report) = crate::lab::incomplete(lab.stack(late).up().await);
    assert!(text.contains("test_reading.found ("), "{text}");
    assert_eq!((report.counts.created, report.counts.failed, report.counts.skipped), (1, 1, 1));
}

#[tokio::test]
async fn what_another_stack_does_not_export_is_told_with_what_to_do() {
    let lab = Lab::default();
    let reads = |stack: &'static str, name: &'static str| {
        lab.stack(move |scope| {
            let found = scope.stack_export::<u64>(stack, name)?;
            scope.export("found", found);
            Ok(())
        })
    };
    let failed = |outcome: std::result::Result<devopsflow::Report, devopsflow::Error>| outcome.unwrap_err().to_string();
    let text = failed(reads("base", "size").up().await);
    assert!(text.contains("stack shop/base does not exist; run `up` on it first"), "{text}");
    let base = devopsflow::Stack::new("shop", "base", |scope| {
        scope.export::<String>("name", "x");
        scope.export::<u64>("size", 3);
        Ok(())
    });
    base.unwrap().store(lab.store.clone()).up().await.unwrap();
    assert!(failed(reads("base", "none").up().await).contains("does not export \"none\""));
    let text = failed(reads("base", "name").up().await);
    assert!(text.contains("export \"name\" of stack \"base\"") && text.contains("number"), "{text}");
    let report = reads("base", "size").up().await.unwrap();
    assert_eq!(format!("{:?}", report.exports["found"]), "3");
}
