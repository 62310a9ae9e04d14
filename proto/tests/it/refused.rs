//! Programs that are no plugins, or none that can be hosted, and hosts that are none.

use std::process::Command;
use std::time::Duration;

use tfplugin::client::{Options, Plugin};

use crate::support::{COOKIE, eventually_meanwhile, example, runs};

/// What the provider says on standard error, and its exit code.
#[track_caller]
fn check_provider(args: &[&str], variables: &[(&str, &str)], expected: &str) {
    let output = Command::new(example("double")).args(args).envs(variables.iter().copied()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains(expected), "{said}");
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &b""[..]));
}

#[test]
fn a_provider_that_no_host_started_says_what_it_is() {
    check_provider(&[], &[], "a plugin that Terraform and OpenTofu start by themselves");
    check_provider(&[], &[("TF_PLUGIN_MAGIC_COOKIE", "another")], "start it with -debug");
}

#[test]
fn a_provider_tells_a_host_of_other_protocols() {
    check_provider(&[], &[COOKIE, ("PLUGIN_PROTOCOL_VERSIONS", "4,5")], "The host speaks protocols [4,5]");
}

#[test]
fn a_provider_knows_one_argument() {
    check_provider(&["-version"], &[], "unknown argument `-version`");
}

#[test]
fn a_provider_that_cannot_trust_its_host_does_not_serve() {
    let variables = [COOKIE, ("PLUGIN_PROTOCOL_VERSIONS", "6"), ("PLUGIN_CLIENT_CERT", "no certificate")];
    check_provider(&[], &variables, "the certificate of the other end is not PEM");
}

/// What the host says of a program that a shell runs.
async fn check_host(script: &str, expected: &str) {
    let mut command = tokio::process::Command::new("sh");
    command.args(["-c", script]);
    let options = Options { start_timeout: Duration::from_millis(500) };
    let error = Plugin::launch(command, options).await.err().map(|error| error.to_string());
    assert!(error.as_ref().is_some_and(|error| error.contains(expected)), "{error:?}");
}

#[tokio::test]
async fn a_host_names_what_is_wrong_with_a_plugin() {
    check_host("echo '1|5|unix|/tmp/x|grpc|'", "it speaks protocol 5 of Terraform's plugins").await;
    check_host("echo hello", "`hello` is not the handshake of a plugin").await;
    check_host("printf '\\377\\n'", "is not the handshake of a plugin").await;
    check_host("head -c 100000 /dev/zero | tr '\\0' x", "is not the handshake of a plugin").await;
    check_host("echo '1|6|unix|/nowhere/x|grpc|'", "offers no certificate").await;
    check_host("echo first >&2; echo last >&2; exit 3", "exit status: 3 before it listened; it wrote:\nfirst\nlast")
        .await;
    check_host("exec sleep 60", "did not listen within 500ms").await;
    let missing = Plugin::launch(tokio::process::Command::new("/no/such/plugin"), Options::default()).await;
    let error = missing.err().unwrap().to_string();
    assert!(error.starts_with("cannot start `/no/such/plugin`: "), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_never_listens_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    check_host(&format!("echo $$ > {}; exec sleep 60", file.display()), "did not listen").await;
    let pid = std::fs::read_to_string(&file).unwrap().trim().parse().unwrap();
    eventually_meanwhile("the program is gone", || !runs(pid));
}
