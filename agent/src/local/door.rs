//! Where users come in: the port of a service, and the proxy behind it.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::time::Duration;

use rollout::wire::{Error, Service};
use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};

use crate::proxy::{Counts, Drained, Network, Proxy, ReplicaId, RevisionId, Routes, Settings};

/// How many connections may wait to be accepted.
const BACKLOG: i32 = 4096;

/// The way in.
#[derive(Debug)]
pub(super) enum Door {
    /// There is no port.
    Closed,
    /// The port is ours, and nobody can connect yet: no replica is ready.
    Reserved(Reserved),
    /// The port came from the agent before, and users wait in its queue.
    Inherited(TcpListener),
    /// Users are served.
    Open(Box<Open>),
}

#[derive(Debug)]
pub(super) struct Reserved {
    socket: OwnedFd,
    address: SocketAddr,
    trusted: Vec<IpAddr>,
}

#[derive(Debug)]
pub(super) struct Open {
    proxy: Proxy,
    address: SocketAddr,
}

impl Door {
    /// Brings port and peers into effect. A new port is open before the old one closes; after an error the old one still is.
    pub(super) fn configure(&mut self, service: &Service) -> Result<(), Error> {
        let address = SocketAddr::new(service.bind, service.port);
        let trusted = service.trusted_proxies.clone();
        match self {
            Self::Open(open) => {
                if open.address != address {
                    let listener = reserve(address).and_then(listen);
                    let replaced = listener.and_then(|listener| open.proxy.replace_listener(listener));
                    replaced.map_err(|error| refused(address, &error))?;
                    open.address = address;
                }
                open.proxy.set_trusted_proxies(networks(&trusted));
            }
            Self::Inherited(listener) if listener.local_addr().is_ok_and(|at| at == address) => {
                let listener = listener.try_clone().map_err(|error| refused(address, &error))?;
                let proxy = start(listener, &trusted).map_err(|error| refused(address, &error))?;
                *self = Self::Open(Box::new(Open { proxy, address }));
            }
            Self::Reserved(reserved) if reserved.address == address => reserved.trusted = trusted,
            Self::Closed | Self::Reserved(_) | Self::Inherited(_) => {
                let socket = reserve(address).map_err(|error| refused(address, &error))?;
                *self = Self::Reserved(Reserved { socket, address, trusted });
            }
        }
        Ok(())
    }

    /// Whether it is at the address of the settings already.
    pub(super) fn is_to_be(&self, service: &Service) -> bool {
        let address = SocketAddr::new(service.bind, service.port);
        match self {
            Self::Closed | Self::Inherited(_) => false,
            Self::Reserved(reserved) => reserved.address == address,
            Self::Open(open) => open.address == address,
        }
    }

    /// Sets where requests may go. `ready`: whether somebody can take them; the port opens then and stays open.
    pub(super) fn route(&mut self, routes: Routes, ready: bool) -> io::Result<()> {
        if let Self::Reserved(reserved) = self {
            if !ready {
                return Ok(());
            }
            let proxy = listen(reserved.socket.try_clone()?).and_then(|listener| start(listener, &reserved.trusted))?;
            let address = reserved.address;
            *self = Self::Open(Box::new(Open { proxy, address }));
        }
        if let Self::Open(open) = self {
            open.proxy.set_routes(routes).map_err(io::Error::other)?;
            if ready {
                open.proxy.open();
            }
        }
        Ok(())
    }

    /// What serves the users, once somebody does.
    pub(super) fn proxy(&self) -> Option<&Proxy> {
        if let Self::Open(open) = self { Some(&open.proxy) } else { None }
    }

    /// Waits until a replica's requests have ended.
    pub(super) fn drain(
        &self,
        replica: &ReplicaId,
        limit: Duration,
    ) -> Option<impl Future<Output = Drained> + Send + use<>> {
        if let Self::Open(open) = self { Some(open.proxy.drain(replica, limit)) } else { None }
    }

    pub(super) fn counts(&self) -> BTreeMap<RevisionId, Counts> {
        if let Self::Open(open) = self { open.proxy.counts() } else { BTreeMap::new() }
    }

    /// Another handle of the socket that users connect to.
    pub(super) fn listener(&self) -> Option<io::Result<TcpListener>> {
        match self {
            Self::Open(open) => Some(open.proxy.listener()),
            Self::Inherited(listener) => Some(listener.try_clone()),
            Self::Closed | Self::Reserved(_) => None,
        }
    }

    /// Accepts nothing more; resolves when what is open has ended, at most after `grace`.
    pub(super) fn shut(&mut self, grace: Duration) -> Option<impl Future<Output = ()> + Send + use<>> {
        match self {
            Self::Open(open) => Some(open.proxy.shutdown(grace)),
            Self::Closed | Self::Reserved(_) | Self::Inherited(_) => {
                *self = Self::Closed;
                None
            }
        }
    }
}

fn start(listener: TcpListener, trusted: &[IpAddr]) -> io::Result<Proxy> {
    Proxy::start(listener, Settings { trusted_proxies: networks(trusted), ..Settings::default() })
}

fn networks(addresses: &[IpAddr]) -> Vec<Network> {
    addresses.iter().copied().map(Network::from).collect()
}

/// Takes a port without listening, so that whoever connects is refused and not left waiting.
fn reserve(address: SocketAddr) -> io::Result<OwnedFd> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(family, SocketType::STREAM, flags, None)?;
    // Connections of an agent that was killed linger on the port.
    sockopt::set_socket_reuseaddr(&socket, true)?;
    rustix::net::bind(&socket, &address)?;
    Ok(socket)
}

fn listen(socket: OwnedFd) -> io::Result<TcpListener> {
    rustix::net::listen(&socket, BACKLOG)?;
    Ok(TcpListener::from(socket))
}

fn refused(address: SocketAddr, error: &io::Error) -> Error {
    let (what, why) = match error.kind() {
        io::ErrorKind::AddrInUse => {
            ("port", format!("{address} is taken by another program: choose another port, or end that program"))
        }
        io::ErrorKind::PermissionDenied => {
            ("port", format!("{address} is not permitted for this user: choose a port from 1024 on"))
        }
        io::ErrorKind::AddrNotAvailable => ("bind", format!("{} is not an address of this machine", address.ip())),
        _ => ("port", format!("{address} cannot be opened: {error}")),
    };
    Error::Invalid { what: format!("target.local.{what}"), why }
}
