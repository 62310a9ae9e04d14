//! Links and other things that are not what they should be, on the real file system.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;

use disk::testing::{Fault, Faulty};
use disk::{Artifact, Digest, Error, Expect, Folder, RealFs};
use tempfile::{TempDir, tempdir};

use crate::support::{files, path, set};

/// `folder/` with what `prepare` puts there, beside `outside/` that holds `ci.yml`.
fn with(prepare: impl FnOnce(&Path)) -> (TempDir, Folder) {
    let parent = tempdir().unwrap();
    fs::create_dir(parent.path().join("folder")).unwrap();
    fs::create_dir(parent.path().join("outside")).unwrap();
    fs::write(parent.path().join("outside/ci.yml"), "outside").unwrap();
    prepare(&parent.path().join("folder"));
    let folder = Folder::new(parent.path().join("folder"));
    (parent, folder)
}

/// Every operation on `at` is refused with an error that `is_it` and names `culprit`, and nothing changes.
#[track_caller]
fn refuses(prepare: impl FnOnce(&Path), at: &str, culprit: &str, is_it: fn(&Error) -> bool) {
    let (parent, folder) = with(prepare);
    let before = fs::read_dir(folder.path()).unwrap().count();
    let planned = set([(at, "planned")]);
    let at = path(at);
    let digest = Digest::of(b"outside");
    let expectations = [Expect::Absent, Expect::Anything, Expect::AbsentOr(digest), Expect::Digest(digest)];
    let mut errors: Vec<Error> =
        expectations.map(|expect| folder.publish(&planned, |_, _| expect).unwrap_err().source).into();
    errors.push(folder.read(&at).unwrap_err());
    errors.push(folder.check(&planned).unwrap_err());
    errors.push(folder.verify(&at, Expect::Absent).unwrap_err());
    errors.push(folder.remove(&at, digest).unwrap_err());
    for error in errors {
        assert!(is_it(&error), "{error:?}");
        let culprit = format!("{} ", folder.path().join(culprit).display());
        assert!(error.to_string().starts_with(&culprit), "{error}");
    }
    assert_eq!(files(&parent.path().join("outside")), [("ci.yml".into(), "outside".into())].into());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), before);
}

fn is_link(error: &Error) -> bool {
    matches!(error, Error::Link { .. })
}

fn is_not_a_file(error: &Error) -> bool {
    matches!(error, Error::NotAFile { .. })
}

fn is_not_a_directory(error: &Error) -> bool {
    matches!(error, Error::NotADirectory { .. })
}

#[test]
fn a_link_in_the_place_of_a_file_is_not_followed() {
    refuses(|folder| symlink("../outside/ci.yml", folder.join("ci.yml")).unwrap(), "ci.yml", "ci.yml", is_link);
    refuses(|folder| symlink("../outside/none", folder.join("ci.yml")).unwrap(), "ci.yml", "ci.yml", is_link);
    refuses(|folder| symlink("../outside", folder.join("ci.yml")).unwrap(), "ci.yml", "ci.yml", is_link);
}

#[test]
fn a_link_in_the_place_of_a_directory_is_not_followed() {
    refuses(|folder| symlink("../outside", folder.join("d")).unwrap(), "d/ci.yml", "d", is_link);
    let deep = |folder: &Path| {
        fs::create_dir(folder.join("a")).unwrap();
        symlink("../../outside", folder.join("a/b")).unwrap();
    };
    refuses(deep, "a/b/ci.yml", "a/b", is_link);
    refuses(deep, "a/b/c/ci.yml", "a/b", is_link);
    let inside = |folder: &Path| {
        fs::create_dir(folder.join("real")).unwrap();
        symlink("real", folder.join("d")).unwrap();
    };
    refuses(inside, "d/ci.yml", "d", is_link);
}

fn pipe(path: &Path) {
    rustix::fs::mkfifoat(rustix::fs::CWD, path, rustix::fs::Mode::RWXU).unwrap();
}

#[test]
fn what_is_not_a_file_is_left_alone() {
    refuses(|folder| fs::create_dir(folder.join("ci.yml")).unwrap(), "ci.yml", "ci.yml", is_not_a_file);
    let socket = |folder: &Path| drop(std::os::unix::net::UnixListener::bind(folder.join("ci.yml")).unwrap());
    refuses(socket, "ci.yml", "ci.yml", is_not_a_file);
    refuses(|folder| pipe(&folder.join("ci.yml")), "ci.yml", "ci.yml", is_not_a_file);
}

#[test]
fn a_file_in_the_place_of_a_directory_is_named() {
    refuses(|folder| fs::write(folder.join("d"), "").unwrap(), "d/ci.yml", "d", is_not_a_directory);
    let (_parent, folder) = with(|folder| fs::write(folder.join("file"), "").unwrap());
    for below in ["file", "file/below"] {
        let folder = Folder::new(folder.path().join(below));
        let error = folder.publish(&set([("ci.yml", "")]), |_, _| Expect::Absent).unwrap_err().source;
        assert!(is_not_a_directory(&error), "{error:?}");
    }
}

#[test]
fn the_folder_itself_may_be_reached_through_links() {
    let (parent, _) = with(|_| {});
    symlink("folder", parent.path().join("link")).unwrap();
    for root in ["link", "link/.", "link/../link/new/sub"] {
        let folder = Folder::new(parent.path().join(root));
        folder.publish(&set([("d/ci.yml", root)]), |_, _| Expect::Absent).unwrap_or_else(|e| panic!("{root}: {e:?}"));
        folder.remove(&path("d/ci.yml"), Digest::of(root.as_bytes())).unwrap();
        folder.prune(&path("d/ci.yml")).unwrap();
    }
    assert!(parent.path().join("folder/new/sub").exists());
}

#[test]
fn a_folder_that_is_a_link_to_nothing_is_an_error_that_names_it() {
    let (parent, _) = with(|_| {});
    symlink("nowhere", parent.path().join("link")).unwrap();
    let folder = Folder::new(parent.path().join("link"));
    let error = folder.publish(&set([("ci.yml", "")]), |_, _| Expect::Absent).unwrap_err().source;
    assert_eq!(error.to_string(), format!("cannot open {}", folder.path().display()));
    assert!(!parent.path().join("nowhere").exists());
}

#[test]
fn pruning_stops_at_a_link() {
    let (parent, folder) = with(|folder| symlink("../outside", folder.join("d")).unwrap());
    fs::create_dir(parent.path().join("outside/empty")).unwrap();
    assert!(is_link(&folder.prune(&path("d/empty/ci.yml")).unwrap_err()));
    assert!(parent.path().join("outside/empty").exists());
}

#[test]
fn a_stage_that_is_not_a_file_of_ours_is_not_swept() {
    let name = ".ci.yml.devopsflow-0123456789abcdef";
    let (parent, folder) = with(|folder| {
        symlink("../outside/ci.yml", folder.join(name)).unwrap();
        fs::create_dir(folder.join(name.replace("ci", "dir"))).unwrap();
        fs::write(folder.join(name.replace("devopsflow", "other")), "").unwrap();
        pipe(&folder.join(name.replace("ci", "pipe")));
        fs::write(folder.join(name.replace("ci", "dead")), "").unwrap();
    });
    folder.publish(&set([("ci.yml", "")]), |_, _| Expect::Absent).unwrap();
    assert!(folder.path().join(name).is_symlink());
    assert!(folder.path().join(name.replace("ci", "dir")).is_dir());
    assert!(folder.path().join(name.replace("devopsflow", "other")).is_file());
    assert!(folder.path().join(name.replace("ci", "pipe")).exists());
    assert!(!folder.path().join(name.replace("ci", "dead")).exists());
    assert_eq!(files(&parent.path().join("outside"))["ci.yml"], "outside");
}

/// Runs `work` on `d/ci.yml` while `swapped` is moved away and something put there just before the nth operation, for each n.
#[track_caller]
fn swap_at_each(swapped: &'static str, put: fn(&Path), work: fn(&Folder)) {
    for nth in 1.. {
        let (parent, folder) = with(|folder| {
            fs::create_dir(folder.join("d")).unwrap();
            fs::write(folder.join("d/ci.yml"), "inside").unwrap();
        });
        let at = folder.path().join(swapped);
        let swap = move || {
            fs::rename(&at, at.with_file_name("moved")).unwrap();
            put(&at);
        };
        let faulty = Faulty::new(RealFs).with(nth, Fault::Meddle(Box::new(swap)));
        work(&Folder::on(Arc::new(faulty.clone()), folder.path()));
        assert_eq!(files(&parent.path().join("outside")), [("ci.yml".into(), "outside".into())].into());
        if faulty.operations().len() < nth {
            assert!(nth > 3, "the work is done in {nth} operations");
            return;
        }
    }
}

#[test]
fn what_appears_at_any_moment_is_neither_followed_nor_read() {
    let read = |folder: &Folder| {
        if let Ok(found) = folder.read(&path("d/ci.yml")) {
            assert_eq!(found, Some(Artifact::text("inside")));
        }
    };
    let publish = |folder: &Folder| drop(folder.publish(&set([("d/ci.yml", "new")]), |_, _| Expect::Anything));
    let remove = |folder: &Folder| drop(folder.remove(&path("d/ci.yml"), Digest::of(b"outside")));
    for work in [read, publish, remove] {
        swap_at_each("d", |at| symlink("../outside", at).unwrap(), work);
        swap_at_each("d/ci.yml", |at| symlink("../../outside/ci.yml", at).unwrap(), work);
        swap_at_each("d/ci.yml", pipe, work);
    }
}
