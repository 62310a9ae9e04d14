//! The log file of a replica and its limit.

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::PathBuf;
use std::time::Duration;

use rustix::fs::{FallocateFlags, FlockOperation, fallocate, flock};

use super::launch::{Launch, SpawnError};

/// How often the size is looked at.
const INTERVAL: Duration = Duration::from_secs(1);

/// What is cut off the front of a file where the file system can do that must be a multiple of its blocks.
const BLOCK: u64 = 4096;

/// An open log.
#[derive(Debug)]
pub(crate) struct Log {
    path: PathBuf,
    file: File,
    limit: u64,
}

impl Log {
    pub(super) fn open(launch: &Launch, index: u32) -> Result<Self, SpawnError> {
        let open = || {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&launch.logs.directory)?;
            Self::at(launch.logs.directory.join(format!("{}-{index}.log", launch.revision)), launch.logs.limit)
        };
        open().map_err(|error| SpawnError::io("open the log file", error))
    }

    /// Any file that is only appended to.
    pub(crate) fn at(path: PathBuf, limit: u64) -> io::Result<Self> {
        let file = File::options().read(true).append(true).create(true).mode(0o600).open(&path)?;
        Ok(Self { path, file, limit })
    }

    /// The same open file, for a stream of the child. It appends, so truncating never leaves a hole.
    pub(super) fn for_child(&self) -> Result<File, SpawnError> {
        self.file.try_clone().map_err(|error| SpawnError::io("open the log file", error))
    }

    /// Keeps the size within the limit for as long as this is polled.
    pub(crate) async fn keep_within_limit(&self) -> Infallible {
        let mut failed = false;
        loop {
            tokio::time::sleep(INTERVAL).await;
            match self.rotate_if_due().await {
                Ok(()) => failed = false,
                // Said once until it works again: nothing is lost meanwhile, the file only grows.
                Err(error) => {
                    if !std::mem::replace(&mut failed, true) {
                        tracing::warn!(log = %self.path.display(), %error, "cannot cut the log at its limit");
                    }
                }
            }
        }
    }

    async fn rotate_if_due(&self) -> io::Result<()> {
        if self.file.metadata()?.len() <= self.limit {
            return Ok(());
        }
        let (path, writer, limit) = (self.path.clone(), self.file.try_clone()?, self.limit);
        tokio::task::spawn_blocking(move || rotate(path, &writer, limit)).await.map_err(io::Error::other)?
    }
}

/// Copies the log to `.1` and takes from it what was copied, while others append to it.
///
/// Where the file system can remove the front of a file (ext4, XFS), exactly what was copied is removed, up to a block, and
/// nothing written meanwhile can be lost. Elsewhere the copy is caught up until nothing is new and the file is truncated at once.
fn rotate(path: PathBuf, writer: &File, limit: u64) -> io::Result<()> {
    // A reader of its own, for the position of the shared description is not ours to move; and of the file that is written to,
    // whatever became of its path.
    let mut reader = File::open(format!("/proc/self/fd/{}", writer.as_raw_fd()))?;
    // While one agent hands over to the next both watch the file, and what one copied the other must not cut.
    match flock(&reader, FlockOperation::NonBlockingLockExclusive) {
        Err(rustix::io::Errno::WOULDBLOCK) => return Ok(()),
        locked => locked?,
    }
    if reader.metadata()?.len() <= limit {
        return Ok(());
    }
    let mut aside = path.into_os_string();
    aside.push(".1");
    let mut copy = File::options().write(true).create(true).truncate(true).mode(0o600).open(aside)?;
    let whole_blocks = (reader.metadata()?.len().saturating_sub(1)) / BLOCK * BLOCK;
    io::copy(&mut reader.by_ref().take(whole_blocks), &mut copy)?;
    if whole_blocks > 0 && fallocate(writer, FallocateFlags::COLLAPSE_RANGE, 0, whole_blocks).is_ok() {
        return Ok(());
    }
    loop {
        io::copy(&mut reader, &mut copy)?;
        if reader.metadata()?.len() == reader.stream_position()? {
            return writer.set_len(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;
    use std::path::Path;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const WRITERS: usize = 3;

    fn appender(path: &Path) -> File {
        File::options().read(true).append(true).create(true).open(path).unwrap()
    }

    fn both(path: &Path) -> String {
        fs::read_to_string(path.with_extension("log.1")).unwrap() + &fs::read_to_string(path).unwrap()
    }

    #[track_caller]
    fn keeps_everything(directory: &Path) {
        let path = directory.join("a.log");
        let mut log = appender(&path);
        for text in ["short\n".to_owned(), "x".repeat(8192), "line\n".repeat(5000)] {
            log.set_len(0).unwrap();
            log.write_all(text.as_bytes()).unwrap();
            rotate(path.clone(), &log, 0).unwrap();
            assert_eq!(both(&path), text);
            assert!(path.metadata().unwrap().len() <= BLOCK);
            log.write_all(b"after\n").unwrap();
            assert_eq!(both(&path), text + "after\n");
        }
    }

    #[test]
    fn a_rotation_keeps_everything_in_order() {
        keeps_everything(tempfile::tempdir().unwrap().path());
        // Memory, where the front of a file cannot be removed.
        if let Ok(directory) = tempfile::tempdir_in("/dev/shm") {
            keeps_everything(directory.path());
        }
    }

    #[test]
    fn of_two_agents_one_rotates() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.log");
        let mut log = appender(&path);
        log.write_all(b"text\n").unwrap();
        let other = File::open(&path).unwrap();
        flock(&other, FlockOperation::LockExclusive).unwrap();
        rotate(path.clone(), &log, 0).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"text\n");
        drop(other);
        rotate(path.clone(), &log, 5).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"text\n", "cut by the other meanwhile");
        rotate(path.clone(), &log, 0).unwrap();
        assert_eq!((fs::read(&path).unwrap(), both(&path)), (Vec::new(), "text\n".to_owned()));
    }

    #[test]
    fn a_log_that_was_moved_away_is_the_one_that_is_cut() {
        let directory = tempfile::tempdir().unwrap();
        let (path, moved) = (directory.path().join("a.log"), directory.path().join("moved"));
        let mut log = appender(&path);
        log.write_all(b"written\n").unwrap();
        fs::rename(&path, &moved).unwrap();
        fs::write(&path, "another's\n").unwrap();
        rotate(path.clone(), &log, 0).unwrap();
        assert_eq!(both(&path), "written\nanother's\n");
        assert_eq!(fs::read(&moved).unwrap(), b"");
    }

    #[test]
    fn lines_written_during_a_rotation_are_not_lost() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.log");
        let mut log = appender(&path);
        log.write_all(&[b'x'; 8192]).unwrap();
        if fallocate(&log, FallocateFlags::COLLAPSE_RANGE, 0, BLOCK).is_err() {
            // This file system truncates, and there the last moment is not covered.
            return;
        }
        log.set_len(0).unwrap();
        let (mut text, ended) = (Vec::new(), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let (path, ended) = (&path, &ended);
                scope.spawn(move || {
                    let mut log = appender(path);
                    (0..30_000).for_each(|line| log.write_all(format!("{writer} {line}\n").as_bytes()).unwrap());
                    ended.fetch_add(1, Ordering::Release);
                });
            }
            while ended.load(Ordering::Acquire) < WRITERS {
                // Up to a block there is nothing to cut, and the file would be truncated.
                if path.metadata().unwrap().len() > BLOCK {
                    rotate(path.clone(), &log, BLOCK).unwrap();
                    text.extend(fs::read(path.with_extension("log.1")).unwrap());
                }
            }
        });
        text.extend(fs::read(&path).unwrap());
        let text = String::from_utf8(text).unwrap();
        for writer in 0..WRITERS {
            let own = text.lines().filter_map(|line| line.strip_prefix(&format!("{writer} ")));
            let lines: Vec<u32> = own.map(|line| line.parse().unwrap()).collect();
            assert!(
                lines == (0..30_000).collect::<Vec<_>>(),
                "writer {writer}: {} lines, or out of order",
                lines.len()
            );
        }
    }
}
