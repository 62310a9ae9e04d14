//! What can go wrong with secrets, by what a caller does about it. No message holds a secret or a part of one.

use super::KeyId;

/// Why a secret was not sealed or not opened, or a stack's keys were not.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text of a sealed secret is not what was written.
    #[error("a sealed secret is damaged: {what}; restore the file it is in from a backup, or set the secret again")]
    Damaged {
        /// What was expected.
        what: &'static str,
    },
    /// The text of a sealed secret is of a later form.
    #[error(
        "a secret was sealed in form {found}, and this program knows form {newest} at most; use a newer version of it"
    )]
    Newer {
        /// The form of the text.
        found: u32,
        /// The latest form that is known.
        newest: u32,
    },
    /// The secret was sealed with another data key.
    #[error(
        "the secret at {place} was sealed with data key {sealed}, and the stack's is {key}: it comes from another stack, or from before \
         the key was rotated; set the secret again, or restore the state it belongs to"
    )]
    WrongKey {
        /// Where it was to be opened.
        place: String,
        /// The key it was sealed with.
        sealed: KeyId,
        /// The key at hand.
        key: KeyId,
    },
    /// The secret is whole and of this key, and does not open here.
    #[error(
        "the secret at {place} does not open there: it was sealed for another place, or altered on purpose; set the secret again, \
         or restore the file from a backup"
    )]
    Elsewhere {
        /// Where it was to be opened.
        place: String,
    },
    /// The value is too large to be sealed.
    #[error("a secret of {bytes} bytes is too large: at most {} are sealed", super::MAX_BYTES)]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// The header with the wrapped data key is not what was written.
    #[error("the stack's wrapped data key is damaged: {what}; restore the state from a backup")]
    HeaderDamaged {
        /// What was expected.
        what: &'static str,
    },
    /// The header is of a later form.
    #[error(
        "the stack's data key is kept in form {found}, and this program knows form {newest} at most; use a newer version of it"
    )]
    HeaderNewer {
        /// The form of the header.
        found: u64,
        /// The latest form that is known.
        newest: u64,
    },
    /// The data key opened, and the header around it is not what its last writer wrote, or is another stack's.
    #[error(
        "the list of who may open the stack's secrets was altered, or is another stack's; restore the state from a backup"
    )]
    HeaderAltered,
    /// A header would have no copy of the data key, too many, or one that is too large.
    #[error(
        "a stack's data key is wrapped for 1 to {} key holders, each with at most {} bytes",
        super::MAX_COPIES,
        super::MAX_WRAPPED
    )]
    Copies,
    /// The stack has no data key, and nothing at hand to make one for.
    #[error(
        "stack {stack} has no key to seal secrets with: set {} or {}{}, or run it on a terminal to be asked, and run `up` or `secrets add`; \
         nothing secret is recorded in plain text",
        super::PASSPHRASE, super::PASSPHRASE_FILE, if cfg!(feature = "age") { " or DEVOPSFLOW_AGE_IDENTITY" } else { "" }
    )]
    NoKey {
        /// The stack.
        stack: String,
    },
    /// A value that is not secret has the form of a sealed one.
    #[error(
        "{place} is a map with the single member `$secret`, which is how sealed secrets are written; give the member another name"
    )]
    Reserved {
        /// Where it stands.
        place: String,
    },
    /// A copy of the data key cannot be made anew.
    #[error(
        "copy {number} of the data key, for {kind}, cannot be made anew by what is at hand: remove it first, or give what opens it"
    )]
    NotRewrapped {
        /// Which copy, from 1.
        number: usize,
        /// The kind of its holder.
        kind: String,
    },
    /// There is no key holder of a kind that the data key is wrapped for.
    #[error("the stack has secrets, and nothing at hand opens them: its data key is wrapped for {}; {}", kinds.join(" and "), advice(kinds))]
    NoHolder {
        /// The kinds of key holder that could open it.
        kinds: Vec<String>,
    },
    /// A key holder did not wrap or unwrap the data key. Of several, the last that tried.
    #[error("{kind}: {source}")]
    Holder {
        /// The kind of the holder.
        kind: String,
        /// Why.
        source: HolderError,
    },
    /// The passphrase could not be had.
    #[error(transparent)]
    Passphrase(#[from] super::PassphraseError),
    /// The system gave no randomness, or the cipher refused.
    #[error("the cryptographic library failed: no randomness, or a refused operation; try again")]
    Cipher,
}

fn advice(kinds: &[String]) -> String {
    let each = kinds.iter().map(|kind| match kind.as_str() {
        "passphrase" => "set DEVOPSFLOW_PASSPHRASE or DEVOPSFLOW_PASSPHRASE_FILE, or run it on a terminal".to_owned(),
        "age" if cfg!(feature = "age") => "set DEVOPSFLOW_AGE_IDENTITY to the identity file".to_owned(),
        "age" => "build the program with the feature `age` of the crate `devopsflow`, and set DEVOPSFLOW_AGE_IDENTITY to the identity file".to_owned(),
        other => format!("give the stack a key holder of the kind {other:?}, with `Stack::key_holder`"),
    });
    each.collect::<Vec<_>>().join("; or ")
}

/// Why a key holder did not wrap or unwrap a data key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HolderError {
    /// What it holds does not open this copy.
    #[error("the stack's data key does not open: {0}")]
    Wrong(&'static str),
    /// The copy is not what a holder of this kind wrote.
    #[error("the wrapped data key is damaged: {0}; restore the state from a backup")]
    Damaged(&'static str),
    /// The copy asks for more than is done for any.
    #[error(
        "the wrapped data key is of a newer version, or asks for more work than is allowed: {0}; use a newer version of this program"
    )]
    Newer(&'static str),
    /// The holder lacks what it needs, or could not be reached.
    #[error("{0}")]
    Unavailable(String),
}
