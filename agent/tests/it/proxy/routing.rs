//! Which replica a request goes to.

use super::rig::*;

#[tokio::test]
async fn shares_are_exact_over_many_connections_and_both_protocols() {
    let (stable, candidate) = (Upstream::named("stable").await, Upstream::named("candidate").await);
    let rig = Rig::open(routes(&[("v1", 9_500, stable.address), ("v2", 500, candidate.address)]));
    let mut clients = Vec::new();
    for _ in 0..8 {
        clients.push(rig.http1().await);
    }
    let mut http2 = rig.http2().await;
    for n in 0..1_000 {
        let response = match n % 9 {
            8 => http2.send_request(get("/")).await.unwrap(),
            n => {
                clients[n].ready().await.unwrap();
                clients[n].send_request(get("/")).await.unwrap()
            }
        };
        assert_eq!(read(response).await.0, 200);
    }
    assert!(candidate.seen().abs_diff(50) <= 4, "{}", candidate.seen());
    assert_eq!(stable.seen() + candidate.seen(), 1_000);
    let counts = rig.counted("v2", candidate.seen() as u64).await;
    assert_eq!(
        (counts.statuses[&200], counts.error_total(), counts.latency.count()),
        (counts.requests, 0, counts.requests)
    );
}

#[tokio::test]
async fn new_weights_are_in_effect_for_the_next_request() {
    let (stable, candidate) = (Upstream::named("stable").await, Upstream::named("candidate").await);
    let rig = Rig::open(routes(&[("v1", 10_000, stable.address), ("v2", 0, candidate.address)]));
    let mut client = rig.http1().await;
    for round in 0..200 {
        let (v1, expected) = if round % 2 == 0 { (10_000, "stable") } else { (0, "candidate") };
        rig.proxy.set_routes(routes(&[("v1", v1, stable.address), ("v2", 10_000 - v1, candidate.address)])).unwrap();
        client.ready().await.unwrap();
        assert_eq!(read(client.send_request(get("/")).await.unwrap()).await.1, expected, "round {round}");
    }
}

#[tokio::test]
async fn without_a_ready_replica_there_is_a_503_and_weight_0_gets_nothing() {
    let other = Upstream::named("other").await;
    let mut none = routes(&[("v1", 10_000, nowhere()), ("v2", 0, other.address)]);
    none.revisions[0].replicas[0].ready = false;
    let rig = Rig::open(none);
    assert_eq!(rig.get().await, (503, "No replica is ready.\n".to_owned()));
    assert_eq!((other.seen(), rig.proxy.unrouted()), (0, 1));
    assert_eq!(rig.counts("v1").requests, 0);
    assert_eq!(Rig::open(agent::proxy::Routes::default()).get().await.0, 503, "without routes");
}

#[tokio::test]
async fn a_side_without_ready_replicas_leaves_its_part_to_the_others() {
    let (a, b) = (Upstream::named("a").await, Upstream::named("b").await);
    let mut some = routes(&[("v1", 5_000, nowhere()), ("v2", 4_000, a.address), ("v3", 1_000, b.address)]);
    some.revisions[0].replicas[0].ready = false;
    let rig = Rig::open(some);
    let mut client = rig.http1().await;
    for _ in 0..100 {
        client.ready().await.unwrap();
        assert_eq!(read(client.send_request(get("/")).await.unwrap()).await.0, 200);
    }
    assert!(b.seen().abs_diff(20) <= 4, "{}", b.seen());
}

#[tokio::test]
async fn replicas_of_a_revision_take_turns() {
    let upstreams = [Upstream::named("a").await, Upstream::named("b").await, Upstream::named("c").await];
    let addresses = upstreams.iter().map(|upstream| upstream.address).collect();
    let rig = Rig::with(agent::proxy::Settings { workers: 1, ..settings() }, sides_of(&[("v1", 10_000, addresses)]));
    let mut client = rig.http1().await;
    for _ in 0..90 {
        client.ready().await.unwrap();
        read(client.send_request(get("/")).await.unwrap()).await;
    }
    for upstream in &upstreams {
        assert!(upstream.seen().abs_diff(30) <= 3, "{}", upstream.seen());
    }
}

#[tokio::test]
async fn a_dead_replica_is_ejected_after_five_failures_and_no_client_notices() {
    let good = Upstream::named("good").await;
    let rig = Rig::open(sides_of(&[("v1", 10_000, vec![nowhere(), good.address])]));
    let mut client = rig.http1().await;
    for _ in 0..200 {
        client.ready().await.unwrap();
        let response = client.send_request(request("POST", "/", "order")).await.unwrap();
        assert_eq!(read(response).await, (200, "good".to_owned()));
    }
    // A failed connection is an attempt of its own. Five, and a few more only if the ejection of 5 s ran out meanwhile.
    let counts = rig.counts("v1");
    let failed = counts.errors[&agent::proxy::ErrorClass::Connect];
    assert!((5..20).contains(&failed), "{failed}");
    assert_eq!((counts.retries, counts.requests), (failed, 200 + failed));
}

#[test]
fn routes_that_make_no_sense_are_refused() {
    let rig = Rig::new(settings());
    let here = nowhere();
    let refused = |routes| rig.proxy.set_routes(routes).unwrap_err().to_string();
    assert_eq!(refused(routes(&[("v1", 9_999, here)])), "weights sum to 9999 basis points; they must sum to 10000");
    assert!(refused(routes(&[("v1", 5_000, here), ("v1", 5_000, here)])).contains("revision v1 is named twice"));
    let mut twice = routes(&[("v1", 5_000, here), ("v2", 5_000, here)]);
    twice.revisions[1].replicas[0].id = "v1-0".into();
    assert!(refused(twice).contains("replica v1-0 is named twice"));
    assert!(refused(sides_of(&[("v1", 10_000, vec![here; 1_001])])).contains("at most 1000"));
}
