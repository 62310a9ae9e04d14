//! The end of a file that another process writes.

use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use fs_err::File;

use crate::error::Error;

/// How much of the end of a file is looked at, in bytes.
const LIMIT: u64 = 16 << 20;

/// A file and how far it was read.
#[derive(Debug)]
pub(crate) struct Tail {
    path: PathBuf,
    at: u64,
    /// A line whose end is not written yet.
    rest: Vec<u8>,
}

impl Tail {
    /// Opens the file and gives its last lines, at most those of its last 16 MiB.
    pub(crate) fn open(path: &Path, lines: usize) -> Result<(Self, Vec<String>), Error> {
        let read = || -> io::Result<(u64, Vec<u8>)> {
            let mut file = File::open(path)?;
            let end = file.seek(SeekFrom::End(0))?;
            let start = last_lines(&mut file, end, lines)?;
            file.seek(SeekFrom::Start(start))?;
            let mut bytes = Vec::new();
            file.take(end - start).read_to_end(&mut bytes)?;
            Ok((end, bytes))
        };
        let (at, bytes) = read().map_err(|source| Error::Read { path: path.to_owned(), source })?;
        let mut tail = Self { path: path.to_owned(), at, rest: Vec::new() };
        let lines = tail.split(&bytes);
        Ok((tail, lines))
    }

    /// The lines that were written since. A file that became shorter was begun again, and is read from its start.
    pub(crate) fn more(&mut self) -> Result<Vec<String>, Error> {
        let mut read = || -> io::Result<Vec<u8>> {
            let mut file = File::open(&self.path)?;
            let end = file.seek(SeekFrom::End(0))?;
            if end < self.at {
                self.at = 0;
                self.rest.clear();
            }
            file.seek(SeekFrom::Start(self.at))?;
            let mut bytes = Vec::new();
            file.take(LIMIT).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let bytes = read().map_err(|source| Error::Read { path: self.path.clone(), source })?;
        self.at += bytes.len() as u64;
        Ok(self.split(&bytes))
    }

    /// The last line, when its end is not written.
    pub(crate) fn unfinished(self) -> Option<String> {
        (!self.rest.is_empty()).then(|| text(&self.rest))
    }

    /// Complete lines; what is left waits for its end.
    fn split(&mut self, bytes: &[u8]) -> Vec<String> {
        self.rest.extend_from_slice(bytes);
        let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') else { return Vec::new() };
        let complete: Vec<u8> = self.rest.drain(..=end).collect();
        complete[..end].split(|byte| *byte == b'\n').map(text).collect()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Where the last lines begin.
fn last_lines(file: &mut File, end: u64, lines: usize) -> io::Result<u64> {
    const BLOCK: u64 = 64 << 10;
    if lines == 0 {
        return Ok(end);
    }
    let (mut start, mut found) = (end, 0);
    let limit = end.saturating_sub(LIMIT);
    while start > limit {
        let from = start.saturating_sub(BLOCK).max(limit);
        file.seek(SeekFrom::Start(from))?;
        let mut block = Vec::new();
        file.by_ref().take(start - from).read_to_end(&mut block)?;
        for (index, _) in block.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n') {
            let at = from + index as u64 + 1;
            // The end of the last line begins no line.
            if at < end {
                found += 1;
                if found == lines {
                    return Ok(at);
                }
            }
        }
        start = from;
    }
    Ok(limit)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[track_caller]
    fn check(content: &str, lines: usize, expected: &[&str], unfinished: Option<&str>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.log");
        fs_err::write(&path, content).unwrap();
        let (tail, found) = Tail::open(&path, lines).unwrap();
        assert_eq!(found, expected);
        assert_eq!(tail.unfinished().as_deref(), unfinished);
    }

    #[test]
    fn the_last_lines_are_whole() {
        check("", 2, &[], None);
        check("a\n", 2, &["a"], None);
        check("a\nb\nc\n", 2, &["b", "c"], None);
        check("a\nb\nc", 2, &["b"], Some("c"));
        check("a\n\n\n", 2, &["", ""], None);
        check("a\nb\n", 0, &[], None);
        let long = "x".repeat(200_000);
        check(&format!("a\n{long}\nb\n"), 2, &[&long, "b"], None);
    }

    #[test]
    fn what_is_written_later_follows_also_into_a_file_that_was_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.log");
        fs_err::write(&path, "a\n").unwrap();
        let (mut tail, _) = Tail::open(&path, 10).unwrap();
        let mut file = fs_err::OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"b\nc").unwrap();
        assert_eq!(tail.more().unwrap(), ["b"]);
        file.write_all(b"d\n").unwrap();
        assert_eq!(tail.more().unwrap(), ["cd"]);
        file.set_len(0).unwrap();
        file.write_all(b"e\n").unwrap();
        assert_eq!(tail.more().unwrap(), ["e"]);
    }
}
