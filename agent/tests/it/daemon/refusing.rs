//! What cannot work is refused before anything happens, with the attribute that is wrong.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

use rollout::machine::Refused;
use rollout::wire::{Error, StartRequest};

use super::load::get;
use super::rig::{Rig, refused};

type Change = fn(&Rig, &mut StartRequest);

/// Requests that cannot work, with the attribute and a part of the message.
const BAD: [(&str, &str, Change); 8] = [
    ("target.local.command", "was not found", |_, request| {
        request.revision.command = vec!["no-such-program".to_owned()];
    }),
    ("target.local.command", "was not found", |_, request| request.revision.command[0] = "/no/such/program".to_owned()),
    ("target.local.command", "cannot be executed", |rig, request| {
        let path = rig.path().join("text");
        fs::write(&path, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        request.revision.command[0] = path.to_str().unwrap().to_owned();
    }),
    ("target.local.command", "names no program", |_, request| request.revision.command.clear()),
    ("target.local.command", "readiness path", |_, request| request.revision.readiness.path = Some("no".to_owned())),
    ("target.local.working_dir", "make it", |rig, request| request.service.working_dir = rig.path().join("missing")),
    ("target.local.bind", "is not an address of this machine", |_, request| {
        request.service.bind = "192.0.2.1".parse().unwrap();
    }),
    ("target.local.metrics_port", "choose another port", |rig, request| request.service.metrics_port = Some(rig.port)),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_first_deployment_that_cannot_work_leaves_nothing() {
    let rig = Rig::started().await;
    let taken = TcpListener::bind(rig.address()).unwrap();
    let request = rig.request("v1", &[]).await;
    let check = async |rig: &Rig, what: &str, part: &str, request: StartRequest| {
        match refused(rig.client.start(request).await) {
            Error::Invalid { what: found, why } => {
                assert_eq!(found, what);
                assert!(why.contains(part), "{why}");
            }
            other => panic!("{what}: {other}"),
        }
        assert_eq!(rig.client.list().await.unwrap(), []);
        assert_eq!(rig.replicas(), []);
    };
    check(&rig, "target.local.port", "is taken by another program", request.clone()).await;
    drop(taken);
    let mut low = request.clone();
    low.service.port = 0;
    low.service.name = "../api".to_owned();
    assert!(matches!(refused(rig.client.start(low).await), Error::Invalid { .. }));
    for (what, part, change) in BAD.into_iter().filter(|(what, ..)| *what != "target.local.metrics_port") {
        let mut request = request.clone();
        change(&rig, &mut request);
        check(&rig, what, part, request).await;
    }
    TcpListener::bind(rig.address()).expect("the port was given back");
    rig.client.start(request).await.expect("what is right still works");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_work_does_not_touch_what_runs() {
    let mut rig = Rig::started().await;
    let before = rig.deploy("v1", &[]).await;
    let pids = rig.replicas();
    let other = TcpListener::bind(("127.0.0.1", super::rig::free_port())).unwrap();
    let taken = other.local_addr().unwrap().port();
    let mut bad: Vec<(&str, &str, StartRequest)> = Vec::new();
    for (what, part, change) in BAD {
        let mut request = rig.request("v2", &[]).await;
        change(&rig, &mut request);
        bad.push((what, part, request));
    }
    let mut request = rig.request("v2", &[]).await;
    request.service.port = taken;
    bad.push(("target.local.port", "is taken by another program", request));
    for (what, part, request) in bad {
        match refused(rig.client.start(request).await) {
            Error::Invalid { what: found, why } => {
                assert_eq!(found, what);
                assert!(why.contains(part), "{why}");
            }
            other => panic!("{what}: {other}"),
        }
    }
    let mut stale = rig.request("v2", &[]).await;
    stale.expect_generation -= 1;
    assert!(matches!(refused(rig.client.start(stale).await), Error::Refused(Refused::Changed { .. })));
    let mut service = rig.service(2);
    service.port = taken;
    assert!(matches!(refused(rig.client.configure(service, before.generation).await), Error::Invalid { .. }));
    assert!(matches!(
        refused(rig.client.configure(rig.service(0), before.generation).await),
        Error::Refused(Refused::NotNow { .. })
    ));
    let after = rig.status().await;
    let strip = |mut status: rollout::wire::Status| {
        (status.request_rate, status.last_event, status.fleet) = (None, 0, BTreeMap::new());
        status
    };
    assert_eq!(strip(after), strip(before));
    assert_eq!(rig.replicas(), pids);
    assert_eq!(get(rig.address()).await, "v1");
}
