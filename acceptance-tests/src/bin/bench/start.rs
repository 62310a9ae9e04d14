//! From spawn to handshake with mutual TLS, and the memory then.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use acceptance_tests::Plugin;

use crate::median;
use crate::record::{Aim, Peer, Record};

const RUNS: usize = 40;
const PEER: &str = "terraform-plugin-framework (Go)";
const COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";

pub(crate) fn measure(ours: &Plugin, peer: &Plugin) -> Vec<Record> {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).expect("a key");
    let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let certificate = params.self_signed(&key).expect("a certificate").pem();
    let (mut times, mut memories) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for _ in 0..RUNS {
        for (side, plugin) in [ours, peer].into_iter().enumerate() {
            let (time, memory) = start(plugin, &certificate);
            times[side].push(time);
            memories[side].push(memory);
        }
    }
    let [ours_ms, peer_ms] = times.map(median);
    let [memory, peer_memory] = memories.map(median);
    let record = |name: &str, unit, ours, peer, aim| {
        let peer = Peer::Of(PEER, peer);
        Record { name: name.to_owned(), unit, ours, peer, aim }
    };
    vec![
        record("spawn to handshake, mTLS", "ms", ours_ms, peer_ms, Aim::Ours(5.0)),
        record("spawn to handshake, mTLS", "ms", ours_ms, peer_ms, Aim::RatioAtMost(0.2)),
        record("memory after the handshake", "MB", memory, peer_memory, Aim::RatioAtMost(1.0 / 3.0)),
    ]
}

/// Milliseconds until the handshake line is there, and resident megabytes then.
fn start(plugin: &Plugin, certificate: &str) -> (f64, f64) {
    let mut command = Command::new(plugin.program());
    command.env("TF_PLUGIN_MAGIC_COOKIE", COOKIE).env("PLUGIN_PROTOCOL_VERSIONS", "6");
    command.env("PLUGIN_CLIENT_CERT", certificate).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let begun = Instant::now();
    let mut child = command.spawn().expect("the provider starts");
    let mut line = String::new();
    let stdout = child.stdout.take().expect("it is piped");
    BufReader::new(stdout).read_line(&mut line).expect("a line");
    let time = begun.elapsed().as_secs_f64() * 1000.0;
    assert!(line.starts_with("1|6|unix|"), "no handshake: {line:?}");
    let memory = resident(child.id());
    child.kill().and_then(|()| child.wait()).expect("a child of this process");
    (time, memory)
}

/// The resident megabytes of a process.
pub(crate) fn resident(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a resident size");
    let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse().expect("a number");
    kilobytes / 1024.0
}
