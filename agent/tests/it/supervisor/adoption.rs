//! An agent that dies and one that comes back.

use std::fs;
use std::process::{Child, Stdio};
use std::time::Duration;

use agent::supervisor::{Exit, Identity, Launch, State, Supervisor};

use super::support::{DEADLINE, World, child, child_directory, reaches, script_launch, soon, until};

/// Prints, so that it also proves that the log takes lines while no agent runs.
const SCRIPT: &str = "\"$SERVICE\" & while :; do echo tick; sleep 0.05; done";

/// An agent that is killed when it is dropped.
struct Agent(Child);

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_outlive_a_killed_agent_and_are_adopted() {
    let world = World::new();
    let mut agent = Agent(
        child("supervisor::adoption::agent_child", world.path())
            .env("STATE_ID", &world.state_id)
            .stdout(Stdio::null())
            .spawn()
            .unwrap(),
    );
    let journal = world.path().join("journal.json");
    until("the agent has started its replicas", || journal.exists());
    let identities: Vec<Identity> = serde_json::from_slice(&fs::read(&journal).unwrap()).unwrap();
    assert_eq!(identities.len(), 2);
    agent.0.kill().unwrap();
    agent.0.wait().unwrap();

    let lines =
        |index: u32| fs::read_to_string(world.path().join(format!("logs/r1-{index}.log"))).unwrap().lines().count();
    for index in 0..2 {
        let before = lines(index);
        until("it runs on and logs", || lines(index) > before + 2);
    }
    // It was started and never journalled.
    let stray = 2;
    let known = |pids: &[i32]| identities.iter().all(|identity| pids.contains(&identity.pid));
    assert!(known(&world.pids()));
    assert!(agent::supervisor::find_marked(&world.state_id).unwrap().iter().any(|marked| marked.marker.index == stray));

    let launch = script_launch(world.path(), SCRIPT);
    let adopted: Vec<_> =
        identities.iter().map(|identity| world.supervisor.adopt(identity.clone(), &launch).expect("it runs")).collect();
    assert!(world.supervisor.end_strays(&identities).await.unwrap() >= 1);
    assert!(known(&world.pids()));
    assert!(agent::supervisor::find_marked(&world.state_id).unwrap().iter().all(|marked| marked.marker.index != stray));

    for (replica, identity) in adopted.iter().zip(&identities) {
        reaches(replica, State::Ready).await;
        assert_eq!(replica.identity(), identity);
    }
    // A port of an adopted replica is not handed out again.
    let fresh = world.supervisor.spawn(&world.service(&[]), 3).await.unwrap();
    assert!(identities.iter().all(|identity| identity.port != fresh.port()));
    soon(fresh.stop(DEADLINE)).await;

    assert_eq!(soon(adopted[0].stop(DEADLINE)).await, Exit::Unknown);
    let left = agent::supervisor::find_marked(&world.state_id).unwrap();
    assert!(!left.is_empty() && left.iter().all(|marked| marked.marker.index == 1), "{left:?}");
    // An exit by itself is noticed as well.
    super::stopping::kill(identities[1].pid);
    assert_eq!(soon(adopted[1].exited()).await, Exit::Unknown);
    assert!(world.pids().is_empty());
    assert!(world.supervisor.adopt(identities[1].clone(), &launch).is_none());
}

#[test]
#[ignore = "run as a child"]
fn agent_child() {
    let directory = child_directory();
    let supervisor = Supervisor::new(&std::env::var("STATE_ID").unwrap()).unwrap();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let launch = script_launch(&directory, SCRIPT);
        let mut identities = Vec::new();
        for index in 0..3 {
            let replica = supervisor.spawn(&launch, index).await.unwrap();
            reaches(&replica, State::Ready).await;
            identities.push(replica.identity().clone());
        }
        identities.pop();
        fs::write(directory.join("journal.new"), serde_json::to_vec(&identities).unwrap()).unwrap();
        fs::rename(directory.join("journal.new"), directory.join("journal.json")).unwrap();
        tokio::time::sleep(Duration::from_mins(5)).await;
    });
}

#[tokio::test]
async fn only_the_same_process_is_adopted() {
    let world = World::new();
    let launch = world.launch(&["sleep", "60"]);
    let replica = world.supervisor.spawn(&launch, 0).await.unwrap();
    let good = replica.identity().clone();
    let other_program = Identity { executable: "/bin/other".into(), ..good.clone() };
    let other_index = Identity { index: 1, ..other_program.clone() };
    let bad = [
        Identity { boot_id: "another boot".to_owned(), ..good.clone() },
        Identity { start_time: good.start_time + 1, ..good.clone() },
        Identity { pid: i32::try_from(std::process::id()).unwrap(), ..good.clone() },
        Identity { pid: 0, ..good.clone() },
        Identity { pid: -1, ..good.clone() },
        Identity { pid: i32::MAX, ..good.clone() },
        other_index,
    ];
    for identity in bad {
        assert!(world.supervisor.adopt(identity.clone(), &launch).is_none(), "{identity:?}");
    }
    assert!(world.supervisor.adopt(other_program, &launch).is_some(), "known by its marker");
    // Known by its executable when the marker is another one's.
    let renamed = Launch { service: "renamed".to_owned(), ..launch };
    assert!(world.supervisor.adopt(good, &renamed).is_some());
}

#[tokio::test]
async fn what_is_left_of_a_replica_that_is_gone_is_ended() {
    let world = World::new();
    let launch =
        Launch { stop_timeout: Duration::from_hours(1), ..world.script("\"$SERVICE\" --ignore-term 1 & wait") };
    let replica = world.supervisor.spawn(&launch, 0).await.unwrap();
    let kept = world.supervisor.spawn(&world.service(&[]), 1).await.unwrap();
    reaches(&replica, State::Ready).await;
    reaches(&kept, State::Ready).await;
    super::stopping::kill(replica.identity().pid);
    reaches(&replica, State::NotReady).await;
    assert!(world.supervisor.adopt(replica.identity().clone(), &launch).is_none());
    assert_eq!(world.pids().len(), 2, "its server lives");
    assert_eq!(world.supervisor.end_strays(&[kept.identity().clone()]).await.unwrap(), 1);
    assert_eq!(world.pids(), [kept.identity().pid]);
    assert_eq!(soon(replica.exited()).await, Exit::Signal(9));
}

#[tokio::test]
async fn a_script_that_became_its_server_is_adopted() {
    let world = World::new();
    let launch = world.script("sleep 0.2; exec \"$SERVICE\"");
    let replica = world.supervisor.spawn(&launch, 0).await.unwrap();
    reaches(&replica, State::Ready).await;
    let running = fs::read_link(format!("/proc/{}/exe", replica.identity().pid)).unwrap();
    assert_ne!(running, replica.identity().executable, "the test needs a program that was replaced");
    let adopted = world.supervisor.adopt(replica.identity().clone(), &launch).expect("the same process");
    reaches(&adopted, State::Ready).await;
}

#[tokio::test]
async fn a_replica_whose_file_was_replaced_is_adopted() {
    let world = World::new();
    let program = world.copy_of_service("program");
    let launch = world.launch(&["./program"]);
    let replica = world.supervisor.spawn(&launch, 0).await.unwrap();
    fs::remove_file(&program).unwrap();
    // Only the executable can recognise it.
    let renamed = Launch { service: "renamed".to_owned(), ..launch };
    assert!(world.supervisor.adopt(replica.identity().clone(), &renamed).is_some());
}
