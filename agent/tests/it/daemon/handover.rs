//! One agent takes the place of another while users come and go.

use std::time::Duration;

use rollout::wire::{StartRequest, StatusWord};

use super::load::{Load, ask};
use super::rig::{Rig, plan};

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_replaced_under_load_in_the_middle_of_a_rollout_and_no_request_is_lost() {
    let mut rig = Rig::started().await;
    rig.deploy("v1", &[]).await;
    let request = rig.request("v2", &[]).await;
    let request = StartRequest { plan: plan(&[(30, 8_000)], &["errors"]), ..request };
    let load = Load::start(rig.port, 300);
    rig.client.start(request).await.unwrap();
    let status = rig.reaches("v2 has its share", |status| status.weight.basis_points() == 3_000).await;
    let (v1, v2) = (status.stable.clone().unwrap().id, status.candidate.clone().unwrap().id);
    let (one, two) = (rig.pids(&v1), rig.pids(&v2));
    let stream = tokio::spawn(ask(rig.address(), "GET", "/stream?ms=4000"));
    tokio::time::sleep(Duration::from_millis(200)).await;

    // Whoever asks meanwhile gets an answer, and never that there is no such service.
    let client = rig.client.clone();
    let asking = tokio::spawn(async move {
        let mut answers = 0;
        loop {
            match client.status("api").await {
                Ok(status) => assert!(status.is_some(), "a service is never gone"),
                Err(error) => panic!("{error}"),
            }
            answers += 1;
            if answers > 200 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    rig.run(&["run", "--take-over"]).await;
    let now = rig.status().await;
    assert!(now.weight <= status.weight, "{} after {}", now.weight, status.weight);
    assert_eq!((rig.pids(&v1), rig.pids(&v2)), (one, two), "no replica was restarted");
    assert!(rig.ended(0).await.success(), "the first has served what it had and is gone");
    asking.await.unwrap();
    let stream = stream.await.unwrap().unwrap();
    assert!(stream.body.len() > 100 * "chunk\n".len(), "the stream was cut after {} bytes", stream.body.len());
    // And again, with nothing going on.
    rig.settles("v2", StatusWord::Healthy).await;
    rig.run(&["run", "--take-over"]).await;
    assert!(rig.ended(0).await.success());
    let sent = load.sent();
    rig.until("more requests come", async |_| (load.sent() > sent + 300).then_some(())).await;
    let tally = load.finish().await;
    assert_eq!(tally.failed, [], "of {}", tally.sent);
    assert!(tally.sent > 1_000, "{}", tally.sent);
    println!("handed over twice: {} sent, {:?}, 0 failed", tally.sent, tally.versions);
}
