//! Sealed values and their text form.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize, Serializer, de, ser::SerializeMap as _};
use serde_json::Value;

use super::{Error, KeyId};

/// The most bytes that are sealed as one value, 64 MiB.
pub const MAX_BYTES: usize = 64 << 20;

/// The member that tells a sealed value from every other object.
pub const MARK: &str = "$secret";

/// The latest form that is known.
const FORM: u32 = 1;

pub(super) const KEY: usize = 8;
pub(super) const DIGEST: usize = 16;
pub(super) const NONCE: usize = 12;
pub(super) const TAG: usize = 16;
/// Plain values are filled up to a multiple of this.
pub(super) const BLOCK: usize = 32;
const CHECK: usize = 8;
const LEAST: usize = KEY + DIGEST + NONCE + BLOCK + TAG + CHECK;
const MOST: usize = LEAST + MAX_BYTES;

/// A value that only its stack's data key opens, at its own place. The text form is described [above](super).
///
/// Equal means: the very same text. Whether two seal the same plain value is not to be seen, except through
/// [`Sealer::matches`](super::Sealer::matches).
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    pub(super) key: KeyId,
    /// Of the place and the plain value, keyed.
    pub(super) digest: [u8; DIGEST],
    pub(super) nonce: [u8; NONCE],
    /// With the tag at its end.
    pub(super) cipher: Vec<u8>,
}

impl Sealed {
    /// The data key it was sealed with.
    pub fn key(&self) -> KeyId {
        self.key
    }

    /// The sealed value that `json` is, or `None` when it is anything but an object with the one member [`MARK`].
    pub fn from_json(json: &Value) -> Result<Option<Self>, Error> {
        match json {
            Value::Object(members) if members.len() == 1 => match members.get(MARK) {
                Some(Value::String(text)) => text.parse().map(Some),
                Some(_) => Err(Error::Damaged { what: "`$secret` holds a text" }),
                None => Ok(None),
            },
            _ => Ok(None),
        }
    }

    /// The value as JSON, `{"$secret":"1...."}`.
    pub fn to_json(&self) -> Value {
        Value::Object([(MARK.to_owned(), Value::String(self.to_string()))].into_iter().collect())
    }
}

impl fmt::Display for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = Vec::with_capacity(LEAST + self.cipher.len());
        bytes.extend(self.key.0);
        bytes.extend(self.digest);
        bytes.extend(self.nonce);
        bytes.extend(&self.cipher);
        let check = check(&bytes);
        bytes.extend(check);
        write!(f, "{FORM}.{}", URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(sealed)")
    }
}

impl FromStr for Sealed {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let damaged = |what| Error::Damaged { what };
        let (form, text) = text.split_once('.').ok_or(damaged("it begins with the number of its form and a dot"))?;
        // A form is written one way only, so that no two texts are the same value.
        let number = form.parse().ok().filter(|number: &u32| number.to_string() == form);
        match number {
            Some(FORM) => {}
            Some(found) if found > FORM => return Err(Error::Newer { found, newest: FORM }),
            _ => return Err(damaged("it begins with the number of its form and a dot")),
        }
        if text.len() > MOST.div_ceil(3) * 4 {
            return Err(damaged("it is longer than any that is written"));
        }
        let bytes =
            URL_SAFE_NO_PAD.decode(text).map_err(|_| damaged("it is base64 of the URL alphabet without padding"))?;
        if bytes.len() < LEAST || bytes.len() > MOST || !(bytes.len() - LEAST).is_multiple_of(BLOCK) {
            return Err(damaged("its length is not one that is written"));
        }
        let (bytes, sum) = bytes.split_last_chunk::<CHECK>().ok_or(damaged("it is too short"))?;
        if check(bytes) != *sum {
            return Err(damaged("its check does not fit it"));
        }
        let parts = || {
            let (key, rest) = bytes.split_first_chunk::<KEY>()?;
            let (digest, rest) = rest.split_first_chunk::<DIGEST>()?;
            let (nonce, cipher) = rest.split_first_chunk::<NONCE>()?;
            Some(Self { key: KeyId(*key), digest: *digest, nonce: *nonce, cipher: cipher.to_vec() })
        };
        parts().ok_or(damaged("it is too short"))
    }
}

/// Against chance, not against intent: that is what the tag is for.
fn check(bytes: &[u8]) -> [u8; CHECK] {
    *digest(&SHA256, bytes).as_ref().first_chunk().expect("a digest of 32 bytes begins with 8")
}

impl Serialize for Sealed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(MARK, &self.to_string())?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for Sealed {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Value::deserialize(deserializer)?;
        let sealed = Self::from_json(&json).map_err(de::Error::custom)?;
        sealed.ok_or_else(|| de::Error::custom("expected a sealed secret, an object with the one member `$secret`"))
    }
}
