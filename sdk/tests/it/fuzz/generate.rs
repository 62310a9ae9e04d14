//! Random cases: a valid snapshot, and one operation derived from it.
//!
//! What is drawn is positions among what there is, so that what is left after shrinking is a case again.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};

use super::case::{Case, Flag, Flake, Kill, Method, Outcome, Place, Recorded, Status, Thing, Verb};

/// What is drawn of one thing.
#[derive(Debug, Clone)]
struct Drawn {
    component: bool,
    inside: Option<Index>,
    uses: Vec<Index>,
    depends_on: Vec<Index>,
    deleted_with: Option<Index>,
    kind: u8,
    text: u8,
    options: Vec<Flag>,
}

/// What the program does with something that is recorded.
#[derive(Debug, Clone)]
enum Edit {
    Keep,
    Drop,
    Change(Drawn),
    /// Under another name, perhaps with the former one as an alias.
    Rename(bool),
    /// Out of its component, perhaps with the former address as an alias.
    MoveOut(bool),
    /// Beside another that is just as it.
    Copy,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let some = |chance| weighted(chance, any::<Index>());
    // Mostly none, or there would hardly be any that needs nothing.
    let few = || prop_oneof![3 => Just(Vec::new()), 2 => vec(any::<Index>(), 1..3)];
    let all = vec![
        Flag::Protect,
        Flag::Retain,
        Flag::DeleteFirst,
        Flag::IgnoreText,
        Flag::ReplaceOnText,
        Flag::OtherProvider,
    ];
    let options = prop_oneof![2 => Just(Vec::new()), 2 => subsequence(all, 0..3)];
    let thing = (prop::bool::weighted(0.15), some(0.3), few(), few(), some(0.2), 0..2u8, 0..2u8, options);
    thing.prop_map(|(component, inside, uses, depends_on, deleted_with, kind, text, options)| Drawn {
        component,
        inside,
        uses,
        depends_on,
        deleted_with,
        kind,
        text,
        options,
    })
}

fn status() -> impl Strategy<Value = Status> {
    prop_oneof![
        12 => Just(Status::Live),
        2 => Just(Status::Outgoing),
        1 => Just(Status::Tainted),
        1 => Just(Status::Vacant),
        1 => any::<bool>().prop_map(Status::Creating),
        1 => Just(Status::Updating),
        1 => any::<bool>().prop_map(Status::Deleting),
    ]
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        6 => Just(Edit::Keep),
        2 => Just(Edit::Drop),
        5 => drawn().prop_map(Edit::Change),
        2 => any::<bool>().prop_map(Edit::Rename),
        1 => any::<bool>().prop_map(Edit::MoveOut),
        1 => Just(Edit::Copy),
    ]
}

type DrawnEntry = (Drawn, Status, Option<Index>, Edit);

/// A case.
pub(super) fn case() -> impl Strategy<Value = Case> {
    let entry = (drawn(), status(), weighted(0.15, any::<Index>()), edit());
    let inserted = vec((any::<Index>(), drawn()), 0..3);
    let snapshot = (vec(entry, 2..6), prop::bool::weighted(0.4), vec(any::<Index>(), 0..2), any::<bool>());
    let program = (inserted, prop::bool::weighted(0.1));
    (snapshot, program, operation()).prop_map(
        |((entries, settled, vanished, locates), (inserted, reversed), operation)| {
            let recorded = recorded(&entries);
            let program = derived(&recorded, entries.into_iter().map(|entry| entry.3), inserted, reversed);
            let vanished = vanished.iter().map(|index| index.index(recorded.len())).collect();
            operation.of(Case { recorded, settled, vanished, locates, program, ..nothing() })
        },
    )
}

fn nothing() -> Case {
    Case {
        recorded: Vec::new(),
        settled: false,
        vanished: Vec::new(),
        locates: false,
        program: Vec::new(),
        verb: Verb::Up,
        refresh: false,
        targets: Vec::new(),
        excludes: Vec::new(),
        replaces: Vec::new(),
        parallel: 1,
        flaky: Vec::new(),
        kill: None,
    }
}

/// What is drawn of the operation.
#[derive(Debug, Clone)]
struct DrawnOperation {
    verb: Verb,
    refresh: bool,
    chosen: [Vec<Index>; 3],
    parallel: usize,
    flaky: Vec<(Index, Method, Outcome)>,
    kill: Option<Kill>,
}

fn operation() -> impl Strategy<Value = DrawnOperation> {
    let verb =
        prop_oneof![6 => Just(Verb::Up), 1 => Just(Verb::Preview), 1 => Just(Verb::Refresh), 2 => Just(Verb::Destroy)];
    let methods = [Method::Plan, Method::Create, Method::Update, Method::Delete, Method::Read, Method::Locate];
    let outcomes = [
        Outcome::Fails,
        Outcome::FailsHalfWay,
        Outcome::LosesAnswer,
        Outcome::LosesRequest,
        Outcome::Disconnects,
        Outcome::Panics,
    ];
    let changing = [Method::Create, Method::Update, Method::Delete];
    let few = |chance: f64| weighted(chance, vec(any::<Index>(), 1..3)).prop_map(Option::unwrap_or_default);
    let flake = (any::<Index>(), select(methods.to_vec()), select(outcomes.to_vec()));
    let kill = prop_oneof![
        3 => (1..14usize).prop_map(Kill::Records),
        1 => (select(changing.to_vec()), 0..3usize).prop_map(|(method, after)| Kill::Before(method, after)),
        1 => (select(changing.to_vec()), 0..3usize).prop_map(|(method, after)| Kill::After(method, after)),
    ];
    let chosen = [few(0.2), few(0.15), few(0.15)];
    let parallel = select(vec![1usize, 4]);
    let all = (verb, prop::bool::weighted(0.3), chosen, parallel, vec(flake, 0..4), weighted(0.5, kill));
    all.prop_map(|(verb, refresh, chosen, parallel, flaky, kill)| DrawnOperation {
        verb,
        refresh,
        chosen,
        parallel,
        flaky,
        kill,
    })
}

impl DrawnOperation {
    /// The operation on what the case has.
    fn of(self, case: Case) -> Case {
        let recorded = case.recorded.iter().map(|recorded| &recorded.thing);
        let places: BTreeSet<Place> = recorded.chain(&case.program).map(|thing| thing.place.clone()).collect();
        let places: Vec<Place> = places.into_iter().collect();
        let [targets, excludes, replaces] = self.chosen.map(|chosen| {
            let chosen: BTreeSet<Place> = chosen.iter().map(|index| index.get(&places).clone()).collect();
            chosen.into_iter().collect::<Vec<_>>()
        });
        let flaky = self.flaky.into_iter().map(|(index, method, outcome)| {
            let place = index.get(&places).clone();
            Flake { place, method, outcome }
        });
        let (verb, refresh, parallel, kill) = (self.verb, self.refresh, self.parallel, self.kill);
        Case { verb, refresh, targets, excludes, replaces, parallel, flaky: flaky.collect(), kill, ..case }
    }
}

impl Drawn {
    /// The thing of this name, after `earlier` ones.
    fn thing(&self, name: u8, earlier: &[Thing]) -> Thing {
        let pick = |index: &Index, names: &[u8]| (!names.is_empty()).then(|| *index.get(names));
        let of = |component: bool| -> Vec<u8> {
            let all = earlier.iter().filter(|thing| thing.place.component == component);
            all.map(|thing| thing.place.name).collect()
        };
        let (things, components) = (of(false), of(true));
        let each = |indexes: &[Index]| {
            let names: BTreeSet<u8> = indexes.iter().filter_map(|index| pick(index, &things)).collect();
            names.into_iter().collect::<Vec<_>>()
        };
        let parent = self.inside.as_ref().and_then(|index| pick(index, &components));
        let parent = parent.and_then(|name| earlier.iter().find(|thing| thing.place.name == name));
        let inside = parent.map(|parent| [parent.place.inside.clone(), vec![parent.place.name]].concat());
        let place = Place { inside: inside.unwrap_or_default(), name, component: self.component };
        if self.component {
            let (uses, depends_on, options, aliases) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
            return Thing { place, uses, depends_on, deleted_with: None, kind: 0, text: 0, options, aliases };
        }
        Thing {
            place,
            uses: each(&self.uses),
            depends_on: each(&self.depends_on),
            deleted_with: self.deleted_with.as_ref().and_then(|index| pick(index, &things)),
            kind: self.kind,
            text: self.text,
            options: self.options.clone(),
            aliases: Vec::new(),
        }
    }
}

/// Whether it is the one that a program continues.
fn is_current(status: Status) -> bool {
    !matches!(status, Status::Outgoing | Status::Creating(_))
}

/// The snapshot.
fn recorded(entries: &[DrawnEntry]) -> Vec<Recorded> {
    let mut all: Vec<Recorded> = Vec::new();
    for (name, (drawn, status, copy, _)) in (0..).zip(entries) {
        let earlier: Vec<Thing> = all
            .iter()
            .filter(|recorded| !matches!(recorded.status, Status::Creating(_)))
            .map(|recorded| recorded.thing.clone())
            .collect();
        let mut thing = drawn.thing(name, &earlier);
        let mut status = if thing.place.component { Status::Live } else { *status };
        let originals: Vec<&Recorded> = all.iter().filter(|recorded| !recorded.thing.place.component).collect();
        if let Some(copy) = copy.filter(|_| !thing.place.component && !originals.is_empty()) {
            let original = copy.get(&originals).thing.clone();
            // What it needs must have been there before the original as well, or it would need itself.
            let needed: BTreeSet<u8> = original.needs().collect();
            thing.uses.retain(|name| needed.contains(name));
            thing.depends_on.retain(|name| needed.contains(name));
            thing.deleted_with = thing.deleted_with.filter(|name| needed.contains(name));
            thing.place = original.place;
            let same = |recorded: &&Recorded| recorded.thing.place == thing.place;
            let taken = all.iter().filter(same).any(|recorded| is_current(recorded.status));
            let creating = all.iter().filter(same).any(|recorded| matches!(recorded.status, Status::Creating(_)));
            status = match status {
                Status::Creating(_) if creating => Status::Outgoing,
                Status::Creating(made) => Status::Creating(made),
                _ if taken => Status::Outgoing,
                status => status,
            };
        }
        all.push(Recorded { thing, status });
    }
    all
}

/// The program that the snapshot is changed into.
fn derived(
    recorded: &[Recorded],
    edits: impl Iterator<Item = Edit>,
    inserted: Vec<(Index, Drawn)>,
    reversed: bool,
) -> Vec<Thing> {
    let mut things: Vec<Thing> = Vec::new();
    let (mut renamed, mut next) = (BTreeMap::new(), 20);
    let mut fresh = || {
        next += 1;
        next
    };
    for (recorded, edit) in recorded.iter().zip(edits).filter(|(recorded, _)| recorded.status != Status::Outgoing) {
        let mut thing = recorded.thing.clone();
        if things.iter().any(|other| other.place == thing.place) {
            continue;
        }
        match edit {
            Edit::Drop => continue,
            Edit::Change(drawn) if !thing.place.component => {
                let place = thing.place.clone();
                thing = Thing { place, ..Drawn { component: false, ..drawn }.thing(0, &things) };
            }
            Edit::Keep | Edit::Change(_) => {}
            Edit::Rename(alias) => {
                let former = thing.place.clone();
                thing.place.name = fresh();
                renamed.insert(former.name, thing.place.name);
                thing.aliases.extend((alias && !former.component).then_some(former));
            }
            Edit::MoveOut(alias) => {
                let former = thing.place.clone();
                thing.place.inside.pop();
                let moved = thing.place != former;
                thing.aliases.extend((alias && moved && !former.component).then_some(former));
            }
            Edit::Copy => {
                let mut copy = thing.clone();
                copy.place.name = fresh();
                things.push(copy);
            }
        }
        things.push(thing);
    }
    for (index, drawn) in inserted {
        let at = index.index(things.len() + 1);
        let thing = drawn.thing(fresh(), &things[..at]);
        things.insert(at, thing);
    }
    if reversed {
        things.reverse();
    }
    settled(things, &renamed)
}

/// The things with names as they are now, each in the component that holds it now.
fn settled(mut things: Vec<Thing>, renamed: &BTreeMap<u8, u8>) -> Vec<Thing> {
    let now = |name: u8| renamed.get(&name).copied().unwrap_or(name);
    for thing in &mut things {
        thing.uses.iter_mut().chain(&mut thing.depends_on).for_each(|name| *name = now(*name));
        thing.deleted_with = thing.deleted_with.map(now);
        thing.place.inside.iter_mut().for_each(|name| *name = now(*name));
    }
    let parents: BTreeMap<u8, Option<u8>> = things
        .iter()
        .filter(|thing| thing.place.component)
        .map(|thing| (thing.place.name, thing.place.inside.last().copied()))
        .collect();
    for thing in &mut things {
        let (mut inside, mut parent) = (Vec::new(), thing.place.inside.last().copied());
        while let Some(name) = parent.filter(|name| parents.contains_key(name)) {
            inside.insert(0, name);
            parent = parents[&name];
        }
        thing.place.inside = inside;
    }
    let mut names = BTreeSet::new();
    things.retain(|thing| names.insert(thing.place.name));
    things
}
