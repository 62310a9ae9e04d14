//! The unit of systemd.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rollout::wire::Answer;
use serde_json::Value;

use crate::fake::{Fake, Ran, Say, finish, program};
use crate::samples;

/// A user's home with an agent to install, and a systemctl that writes down what it is asked.
struct Home(tempfile::TempDir);

fn executable(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        executable(&home.agent(), "#!/bin/sh\nexit 0\n");
        home.systemctl("exit 0");
        home
    }

    /// Begins with what systemctl answers whether the unit is active.
    fn systemctl(&self, then: &str) {
        executable(
            &self.0.path().join("bin/systemctl"),
            &format!("#!/bin/sh\necho \"$*\" >> {}\n{then}\n", self.calls_file().display()),
        );
    }

    /// With characters that a unit gives a meaning to.
    fn agent(&self) -> PathBuf {
        self.0.path().join("100% of; $HOME/devops-flow-agent")
    }

    fn calls_file(&self) -> PathBuf {
        self.0.path().join("calls")
    }

    fn calls(&self) -> Vec<String> {
        fs::read_to_string(self.calls_file()).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    fn unit(&self) -> PathBuf {
        self.0.path().join(".config/systemd/user/devops-flow-agent.service")
    }

    fn install(&self, args: &[&str]) -> Ran {
        let mut command = program(self.0.path(), &["agent", "install"]);
        let path = format!("{}:/usr/bin:/bin", self.0.path().join("bin").display());
        command.args(args).env("DEVOPSFLOW_AGENT", self.agent()).env("PATH", path);
        finish(command)
    }
}

#[test]
fn a_dry_run_shows_the_unit_and_writes_nothing() {
    let home = Home::new();
    let ran = home.install(&["--dry-run"]).expect(2);
    assert!(ran.stdout.starts_with("would write "), "{ran:?}");
    assert!(ran.stderr.contains("\n+KillMode=process\n"), "{ran:?}");
    let json: Value = home.install(&["--dry-run", "--json", "--now"]).expect(2).json();
    assert_eq!((json["change"].as_str(), json["done"].as_bool()), (Some("create"), Some(false)));
    assert!(!home.unit().exists() && home.calls().is_empty());
}

#[test]
fn it_writes_once_and_says_what_to_run() {
    let home = Home::new();
    let ran = home.install(&[]).expect(0);
    let unit = home.unit().display().to_string();
    let next =
        "run next:\n  systemctl --user daemon-reload\n  systemctl --user enable --now devops-flow-agent.service\n";
    assert_eq!(ran.stdout, format!("wrote {unit}\n{next}"));
    let written = fs::read_to_string(home.unit()).unwrap();
    assert!(ran.stderr.contains("loginctl enable-linger"), "{ran:?}");

    let ran = home.install(&[]).expect(0);
    assert_eq!(ran.stdout, format!("{unit} is in place\n{next}"));
    let json: Value = home.install(&["--dry-run", "--json"]).expect(0).json();
    assert_eq!((json["change"].as_str(), json["content"].as_str()), (Some("none"), Some(written.as_str())));
    assert!(home.calls().is_empty());
}

/// What systemd itself thinks of the unit, its paths included.
#[test]
fn systemd_takes_the_unit() {
    let home = Home::new();
    let _ = home.install(&["--state-dir", "/a \"b\" 'c' d\\e %h $HOME"]).expect(0);
    let mut verify = Command::new("systemd-analyze");
    verify.args(["verify", "--user", "--man=no", "--recursive-errors=no"]).arg(home.unit());
    verify.env("XDG_RUNTIME_DIR", home.0.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if Command::new("systemd-analyze").arg("--version").stdout(Stdio::null()).status().is_err() {
        eprintln!("skipped: there is no program `systemd-analyze`");
        return;
    }
    let ran = finish(verify);
    let about_it: Vec<&str> = ran.stderr.lines().filter(|line| line.contains("devops-flow-agent")).collect();
    assert!(about_it.is_empty() && ran.code == Some(0), "{ran:?}");
}

#[test]
fn another_place_for_the_state_is_an_update() {
    let home = Home::new();
    let _ = home.install(&[]).expect(0);
    let ran = home.install(&["--state-dir", "/var/lib/dev ops"]).expect(0);
    assert!(ran.stderr.contains("\n+Environment=\"DEVOPSFLOW_STATE_DIR=/var/lib/dev ops\"\n"), "{ran:?}");
    assert!(ran.stdout.ends_with("  systemctl --user restart devops-flow-agent.service\n"), "{ran:?}");
    assert!(fs::read_to_string(home.unit()).unwrap().contains("/var/lib/dev ops"));
}

#[test]
fn a_unit_of_somebody_else_or_changed_by_hand_is_left_alone() {
    let home = Home::new();
    let _ = home.install(&[]).expect(0);
    let edited = fs::read_to_string(home.unit()).unwrap().replace("on-failure", "always");
    for (text, message) in [("[Unit]\n", "was not written by"), (edited.as_str(), "was changed since")] {
        fs::write(home.unit(), text).unwrap();
        for args in [[].as_slice(), &["--now"], &["--dry-run"], &["--uninstall"], &["--uninstall", "--now"]] {
            let ran = home.install(args).expect(1);
            assert!(ran.stderr.contains(message) && ran.stderr.contains("\nhint: "), "{ran:?}");
            assert_eq!(fs::read_to_string(home.unit()).unwrap(), text);
        }
    }
    fs::remove_file(home.unit()).unwrap();
    symlink("/dev/null", home.unit()).unwrap();
    let ran = home.install(&[]).expect(1);
    assert!(ran.stderr.contains("is a symbolic link"), "{ran:?}");
    assert!(home.calls().is_empty());
}

#[test]
fn now_loads_enables_and_starts() {
    let home = Home::new();
    let ran = home.install(&["--now"]).expect(0);
    assert!(ran.stdout.contains("\nran:\n  systemctl --user daemon-reload\n"), "{ran:?}");
    let calls = ["is-active --quiet", "daemon-reload", "enable --now"].map(|call| format!("--user {call}"));
    let unit = " devops-flow-agent.service";
    assert_eq!(home.calls(), [calls[0].clone() + unit, calls[1].clone(), calls[2].clone() + unit]);
}

#[test]
fn now_refuses_while_an_agent_runs_that_is_not_the_units() {
    let home = Home::new();
    home.systemctl("exit 3");
    let _agent = Fake::start(home.0.path(), |_| vec![Say::Answer(Answer::Hello(samples::agent()))]);
    let ran = home.install(&["--now"]).expect(1);
    assert!(ran.stderr.contains("error: an agent runs already, with pid 4242"), "{ran:?}");
    assert!(!home.unit().exists());
    home.systemctl("exit 0");
    let _ = home.install(&["--now"]).expect(0);
}

#[test]
fn a_systemctl_that_fails_is_quoted() {
    let home = Home::new();
    home.systemctl("echo 'Failed to connect to bus' >&2; exit 1");
    let ran = home.install(&["--now"]).expect(1);
    assert!(
        ran.stderr.contains("error: `systemctl --user daemon-reload` failed: Failed to connect to bus\nhint: "),
        "{ran:?}"
    );
    assert!(home.unit().exists());
}

#[test]
fn without_a_program_there_is_nothing_to_install() {
    let home = Home::new();
    fs::remove_file(home.agent()).unwrap();
    let ran = home.install(&[]).expect(1);
    assert!(ran.stderr.contains("`DEVOPSFLOW_AGENT` names "), "{ran:?}");
}

#[test]
fn uninstall_removes_what_install_wrote() {
    let home = Home::new();
    let ran = home.install(&["--uninstall"]).expect(0);
    assert_eq!(ran.stdout, format!("{} is not there\n", home.unit().display()));
    let _ = home.install(&[]).expect(0);
    let json: Value = home.install(&["--uninstall", "--dry-run", "--json"]).expect(2).json();
    assert_eq!((json["change"].as_str(), json["content"].as_str()), (Some("remove"), None));
    assert!(home.unit().exists());

    let wants = home.unit().parent().unwrap().join("default.target.wants");
    fs::create_dir(&wants).unwrap();
    symlink(home.unit(), wants.join("devops-flow-agent.service")).unwrap();
    let ran = home.install(&["--uninstall"]).expect(1);
    assert!(ran.stderr.contains("is enabled, so it is not removed\nhint: add `--now`"), "{ran:?}");
    assert!(home.unit().exists() && home.calls().is_empty());

    let _ = home.install(&["--uninstall", "--now"]).expect(0);
    assert!(!home.unit().exists());
    assert_eq!(home.calls(), ["--user disable --now devops-flow-agent.service", "--user daemon-reload"]);
}
