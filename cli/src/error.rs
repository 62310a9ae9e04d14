//! What can go wrong, what to do about it, and the exit code.

use std::error::Error as _;
use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use rollout::Span;
use rollout::machine::Refused;

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It did what it was asked for.
    Done,
    /// It failed, or was called wrongly.
    Failed,
    /// What was to be compared differs.
    Differs,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Differs => 2,
        })
    }
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// On the way to the agent, or its refusal.
    #[error(transparent)]
    Agent(#[from] agent_client::Error),
    /// The agent has no such service.
    #[error("the agent has no service {service:?}")]
    NoService {
        /// What was asked for.
        service: String,
        /// The services that it has.
        known: Vec<String>,
    },
    /// The service has no such rollout.
    #[error("{service} has no rollout {rollout:?}, neither running nor among those that it remembers")]
    NoRollout {
        /// The service.
        service: String,
        /// What was asked for.
        rollout: String,
    },
    /// The time to wait is over.
    #[error("no end within {timeout}: {state}")]
    Timeout {
        /// The time.
        timeout: Span,
        /// What the service does now.
        state: String,
    },
    /// The agent took a request to stop and is still there.
    #[error("the agent with pid {pid} took the request to stop and still answers after {within}")]
    StillThere {
        /// Its process.
        pid: u32,
        /// How long it was waited for.
        within: Span,
    },
    /// Nobody reads the output any more.
    #[error("nobody reads the output")]
    BrokenPipe,
    /// The output cannot be written.
    #[error("cannot write {place}")]
    Write {
        /// Where to.
        place: String,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file of `--output` cannot be published.
    #[error(transparent)]
    Publish(#[from] disk::Failed),
    /// A file is not what it should be.
    #[error(transparent)]
    Disk(#[from] disk::Error),
    /// The unit of systemd.
    #[error(transparent)]
    Unit(#[from] crate::unit::Error),
    /// There is no runtime.
    #[error("cannot start")]
    Runtime(#[source] io::Error),
}

impl Error {
    /// What the user can do, where the message does not say it.
    fn hint(&self) -> Option<String> {
        use agent_client::Error as Client;
        use rollout::wire::Error as Wire;
        Some(match self {
            Self::Agent(Client::NotRunning { .. }) => {
                "start it with `devops-flow-agent run`, for good with `devops-flow agent install`; `terraform apply` starts it, \
                 too; another place is named by `--state-dir`"
                    .to_owned()
            }
            Self::Agent(Client::Lost { .. }) => {
                "look at what became of it with `devops-flow rollout list`, then ask again".to_owned()
            }
            Self::Agent(Client::Unreadable { .. }) => {
                "compare the releases: `devops-flow --version` and `devops-flow agent status`".to_owned()
            }
            Self::Agent(Client::Agent(Wire::Version { agent, client })) if agent > client => {
                "the agent is newer: update devops-flow".to_owned()
            }
            Self::Agent(Client::Agent(Wire::Version { .. })) => {
                "the agent is older: end it with `devops-flow agent stop`, its replicas run on; then start the new one".to_owned()
            }
            Self::Agent(Client::Agent(Wire::Refused(Refused::NotNow { .. }))) => {
                "`devops-flow rollout status` shows what it waits for".to_owned()
            }
            Self::NoService { known, .. } if known.is_empty() => {
                "it has none; `terraform apply` of a devopsflow_rollout makes one".to_owned()
            }
            Self::NoService { known, .. } => format!("it has {}", known.join(", ")),
            Self::NoRollout { service, .. } => format!("`devops-flow rollout history {service}` lists them"),
            Self::Timeout { .. } => "it goes on by itself; wait again, or steer it".to_owned(),
            Self::StillThere { .. } => "`devops-flow agent logs` shows what it does".to_owned(),
            Self::Unit(error) => error.hint()?,
            _ => return None,
        })
    }

    /// Message, causes and hint, for people.
    pub(crate) fn report(&self, paint: crate::render::Paint) -> String {
        use crate::render::{Label, clean};
        let mut text = format!("{} {}", paint.on(Label::Bad, "error:"), clean(&self.to_string()));
        let mut cause = self.source();
        while let Some(error) = cause {
            let _ = write!(text, "\n  because: {}", clean(&error.to_string()));
            cause = error.source();
        }
        if let Some(hint) = self.hint() {
            let _ = write!(text, "\n{} {}", paint.on(Label::Hint, "hint:"), clean(&hint));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Paint;

    #[track_caller]
    fn report(error: impl Into<Error>) -> String {
        error.into().report(Paint::PLAIN)
    }

    #[test]
    fn causes_and_hints_follow_the_message() {
        let source = io::Error::from(io::ErrorKind::PermissionDenied);
        let error = agent_client::Error::Connect { socket: "/s/agent.sock".into(), source };
        insta::assert_snapshot!(report(error), @r"
        error: cannot connect to the agent at /s/agent.sock
          because: permission denied
        ");
        insta::assert_snapshot!(report(agent_client::Error::NotRunning { socket: "/s/agent.sock".into() }), @r"
        error: no agent listens at /s/agent.sock
        hint: start it with `devops-flow-agent run`, for good with `devops-flow agent install`; `terraform apply` starts it, too; another place is named by `--state-dir`
        ");
        let foreign = agent_client::Error::Foreign { socket: "/s/agent.sock".into(), owner: 7 };
        insta::assert_snapshot!(report(foreign), @"error: the socket /s/agent.sock belongs to user 7, not to you; set `DEVOPSFLOW_STATE_DIR` to a directory of your own");
    }

    #[test]
    fn versions_say_which_side_to_update() {
        let version = |agent, client| agent_client::Error::Agent(rollout::wire::Error::Version { agent, client });
        assert!(report(version(2, 1)).ends_with("hint: the agent is newer: update devops-flow"));
        assert!(report(version(1, 2)).contains("hint: the agent is older: end it"));
    }

    #[test]
    fn what_the_agent_says_cannot_command_the_terminal() {
        let error = agent_client::Error::Agent(rollout::wire::Error::Internal("\u{1b}[2J".to_owned()));
        assert_eq!(report(error), "error: the agent failed: \\u{1b}[2J");
    }
}
