//! A number of replicas that stays.

use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use agent::supervisor::{Event, Exit, Keeper, Launch, Replica, SpawnError};
use tokio::sync::mpsc::UnboundedReceiver;

use super::stopping::kill;
use super::support::{World, soon, until};

async fn next(events: &mut UnboundedReceiver<Event>) -> Event {
    soon(events.recv()).await.expect("the keeper lives")
}

async fn started(events: &mut UnboundedReceiver<Event>) -> Arc<Replica> {
    match next(events).await {
        Event::Started { replica } => replica,
        other => panic!("expected a start, got {other:?}"),
    }
}

/// The next `count` starts; each is told of before it is ready.
async fn ready(events: &mut UnboundedReceiver<Event>, count: usize) -> Vec<Arc<Replica>> {
    let (mut replicas, mut ready) = (Vec::<Arc<Replica>>::new(), 0);
    while ready < count {
        match next(events).await {
            Event::Started { replica } => replicas.push(replica),
            Event::Ready { index } => {
                assert!(replicas.iter().any(|replica| replica.identity().index == index), "{index} was not told of");
                ready += 1;
            }
            other => panic!("expected starts, got {other:?}"),
        }
    }
    replicas.sort_by_key(|replica| replica.identity().index);
    replicas
}

#[tokio::test]
async fn the_number_of_replicas_follows_what_is_wanted() {
    let world = World::new();
    let (keeper, mut events) = Keeper::start(world.supervisor.clone(), world.service(&[]), 1, Vec::new());
    let first = ready(&mut events, 1).await;
    keeper.set_replicas(3);
    let others = ready(&mut events, 2).await;
    assert_eq!(others.iter().map(|replica| replica.identity().index).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(world.pids().len(), 3);

    keeper.set_replicas(1);
    let mut ended = Vec::new();
    for _ in 0..2 {
        match next(&mut events).await {
            Event::Exited { index, exit: Exit::Signal(15), expected: true } => ended.push(index),
            other => panic!("expected an end, got {other:?}"),
        }
    }
    ended.sort_unstable();
    assert_eq!(ended, [1, 2]);
    assert_eq!(world.pids(), [first[0].identity().pid]);

    keeper.set_replicas(2);
    assert_eq!(ready(&mut events, 1).await[0].identity().index, 1);
    soon(keeper.end()).await;
    assert!(world.pids().is_empty());
    assert!(matches!(next(&mut events).await, Event::Exited { expected: true, .. }));
}

#[tokio::test]
async fn a_killed_replica_is_told_of_and_started_again() {
    let world = World::new();
    let (_keeper, mut events) = Keeper::start(world.supervisor.clone(), world.service(&[]), 1, Vec::new());
    let first = ready(&mut events, 1).await.remove(0);
    kill(first.identity().pid);
    assert!(matches!(next(&mut events).await, Event::NotReady { index: 0 }));
    let exited = next(&mut events).await;
    assert!(matches!(exited, Event::Exited { index: 0, exit: Exit::Signal(9), expected: false }), "{exited:?}");
    let second = ready(&mut events, 1).await.remove(0);
    assert_ne!(second.identity().pid, first.identity().pid);
    assert_eq!(second.identity().index, 0);
}

#[tokio::test]
async fn a_replica_that_is_unwanted_while_it_waits_for_its_restart_stays_away() {
    let world = World::new();
    let (keeper, mut events) = Keeper::start(world.supervisor.clone(), world.launch(&["false"]), 1, Vec::new());
    started(&mut events).await;
    while !matches!(next(&mut events).await, Event::Exited { exit: Exit::Code(1), expected: false, .. }) {}
    soon(keeper.end()).await;
    assert!(events.recv().await.is_none(), "nothing was started again");
}

#[tokio::test]
async fn the_time_to_stop_can_be_changed_while_it_runs() {
    let world = World::new();
    let launch = Launch { stop_timeout: Duration::from_hours(1), ..world.service(&["--ignore-term", "1"]) };
    let (keeper, mut events) = Keeper::start(world.supervisor.clone(), launch, 1, Vec::new());
    ready(&mut events, 1).await;
    keeper.set_stop_timeout(Duration::from_millis(100));
    soon(keeper.end()).await;
    let exited = next(&mut events).await;
    assert!(matches!(exited, Event::Exited { index: 0, exit: Exit::Signal(9), expected: true }), "{exited:?}");
}

#[tokio::test]
async fn a_file_that_changed_is_not_started_until_it_is_put_back() {
    let world = World::new();
    let program = world.copy_of_service("program");
    let (_keeper, mut events) = Keeper::start(world.supervisor.clone(), world.launch(&["./program"]), 1, Vec::new());
    let first = ready(&mut events, 1).await.remove(0);
    fs::rename(&program, world.path().join("aside")).unwrap();
    let script = world.executable("program", "#!/bin/sh\nexec sleep 60\n");
    kill(first.identity().pid);
    let error = loop {
        match next(&mut events).await {
            Event::CannotStart { index: 0, error } => break error,
            Event::Started { replica } => panic!("{:?} was started", replica.identity()),
            _ => {}
        }
    };
    assert!(
        matches!(&error, SpawnError::HashDiffers { expected, .. } if *expected == first.identity().sha256),
        "{error}"
    );
    assert!(Command::new("mv").arg(world.path().join("aside")).arg(script).status().unwrap().success());
    let again = loop {
        match next(&mut events).await {
            Event::Started { replica } => break replica,
            Event::CannotStart { .. } => {}
            other => panic!("expected a start, got {other:?}"),
        }
    };
    assert_eq!(again.identity().sha256, first.identity().sha256);
}

#[tokio::test]
async fn a_dropped_keeper_leaves_its_replicas_to_the_next() {
    let world = World::new();
    let launch = world.service(&[]);
    let (keeper, mut events) = Keeper::start(world.supervisor.clone(), launch.clone(), 3, Vec::new());
    let first = ready(&mut events, 3).await;
    drop(keeper);
    let pids = world.pids();
    assert!(soon(events.recv()).await.is_none(), "nobody keeps them any more");
    assert_eq!(world.pids(), pids);

    let adopted: Vec<_> =
        first.iter().map(|replica| world.supervisor.adopt(replica.identity().clone(), &launch).unwrap()).collect();
    // One fewer is wanted than was adopted.
    let (keeper, mut events) = Keeper::start(world.supervisor.clone(), launch, 2, adopted);
    let mut surplus = None;
    let mut started = 0;
    let mut ready = 0;
    while surplus.is_none() || started < 3 || ready < 2 {
        match next(&mut events).await {
            Event::Started { .. } => started += 1,
            Event::Ready { .. } => ready += 1,
            Event::Exited { index, expected: true, .. } => surplus = Some(index),
            other => panic!("unexpected {other:?}"),
        }
    }
    assert_eq!(surplus, Some(2));
    until("two are left", || world.pids().len() == 2);
    assert!(world.pids().iter().all(|pid| pids.contains(pid)));
    soon(keeper.end()).await;
    assert!(world.pids().is_empty());
}

#[tokio::test]
async fn what_is_missing_of_what_was_adopted_waits_until_somebody_says_how_many() {
    let world = World::new();
    let launch = world.service(&[]);
    let (keeper, mut events) = Keeper::start(world.supervisor.clone(), launch.clone(), 3, Vec::new());
    let mut first = ready(&mut events, 3).await;
    drop(keeper);
    first.sort_by_key(|replica| replica.identity().index);
    let dead = first.remove(1);
    kill(dead.identity().pid);
    soon(dead.exited()).await;
    let pids = world.pids();
    let adopted =
        first.iter().map(|replica| world.supervisor.adopt(replica.identity().clone(), &launch).unwrap()).collect();
    let (keeper, mut events) = Keeper::adopt(world.supervisor.clone(), launch, adopted);
    ready(&mut events, 2).await;
    assert_eq!(world.pids(), pids);
    keeper.set_replicas(3);
    let replica = started(&mut events).await;
    assert_eq!(replica.identity().index, 1);
    soon(keeper.end()).await;
    assert!(world.pids().is_empty());
}
