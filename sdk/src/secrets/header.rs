//! The stack's wrapped data key: who can open its secrets.

use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Error, HolderError, Key, KeyHolder, KeyId, Sealer};

/// The most key holders of one stack.
pub const MAX_COPIES: usize = 16;

/// The most bytes that a key holder makes of a data key.
pub const MAX_WRAPPED: usize = 16 << 10;

/// The latest form that is known.
const FORM: u64 = 1;

const MAC: usize = 32;

/// What a stack's state holds of its data key: a wrapped copy for each key holder. It says nothing secret.
///
/// A code that only the data key makes covers the list and the stack's name, so no copy can be added by who cannot open it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Written")]
pub struct Header {
    key: KeyId,
    copies: Vec<Wrapped>,
    mac: [u8; MAC],
}

/// One wrapped copy of the data key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrapped {
    kind: String,
    public: Vec<String>,
    bytes: Vec<u8>,
}

impl Wrapped {
    /// The kind of its key holder.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Whom it is wrapped for, as the key holder said.
    pub fn public(&self) -> &[String] {
        &self.public
    }

    /// The holder that wraps another key as this copy was: the age recipients it is for, or the one of these that opens it.
    pub(crate) fn again(&self, holders: &[Arc<dyn KeyHolder>]) -> Option<Arc<dyn KeyHolder>> {
        #[cfg(feature = "age")]
        if self.kind == super::Age::KIND {
            let recipients = super::Age::recipients(&self.public).ok()?;
            return Some(Arc::new(recipients));
        }
        let mut holders = holders.iter();
        holders.find(|holder| holder.kind() == self.kind && holder.unwrap(&self.bytes).is_ok()).cloned()
    }

    fn of(key: &Key, holder: &dyn KeyHolder) -> Result<Self, Error> {
        let kind = holder.kind().to_owned();
        let bytes = holder.wrap(key).map_err(|source| Error::Holder { kind: kind.clone(), source })?;
        Ok(Self { kind, public: holder.public(), bytes })
    }
}

impl Header {
    /// A new random data key for `stack`, wrapped for each of `holders`, and its sealer.
    ///
    /// This is also how a key is rotated: every sealed value is [resealed](Sealer::reseal), and header and values are written as one.
    pub fn create(stack: &str, holders: &[&dyn KeyHolder]) -> Result<(Self, Sealer), Error> {
        let sealer = Sealer::new(stack, Key::random()?)?;
        let header = Self::build(&sealer, Vec::new(), holders)?;
        Ok((header, sealer))
    }

    /// The sealer of `stack`, from the first copy that one of `holders` opens.
    pub fn open(&self, stack: &str, holders: &[&dyn KeyHolder]) -> Result<Sealer, Error> {
        let mut failed = None;
        for copy in &self.copies {
            for holder in holders.iter().filter(|holder| holder.kind() == copy.kind) {
                match holder.unwrap(&copy.bytes) {
                    Ok(key) => {
                        let sealer = Sealer::new(stack, key)?;
                        self.verify(&sealer)?;
                        return Ok(sealer);
                    }
                    Err(source) => failed = Some(Error::Holder { kind: copy.kind.clone(), source }),
                }
            }
        }
        Err(failed.unwrap_or_else(|| Error::NoHolder { kinds: self.kinds() }))
    }

    /// The header with the copies that `keep` says and one for each of `add`. The data key stays, so no value is touched: whoever
    /// opened an earlier header can have kept it. To shut somebody out, rotate with [`Header::create`].
    pub fn rewrap(
        &self,
        sealer: &Sealer,
        keep: impl Fn(&Wrapped) -> bool,
        add: &[&dyn KeyHolder],
    ) -> Result<Self, Error> {
        self.verify(sealer)?;
        Self::build(sealer, self.copies.iter().filter(|copy| keep(copy)).cloned().collect(), add)
    }

    /// The copies.
    pub fn copies(&self) -> &[Wrapped] {
        &self.copies
    }

    /// The name of the data key.
    pub fn key(&self) -> KeyId {
        self.key
    }

    /// The kinds of key holder that can open it, each once.
    pub fn kinds(&self) -> Vec<String> {
        let mut kinds: Vec<String> = Vec::new();
        for copy in &self.copies {
            if !kinds.contains(&copy.kind) {
                kinds.push(copy.kind.clone());
            }
        }
        kinds
    }

    fn build(sealer: &Sealer, mut copies: Vec<Wrapped>, holders: &[&dyn KeyHolder]) -> Result<Self, Error> {
        for holder in holders {
            copies.push(Wrapped::of(sealer.key(), *holder)?);
        }
        if !fits(&copies) {
            return Err(Error::Copies);
        }
        let mac = hmac::sign(&sealer.header, &covered(sealer.stack(), &copies));
        let mac = *mac.as_ref().first_chunk().expect("HMAC-SHA256 has 32 bytes");
        Ok(Self { key: sealer.id(), copies, mac })
    }

    fn verify(&self, sealer: &Sealer) -> Result<(), Error> {
        if self.key != sealer.id() {
            return Err(Error::HeaderAltered);
        }
        hmac::verify(&sealer.header, &covered(sealer.stack(), &self.copies), &self.mac)
            .map_err(|_| Error::HeaderAltered)
    }
}

fn fits(copies: &[Wrapped]) -> bool {
    let kind = |kind: &str| {
        (1..=32).contains(&kind.len()) && kind.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    };
    let public =
        |public: &[String]| public.len() <= 256 && public.iter().map(String::len).sum::<usize>() <= MAX_WRAPPED;
    (1..=MAX_COPIES).contains(&copies.len())
        && copies.iter().all(|copy| kind(&copy.kind) && public(&copy.public) && copy.bytes.len() <= MAX_WRAPPED)
}

/// What the code covers: each text with its length before it, and each list with its count.
fn covered(stack: &str, copies: &[Wrapped]) -> Vec<u8> {
    let mut all = b"devopsflow header 1".to_vec();
    let put = |all: &mut Vec<u8>, bytes: &[u8]| {
        all.extend((bytes.len() as u64).to_le_bytes());
        all.extend(bytes);
    };
    put(&mut all, stack.as_bytes());
    for copy in copies {
        put(&mut all, copy.kind.as_bytes());
        all.extend((copy.public.len() as u64).to_le_bytes());
        for public in &copy.public {
            put(&mut all, public.as_bytes());
        }
        put(&mut all, &copy.bytes);
    }
    all
}

/// The form that is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    v: u64,
    key: KeyId,
    copies: Vec<WrittenCopy>,
    mac: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCopy {
    kind: String,
    #[serde(rename = "for", default, skip_serializing_if = "Vec::is_empty")]
    public: Vec<String>,
    wrapped: String,
}

impl From<Header> for Written {
    fn from(header: Header) -> Self {
        let copies = header.copies.into_iter();
        Self {
            v: FORM,
            key: header.key,
            copies: copies
                .map(|Wrapped { kind, public, bytes }| WrittenCopy {
                    kind,
                    public,
                    wrapped: URL_SAFE_NO_PAD.encode(bytes),
                })
                .collect(),
            mac: URL_SAFE_NO_PAD.encode(header.mac),
        }
    }
}

impl TryFrom<Value> for Header {
    type Error = Error;

    fn try_from(json: Value) -> Result<Self, Error> {
        let damaged = |what| Error::HeaderDamaged { what };
        // The number stands where it is in every form.
        match json.get("v").and_then(Value::as_u64) {
            Some(FORM) => {}
            Some(found) if found > FORM => return Err(Error::HeaderNewer { found, newest: FORM }),
            _ => return Err(damaged("`v` is the number of its form")),
        }
        let written: Written =
            serde_json::from_value(json).map_err(|_| damaged("its members are `v`, `key`, `copies` and `mac`"))?;
        let decode =
            |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| damaged("its bytes are base64 of the URL alphabet"));
        let copies = written.copies.into_iter().map(|WrittenCopy { kind, public, wrapped }| {
            if wrapped.len() > MAX_WRAPPED * 2 {
                return Err(damaged("a wrapped copy is longer than any that is written"));
            }
            Ok(Wrapped { kind, public, bytes: decode(&wrapped)? })
        });
        let copies = copies.collect::<Result<Vec<_>, _>>()?;
        if !fits(&copies) {
            return Err(damaged("its copies are not ones that are written"));
        }
        let mac = decode(&written.mac)?.try_into().map_err(|_| damaged("`mac` has 32 bytes"))?;
        Ok(Self { key: written.key, copies, mac })
    }
}

/// The key in `bytes`, for holders that unwrap to bytes.
pub(super) fn key_of(bytes: &super::Secret<Vec<u8>>) -> Result<Key, HolderError> {
    let bytes: [u8; Key::BYTES] =
        bytes.expose().as_slice().try_into().map_err(|_| HolderError::Damaged("a data key has 32 bytes"))?;
    Ok(Key::new(super::Secret::new(bytes)))
}
