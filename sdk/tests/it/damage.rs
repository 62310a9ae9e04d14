//! Files of a state that are truncated, flipped, missing or of a newer release: each ends in a clear message, and nothing is
//! changed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use devopsflow::state::Export;
use devopsflow::store::{DirectoryStore, Store};
use devopsflow::{Event, Stack};
use disk::journal::{Journal, Options};

use crate::lifecycle::stack;
use crate::seam::block_on;
use crate::shelf::Shelf;
use crate::state_verbs::files;
use crate::world::{Thing, World};

const BACKUP: &str = "restore the directory from a backup";

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

fn journal(state: &Path) -> Journal {
    Journal::open(&disk::RealFs, &state.join("g1"), "stack", Options::default()).unwrap().0
}

fn append(state: &Path, record: &str) {
    let journal = journal(state);
    journal.sync(journal.append(record.as_bytes()).unwrap()).unwrap();
}

fn compact(state: &Path, snapshot: &[u8]) {
    let journal = journal(state);
    journal.compact(snapshot, journal.position()).unwrap();
}

/// The message without numbers that differ from run to run.
fn without_offsets(text: &str) -> String {
    let mut words: Vec<&str> = text.split(' ').collect();
    for at in 1..words.len() {
        if words[at - 1] == "byte" && words[at] != "0;" {
            words[at] = "N;";
        }
    }
    words.join(" ")
}

#[test]
fn what_is_not_as_it_was_written_is_named_and_left_alone() {
    type Damage = (fn(&Path), String);
    let journal = ".devopsflow/shop/dev/g1/stack.journal";
    let head = ".devopsflow/shop/dev/head.json";
    let restore = "nothing was changed: restore it from a backup, or move it away to begin anew without what it held";
    let cases: Vec<Damage> = vec![
        (
            |state| change(&state.join("g1/stack.journal"), |bytes| bytes[8] = 2),
            format!("{journal} has format version 2, and this release reads up to 1; use the newer release"),
        ),
        (
            |state| change(&state.join("g1/stack.journal"), |bytes| bytes.truncate(30)),
            format!("{journal} is damaged at byte 0; {restore}"),
        ),
        (
            |state| change(&state.join("g1/stack.journal"), Vec::clear),
            format!("{journal} is not a journal; move it away, or choose another directory"),
        ),
        (
            |state| change(&state.join("g1/stack.journal"), |bytes| bytes[300] ^= 4),
            format!("{journal} is damaged at byte N; {restore}"),
        ),
        (
            |state| {
                compact(state, b"{\"v\":1}\n");
                change(&state.join("g1/stack.journal"), |bytes| bytes.truncate(80));
            },
            format!("{journal} is damaged at byte N; {restore}"),
        ),
        (
            |state| append(state, r#"{"v":2,"what":"nobody knows"}"#),
            "the state has version 2, and this release reads up to 1; use the newer release".to_owned(),
        ),
        (
            |state| compact(state, b"{\"v\":2,\"what\":\"nobody knows\"}\n"),
            "the state has version 2, and this release reads up to 1; use the newer release".to_owned(),
        ),
        (
            |state| append(state, r#"{"v":1,"seq":3,"epoch":1,"at":0,"entry":{"started":{"id":2,"verb":"up"}}}"#),
            "the state is damaged: record 3 follows record 8; restore it from a backup".to_owned(),
        ),
        (
            |state| fs::remove_file(state.join("g1/stack.journal")).unwrap(),
            format!("{head} cannot be used: {journal} is missing; {BACKUP}"),
        ),
        (
            |state| change(&state.join("head.json"), |bytes| bytes[5] = b'2'),
            format!("{head} cannot be used: it has version 2, and this release reads up to 1; use the newer release"),
        ),
        (
            |state| change(&state.join("head.json"), |bytes| bytes[15] = b'7'),
            format!(
                "{head} cannot be used: it is damaged (it does not have its digest); nothing was changed: {BACKUP}"
            ),
        ),
        (
            |state| change(&state.join("head.json"), Vec::clear),
            format!(
                "{head} cannot be used: it is damaged (EOF while parsing a value at line 1 column 0); nothing was \
                 changed: {BACKUP}"
            ),
        ),
        (
            |state| fs::remove_file(state.join("head.json")).unwrap(),
            format!("{head} cannot be used: it is missing, and what it belongs to is there; {BACKUP}"),
        ),
    ];
    let shelf = Shelf::new(2, 1, 10);
    shelf.run(&["up", "--yes"], 0);
    let whole = files(&shelf.state());
    for (damage, expected) in cases {
        for (name, bytes) in &whole {
            fs::write(shelf.state().join(name), bytes).unwrap();
        }
        damage(&shelf.state());
        let damaged = files(&shelf.state());
        for args in [&["state", "list"][..], &["up", "--yes"], &["state", "repair", "--yes"], &["destroy", "--yes"]] {
            let said = shelf.run(args, 1).1;
            let last = without_offsets(said.lines().last().unwrap());
            assert_eq!(last, format!("error: {expected}"), "{args:?}");
            let mut after = files(&shelf.state());
            // Who opened it last is all that may be written down.
            if expected.starts_with("the state") {
                after.insert("head.json".to_owned(), damaged["head.json"].clone());
            }
            assert_eq!(after, damaged, "{args:?}: {expected}");
        }
    }
}

/// A stack of four things in a directory, and what was warned of.
fn four(root: &Path, world: &World) -> (Stack, Arc<Mutex<Vec<String>>>) {
    let warned: Arc<Mutex<Vec<String>>> = Arc::default();
    let tell = Arc::clone(&warned);
    let stack = stack(DirectoryStore::new(root), world, |scope| {
        let one = Thing::new("one", "one").add(scope)?;
        let two = Thing::new("two", "two").text(one.url).add(scope)?;
        let three = Thing::new("three", "three").text(two.url).add(scope)?;
        Thing::new("four", "four").text(three.url).add(scope)?;
        Ok(())
    });
    let stack = stack.reporter(move |event| {
        if let Event::Message { text, .. } = event {
            tell.lock().unwrap().push(text.clone());
        }
    });
    (stack, warned)
}

#[test]
fn a_flipped_bit_anywhere_is_noticed_and_nothing_is_changed() {
    let (root, world) = (tempfile::tempdir().unwrap(), World::default());
    let (stack, warned) = four(root.path(), &world);
    block_on(async { stack.up().await }).unwrap();
    let state = root.path().join("shop/dev");
    let records = DirectoryStore::new(root.path()).read(stack.id()).unwrap().unwrap().records;
    let whole = files(&state);
    let length = whole["g1/stack.journal"].len();
    let refused = |name: &str, at: usize, bit: u8| {
        let path = state.join(name);
        change(&path, |bytes| bytes[at] ^= 1 << bit);
        let damaged = files(&state);
        let looked = stack.state();
        if looked.is_ok() {
            fs::write(&path, &whole[name]).unwrap();
            return false;
        }
        assert!(block_on(async { stack.up().await }).is_err(), "bit {bit} of byte {at} of {name}");
        assert_eq!(files(&state), damaged, "bit {bit} of byte {at} of {name}");
        fs::write(&path, &whole[name]).unwrap();
        true
    };
    for at in 0..whole["head.json"].len() {
        assert!(refused("head.json", at, u8::try_from(at % 8).unwrap()), "byte {at} of the head");
    }
    for at in 0..56 {
        assert!(refused("g1/stack.journal", at, u8::try_from(at % 8).unwrap()), "byte {at} of the journal's header");
    }
    let mut unnoticed: BTreeMap<usize, usize> = BTreeMap::new();
    for at in (56..length).step_by(13) {
        warned.lock().unwrap().clear();
        if !refused("g1/stack.journal", at, u8::try_from(at % 8).unwrap()) {
            // Behind the last proof of a sync it cannot be told from a torn write, which is said and is a prefix.
            assert!(warned.lock().unwrap()[0].contains("were never wholly written"), "byte {at}");
            change(&state.join("g1/stack.journal"), |bytes| bytes[at] ^= 1 << (at % 8));
            let left = DirectoryStore::new(root.path()).read(stack.id()).unwrap().unwrap().records;
            assert!(records.starts_with(&left), "byte {at}");
            *unnoticed.entry(records.len() - left.len()).or_default() += 1;
            fs::write(state.join("g1/stack.journal"), &whole["g1/stack.journal"]).unwrap();
        }
    }
    // The chain is recorded one by one, so that is the last record and the one before it.
    assert!(unnoticed.keys().all(|lost| *lost <= 2), "{unnoticed:?} records are lost at so many places");

    // A snapshot was synced as a whole before it got its name.
    let mut more = stack.state_export().unwrap().state;
    more.exports.insert("more".to_owned(), "text".into());
    let import = stack.state_import(Export::new("shop/dev".to_owned(), 100, more), false).unwrap();
    block_on(async { stack.state_rewrite(import).await }).unwrap();
    let compacted = fs::read(state.join("g1/stack.journal")).unwrap();
    for at in (0..compacted.len()).step_by(13) {
        change(&state.join("g1/stack.journal"), |bytes| bytes[at] ^= 1 << (at % 8));
        assert!(stack.state().is_err(), "byte {at} of the snapshot");
        fs::write(state.join("g1/stack.journal"), &compacted).unwrap();
    }
    for length in (0..compacted.len()).step_by(13) {
        fs::write(state.join("g1/stack.journal"), &compacted[..length]).unwrap();
        assert!(stack.state().is_err(), "the snapshot cut at {length}");
    }
}
