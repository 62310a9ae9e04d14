//! Sealing and opening values with a stack's data key.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::{constant_time, hmac};

use super::sealed::{BLOCK, DIGEST, TAG};
use super::{Error, Key, KeyId, MAX_BYTES, Place, Sealed, Secret};

/// The end of the plain bytes; zeros follow up to a multiple of [`BLOCK`] (ISO/IEC 7816-4).
const END: u8 = 0x80;

/// A stack's data key, ready for use. It is had from a [`Header`](super::Header).
pub struct Sealer {
    stack: String,
    key: Key,
    id: KeyId,
    cipher: RandomizedNonceKey,
    digest: hmac::Key,
    pub(super) header: hmac::Key,
}

impl Sealer {
    pub(super) fn new(stack: &str, key: Key) -> Result<Self, Error> {
        let cipher = RandomizedNonceKey::new(&AES_256_GCM, key.derive("values").expose()).map_err(|_| Error::Cipher)?;
        let mac = |usage| hmac::Key::new(hmac::HMAC_SHA256, key.derive(usage).expose());
        let (digest, header) = (mac("digests"), mac("header"));
        Ok(Self { stack: stack.to_owned(), id: key.id(), key, cipher, digest, header })
    }

    /// The name of the data key.
    pub fn id(&self) -> KeyId {
        self.id
    }

    pub(super) fn key(&self) -> &Key {
        &self.key
    }

    /// The stack whose values it seals.
    pub fn stack(&self) -> &str {
        &self.stack
    }

    /// `plain`, so that it opens at `place` only. Two calls never give the same; to see whether a value changed, ask [`Sealer::matches`].
    ///
    /// The length of `plain` is to be seen up to the next multiple of 32 bytes.
    pub fn seal(&self, place: Place<'_>, plain: &[u8]) -> Result<Sealed, Error> {
        if plain.len() > MAX_BYTES - BLOCK {
            return Err(Error::TooLarge { bytes: plain.len() });
        }
        let digest = self.digest(place, plain);
        let padded = (plain.len() + 1).next_multiple_of(BLOCK);
        // The whole length at once: a vector that grows leaves what it held in memory.
        let mut cipher = Vec::with_capacity(padded + TAG);
        cipher.extend(plain);
        cipher.push(END);
        cipher.resize(padded, 0);
        let nonce = self
            .cipher
            .seal_in_place_append_tag(Aad::from(self.aad(place, &digest)), &mut cipher)
            .map_err(|_| Error::Cipher)?;
        Ok(Sealed { key: self.id, digest, nonce: *nonce.as_ref(), cipher })
    }

    /// The plain bytes of what was sealed for `place`.
    pub fn open(&self, place: Place<'_>, sealed: &Sealed) -> Result<Secret<Vec<u8>>, Error> {
        self.same_key(place, sealed)?;
        let nonce = Nonce::assume_unique_for_key(sealed.nonce);
        let mut bytes = sealed.cipher.clone();
        let opened = self
            .cipher
            .open_in_place(nonce, Aad::from(self.aad(place, &sealed.digest)), &mut bytes)
            .map(|plain| plain.len());
        let mut plain = Secret::new(bytes);
        let end = opened.ok().and_then(|length| {
            let end = plain.expose()[..length].iter().rposition(|byte| *byte != 0)?;
            (plain.expose()[end] == END).then_some(end)
        });
        let Some(end) = end else { return Err(Error::Elsewhere { place: place.to_string() }) };
        plain.truncate(end);
        Ok(plain)
    }

    /// Whether `sealed` holds `plain`, without opening it. The answer is only worth what `sealed` is: until it is opened, somebody
    /// who may write the file can have put the digest of an earlier value there.
    pub fn matches(&self, place: Place<'_>, sealed: &Sealed, plain: &[u8]) -> Result<bool, Error> {
        self.same_key(place, sealed)?;
        Ok(constant_time::verify_slices_are_equal(&self.digest(place, plain), &sealed.digest).is_ok())
    }

    /// What `old` opens at `from`, sealed by this one for `to`: for a renamed resource (with one sealer), a renamed stack or a rotated key.
    pub fn reseal(&self, to: Place<'_>, old: &Sealer, from: Place<'_>, sealed: &Sealed) -> Result<Sealed, Error> {
        self.seal(to, old.open(from, sealed)?.expose())
    }

    fn same_key(&self, place: Place<'_>, sealed: &Sealed) -> Result<(), Error> {
        if sealed.key == self.id {
            return Ok(());
        }
        Err(Error::WrongKey { place: place.to_string(), sealed: sealed.key, key: self.id })
    }

    /// What the cipher binds: form, key, place and the digest beside it.
    fn aad(&self, place: Place<'_>, digest: &[u8; DIGEST]) -> Vec<u8> {
        [b"devopsflow secret 1".as_slice(), &self.id.0, digest, &place.bind(&self.stack)].concat()
    }

    /// HMAC-SHA256 over the place and the value, cut to 128 bits: equal values at two places differ.
    fn digest(&self, place: Place<'_>, plain: &[u8]) -> [u8; DIGEST] {
        let mut context = hmac::Context::with_key(&self.digest);
        context.update(b"devopsflow digest 1");
        context.update(&place.bind(&self.stack));
        context.update(plain);
        *context.sign().as_ref().first_chunk().expect("a MAC of 32 bytes begins with 16")
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealer({}, {})", self.stack, self.id)
    }
}
