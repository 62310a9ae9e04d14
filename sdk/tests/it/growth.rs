//! What grows with the number of resources, and how: counted, not timed.

use std::path::Path;
use std::sync::Arc;

use devopsflow::store::{DirectoryStore, system_clock};
use devopsflow::{Output, Scope, Stack};
use disk::testing::{Faulty, Memory};

use crate::lifecycle::stack;
use crate::world::{Thing, World};

/// What thing `index` of a program needs.
type Needs = fn(usize) -> Option<usize>;

const CHAIN: Needs = |index| index.checked_sub(1);
const FAN: Needs = |index| (index > 0).then_some(0);

fn things(count: usize, needs: Needs) -> impl Fn(&mut Scope) -> devopsflow::Result<()> + Send + Sync + 'static {
    move |scope| {
        let mut made = Vec::new();
        for index in 0..count {
            // Each has a name of the same length, and what it is given has.
            let thing = Thing::new(format!("t{index:05}"), "thing").kind("a");
            let thing = match needs(index) {
                Some(needed) => {
                    let needed: &Output<String> = &made[needed];
                    thing.text(needed.clone().map(|url| format!("{url:>12}")))
                }
                None => thing.text("none        "),
            };
            made.push(thing.add(scope)?.url);
        }
        Ok(())
    }
}

/// A disk that notes what is done to it, a world, and a stack on both.
struct Bench {
    files: Memory,
    disk: Faulty,
    world: World,
}

impl Bench {
    fn new() -> Self {
        let files = Memory::new();
        Self { disk: Faulty::new(files.clone()), files, world: World::new(true) }
    }

    fn stack(&self, program: impl Fn(&mut Scope) -> devopsflow::Result<()> + Send + Sync + 'static) -> Stack {
        stack(DirectoryStore::with(Arc::new(self.disk.clone()), "states", system_clock()), &self.world, program)
    }

    /// How often this was done to the journal, which keeps the name under which its file was made, or to its successor.
    fn count(&self, operation: &str) -> usize {
        self.disk.operations().iter().filter(|done| done.starts_with(&format!("{operation} stack.journal"))).count()
    }

    /// The bytes of the journal.
    fn journal(&self) -> usize {
        self.files.files()[Path::new("states/shop/dev/g1/stack.journal")].len()
    }
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(work)
}

/// Makes these things, looks at them, and removes them; every step costs what it must and no more.
#[track_caller]
fn costs(count: usize, needs: Needs) {
    let bench = Bench::new();
    let stack = bench.stack(things(count, needs));
    let records = || bench.count("write") - bench.count("rename");
    // The start and the end of the run, and two for each resource; what waits at the same time shares a sync.
    let most = 2 + 2 * count;

    assert_eq!(run(async { stack.up().await }).unwrap().counts.created, count as u64);
    let (written, synced) = (records(), bench.count("sync"));
    assert_eq!(written, most);
    assert!(synced <= most + 2, "{synced} syncs of {most} records, and those of a new file");
    assert_eq!(bench.world.log().len(), count);
    let plans = bench.world.inner().plans;

    assert!(run(async { stack.preview().await }).unwrap().summary.is_empty());
    assert_eq!(records(), written, "a preview records nothing");
    assert!(run(async { stack.up().await }).unwrap().summary.is_empty());
    assert!(records() <= written + 2, "an up without changes records at most that it ran");
    assert_eq!(bench.world.inner().plans, plans, "the provider is not asked about what cannot have changed");
    assert_eq!(bench.world.log().len(), 0);

    let written = records();
    assert_eq!(run(async { stack.destroy().await }).unwrap().counts.deleted, count as u64);
    assert_eq!(records() - written, most);
}

#[test]
fn a_chain_costs_two_records_a_resource_and_no_call_once_it_is_there() {
    costs(200, CHAIN);
}

#[test]
fn so_does_one_that_all_others_use() {
    costs(200, FAN);
}

/// A recursion over the depth of the graph would end the process.
#[test]
fn a_graph_may_be_deep() {
    let bench = Bench::new();
    let preview = run(async { bench.stack(things(3_000, CHAIN)).preview().await }).unwrap();
    assert_eq!(preview.summary.create, 3_000);
}

#[test]
fn a_resource_takes_as_many_bytes_among_many_as_among_few() {
    let each = |count: usize| {
        let bench = Bench::new();
        run(async { bench.stack(things(count, FAN)).up().await }).unwrap();
        bench.journal() / count
    };
    let (few, many) = (each(100), each(200));
    assert!(many * 100 <= few * 103, "{few} bytes each among 100, {many} among 200");
}

/// Records go on until they take as much as what is recorded; then a snapshot takes their place. So whatever number of updates
/// writes each byte about twice, and reading takes as long as the state is large.
#[test]
fn updates_without_end_take_no_more_room() {
    let bench = Bench::new();
    let program = |round: usize| {
        move |scope: &mut Scope| {
            for index in 0..10 {
                let text = format!("{round} {}", "x".repeat(60_000));
                Thing::new(format!("t{index}"), "thing").text(text).add(scope)?;
            }
            Ok(())
        }
    };
    run(async { bench.stack(program(0)).up().await }).unwrap();
    let (mut sizes, compacted) = (Vec::new(), bench.count("rename"));
    for round in 1..=16 {
        let report = run(async { bench.stack(program(round)).up().await }).unwrap();
        assert_eq!(report.counts.updated, 10);
        sizes.push(bench.journal());
    }
    let compactions = bench.count("rename") - compacted;
    // Inputs and object hold the text, and both stand in a record and in a snapshot.
    let state = 10 * 2 * 60_000;
    let largest = sizes.iter().max().copied().unwrap_or_default();
    // The state with what the latest updates changed, at most four times that, and as much again in records.
    assert!(largest <= 10 * state, "{sizes:?}");
    assert!((3..=16).contains(&compactions), "{compactions} compactions in 16 updates: {sizes:?}");
}
