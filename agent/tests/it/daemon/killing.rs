//! The agent is killed at any moment of a rollout, and the next one goes on.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

use rollout::machine::Action;
use rollout::wire::{Outcome, PauseReason, StartRequest, StatusWord};
use rollout_runner::{Record, Store};

use super::load::{Load, opens};
use super::rig::{Rig, plan};

/// How often the agent is killed; `AGENT_KILLS` says more.
const KILLS: u64 = 25;

/// Any number below `limit`.
fn random(limit: u64) -> u64 {
    RandomState::new().hash_one(0) % limit
}

/// What the journal of an agent that does not run holds of the service, and the replicas by revision and number.
fn recorded(rig: &Rig) -> (Record, BTreeMap<(String, u32), i32>) {
    let (store, _) = Store::open(rig.path()).unwrap();
    let replicas = store.target("api/").into_iter().map(|(key, value)| {
        let index = u32::try_from(value["index"].as_u64().unwrap()).unwrap();
        let pid = i32::try_from(value["pid"].as_i64().unwrap()).unwrap();
        ((key.split('/').nth(1).unwrap().to_owned(), index), pid)
    });
    (store.services().remove("api").expect("the service is recorded"), replicas.collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_it_goes_on_where_it_was() {
    let kills = std::env::var("AGENT_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let mut rig = Rig::started().await;
    rig.deploy("v0", &[]).await;
    let load = Load::start(rig.port, 50);
    let began = Instant::now();
    let mut gaps: Vec<(Duration, Duration)> = Vec::new();
    let (mut stable, mut outcomes) = ("v0".to_owned(), BTreeMap::<String, u64>::new());
    for round in 1..=kills {
        let good = round % 2 == 0;
        let version = format!("v{round}");
        let request = rig.request(&version, if good { &[] } else { &["--error-every", "2"] }).await;
        let request =
            StartRequest { plan: plan(&[(20, 400), (60, if good { 400 } else { 60_000 })], &["errors"]), ..request };
        let rollout = rig.client.start(request).await.unwrap().rollout_id.unwrap();
        let delay = random(1_500);
        tokio::time::sleep(Duration::from_millis(delay)).await;
        // Now and then it is paused, so that nothing but the restart could raise its share.
        let paused = round % 3 == 0 && rig.client.steer("api", Action::Pause, Some(rollout.clone())).await.is_ok();

        gaps.push((began.elapsed(), Duration::MAX));
        rig.kill();
        let (record, replicas) = recorded(&rig);
        let before = record.state.view();
        let context =
            format!("round {round}: {version} killed after {delay} ms in {:?} at {}", before.phase, before.weight);
        rig.start().await;
        let status = rig.status().await;
        let alive: BTreeMap<_, _> =
            rig.replicas().into_iter().map(|found| ((found.marker.revision, found.marker.index), found.pid)).collect();
        for replica in before.stable.iter().flat_map(|id| (0..2).map(|index| (id.to_string(), index))) {
            if let (Some(recorded), Some(running)) = (replicas.get(&replica), alive.get(&replica)) {
                assert_eq!(recorded, running, "{context}: replica {replica:?} was restarted");
            }
        }
        if paused {
            assert!(
                status.paused.contains(&PauseReason::Operator) || status.rollout_id != Some(rollout.clone()),
                "{context}"
            );
            assert!(status.weight <= before.weight, "{context}: {} after the restart", status.weight);
            opens(rig.address()).await;
            let now = rig.status().await;
            let same = now.rollout_id == Some(rollout.clone());
            assert!(!same || now.weight <= before.weight, "{context}: {} while it is paused", now.weight);
            // It may be on its way back by now.
            let _ = rig.client.steer("api", Action::Resume, Some(rollout.clone())).await;
        } else {
            assert!(status.weight <= before.weight || status.step_index >= before.step_index, "{context}");
            opens(rig.address()).await;
        }
        gaps.last_mut().unwrap().1 = began.elapsed();

        if good {
            stable.clone_from(&version);
        }
        let word = if good { StatusWord::Healthy } else { StatusWord::RolledBack };
        let status = rig.settles(&stable, word).await;
        let history = rig.client.history("api").await.unwrap();
        assert_eq!(history[0].rollout_id, rollout, "{context}");
        assert_eq!(history[0].outcome, if good { Outcome::Promoted } else { Outcome::RolledBack }, "{context}");
        *outcomes.entry(format!("{:?}", before.phase)).or_default() += 1;
        let id = status.stable.as_ref().unwrap().id.clone();
        let running = rig.replicas();
        assert_eq!(running.len(), 2, "{context}: none missing, none extra: {running:?}");
        assert!(running.iter().all(|found| found.marker.revision == id.as_str()), "{context}: {running:?}");
        if round % 5 == 0 {
            gaps.push((began.elapsed(), Duration::MAX));
            rig.client.stop(false).await.unwrap();
            assert!(rig.ended(0).await.success());
            let (record, replicas) = recorded(&rig);
            let view = record.state.view();
            assert_eq!((&view.weights, &view.fleet), (&status.weights, &status.fleet), "{context}: journal and state");
            let pids: Vec<_> = running.iter().map(|found| found.pid).collect();
            let mut recorded: Vec<_> = replicas.into_values().collect();
            recorded.sort_unstable();
            assert_eq!(recorded, pids, "{context}: journal and processes");
            rig.start().await;
            opens(rig.address()).await;
            gaps.last_mut().unwrap().1 = began.elapsed();
        }
    }
    let tally = load.finish().await;
    // What was in flight at the kill is lost, and what comes before the next agent listens.
    let margin = Duration::from_millis(1_500);
    let lost: Vec<_> = tally
        .failed
        .iter()
        .filter(|(at, _)| {
            !gaps.iter().any(|(from, to)| *at + margin >= *from && *at <= *to + Duration::from_millis(200))
        })
        .collect();
    assert!(lost.is_empty(), "lost while an agent served: {lost:?}");
    let longest = gaps.iter().map(|(from, to)| to.saturating_sub(*from)).max();
    println!(
        "{kills} kills, in {outcomes:?}; {} sent, {} lost; longest gap {longest:?}",
        tally.sent,
        tally.failed.len()
    );
}
