//! When a replica is ready, and when it no longer is.

use std::net::TcpListener;
use std::time::Duration;

use agent::supervisor::{Probe, State};

use super::support::{World, http, reaches, soon};

#[tokio::test]
async fn ready_once_it_listens() {
    let world = World::new();
    let replica = world.supervisor.spawn(&world.service(&["--listen-after", "200"]), 0).await.unwrap();
    assert_eq!(*replica.state().borrow(), State::Starting);
    reaches(&replica, State::Ready).await;
}

#[tokio::test]
async fn ready_once_its_path_answers_200_and_not_when_it_ceases_to() {
    let world = World::new();
    let mut launch = world.service(&["--ready-after", "300", "--unready-after", "1500"]);
    launch.readiness.probe = http("/healthz?full=1");
    let replica = world.supervisor.spawn(&launch, 0).await.unwrap();
    soon(async { while tokio::net::TcpStream::connect(("127.0.0.1", replica.port())).await.is_err() {} }).await;
    reaches(&replica, State::Ready).await;
    reaches(&replica, State::NotReady).await;
}

#[tokio::test]
async fn an_answer_other_than_200_in_time_is_not_ready() {
    let world = World::new();
    let mut failing = world.service(&["--error-every", "1"]);
    failing.readiness.probe = http("/");
    let mut slow = world.service(&["--slow", "60000"]);
    slow.readiness.probe = http("/");
    slow.readiness.timeout = Duration::from_millis(50);
    for (index, launch) in [(0, failing), (1, slow)] {
        let replica = world.supervisor.spawn(&launch, index).await.unwrap();
        soon(async { while tokio::net::TcpStream::connect(("127.0.0.1", replica.port())).await.is_err() {} }).await;
        stays(&replica, State::Starting).await;
    }
}

#[tokio::test]
async fn http2_by_prior_knowledge_is_asked_as_such() {
    let world = World::new();
    let mut launch = world.service(&[]);
    launch.readiness.probe = Probe::Http { path: "/healthz".to_owned(), http2: true };
    let replica = world.supervisor.spawn(&launch, 0).await.unwrap();
    reaches(&replica, State::Ready).await;
}

#[tokio::test]
async fn a_stranger_on_its_port_does_not_make_it_ready() {
    let world = World::new();
    let script = "while [ ! -e go ]; do sleep 0.05; done; exec \"$SERVICE\"";
    let replica = world.supervisor.spawn(&world.script(script), 0).await.unwrap();
    let stranger = TcpListener::bind(("127.0.0.1", replica.port())).unwrap();
    stays(&replica, State::Starting).await;
    drop(stranger);
    std::fs::write(world.path().join("go"), "").unwrap();
    reaches(&replica, State::Ready).await;
}

#[tokio::test]
async fn the_server_of_a_wrapper_makes_it_ready_and_its_death_ends_that() {
    let world = World::new();
    let replica = world.supervisor.spawn(&world.script("\"$SERVICE\" & wait; sleep 60"), 0).await.unwrap();
    reaches(&replica, State::Ready).await;
    let leader = replica.identity().pid;
    let server = world.pids().into_iter().find(|pid| *pid != leader).unwrap();
    super::stopping::kill(server);
    reaches(&replica, State::NotReady).await;
    assert!(world.pids().contains(&leader));
}

/// Watches for a while: a state that changes late would be missed, one that must not change is never reported wrongly.
async fn stays(replica: &agent::supervisor::Replica, wanted: State) {
    let mut state = replica.state();
    let changed = tokio::time::timeout(Duration::from_millis(700), state.wait_for(|state| *state != wanted)).await;
    assert!(changed.is_err(), "it is {:?}", *replica.state().borrow());
}
