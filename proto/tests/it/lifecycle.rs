//! When a provider's process ends, and what it leaves behind.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use framework::Fault;
use framework::provider::{Provider, Read};
use rustix::process::{Pid, Signal, kill_process};
use tfplugin::client::Plugin;
use tfplugin::reattach::Reattach;

use crate::double::FILE;
use crate::support::{Running, creation, double, eventually, eventually_meanwhile, example, file, hosted, runs, start};

fn send(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(pid.try_into().unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

/// Checks that no socket is left.
#[track_caller]
fn check_removed(socket: &Path) {
    assert!(!socket.exists() && !socket.parent().unwrap().exists(), "{} is left", socket.display());
}

async fn attach(plugin: &Running, socket: &Path) -> Arc<Plugin> {
    Arc::new(Plugin::attach(&Reattach { socket: socket.to_owned(), pid: plugin.pid() }).await.unwrap())
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
    assert!(runs(child.pid()) && !beside("").exists());
    fs::write(beside(".finish"), "").unwrap();
    assert_eq!(tokio::task::block_in_place(|| child.exit_code()), Some(0));
    assert_eq!(fs::read_to_string(beside("")).unwrap(), "written");
    check_removed(&handshake.socket);
}

#[test]
fn a_host_that_is_killed_leaves_no_provider_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let mut host = Running::start(Command::new(example("host")).arg(example("double")).arg(&path));
    let plugin: u32 = host.line().trim().parse().unwrap();
    eventually("apply runs", || folder.path().join("file.waiting").exists());
    host.kill();
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
    send(child.pid(), Signal::INT);
    let read = || Read { type_name: FILE.into(), state: file("/nowhere".as_ref(), "", None), private: Vec::new() };
    plugin.read(read()).await.unwrap();
    send(child.pid(), Signal::TERM);
    assert_eq!(tokio::task::block_in_place(|| child.exit_code()), Some(0));
    check_removed(&handshake.socket);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_a_person_started_serves_host_after_host_until_interrupted() {
    let mut child = Running::start(Command::new(example("double")).arg("-debug"));
    let mut variable = child.line();
    while !variable.starts_with("TF_REATTACH_PROVIDERS=") {
        variable = child.line();
    }
    let json = variable.trim().strip_prefix("TF_REATTACH_PROVIDERS='").unwrap().strip_suffix('\'').unwrap();
    let reattach = Reattach::find(json, "example/double").unwrap();
    assert_eq!(reattach.pid, child.pid());
    for _ in 0..2 {
        let plugin = Plugin::attach(&reattach).await.unwrap();
        assert!(plugin.shutdown().await.is_none());
        assert!(runs(child.pid()));
    }
    send(child.pid(), Signal::INT);
    assert_eq!(tokio::task::block_in_place(|| child.exit_code()), Some(0));
    check_removed(&reattach.socket);
}

#[test]
fn logs_are_lines_of_json_at_the_level_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let stderr = fs::File::create(&log).unwrap();
    let (mut child, _) = start(hosted().env("TF_LOG_PROVIDER_DOUBLE", "info").stderr(stderr));
    send(child.pid(), Signal::TERM);
    child.exit_code();
    let text = fs::read_to_string(&log).unwrap();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().any(|line| line["@message"] == "ending" && line["@level"] == "info"), "{lines:?}");
    assert!(lines.iter().all(|line| line["@module"] == "provider.double"));
}
