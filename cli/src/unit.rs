//! The systemd unit of the agent: its text, and whose a text that is found is. Pure.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use disk::Digest;

/// The name of the unit.
pub(crate) const NAME: &str = "devops-flow-agent.service";

/// The first line of every unit written here.
const MARK: &str =
    "# Written by `devops-flow agent install`; change it with `systemctl --user edit devops-flow-agent.service`.\n";
/// Before the digest of all that follows it, on the second line.
const SEAL: &str = "# What follows has the digest ";

/// What is wrong with the unit or its surroundings.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Somebody else wrote the unit.
    #[error("{} was not written by `devops-flow agent install`", path.display())]
    Foreign {
        /// The unit.
        path: PathBuf,
    },
    /// Somebody changed the unit.
    #[error("{} was changed since `devops-flow agent install` wrote it", path.display())]
    Edited {
        /// The unit.
        path: PathBuf,
    },
    /// A path does not fit into a unit.
    #[error("{what} cannot stand in a unit: it is not UTF-8 or holds a control character")]
    Unwritable {
        /// What it is.
        what: &'static str,
    },
    /// The path of the agent does not fit into a unit.
    #[error("systemd runs no program with quotes or a backslash in its path, such as {}; move the agent elsewhere", path.display())]
    Program {
        /// The path.
        path: PathBuf,
    },
    /// There is no place for the unit.
    #[error("neither `XDG_CONFIG_HOME` nor `HOME` is set to an absolute path, so there is no place for the unit")]
    NoHome,
    /// The unit is still enabled.
    #[error("{NAME} is enabled, so it is not removed")]
    Enabled,
    /// Another agent holds the place of the unit's.
    #[error("an agent runs already, with pid {pid}, and the unit's cannot run beside it")]
    AgentRuns {
        /// Its process.
        pid: u32,
    },
    /// systemctl failed.
    #[error("`{command}` failed: {reason}")]
    Systemctl {
        /// The whole command.
        command: String,
        /// What it said.
        reason: String,
    },
}

impl Error {
    /// What to do.
    pub(crate) fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Foreign { .. } => "move it away and run this again".to_owned(),
            Self::Edited { .. } => {
                format!("move your changes to a drop-in (`systemctl --user edit {NAME}`), remove the unit and run this again")
            }
            Self::Enabled => format!("add `--now`, or first run `systemctl --user disable --now {NAME}`"),
            Self::AgentRuns { .. } => {
                "first end it with `devops-flow agent stop`: its replicas run on, and the unit's agent adopts them".to_owned()
            }
            Self::Systemctl { .. } => {
                "does this session have a systemd of its own? `systemctl --user status` shows it; without `--now` only the unit \
                 is written"
                    .to_owned()
            }
            Self::Unwritable { .. } | Self::Program { .. } | Self::NoHome => return None,
        })
    }
}

/// Whose the text of a unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// Written here, and not changed since.
    Ours,
    /// Written here, and changed since.
    Edited,
    /// Somebody else's.
    Foreign,
}

/// Whose the text is.
pub(crate) fn owner(text: &[u8]) -> Owner {
    let Some(rest) = text.strip_prefix(MARK.as_bytes()) else { return Owner::Foreign };
    let sealed = rest.strip_prefix(SEAL.as_bytes()).and_then(|rest| {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        Some((&rest[..end], &rest[end + 1..]))
    });
    match sealed {
        Some((digest, body)) if Digest::of(body).to_string().as_bytes() == digest => Owner::Ours,
        _ => Owner::Edited,
    }
}

/// The unit that runs `program` for `state_dir`, with the search path for the programs of services.
pub(crate) fn text(program: &Path, state_dir: &Path, search: Option<&str>) -> Result<String, Error> {
    let path = writable("the path of the agent", program.to_str())?;
    if path.contains(['"', '\'', '\\']) {
        return Err(Error::Program { path: program.to_owned() });
    }
    let state_dir = writable("the path of the state directory", state_dir.to_str())?;
    let state_dir = quoted(&format!("{}={state_dir}", agent_client::STATE_DIR));
    let search = match search {
        Some(search) => format!("Environment={}\n", quoted(&format!("PATH={}", writable("`PATH`", Some(search))?))),
        None => String::new(),
    };
    // Exit code 3: another agent has the place, and trying again would not change it.
    let body = format!(
        "[Unit]
Description=Agent of devops-flow: runs services and moves their users to new versions
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart={} run
Environment={state_dir}
{search}# Only the agent is ended with the unit; the replicas run on, and the next agent adopts them.
KillMode=process
OOMPolicy=continue
Restart=on-failure
RestartSec=500ms
RestartPreventExitStatus=3

[Install]
WantedBy=default.target
",
        quoted(path)
    );
    let mut text = MARK.to_owned();
    let _ = writeln!(text, "{SEAL}{}", Digest::of(body.as_bytes()));
    Ok(text + &body)
}

fn writable<'a>(what: &'static str, text: Option<&'a str>) -> Result<&'a str, Error> {
    text.filter(|text| !text.chars().any(char::is_control)).ok_or(Error::Unwritable { what })
}

/// One word of a setting: in double quotes, with `%` doubled, for it begins a specifier (systemd.syntax(7), systemd.unit(5)). `$` stays: it
/// is special neither in `Environment=` nor in the path of the program (systemd.service(5)).
fn quoted(text: &str) -> String {
    let mut word = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => word.extend(['\\', c]),
            '%' => word.push_str("%%"),
            c => word.push(c),
        }
    }
    word + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> String {
        text(Path::new("/opt/devops flow/devops-flow-agent"), Path::new("/s/100%\"\\$x"), Some("/usr/bin:/bin"))
            .unwrap()
    }

    #[test]
    fn the_unit_keeps_replicas_and_quotes_paths() {
        let digest = |text: &str| {
            text.lines()
                .map(|line| if line.starts_with(SEAL) { "# digest" } else { line }.to_owned() + "\n")
                .collect::<String>()
        };
        insta::assert_snapshot!(digest(&sample()), @r#"
        # Written by `devops-flow agent install`; change it with `systemctl --user edit devops-flow-agent.service`.
        # digest
        [Unit]
        Description=Agent of devops-flow: runs services and moves their users to new versions
        StartLimitIntervalSec=0

        [Service]
        Type=exec
        ExecStart="/opt/devops flow/devops-flow-agent" run
        Environment="DEVOPSFLOW_STATE_DIR=/s/100%%\"\\$x"
        Environment="PATH=/usr/bin:/bin"
        # Only the agent is ended with the unit; the replicas run on, and the next agent adopts them.
        KillMode=process
        OOMPolicy=continue
        Restart=on-failure
        RestartSec=500ms
        RestartPreventExitStatus=3

        [Install]
        WantedBy=default.target
        "#);
    }

    #[test]
    fn a_unit_is_ours_until_somebody_changes_it() {
        let unit = sample();
        assert_eq!(owner(unit.as_bytes()), Owner::Ours);
        assert_eq!(owner(unit.replace("on-failure", "always").as_bytes()), Owner::Edited);
        assert_eq!(owner(MARK.as_bytes()), Owner::Edited);
        assert_eq!(owner(b"[Unit]\n"), Owner::Foreign);
        assert_eq!(owner(b""), Owner::Foreign);
    }

    #[test]
    fn what_would_break_the_line_is_refused() {
        for path in ["/a\nExecStartPre=/bin/evil", "/a\u{0}"] {
            assert!(matches!(text(Path::new(path), Path::new("/s"), None), Err(Error::Unwritable { .. })), "{path:?}");
            assert!(text(Path::new("/a"), Path::new(path), None).is_err());
            assert!(text(Path::new("/a"), Path::new("/s"), Some(path)).is_err());
        }
        for path in ["/a\"b", "/a'b", "/a\\b"] {
            assert!(matches!(text(Path::new(path), Path::new("/s"), None), Err(Error::Program { .. })), "{path:?}");
        }
    }
}
