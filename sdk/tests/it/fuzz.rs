//! The fuzzer of the engine: a valid snapshot plus one operation that goes wrong in any way, then running it again until it is
//! done.
//!
//! Whatever happens, every prefix of the journal is a valid state that a whole write agrees with, everything that exists is
//! recorded or being made, nothing that is protected is removed, every run ends, and running it again, doing what it asks for,
//! leads to exactly what is declared.
//!
//! `DEVOPSFLOW_FUZZ_CASES=100000` runs that many cases, `DEVOPSFLOW_FUZZ_FIRST=5000` begins with another than seed 0, and
//! `DEVOPSFLOW_SEED=7` runs one. A case that fails is made as small as can be, and printed as a test for `fuzz/found.rs`.

mod case;
mod found;
mod generate;
mod program;
mod run;
mod snapshot;
mod source;
mod watch;

use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use case::Case;
use run::reproduce;

/// How many cases are run when nothing else is asked for.
const CASES: u64 = 200;

/// The seed of the case in `found`.
const PRINTED: u64 = 2;

/// How many smaller cases are tried in place of one that fails.
const SMALLER: usize = 1_000;

#[test]
fn a_valid_snapshot_plus_one_operation() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect(name));
    let first = number("DEVOPSFLOW_SEED").or_else(|| number("DEVOPSFLOW_FUZZ_FIRST")).unwrap_or(0);
    let cases = number("DEVOPSFLOW_SEED").map(|_| 1).or_else(|| number("DEVOPSFLOW_FUZZ_CASES")).unwrap_or(CASES);
    for seed in first..first + cases {
        if let Some((problem, case)) = fails(seed) {
            panic!(
                "seed {seed}: {problem}\n\nRun it again with DEVOPSFLOW_SEED={seed}, or with this test:\n\n{}",
                source::source(seed, &case)
            );
        }
    }
}

/// What is printed about a case that fails is a test that runs it: one is in `found`, as it was printed.
#[test]
fn what_is_printed_is_a_test() {
    let printed = source::source(PRINTED, &drawn(PRINTED).current());
    // Formatting changes spaces and commas.
    let plain = |text: &str| text.replace(|c: char| c.is_whitespace() || c == ',', "");
    assert!(plain(include_str!("fuzz/found.rs")).contains(&plain(&printed)), "this belongs in `found`:\n{printed}");
}

/// The case that a seed draws, with the smaller ones.
fn drawn(seed: u64) -> impl ValueTree<Value = Case> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    generate::case().new_tree(&mut runner).expect("nothing is rejected")
}

/// The smallest case that fails with this seed, and how.
fn fails(seed: u64) -> Option<(String, Case)> {
    let mut tree = drawn(seed);
    let mut found = (problem(&tree.current())?, tree.current());
    for _ in 0..SMALLER {
        if !tree.simplify() {
            break;
        }
        loop {
            if let Some(problem) = problem(&tree.current()) {
                found = (problem, tree.current());
                break;
            }
            if !tree.complicate() {
                return Some(found);
            }
        }
    }
    Some(found)
}

/// What is wrong with a case, if anything is. A panic is wrong.
fn problem(case: &Case) -> Option<String> {
    let ran = catch_unwind(AssertUnwindSafe(|| run::run(case)));
    ran.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        Err(format!("panicked: {}", text.unwrap_or_default()))
    })
    .err()
}
