//! Two runs at once, one that hangs and is taken over, a full disk, and Ctrl-C while a question waits for its answer.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::shelf::{Shelf, signal};
use crate::state_verbs::files;

/// Looks again until it is so.
#[track_caller]
fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let given_up = Instant::now() + Duration::from_mins(2);
    while !holds() {
        assert!(Instant::now() < given_up, "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// An `up` that made the first of its two things, and waits for the file `go` before it says so.
fn holding(shelf: &Shelf) -> Child {
    let child = shelf.program(&["up", "--yes"]).env("SHELF_HOLD", "t0").spawn().unwrap();
    wait_until("the first thing is made", || shelf.made().get("t0") == Some(&1));
    child
}

fn go(shelf: &Shelf) {
    std::fs::write(shelf.root().join("shelf/go"), "").unwrap();
}

/// What the state says of who writes.
fn holder(shelf: &Shelf) -> String {
    let head: serde_json::Value = serde_json::from_slice(&files(&shelf.state())["head.json"]).unwrap();
    head["holder"].as_str().unwrap().to_owned()
}

#[test]
fn of_two_runs_at_once_the_second_is_refused_and_told_who_runs() {
    let shelf = Shelf::new(2, 0, 10);
    let first = holding(&shelf);
    let holder = holder(&shelf);
    assert!(holder.starts_with("`up` of ") && holder.contains(&format!("process {} on", first.id())), "{holder}");
    for args in [&["up", "--yes"][..], &["destroy", "--yes"], &["state", "remove", "shelf_thing.t0"], &["refresh"]] {
        let said = shelf.run(args, 1).1;
        let last = said.lines().last().unwrap();
        assert!(last.starts_with(&format!("error: stack shop/dev is locked by {holder} for at least ")), "{said}");
        assert!(last.ends_with(" s more; wait, or run `unlock` if that no longer runs"), "{said}");
    }
    assert_eq!(shelf.run(&["state", "list"], 0).0, "pending operation 0: create shelf_thing.t0\n");
    go(&shelf);
    let first = first.wait_with_output().unwrap();
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
    assert_eq!(shelf.made(), [("t0".to_owned(), 1), ("t1".to_owned(), 1)].into());
}

/// Stops a process when it is not in the middle of a write, which nobody could take over.
fn freeze(shelf: &Shelf, child: &Child) {
    wait_until("it is not writing", || {
        signal(child, "STOP");
        let gate = File::open(shelf.state().join("gate.lock")).unwrap();
        let free = gate.try_lock().is_ok();
        if !free {
            signal(child, "CONT");
        }
        free
    });
}

#[test]
fn a_run_that_hangs_is_taken_over_and_fenced_when_it_wakes() {
    let shelf = Shelf::new(2, 0, 10);
    let hanging = holding(&shelf);
    freeze(&shelf, &hanging);
    let said = shelf.run(&["up", "--yes"], 1).1;
    assert!(said.contains("is locked by `up` of"), "{said}");
    if std::env::var_os("DEVOPSFLOW_LONG").is_some() {
        wait_until("its lease ran out", || shelf.program(&["up", "--yes"]).output().unwrap().status.success());
    } else {
        let said = shelf.run(&["unlock"], 0).1;
        assert!(said.contains("; the next run takes over."), "{said}");
        shelf.run(&["up", "--yes"], 0);
    }
    let after = files(&shelf.state());
    let holder = holder(&shelf);
    go(&shelf);
    signal(&hanging, "CONT");
    let fenced = hanging.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&fenced.stderr);
    assert_eq!(fenced.status.code(), Some(1), "{said}");
    let expected = format!(
        "the state cannot be written: this run no longer has the right to write to stack shop/dev: {holder} took over; \
         nothing more was recorded"
    );
    assert!(said.contains(&expected), "{said}");
    assert_eq!(files(&shelf.state()), after, "it changed nothing");
    assert!(after.contains_key("g2/stack.journal") && !after.contains_key("g1/stack.journal"), "one copy is kept");
    assert_eq!(shelf.made(), [("t0".to_owned(), 1), ("t1".to_owned(), 1)].into(), "nothing is made twice");
    let said = shelf.run(&["up", "--yes"], 0).1;
    assert!(said.contains("2 unchanged"), "{said}");
}

#[test]
fn a_process_that_hangs_in_the_middle_of_a_write_is_named() {
    let shelf = Shelf::new(1, 0, 10);
    shelf.run(&["up", "--yes"], 0);
    let holder = holder(&shelf);
    let gate = File::open(shelf.state().join("gate.lock")).unwrap();
    gate.lock().unwrap();
    let before = files(&shelf.state());
    let said = shelf.run(&["up", "--yes"], 1).1;
    let expected = format!(
        "error: cannot lock .devopsflow/shop/dev/gate.lock: a process hangs in the middle of a write, perhaps {holder}; end \
         it and try again"
    );
    assert_eq!(said.lines().last(), Some(&*expected), "{said}");
    assert_eq!(files(&shelf.state()), before);
}

/// The limit of a file's size stands for a full disk: every user may set it, and a write beyond it fails in the same way, after
/// the part that fits.
#[test]
fn a_file_that_cannot_grow_ends_the_run_and_loses_nothing() {
    let shelf = Shelf::new(60, 0, 2_000);
    let up = shelf.program(&["up", "--yes"]);
    let mut limited = Command::new("sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 100; exec \"$0\" \"$@\""]).arg(up.get_program()).args(up.get_args());
    limited.current_dir(shelf.root()).stdin(Stdio::null());
    let said = crate::program::run(&mut limited, 1).1;
    assert!(said.contains("cannot append to .devopsflow/shop/dev/g1/stack.journal: File too large"), "{said}");
    recovers(&shelf);
}

/// What a run left that had no space is valid, and the next one does the rest.
fn recovers(shelf: &Shelf) {
    let (listed, _) = shelf.run(&["state", "list"], 0);
    assert!(listed.lines().count() < 60, "{listed}");
    shelf.run(&["up", "--yes"], 0);
    let made = shelf.made();
    assert!(made.len() == 60 && made.values().all(|made| *made == 1), "{made:?}");
    assert_eq!(shelf.run(&["state", "list"], 0).0.lines().count(), 60);
}

/// A file system of its own that is full, where users may make one for themselves.
#[test]
fn a_full_disk_ends_the_run_and_loses_nothing() {
    let possible = Command::new("unshare").args(["-Urm", "true"]).stderr(Stdio::null()).status();
    if !possible.is_ok_and(|status| status.success()) {
        println!("passed over: no file system can be mounted here");
        return;
    }
    let shelf = Shelf::new(60, 0, 2_000);
    let up = shelf.program(&["up", "--yes"]);
    let script = "mkdir .devopsflow && mount -t tmpfs -o size=200k tmpfs .devopsflow || exit 9
        \"$0\" \"$@\"; test $? = 1 || exit 8
        cp -r .devopsflow kept";
    let mut full = Command::new("unshare");
    full.args(["-Urm", "sh", "-c", script]).arg(up.get_program()).args(up.get_args());
    full.current_dir(shelf.root()).stdin(Stdio::null());
    let said = crate::program::run(&mut full, 0).1;
    let expected = "cannot append to .devopsflow/shop/dev/g1/stack.journal: no space left; free some and try again";
    assert!(said.contains(expected), "{said}");
    std::fs::remove_dir(shelf.root().join(".devopsflow")).unwrap();
    std::fs::rename(shelf.root().join("kept"), shelf.root().join(".devopsflow")).unwrap();
    recovers(&shelf);
}

/// Runs a program at a terminal, interrupts it while its question waits, and says what it said and which code it ended with.
fn interrupted_at_the_question(mut program: Command) -> (String, Option<i32>) {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap();
    let input: OwnedFd = File::open(name.to_str().unwrap()).unwrap().into();
    let mut child = program.stdin(input).stdout(Stdio::null()).spawn().unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let (mut said, mut byte) = (Vec::new(), [0]);
    while !said.ends_with(b"is taken for one: ") {
        assert_eq!(stderr.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&said));
        said.extend(byte);
    }
    signal(&child, "INT");
    let ended = child.wait().unwrap();
    stderr.read_to_end(&mut said).unwrap();
    (String::from_utf8(said).unwrap(), ended.code())
}

#[test]
fn ctrl_c_at_the_question_ends_the_run_at_once_and_changes_nothing() {
    let shelf = Shelf::new(2, 0, 10);
    shelf.run(&["up", "--yes"], 0);
    shelf.run(&["state", "export", "--out", "copy.json"], 0);
    shelf.run(&["state", "remove", "shelf_thing.t1"], 0);
    let journal = || files(&shelf.state())["g1/stack.journal"].clone();
    let before = journal();
    let verbs: [&[&str]; 3] = [&["up"], &["destroy"], &["state", "import", "copy.json", "--force"]];
    for verb in verbs {
        let (said, code) = interrupted_at_the_question(shelf.program(verb));
        assert_eq!(code, Some(1), "{said}");
        assert!(said.ends_with("error: nothing was changed, for the run was stopped\n"), "{said}");
        assert_eq!(journal(), before, "{verb:?}");
    }
    assert_eq!(shelf.made()["t0"], 1);
}
