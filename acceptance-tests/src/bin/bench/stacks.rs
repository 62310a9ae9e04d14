//! Stacks of the SDK beside terraform with as many resources of the same shape: first `up`, no-op preview, no-op `up`.
//!
//! Ours are a program of the SDK with the provider of [`program`] in its process and its state in a directory; terraform has
//! `terraform_data` and local state. Both write below the same temporary folder, and print to a file.

pub(crate) mod program;
mod terraform;

use std::time::Duration;

use crate::cost::Cost;
use crate::record::{Aim, Peer, Record};

/// How long one run of terraform may take.
const LIMIT: Duration = Duration::from_mins(5);
/// How long one of ours may take, which none comes near.
const OUR_LIMIT: Duration = Duration::from_mins(15);
const SIZES: [usize; 3] = [1_000, 5_000, 10_000];
/// The size at which something is aimed at.
const AIMED: usize = 10_000;
/// The size that is measured without terraform.
const ALONE: usize = 100_000;
/// How many layers there are in [`Shape::Layers`].
const LAYERS: usize = 10;
const PEER: &str = "terraform_data";

/// How resources depend on each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Not at all.
    Flat,
    /// In ten layers, each resource on two of the layer below: one gives it its input, the other it comes after.
    Layers,
    /// Each on the one before.
    Chain,
    /// All on the first.
    Fan,
    /// Not at all; each is a pipeline of our own provider, which is rendered and not written anywhere.
    Pipelines,
}

impl Shape {
    pub(crate) const ALL: [Self; 5] = [Self::Flat, Self::Layers, Self::Chain, Self::Fan, Self::Pipelines];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Flat => "flat",
            Self::Layers => "layers",
            Self::Chain => "chain",
            Self::Fan => "fan",
            Self::Pipelines => "pipelines",
        }
    }

    /// What the resource `index` of `count` needs: first the one that gives it its input, then those that it comes after.
    pub(crate) fn needs(self, index: usize, count: usize) -> Vec<usize> {
        let width = count / LAYERS;
        match self {
            Self::Layers if index >= width => {
                let (below, place) = ((index / width - 1) * width, index % width);
                vec![below + place, below + (place + 1) % width]
            }
            Self::Chain if index > 0 => vec![index - 1],
            Self::Fan if index > 0 => vec![0],
            _ => Vec::new(),
        }
    }
}

/// What is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Run {
    /// The first `up`.
    First,
    /// A preview that finds nothing to do.
    Preview,
    /// An `up` that finds nothing to do.
    Again,
}

impl Run {
    fn name(self) -> &'static str {
        match self {
            Self::First => "first up",
            Self::Preview => "no-op preview",
            Self::Again => "no-op up",
        }
    }
}

/// What the three runs cost.
type Costs = [(Run, Cost); 3];

pub(crate) fn measure() -> Vec<Record> {
    let mut records = Vec::new();
    for shape in [Shape::Flat, Shape::Layers] {
        let mut linear = Vec::new();
        for count in SIZES {
            eprintln!("bench: {count} resources, {}", shape.name());
            let ours = ours(shape, count);
            let peers = terraform::measure(shape, count);
            for ((run, ours), peer) in ours.into_iter().zip(peers) {
                records.extend(compared(shape, count, run, ours, &peer));
            }
            linear.push(ours[0].1);
        }
        eprintln!("bench: {ALONE} resources, {}", shape.name());
        let alone = ours(shape, ALONE);
        records.extend(alone.iter().flat_map(|(run, cost)| figures(shape, ALONE, *run, cost)));
        records.extend(growth(shape, &linear, &alone[0].1));
    }
    for (shape, count) in [(Shape::Chain, AIMED), (Shape::Fan, AIMED), (Shape::Pipelines, SIZES[0])] {
        eprintln!("bench: {count} resources, {}", shape.name());
        records.extend(ours(shape, count).iter().flat_map(|(run, cost)| figures(shape, count, *run, cost)));
    }
    records
}

fn ours(shape: Shape, count: usize) -> Costs {
    let folder = tempfile::tempdir().expect("a temporary folder");
    [Run::First, Run::Preview, Run::Again].map(|run| {
        let verb = if run == Run::Preview { "preview" } else { "up" };
        (run, program::run(verb, shape, count, folder.path(), OUR_LIMIT))
    })
}

fn figures(shape: Shape, count: usize, run: Run, cost: &Cost) -> Vec<Record> {
    let aimed = count == AIMED && matches!(shape, Shape::Flat | Shape::Layers);
    let aim = |aim| if aimed { aim } else { Aim::None };
    let [wall, peak] = match run {
        Run::First => [aim(Aim::Ours(3.0)), Aim::None],
        Run::Preview => [aim(Aim::Ours(1.0)), aim(Aim::Ours(150.0))],
        Run::Again => [Aim::None; 2],
    };
    let record =
        |what, unit, ours, aim| Record { name: name(shape, count, run, what), unit, ours, peer: Peer::None, aim };
    let mut records = vec![
        record("wall", "s", cost.wall, wall),
        record("CPU", "s", cost.cpu, Aim::None),
        record("peak memory", "MB", cost.peak, peak),
    ];
    if run == Run::First {
        records.push(record("written each", "B", each(cost, count), Aim::None));
    }
    records
}

/// The same figures with those of terraform, which is to take twenty times as long.
fn compared(shape: Shape, count: usize, run: Run, ours: Cost, peer: &terraform::Run) -> Vec<Record> {
    let mut records = figures(shape, count, run, &ours);
    let of = |figure: f64| match &peer.stopped {
        None => Peer::Of(PEER, figure),
        Some(done) => Peer::Stopped(PEER, figure, done.clone()),
    };
    let peers = [peer.cost.wall, peer.cost.cpu, peer.cost.peak, each(&peer.cost, peer.done)];
    for (record, figure) in records.iter_mut().zip(peers) {
        record.peer = of(figure);
    }
    let aimed = records[0].clone();
    if count == AIMED && run != Run::Again {
        records.insert(1, Record { aim: Aim::RatioAtMost(0.05), ..aimed });
    }
    records
}

/// How what one resource costs grows with their number. It may double where the journal becomes long enough to be compacted.
fn growth(shape: Shape, sizes: &[Cost], alone: &Cost) -> Vec<Record> {
    let ratio = |what: &str, most: f64, (many, count): (f64, usize), (few, fewer): (f64, usize)| Record {
        name: format!("{what} each, {count} / {fewer}, {}", shape.name()),
        unit: "x",
        ours: (many / size(count)) / (few / size(fewer)),
        peer: Peer::None,
        aim: Aim::Ours(most),
    };
    let (small, large) = (&sizes[0], &sizes[SIZES.len() - 1]);
    vec![
        ratio("written", 2.0, (large.written, AIMED), (small.written, SIZES[0])),
        ratio("written", 1.2, (alone.written, ALONE), (large.written, AIMED)),
        ratio("CPU", 1.5, (alone.cpu, ALONE), (large.cpu, AIMED)),
        ratio("peak memory", 1.2, (alone.peak, ALONE), (large.peak, AIMED)),
    ]
}

fn name(shape: Shape, count: usize, run: Run, what: &str) -> String {
    format!("{} of {count} {}: {what}", run.name(), shape.name())
}

/// The bytes written for each resource.
fn each(cost: &Cost, count: usize) -> f64 {
    cost.written / size(count)
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn size(count: usize) -> f64 {
    count as f64
}
