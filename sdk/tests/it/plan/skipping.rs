//! What is asked of the provider: nothing for what cannot have changed.

use devopsflow::{Event, Options, Source, Stack, Step};

use crate::lab::{Lab, one, steps};

#[tokio::test]
async fn unchanged_resources_are_not_planned_and_the_plan_says_that_it_did_not_look() {
    let lab = Lab::default();
    lab.up(one(|thing| thing.text("a"))).await;
    let plans = || std::mem::take(&mut lab.world.inner().plans);
    plans();
    lab.events();
    assert_eq!(lab.up(one(|thing| thing.text("a"))).await, [""; 0]);
    assert_eq!(plans(), 0);
    let looked = lab.events().into_iter().find_map(|event| match event {
        Event::PlanEnded { refreshed, .. } => Some(refreshed),
        _ => None,
    });
    assert_eq!(looked, Some(false));
    // Options that decide what a plan says are part of it; others are only recorded.
    lab.up(one(|thing| thing.text("a").with(Options::new().replace_on_changes("kind")))).await;
    assert!(plans() > 0);
    lab.up(one(|thing| thing.text("a").with(Options::new().replace_on_changes("kind").protect()))).await;
    assert_eq!(plans(), 0);
    assert!(lab.stack(|_| Ok(())).state().unwrap().live("test_thing.one").unwrap().protect);
}

#[tokio::test]
async fn another_build_of_the_provider_is_asked_again() {
    let lab = Lab::default();
    lab.up(one(|thing| thing.text("a"))).await;
    lab.world.inner().plans = 0;
    let Source::InProcess { make, .. } = lab.world.source() else { panic!("it runs in this process") };
    let newer = Source::InProcess { make, build: "2".to_owned() };
    let stack = Stack::new("shop", "dev", one(|thing| thing.text("a"))).unwrap();
    let stack = stack.store(lab.store.clone()).provider("test", newer);
    assert!(stack.up().await.unwrap().summary.is_empty());
    assert!(std::mem::take(&mut lab.world.inner().plans) > 0);
    stack.up().await.unwrap();
    assert_eq!(lab.world.inner().plans, 0);
}

#[tokio::test]
async fn drift_is_repaired_when_the_world_is_looked_at() {
    let lab = Lab::default();
    lab.up(one(|thing| thing.text("a"))).await;
    lab.world.inner().things.get_mut(&1).unwrap().text = Some("by hand".to_owned());
    let stack = lab.stack(one(|thing| thing.text("a")));
    assert!(stack.up().await.unwrap().summary.is_empty());
    let report = stack.up().with_refresh().await.unwrap();
    assert_eq!(steps(&report)["one"], Step::Update);
    assert_eq!(lab.thing("one").unwrap().text.as_deref(), Some("a"));
    lab.world.inner().things.clear();
    let report = stack.up().with_refresh().await.unwrap();
    assert_eq!((steps(&report)["one"], lab.labels().len()), (Step::Create, 1));
}
