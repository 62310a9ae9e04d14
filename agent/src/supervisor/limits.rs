//! What the agent's own process must have before it starts others.

use std::io;

use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit, umask};

/// Call once, first thing in the agent. Replicas inherit what it sets:
/// - the umask 077;
/// - the limit of open files, raised as far as it may be; it is returned (`ulimit -n`), `None` when there is none;
/// - descriptors above 2 that the agent itself inherited are not passed on. What Rust opens never is, but shells, terraform and
///   runners of pipelines leave theirs open, and whoever reads the other end of such a pipe would wait for every replica's end.
pub fn prepare_process() -> io::Result<Option<u64>> {
    close_fds::set_fds_cloexec(3, &[]);
    umask(Mode::RWXG | Mode::RWXO);
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum {
        setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?;
    }
    Ok(maximum)
}
