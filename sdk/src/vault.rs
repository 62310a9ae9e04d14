//! Secrets in recorded states: sealed one by one, each bound to its place.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value as Json, json};

const KEY: &str = "$secret";

/// Holds the key of a stack's secrets.
///
/// # Guarantees
/// What [`Sealer::seal`] gives says nothing about the secret but its length, and opens only for the same place.
pub trait Sealer: Send + Sync {
    /// Seals a secret for this place, as a text.
    fn seal(&self, place: &str, secret: &[u8]) -> Result<String, String>;

    /// Opens what was sealed for this place.
    fn open(&self, place: &str, sealed: &str) -> Result<Vec<u8>, String>;
}

/// Why a secret can be neither written nor read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// There is no key.
    #[error(
        "{place} is secret, and stack {stack} has no key to seal secrets with, which a program gives with `Stack::sealer`; nothing secret is recorded in plain text"
    )]
    NoKey {
        /// The stack.
        stack: String,
        /// What is secret.
        place: String,
    },
    /// The key does not fit, or what was sealed was moved or changed.
    #[error("the secret {place} cannot be sealed or opened: {reason}")]
    Sealer {
        /// What is secret.
        place: String,
        /// Why.
        reason: String,
    },
}

/// The secrets of one stack.
pub(crate) struct Vault {
    stack: String,
    sealer: Option<Arc<dyn Sealer>>,
}

type Members = BTreeMap<String, Json>;

impl Vault {
    pub(crate) fn new(stack: String, sealer: Option<Arc<dyn Sealer>>) -> Self {
        Self { stack, sealer }
    }

    fn sealer(&self, place: &str) -> Result<&dyn Sealer, VaultError> {
        self.sealer.as_deref().ok_or_else(|| self.no_key(place))
    }

    /// Whether there is a key.
    pub(crate) fn has_key(&self) -> bool {
        self.sealer.is_some()
    }

    /// The error about a secret for which there is no key.
    pub(crate) fn no_key(&self, place: &str) -> VaultError {
        VaultError::NoKey { stack: self.stack.clone(), place: place.to_owned() }
    }

    fn bound(&self, place: &str) -> String {
        format!("{}/{place}", self.stack)
    }

    /// Seals a value for a place.
    pub(crate) fn seal(&self, place: &str, value: &Json) -> Result<Json, VaultError> {
        let sealed = self.sealer(place)?.seal(&self.bound(place), value.to_string().as_bytes());
        let sealed = sealed.map_err(|reason| VaultError::Sealer { place: place.to_owned(), reason })?;
        Ok(json!({ KEY: sealed }))
    }

    /// Opens a value of a place if it is sealed, and says whether it was.
    pub(crate) fn open(&self, place: &str, value: Json) -> Result<(Json, bool), VaultError> {
        let Some(sealed) = sealed(&value) else { return Ok((value, false)) };
        let failed = |reason| VaultError::Sealer { place: place.to_owned(), reason };
        let text = self.sealer(place)?.open(&self.bound(place), sealed).map_err(failed)?;
        let value = serde_json::from_slice(&text).map_err(|error| failed(error.to_string()))?;
        Ok((value, true))
    }

    /// Seals those of the members that are secret.
    pub(crate) fn seal_members(
        &self,
        place: &str,
        mut members: Members,
        secrets: &BTreeSet<String>,
    ) -> Result<Members, VaultError> {
        for name in secrets {
            if let Some(value) = members.get_mut(name).filter(|value| !value.is_null()) {
                *value = self.seal(&format!("{place}/{name}"), value)?;
            }
        }
        Ok(members)
    }

    /// Opens what is sealed of the members, and names them.
    pub(crate) fn open_members(
        &self,
        place: &str,
        members: Members,
    ) -> Result<(Members, BTreeSet<String>), VaultError> {
        let mut secrets = BTreeSet::new();
        let mut opened = Members::new();
        for (name, value) in members {
            let (value, secret) = self.open(&format!("{place}/{name}"), value)?;
            if secret {
                secrets.insert(name.clone());
            }
            opened.insert(name, value);
        }
        Ok((opened, secrets))
    }
}

/// What is sealed, if the value is.
pub(crate) fn sealed(value: &Json) -> Option<&str> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    members.get(KEY)?.as_str()
}
