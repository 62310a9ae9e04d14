//! age recipients as the key holder (feature `age`).

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;

use age::x25519::{Identity, Recipient};

use super::header::key_of;
use super::{HolderError, Key, KeyHolder, MAX_WRAPPED, Secret};

/// The environment variable that names the age identity file.
pub const AGE_IDENTITY: &str = "DEVOPSFLOW_AGE_IDENTITY";

/// The largest identity file in bytes.
const MAX_FILE: u64 = 64 << 10;

/// A key holder that wraps for age X25519 recipients and unwraps with age identities. A copy is an age file, which `age -d` opens as well.
///
/// Wrapping needs no secret. For that reason a copy does not say who made it: who may write the state and knows the recipients can put
/// another data key in its place, which the state's own sealed values then do not open with.
pub struct Age {
    recipients: Vec<Recipient>,
    identities: Vec<Identity>,
}

impl Age {
    /// The kind of these holders.
    pub const KIND: &'static str = "age";

    /// A holder that wraps for these recipients (`age1...`) and opens nothing.
    pub fn recipients<S: AsRef<str>>(recipients: impl IntoIterator<Item = S>) -> Result<Self, HolderError> {
        let parse = |text: S| {
            let text = text.as_ref();
            text.parse().map_err(|_| {
                HolderError::Unavailable(format!(
                    "{text:?} is not an age recipient; expected `age1` and 58 characters, as `age-keygen -y` prints"
                ))
            })
        };
        Ok(Self { recipients: recipients.into_iter().map(parse).collect::<Result<_, _>>()?, identities: Vec::new() })
    }

    /// A holder with the identities of this file, as `age-keygen` writes it, which wraps for their own recipients.
    pub fn from_file(path: &Path) -> Result<Self, HolderError> {
        let unavailable =
            |why: &str| HolderError::Unavailable(format!("the age identity file {}: {why}", path.display()));
        let limit = MAX_FILE + 1;
        let mut bytes = Vec::with_capacity(usize::try_from(limit).unwrap_or_default() + 1);
        let read = File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes));
        let bytes = Secret::new(bytes);
        let length = read.map_err(|error| unavailable(&error.to_string()))?;
        if length as u64 > MAX_FILE {
            return Err(unavailable("it has more than 64 KiB; is this the right file?"));
        }
        let text = str::from_utf8(bytes.expose()).map_err(|_| unavailable("it is not a text in UTF-8"))?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let identities = lines.map(|line| {
            line.parse().map_err(|_| unavailable("a line is no X25519 identity; expected `AGE-SECRET-KEY-1...`"))
        });
        let identities = identities.collect::<Result<Vec<Identity>, _>>()?;
        if identities.is_empty() {
            return Err(unavailable("it has no identity; expected a line `AGE-SECRET-KEY-1...`"));
        }
        Ok(Self { recipients: identities.iter().map(Identity::to_public).collect(), identities })
    }
}

impl KeyHolder for Age {
    fn kind(&self) -> &str {
        Self::KIND
    }

    fn public(&self) -> Vec<String> {
        self.recipients.iter().map(ToString::to_string).collect()
    }

    fn wrap(&self, key: &Key) -> Result<Vec<u8>, HolderError> {
        let unavailable =
            |why: &dyn std::fmt::Display| HolderError::Unavailable(format!("age did not wrap the data key: {why}"));
        let recipients = self.recipients.iter().map(|recipient| recipient as &dyn age::Recipient);
        let encryptor = age::Encryptor::with_recipients(recipients).map_err(|error| unavailable(&error))?;
        let mut wrapped = Vec::new();
        let mut writer = encryptor.wrap_output(&mut wrapped).map_err(|error| unavailable(&error))?;
        writer.write_all(key.expose()).map_err(|error| unavailable(&error))?;
        writer.finish().map_err(|error| unavailable(&error))?;
        Ok(wrapped)
    }

    fn unwrap(&self, wrapped: &[u8]) -> Result<Key, HolderError> {
        if self.identities.is_empty() {
            return Err(HolderError::Wrong(
                "these age recipients can only wrap; set DEVOPSFLOW_AGE_IDENTITY to an identity file",
            ));
        }
        if wrapped.len() > MAX_WRAPPED {
            return Err(HolderError::Damaged("it is longer than any that is written"));
        }
        let damaged = |_| HolderError::Damaged("it is an age file");
        let decryptor = age::Decryptor::new_buffered(wrapped).map_err(damaged)?;
        let identities = self.identities.iter().map(|identity| identity as &dyn age::Identity);
        let reader = decryptor.decrypt(identities).map_err(|error| match error {
            age::DecryptError::NoMatchingKeys => HolderError::Wrong("no identity of the file is one of its recipients"),
            _ => HolderError::Damaged("it is an age file"),
        })?;
        let mut plain = Vec::with_capacity(Key::BYTES + 2);
        let read = reader.take(Key::BYTES as u64 + 1).read_to_end(&mut plain);
        let plain = Secret::new(plain);
        read.map_err(|_| HolderError::Damaged("it is an age file"))?;
        key_of(&plain)
    }
}

impl std::fmt::Debug for Age {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Age({} recipients, {} identities)", self.recipients.len(), self.identities.len())
    }
}

#[cfg(test)]
mod tests;
