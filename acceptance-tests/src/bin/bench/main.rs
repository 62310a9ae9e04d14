//! Measures the provider and the agent beside their peers, in the same run and interleaved, and writes `target/bench.json`.
//!
//! `make bench` runs it with programs that are built for release. A figure is the median of its runs.
#![expect(clippy::print_stdout, reason = "this program owns its streams")]

mod agent;
mod calls;
mod nginx;
mod record;
mod replica;
mod rollouts;
mod runs;
mod start;
mod traffic;

use std::env;
use std::path::PathBuf;

use acceptance_tests::Plugin;
use record::Record;

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    if let [name, folder, version, fail_every] = args.as_slice()
        && name == replica::NAME
    {
        return replica::serve(folder.as_ref(), version, fail_every.parse().expect("a number"));
    }
    let peer = Plugin::peer().expect("the Go peer is not built: install Go and run `cargo xtask tools`");
    let ours = Plugin::ours();
    let rollouts = rollouts::measure();
    let records =
        [start::measure(&ours, &peer), runs::measure(&ours, &peer), calls::measure(&ours, &peer), rollouts].concat();
    print!("{}", record::table(&records));
    let place = env::args_os().nth(1).map_or_else(|| PathBuf::from("target/bench.json"), PathBuf::from);
    std::fs::write(&place, Record::to_json(&records)).expect("a writable place for the records");
    println!("\nwritten to {}", place.display());
}

/// The middle of some measurements.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
