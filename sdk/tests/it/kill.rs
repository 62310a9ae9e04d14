//! Real kills, at random moments of an `up` of 500 resources: running it again does the rest.

use std::io::{BufRead, BufReader};
use std::time::Duration;

use crate::shelf::Shelf;

const THINGS: usize = 440;
const PIPELINES: usize = 60;
/// What makes the journal large enough to be compacted while it runs.
const BYTES: usize = 2_000;

/// A number in `0..below`, from a sequence that the seed fixes (splitmix64).
fn random(seed: &mut u64, below: u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*seed ^ (*seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) % below
}

fn seed() -> u64 {
    let given = std::env::var("DEVOPSFLOW_SEED").ok().map(|text| text.parse().unwrap());
    given.unwrap_or_else(|| std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), ()))
}

/// Kills an `up` after so many lines of what it tells, and a little later. Says whether it was still running.
fn killed_up(shelf: &Shelf, lines: u64, later: Duration) -> bool {
    let mut up = shelf.program(&["up", "--yes", "--json"]).spawn().unwrap();
    // Nothing reads what it says of errors, and that is little.
    let mut told = BufReader::new(up.stdout.take().unwrap()).lines();
    let lines = usize::try_from(lines).unwrap();
    let reached = lines == 0 || told.nth(lines - 1).is_some();
    std::thread::sleep(later);
    up.kill().unwrap();
    !up.wait().unwrap().success() && reached
}

/// The second half of the events is about what is done; the first is the plan.
fn events(shelf: &Shelf) -> u64 {
    let (told, _) = shelf.run(&["up", "--yes", "--json"], 0);
    complete(shelf, "calm");
    told.lines().count() as u64
}

/// All 500 are there, once, recorded, and as declared.
#[track_caller]
fn complete(shelf: &Shelf, context: &str) {
    let made = shelf.made();
    assert_eq!(made.len(), THINGS, "{context}: nothing is forgotten");
    let twice: Vec<_> = made.iter().filter(|(_, made)| **made != 1).collect();
    assert!(twice.is_empty(), "{context}: nothing is made twice: {twice:?}");
    for number in 0..PIPELINES {
        assert!(shelf.root().join(format!("p{number}/.github/workflows/ci.yml")).exists(), "{context}: p{number}");
    }
    let (listed, _) = shelf.run(&["state", "list"], 0);
    assert_eq!(listed.lines().count(), THINGS + PIPELINES, "{context}: {listed}");
    assert!(!listed.contains("pending"), "{context}: {listed}");
    shelf.run(&["preview", "--refresh", "--detailed-exitcode"], 0);
    let found = disk::journal::read(&disk::RealFs, &shelf.state().join("g1"), "stack").unwrap().unwrap();
    assert!(found.snapshot.is_some(), "{context}: it is long enough to be compacted");
}

#[test]
fn killed_at_random_moments_of_500_resources_it_is_only_run_again() {
    let rounds = if std::env::var_os("DEVOPSFLOW_LONG").is_some() { 200 } else { 8 };
    let seed = seed();
    println!("DEVOPSFLOW_SEED={seed}");
    let mut random = {
        let mut state = seed;
        move |below| random(&mut state, below)
    };
    let events = events(&Shelf::new(THINGS, PIPELINES, BYTES));
    let (mut running, mut again) = (0, 0);
    for round in 0..rounds {
        let shelf = Shelf::new(THINGS, PIPELINES, BYTES);
        let lines = random(events);
        let later = Duration::from_micros(random(5_000));
        let context = format!("DEVOPSFLOW_SEED={seed}, round {round}, killed after {lines} of {events} events");
        running += u64::from(killed_up(&shelf, lines, later));
        // One in four of the recoveries is killed as well.
        if random(4) == 0 {
            again += u64::from(killed_up(&shelf, random(events), later));
        }
        let recovered = shelf.program(&["up", "--yes"]).output().unwrap();
        let said = String::from_utf8_lossy(&recovered.stderr);
        assert!(recovered.status.success(), "{context}: it is only run again: {said}");
        complete(&shelf, &context);
    }
    println!("{rounds} rounds, killed while running: {running}, and in the recovery: {again}");
    assert!(running * 2 > rounds, "most were killed while they ran: {running} of {rounds}");
}
