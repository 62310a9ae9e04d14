//! A disk that is full.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use acceptance_tests::note_skipped;

use super::fixture::{NAME, Shop, apply, check_nothing_lost, pids, stable, steady};

/// Set where this test runs once more, with file systems of its own.
const INSIDE: &str = "ACCEPTANCE_MOUNTS";

/// Puts a small file system in memory over a directory. It goes with the last process that sees it.
fn mount_small(directory: &Path) {
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", "size=2m,mode=0700", "tmpfs"]).arg(directory);
    assert!(mount.status().unwrap().success(), "mounting failed");
}

/// Whether this user can mount where nobody else sees it.
fn can_mount() -> bool {
    let tried =
        Command::new("unshare").args(["--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).output();
    tried.is_ok_and(|tried| tried.status.success())
}

fn fill(path: &Path) {
    let mut file = fs_err::File::create(path).unwrap();
    let piece = [0; 1 << 10];
    while file.write_all(&piece).is_ok() {}
    while file.write_all(&piece[..1]).is_ok() {}
}

#[test]
fn a_full_disk_refuses_what_is_new_and_serves_on() {
    if std::env::var_os(INSIDE).is_some() {
        return with_small_disk();
    }
    if !can_mount() {
        note_skipped("a user that can mount, for a disk that is full");
        return;
    }
    let name = std::thread::current().name().unwrap().to_owned();
    // What it leaves at the place of the mount is removed here.
    let folder = tempfile::tempdir().unwrap();
    let mut again = Command::new("unshare");
    again.args(["--map-root-user", "--mount"]).arg(std::env::current_exe().unwrap());
    let again =
        again.args(["--exact", &name, "--nocapture"]).env(INSIDE, "1").env("TMPDIR", folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&again.stdout).into_owned() + &String::from_utf8_lossy(&again.stderr);
    assert!(again.status.success() && said.contains("1 passed"), "{said}");
}

fn with_small_disk() {
    let shop = Shop::new();
    acceptance_tests::case(|case| {
        fs_err::create_dir(case.state_dir()).unwrap();
        mount_small(&case.state_dir());
        apply(case, &shop).expect_success();
        let before = pids(case);
        let filler = case.state_dir().join("filler");
        fill(&filler);
        let traffic = shop.load(50.0);
        let v2 = shop.version("v2");
        let refused = apply(case, &v2);
        check_nothing_lost(&traffic.stop_blocking());
        refused.expect_code(1);
        insta::assert_snapshot!(steady(&refused.expect_errors(case), &shop), @r#"
        Error: The disk is full

          with devopsflow_rollout.shop,
          on main.tf line 2, in resource "devopsflow_rollout" "shop":
           2: resource "devopsflow_rollout" "shop" {

        the disk of the agent is full, so nothing new is begun: cannot append to <root>/agent/rollouts.journal: no space left; free some and try again: No space left on device (os error 28)
        "#);
        assert_eq!((stable(&case.status(NAME)), pids(case)), ("v1", before));
        fs_err::remove_file(&filler).unwrap();
        case.apply(&v2.text());
        assert_eq!(shop.answer(), "v2");
    });
}
