//! Keeps a load on a service: `load ADDRESS RATE` prints `started`, sends until its standard input ends, and then prints what
//! became of the requests as a line of JSON. Nine of ten requests are GET, one is a POST that must be echoed.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this binary owns its streams")]

use std::io::Read as _;
use std::process::ExitCode;

use acceptance_tests::load::{Call, Load, Mix};
use serde_json::json;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [address, rate] = args.as_slice() else {
        eprintln!("usage: load ADDRESS RATE");
        return ExitCode::FAILURE;
    };
    let (Ok(address), Ok(rate)) = (address.parse(), rate.parse()) else {
        eprintln!("load: an address such as 127.0.0.1:8080 and a rate in requests a second expected");
        return ExitCode::FAILURE;
    };
    let mix = Mix::of([(9, Call::get("/")), (1, Call::echo("/echo", 200))]);
    let running = match Load::new(address, mix, rate).start() {
        Ok(running) => running,
        Err(error) => {
            eprintln!("load: {error}");
            return ExitCode::FAILURE;
        }
    };
    println!("started");
    // Whatever comes, it ends when there is no more.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    let summary = running.stop_blocking();
    let by_version: serde_json::Map<_, _> = summary
        .by_version
        .iter()
        .map(|(version, counts)| (version.clone(), json!({ "sent": counts.sent, "failed": counts.failed })))
        .collect();
    println!("{}", json!({ "sent": summary.sent, "failed": summary.failures(), "by_version": by_version }));
    ExitCode::SUCCESS
}
