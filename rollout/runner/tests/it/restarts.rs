//! What a host that ends at any point leaves behind is gone on with.

use rollout::machine::{Action, Fleet, Policy};
use rollout::wire::{Happening, Outcome, PauseReason, StatusWord};
use rollout::{RevisionId, Weight};

use crate::world::{Given, World, plan, request};

/// The shares of a revision that were asked for, in order.
fn shares(given: &[Given], revision: &RevisionId) -> Vec<Weight> {
    let share = |given: &Given| match given {
        Given::Shift(weights) => Some(weights.get(revision).copied().unwrap_or_default()),
        Given::Ensure(..) => None,
    };
    given.iter().filter_map(share).collect()
}

#[tokio::test(start_paused = true)]
async fn every_command_is_in_the_journal_before_it_is_carried_out() {
    let world = World::new().await;
    world.deploy("v1").await;
    world.canary("v2", &[(20, 10), (50, 10)], &["errors"]).await;
    world.settles("v2").await;
    let bad = world.canary("v3", &[(20, 100)], &["errors"]).await;
    world.until("v3 has traffic", |status| status.weight > Weight::ZERO).await;
    let fake = world.fake();
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    let two = world.status().stable.unwrap().id;
    fake.serve(&two, 400, 0);
    fake.serve(&bad, 100, 50);
    let status = world.settles("v2").await;
    assert_eq!(status.status, StatusWord::RolledBack);
    let inner = fake.lock();
    assert!(inner.given.len() >= 8, "{:?}", inner.given);
    assert_eq!(inner.unannounced, []);
}

#[tokio::test(start_paused = true)]
async fn power_that_is_lost_before_or_after_any_command_loses_nothing() {
    let whole = {
        let world = World::new().await;
        world.deploy("v1").await;
        let before = world.fake().lock().given.len();
        world.canary("v2", &[(20, 10), (50, 10)], &[]).await;
        world.settles("v2").await;
        world.fake().lock().given.len() - before
    };
    assert!(whole >= 6, "{whole}");
    for commands in 0..whole {
        let world = World::new().await;
        let one = world.deploy("v1").await.stable.unwrap().id;
        world.fake().allow(commands);
        let two = world.canary("v2", &[(20, 10), (50, 10)], &[]).await;
        // The command after these was given and is not carried out.
        tokio::time::sleep(std::time::Duration::from_mins(1)).await;
        let left = world.status();
        let share = left.weights.get(&two).copied().unwrap_or_default();
        let next = world.after_crash().await;
        // Looked at before anything is waited for: from then on it may climb.
        let status = next.status();
        world.host.close().await;
        assert_eq!(status.rollout_id, left.rollout_id, "{commands}");
        assert!(status.weight <= share, "{commands}: {} after {share}", status.weight);
        next.settles("v2").await;
        let fake = next.fake();
        let inner = fake.lock();
        let shares = shares(&inner.given, &two);
        // An intent without a result comes back as the lower share, and climbs from there.
        assert!(shares[0] <= share, "{commands}: {shares:?} after {share}");
        assert!(shares.is_sorted(), "{commands}: {shares:?}");
        assert_eq!(inner.unannounced, []);
        assert!(!inner.fleet.contains_key(&one));
        let history = next.host.history("api").unwrap();
        assert_eq!(history.iter().filter(|ended| ended.revision == two).count(), 1);
        assert_eq!(history[0].outcome, Outcome::Promoted);
    }
}

#[tokio::test(start_paused = true)]
async fn events_are_neither_lost_nor_repeated() {
    let mut world = World::new().await;
    world.deploy("v1").await;
    world.canary("v2", &[(20, 10), (50, 10)], &["errors"]).await;
    let mut seen = world.host.events(None, 0);
    for _ in 0..12 {
        tokio::time::sleep(std::time::Duration::from_secs(4)).await;
        world = world.reopened(false).await;
        let last = seen.last().unwrap().seq;
        seen.extend(world.host.events(None, last));
        assert_eq!(world.host.events(None, 0), seen, "what was told is still told");
    }
    world.settles("v2").await;
    seen.extend(world.host.events(None, seen.last().unwrap().seq));
    assert!(seen.iter().enumerate().all(|(index, event)| event.seq == index as u64 + 1), "{seen:#?}");
    let count = |what: fn(&Happening) -> bool| seen.iter().filter(|event| what(&event.happening)).count();
    assert_eq!(count(|what| matches!(what, Happening::Started { .. })), 2);
    assert_eq!(count(|what| matches!(what, Happening::Ended(_))), 2);
    assert_eq!(*world.host.last_event().borrow(), seen.len() as u64);
}

#[tokio::test(start_paused = true)]
async fn a_gate_goes_on_from_what_it_knew() {
    for (restart, fails) in [(true, true), (false, true)] {
        let mut world = World::new().await;
        let one = world.deploy("v1").await.stable.unwrap().id;
        let two = world.canary("v2", &[(5, 1_000)], &["errors"]).await;
        world.until("v2 has traffic", |status| status.weight > Weight::ZERO).await;
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        // Two errors at 5 % are not enough, three are.
        world.fake().serve(&one, 95, 0);
        world.fake().serve(&two, 5, 2);
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        assert_eq!(world.status().status, StatusWord::Progressing);
        if restart {
            world = world.reopened(false).await;
            world.until("it goes on", |status| status.weight > Weight::ZERO).await;
            tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        }
        assert_eq!(world.status().status, StatusWord::Progressing, "nothing is counted twice");
        world.fake().serve(&one, 95, 0);
        world.fake().serve(&two, 5, 2);
        let status = world.settles("v1").await;
        assert_eq!(status.last_failure.is_some_and(|failure| failure.gate.as_deref() == Some("errors")), fails);
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_that_is_closed_does_nothing_more_and_the_next_one_does_the_rest() {
    for seconds in (0..30).step_by(3) {
        let world = World::new().await;
        world.deploy("v1").await;
        world.canary("v2", &[(20, 5), (50, 5)], &["errors"]).await;
        tokio::time::sleep(std::time::Duration::from_secs(seconds)).await;
        let (host, fake) = (std::sync::Arc::clone(&world.host), world.fake());
        host.close().await;
        let given = fake.lock().given.len();
        assert_eq!(host.status("api"), Err(rollout::wire::Error::Ending), "nobody is told that it is gone");
        assert_eq!(host.list(), Err(rollout::wire::Error::Ending));
        assert_eq!(host.remove("api").await, Err(rollout::wire::Error::Ending));
        tokio::time::sleep(std::time::Duration::from_mins(1)).await;
        assert_eq!(fake.lock().given.len(), given);
        let next = world.reopened(false).await;
        next.settles("v2").await;
        assert_eq!(next.fake().lock().unannounced, []);
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_service_gets_its_replicas_again_after_a_reboot() {
    let mut world = World::new().await;
    let status = world.deploy("v1").await;
    let id = status.stable.unwrap().id;
    for rebooted in [true, false] {
        world = world.reopened(rebooted).await;
        let fake = world.fake();
        world.until("users are served", |_| !fake.lock().weights.is_empty()).await;
        fake.ready(&id);
        let status = world.settles("v1").await;
        assert_eq!(status.status, StatusWord::Healthy);
        let given = fake.lock().given.clone();
        assert_eq!(given.len(), 2, "{given:?}");
        assert!(given.contains(&Given::Ensure(id.clone(), 2)), "{given:?}");
        assert!(given.contains(&Given::Shift(rollout::weight::all_to(&id))), "{given:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_phase_is_restored_after_a_reboot() {
    type Reach = fn(&rollout::wire::Status) -> bool;
    let phases: [(&str, Reach, bool); 3] = [
        ("preparing", |status| status.candidate.is_some() && status.weight == Weight::ZERO, false),
        ("holding", |status| status.weight.basis_points() == 2_000, false),
        ("paused", |status| status.paused.contains(&PauseReason::Operator), true),
    ];
    for (name, reach, paused) in phases {
        let world = World::new().await;
        let one = world.deploy("v1").await.stable.unwrap().id;
        world.fake().change(|inner| inner.unready = name == "preparing");
        let two = world.canary("v2", &[(20, 50)], &[]).await;
        if paused {
            world.until("it holds", |status| status.weight.basis_points() == 2_000).await;
            world.host.steer("api", Action::Pause, None).await.unwrap();
            // The time of the step is over, and its end waits only for a person.
            tokio::time::sleep(std::time::Duration::from_secs(100)).await;
        }
        let before = world.until(name, reach).await;
        let next = world.reopened(true).await;
        let fake = next.fake();
        let all_is_there = || {
            let inner = fake.lock();
            [&one, &two].iter().all(|id| inner.fleet.get(*id).is_some_and(|fleet| fleet.desired > 0))
                && !inner.weights.is_empty()
        };
        for _ in 0..100 {
            if !all_is_there() {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        }
        assert!(all_is_there(), "{name}");
        let share = fake.lock().weights.get(&two).copied().unwrap_or_default();
        assert!(share <= before.weight, "{name}: {share}");
        // One after the other, and the stable one first.
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        fake.ready(&one);
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        fake.ready(&two);
        if paused {
            tokio::time::sleep(std::time::Duration::from_secs(100)).await;
            assert_eq!(next.status().paused, [PauseReason::Operator]);
            assert!(next.status().weight <= before.weight);
            next.host.steer("api", Action::Resume, None).await.unwrap();
        }
        next.settles("v2").await;
        assert_eq!(next.host.history("api").unwrap()[0].outcome, Outcome::Promoted, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_stops_only_the_rollout_that_it_watched() {
    let world = World::new().await;
    world.deploy("v1").await;
    world.canary("v2", &[(20, 1_000)], &[]).await;
    let rollout = world.status().rollout_id.unwrap();
    let host = &world.host;
    let status = host.leave("api", "another".to_owned(), Policy::Rollback).await.unwrap();
    assert_eq!(status.status, StatusWord::Progressing);
    let status = host.leave("api", rollout.clone(), Policy::Pause).await.unwrap();
    assert_eq!(status.paused, [PauseReason::Interrupted]);
    let error = host.steer("api", Action::Abort, Some("another".to_owned())).await.unwrap_err();
    assert!(error.to_string().contains(&rollout), "{error}");
    host.leave("api", rollout, Policy::Rollback).await.unwrap();
    world.settles("v1").await;
    let generation = world.status().generation;
    let status = host.acknowledge("api", u64::MAX).await.unwrap();
    assert_eq!(status.acknowledged, generation, "nobody can have recorded what has not been yet");
    assert_eq!(host.acknowledge("api", 1).await.unwrap().acknowledged, generation);
}

#[tokio::test(start_paused = true)]
async fn a_candidate_that_crashes_is_taken_back_without_a_gate() {
    let world = World::new().await;
    let one = world.deploy("v1").await.stable.unwrap().id;
    let two = world.canary("v2", &[(50, 1_000)], &[]).await;
    world.until("v2 has traffic", |status| status.weight > Weight::ZERO).await;
    for exits in 1..=3 {
        world.fake().change(|inner| {
            let fleet = inner.fleet.entry(two.clone()).or_default();
            *fleet = Fleet { exits, ..*fleet };
        });
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    }
    let status = world.settles("v1").await;
    assert_eq!(status.weights, rollout::weight::all_to(&one));
    // A person can try it again; another request for it is refused.
    let error = world.host.start(request("v2", status.generation, plan(&[(50, 1)], &[]))).await.unwrap_err();
    assert!(error.to_string().contains("blocked"), "{error}");
}
