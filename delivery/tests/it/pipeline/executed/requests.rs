//! Against a service that answers as it is told.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::pipeline::fixture::{self, MODULE};
use crate::pipeline::runner::has;
use crate::pipeline::workflow::Workflow;

/// A service that answers requests with these states one after the other, the last one for ever. Gives its address, and how
/// often it was asked.
fn service(states: &'static [u16]) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let position = counter.fetch_add(1, Ordering::SeqCst).min(states.len() - 1);
            let mut request = [0; 1024];
            let _ = stream.read(&mut request);
            let _ = write!(stream, "HTTP/1.1 {} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", states[position]);
        }
    });
    (address, asked)
}

/// Runs a step of the job that verifies production against a service; whether it succeeds, and how often the service was asked.
fn verify(title: &str, states: &'static [u16], variables: &[(&str, &str)]) -> Option<(bool, usize)> {
    if !["bash", "curl"].iter().all(|program| has(program)) {
        return None;
    }
    let workflow = Workflow::read(fixture::text(&fixture::service(MODULE), &fixture::options()));
    let job = workflow.job("verify-production");
    let (address, asked) = service(states);
    let script = job.step(title)["run"].as_str().unwrap();
    let mut command = Command::new("bash");
    command
        .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script])
        .env("BASE_URL", address)
        .env("CHECK_PATH", "/health");
    let output = command.envs(variables.iter().copied()).output().unwrap();
    Some((output.status.success(), asked.load(Ordering::SeqCst)))
}

#[test]
fn a_service_may_need_a_while() {
    let ask = |states, attempts| {
        verify("Ask whether it is well", states, &[("ATTEMPTS", attempts), ("INTERVAL_SECONDS", "0")])
    };
    let Some(result) = ask(&[503, 503, 200], "5") else { return };
    assert_eq!(result, (true, 3));
    assert_eq!(ask(&[503], "4"), Some((false, 4)));
}

#[test]
fn a_few_failures_are_forgiven_and_more_are_not() {
    let watch = |states, percent| {
        let variables = [("WATCH_SECONDS", "1"), ("INTERVAL_SECONDS", "1"), ("MAX_FAILED_PERCENT", percent)];
        verify("Watch for 5 minutes", states, &variables).map(|(succeeded, _)| succeeded)
    };
    let Some(forgiven) = watch(&[503], "100") else { return };
    assert!(forgiven);
    assert_eq!(watch(&[200], "0"), Some(true));
    assert_eq!(watch(&[503], "0"), Some(false));
}
