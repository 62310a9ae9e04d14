//! What the host that started this process asks of it.

use std::path::PathBuf;

use crate::handshake::{
    CLIENT_CERT, COOKIE, COOKIE_VALUE, MULTIPLEX, PROTOCOL, PROTOCOL_VERSIONS, SOCKET_DIR, SOCKET_GROUP,
};

/// What the host asks for in the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Invitation {
    /// The host's certificate in PEM; without one, the connection is not encrypted.
    pub(super) certificate: Option<String>,
    pub(super) socket: Placement,
    /// Whether the host reads the field about multiplexing.
    pub(super) asks_multiplex: bool,
}

/// Where the socket shall be, and who may connect.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Placement {
    /// A folder that the host made; without one, a new one is made.
    pub(super) folder: Option<PathBuf>,
    /// The group, by name or number, that shall have access.
    pub(super) group: Option<String>,
}

/// Why this process does not serve.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Declined {
    #[error(
        "This program is a provider, a plugin that Terraform and OpenTofu start by themselves: run `terraform apply` \
         instead.\nTo run it by hand and attach a debugger, start it with -debug."
    )]
    NoHost,
    #[error(
        "The host speaks protocols [{0}] of Terraform's plugins, and this provider speaks {PROTOCOL}: use Terraform 1.0 or later, or OpenTofu."
    )]
    Protocol(String),
}

impl Invitation {
    /// Reads the environment.
    pub(super) fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Declined> {
        let variable = |name| variable(name).filter(|value| !value.is_empty());
        if variable(COOKIE).as_deref() != Some(COOKIE_VALUE) {
            return Err(Declined::NoHost);
        }
        let versions = variable(PROTOCOL_VERSIONS).unwrap_or_default();
        if !versions.split(',').any(|version| version.trim().parse() == Ok(PROTOCOL)) {
            return Err(Declined::Protocol(versions));
        }
        Ok(Self {
            certificate: variable(CLIENT_CERT),
            socket: Placement { folder: variable(SOCKET_DIR).map(PathBuf::from), group: variable(SOCKET_GROUP) },
            asks_multiplex: variable(MULTIPLEX).is_some(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Invitation, Declined> {
        Invitation::read(|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn everything_that_a_host_asks_for_is_read() {
        let invitation = read(&[
            (COOKIE, COOKIE_VALUE),
            (PROTOCOL_VERSIONS, "6,5"),
            (CLIENT_CERT, "pem"),
            (SOCKET_DIR, "/sockets"),
            (SOCKET_GROUP, "staff"),
            (MULTIPLEX, "true"),
        ]);
        let socket = Placement { folder: Some("/sockets".into()), group: Some("staff".into()) };
        assert_eq!(invitation, Ok(Invitation { certificate: Some("pem".into()), socket, asks_multiplex: true }));
    }

    #[test]
    fn without_the_right_cookie_there_is_no_host() {
        assert_eq!(read(&[(PROTOCOL_VERSIONS, "6")]), Err(Declined::NoHost));
        assert_eq!(read(&[(COOKIE, "another"), (PROTOCOL_VERSIONS, "6")]), Err(Declined::NoHost));
    }

    #[test]
    fn a_host_of_other_protocols_is_told_so() {
        let error = read(&[(COOKIE, COOKIE_VALUE), (PROTOCOL_VERSIONS, "4,5")]).unwrap_err();
        assert_eq!(error, Declined::Protocol("4,5".to_owned()));
        assert_eq!(read(&[(COOKIE, COOKIE_VALUE)]), Err(Declined::Protocol(String::new())));
    }
}
