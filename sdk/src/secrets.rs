//! Secrets: sealed one by one for the place where they stand, with a data key that key holders keep.
//!
//! # What is on disk
//!
//! Each stack with secrets has one random data key of 256 bits. Its state holds the [`Header`]: the data key, wrapped for each [`KeyHolder`].
//!
//! ```json
//! {"v":1,"key":"5f0c6f0d8a3b9e21","copies":[{"kind":"passphrase","wrapped":"AQ8IA..."},{"kind":"age","for":["age1..."],"wrapped":"YWdl..."}],"mac":"..."}
//! ```
//!
//! | member | what it is |
//! |---|---|
//! | `v` | form of the header: 1. It keeps its place in every form, and a later one is refused before anything else is read |
//! | `key` | name of the data key: 8 bytes derived from it, in hexadecimal |
//! | `copies` | 1 to 16: kind of the holder, whom it is for, what the holder made of the data key (base64, at most 16 KiB) |
//! | `mac` | HMAC-SHA256 over the stack's name and the copies, with a key derived from the data key |
//!
//! A copy of the kind `passphrase` has 80 bytes: form (1), `log2 N`, `r` and `p` of scrypt (1 each), salt (16), nonce (12), AES-256-GCM of the data key
//! (32 and a tag of 16) with the key that scrypt gives, which also covers the first 20. A copy of the kind `age` is a binary age file.
//!
//! A sealed value is an object with one member, a text: its form, a dot, and base64 (URL alphabet, no padding) of the bytes below. Wherever a
//! value can stand, such an object is a sealed value and nothing else.
//!
//! ```json
//! {"$secret":"1.Xwxv..."}
//! ```
//!
//! | offset | length | field |
//! |---|---|---|
//! | 0 | 8 | name of the data key |
//! | 8 | 16 | digest: HMAC-SHA256 over the place and the plain bytes, cut to 16 |
//! | 24 | 12 | nonce, random |
//! | 36 | 32 n | AES-256-GCM of the plain bytes, a byte `80` and zeros up to a multiple of 32 |
//! | 36 + 32 n | 16 | tag |
//! | 52 + 32 n | 8 | check: the first bytes of SHA-256 over all before |
//!
//! A value has one text only: every other text is an error. What the codes and ciphers cover, byte by byte, where `len` is a length or a count as 8 bytes,
//! little-endian, and *place* is the kind of place (1 resource, 2 export, 3 configuration, 4 plan; one byte), `len` stack, stack, `len` owner, owner, `len` path, path:
//!
//! | of | key | covers |
//! |---|---|---|
//! | digest of a value | `digests` | `devopsflow digest 1`, place, plain bytes |
//! | AES-256-GCM of a value, besides its text | `values` | `devopsflow secret 1`, name of the data key, digest, place |
//! | `mac` of a header | `header` | `devopsflow header 1`, `len` stack, stack; of each copy: `len` kind, kind, `len` of the list `for`, `len` and text of each, `len` copy, copy |
//! | AES-256-GCM of a copy for a passphrase, besides the data key | scrypt's 32 bytes | `devopsflow passphrase`, the copy's first 20 bytes |
//!
//! The keys of the first three, and the name of the data key (`id`, its first 8 bytes), are HKDF-SHA256 of the data key with the salt `devopsflow secrets 1` and
//! the name in the second column as info.
//!
//! # What that gives
//!
//! - A value that was copied elsewhere does not open there ([`Error::Elsewhere`]); neither does one that was altered.
//! - Whether a secret changed is seen from the digest, without opening. Equal secrets at two places have different digests; at one place, who reads two
//!   versions of a state sees whether the secret was the same in both. The length is to be seen in steps of 32 bytes.
//! - Passphrases and recipients change by [`Header::rewrap`], without a value being touched. [`Header::create`] and [`Sealer::reseal`] rotate the key, as
//!   [`Stack::secrets_rotate`](crate::Stack::secrets_rotate) does for all that is sealed.
//! - Nonces are random: one data key is good for 2^32 values (NIST SP 800-38D, 8.3), a rotation begins anew.
//!
//! # Who opens it
//!
//! [`Stack`](crate::Stack) makes the key when the first secret is sealed, be it a setting or recorded by `up`, for the holders that the program gives
//! ([`Stack::key_holder`](crate::Stack::key_holder)) and the environment names: [`PASSPHRASE`], [`PASSPHRASE_FILE`], and `DEVOPSFLOW_AGE_IDENTITY` with the feature
//! `age`. Without any, a passphrase is asked for if somebody can be asked ([`Stack::prompt`](crate::Stack::prompt)), and otherwise nothing is changed. The key is opened by
//! any of its holders, at most once in a run, and only when a secret has to be opened, sealed or compared.
//!
//! # What it does not do
//!
//! It does not tell that a value, or the whole state, is an earlier one of the same place: that is the store's matter. Who may write the state and knows an age recipient can put
//! a data key of their own in its place; values sealed before do not open with it, and values sealed later open for them.

mod error;
mod header;
mod key;
mod passphrase;
mod place;
mod redactor;
mod sealed;
mod sealer;
mod secret;
mod unlock;

#[cfg(feature = "age")]
mod age;

#[cfg(feature = "age")]
pub use self::age::{AGE_IDENTITY, Age};
pub use self::error::{Error, HolderError};
pub use self::header::{Header, MAX_COPIES, MAX_WRAPPED, Wrapped};
pub use self::key::{Key, KeyHolder, KeyId};
pub use self::passphrase::{
    Environment, PASSPHRASE, PASSPHRASE_FILE, Passphrase, PassphraseError, Prompt, ask_new as ask_new_passphrase,
    find as find_passphrase,
};
pub use self::place::Place;
pub(crate) use self::redactor::HIDDEN;
pub use self::redactor::{MIN_LINE, MIN_SECRET, Redactor};
pub use self::sealed::{MARK, MAX_BYTES, Sealed};
pub use self::sealer::Sealer;
pub use self::secret::{Secret, Wipe};
pub use self::unlock::unlock;

#[cfg(test)]
mod tests;
