//! Transfers on a file system that fails on demand: what is said afterwards is what there is.

use std::io::ErrorKind;

use disk::testing::{Fault, Faulty, Memory};

use super::*;

fn placed(directory: &str, files: &[(&str, &str)]) -> Placed {
    let texts = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    Placed { directory: directory.into(), texts }
}

fn memory(files: &[(&str, &str)]) -> Memory {
    let memory = Memory::new();
    for (path, text) in files {
        memory.put(path, *text);
    }
    memory
}

fn contents(memory: &Memory) -> BTreeMap<String, String> {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    memory.files().into_iter().map(|(path, bytes)| (path.to_string_lossy().into_owned(), text(bytes))).collect()
}

/// The files that an outcome speaks of, with their texts; those of strays are only known by their digests.
fn spoken_of(placed: Option<&Placed>, strays: &Strays) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = strays
        .iter()
        .map(|(path, digest)| (lexical(Path::new(path)).to_string_lossy().into_owned(), digest.clone()))
        .collect();
    if let Some(placed) = placed {
        for (name, text) in &placed.texts {
            let path = lexical(&placed.directory).join(name).to_string_lossy().into_owned();
            all.insert(path, Digest::of(text.as_bytes()).to_string());
        }
    }
    all
}

fn digests(memory: &Memory) -> BTreeMap<String, String> {
    contents(memory).into_iter().map(|(path, text)| (path, Digest::of(text.as_bytes()).to_string())).collect()
}

fn run(
    store: &Store,
    from: impl Into<Option<Placed>>,
    to: impl Into<Option<Placed>>,
    strays: Strays,
) -> Result<(), Box<Stopped>> {
    let (from, to) = (from.into(), to.into());
    Transfer { store, from, to, strays, overwrite: false, stop: &Stop::new() }.run()
}

/// Fails every operation of a transfer in turn, and once more after that works; each time the outcome names exactly the
/// files that exist, and the transfer that follows gets through.
#[track_caller]
fn sweep(
    from: impl Into<Option<Placed>>,
    to: impl Into<Option<Placed>>,
    before: &[(&str, &str)],
    after: &[(&str, &str)],
) {
    let (from, to) = (from.into(), to.into());
    let expected: BTreeMap<_, _> = after.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    for nth in 1.. {
        let memory = memory(before);
        let faulty = Store(Arc::new(Faulty::new(memory.clone()).with(nth, Fault::Fail(ErrorKind::PermissionDenied))));
        let Err(stopped) = run(&faulty, from.clone(), to.clone(), Strays::new()) else {
            assert_eq!(contents(&memory), expected);
            // A failure of housekeeping is forgiven, so success does not mean that the sweep is over.
            if is_done(from.clone(), to.clone(), before, nth) {
                return;
            }
            continue;
        };
        assert_eq!(spoken_of(stopped.placed.as_ref(), &stopped.strays), digests(&memory), "operation {nth}");
        let store = Store(Arc::new(memory.clone()));
        run(&store, stopped.placed, to.clone(), stopped.strays).unwrap();
        assert_eq!(contents(&memory), expected, "after operation {nth} had failed");
    }
}

/// Whether an undisturbed transfer has fewer operations than `nth`.
fn is_done(from: Option<Placed>, to: Option<Placed>, before: &[(&str, &str)], nth: usize) -> bool {
    let faulty = Arc::new(Faulty::new(memory(before)));
    run(&Store(faulty.clone()), from, to, Strays::new()).unwrap();
    faulty.operations().len() < nth
}

#[test]
fn creation() {
    sweep(None, placed("w", &[("a.yml", "a"), ("b.yml", "b")]), &[], &[("w/a.yml", "a"), ("w/b.yml", "b")]);
}

#[test]
fn update_in_place() {
    let from = placed("w", &[("a.yml", "old"), ("gone.yml", "gone")]);
    let to = placed("./w/", &[("a.yml", "new"), ("b.yml", "b")]);
    sweep(from, to, &[("w/a.yml", "old"), ("w/gone.yml", "gone")], &[("w/a.yml", "new"), ("w/b.yml", "b")]);
}

#[test]
fn move_to_another_directory() {
    let from = placed("v", &[("a.yml", "old"), ("b.yml", "b")]);
    let to = placed("w", &[("a.yml", "new"), ("c.yml", "c")]);
    sweep(from, to, &[("v/a.yml", "old"), ("v/b.yml", "b")], &[("w/a.yml", "new"), ("w/c.yml", "c")]);
}

#[test]
fn removal() {
    sweep(placed("w", &[("a.yml", "a"), ("b.yml", "b")]), None, &[("w/a.yml", "a"), ("w/b.yml", "b")], &[]);
}

#[track_caller]
fn refuse(before: &[(&str, &str)], from: impl Into<Option<Placed>>, to: impl Into<Option<Placed>>, summary: &str) {
    let from = from.into();
    let memory = memory(before);
    let earlier = contents(&memory);
    let stopped = run(&Store(Arc::new(memory.clone())), from.clone(), to, Strays::new()).unwrap_err();
    assert_eq!(stopped.diagnostic.summary, summary);
    assert_eq!((contents(&memory), stopped.placed), (earlier, from), "nothing was touched");
}

#[test]
fn what_changed_since_the_plan_is_left_alone() {
    let (old, new) = (|| placed("w", &[("a.yml", "old")]), || placed("w", &[("a.yml", "new")]));
    let changed = "The file has changed since the plan";
    refuse(&[("w/a.yml", "edited")], old(), new(), changed);
    refuse(&[("w/a.yml", "edited")], old(), None, changed);
    refuse(&[], old(), new(), changed);
}

#[test]
fn files_of_others_are_left_alone() {
    let exists = "The file exists already";
    refuse(&[("w/a.yml", "theirs")], None, placed("w", &[("a.yml", "new")]), exists);
    let from = placed("v", &[("a.yml", "old")]);
    refuse(&[("v/a.yml", "old"), ("w/a.yml", "theirs")], from, placed("w", &[("a.yml", "new")]), exists);
}

#[test]
fn what_a_lost_apply_left_is_taken_over() {
    let (old, new) = (placed("w", &[("a.yml", "old")]), placed("w", &[("a.yml", "new")]));
    for from in [None, Some(old.clone())] {
        let memory = memory(&[("w/a.yml", "new")]);
        run(&Store(Arc::new(memory)), from, new.clone(), Strays::new()).unwrap();
    }
    run(&Store(Arc::new(memory(&[]))), old, None, Strays::new()).unwrap();
}

#[test]
fn a_stray_that_somebody_changed_stays() {
    let memory = memory(&[("v/a.yml", "edited")]);
    let strays = Strays::from([("v/a.yml".to_owned(), Digest::of(b"old").to_string())]);
    let store = Store(Arc::new(memory.clone()));
    assert_eq!(store.existing(strays.clone()).unwrap(), Strays::new());
    run(&store, None, placed("w", &[("a.yml", "new")]), strays).unwrap();
    assert_eq!(contents(&memory)["v/a.yml"], "edited");
}
