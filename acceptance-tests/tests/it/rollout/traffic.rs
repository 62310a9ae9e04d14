//! What users see of rollouts under load.

use std::time::Duration;

use acceptance_tests::load::{Call, Load, Mix};
use acceptance_tests::poll;

use super::fixture::{NAME, Shop, apply, check_nothing_lost, shop_case, spawn_apply, wait_for_traffic};

/// Requests a second. A debug build on two cores has more to do than the proxy.
fn rate() -> f64 {
    if std::env::var_os("DEVOPSFLOW_LONG").is_some_and(|value| value == "1") { 1_000.0 } else { 100.0 }
}

#[test]
fn healthy_versions_lose_no_request() {
    let shop = Shop::new().replicas(2);
    let steps = "{ weight = 5, pause = \"2s\" }, { weight = 25, pause = \"2s\" }, { weight = 50, pause = \"2s\" }";
    shop_case(&shop, |case| {
        let calls = [(40, Call::get("/")), (40, Call::echo("/echo", 1_000)), (1, Call::get("/stream?ms=1500"))];
        let traffic = Load::new(shop.address(), Mix::of(calls), rate()).start().unwrap();
        for (version, flags) in [("v2", ""), ("v3", "--slow 50")] {
            apply(case, &shop.with_flags(version, flags).steps(steps)).expect_success();
        }
        let summary = traffic.stop_blocking();
        check_nothing_lost(&summary);
        assert!(["v1", "v2", "v3"].iter().all(|version| summary.by_version[*version].sent > 0), "{summary}");
    });
}

#[test]
fn streams_longer_than_the_drain_are_cut_and_counted() {
    let metrics = acceptance_tests::free_port();
    let shop = Shop::new().and_local("drain = \"1s\"").and_local(&format!("metrics_port = {metrics}"));
    // Its metrics go with it, so it takes its time to end.
    let v1 = shop.with_flags("v1", "--ignore-term 1").and_local("stop_timeout = \"3s\"");
    shop_case(&v1, |case| {
        let mix = Mix::of([(1, Call::get("/stream?ms=60000"))]);
        let long = Load::new(shop.address(), mix, 100.0).timeout(Duration::from_mins(2)).total(10).start().unwrap();
        while long.so_far().sent < 10 {
            std::thread::sleep(Duration::from_millis(5));
        }
        let short = shop.load(50.0);
        apply(case, &shop.version("v2")).expect_success();
        poll("10 streams to be counted as cut", || (cut(metrics) == 10).then_some(()));
        check_nothing_lost(&short.stop_blocking());
        let summary = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(long.wait());
        assert_eq!((summary.sent, summary.failures()), (10, 10), "{summary}");
    });
}

/// How many streams were cut, of all versions that are there.
fn cut(port: u16) -> u64 {
    let text = get(port, "/metrics");
    let counts = text
        .lines()
        .filter_map(|line| line.strip_prefix("devopsflow_proxy_cut_total{")?.rsplit(' ').next()?.parse::<u64>().ok());
    counts.sum::<u64>()
}

/// The text at a path; empty when nobody answers.
fn get(port: u16, path: &str) -> String {
    use std::io::{Read as _, Write as _};
    let mut text = String::new();
    if let Ok(mut stream) = std::net::TcpStream::connect(("127.0.0.1", port)) {
        let asked = write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        let _ = asked.and_then(|()| stream.read_to_string(&mut text));
    }
    text
}

/// Choice goes by a counter and not by dice, so the bound holds for any number of requests.
#[test]
fn a_new_version_gets_no_more_than_its_share() {
    let shop = Shop::new();
    shop_case(&shop, |case| {
        for (version, percent) in [("v2", 5), ("v3", 25)] {
            let next = shop.version(version).steps(&format!("{{ weight = {percent}, pause = \"approval\" }}"));
            let mut apply = spawn_apply(case, &next);
            wait_for_traffic(case, &mut apply, version);
            let mix = Mix::of([(1, Call::get("/")), (1, Call::echo("/echo", 10))]);
            let load = Load::new(shop.address(), mix, 200.0).total(997).start().unwrap();
            let summary = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(load.wait());
            check_nothing_lost(&summary);
            let (share, sent) = (summary.by_version[version].sent * 100, summary.sent * percent);
            assert!(share <= sent + 400 && share + 400 >= sent, "{percent} %: {summary}");
            case.flow(&["rollout", "promote", "--full", NAME]).expect_success();
            apply.finish().expect_success();
        }
    });
}
