//! `ignore_changes` and `replace_on_changes`, of whole inputs and of parts.

use devopsflow::{Options, Step};

use crate::lab::{Lab, one, refused, steps};
use crate::world::Thing;

fn labels<const N: usize>(
    labels: [(&'static str, &'static str); N],
    options: Options,
) -> impl Fn(Thing) -> Thing + Send + Sync + 'static {
    move |thing| thing.labels(labels).with(options.clone())
}

#[tokio::test]
async fn a_part_of_an_input_is_passed_over_and_the_rest_is_not() {
    let lab = Lab::default();
    let ignoring = |what: &str| Options::new().ignore_changes(what);
    lab.up(one(labels([("team", "a"), ("tier", "1")], Options::new()))).await;
    let part = r#"labels["team"]"#;
    let same = lab.stack(one(labels([("team", "b"), ("tier", "1")], ignoring(part)))).preview().await.unwrap();
    assert!(same.summary.is_empty(), "{same:?}");
    assert_eq!(lab.up(one(labels([("team", "b"), ("tier", "2")], ignoring(part)))).await, ["update one"]);
    let held = lab.thing("one").unwrap().labels.unwrap();
    assert_eq!((held["team"].as_str(), held["tier"].as_str()), ("a", "2"));
    // Leaving the part out, or every one, is a change of it as well.
    assert_eq!(lab.up(one(labels([("tier", "2")], ignoring("labels.team")))).await, [""; 0]);
    assert_eq!(lab.up(one(labels([("more", "x")], ignoring("labels[*]")))).await, [""; 0]);
    assert_eq!(lab.up(one(|thing| thing.text("x").kind("y").with(Options::new().ignore_changes("*")))).await, [""; 0]);
    assert_eq!(lab.up(one(labels([("tier", "2")], Options::new()))).await, ["update one"]);
    assert_eq!(lab.thing("one").unwrap().labels.unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_passed_over_is_given_when_it_is_made() {
    let lab = Lab::default();
    lab.up(one(|thing| thing.text("first").with(Options::new().ignore_changes("text")))).await;
    assert_eq!(lab.thing("one").unwrap().text.as_deref(), Some("first"));
}

#[tokio::test]
async fn an_option_that_names_nothing_is_refused_with_the_place() {
    let lab = Lab::default();
    let text = refused(lab.stack(one(|thing| thing.with(Options::new().ignore_changes("txet")))).up().await);
    assert!(text.starts_with("test_thing.one (") && text.contains("lab.rs:"), "{text}");
    assert!(text.contains("`ignore_changes` names \"txet\"") && text.contains("kind, label, labels"), "{text}");
    let text = refused(lab.stack(one(|thing| thing.with(Options::new().replace_on_changes("labels[")))).up().await);
    assert!(text.contains("`replace_on_changes` cannot name \"labels[\"") && text.contains("expected"), "{text}");
    // What the provider gives cannot be passed over, but can be a reason to replace.
    let text = refused(lab.stack(one(|thing| thing.with(Options::new().ignore_changes("url")))).up().await);
    assert!(text.contains("names \"url\""), "{text}");
    lab.up(one(|thing| thing.with(Options::new().replace_on_changes("url")))).await;
}

#[tokio::test]
async fn a_changed_part_replaces_and_the_plan_names_it() {
    let lab = Lab::default();
    let replacing = || Options::new().replace_on_changes(r#"labels["team"]"#);
    lab.up(one(labels([("team", "a"), ("tier", "1")], replacing()))).await;
    assert_eq!(lab.up(one(labels([("team", "a"), ("tier", "2")], replacing()))).await, ["update one"]);
    lab.events();
    let report = lab.stack(one(labels([("team", "b"), ("tier", "2")], replacing()))).preview().await.unwrap();
    assert_eq!(steps(&report)["one"], Step::Replace);
    let replace = lab.events().into_iter().find_map(|event| match event {
        devopsflow::Event::Planned { replace, .. } => Some(replace),
        _ => None,
    });
    assert_eq!(replace.unwrap()[0].to_string(), "labels.team");
    let done = lab.up(one(labels([("team", "b"), ("tier", "2")], replacing()))).await;
    assert_eq!(done, ["create one", "delete one"]);
}
