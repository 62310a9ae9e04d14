//! When a provider's process ends, and what it leaves behind.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use framework::Fault;
use framework::provider::{Provider, Read};
use rustix::process::{Pid, Signal, kill_process};
use tfplugin::client::Plugin;
use tfplugin::reattach::Reattach;

use crate::double::FILE;
use crate::support::{
    creation, double, eventually, eventually_meanwhile, example, file, first_line, hosted, runs, start,
};

fn send(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(pid.try_into().unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

/// Waits for a process, and gives its exit code.
#[track_caller]
fn exit_code(child: &mut Child) -> Option<i32> {
    eventually("the process ends", || child.try_wait().unwrap().is_some());
    child.wait().unwrap().code()
}

/// Checks that no socket is left.
#[track_caller]
fn check_removed(socket: &Path) {
    assert!(!socket.exists() && !socket.parent().unwrap().exists(), "{} is left", socket.display());
}

async fn attach(child: &Child, socket: &Path) -> Arc<Plugin> {
    Arc::new(Plugin::attach(&Reattach { socket: socket.to_owned(), pid: child.id() }).await.unwrap())
}

#[tokio::test]
async fn a_plugin_that_is_told_to_ends_well() {
    let plugin = double().await;
    let pid = plugin.pid().unwrap();
    let status = plugin.shutdown().await.unwrap();
    assert!(status.success() && !runs(pid), "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_does_not_outlive_its_owner() {
    let plugin = double().await;
    let pid = plugin.pid().unwrap();
    drop(plugin);
    eventually_meanwhile("the plugin is gone", || !runs(pid));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_gone_stops_the_call_which_still_comes_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let beside = |ending: &str| folder.path().join(format!("file{ending}"));
    let (mut child, handshake) = start(&mut hosted());
    let plugin = attach(&child, &handshake.socket).await;
    let (calling, lingering) = (Arc::clone(&plugin), file(&beside(""), "written", Some("linger")));
    let call = tokio::spawn(async move { calling.apply(creation(&lingering)).await });
    eventually_meanwhile("apply runs", || beside(".waiting").exists());
    call.abort();
    drop((call.await, plugin));
    eventually_meanwhile("apply is asked to stop", || beside(".stopping").exists());
    assert!(runs(child.id()) && !beside("").exists());
    fs::write(beside(".finish"), "").unwrap();
    assert_eq!(tokio::task::block_in_place(|| exit_code(&mut child)), Some(0));
    assert_eq!(fs::read_to_string(beside("")).unwrap(), "written");
    check_removed(&handshake.socket);
}

#[test]
fn a_host_that_is_killed_leaves_no_provider_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let mut command = Command::new(example("host"));
    let mut host = command.arg(example("double")).arg(&path).stdout(Stdio::piped()).spawn().unwrap();
    let plugin: u32 = first_line(&mut host).trim().parse().unwrap();
    eventually("apply runs", || folder.path().join("file.waiting").exists());
    host.kill().unwrap();
    host.wait().unwrap();
    eventually("the provider is gone", || !runs(plugin));
    assert_eq!(fs::read_to_string(&path).unwrap(), "written");
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_ends_the_call_and_not_the_plugin() {
    let folder = tempfile::tempdir().unwrap();
    let plugin = Arc::new(double().await);
    let (calling, waiting) = (Arc::clone(&plugin), file(&folder.path().join("file"), "written", Some("wait")));
    let call = tokio::spawn(async move { calling.apply(creation(&waiting)).await });
    eventually_meanwhile("apply runs", || folder.path().join("file.waiting").exists());
    plugin.stop();
    assert!(call.await.unwrap().unwrap().diagnostics.is_empty());
    assert!(runs(plugin.pid().unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_dies_leaves_it_open_what_happened() {
    let folder = tempfile::tempdir().unwrap();
    let plugin = Arc::new(double().await);
    let (calling, waiting) = (Arc::clone(&plugin), file(&folder.path().join("file"), "written", Some("wait")));
    let call = tokio::spawn(async move { calling.apply(creation(&waiting)).await });
    eventually_meanwhile("apply runs", || folder.path().join("file.waiting").exists());
    send(plugin.pid().unwrap(), Signal::KILL);
    let fault = call.await.unwrap().unwrap_err();
    assert!(matches!(fault, Fault::Transport { sent: true, .. }), "{fault}");
    let read = Read { type_name: FILE.into(), state: file("x".as_ref(), "", None), private: Vec::new() };
    let fault = plugin.read(read).await.unwrap_err();
    assert!(matches!(fault, Fault::Transport { sent: false, .. }), "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_is_the_hosts_to_handle_and_a_termination_is_not() {
    let (mut child, handshake) = start(&mut hosted());
    let plugin = attach(&child, &handshake.socket).await;
    send(child.id(), Signal::INT);
    let read = || Read { type_name: FILE.into(), state: file("/nowhere".as_ref(), "", None), private: Vec::new() };
    plugin.read(read()).await.unwrap();
    send(child.id(), Signal::TERM);
    assert_eq!(tokio::task::block_in_place(|| exit_code(&mut child)), Some(0));
    check_removed(&handshake.socket);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_a_person_started_serves_host_after_host_until_interrupted() {
    let mut child = Command::new(example("double")).arg("-debug").stdout(Stdio::piped()).spawn().unwrap();
    let mut output = std::io::BufReader::new(child.stdout.take().unwrap());
    let mut variable = String::new();
    while !variable.starts_with("TF_REATTACH_PROVIDERS=") {
        variable.clear();
        std::io::BufRead::read_line(&mut output, &mut variable).unwrap();
    }
    let json = variable.trim().strip_prefix("TF_REATTACH_PROVIDERS='").unwrap().strip_suffix('\'').unwrap();
    let reattach = Reattach::find(json, "example/double").unwrap();
    assert_eq!(reattach.pid, child.id());
    for _ in 0..2 {
        let plugin = Plugin::attach(&reattach).await.unwrap();
        assert!(plugin.shutdown().await.is_none());
        assert!(runs(child.id()));
    }
    send(child.id(), Signal::INT);
    assert_eq!(tokio::task::block_in_place(|| exit_code(&mut child)), Some(0));
    check_removed(&reattach.socket);
}

#[test]
fn logs_are_lines_of_json_at_the_level_that_is_asked_for() {
    let (child, handshake) = start(hosted().env("TF_LOG_PROVIDER_DOUBLE", "info").stderr(Stdio::piped()));
    drop(std::os::unix::net::UnixStream::connect(&handshake.socket).unwrap());
    send(child.id(), Signal::TERM);
    let output = child.wait_with_output().unwrap();
    let lines: Vec<serde_json::Value> =
        output.stderr.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
    assert!(lines.iter().any(|line| line["@message"] == "ending" && line["@level"] == "info"), "{lines:?}");
    assert!(lines.iter().all(|line| line["@module"] == "provider.double"));
}
