//! Ports for replicas: none that the system hands out itself, none twice.

use std::collections::BTreeSet;
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr as UnixAddr, UnixDatagram};
use std::sync::{Arc, Mutex, PoisonError};

use fs_err as fs;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, socket_with};

use super::launch::SpawnError;

/// The lowest port that is handed out; below are the well-known ones.
const LOWEST: u16 = 10_000;

/// The ports of one supervisor.
#[derive(Debug)]
pub(super) struct Ports {
    candidates: Vec<u16>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    leased: BTreeSet<u16>,
    /// Goes round, so that a port that was just given back is not handed out at once.
    next: usize,
}

impl Ports {
    /// Those outside `net.ipv4.ip_local_port_range`: a port inside it can become the near end of any connection at any time.
    pub(super) fn of_system() -> io::Result<Self> {
        let path = "/proc/sys/net/ipv4/ip_local_port_range";
        let text = fs::read_to_string(path)?;
        let ephemeral = parse(&text)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, format!("{path}: unknown range {text:?}")))?;
        // Agents that run side by side seldom meet when they begin at different places.
        let first = usize::try_from(RandomState::new().hash_one(()) >> 33).unwrap_or_default();
        Ok(Self::outside(ephemeral, first))
    }

    fn outside(ephemeral: RangeInclusive<u16>, first: usize) -> Self {
        let candidates: Vec<u16> = (LOWEST..=u16::MAX).filter(|port| !ephemeral.contains(port)).collect();
        let next = first.checked_rem(candidates.len()).unwrap_or_default();
        Self { candidates, state: Mutex::new(State { leased: BTreeSet::new(), next }) }
    }

    /// A port that nobody uses.
    pub(super) fn lease(self: &Arc<Self>) -> Result<Lease, SpawnError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..self.candidates.len() {
            let port = self.candidates[state.next];
            state.next = (state.next + 1) % self.candidates.len();
            if state.leased.contains(&port) {
                continue;
            }
            let failed = |error| SpawnError::io("look for a free port", error);
            if let Some(claim) = claim(port).map_err(failed)?
                && is_free(port).map_err(failed)?
            {
                state.leased.insert(port);
                return Ok(Lease { port, ports: self.clone(), _claim: Some(claim) });
            }
        }
        Err(SpawnError::NoPort)
    }

    /// The port of a replica that is adopted.
    pub(super) fn take_back(self: &Arc<Self>, port: u16) -> Lease {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).leased.insert(port);
        // An agent that hands over may hold the claim still; the replica's own socket keeps others away.
        Lease { port, ports: self.clone(), _claim: claim(port).ok().flatten() }
    }
}

/// A port that is handed out to nobody else while this lives.
#[derive(Debug)]
pub(super) struct Lease {
    port: u16,
    ports: Arc<Ports>,
    _claim: Option<UnixDatagram>,
}

impl Lease {
    pub(super) fn number(&self) -> u16 {
        self.port
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.ports.state.lock().unwrap_or_else(PoisonError::into_inner).leased.remove(&self.port);
    }
}

/// Keeps `port` from the other agents of this machine until the replica binds it; `None` when one of them has it.
///
/// An abstract socket's name is free again as soon as its holder ends, however that happens.
fn claim(port: u16) -> io::Result<Option<UnixDatagram>> {
    let name = UnixAddr::from_abstract_name(format!("devops-flow/port/{port}"))?;
    match UnixDatagram::bind_addr(&name) {
        Ok(socket) => Ok(Some(socket)),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether a server may bind `port` on any address, even one that does not set `SO_REUSEADDR`. Nothing listens meanwhile.
fn is_free(port: u16) -> io::Result<bool> {
    let any = [
        (AddressFamily::INET6, SocketAddr::from((Ipv6Addr::UNSPECIFIED, port))),
        (AddressFamily::INET, SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))),
    ];
    for (family, address) in any {
        let socket = match socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None) {
            Err(rustix::io::Errno::AFNOSUPPORT) => continue,
            socket => socket?,
        };
        match bind(&socket, &address) {
            Ok(()) | Err(rustix::io::Errno::ADDRNOTAVAIL) => {}
            Err(rustix::io::Errno::ADDRINUSE | rustix::io::Errno::ACCESS) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(true)
}

fn parse(text: &str) -> Option<RangeInclusive<u16>> {
    let mut numbers = text.split_ascii_whitespace().map(str::parse);
    let (Some(Ok(first)), Some(Ok(last)), None) = (numbers.next(), numbers.next(), numbers.next()) else { return None };
    Some(first..=last)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn ports_are_outside_the_range_and_handed_out_once() {
        let ports = Arc::new(Ports::outside(10_004..=u16::MAX, 2));
        let mut leases: Vec<Lease> = std::iter::from_fn(|| ports.lease().ok()).collect();
        assert!((1..=4).contains(&leases.len()), "at most the four are left: {leases:?}");
        assert!(matches!(ports.lease(), Err(SpawnError::NoPort)));
        let numbers: BTreeSet<u16> = leases.iter().map(Lease::number).collect();
        assert_eq!(numbers.len(), leases.len());
        assert!(numbers.iter().all(|port| (10_000..10_004).contains(port)));
        let returned = leases.pop().unwrap().number();
        assert_eq!(ports.lease().unwrap().number(), returned);
    }

    #[test]
    fn two_agents_do_not_hand_out_the_same_port() {
        let agents = [(); 2].map(|()| Arc::new(Ports::outside(10_020..=u16::MAX, 12)));
        let leases: Vec<Lease> = (0..6).filter_map(|turn: usize| agents[turn % 2].lease().ok()).collect();
        let numbers: BTreeSet<u16> = leases.iter().map(Lease::number).collect();
        assert!(!numbers.is_empty() && numbers.len() == leases.len(), "{leases:?}");
    }

    #[test]
    fn a_range_of_everything_leaves_none() {
        let ports = Arc::new(Ports::outside(1..=u16::MAX, 7));
        assert!(matches!(ports.lease(), Err(SpawnError::NoPort)));
    }

    #[test]
    fn a_port_in_use_on_any_address_is_not_free() {
        for address in ["127.0.0.1:0", "0.0.0.0:0", "[::]:0", "[::1]:0", "127.0.0.2:0"] {
            let listener = TcpListener::bind(address).unwrap();
            assert!(!is_free(listener.local_addr().unwrap().port()).unwrap(), "{address}");
        }
    }

    #[test]
    fn reads_the_kernels_range() {
        assert_eq!(parse("32768\t60999\n"), Some(32_768..=60_999));
        for bad in ["", "1", "a b", "1 2 3", "1 70000"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
