//! What a child gets, and what it does not.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use agent::supervisor::{MARKER, Marker};

use super::support::{World, child, child_directory, until};

fn proc(pid: i32, name: &str) -> PathBuf {
    format!("/proc/{pid}/{name}").into()
}

fn strings(pid: i32, name: &str) -> Vec<String> {
    let bytes = fs::read(proc(pid, name)).unwrap();
    bytes
        .split(|byte| *byte == 0)
        .filter(|part| !part.is_empty())
        .map(|part| str::from_utf8(part).unwrap().into())
        .collect()
}

#[tokio::test]
async fn the_environment_is_cleared_but_for_what_is_named() {
    let world = World::new();
    let mut launch = world.launch(&["sleep", "60"]);
    launch.env.insert("GREETING".to_owned(), "hello".to_owned());
    launch.env.insert("PORT".to_owned(), "1".to_owned());
    let replica = world.supervisor.spawn(&launch, 3).await.unwrap();
    let port = replica.port();

    let environ: BTreeMap<String, String> = strings(replica.identity().pid, "environ")
        .iter()
        .map(|entry| entry.split_once('=').unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut expected = BTreeMap::from([
        ("GREETING".to_owned(), "hello".to_owned()),
        ("PORT".to_owned(), port.to_string()),
        ("HOST".to_owned(), "127.0.0.1".to_owned()),
        (MARKER.to_owned(), format!("{}/api/r1/3/{port}", world.state_id)),
    ]);
    for name in ["PATH", "HOME", "LANG"] {
        expected.extend(std::env::var(name).ok().map(|value| (name.to_owned(), value)));
    }
    assert_eq!(environ, expected);
    // Without this the test would prove nothing.
    assert!(std::env::vars_os().any(|(name, _)| name.to_str().is_none_or(|name| !environ.contains_key(name))));
}

#[tokio::test]
async fn it_has_its_own_group_and_its_directory() {
    let world = World::new();
    let replica = world.supervisor.spawn(&world.launch(&["sleep", "60"]), 0).await.unwrap();
    let pid = replica.identity().pid;
    let stat = fs::read_to_string(proc(pid, "stat")).unwrap();
    let group = stat.rsplit_once(')').unwrap().1.split_whitespace().nth(2).unwrap();
    assert_eq!(group, pid.to_string());
    assert_eq!(fs::read_link(proc(pid, "cwd")).unwrap(), world.path().canonicalize().unwrap());
}

fn descriptors(pid: i32) -> BTreeMap<String, PathBuf> {
    fs::read_dir(proc(pid, "fd"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read_link(entry.path()).unwrap()))
        .collect()
}

#[tokio::test]
async fn ports_are_outside_the_ephemeral_range_and_all_different() {
    let world = World::new();
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap();
    let range: Vec<u16> = range.split_whitespace().map(|number| number.parse().unwrap()).collect();
    let launch = world.launch(&["sh", "-c", "sleep 60; exit", "{port}"]);
    let mut ports = std::collections::BTreeSet::new();
    for index in 0..8 {
        let replica = world.supervisor.spawn(&launch, index).await.unwrap();
        let port = replica.port();
        assert!(!(range[0]..=range[1]).contains(&port), "{port} is in {range:?}");
        assert!(ports.insert(port), "{port} twice");
        assert_eq!(strings(replica.identity().pid, "cmdline").last().unwrap(), &port.to_string());
    }
}

#[tokio::test]
async fn what_is_marked_is_found_with_its_descendants() {
    let world = World::new();
    let other = World::new();
    let replica = world.supervisor.spawn(&world.script("sleep 60 & wait"), 5).await.unwrap();
    other.supervisor.spawn(&other.launch(&["sleep", "60"]), 0).await.unwrap();
    until("both processes are there", || world.pids().len() == 2);
    let marked = agent::supervisor::find_marked(&world.state_id).unwrap();
    let expected = Marker {
        state_id: world.state_id.clone(),
        service: "api".to_owned(),
        revision: "r1".to_owned(),
        index: 5,
        port: replica.port(),
    };
    assert!(marked.iter().all(|marked| marked.marker == expected), "{marked:?}");
    assert!(marked.iter().any(|marked| marked.pid == replica.identity().pid));
}

#[test]
fn a_prepared_agent_passes_on_its_umask_its_limit_and_no_descriptor() {
    let world = World::new();
    let output = child("supervisor::spawning::prepared_child", world.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
#[ignore = "run as a child"]
fn prepared_child() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let directory = child_directory();
    // As a shell or a runner leaves one open.
    let left_open = rustix::io::dup(fs::File::open("/dev/zero").unwrap()).unwrap();
    assert!(rustix::io::fcntl_getfd(&left_open).unwrap().is_empty());
    let maximum = Some(900);
    setrlimit(Resource::Nofile, Rlimit { current: Some(500), maximum }).unwrap();
    assert_eq!(agent::supervisor::prepare_process().unwrap(), maximum);
    assert_eq!(getrlimit(Resource::Nofile).current, maximum);
    assert!(!rustix::io::fcntl_getfd(&left_open).unwrap().is_empty());
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let world = World::new();
        let script = "umask > umask.new; ulimit -n > limit; mv umask.new umask; sleep 60";
        let mut launch = world.script(script);
        launch.working_dir = directory.clone();
        let _replica = world.supervisor.spawn(&launch, 0).await.unwrap();
        until("the script has written", || directory.join("umask").exists());
        assert_eq!(fs::read_to_string(directory.join("umask")).unwrap(), "0077\n");
        assert_eq!(fs::read_to_string(directory.join("limit")).unwrap(), "900\n");
        let replica = world.supervisor.spawn(&world.launch(&["sleep", "60"]), 1).await.unwrap();
        let log = world.path().join("logs/r1-1.log").canonicalize().unwrap();
        let expected = [("0", PathBuf::from("/dev/null")), ("1", log.clone()), ("2", log)];
        let expected = expected.map(|(number, path)| (number.to_owned(), path)).into();
        assert_eq!(descriptors(replica.identity().pid), expected);
    });
}
