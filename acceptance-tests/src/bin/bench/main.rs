//! Measures the provider, the agent and the SDK beside their peers, in the same run and interleaved, and writes `target/bench.json`.
//!
//! `make bench` runs it with programs that are built for release; arguments choose parts of it. A figure is the median of its runs.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this program owns its streams")]

mod agent;
mod calls;
mod cost;
mod nginx;
mod record;
mod replica;
mod rollouts;
mod runs;
mod stacks;
mod start;
mod traffic;

use std::env;

use acceptance_tests::Plugin;
use record::Record;

/// Where the records go.
const PLACE: &str = "target/bench.json";

/// Measures a part.
type Part = fn() -> Vec<Record>;

/// What can be measured, each on its own.
const PARTS: [(&str, Part); 3] = [("provider", provider), ("agent", rollouts::measure), ("sdk", stacks::measure)];

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        [replica::NAME, folder, version, fail_every] => {
            return replica::serve(folder.as_ref(), version, fail_every.parse().expect("a number"));
        }
        [stacks::program::NAME, verb, shape, count, folder] => {
            return stacks::program::main(verb, shape, count, folder.as_ref());
        }
        _ => {}
    }
    let known = PARTS.map(|(name, _)| name);
    assert!(args.iter().all(|part| known.contains(part)), "the parts are {}", known.join(", "));
    let parts = PARTS.iter().filter(|(name, _)| args.is_empty() || args.contains(name));
    let records: Vec<Record> = parts.flat_map(|(_, measure)| measure()).collect();
    print!("{}", record::table(&records));
    std::fs::write(PLACE, Record::to_json(&records)).expect("a writable place for the records");
    println!("\nwritten to {PLACE}");
}

fn provider() -> Vec<Record> {
    let peer = Plugin::peer().expect("the Go peer is not built: install Go and run `cargo xtask tools`");
    let ours = Plugin::ours();
    [start::measure(&ours, &peer), runs::measure(&ours, &peer), calls::measure(&ours, &peer)].concat()
}

/// The middle of some measurements.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
