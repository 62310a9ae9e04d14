//! One agent takes the place of another without losing a request: listeners are passed on with `SCM_RIGHTS`, and what is in
//! flight is served to its end by the agent that leaves.

use std::collections::BTreeMap;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::net::TcpListener;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use rollout::wire::{Envelope, Request, VERSION};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};
use serde::{Deserialize, Serialize};

/// The most listeners that are passed on: what one message of the kernel holds (`SCM_MAX_FD`, unix(7)).
const MOST: usize = 253;
/// How long the agent that leaves may take to close its journal.
const PATIENCE: Duration = Duration::from_secs(30);

/// What goes with the listeners.
#[derive(Debug, Serialize, Deserialize)]
struct Passed {
    /// Whose they are, in their order.
    services: Vec<String>,
    /// The agent that leaves.
    pid: i32,
}

/// What an agent leaves to the next.
#[derive(Debug)]
pub(crate) struct Inheritance {
    /// The listeners, by service.
    pub(crate) listeners: BTreeMap<String, TcpListener>,
    /// The agent that leaves; it may still serve what is in flight.
    pub(crate) pid: Option<rustix::process::Pid>,
}

/// Asks the agent at `socket` to leave. Its journal is free when this returns.
pub(crate) fn take_over(socket: &Path) -> io::Result<Inheritance> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut line = serde_json::to_vec(&Envelope { version: VERSION, request: Request::TakeOver })?;
    line.push(b'\n');
    io::Write::write_all(&mut stream, &line)?;

    let mut text = vec![0; 64 << 10];
    let mut space = vec![MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let received = {
        let mut parts = [IoSliceMut::new(&mut text)];
        recvmsg(stream.as_fd(), &mut parts, &mut ancillary, RecvFlags::CMSG_CLOEXEC)?
    };
    let files: Vec<OwnedFd> = ancillary
        .drain()
        .filter_map(|message| if let RecvAncillaryMessage::ScmRights(files) = message { Some(files) } else { None })
        .flatten()
        .collect();
    let Passed { services, pid } = serde_json::from_slice(&text[..received.bytes])?;
    if services.len() != files.len() {
        let message = format!("{} listeners were announced and {} came", services.len(), files.len());
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    let listeners = services.into_iter().zip(files.into_iter().map(TcpListener::from)).collect();
    Ok(Inheritance { listeners, pid: rustix::process::Pid::from_raw(pid) })
}

/// Passes the listeners on to the agent that asked.
pub(crate) fn pass_on(stream: &UnixStream, listeners: &BTreeMap<String, TcpListener>) -> io::Result<()> {
    let listeners: Vec<_> = listeners.iter().take(MOST).collect();
    let services = listeners.iter().map(|(name, _)| (*name).clone()).collect();
    let text = serde_json::to_vec(&Passed { services, pid: rustix::process::getpid().as_raw_pid() })?;
    let files: Vec<_> = listeners.iter().map(|(_, listener)| listener.as_fd()).collect();
    let mut space = vec![MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !files.is_empty() && !ancillary.push(SendAncillaryMessage::ScmRights(&files)) {
        return Err(io::Error::other("too many listeners for one message"));
    }
    stream.set_nonblocking(false)?;
    sendmsg(stream.as_fd(), &[IoSlice::new(&text)], &mut ancillary, SendFlags::empty())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listeners_arrive_with_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("s");
        let server = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let leaving = std::thread::spawn(move || {
            let (stream, _) = server.accept().unwrap();
            let mut line = String::new();
            io::BufRead::read_line(&mut io::BufReader::new(&stream), &mut line).unwrap();
            pass_on(&stream, &BTreeMap::from([("api".to_owned(), listener)])).unwrap();
            line
        });
        let inherited = take_over(&socket).unwrap();
        assert_eq!(inherited.listeners["api"].local_addr().unwrap(), address);
        assert_eq!(inherited.pid, Some(rustix::process::getpid()));
        assert_eq!(leaving.join().unwrap(), "{\"version\":1,\"request\":\"take-over\"}\n");
    }
}
