//! How a host and a plugin find each other: environment variables one way, one line on stdout the other.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// The variable that tells a plugin that a host started it.
pub(crate) const COOKIE: &str = "TF_PLUGIN_MAGIC_COOKIE";
/// Its value.
pub(crate) const COOKIE_VALUE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";
/// The variable with the protocols that the host speaks, separated by commas.
pub(crate) const PROTOCOL_VERSIONS: &str = "PLUGIN_PROTOCOL_VERSIONS";
/// The variable with the host's certificate in PEM; without it, the connection is not encrypted.
pub(crate) const CLIENT_CERT: &str = "PLUGIN_CLIENT_CERT";
/// The variable with the folder in which the plugin shall put its socket.
pub(crate) const SOCKET_DIR: &str = "PLUGIN_UNIX_SOCKET_DIR";
/// The variable with the group, by name or number, that shall have access to the socket.
pub(crate) const SOCKET_GROUP: &str = "PLUGIN_UNIX_SOCKET_GROUP";
/// The variable that says that the host reads the last field of the line.
pub(crate) const MULTIPLEX: &str = "PLUGIN_MULTIPLEX_GRPC";

/// The version of Terraform's protocol that this crate speaks.
pub const PROTOCOL: u32 = 6;

/// No line of a plugin is longer, in bytes: what is longer is no handshake.
pub(crate) const MAX_LINE: usize = 16 * 1024;

/// The version of the handshake itself.
const CORE_PROTOCOL: &str = "1";

/// Written without padding, read with or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_encode_padding(false).with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a plugin says on its standard output once it listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handshake {
    /// Where it listens.
    pub socket: PathBuf,
    /// Its certificate, in DER; without one, the connection is not encrypted.
    pub certificate: Option<Vec<u8>>,
    /// Whether it can put all connections into one. Said only to hosts that ask.
    pub multiplex: Option<bool>,
}

/// Why a line is not the handshake of a plugin that this crate can host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// Not a handshake at all.
    #[error("`{0}` is not the handshake of a plugin")]
    Malformed(String),
    /// Another version of go-plugin's handshake.
    #[error("it uses version {0} of the plugin handshake; version {CORE_PROTOCOL} is supported")]
    Core(String),
    /// Another version of Terraform's protocol.
    #[error(
        "it speaks protocol {0} of Terraform's plugins, which is not supported; use a version of the provider that speaks protocol {PROTOCOL}"
    )]
    Protocol(String),
    /// Another kind of socket or remote call.
    #[error("it listens on {0}, which is not supported; gRPC on a unix socket is")]
    Transport(String),
    /// The last field is not base64.
    #[error("its certificate is not in base64")]
    Certificate,
}

impl fmt::Display for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let certificate = self.certificate.as_ref().map(|der| BASE64.encode(der)).unwrap_or_default();
        write!(f, "{CORE_PROTOCOL}|{PROTOCOL}|unix|{}|grpc|{certificate}", self.socket.display())?;
        match self.multiplex {
            Some(multiplex) => write!(f, "|{multiplex}"),
            None => Ok(()),
        }
    }
}

impl FromStr for Handshake {
    type Err = HandshakeError;

    fn from_str(line: &str) -> Result<Self, HandshakeError> {
        let line = line.trim();
        let malformed = || HandshakeError::Malformed(line.chars().take(200).collect());
        let mut fields = line.split('|');
        let mut field = || fields.next().ok_or_else(malformed);
        let (core, protocol, network, address) = (field()?, field()?, field()?, field()?);
        // Plugins that name no kind of call use the one of before gRPC.
        let (rpc, certificate, multiplex) = (field().unwrap_or("netrpc"), field().unwrap_or(""), field().ok());
        if core.parse::<u32>().is_err() || protocol.parse::<u32>().is_err() || address.is_empty() {
            return Err(malformed());
        }
        if core != CORE_PROTOCOL {
            return Err(HandshakeError::Core(core.to_owned()));
        }
        if protocol != PROTOCOL.to_string() {
            return Err(HandshakeError::Protocol(protocol.to_owned()));
        }
        if network != "unix" || rpc != "grpc" {
            let shown = format!("{rpc} over {network}");
            return Err(HandshakeError::Transport(shown.chars().take(100).collect()));
        }
        let certificate = BASE64.decode(certificate).map_err(|_| HandshakeError::Certificate)?;
        Ok(Self {
            socket: PathBuf::from(address),
            certificate: Some(certificate).filter(|der| !der.is_empty()),
            multiplex: multiplex.and_then(|field| field.parse().ok()),
        })
    }
}

#[cfg(test)]
mod tests;
