//! Data keys, what is derived from them, and who holds them.

use std::fmt;

use aws_lc_rs::hkdf;
use serde::{Deserialize, Serialize};

use super::{Error, HolderError, Secret};

/// The random key of a stack, 256 bits. Everything that is used is derived from it, each use with its own name.
#[derive(Clone)]
pub struct Key(Secret<[u8; 32]>);

impl Key {
    /// The length of a key in bytes.
    pub const BYTES: usize = 32;

    /// A new key.
    pub fn random() -> Result<Self, Error> {
        let mut bytes = [0; Self::BYTES];
        aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Error::Cipher)?;
        Ok(Self(Secret::new(bytes)))
    }

    /// The key with these bytes, which is how a [`KeyHolder`] gives one back.
    pub fn new(bytes: Secret<[u8; Self::BYTES]>) -> Self {
        Self(bytes)
    }

    /// The bytes, for a [`KeyHolder`] to wrap.
    pub fn expose(&self) -> &[u8; Self::BYTES] {
        self.0.expose()
    }

    /// The name of the key, which says nothing about it.
    pub fn id(&self) -> KeyId {
        let derived = self.derive("id");
        KeyId(derived.expose().as_chunks().0[0])
    }

    /// A key for one use: HKDF-SHA256 (RFC 5869) with the use as its info.
    pub(super) fn derive(&self, usage: &str) -> Secret<[u8; 32]> {
        let mut bytes = [0; 32];
        hkdf::Salt::new(hkdf::HKDF_SHA256, b"devopsflow secrets 1")
            .extract(self.expose())
            .expand(&[usage.as_bytes()], hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(&mut bytes))
            .expect("32 bytes are what HKDF-SHA256 expands to");
        Secret::new(bytes)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.id())
    }
}

/// The public name of a data key, written as 16 lowercase hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyId(pub(super) [u8; 8]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl From<KeyId> for String {
    fn from(id: KeyId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for KeyId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        let id = u64::from_str_radix(&text, 16).ok().map(|id| Self(id.to_be_bytes()));
        id.filter(|id| id.to_string() == text)
            .ok_or(Error::HeaderDamaged { what: "the key's name is 16 hexadecimal digits" })
    }
}

/// Somebody or something that keeps a stack's data key: a passphrase, an age identity, a key service.
///
/// Wrapping has to authenticate: what comes out of [`KeyHolder::unwrap`] is what went into [`KeyHolder::wrap`], or an error.
/// The calls may take long and may block; they are made once in a run, not per value.
pub trait KeyHolder: Send + Sync {
    /// What kind of holder it is, 1 to 32 characters of `a-z`, `0-9` and `-`. A copy is only offered to holders of the kind that wrapped it.
    fn kind(&self) -> &str;

    /// Whom it wraps for, as everybody may read it beside the copy, such as the recipients of an age file.
    fn public(&self) -> Vec<String> {
        Vec::new()
    }

    /// The key, so that only this holder can take it out again.
    fn wrap(&self, key: &Key) -> Result<Vec<u8>, HolderError>;

    /// The key that [`KeyHolder::wrap`] was given. `wrapped` comes from a file: it may be anything.
    fn unwrap(&self, wrapped: &[u8]) -> Result<Key, HolderError>;
}
