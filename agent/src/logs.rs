//! What replicas wrote, for whoever asks.

use std::collections::BTreeMap;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rollout::RevisionId;
use rollout::wire::{Answer, LogLine};
use tokio::io::{AsyncReadExt as _, BufReader};
use tokio::net::UnixStream;

use crate::server::write;

/// How often it is looked for new lines.
const INTERVAL: Duration = Duration::from_millis(250);
/// How much of the end of a file is looked at for its last lines.
const TAIL: u64 = 1 << 20;
/// A longer line is sent in parts.
const LONGEST_LINE: usize = 64 << 10;

/// Sends the last lines of every replica of a service, and then what comes.
pub(crate) async fn send(
    stream: &mut BufReader<UnixStream>,
    directory: &Path,
    revision: Option<&RevisionId>,
    lines: u32,
    follow: bool,
) -> io::Result<()> {
    let mut files: BTreeMap<PathBuf, Tail> = BTreeMap::new();
    let mut first = true;
    loop {
        for (path, replica) in replicas(directory, revision) {
            let tail = files
                .entry(path.clone())
                .or_insert_with(|| if first { Tail::last(&path, lines) } else { Tail::default() });
            for line in tail.read(&path) {
                let answer = LogLine { revision: replica.0.clone(), index: replica.1, line };
                write(stream, &Answer::Log(answer)).await?;
            }
        }
        if !follow {
            return write(stream, &Answer::Done).await;
        }
        first = false;
        let mut byte = [0];
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            // Nothing is expected of the client; what can come is its end.
            _ = stream.read(&mut byte) => return Ok(()),
        }
    }
}

/// The log files, named `REVISION-INDEX.log` by the supervisor.
fn replicas(directory: &Path, revision: Option<&RevisionId>) -> BTreeMap<PathBuf, (RevisionId, u32)> {
    let Ok(entries) = std::fs::read_dir(directory) else { return BTreeMap::new() };
    let replica = |path: &Path| {
        let (name, index) = path.file_name()?.to_str()?.strip_suffix(".log")?.rsplit_once('-')?;
        let found = (RevisionId::from(name), index.parse().ok()?);
        revision.is_none_or(|revision| *revision == found.0).then_some(found)
    };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths.filter_map(|path| replica(&path).map(|replica| (path, replica))).collect()
}

/// How far a file was read.
#[derive(Debug, Default)]
struct Tail {
    at: u64,
    /// The beginning of a line whose end has not been written yet.
    part: Vec<u8>,
}

impl Tail {
    /// Before the last lines of a file.
    fn last(path: &Path, lines: u32) -> Self {
        let find = || -> io::Result<u64> {
            let mut file = std::fs::File::open(path)?;
            let len = file.metadata()?.len();
            let from = len.saturating_sub(TAIL);
            file.seek(SeekFrom::Start(from))?;
            let mut text = Vec::new();
            file.take(TAIL).read_to_end(&mut text)?;
            let ends = text.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
            // The end of the last line is not the beginning of one.
            let ends = ends.skip(usize::from(text.last() == Some(&b'\n')));
            let begin = ends.take(lines as usize).last().filter(|_| count(&text) > u64::from(lines));
            let begin = if lines == 0 { text.len() } else { begin.unwrap_or(0) };
            Ok(from + begin as u64)
        };
        Self { at: find().unwrap_or(0), part: Vec::new() }
    }

    /// The whole lines that were written since.
    fn read(&mut self, path: &Path) -> Vec<String> {
        // A file that is gone or cannot be read has nothing new.
        let _ = self.fill(path);
        let mut lines = Vec::new();
        while let Some(end) = self.end_of_line() {
            let rest = self.part.split_off(end);
            let line = std::mem::replace(&mut self.part, rest);
            if self.part.first() == Some(&b'\n') {
                self.part.remove(0);
            }
            lines.push(String::from_utf8_lossy(&line).into_owned());
        }
        lines
    }

    fn fill(&mut self, path: &Path) -> io::Result<()> {
        let mut file = std::fs::File::open(path)?;
        if file.metadata()?.len() < self.at {
            // A log that reached its limit was truncated.
            *self = Self::default();
        }
        file.seek(SeekFrom::Start(self.at))?;
        self.at += file.take(TAIL).read_to_end(&mut self.part)? as u64;
        Ok(())
    }

    fn end_of_line(&self) -> Option<usize> {
        let end = self.part.iter().take(LONGEST_LINE).position(|byte| *byte == b'\n');
        end.or_else(|| (self.part.len() > LONGEST_LINE).then_some(LONGEST_LINE))
    }
}

/// How many lines there are, the last one without an end included.
fn count(text: &[u8]) -> u64 {
    text.split_inclusive(|byte| *byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_and_then_what_comes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r-0.log");
        std::fs::write(&path, "a\nb\nc\n").unwrap();
        for (lines, expected) in [(0, vec![]), (1, vec!["c"]), (2, vec!["b", "c"]), (9, vec!["a", "b", "c"])] {
            assert_eq!(Tail::last(&path, lines).read(&path), expected, "{lines}");
        }
        std::fs::write(&path, "a\nb").unwrap();
        let mut tail = Tail::last(&path, 1);
        assert!(tail.read(&path).is_empty(), "its end is not there yet");
        std::fs::write(&path, "a\nbb\n").unwrap();
        assert_eq!(tail.read(&path), ["bb"]);
        std::fs::write(&path, "new\n").unwrap();
        assert_eq!(tail.read(&path), ["new"], "truncated meanwhile");
    }
}
