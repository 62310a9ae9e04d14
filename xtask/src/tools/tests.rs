//! The installer, tried with toolsets that only write files.

use std::sync::mpsc;

use tempfile::TempDir;

use super::*;

const FAKE: Toolset = Toolset {
    name: "fake",
    probe: &["sh", "-c", "echo 1.0"],
    required: false,
    inputs: &["pins.txt"],
    programs: &["bin/one"],
    install: |places| {
        let log = places.root.join("installed");
        let before = fs::read_to_string(&log).unwrap_or_default();
        fs::write(log, before + "x")?;
        Ok(fs::write(places.tools.join("bin/one"), "")?)
    },
};

/// An empty workspace in which `FAKE` can be installed.
fn workspace() -> (TempDir, Places) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("pins.txt"), "one==1").unwrap();
    let places = Places::below(folder.path().to_path_buf());
    (folder, places)
}

/// Brings `FAKE` up to date and checks how often it has been installed by then.
#[track_caller]
fn check_installs(places: &Places, expected: usize) {
    install_all(&[FAKE], places).unwrap();
    assert_eq!(fs::read(places.root.join("installed")).unwrap().len(), expected);
}

#[test]
fn a_toolset_is_installed_once() {
    let (_folder, places) = workspace();
    check_installs(&places, 1);
    check_installs(&places, 1);
}

#[test]
fn changed_pins_install_again() {
    let (_folder, places) = workspace();
    check_installs(&places, 1);
    fs::write(places.root.join("pins.txt"), "one==2").unwrap();
    check_installs(&places, 2);
}

#[test]
fn a_program_that_is_gone_is_installed_again() {
    let (_folder, places) = workspace();
    check_installs(&places, 1);
    fs::remove_file(places.tools.join("bin/one")).unwrap();
    check_installs(&places, 2);
}

#[test]
fn an_installation_that_failed_half_way_is_not_taken_for_done() {
    const BROKEN: Toolset = Toolset { install: |_| bail!("no network"), ..FAKE };
    let (_folder, places) = workspace();
    let pins = places.root.join("pins.txt");
    check_installs(&places, 1);
    let before = fs::read(&pins).unwrap();
    fs::write(&pins, "one==2").unwrap();
    let error = install_all(&[BROKEN], &places).unwrap_err();
    assert_eq!(format!("{error:#}"), "cannot install the fake tools: no network");
    fs::write(&pins, before).unwrap();
    check_installs(&places, 2);
}

#[test]
fn an_installation_that_brings_too_little_is_an_error() {
    const EMPTY: Toolset = Toolset { programs: &["bin/one", "bin/two"], ..FAKE };
    let (_folder, places) = workspace();
    let error = install_all(&[EMPTY], &places).unwrap_err().to_string();
    assert_eq!(error, "installing the fake tools brought no `bin/two`");
}

#[test]
fn a_call_waits_for_the_one_before() {
    let (_folder, places) = workspace();
    fs::create_dir_all(&places.tools).unwrap();
    let other = fs::File::create(places.tools.join("lock")).unwrap();
    other.lock().unwrap();
    thread::scope(|scope| {
        let (done, waiting) = mpsc::channel();
        let places = &places;
        scope.spawn(move || done.send(install_all(&[FAKE], places).is_ok()));
        assert_eq!(waiting.recv_timeout(Duration::from_millis(200)), Err(mpsc::RecvTimeoutError::Timeout));
        other.unlock().unwrap();
        assert_eq!(waiting.recv(), Ok(true));
    });
}

#[test]
fn a_missing_runtime_skips_and_is_fatal_only_where_it_must_be() {
    const GONE: Toolset = Toolset { probe: &["no-such-runtime", "--version"], ..FAKE };
    const NEEDED: Toolset = Toolset { required: true, ..GONE };
    let (_folder, places) = workspace();
    let outcomes = install_all(&[GONE], &places).unwrap();
    assert_eq!(describe(&GONE, &outcomes[0]), "fake SKIPPED, `no-such-runtime --version` does not run: no one");
    judge(&[GONE], &outcomes, false).unwrap();
    for (toolset, require_all, why) in [(GONE, true, "asks for every tool"), (NEEDED, false, "the tests need them")] {
        let error = judge(&[toolset], &outcomes, require_all).unwrap_err().to_string();
        assert!(error.contains("the tools of fake are missing") && error.contains(why), "{error}");
    }
}

#[test]
fn every_pin_file_is_an_input_and_none_names_where_packages_come_from() {
    let places = Places::below(workspace::root());
    let inputs: Vec<&str> = TOOLSETS.iter().flat_map(|toolset| toolset.inputs).copied().collect();
    for name in ["requirements.txt", "package.json", "package-lock.json", "go.mod", "go.sum"] {
        let path = format!("acceptance-tests/setup/{name}");
        assert!(inputs.contains(&path.as_str()), "{path}");
        let text = fs::read_to_string(places.root.join(path)).unwrap();
        assert!(!text.contains("://") || name == "package-lock.json" && !text.contains("\"resolved\""), "{name}");
    }
}
