//! What clients may send: anything.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;

use agent_client::SOCKET;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rollout::wire::{Answer, Error, MAX_LINE};

use super::rig::{DEADLINE, Rig};

/// Sends bytes and reads whatever comes until the agent closes.
fn send(directory: &Path, bytes: &[u8]) -> Vec<u8> {
    let mut stream = UnixStream::connect(directory.join(SOCKET)).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    // The agent may have closed before it has all.
    let _ = stream.write_all(bytes).and_then(|()| stream.shutdown(Shutdown::Write));
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => {}
        // Closed with something unread.
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {}
        Err(error) => panic!("neither an answer nor an end: {error}"),
    }
    answer
}

fn answer(directory: &Path, line: &str) -> Answer {
    let answer = send(directory, format!("{line}\n").as_bytes());
    serde_json::from_slice(&answer).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&answer)))
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_sent_is_answered_or_closed() {
    let rig = Rig::started().await;
    let directory = rig.path().to_owned();
    tokio::task::spawn_blocking(move || {
        let valid = prop::sample::select(vec![
            r#"{"version":1,"request":"hello"}"#,
            r#"{"version":1,"request":"list"}"#,
            r#"{"version":1,"request":{"status":{"service":"api"}}}"#,
            r#"{"version":1,"request":{"watch":{"service":"api","after":0}}}"#,
            r#"{"version":1,"request":{"logs":{"service":"../..","revision":null,"lines":4294967295,"follow":true}}}"#,
            r#"{"version":1,"request":{"steer":{"service":"api","action":"abort","rollout_id":null}}}"#,
        ]);
        let changed = (valid, any::<prop::sample::Index>(), any::<Vec<u8>>()).prop_map(|(line, at, bytes)| {
            let at = at.index(line.len());
            [&line.as_bytes()[..at], &bytes, &line.as_bytes()[at..], b"\n"].concat()
        });
        let deep = (1..50_000_usize).prop_map(|depth| "[".repeat(depth).into_bytes());
        let any = prop_oneof![any::<Vec<u8>>(), changed, deep];
        let mut runner = TestRunner::new(Config { cases: 200, failure_persistence: None, ..Config::default() });
        let outcome = runner.run(&any, |bytes| {
            let answer = send(&directory, &bytes);
            for line in answer.split_inclusive(|byte| *byte == b'\n') {
                prop_assert!(serde_json::from_slice::<Answer>(line).is_ok(), "{}", String::from_utf8_lossy(line));
            }
            Ok(())
        });
        outcome.unwrap();
        let long = send(&directory, &vec![b' '; MAX_LINE + 100]);
        let text = String::from_utf8_lossy(&long);
        assert!(long.is_empty() || text.contains("a line of at most 1048576 bytes expected"), "{text}");
    })
    .await
    .unwrap();
    assert!(rig.client.hello().await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_version_is_told_so_unless_it_asks_who_is_there() {
    let rig = Rig::started().await;
    let found = answer(rig.path(), r#"{"version":2,"request":{"fly":{"to":"the moon"}}}"#);
    assert_eq!(found, Answer::Error(Error::Version { agent: 1, client: 2 }));
    let found = answer(rig.path(), r#"{"version":0,"request":"list"}"#);
    assert_eq!(found, Answer::Error(Error::Version { agent: 1, client: 0 }));
    assert!(matches!(answer(rig.path(), r#"{"version":2,"request":"hello"}"#), Answer::Hello(_)));
    let found = answer(rig.path(), r#"{"version":1,"request":{"status":{"service":"api","more":1}}}"#);
    assert!(matches!(found, Answer::Error(Error::Malformed(_))), "{found:?}");
    let found = answer(
        rig.path(),
        r#"{"version":1,"request":{"logs":{"service":"../..","revision":null,"lines":1,"follow":false}}}"#,
    );
    assert_eq!(found, Answer::Error(Error::NotFound("../..".to_owned())));
}
