//! Many that want something at once.

use std::sync::Arc;
use std::time::Duration;

use rollout::machine::{Action, Refused};
use rollout::wire::Error;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::world::{World, plan, request, service};

#[tokio::test(start_paused = true)]
async fn of_two_that_planned_on_one_generation_one_begins() {
    let world = World::new().await;
    for round in 0..5 {
        let generation = world.host.status("api").map_or(0, |status| status.generation);
        let mut starts = JoinSet::new();
        for number in 0..20 {
            let host = Arc::clone(&world.host);
            let request = request(&format!("v{round}-{number}"), generation, plan(&[(20, 1)], &[]));
            starts.spawn(async move { host.start(request).await.map(|status| status.generation) });
        }
        let (begun, refused): (Vec<_>, Vec<_>) = starts.join_all().await.into_iter().partition(Result::is_ok);
        assert_eq!(begun.len(), 1, "{begun:?}");
        for error in refused {
            let Err(Error::Refused(Refused::Changed { expected, found })) = error else { panic!("{error:?}") };
            assert!(expected == generation && found > generation);
        }
        let version = world.status().candidate.map(|candidate| candidate.revision.version);
        if let Some(version) = version {
            world.settles(&version).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_many_want_at_once_there_is_one_truth() {
    let world = World::new().await;
    world.deploy("v0").await;
    for round in 0..20 {
        let mut asks = JoinSet::new();
        for number in 0..12_u32 {
            let host = Arc::clone(&world.host);
            let generation = host.status("api").map_or(0, |status| status.generation);
            asks.spawn(async move {
                // One after the other in an order of their own.
                for _ in 0..number % 4 {
                    tokio::task::yield_now().await;
                }
                match number % 6 {
                    0 if round % 4 == 3 => host.remove("api").await.map(|()| 0),
                    0 | 1 => host.configure(service(2 + number % 3), generation).await.map(|status| status.generation),
                    2 => host.steer("api", Action::Abort, None).await.map(|status| status.generation),
                    3 => host.acknowledge("api", generation).await.map(|status| status.acknowledged),
                    _ => {
                        let request = request(&format!("v{round}-{number}"), generation, plan(&[(20, 1)], &[]));
                        host.start(request).await.map(|status| status.generation)
                    }
                }
            });
        }
        for answer in asks.join_all().await {
            match answer {
                Ok(_)
                | Err(
                    Error::Refused(Refused::Changed { .. } | Refused::NotNow { .. })
                    | Error::NotFound(_)
                    | Error::Ending,
                ) => {}
                Err(error) => panic!("{error}"),
            }
        }
        tokio::time::sleep(Duration::from_mins(5)).await;
        let generation = match world.host.status("api") {
            Ok(status) => {
                assert!(!matches!(status.phase, rollout::wire::Phase::Preparing), "{status:#?}");
                status.generation
            }
            Err(error) => {
                assert_eq!(error, Error::NotFound("api".to_owned()));
                0
            }
        };
        if generation == 0 {
            world.deploy("v0").await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn while_a_service_ends_others_are_told_so_and_the_next_host_ends_it() {
    let mut world = World::new().await;
    world.deploy("v1").await;
    let fake = world.fake();
    fake.removals.forget_permits(Semaphore::MAX_PERMITS);
    let removal = || {
        let host = Arc::clone(&world.host);
        tokio::spawn(async move { host.remove("api").await })
    };
    let (one, two) = (removal(), removal());
    tokio::time::sleep(Duration::from_secs(1)).await;
    let generation = world.status().generation;
    let error = world.host.start(request("v2", generation, plan(&[], &[]))).await.unwrap_err();
    assert!(matches!(&error, Error::Refused(Refused::NotNow { .. })), "{error}");
    assert!(world.host.steer("api", Action::Pause, None).await.is_err());
    // Another service comes into being meanwhile.
    let mut other = request("v1", 0, plan(&[], &[]));
    other.service.name = "other".to_owned();
    world.host.start(other).await.unwrap();

    world.host.close().await;
    assert_eq!(one.await.unwrap(), Err(Error::Ending));
    assert_eq!(two.await.unwrap(), Err(Error::Ending));
    world = world.reopened(false).await;
    let gone = async {
        while world.host.status("api").is_ok() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    tokio::time::timeout(crate::world::DEADLINE, gone).await.unwrap();
    assert!(world.fake().lock().removed);
    assert_eq!(world.host.list().unwrap().len(), 1);
    // It can come back, as something new.
    let status = world.deploy("v3").await;
    assert_eq!(world.host.history("api").unwrap().len(), 1, "{status:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_service_whose_settings_are_refused_is_none() {
    let world = World::new().await;
    world.deploy("v1").await;
    world.fake().change(|inner| inner.refuses = true);
    let status = world.status();
    let refused = world.host.start(request("v2", status.generation, plan(&[], &[]))).await;
    assert!(matches!(refused, Err(Error::Invalid { .. })));
    assert!(matches!(world.host.configure(service(3), status.generation).await, Err(Error::Invalid { .. })));
    assert_eq!(world.status().generation, status.generation);
    let mut wrong = request("v1", 7, plan(&[], &[]));
    wrong.service.name = "other".to_owned();
    let refused = world.host.start(wrong).await;
    assert!(matches!(refused, Err(Error::Refused(Refused::Changed { expected: 7, found: 0 }))), "{refused:?}");
    assert!(world.fakes.all.lock().unwrap()["other"].lock().removed, "nothing is left of what did not begin");
    assert_eq!(world.host.list().unwrap().len(), 1);
}
