//! How a host finds a provider that it did not start: the variable `TF_REATTACH_PROVIDERS`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::handshake::PROTOCOL;

/// The host that an address without one is on.
const DEFAULT_HOST: &str = "registry.terraform.io";

/// A provider that runs already, without TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reattach {
    /// Where it listens.
    pub socket: PathBuf,
    /// The id of its process.
    pub pid: u32,
}

/// Why a provider cannot be reattached.
#[derive(Debug, thiserror::Error)]
pub enum ReattachError {
    /// The variable is not what it should be.
    #[error("TF_REATTACH_PROVIDERS is not a JSON object of providers: {0}")]
    Json(#[from] serde_json::Error),
    /// The variable does not mention the provider.
    #[error("TF_REATTACH_PROVIDERS has no provider `{0}`")]
    Missing(String),
    /// The provider speaks something else.
    #[error(
        "the provider `{address}` uses {protocol} {version} on {network}; only grpc {PROTOCOL} on unix is supported"
    )]
    Unsupported {
        /// The provider's address.
        address: String,
        /// How it is called.
        protocol: String,
        /// The version of Terraform's protocol.
        version: u32,
        /// What it listens on.
        network: String,
    },
}

/// One provider in the variable.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    protocol: String,
    protocol_version: u32,
    pid: u32,
    test: bool,
    addr: Addr,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Addr {
    network: String,
    string: PathBuf,
}

impl Reattach {
    /// Finds the provider at `address` in the text of the variable.
    pub fn find(variable: &str, address: &str) -> Result<Self, ReattachError> {
        let mut entries: BTreeMap<String, Entry> = serde_json::from_str(variable)?;
        let same = |key: &String| qualified(key) == qualified(address);
        let key = entries.keys().find(|key| same(key)).cloned();
        let Some(entry) = key.and_then(|key| entries.remove(&key)) else {
            return Err(ReattachError::Missing(address.to_owned()));
        };
        if (entry.protocol.as_str(), entry.protocol_version, entry.addr.network.as_str()) != ("grpc", PROTOCOL, "unix")
        {
            return Err(ReattachError::Unsupported {
                address: address.to_owned(),
                protocol: entry.protocol,
                version: entry.protocol_version,
                network: entry.addr.network,
            });
        }
        Ok(Self { socket: entry.addr.string, pid: entry.pid })
    }

    /// The text of a variable that has this provider at `address`.
    ///
    /// # Errors
    /// When the socket's path is not UTF-8, which JSON cannot say.
    pub fn to_variable(&self, address: &str) -> Result<String, serde_json::Error> {
        let addr = Addr { network: "unix".to_owned(), string: self.socket.clone() };
        let entry = Entry { protocol: "grpc".to_owned(), protocol_version: PROTOCOL, pid: self.pid, test: true, addr };
        serde_json::to_string(&BTreeMap::from([(address, entry)]))
    }
}

/// The address with its host.
fn qualified(address: &str) -> String {
    if address.split('/').count() < 3 { format!("{DEFAULT_HOST}/{address}") } else { address.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(variable: &str, expected: &str) {
        let found = match Reattach::find(variable, "example/shop") {
            Ok(reattach) => format!("{} {}", reattach.pid, reattach.socket.display()),
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn the_provider_is_found_by_its_full_or_short_address() {
        let entry =
            r#"{"Protocol":"grpc","ProtocolVersion":6,"Pid":7,"Test":true,"Addr":{"Network":"unix","String":"/s"}}"#;
        check(&format!(r#"{{"registry.terraform.io/example/shop":{entry}}}"#), "7 /s");
        check(&format!(r#"{{"example/shop":{entry}}}"#), "7 /s");
        check(
            &format!(r#"{{"example.com/example/shop":{entry}}}"#),
            "TF_REATTACH_PROVIDERS has no provider `example/shop`",
        );
        let old = entry.replace(":6", ":5");
        check(
            &format!(r#"{{"example/shop":{old}}}"#),
            "the provider `example/shop` uses grpc 5 on unix; only grpc 6 on unix is supported",
        );
        check(
            "[]",
            "TF_REATTACH_PROVIDERS is not a JSON object of providers: invalid type: sequence, expected a map at line 1 column 0",
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_found(socket in "/[a-z./\"\\\\]{0,20}", pid in any::<u32>()) {
            let reattach = Reattach { socket: socket.into(), pid };
            let variable = reattach.to_variable("registry.terraform.io/example/shop").unwrap();
            prop_assert_eq!(Reattach::find(&variable, "example/shop").unwrap(), reattach);
        }

        #[test]
        fn no_text_makes_it_panic(text in r#"[{}\[\]":,a-zA-Z0-9/ ]{0,80}"#) {
            drop(Reattach::find(&text, "example/shop"));
        }
    }
}
