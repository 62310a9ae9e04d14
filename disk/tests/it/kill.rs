//! Processes that are really killed.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use disk::testing::{Fault, Faulty};
use disk::{Artifacts, Expect, Folder, RealFs};
use rustix::process::{Signal, getpid, kill_process};
use tempfile::tempdir;

use crate::support::{child, child_folder, files, set};

/// Large enough that a write can be caught in the middle.
const LEN: usize = 512 * 1024;

fn generation(number: u32) -> Artifacts {
    let text = number.to_string().repeat(LEN / number.to_string().len());
    set([("a.yml", &text), ("d/b.yml", &text)])
}

/// Each file is one of the generations, whole; returns how many stages are left.
#[track_caller]
fn check(folder: &Path, generations: impl Iterator<Item = u32> + Clone) -> usize {
    let mut stages = 0;
    for (path, text) in files(folder) {
        if path.contains(".devopsflow-") {
            stages += 1;
            continue;
        }
        let is_whole =
            |number| generation(number).iter().any(|(p, a)| p.as_str() == path && a.bytes == text.as_bytes());
        assert!(generations.clone().any(is_whole), "{path} is torn: {} bytes", text.len());
    }
    stages
}

#[track_caller]
fn next_publish_tidies(folder: &Path) {
    Folder::new(folder).publish(&generation(1), |_, _| Expect::Anything).unwrap();
    assert_eq!(check(folder, 1..=1), 0);
    assert_eq!(files(folder).len(), 2);
}

#[test]
fn killed_before_each_operation() {
    let parent = tempdir().unwrap();
    let (mut killed, mut stages) = (0, 0);
    for nth in 1.. {
        let status =
            child("kill::child_that_kills_itself", parent.path()).env("NTH", nth.to_string()).output().unwrap().status;
        stages += check(parent.path(), 1..=2);
        if status.success() {
            break;
        }
        killed += 1;
        next_publish_tidies(parent.path());
    }
    assert!(killed > 20 && stages > 10, "killed {killed} times, {stages} stages left");
}

#[test]
fn child_that_kills_itself() {
    let Some(folder) = child_folder() else { return };
    let nth = std::env::var("NTH").unwrap().parse().unwrap();
    let die = || kill_process(getpid(), Signal::KILL).unwrap();
    let faulty = Faulty::new(RealFs).with(nth, Fault::Meddle(Box::new(die)));
    Folder::on(Arc::new(faulty), folder).publish(&generation(2), |_, _| Expect::Anything).unwrap();
}

#[test]
fn killed_in_a_loop_of_publishing() {
    let parent = tempdir().unwrap();
    for round in 1..=12 {
        let mut child = child("kill::child_in_a_loop", parent.path()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        // The kill comes while the child is somewhere in the publish after this one.
        assert_eq!(lines.filter(|line| line == "published").take(round).count(), round);
        child.kill().unwrap();
        child.wait().unwrap();
        check(parent.path(), 1..=9);
        next_publish_tidies(parent.path());
    }
}

#[test]
fn child_in_a_loop() {
    let Some(folder) = child_folder() else { return };
    for number in (1..=9).cycle() {
        Folder::new(&folder).publish(&generation(number), |_, _| Expect::Anything).unwrap();
        println!("published");
    }
}
