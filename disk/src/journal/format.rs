//! The bytes of a journal, version 1, without any file: `docs/journal.md` is their description.

use sha2::{Digest as _, Sha256};

pub(super) const VERSION: u32 = 1;
const MAGIC: [u8; 8] = *b"dvflow\r\n";
const CHECKED: usize = 48;
const HEADER: usize = CHECKED + 8;
const FRAME: usize = 24;
const MAX_KIND: usize = 16;

/// Why bytes are not a journal's.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Invalid {
    NotAJournal,
    Newer(u32),
    OtherKind(String),
    /// At this byte.
    Corrupt(usize),
}

/// What is in a journal's bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decoded {
    pub(super) id: u64,
    pub(super) snapshot: Option<Vec<u8>>,
    /// Where the records begin.
    pub(super) start: u64,
    pub(super) records: Vec<Vec<u8>>,
    /// Where they end; what follows is a torn write.
    pub(super) end: u64,
}

pub(super) fn is_kind(kind: &str) -> bool {
    let allowed = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    (1..=MAX_KIND).contains(&kind.len()) && kind.bytes().all(allowed)
}

/// How many bytes a frame takes.
pub(super) fn frame_len(payload: &[u8]) -> u64 {
    (FRAME + payload.len()) as u64
}

/// Where the records begin behind this snapshot.
pub(super) fn start(snapshot: &[u8]) -> u64 {
    HEADER as u64 + frame_len(snapshot)
}

/// A whole new file. All its bytes are to be synced before it gets its name.
pub(super) fn file(id: u64, kind: &str, snapshot: Option<&[u8]>, records: &[Vec<u8>]) -> Vec<u8> {
    let payloads = || snapshot.into_iter().chain(records.iter().map(Vec::as_slice));
    let len = HEADER as u64 + payloads().map(frame_len).sum::<u64>();
    let mut name = [0; MAX_KIND];
    name[..kind.len()].copy_from_slice(kind.as_bytes());

    let mut bytes = Vec::with_capacity(usize::try_from(len).unwrap_or_default());
    bytes.extend(MAGIC);
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend(u32::from(snapshot.is_some()).to_le_bytes());
    bytes.extend(id.to_le_bytes());
    bytes.extend(len.to_le_bytes());
    bytes.extend(name);
    bytes.extend(check(&[&bytes]));
    for payload in payloads() {
        push_frame(&mut bytes, id, 0, payload, 0);
    }
    bytes
}

/// The bytes of one record at `offset`.
pub(super) fn frame(id: u64, offset: u64, synced: u64, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(FRAME + payload.len());
    push_frame(&mut bytes, id, offset, payload, synced);
    bytes
}

/// Adds a frame to `bytes`, whose first byte is at `start` in the file.
fn push_frame(bytes: &mut Vec<u8>, id: u64, start: u64, payload: &[u8], synced: u64) {
    let offset = start + bytes.len() as u64;
    let len = u32::try_from(payload.len()).expect("a file is at most 1 GiB long");
    bytes.extend(&id.to_le_bytes()[..4]);
    bytes.extend(len.to_le_bytes());
    bytes.extend(synced.to_le_bytes());
    bytes.extend(frame_check(id, offset, len, synced, payload));
    bytes.extend(payload);
}

fn frame_check(id: u64, offset: u64, len: u32, synced: u64, payload: &[u8]) -> [u8; 8] {
    check(&[&id.to_le_bytes(), &offset.to_le_bytes(), &len.to_le_bytes(), &synced.to_le_bytes(), payload])
}

fn check(parts: &[&[u8]]) -> [u8; 8] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    array(&hash.finalize(), 0)
}

/// The bytes at `at`, which are there.
fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes[at..at + N].try_into().expect("a range of N bytes has N bytes")
}

struct Header {
    has_snapshot: bool,
    id: u64,
    /// The length that the file had when it got its name.
    named_len: u64,
}

fn header(bytes: &[u8], kind: &str) -> Result<Header, Invalid> {
    if bytes.len() < MAGIC.len() + 4 || !bytes.starts_with(&MAGIC) {
        return Err(Invalid::NotAJournal);
    }
    let version = u32::from_le_bytes(array(bytes, 8));
    if version > VERSION {
        return Err(Invalid::Newer(version));
    }
    if bytes.len() < HEADER || check(&[&bytes[..CHECKED]]) != array(bytes, CHECKED) {
        return Err(Invalid::Corrupt(0));
    }
    let found = String::from_utf8_lossy(&bytes[32..CHECKED]);
    let found = found.trim_end_matches('\0');
    if found != kind {
        return Err(Invalid::OtherKind(found.to_owned()));
    }
    Ok(Header {
        has_snapshot: u32::from_le_bytes(array(bytes, 12)) == 1,
        id: u64::from_le_bytes(array(bytes, 16)),
        named_len: u64::from_le_bytes(array(bytes, 24)),
    })
}

struct Frame<'a> {
    synced: u64,
    payload: &'a [u8],
}

/// The frame at `at`, if there is a valid one.
fn frame_at(bytes: &[u8], id: u64, at: usize) -> Option<Frame<'_>> {
    let rest = bytes.get(at..).filter(|rest| rest.len() >= FRAME)?;
    if rest[..4] != id.to_le_bytes()[..4] {
        return None;
    }
    let len = u32::from_le_bytes(array(rest, 4));
    let synced = u64::from_le_bytes(array(rest, 8));
    let payload = rest[FRAME..].get(..usize::try_from(len).ok()?)?;
    (frame_check(id, at as u64, len, synced, payload) == array(rest, 16)).then_some(Frame { synced, payload })
}

/// Reads a whole file. An invalid frame is the end of it if nothing proves that it was durable once.
pub(super) fn decode(bytes: &[u8], kind: &str) -> Result<Decoded, Invalid> {
    let header = header(bytes, kind)?;
    let mut at = HEADER;
    let mut next = |bytes| {
        let frame: Frame<'_> = frame_at(bytes, header.id, at)?;
        at += FRAME + frame.payload.len();
        Some(frame.payload.to_vec())
    };
    let snapshot = if header.has_snapshot { Some(next(bytes).ok_or(Invalid::Corrupt(HEADER))?) } else { None };
    let start = snapshot.as_deref().map_or(HEADER as u64, start);
    let records = std::iter::from_fn(|| next(bytes)).collect();
    if (at as u64) < header.named_len || was_durable(bytes, header.id, at) {
        return Err(Invalid::Corrupt(at));
    }
    Ok(Decoded { id: header.id, snapshot, start, records, end: at as u64 })
}

/// Whether a frame behind `end` says that what begins there was synced.
fn was_durable(bytes: &[u8], id: u64, end: usize) -> bool {
    let marker = &id.to_le_bytes()[..4];
    let rest = bytes.get(end + 1..).unwrap_or_default();
    let places = rest.windows(4).enumerate().filter(|(_, window)| *window == marker);
    let mut frames = places.filter_map(|(distance, _)| frame_at(bytes, id, end + 1 + distance));
    frames.any(|frame| frame.synced > end as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The committed file, which every later release opens, is what this one writes.
    #[test]
    fn version_1_is_written_as_it_always_was() {
        let id = 0x0123_4567_89ab_cdef;
        let mut bytes = file(id, "v1", Some(b"of version 1"), &[b"carried over".to_vec()]);
        let named = bytes.len() as u64;
        for (record, synced) in [(&b"first"[..], named), (b"", named), (&[0, 255, 10], named + 29)] {
            bytes.extend(frame(id, bytes.len() as u64, synced, record));
        }
        assert_eq!(bytes, include_bytes!("../../tests/data/v1.journal"));
    }
}
