//! What a proxy changes in heads: headers of one hop are taken off, those that say for whom it speaks are put on.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use http::header::{CONNECTION, CONTENT_LENGTH, FORWARDED, HOST, TE, TRANSFER_ENCODING, UPGRADE};
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::uri::Authority;

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED: &str = "x-forwarded-";

/// A range of addresses, such as `10.0.0.0/8` or `::1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// A text that names no range of addresses.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no network; expected an address or an address and a prefix length, such as 10.0.0.0/8")]
pub struct InvalidNetwork(String);

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        Self { address, prefix: if address.is_ipv4() { 32 } else { 128 } }
    }
}

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let invalid = || InvalidNetwork(text.chars().take(64).collect());
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.parse().map_err(|_| invalid())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(longest), |prefix| prefix.parse().map_err(|_| invalid()))?;
        if prefix > longest { Err(invalid()) } else { Ok(Self { address, prefix }) }
    }
}

impl Network {
    /// Whether `address` lies in the range. An IPv4 address mapped into IPv6 counts as the IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        let (network, address, bits) = match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                (u128::from(network.to_bits()), u128::from(address.to_bits()), 32)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => (network.to_bits(), address.to_bits(), 128),
            _ => return false,
        };
        let shift = bits - u32::from(self.prefix);
        (network ^ address).checked_shr(shift).unwrap_or(0) == 0
    }
}

/// Who is at the other end of a connection, in the forms that go into headers.
#[derive(Debug)]
pub(super) struct Origin {
    trusted: bool,
    address: HeaderValue,
    forwarded: String,
    /// The last request's `Host` and the `Forwarded` made for it: a connection's requests mostly name the same one.
    last: Mutex<Option<(HeaderValue, HeaderValue)>>,
}

impl Origin {
    pub(super) fn new(peer: SocketAddr, trusted: &[Network]) -> Self {
        let address = peer.ip().to_canonical();
        let forwarded = if address.is_ipv4() { format!("for={address}") } else { format!("for=\"[{address}]\"") };
        Self {
            trusted: trusted.iter().any(|network| network.contains(address)),
            address: HeaderValue::from_str(&address.to_string()).expect("an address is ASCII"),
            forwarded,
            last: Mutex::default(),
        }
    }

    /// The value of `Forwarded` for a request to `host`.
    fn forwarded(&self, host: Option<&HeaderValue>) -> HeaderValue {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some((known, forwarded)), Some(host)) = (&*last, host)
            && known == host
        {
            return forwarded.clone();
        }
        let mut forwarded = self.forwarded.clone();
        if let Some(host) = host.and_then(|host| host.to_str().ok()).filter(|host| is_plain_host(host)) {
            write!(forwarded, ";host=\"{host}\"").expect("a String takes all");
        }
        forwarded.push_str(";proto=http");
        let forwarded = HeaderValue::try_from(forwarded).expect("made of checked parts");
        *last = host.map(|host| (host.clone(), forwarded.clone()));
        forwarded
    }

    /// Writes `X-Forwarded-*` and `Forwarded` (RFC 7239). What an untrusted peer says of itself is dropped; to what a
    /// trusted one says, the peer is added.
    pub(super) fn mark(&self, headers: &mut HeaderMap) {
        let host = headers.get(HOST).cloned();
        let forwarded = self.forwarded(host.as_ref());
        if self.trusted {
            headers.append(X_FORWARDED_FOR, self.address.clone());
            headers.append(FORWARDED, forwarded);
            headers.entry(X_FORWARDED_PROTO).or_insert(const { HeaderValue::from_static("http") });
            if let Some(host) = host {
                headers.entry(X_FORWARDED_HOST).or_insert(host);
            }
            return;
        }
        if headers.keys().any(|name| name.as_str().starts_with(X_FORWARDED)) {
            let claimed = headers.keys().filter(|name| name.as_str().starts_with(X_FORWARDED));
            for name in claimed.cloned().collect::<Vec<_>>() {
                headers.remove(name);
            }
        }
        headers.insert(X_FORWARDED_FOR, self.address.clone());
        headers.insert(X_FORWARDED_PROTO, const { HeaderValue::from_static("http") });
        if let Some(host) = host {
            headers.insert(X_FORWARDED_HOST, host);
        }
        headers.insert(FORWARDED, forwarded);
    }
}

fn is_plain_host(host: &str) -> bool {
    host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte))
}

/// The tokens of a comma-separated header, in lower case as they were sent.
fn tokens<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).filter(|token| !token.is_empty())
}

fn has(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    tokens(headers, name).any(|found| found.eq_ignore_ascii_case(token))
}

/// The protocol that an HTTP/1.1 message asks to change to, or agrees to. HTTP/2 is none: it is spoken by prior
/// knowledge only, and agreeing to it here would let requests pass uncounted.
pub(super) fn upgrade(headers: &HeaderMap) -> Option<HeaderValue> {
    if !headers.contains_key(UPGRADE) || !has(headers, &CONNECTION, "upgrade") {
        return None;
    }
    let http2 = tokens(headers, &UPGRADE).any(|token| token.to_ascii_lowercase().starts_with("h2"));
    headers.get(UPGRADE).filter(|_| !http2).cloned()
}

/// Whether the sender takes trailers.
pub(super) fn takes_trailers(headers: &HeaderMap) -> bool {
    headers.contains_key(TE) && tokens(headers, &TE).any(|token| token.split(';').next() == Some("trailers"))
}

/// What is meant for one hop only (RFC 9110, 7.6.1).
fn is_hop(name: &HeaderName) -> bool {
    let name = name.as_str();
    matches!(name, "connection" | "keep-alive" | "proxy-connection" | "te" | "transfer-encoding" | "upgrade")
}

/// Takes off what is meant for one hop only: the known names and those that `Connection` lists.
///
/// Most heads have one such header or none, so that one look at all names is cheaper than to remove each by its own.
pub(super) fn strip_hop(headers: &mut HeaderMap) {
    if !headers.keys().any(is_hop) {
        return;
    }
    // These two name no header that would not be removed anyway.
    let usual = |token: &str| token.eq_ignore_ascii_case("keep-alive") || token.eq_ignore_ascii_case("close");
    let listed = tokens(headers, &CONNECTION).filter(|token| !usual(token));
    // Without its Host a request would be another one.
    let listed = listed.filter_map(|token| HeaderName::try_from(token).ok()).filter(|name| *name != HOST);
    for name in listed.filter(|name| !is_hop(name)).collect::<Vec<_>>() {
        headers.remove(name);
    }
    while let Some(name) = headers.keys().find(|name| is_hop(name)).cloned() {
        // Of two lengths the chunks are the true one (RFC 9112, 6.3), and the other must not reach who would believe it.
        if name == TRANSFER_ENCODING {
            headers.remove(CONTENT_LENGTH);
        }
        headers.remove(name);
    }
}

/// The idle limit in seconds that a response's `Keep-Alive: timeout=N` names.
pub(super) fn keep_alive(headers: &HeaderMap) -> Option<u64> {
    let parameter = tokens(headers, &KEEP_ALIVE).find_map(|token| {
        let (name, value) = token.split_once('=')?;
        name.trim().eq_ignore_ascii_case("timeout").then_some(value)
    });
    parameter?.trim().trim_matches('"').parse().ok()
}

/// The request's host in the form of a URI's authority.
pub(super) fn authority(headers: &HeaderMap) -> Option<Authority> {
    Authority::try_from(headers.get(HOST)?.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse().unwrap()
    }

    #[test]
    fn networks_contain_their_addresses() {
        for (range, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("127.0.0.1", "127.0.0.1", "127.0.0.2"),
            ("0.0.0.0/0", "9.9.9.9", "::1"),
            ("fd00::/8", "fd12::1", "fe80::1"),
            ("10.0.0.0/8", "::ffff:10.1.1.1", "::a00:1"),
            ("::/0", "::1", "1.1.1.1"),
        ] {
            assert!(network(range).contains(inside.parse().unwrap()), "{inside} in {range}");
            assert!(!network(range).contains(outside.parse().unwrap()), "{outside} not in {range}");
        }
        for text in ["", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/", "host", "10.0.0.0/-1"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_ipv6_peer_is_quoted_and_an_odd_host_left_out() {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("a\";for=evil"));
        Origin::new("[2001:db8::1]:80".parse().unwrap(), &[]).mark(&mut headers);
        assert_eq!(headers[FORWARDED], "for=\"[2001:db8::1]\";proto=http");
        assert_eq!(headers[X_FORWARDED_FOR], "2001:db8::1");
    }

    #[test]
    fn keep_alive_is_read_in_its_spellings() {
        for (value, seconds) in
            [("timeout=5", Some(5)), ("max=100, Timeout = \"7\"", Some(7)), ("max=3", None), ("timeout=x", None)]
        {
            let headers = HeaderMap::from_iter([(KEEP_ALIVE, HeaderValue::from_static(value))]);
            assert_eq!(keep_alive(&headers), seconds, "{value}");
        }
    }
}
