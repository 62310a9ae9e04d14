//! Every operation failing, and dying, in turn.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use disk::testing::{Fault, Faulty, Memory};
use disk::{Artifact, Artifacts, Digest, Error, Expect, Failed, Folder};

use crate::support::{path, set, survivals};

const ROOT: &str = "home/repo";

/// Two files to replace and two to create, one of them executable, in three directories of which one is new.
fn planned() -> Artifacts {
    let mut planned = set([("a.yml", "new a"), ("new/n.yml", "new n"), ("sub/s.yml", "new s")]);
    planned.insert(path("run.sh"), Artifact::script("new run"));
    planned
}

fn old() -> BTreeMap<&'static str, &'static str> {
    [("a.yml", "old a"), ("sub/s.yml", "old s"), ("foreign.yml", "foreign")].into()
}

fn expect(path: &disk::RelativePath, artifact: &Artifact) -> Expect {
    let prior = old().get(path.as_str()).map(|text| Digest::of(text.as_bytes()));
    prior.map_or(Expect::AbsentOr(artifact.digest()), Expect::Digest)
}

fn before() -> Memory {
    let memory = Memory::new();
    for (path, text) in old() {
        memory.put(Path::new(ROOT).join(path), text);
    }
    memory
}

/// What is in the folder, stages left out.
fn published(memory: &Memory) -> BTreeMap<String, String> {
    let text = |(path, bytes): (PathBuf, Vec<u8>)| {
        let path = path.strip_prefix(ROOT).unwrap().to_str().unwrap().to_owned();
        (path, String::from_utf8(bytes).unwrap())
    };
    memory.files().into_iter().map(text).filter(|(path, _)| !path.contains(".devopsflow-")).collect()
}

fn stages(memory: &Memory) -> usize {
    memory.files().keys().filter(|path| path.to_str().unwrap().contains(".devopsflow-")).count()
}

fn run(memory: &Memory, nth: usize, fault: Fault) -> (Result<(), Failed>, Faulty) {
    let faulty = Faulty::new(memory.clone()).with(nth, fault);
    let folder = Folder::on(Arc::new(faulty.clone()), ROOT);
    (folder.publish(&planned(), expect), faulty)
}

/// Each file is wholly old or wholly new, and what is not planned is untouched. Returns the paths that are new.
#[track_caller]
fn old_or_new(found: &BTreeMap<String, String>) -> Vec<String> {
    let mut new = Vec::new();
    let mut expected: BTreeMap<String, String> = old().into_iter().map(|(p, t)| (p.into(), t.into())).collect();
    for (path, artifact) in planned() {
        let text = String::from_utf8(artifact.bytes).unwrap();
        if found.get(path.as_str()) == Some(&text) {
            expected.insert(path.to_string(), text);
            new.push(path.to_string());
        }
    }
    assert_eq!(*found, expected);
    new
}

/// Operations of a run in which nothing goes wrong.
fn count() -> usize {
    let (outcome, faulty) = run(&before(), usize::MAX, Fault::Crash);
    outcome.unwrap();
    faulty.operations().len()
}

#[test]
fn each_failure_is_reported_exactly_and_leaves_no_stage() {
    let kinds = [ErrorKind::StorageFull, ErrorKind::PermissionDenied, ErrorKind::NotFound, ErrorKind::AlreadyExists];
    let mut failures = 0;
    for (nth, kind) in (1..=count()).flat_map(|nth| kinds.map(|kind| (nth, kind))) {
        let memory = before();
        let (outcome, faulty) = run(&memory, nth, Fault::Fail(kind));
        let what = format!("{kind} at {nth}, {}", faulty.operations()[nth - 1]);
        let new = old_or_new(&published(&memory));
        match outcome {
            Ok(()) => assert_eq!(new.len(), planned().len(), "{what}"),
            Err(failed) => {
                failures += 1;
                let reported: Vec<_> = failed.published.iter().map(ToString::to_string).collect();
                assert_eq!(reported, new, "{what}");
                if !faulty.operations()[nth - 1].starts_with("sync directory") {
                    assert_eq!(published(&memory.after_crash(|_| false)), published(&memory), "{what} is not durable");
                }
            }
        }
        if !faulty.operations()[nth - 1].starts_with("remove file") {
            assert_eq!(stages(&memory), 0, "{what}");
        }
    }
    assert!(failures > count(), "most failures are reported, not swallowed: {failures}");
}

#[test]
fn each_crash_leaves_old_or_new_even_without_power_and_can_be_repeated() {
    for nth in 1..=count() {
        let memory = before();
        run(&memory, nth, Fault::Crash).0.unwrap_err();
        let killed = std::iter::once(memory.after_crash(|_| true));
        let images = killed.chain(survivals().into_iter().map(|survives| memory.after_crash(survives)));
        for image in images.chain([memory.clone()]) {
            old_or_new(&published(&image));
            let folder = Folder::on(Arc::new(image.clone()), ROOT);
            folder.publish(&planned(), |_, _| Expect::Anything).unwrap();
            assert_eq!(old_or_new(&published(&image)).len(), planned().len());
            assert_eq!(stages(&image), 0, "after dying at {nth}");
        }
    }
}

#[test]
fn what_is_reported_done_survives_the_loss_of_all_that_was_not_synced() {
    for mut survives in survivals() {
        let memory = before();
        run(&memory, usize::MAX, Fault::Crash).0.unwrap();
        let image = memory.after_crash(&mut survives);
        assert_eq!(old_or_new(&published(&image)).len(), planned().len());

        let folder = Folder::on(Arc::new(image.clone()), ROOT);
        folder.remove(&path("new/n.yml"), Digest::of(b"new n")).unwrap();
        folder.prune(&path("new/n.yml")).unwrap();
        let image = image.after_crash(&mut survives);
        assert!(!published(&image).contains_key("new/n.yml"));
        // A file can take the place of the directory only if that is gone for good.
        Folder::on(Arc::new(image), ROOT).publish(&set([("new", "")]), |_, _| Expect::Absent).unwrap();
    }
}

#[test]
fn a_folder_that_it_had_to_create_is_durable() {
    let memory = Memory::new();
    let folder = Folder::on(Arc::new(memory.clone()), "deep/er/folder");
    folder.publish(&set([("x/y.yml", "new")]), |_, _| Expect::Absent).unwrap();
    let image = memory.after_crash(|_| false);
    assert_eq!(image.files(), [("deep/er/folder/x/y.yml".into(), b"new".to_vec())].into());
}

#[test]
fn a_full_disk_publishes_nothing_and_says_so() {
    let memory = before();
    let (_, calm) = run(&before(), usize::MAX, Fault::Crash);
    for (nth, _) in calm.operations().iter().enumerate().filter(|(_, operation)| operation.starts_with("write")) {
        let failed = run(&memory, nth + 1, Fault::Fail(ErrorKind::StorageFull)).0.unwrap_err();
        assert_eq!(failed.published, []);
        assert!(matches!(&failed.source, Error::NoSpace { path, .. } if path.starts_with(ROOT)));
        assert!(failed.source.to_string().contains(": no space left; free some and run again"));
    }
}

#[test]
fn a_refusal_says_what_was_tried_and_where() {
    let (_, calm) = run(&before(), usize::MAX, Fault::Crash);
    let rename = calm.operations().iter().position(|operation| operation.starts_with("rename")).unwrap();
    // The second of the four.
    let nth = calm.operations()[rename + 1..].iter().position(|operation| operation.starts_with("rename")).unwrap();
    let failed = run(&before(), rename + nth + 2, Fault::Fail(ErrorKind::PermissionDenied)).0.unwrap_err();
    assert!(matches!(failed.source, Error::Permission { .. }));
    insta::assert_snapshot!(format!("{failed}: {}", failed.source), @"published a.yml, then failed: cannot publish home/repo/new/n.yml: permission denied; check who owns it and whether it is mounted read-only");
}

#[test]
fn a_removal_failing_anywhere_can_be_repeated_until_it_is_durable() {
    let remove = |folder: &Folder| folder.remove(&path("a.yml"), Digest::of(b"old a"));
    for nth in 1.. {
        let memory = before();
        let faulty = Faulty::new(memory.clone()).with(nth, Fault::Fail(ErrorKind::Interrupted));
        if remove(&Folder::on(Arc::new(faulty.clone()), ROOT)).is_ok() && faulty.operations().len() < nth {
            break;
        }
        remove(&Folder::on(Arc::new(memory.clone()), ROOT)).unwrap();
        assert!(!published(&memory.after_crash(|_| false)).contains_key("a.yml"), "at {nth}");
    }
}

#[test]
fn the_order_of_operations() {
    let memory = Memory::new();
    memory.put("repo/a.yml", "old");
    let faulty = Faulty::new(memory);
    let folder = Folder::on(Arc::new(faulty.clone()), "repo");
    folder.publish(&set([("a.yml", "new"), ("d/b.yml", "new")]), |_, _| Expect::Anything).unwrap();
    let changes = faulty.operations().into_iter().filter(|operation| {
        let looks = ["open", "kind", "names"];
        !looks.iter().any(|look| operation.starts_with(look))
    });
    let changes: Vec<String> = changes.map(|operation| without_random(&operation)).collect();
    insta::assert_snapshot!(changes.join("\n"), @r"
    create directory d
    sync directory
    create file .a.yml.devopsflow-R
    try lock .a.yml.devopsflow-R
    write .a.yml.devopsflow-R
    sync .a.yml.devopsflow-R
    create file .b.yml.devopsflow-R
    try lock .b.yml.devopsflow-R
    write .b.yml.devopsflow-R
    sync .b.yml.devopsflow-R
    rename .a.yml.devopsflow-R to a.yml
    rename .b.yml.devopsflow-R to b.yml
    sync directory
    sync directory
    ");
}

fn without_random(operation: &str) -> String {
    match operation.split_once(".devopsflow-") {
        Some((start, end)) => format!("{start}.devopsflow-R{}", &end[16..]),
        None => operation.to_owned(),
    }
}
