//! Where the agent keeps its state.

use std::env;
use std::path::PathBuf;

use crate::Error;

/// The variable that names the state directory.
pub const STATE_DIR: &str = "DEVOPSFLOW_STATE_DIR";
/// The socket, within the state directory.
pub const SOCKET: &str = "agent.sock";
/// What the agent writes, within the state directory.
pub const LOG: &str = "agent.log";

/// The state directory of this user: `DEVOPSFLOW_STATE_DIR`, else `devops-flow` in `XDG_STATE_HOME`, else in `~/.local/state`.
pub fn state_dir() -> Result<PathBuf, Error> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    if let Some(path) = env::var_os(STATE_DIR).filter(|path| !path.is_empty()).map(PathBuf::from) {
        // Made absolute, for the agent runs in another directory.
        return std::path::absolute(&path).map_err(|source| Error::Directory { path, source });
    }
    let base = absolute("XDG_STATE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/state")));
    base.map(|base| base.join("devops-flow")).ok_or(Error::NoStateDir)
}
