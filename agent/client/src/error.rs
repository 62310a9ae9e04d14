//! What can go wrong on the way to the agent.

use std::io;
use std::path::PathBuf;

use crate::{INSTALL, STATE_DIR};

/// Why a request has no good answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The agent answered that it did not do it.
    #[error(transparent)]
    Agent(#[from] rollout::wire::Error),
    /// No agent runs.
    #[error("no agent listens at {}", socket.display())]
    NotRunning {
        /// Where it would listen.
        socket: PathBuf,
    },
    /// The connection ended after the request was sent: it may or may not have been carried out.
    #[error("the connection to the agent was lost after the request was sent: {reason}")]
    Lost {
        /// What happened.
        reason: String,
    },
    /// The socket cannot be used.
    #[error("cannot connect to the agent at {}", socket.display())]
    Connect {
        /// The socket.
        socket: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Somebody else listens there.
    #[error(
        "the socket {} belongs to user {owner}, not to you; set `{STATE_DIR}` to a directory of your own", socket.display()
    )]
    Foreign {
        /// The socket.
        socket: PathBuf,
        /// Whose it is.
        owner: u32,
    },
    /// The path of the socket does not fit into an address.
    #[error(
        "the path {} is longer than the 107 bytes that a socket's address holds; set `{STATE_DIR}` to a shorter one",
        socket.display()
    )]
    LongPath {
        /// The path.
        socket: PathBuf,
    },
    /// The agent is of a newer release.
    #[error(
        "the agent is of release {release} and speaks version {agent} of its interface, which is newer than this program; \
         update this program"
    )]
    Newer {
        /// The version that it speaks.
        agent: u32,
        /// Its release.
        release: String,
    },
    /// The request cannot be sent.
    #[error("the request cannot be written: {reason}")]
    Unwritable {
        /// Why.
        reason: String,
    },
    /// The answer is not understood.
    #[error("the answer of the agent cannot be read: {reason}")]
    Unreadable {
        /// Why.
        reason: String,
    },
    /// There is no program to start.
    #[error(
        "cannot find the program `devops-flow-agent` in `DEVOPSFLOW_AGENT`, beside {} and on `PATH`: install it with `{INSTALL}`",
        beside.display()
    )]
    NoProgram {
        /// The running program, beside which it was looked for.
        beside: PathBuf,
    },
    /// `DEVOPSFLOW_AGENT` names something that is not there.
    #[error("`DEVOPSFLOW_AGENT` names {}, which is not a file that can be executed", program.display())]
    BadProgram {
        /// What it names.
        program: PathBuf,
    },
    /// The program did not come up.
    #[error("the agent {} did not start: {reason}", program.display())]
    Launch {
        /// The program.
        program: PathBuf,
        /// What it said, or what happened.
        reason: String,
    },
    /// There is no place for the state.
    #[error(
        "neither `{STATE_DIR}`, `XDG_STATE_HOME` nor `HOME` is set to an absolute path, so there is no place for the agent's state"
    )]
    NoStateDir,
    /// The state directory cannot be made.
    #[error("cannot make the directory {}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}
