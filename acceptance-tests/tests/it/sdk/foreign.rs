//! A provider that is not ours, in several instances.

use acceptance_tests::{Case, Plugin};
use serde_json::json;

use super::fixture::{End, Settings, attributes, check_idle, planned, resource, run, state, up};

const NOTE: &str = "peer_file.note";
const DIGEST: &str = "peer_file.digest";

/// A case with a file that something else manages, and the settings for the Go provider, where Go is.
fn peer_case(body: impl FnOnce(&Case, &Settings)) {
    let Some(peer) = Plugin::peer() else { return };
    acceptance_tests::case(|case| {
        case.write("here/given.txt", "given");
        case.write("there/.keep", "");
        let settings = Settings::default().with("peer", peer.program().display().to_string());
        body(case, &settings.with("root", case.work().display().to_string()).with("text", "one"));
    });
}

#[test]
fn two_instances_each_keep_a_file_in_step() {
    peer_case(|case, settings| {
        let made = up(case, End::InProcess, settings);
        assert_eq!(made.stdout, "found = one\ngiven = given\n");
        assert_eq!(case.read("here/note.txt"), "one");
        let digest = case.read("there/digest.txt");
        let note = attributes(case, NOTE);
        assert_eq!(digest, format!("{} 17", note["content_sha256"].as_str().unwrap()));
        assert_eq!(note["marks"], json!([{"line": 7, "text": "why"}]));
        assert_eq!((&note["owner"], &note["tags"]), (&json!({"name": "Ada", "team": null}), &json!(["a", "b"])));
        assert_eq!((&*resource(case, NOTE).provider, &*resource(case, DIGEST).provider), ("peer", "west"));
        check_idle(case, End::InProcess, settings);
        let secret = case.files_with("written-only-once");
        assert!(secret.is_empty(), "a write-only value is kept nowhere: {secret:?}");

        let two = settings.with("text", "two");
        let update = |address: &str| (address.to_owned(), "update".to_owned());
        assert_eq!(planned(case, End::InProcess, &two), [update(NOTE), update(DIGEST)]);
        up(case, End::InProcess, &two);
        assert_ne!(case.read("there/digest.txt"), digest);

        case.write("here/note.txt", "by hand");
        let drift = run(case, End::InProcess, &two, &["refresh"]);
        drift.expect_success();
        assert!(drift.stderr.contains("The file was changed by hand"), "{}", drift.stderr);
        up(case, End::InProcess, &two);
        assert_eq!(case.read("here/note.txt"), "two");

        up(case, End::InProcess, &two.with("path", "other.txt"));
        assert_eq!(case.list("here"), ["given.txt", "other.txt"]);
        run(case, End::InProcess, &two, &["destroy", "--yes"]).expect_success();
        assert_eq!((case.list("here"), case.list("there")), (vec!["given.txt".to_owned()], vec![".keep".to_owned()]));
        assert!(state(case).resources.is_empty() && state(case).providers.is_empty());
    });
}

#[test]
fn what_the_program_no_longer_declares_is_removed_by_its_instance() {
    peer_case(|case, settings| {
        up(case, End::InProcess, settings);
        let nothing = Settings::default();
        let removed = run(case, End::InProcess, &nothing, &["up", "--yes"]);
        removed.expect_success();
        assert_eq!((case.list("here"), case.list("there")), (vec!["given.txt".to_owned()], vec![".keep".to_owned()]));
        up(case, End::InProcess, settings);
        // Neither has any use for the program.
        case.write("here/note.txt", "by hand");
        run(case, End::InProcess, &nothing, &["refresh"]).expect_success();
        run(case, End::InProcess, &settings.with("peer", "nowhere"), &["destroy", "--yes"]).expect_success();
        assert!(!case.exists("here/note.txt") && !case.exists("there/digest.txt"));
    });
}

#[test]
fn what_is_wrong_is_said_with_the_line() {
    peer_case(|case, settings| {
        let refused = |settings: &Settings| {
            let refused = run(case, End::InProcess, settings, &["up", "--yes"]);
            refused.expect_code(1);
            refused.stderr
        };
        let missing = refused(&settings.with("peer", "nowhere"));
        assert!(
            missing.contains("provider peer") && missing.contains("nowhere") && missing.contains("program.rs:"),
            "{missing}"
        );
        let failed = refused(&settings.with("path", "no/folder.txt"));
        assert!(failed.contains("peer_file.note (") && failed.contains("The file was not created"), "{failed}");
        assert!(!case.exists("there/digest.txt"), "what needs it is passed over");
    });
}
