//! The log file and its limit.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::support::{World, soon, until};

#[tokio::test]
async fn both_streams_are_appended_to_a_private_file() {
    let world = World::new();
    let launch = world.script("echo out; echo err >&2");
    for _ in 0..2 {
        soon(world.supervisor.spawn(&launch, 0).await.unwrap().exited()).await;
    }
    let log = world.path().join("logs/r1-0.log");
    assert_eq!(fs::read_to_string(&log).unwrap(), "out\nerr\nout\nerr\n");
    assert_eq!(log.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(world.path().join("logs").metadata().unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_past_its_limit_is_cut_and_keeps_the_newest_lines() {
    let world = World::new();
    let mut launch = world.script("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; sleep 60");
    launch.logs.limit = 64 * 1024;
    let _replica = world.supervisor.spawn(&launch, 0).await.unwrap();
    let log = world.path().join("logs/r1-0.log");
    let read = |path: &str| fs::read_to_string(world.path().join(path)).unwrap_or_default();
    until("the log is cut after the last line", || {
        let text = read("logs/r1-0.log.1") + &read("logs/r1-0.log");
        log.metadata().unwrap().len() <= 64 * 1024 && text.ends_with("line 19999\n")
    });
    // What is kept is the end of the output without a gap.
    let text = read("logs/r1-0.log.1") + &read("logs/r1-0.log");
    let numbers: Vec<u32> =
        text.lines().skip(1).map(|line| line.strip_prefix("line ").unwrap().parse().unwrap()).collect();
    let first = numbers[0];
    assert_eq!(numbers, (first..20_000).collect::<Vec<_>>());
}
