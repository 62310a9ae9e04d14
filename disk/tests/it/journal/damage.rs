//! Files that were cut, changed, or written by another release.

use std::ops::Range;
use std::path::{Path, PathBuf};

use disk::RealFs;
use disk::journal::{self, Contents, Journal, JournalError, Options, Torn};
use disk::testing::Memory;
use tempfile::tempdir;

const KIND: &str = "state";
const FILE: &str = "home/state.journal";
const SNAPSHOT: &str = "the snapshot";
const HEADER: usize = 56;
const FRAME: usize = 24;

fn open(memory: &Memory) -> Result<(Journal, Contents), JournalError> {
    Journal::open(memory, Path::new("home"), KIND, Options::default())
}

fn bytes(memory: &Memory) -> Vec<u8> {
    memory.files()[Path::new(FILE)].clone()
}

fn with(bytes: &[u8]) -> Memory {
    let memory = Memory::new();
    memory.put(FILE, bytes);
    memory
}

/// A file with all that there can be in one, and where its parts are, in order.
struct Sample {
    bytes: Vec<u8>,
    /// Snapshot and records.
    parts: Vec<(Range<usize>, Vec<u8>)>,
    /// The bytes that had their place when the file got its name.
    named: usize,
    /// The bytes that the last record says were durable.
    proven: usize,
}

fn sample() -> Sample {
    let memory = Memory::new();
    let (journal, _) = open(&memory).unwrap();
    let covered = journal.append(b"covered").unwrap();
    let mut payloads = vec![SNAPSHOT.as_bytes().to_vec(), b"carried over".to_vec(), Vec::new()];
    for payload in &payloads[1..] {
        journal.append(payload).unwrap();
    }
    journal.compact(SNAPSHOT.as_bytes(), covered).unwrap();
    let named = bytes(&memory).len();
    let mut proven = named;
    for batch in 0..3 {
        proven = bytes(&memory).len();
        for record in 0..3 {
            let payload = format!("record {record} of batch {batch}").repeat(record).into_bytes();
            journal.append(&payload).unwrap();
            payloads.push(payload);
        }
        journal.sync(journal.position()).unwrap();
    }
    let mut at = HEADER;
    let parts = payloads.into_iter().map(|payload| {
        let start = at;
        at += FRAME + payload.len();
        (start..at, payload)
    });
    let parts: Vec<_> = parts.collect();
    let bytes = bytes(&memory);
    assert_eq!(at, bytes.len());
    Sample { bytes, parts, named, proven }
}

impl Sample {
    /// The records before the part at `end`.
    fn records_before(&self, end: usize) -> Vec<Vec<u8>> {
        self.parts[1..].iter().filter(|(range, _)| range.end <= end).map(|(_, payload)| payload.clone()).collect()
    }
}

/// Opens and reads, both with an error about `offset` that changes nothing.
#[track_caller]
fn is_corrupt_at(damaged: &[u8], offset: usize) {
    let memory = with(damaged);
    let read = journal::read(&memory, Path::new("home"), KIND).map(drop);
    for outcome in [open(&memory).map(drop), read] {
        let Err(JournalError::Corrupt { path, offset: found }) = outcome else { panic!("{outcome:?} of {offset}") };
        assert_eq!((path, found), (PathBuf::from(FILE), offset as u64));
    }
    assert_eq!(bytes(&memory), damaged);
}

/// Opens with a torn end at `offset`, which is cut off for good; reading reports it and leaves it.
#[track_caller]
fn is_torn_at(sample: &Sample, damaged: &[u8], offset: usize) {
    let memory = with(damaged);
    let torn = Torn { path: FILE.into(), offset: offset as u64, bytes: (damaged.len() - offset) as u64 };
    let snapshot = Some(SNAPSHOT.into());
    let expected = Contents { snapshot, records: sample.records_before(offset), torn: Some(torn) };
    assert_eq!(journal::read(&memory, Path::new("home"), KIND).unwrap().unwrap(), expected);
    assert_eq!(bytes(&memory), damaged);

    let (journal, found) = open(&memory).unwrap();
    assert_eq!(found, expected);
    assert_eq!(bytes(&memory), damaged[..offset]);
    assert_eq!(memory.after_crash(|_| false).files()[Path::new(FILE)], damaged[..offset]);
    journal.append(b"and on").unwrap();
    drop(journal);
    let (_, found) = open(&memory).unwrap();
    assert_eq!((found.records.last().unwrap().as_slice(), found.torn), (&b"and on"[..], None));
}

#[test]
fn cut_at_every_byte() {
    let sample = sample();
    for len in 0..sample.bytes.len() {
        let damaged = &sample.bytes[..len];
        let boundary = sample.parts.iter().map(|(range, _)| range.end).filter(|&end| end <= len).max();
        if len < 12 {
            assert!(matches!(open(&with(damaged)), Err(JournalError::NotAJournal { .. })), "{len}");
        } else if len < HEADER {
            is_corrupt_at(damaged, 0);
        } else if len < sample.named {
            is_corrupt_at(damaged, boundary.unwrap_or(HEADER));
        } else if boundary == Some(len) {
            let (_, found) = open(&with(damaged)).unwrap();
            assert_eq!((found.records, found.torn), (sample.records_before(len), None));
        } else {
            is_torn_at(&sample, damaged, boundary.unwrap());
        }
    }
}

#[test]
fn every_byte_flipped() {
    let sample = sample();
    let (mut corrupt, mut torn) = (0, 0);
    for at in 0..sample.bytes.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut damaged = sample.bytes.clone();
            damaged[at] ^= flip;
            let part = sample.parts.iter().find(|(range, _)| range.contains(&at)).map(|(range, _)| range.start);
            match part {
                None if at < 8 => {
                    assert!(matches!(open(&with(&damaged)), Err(JournalError::NotAJournal { .. })), "{at}");
                }
                // Each of these makes the version a greater one, except that 1 with its lowest bit flipped is 0.
                None if (8..12).contains(&at) && (at, flip) != (8, 1) => {
                    assert!(matches!(open(&with(&damaged)), Err(JournalError::Newer { .. })), "{at}");
                }
                None => is_corrupt_at(&damaged, 0),
                Some(start) if start < sample.proven => {
                    is_corrupt_at(&damaged, start);
                    corrupt += 1;
                }
                Some(start) => {
                    is_torn_at(&sample, &damaged, start);
                    torn += 1;
                }
            }
        }
    }
    assert!(corrupt > 500 && torn > 300, "{corrupt} {torn}");
}

#[test]
fn blocks_of_unsynced_records_may_be_lost_in_any_order() {
    let sample = sample();
    // The last batch is three records; each loses its block, while those behind it arrived.
    for (range, _) in sample.parts.iter().filter(|(range, _)| range.start >= sample.proven) {
        let mut damaged = sample.bytes.clone();
        damaged[range.clone()].fill(0);
        is_torn_at(&sample, &damaged, range.start);
    }
    // In a batch with one behind it, that is damage.
    for (range, _) in sample.parts.iter().filter(|(range, _)| range.start < sample.proven) {
        let mut damaged = sample.bytes.clone();
        damaged[range.clone()].fill(0);
        is_corrupt_at(&damaged, range.start);
    }
}

#[test]
fn records_of_another_file_or_place_are_none() {
    let (one, other) = (sample(), sample());
    let last = one.parts.last().unwrap().0.clone();
    // The same record at the same place of a file with the same history.
    let mut stale = one.bytes.clone();
    stale[last.clone()].copy_from_slice(&other.bytes[last.clone()]);
    is_torn_at(&one, &stale, last.start);
    // A record of the file itself, once more.
    let moved = [&one.bytes[..], &one.bytes[last]].concat();
    is_torn_at(&one, &moved, one.bytes.len());
}

#[test]
fn a_record_within_a_record_is_none() {
    let sample = sample();
    let memory = with(&sample.bytes);
    let (journal, _) = open(&memory).unwrap();
    // A payload that is a journal itself, cut short: the search behind the damage meets its frames.
    journal.append(&sample.bytes).unwrap();
    drop(journal);
    let whole = bytes(&memory);
    is_torn_at(&sample, &whole[..whole.len() - 1], sample.bytes.len());
}

#[test]
fn an_empty_file_and_another_file_are_not_journals() {
    for content in ["", "{\"records\": []}", "dvflow"] {
        let memory = with(content.as_bytes());
        assert!(matches!(open(&memory), Err(JournalError::NotAJournal { path }) if path == Path::new(FILE)));
        assert_eq!(bytes(&memory), content.as_bytes());
    }
}

#[test]
fn a_journal_of_another_kind_is_refused() {
    let memory = with(&sample().bytes);
    memory.put("home/rollouts.journal", bytes(&memory));
    let other = Journal::open(&memory, Path::new("home"), "rollouts", Options::default());
    assert!(matches!(other, Err(JournalError::OtherKind { found, .. }) if found == KIND));
}

#[test]
fn a_newer_version_is_named_and_left_untouched() {
    let mut newer = sample().bytes;
    newer[8] = 2;
    let memory = with(&newer);
    memory.put("home/state.journal.new", "of the newer release");
    let error = open(&memory).unwrap_err();
    insta::assert_snapshot!(error, @"home/state.journal has format version 2, and this release reads up to 1; use the newer release");
    let mut files = memory.files();
    files.remove(Path::new("home/state.lock"));
    assert_eq!(files.into_values().collect::<Vec<_>>(), [newer, b"of the newer release".to_vec()]);
    let error = journal::read(&memory, Path::new("home"), KIND).unwrap_err();
    assert!(matches!(error, JournalError::Newer { found: 2, .. }));
}

#[test]
fn a_file_of_version_1_is_opened_and_goes_on() {
    let directory = tempdir().unwrap();
    let file = directory.path().join("v1.journal");
    std::fs::write(&file, include_bytes!("../../data/v1.journal")).unwrap();
    let (journal, found) = Journal::open(&RealFs, directory.path(), "v1", Options::default()).unwrap();
    let mut records = vec![b"carried over".to_vec(), b"first".to_vec(), Vec::new(), vec![0, 255, 10]];
    assert_eq!(found, Contents { snapshot: Some(b"of version 1".to_vec()), records: records.clone(), torn: None });
    journal.sync(journal.append(b"next").unwrap()).unwrap();
    drop(journal);
    records.push(b"next".to_vec());
    let (_, found) = Journal::open(&RealFs, directory.path(), "v1", Options::default()).unwrap();
    assert_eq!(found.records, records);
}
