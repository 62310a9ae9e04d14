//! Disks that are full, or that fail.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rollout::Weight;
use rollout::machine::Action;
use rollout::wire::{Error, Happening, StatusWord};
use rollout_runner::Store;

use crate::world::{World, plan, request, service};

#[tokio::test(start_paused = true)]
async fn with_a_full_disk_nothing_new_begins_and_what_runs_is_served_on() {
    let world = World::new().await;
    world.deploy("v1").await;
    let fake = world.fake();
    let before = world.status();
    let given = fake.lock().given.clone();
    world.disk.fill(true);
    let start = |generation| world.host.start(request("v2", generation, plan(&[(20, 10)], &[])));
    assert!(matches!(start(before.generation).await, Err(Error::DiskFull(_))));
    let configured = world.host.configure(service(5), before.generation).await;
    assert!(matches!(configured, Err(Error::DiskFull(_))));
    assert_eq!(fake.lock().service, Some(service(2)), "the old settings are in effect again");
    assert!(matches!(world.host.acknowledge("api", 1).await, Err(Error::DiskFull(_))));
    assert!(matches!(world.host.remove("api").await, Err(Error::DiskFull(_))));
    let mut other = request("v1", 0, plan(&[], &[]));
    other.service.name = "other".to_owned();
    assert!(matches!(world.host.start(other).await, Err(Error::DiskFull(_))));
    assert!(matches!(world.host.status("other"), Err(Error::NotFound(_))));
    tokio::time::sleep(Duration::from_secs(100)).await;
    let status = world.status();
    assert!(status.degraded.is_some_and(|why| why.contains("no space left")));
    assert_eq!((status.generation, status.weights), (before.generation, before.weights));
    assert!(!fake.lock().removed);
    assert_eq!(fake.lock().given, given);
    world.disk.fill(false);
    world.until("it is over", |status| status.degraded.is_none()).await;
    start(before.generation).await.unwrap();
    world.settles("v2").await;
}

#[tokio::test(start_paused = true)]
async fn a_bad_candidate_is_taken_back_with_a_full_disk_and_it_is_told_later() {
    let world = World::new().await;
    let one = world.deploy("v1").await.stable.unwrap().id;
    let two = world.canary("v2", &[(20, 1_000)], &["errors"]).await;
    world.until("v2 has traffic", |status| status.weight > Weight::ZERO).await;
    let fake = world.fake();
    world.disk.fill(true);
    fake.change(|inner| inner.unrecorded = true);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(world.status().weight.basis_points(), 2_000);
    let last = world.status().last_event;
    fake.serve(&one, 400, 0);
    fake.serve(&two, 100, 50);
    world.until("users are off it", |_| !fake.lock().weights.contains_key(&two)).await;
    world.until("its replicas are gone", |_| !fake.lock().fleet.contains_key(&two)).await;
    assert_eq!(world.host.events(None, last), []);
    world.disk.fill(false);
    let status = world.settles("v1").await;
    assert_eq!(status.status, StatusWord::RolledBack);
    let events = world.host.events(None, last);
    let count = |what: fn(&Happening) -> bool| events.iter().filter(|event| what(&event.happening)).count();
    assert_eq!(count(|what| matches!(what, Happening::TakingBack { .. })), 1, "{events:#?}");
    assert_eq!(count(|what| matches!(what, Happening::Ended(_))), 1, "{events:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_good_candidate_gets_nothing_more_while_the_disk_is_full() {
    let world = World::new().await;
    world.deploy("v1").await;
    let two = world.canary("v2", &[(20, 10), (50, 10)], &["errors"]).await;
    world.until("v2 has traffic", |status| status.weight > Weight::ZERO).await;
    world.disk.fill(true);
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert_eq!(world.fake().lock().weights[&two].basis_points(), 2_000);
    assert!(matches!(world.host.steer("api", Action::PromoteFull, None).await, Err(Error::DiskFull(_))));
    assert!(matches!(world.host.steer("api", Action::Pause, None).await, Err(Error::DiskFull(_))));
    assert_eq!(world.status().paused, []);
    world.disk.fill(false);
    world.settles("v2").await;
    assert_eq!(world.fake().lock().unannounced, []);
}

#[tokio::test(start_paused = true)]
async fn a_person_takes_a_candidate_back_with_a_full_disk() {
    let world = World::new().await;
    world.deploy("v1").await;
    let two = world.canary("v2", &[(20, 1_000)], &[]).await;
    world.until("v2 has traffic", |status| status.weight > Weight::ZERO).await;
    world.disk.fill(true);
    world.fake().change(|inner| inner.unrecorded = true);
    world.host.steer("api", Action::Abort, None).await.unwrap();
    let fake = world.fake();
    world.until("users are off it", |_| !fake.lock().weights.contains_key(&two)).await;
}

#[tokio::test(start_paused = true)]
async fn a_host_that_starts_with_a_full_disk_serves_and_guards() {
    let world = World::new().await;
    let one = world.deploy("v1").await.stable.unwrap().id;
    let two = world.canary("v2", &[(20, 1_000)], &["errors"]).await;
    world.until("v2 has traffic", |status| status.weight > Weight::ZERO).await;
    world.disk.fill(true);
    let next = world.reopened(false).await;
    let fake = next.fake();
    fake.change(|inner| inner.unrecorded = true);
    next.until("users are served", |_| fake.lock().weights.contains_key(&one)).await;
    assert_eq!(fake.lock().weights.get(&two).map(|share| share.basis_points()), Some(2_000));
    tokio::time::sleep(Duration::from_secs(10)).await;
    fake.serve(&one, 400, 0);
    fake.serve(&two, 100, 50);
    next.until("users are off it", |_| !fake.lock().weights.contains_key(&two)).await;
}

#[tokio::test(start_paused = true)]
async fn a_journal_that_failed_is_opened_again_and_what_it_holds_counts() {
    let world = World::new().await;
    let before = world.deploy("v1").await;
    for syncs in 1..4 {
        let generation = world.status().generation;
        world.disk.break_syncs(syncs);
        let refused = world.host.start(request(&format!("v{syncs}x"), generation, plan(&[(20, 10)], &[]))).await;
        assert!(matches!(refused, Err(Error::Internal(_))), "{refused:?}");
        world.until("it works again", |status| status.degraded.is_none()).await;
        let status = world.status();
        assert_eq!((status.generation, &status.stable, status.candidate), (generation, &before.stable, None));
    }
    let world = world.reopened(false).await;
    let status = world.settles("v1").await;
    assert_eq!(status.candidate, None, "what was refused did not begin after all");
    world.canary("v2", &[(20, 10)], &[]).await;
    world.settles("v2").await;
    let seqs: Vec<u64> = world.host.events(None, 0).iter().map(|event| event.seq).collect();
    assert!(seqs.is_sorted_by(|a, b| a < b), "{seqs:?}");
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_service_is_recorded_when_there_is_room_again() {
    let world = World::new().await;
    world.deploy("v1").await;
    let fake = world.fake();
    fake.removals.forget_permits(tokio::sync::Semaphore::MAX_PERMITS);
    let host = Arc::clone(&world.host);
    let removal = tokio::spawn(async move { host.remove("api").await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.disk.fill(true);
    fake.removals.add_permits(1);
    assert!(matches!(removal.await.unwrap(), Err(Error::DiskFull(_))));
    let given = fake.lock().given.len();
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert_eq!(fake.lock().given.len(), given, "it does not come back to life");
    world.disk.fill(false);
    let gone = async {
        while !matches!(world.host.status("api"), Err(Error::NotFound(_))) {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    tokio::time::timeout(crate::world::DEADLINE, gone).await.unwrap();
    world.host.close().await;
    let (store, _) = Store::on(Arc::new(world.disk.clone()), Path::new("state")).unwrap();
    assert!(store.services().is_empty());
}
