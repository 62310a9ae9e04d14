//! A passphrase as the key holder, and where passphrases come from.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::PathBuf;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};

use super::header::key_of;
use super::{HolderError, Key, KeyHolder, Secret};

/// The environment variable that holds the passphrase.
pub const PASSPHRASE: &str = "DEVOPSFLOW_PASSPHRASE";

/// The environment variable that names a file with the passphrase.
pub const PASSPHRASE_FILE: &str = "DEVOPSFLOW_PASSPHRASE_FILE";

/// The longest passphrase in bytes.
const MAX_PASSPHRASE: usize = 64 << 10;

const FORM: u8 = 1;
const SALT: usize = 16;
/// Form and cost.
const HEAD: usize = 4;
const NONCE: usize = 12;
const TAG: usize = 16;

/// What one guess costs: scrypt's N = 2^`log_n`, r and p (RFC 7914).
#[derive(Clone, Copy)]
struct Cost {
    log_n: u8,
    r: u8,
    p: u8,
}

/// 32 MiB and three passes, one of the equally strong settings of OWASP's Password Storage Cheat Sheet; the one with less memory, since
/// engine and build share a machine.
const COST: Cost = Cost { log_n: 15, r: 8, p: 3 };

impl Cost {
    /// At most 256 MiB, and about twenty times the work of [`COST`], whatever a file asks for.
    fn allowed(self) -> bool {
        let memory = |log_n: u8| (128_u64 * u64::from(self.r)) << log_n;
        (1..=21).contains(&self.log_n)
            && (1..=32).contains(&self.r)
            && self.p >= 1
            && memory(self.log_n) <= 256 << 20
            && (u64::from(self.r) * u64::from(self.p)) << self.log_n <= 1 << 24
    }
}

/// A key holder that wraps with what scrypt derives from a passphrase.
#[derive(Debug)]
pub struct Passphrase(Secret<String>);

impl Passphrase {
    /// The kind of these holders.
    pub const KIND: &'static str = "passphrase";

    /// The holder for this passphrase. Its bytes count as they are: neither trimmed nor normalised.
    pub fn new(passphrase: Secret<String>) -> Self {
        Self(passphrase)
    }

    fn cipher(&self, cost: Cost, salt: &[u8]) -> Result<RandomizedNonceKey, HolderError> {
        let params = scrypt::Params::new(cost.log_n, cost.r.into(), cost.p.into())
            .map_err(|_| HolderError::Damaged("its cost is not one of scrypt's"))?;
        // Wiped when it goes.
        let mut key = zeroize::Zeroizing::new([0; 32]);
        scrypt::scrypt(self.0.expose().as_bytes(), salt, &params, key.as_mut()).expect("scrypt gives 32 bytes");
        RandomizedNonceKey::new(&AES_256_GCM, key.as_ref()).map_err(|_| refused())
    }

    fn wrap_at(&self, cost: Cost, key: &Key) -> Result<Vec<u8>, HolderError> {
        let mut wrapped = vec![FORM, cost.log_n, cost.r, cost.p];
        let mut salt = [0; SALT];
        aws_lc_rs::rand::fill(&mut salt).map_err(|_| refused())?;
        wrapped.extend(salt);
        let mut cipher = Vec::with_capacity(Key::BYTES + TAG);
        cipher.extend(key.expose());
        let nonce = self
            .cipher(cost, &salt)?
            .seal_in_place_append_tag(Aad::from(aad(&wrapped)), &mut cipher)
            .map_err(|_| refused())?;
        wrapped.extend(nonce.as_ref());
        wrapped.extend(cipher);
        Ok(wrapped)
    }
}

fn refused() -> HolderError {
    HolderError::Unavailable("the cryptographic library failed; try again".to_owned())
}

/// Binds form, cost and salt.
fn aad(head: &[u8]) -> Vec<u8> {
    [b"devopsflow passphrase".as_slice(), head].concat()
}

impl KeyHolder for Passphrase {
    fn kind(&self) -> &str {
        Self::KIND
    }

    fn wrap(&self, key: &Key) -> Result<Vec<u8>, HolderError> {
        self.wrap_at(COST, key)
    }

    fn unwrap(&self, wrapped: &[u8]) -> Result<Key, HolderError> {
        match wrapped.first() {
            Some(&FORM) => {}
            Some(form) if *form > FORM => return Err(HolderError::Newer("its form is not known")),
            _ => return Err(HolderError::Damaged("it begins with its form")),
        }
        if wrapped.len() != HEAD + SALT + NONCE + Key::BYTES + TAG {
            return Err(HolderError::Damaged("it has 80 bytes"));
        }
        let (head, rest) = wrapped.split_at(HEAD + SALT);
        let (nonce, cipher) = rest.split_at(NONCE);
        let cost = Cost { log_n: head[1], r: head[2], p: head[3] };
        if !cost.allowed() {
            return Err(HolderError::Newer("the cost of one guess at the passphrase"));
        }
        let mut bytes = cipher.to_vec();
        let nonce =
            Nonce::try_assume_unique_for_key(nonce).map_err(|_| HolderError::Damaged("a nonce has 12 bytes"))?;
        let length = self
            .cipher(cost, &head[HEAD..])?
            .open_in_place(nonce, Aad::from(aad(head)), &mut bytes)
            .map(|plain| plain.len())
            .map_err(|_| {
                HolderError::Wrong(
                    "the passphrase is wrong, or the copy was altered; give the one that the stack was set up with",
                )
            });
        let mut plain = Secret::new(bytes);
        plain.truncate(length?);
        key_of(&plain)
    }
}

/// How a program asks for a passphrase: shows the question and reads a line without echo. None where nobody can answer.
pub type Prompt<'a> = Option<&'a mut dyn FnMut(&str) -> io::Result<Secret<String>>>;

/// The environment: `&|name| std::env::var_os(name)`, or what a test says.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// Why there is no passphrase.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PassphraseError {
    /// None is set and nobody can be asked.
    #[error("there is no passphrase: set {PASSPHRASE} or {PASSPHRASE_FILE}, or run it on a terminal to be asked")]
    Missing,
    /// Both variables are set.
    #[error("both {PASSPHRASE} and {PASSPHRASE_FILE} are set; unset one of them")]
    Both,
    /// It has no character.
    #[error("the passphrase from {from} is empty; give one, or unset the variable")]
    Empty {
        /// Where it came from.
        from: &'static str,
    },
    /// It is not UTF-8, or too long.
    #[error("the passphrase from {from} is not a text in UTF-8 of at most {MAX_PASSPHRASE} bytes")]
    NotText {
        /// Where it came from.
        from: &'static str,
    },
    /// Its file could not be read.
    #[error("{PASSPHRASE_FILE} names {}, which could not be read: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A new one was not repeated.
    #[error("the two answers differ; nothing was changed")]
    Differ,
    /// Nobody answered.
    #[error("the passphrase could not be read from the terminal: {0}")]
    Prompt(#[source] io::Error),
}

/// The passphrase: from [`PASSPHRASE`], else from the file that [`PASSPHRASE_FILE`] names (without the line break at its end), else
/// from `prompt`, which is shown `question`.
pub fn find(
    question: &str,
    environment: Environment<'_>,
    prompt: Prompt<'_>,
) -> Result<Secret<String>, PassphraseError> {
    let (passphrase, from) = match (environment(PASSPHRASE), environment(PASSPHRASE_FILE), prompt) {
        (Some(_), Some(_), _) => return Err(PassphraseError::Both),
        (Some(text), None, _) => {
            (Secret::new(text.into_string().map_err(|_| PassphraseError::NotText { from: PASSPHRASE })?), PASSPHRASE)
        }
        (None, Some(path), _) => (read(PathBuf::from(path))?, PASSPHRASE_FILE),
        (None, None, Some(ask)) => (ask(question).map_err(PassphraseError::Prompt)?, "the terminal"),
        (None, None, None) => return Err(PassphraseError::Missing),
    };
    if passphrase.expose().is_empty() {
        return Err(PassphraseError::Empty { from });
    }
    if passphrase.expose().len() > MAX_PASSPHRASE {
        return Err(PassphraseError::NotText { from });
    }
    Ok(passphrase)
}

/// A new passphrase, for which `ask` is called twice.
pub fn ask_new(
    question: &str,
    ask: &mut dyn FnMut(&str) -> io::Result<Secret<String>>,
) -> Result<Secret<String>, PassphraseError> {
    let none = |_: &str| None;
    let first = find(question, &none, Some(ask))?;
    let second = ask("The same again").map_err(PassphraseError::Prompt)?;
    if first == second { Ok(first) } else { Err(PassphraseError::Differ) }
}

fn read(path: PathBuf) -> Result<Secret<String>, PassphraseError> {
    // Room for all of it from the start, so that no part is left behind by growing.
    let limit = MAX_PASSPHRASE + 2;
    let mut bytes = Vec::with_capacity(limit + 1);
    let read = File::open(&path).and_then(|file| file.take(limit as u64).read_to_end(&mut bytes));
    let bytes = Secret::new(bytes);
    read.map_err(|source| PassphraseError::File { path, source })?;
    let text = str::from_utf8(bytes.expose()).map_err(|_| PassphraseError::NotText { from: PASSPHRASE_FILE })?;
    let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    Ok(Secret::new(text.to_owned()))
}

#[cfg(test)]
mod tests;
