//! Each operation of a folder, and each error, on the real file system.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use disk::{Artifact, Artifacts, Digest, Error, Expect, Failed, Folder, MAX_BYTES, Mode};
use tempfile::{TempDir, tempdir};

use crate::support::{child, child_folder, files, path, set};

/// A folder that does not exist yet, in a directory that does.
fn fresh() -> (TempDir, Folder) {
    let parent = tempdir().unwrap();
    let folder = Folder::new(parent.path().join("a/b"));
    (parent, folder)
}

fn holding(content: &str) -> (TempDir, Folder) {
    let (parent, folder) = fresh();
    folder.publish(&set([("ci.yml", content)]), |_, _| Expect::Absent).unwrap();
    (parent, folder)
}

#[test]
fn publishes_into_a_folder_that_it_creates() {
    let (_parent, folder) = fresh();
    folder.publish(&set([("ci.yml", "one"), ("x/y/z.yml", "two")]), |_, _| Expect::Absent).unwrap();
    let found = files(folder.path());
    assert_eq!(found, [("ci.yml".into(), "one".into()), ("x/y/z.yml".into(), "two".into())].into());
    assert_eq!(folder.read(&path("x/y/z.yml")).unwrap(), Some(Artifact::text("two")));
}

#[test]
fn reads_nothing_where_nothing_is() {
    let (parent, folder) = fresh();
    for at in ["ci.yml", "x/y.yml"] {
        assert_eq!(folder.read(&path(at)).unwrap(), None);
    }
    folder.remove(&path("ci.yml"), Digest::of(b"")).unwrap();
    folder.prune(&path("x/y.yml")).unwrap();
    folder.publish(&Artifacts::new(), |_, _| Expect::Absent).unwrap();
    assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0, "looking creates nothing");
}

#[test]
fn relative_and_empty_paths_are_below_the_current_directory() {
    for root in ["", ".", "src/../src"] {
        assert_eq!(Folder::new(root).read(&path("no-such-file")).unwrap(), None);
    }
    assert!(Folder::new("").read(&path("Cargo.toml")).unwrap().is_some());
    assert!(Folder::new("src/../src").read(&path("lib.rs")).unwrap().is_some());
}

#[test]
fn a_folder_may_be_named_through_parents_that_are_not_there_yet() {
    let parent = tempdir().unwrap();
    let folder = Folder::new(parent.path().join("a/../b"));
    folder.publish(&set([("ci.yml", "new")]), |_, _| Expect::Absent).unwrap();
    assert_eq!(files(&parent.path().join("b")).len(), 1);
}

/// Publishes "new" over "old" under `expect`; `Err` is the message, with the folder's name cut away.
#[track_caller]
fn check_expect(expect: Expect, old: Option<&str>, outcome: Result<(), &str>) {
    let (_parent, folder) = old.map_or_else(fresh, holding);
    assert_eq!(folder.verify(&path("ci.yml"), expect).is_err(), outcome.is_err());
    let result = folder.publish(&set([("ci.yml", "new")]), |_, _| expect);
    let there = folder.read(&path("ci.yml")).unwrap();
    match outcome {
        Ok(()) => {
            result.unwrap();
            assert_eq!(there, Some(Artifact::text("new")));
        }
        Err(message) => {
            let Failed { published, source } = result.unwrap_err();
            assert_eq!(published, []);
            assert_eq!(source.to_string().replace(folder.path().to_str().unwrap(), "F"), message);
            assert_eq!(there, old.map(Artifact::text));
        }
    }
}

#[test]
fn expecting_nothing() {
    let exists = "F/ci.yml already exists with other content; move it away, or allow it to be overwritten";
    check_expect(Expect::Absent, Some("old"), Err(exists));
    let planned = Digest::of(b"new");
    check_expect(Expect::AbsentOr(planned), None, Ok(()));
    check_expect(Expect::AbsentOr(planned), Some("new"), Ok(()));
    check_expect(Expect::AbsentOr(planned), Some("old"), Err(exists));
}

#[test]
fn expecting_a_digest() {
    let old = Expect::Digest(Digest::of(b"old"));
    check_expect(old, Some("old"), Ok(()));
    let changed = format!(
        "F/ci.yml changed: expected sha256 {}, found {}; look at the change, then plan again",
        Digest::of(b"old"),
        Digest::of(b"edited")
    );
    check_expect(old, Some("edited"), Err(&changed));
    let gone = format!(
        "F/ci.yml changed: expected sha256 {}, found no file; look at the change, then plan again",
        Digest::of(b"old")
    );
    check_expect(old, None, Err(&gone));
}

#[test]
fn expecting_anything() {
    check_expect(Expect::Anything, None, Ok(()));
    check_expect(Expect::Anything, Some("old"), Ok(()));
}

#[test]
fn one_unmet_expectation_stops_the_whole_set() {
    let (_parent, folder) = holding("old");
    let failed = folder.publish(&set([("a.yml", "new"), ("ci.yml", "new"), ("z/z.yml", "new")]), |_, _| Expect::Absent);
    let failed = failed.unwrap_err();
    assert_eq!(failed.to_string(), "nothing was published");
    assert!(matches!(failed.source, Error::Exists { .. }));
    assert_eq!(files(folder.path()), [("ci.yml".into(), "old".into())].into());
    assert!(!folder.path().join("z").exists());
}

#[test]
fn a_set_cannot_have_a_file_in_the_place_of_a_directory() {
    let (_parent, folder) = fresh();
    let planned = set([("a", ""), ("a-b", ""), ("a/b/c", "")]);
    let failed = folder.publish(&planned, |_, _| Expect::Absent).unwrap_err();
    assert!(matches!(failed.source, Error::FileAndDirectory { path } if path == folder.path().join("a")));
    assert!(!folder.path().exists());
}

#[test]
fn a_file_too_large_is_neither_read_nor_written() {
    let (_parent, folder) = holding("old");
    let file = fs::File::create(folder.path().join("ci.yml")).unwrap();
    file.set_len(MAX_BYTES).unwrap();
    let largest = folder.read(&path("ci.yml")).unwrap().unwrap();
    folder.publish(&[(path("ci.yml"), largest.clone())].into(), |_, _| Expect::Anything).unwrap();

    let file = fs::File::create(folder.path().join("ci.yml")).unwrap();
    file.set_len(MAX_BYTES + 1).unwrap();
    assert!(matches!(folder.read(&path("ci.yml")), Err(Error::TooLarge { .. })));
    let larger = Artifact { bytes: [largest.bytes, vec![0]].concat(), mode: Mode::Regular };
    let failed = folder.publish(&[(path("new.bin"), larger)].into(), |_, _| Expect::Absent).unwrap_err();
    assert!(matches!(failed.source, Error::TooLarge { path } if path.ends_with("new.bin")));
}

#[test]
fn check_lists_what_publishing_would_change() {
    let (_parent, folder) = holding("edited");
    let mut planned = set([("ci.yml", "planned"), ("missing.yml", "")]);
    planned.insert(path("run.sh"), Artifact::script("true"));
    fs::write(folder.path().join("run.sh"), "true").unwrap();
    let lines = |planned| folder.check(planned).unwrap().iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(lines(&planned), ["ci.yml differs", "missing.yml is missing", "run.sh is not executable"]);

    folder.publish(&planned, |_, _| Expect::Anything).unwrap();
    assert_eq!(lines(&planned), [""; 0]);
}

#[test]
fn removes_its_own_and_nothing_else() {
    let (_parent, folder) = holding("old");
    fs::write(folder.path().join("other.yml"), "").unwrap();
    let ours = Digest::of(b"old");
    fs::write(folder.path().join("ci.yml"), "edited").unwrap();
    let refused = folder.remove(&path("ci.yml"), ours).unwrap_err();
    assert!(matches!(refused, Error::Changed { found: Some(found), .. } if found == Digest::of(b"edited")));
    assert_eq!(files(folder.path())["ci.yml"], "edited");

    fs::write(folder.path().join("ci.yml"), "old").unwrap();
    fs::write(folder.path().join(".ci.yml.devopsflow-0123456789abcdef"), "of a dead run").unwrap();
    folder.remove(&path("ci.yml"), ours).unwrap();
    folder.remove(&path("ci.yml"), ours).unwrap();
    assert_eq!(files(folder.path()), [("other.yml".into(), String::new())].into());
}

#[test]
fn prunes_up_to_the_first_directory_in_use() {
    let (_parent, folder) = fresh();
    folder.publish(&set([("a/b/c/x", ""), ("a/y", "")]), |_, _| Expect::Absent).unwrap();
    folder.prune(&path("a/b/c/x")).unwrap();
    assert!(folder.path().join("a/b/c/x").exists(), "a directory in use stays");

    folder.remove(&path("a/b/c/x"), Digest::of(b"")).unwrap();
    folder.prune(&path("a/b/c/d/x")).unwrap();
    assert!(!folder.path().join("a/b").exists());
    folder.remove(&path("a/y"), Digest::of(b"")).unwrap();
    folder.prune(&path("a/y")).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "the folder itself stays");
}

fn bits(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_new_mode_replaces_the_old_one() {
    let (_parent, folder) = holding("text");
    let at = path("ci.yml");
    for planned in [Artifact::script("text"), Artifact::text("text")] {
        let planned = Artifacts::from([(at.clone(), planned)]);
        folder.publish(&planned, |_, planned| Expect::AbsentOr(planned.digest())).unwrap();
        assert_eq!(folder.check(&planned).unwrap(), []);
    }
}

#[test]
fn the_umask_applies() {
    let (_parent, folder) = fresh();
    for (umask, regular, executable) in [("0022", 0o644, 0o755), ("0077", 0o600, 0o700), ("0000", 0o644, 0o755)] {
        let run = child("folder::child_with_umask", folder.path());
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &format!("umask {umask}; exec \"$@\""), "sh"]);
        shell.arg(run.get_program()).args(run.get_args()).env("DISK_TEST_FOLDER", folder.path());
        assert!(shell.output().unwrap().status.success());
        assert_eq!(bits(&folder.path().join("ci.yml")), regular, "umask {umask}");
        assert_eq!(bits(&folder.path().join("run.sh")), executable, "umask {umask}");
    }
}

#[test]
fn child_with_umask() {
    let Some(folder) = child_folder() else { return };
    let mut planned = set([("ci.yml", "")]);
    planned.insert(path("run.sh"), Artifact::script(""));
    Folder::new(folder).publish(&planned, |_, _| Expect::Anything).unwrap();
}
