//! Ends: asked for, by itself, and of everything that belongs to a replica.

use std::time::Duration;

use agent::supervisor::{Exit, State};
use rustix::process::{Pid, Signal, kill_process};

use super::support::{DEADLINE, World, reaches, soon, until};

pub(super) fn kill(pid: i32) {
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
}

#[tokio::test]
async fn a_wrapper_and_its_server_are_gone_when_stop_returns() {
    let world = World::new();
    let replica = world.supervisor.spawn(&world.script("\"$SERVICE\" & wait"), 0).await.unwrap();
    reaches(&replica, State::Ready).await;
    assert_eq!(world.pids().len(), 2);
    assert_eq!(soon(replica.stop(DEADLINE)).await, Exit::Signal(15));
    assert!(world.pids().is_empty());
    assert_eq!(*replica.state().borrow(), State::NotReady);
    assert_eq!(soon(replica.stop(DEADLINE)).await, Exit::Signal(15), "again is no error");
}

#[tokio::test]
async fn what_ignores_sigterm_is_killed_after_its_time() {
    let world = World::new();
    let launch = world.script("trap '' TERM; \"$SERVICE\" --ignore-term 1 & wait; wait");
    let replica = world.supervisor.spawn(&launch, 0).await.unwrap();
    reaches(&replica, State::Ready).await;
    assert_eq!(soon(replica.stop(Duration::from_millis(200))).await, Exit::Signal(9));
    assert!(world.pids().is_empty());
}

#[tokio::test]
async fn a_leader_that_goes_first_gives_its_server_time_to_finish() {
    let world = World::new();
    // The shell dies of SIGTERM at once; its child finishes its work first.
    let script = "sh -c 'trap \"sleep 0.5; echo finished; exit\" TERM; echo up; while :; do sleep 0.05; done' & wait";
    let replica = world.supervisor.spawn(&world.script(script), 0).await.unwrap();
    let log = world.path().join("logs/r1-0.log");
    until("the trap is set", || std::fs::read_to_string(&log).unwrap() == "up\n");
    assert_eq!(soon(replica.stop(DEADLINE)).await, Exit::Signal(15));
    assert!(std::fs::read_to_string(&log).unwrap().ends_with("finished\n"));
    assert!(world.pids().is_empty());
}

#[tokio::test]
async fn a_replica_that_exits_takes_its_children_with_it() {
    let world = World::new();
    let script = "\"$SERVICE\" & while [ ! -e go ]; do sleep 0.05; done; exit 7";
    let replica = world.supervisor.spawn(&world.script(script), 0).await.unwrap();
    reaches(&replica, State::Ready).await;
    std::fs::write(world.path().join("go"), "").unwrap();
    assert_eq!(soon(replica.exited()).await, Exit::Code(7));
    assert!(world.pids().is_empty());
    assert_eq!(*replica.state().borrow(), State::NotReady);
}

#[tokio::test]
async fn a_child_that_left_the_group_is_ended_too() {
    let world = World::new();
    let replica = world.supervisor.spawn(&world.script("setsid sleep 60 & wait"), 0).await.unwrap();
    let leader = replica.identity().pid;
    let in_own_group =
        |pid: &i32| rustix::process::getpgid(Pid::from_raw(*pid)).is_ok_and(|group| group.as_raw_pid() != leader);
    until("one left the group", || world.pids().iter().any(in_own_group));
    soon(replica.stop(DEADLINE)).await;
    assert!(world.pids().is_empty());
}

#[tokio::test]
async fn a_stop_goes_on_when_nobody_waits_for_it() {
    let world = World::new();
    let replica = world.supervisor.spawn(&world.service(&[]), 0).await.unwrap();
    reaches(&replica, State::Ready).await;
    let _ = tokio::time::timeout(Duration::ZERO, replica.stop(DEADLINE)).await;
    assert_eq!(soon(replica.exited()).await, Exit::Signal(15));
}
