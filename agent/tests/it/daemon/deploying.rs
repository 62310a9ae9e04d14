//! Services, their replicas and their users.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use rollout::wire::{Outcome, Phase, StatusWord};
use rollout::{Span, Weight};
use rollout_runner::Store;
use rollout_runner::store::Change;

use super::load::{Load, ask, get, opens};
use super::rig::{DEADLINE, Rig, end, free_port, plan};

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_deployed_and_the_next_one_climbs_and_wins() {
    let mut rig = Rig::started().await;
    let status = rig.deploy("v1", &[]).await;
    let one = status.stable.unwrap().id;
    assert_eq!(get(rig.address()).await, "v1");
    assert_eq!(rig.pids(&one).len(), 2);

    let load = Load::start(rig.port, 100);
    let request = rig.request("v2", &[]).await;
    let request = rollout::wire::StartRequest { plan: plan(&[(20, 1_000), (50, 500)], &["errors"]), ..request };
    let rollout = rig.client.start(request).await.unwrap().rollout_id.unwrap();
    rig.settles("v2", StatusWord::Healthy).await;
    let tally = load.finish().await;
    assert_eq!(tally.failed, []);
    assert!(tally.versions["v1"] > 0 && tally.versions["v2"] > 0, "{tally:?}");
    assert!(rig.pids(&one).is_empty(), "the old replicas are gone");

    let history = rig.client.history("api").await.unwrap();
    assert_eq!((history[0].rollout_id.as_str(), history[0].outcome), (rollout.as_str(), Outcome::Promoted));
    // All that happened, in order, none twice.
    let last = rig.status().await.last_event;
    let mut events = rig.client.watch(Some("api"), 0).await.unwrap();
    let mut seqs = Vec::new();
    while seqs.last() != Some(&last) {
        seqs.push(events.next().await.unwrap().unwrap().seq);
    }
    assert!(seqs.is_sorted_by(|a, b| a < b), "{seqs:?}");

    // The end of the service is the end of its events.
    rig.client.remove("api").await.unwrap();
    tokio::time::timeout(DEADLINE, async { while events.next().await.unwrap().is_some() {} }).await.unwrap();
    assert_eq!(rig.client.status("api").await.unwrap(), None);
    assert!(ask(rig.address(), "GET", "/").await.is_err(), "the port is closed");
    assert_eq!(rig.replicas(), []);
    rig.client.remove("api").await.unwrap();
    // And it can come back.
    rig.deploy("v1", &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_version_is_taken_back_and_users_keep_the_old_one() {
    let mut rig = Rig::started().await;
    let status = rig.deploy("v1", &[]).await;
    let one = rig.pids(&status.stable.unwrap().id);
    let load = Load::start(rig.port, 100);
    let mut request = rig.request("v2", &["--error-every", "2"]).await;
    request.plan = plan(&[(20, 60_000)], &["errors"]);
    rig.client.start(request.clone()).await.unwrap();
    let status = rig.settles("v1", StatusWord::RolledBack).await;
    assert_eq!(load.finish().await.failed, []);
    assert_eq!(rig.pids(&status.stable.as_ref().unwrap().id), one, "the replicas of v1 were left alone");
    assert_eq!(rig.replicas().len(), 2);
    let failure = status.last_failure.unwrap();
    assert_eq!((failure.version.as_str(), failure.gate.as_deref()), ("v2", Some("errors")));
    assert_eq!(get(rig.address()).await, "v1");
    let history = rig.client.history("api").await.unwrap();
    assert_eq!(history[0].outcome, Outcome::RolledBack);
    assert_eq!(history[0].highest_weight, Weight::from_basis_points(2_000).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_crashes_or_never_gets_ready_is_taken_back_and_nobody_notices() {
    let mut rig = Rig::started().await;
    rig.deploy("v1", &[]).await;
    let load = Load::start(rig.port, 50);
    for (version, flags, reason) in [
        ("crashes", ["--exit-after", "1"], "end by themselves"),
        ("hangs", ["--ready-after", "3600000"], "replicas of hangs are ready after 2s"),
    ] {
        let mut request = rig.request(version, &flags).await;
        request.plan = plan(&[(50, 60_000)], &[]);
        request.plan.progress_deadline = if version == "hangs" { Span::from_secs(2) } else { Span::from_mins(5) };
        rig.client.start(request).await.unwrap();
        let status = rig.settles("v1", StatusWord::RolledBack).await;
        let failure = status.last_failure.unwrap();
        assert_eq!(failure.version, version);
        assert!(failure.reason.contains(reason), "{}", failure.reason);
        assert_eq!(rig.client.history("api").await.unwrap()[0].highest_weight, Weight::ZERO);
    }
    let tally = load.finish().await;
    assert_eq!(tally.failed, []);
    assert_eq!(tally.versions.keys().collect::<Vec<_>>(), ["v1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_version_that_never_gets_ready_leaves_nothing_running() {
    let mut rig = Rig::started().await;
    let mut request = rig.request("v1", &["--ready-after", "3600000"]).await;
    request.plan.progress_deadline = Span::from_secs(1);
    rig.client.start(request).await.unwrap();
    let taken_back = |status: &rollout::wire::Status| status.phase == Phase::Idle && status.fleet.is_empty();
    let status = rig.reaches("it is taken back", taken_back).await;
    assert_eq!((status.stable, status.status), (None, StatusWord::RolledBack));
    assert_eq!(rig.replicas(), []);
    assert!(ask(rig.address(), "GET", "/").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_dies_is_restarted_while_the_others_serve() {
    let mut rig = Rig::started().await;
    let status = rig.deploy("v1", &[]).await;
    let id = status.stable.unwrap().id;
    let before = rig.pids(&id);
    end(before[&1]);
    rig.reaches("the death is noticed", |status| status.fleet[&id].exits == 1 && status.fleet[&id].ready == 1).await;
    for _ in 0..50 {
        assert_eq!(get(rig.address()).await, "v1");
    }
    rig.settles("v1", StatusWord::Healthy).await;
    let after = rig.pids(&id);
    assert_eq!(after[&0], before[&0]);
    assert_ne!(after[&1], before[&1]);
    let last = rig.status().await.last_event;
    let mut events = rig.client.watch(Some("api"), 0).await.unwrap();
    let mut told = BTreeSet::new();
    loop {
        let event = events.next().await.unwrap().unwrap();
        if let rollout::wire::Happening::Replica { index: 1, what, .. } = event.happening {
            told.insert(what);
        }
        if event.seq == last {
            break;
        }
    }
    assert!(told.contains("ended by signal 9"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_and_port_change_in_place_without_a_lost_request() {
    let mut rig = Rig::started().await;
    let status = rig.deploy("v1", &[]).await;
    let id = status.stable.unwrap().id;
    let two = rig.pids(&id);
    let load = Load::start(rig.port, 100);
    for replicas in [4, 1, 3] {
        let status = rig.status().await;
        let service = rig.service(replicas);
        rig.client.configure(service, status.generation).await.unwrap();
        rig.settles("v1", StatusWord::Healthy).await;
        assert_eq!(rig.pids(&id).len(), usize::try_from(replicas).unwrap());
    }
    assert_eq!(rig.pids(&id)[&0], two[&0]);

    let metrics = free_port();
    let old = std::mem::replace(&mut rig.port, free_port());
    let mut service = rig.service(3);
    service.metrics_port = Some(metrics);
    let generation = rig.status().await.generation;
    rig.client.configure(service, generation).await.unwrap();
    load.turn_to(rig.port);
    let sent = load.sent();
    rig.until("requests go to the new port", async |_| (load.sent() > sent + 50).then_some(())).await;
    assert!(ask(([127, 0, 0, 1], old).into(), "GET", "/").await.is_err(), "the old port is closed");
    let found = ask(([127, 0, 0, 1], metrics).into(), "GET", "/metrics").await.unwrap().body;
    assert!(found.contains("service=\"api\"") && found.contains(id.as_str()), "{found}");

    let generation = rig.status().await.generation;
    rig.client.configure(rig.service(3), generation).await.unwrap();
    rig.until("the metrics are off", async |_| ask(([127, 0, 0, 1], metrics).into(), "GET", "/metrics").await.err())
        .await;
    let mut tally = load.finish().await;
    // Whoever did not know yet found the old port closed; who was let in was served.
    tally.failed.retain(|(_, what)| !what.contains("connect: Connection refused"));
    assert_eq!(tally.failed, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_flight_when_a_service_is_removed_gets_its_end() {
    let mut rig = Rig::started().await;
    rig.deploy("v1", &[]).await;
    let address = rig.address();
    let slow = tokio::spawn(ask(address, "GET", "/slow?ms=1500"));
    let stream = tokio::spawn(ask(address, "GET", "/stream?ms=2000"));
    let post = tokio::spawn(ask(address, "POST", "/slow?ms=1500"));
    tokio::time::sleep(Duration::from_millis(300)).await;
    let client = rig.client.clone();
    let removal = tokio::spawn(async move { client.remove("api").await });
    // It is being removed: whoever else wants something of it is told so at once.
    rig.until("the port is closed", async |_| ask(address, "GET", "/").await.err()).await;
    let request = rig.request("v2", &[]).await;
    let error = super::rig::refused(rig.client.start(request).await);
    assert!(error.to_string().contains("is being removed"), "{error}");
    for got in [slow, stream, post] {
        assert_eq!(got.await.unwrap().unwrap().status, 200);
    }
    removal.await.unwrap().unwrap();
    assert_eq!(rig.replicas(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_outlive_the_agent_and_are_adopted() {
    let mut rig = Rig::started().await;
    let status = rig.deploy("v1", &[]).await;
    let id = status.stable.unwrap().id;
    let before = rig.pids(&id);
    rig.client.stop(false).await.unwrap();
    assert!(rig.ended(0).await.success());
    assert_eq!(rig.pids(&id), before);
    assert!(ask(rig.address(), "GET", "/").await.is_err(), "nobody listens");
    rig.start().await;
    opens(rig.address()).await;
    rig.settles("v1", StatusWord::Healthy).await;
    rig.kill();
    rig.start().await;
    opens(rig.address()).await;
    rig.settles("v1", StatusWord::Healthy).await;
    assert_eq!(rig.pids(&id), before);
    // Stopped with its replicas it begins with new ones.
    rig.client.stop(true).await.unwrap();
    assert!(rig.ended(0).await.success());
    assert_eq!(rig.replicas(), []);
    rig.start().await;
    opens(rig.address()).await;
    rig.settles("v1", StatusWord::Healthy).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_reboot_everything_is_started_again() {
    let mut rig = Rig::started().await;
    let status = rig.deploy("v1", &[]).await;
    let id = status.stable.unwrap().id;
    let before = rig.pids(&id);
    rig.kill();
    before.values().copied().for_each(end);
    // As if another boot had written them. The numbers belong to others by now, as far as anybody knows.
    let (store, _) = Store::open(rig.path()).unwrap();
    let other = "00000000-0000-0000-0000-000000000000";
    let mut changed = vec![("agent-boot".to_owned(), Some(other.into()))];
    for (key, mut value) in store.target("api/") {
        value["boot_id"] = other.into();
        value["pid"] = std::process::id().into();
        changed.push((key, Some(value)));
    }
    assert_eq!(changed.len(), 3);
    store.save(Change { target: changed, ..Change::default() }).await.unwrap();
    drop(store);
    rig.start().await;
    opens(rig.address()).await;
    rig.settles("v1", StatusWord::Healthy).await;
    let after = rig.pids(&id);
    assert_eq!(after.len(), 2);
    assert!(after.values().all(|pid| !before.values().any(|old| old == pid)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_when_the_agent_starts_is_taken_back_when_it_is_free() {
    let mut rig = Rig::started().await;
    rig.deploy("v1", &[]).await;
    rig.kill();
    let other = std::net::TcpListener::bind(rig.address()).unwrap();
    rig.start().await;
    rig.until("it is said", async |rig| rig.log().contains("cannot be reached").then_some(())).await;
    drop(other);
    rig.until("it is reached", async |rig| ask(rig.address(), "GET", "/").await.ok()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_replicas_write_is_followed() {
    let mut rig = Rig::started().await;
    let script = rig.path().join("talks");
    fs::write(
        &script,
        "#!/bin/sh\necho \"hello from $PORT\"\n(while :; do echo tick; sleep 0.05; done) &\nexec \"$SERVICE\"\n",
    )
    .unwrap();
    fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut request = rig.request("v1", &[]).await;
    let service = request.revision.command[0].clone();
    request.revision.command = vec!["./talks".to_owned()];
    request.revision.env.insert("SERVICE".to_owned(), service);
    request.service.replicas = 1;
    rig.client.start(request).await.unwrap();
    rig.settles("v1", StatusWord::Healthy).await;
    let mut logs = rig.client.logs("api", None, 10_000, false).await.unwrap();
    let first = logs.next().await.unwrap().unwrap();
    assert!(first.line.starts_with("hello from "), "{first:?}");
    while logs.next().await.unwrap().is_some() {}
    let mut logs = rig.client.logs("api", Some(first.revision), 0, true).await.unwrap();
    for _ in 0..20 {
        let line = tokio::time::timeout(DEADLINE, logs.next()).await.unwrap().unwrap().unwrap();
        assert_eq!((line.line.as_str(), line.index), ("tick", 0));
    }
}

/// Says how much memory an agent takes that keeps 20 revisions, each with a replica, after 50 rollouts and many requests.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn memory() {
    let mut rig = Rig::started().await;
    let mut ports = Vec::new();
    for number in 0..20 {
        let mut request = rig.request("v1", &[]).await;
        request.service = super::rig::service(&format!("s{number}"), free_port(), 1, rig.path());
        request.expect_generation = 0;
        ports.push(request.service.port);
        rig.client.start(request).await.unwrap();
    }
    for port in ports {
        opens(([127, 0, 0, 1], port).into()).await;
        let load = Load::start(port, 100);
        rig.until("many requests", async |_| (load.sent() > 200).then_some(())).await;
        assert_eq!(load.finish().await.failed, []);
    }
    for version in 0..30 {
        rig.deploy(&format!("w{version}"), &[]).await;
    }
    let pid = rig.client.hello().await.unwrap().pid;
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let memory: Vec<_> = status.lines().filter(|line| line.starts_with("VmRSS") || line.starts_with("VmHWM")).collect();
    let journal = rig.path().join("rollouts.journal").metadata().unwrap().len();
    println!(
        "21 services: {memory:?}, threads and journal: {:?}, {journal} bytes",
        status.lines().find(|line| line.starts_with("Threads"))
    );
}
