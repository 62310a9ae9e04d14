//! The file system of the machine.

use std::cell::Cell;
use std::ffi::{OsStr, OsString};
use std::fs::TryLockError;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::{self, AtFlags, CWD, FileType, OFlags, RenameFlags};
use rustix::io::Errno;

use crate::Mode;
use crate::fs::{Directory, Existing, File, Fs, Kind, Metadata};

/// The file system of the machine, by system calls relative to open directories.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealFs;

impl Fs for RealFs {
    fn open(&self, path: &Path) -> io::Result<Box<dyn Directory>> {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        open_directory(CWD, path.as_os_str(), OFlags::empty())
    }
}

fn open_directory(at: impl AsFd, path: &OsStr, flags: OFlags) -> io::Result<Box<dyn Directory>> {
    let flags = flags | OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = fs::openat(at, path, flags, fs::Mode::empty())?;
    Ok(Box::new(RealDirectory(opened.into())))
}

#[derive(Debug)]
struct RealDirectory(std::fs::File);

impl Directory for RealDirectory {
    fn open_directory(&self, name: &OsStr) -> io::Result<Box<dyn Directory>> {
        open_directory(&self.0, name, OFlags::NOFOLLOW)
    }

    fn create_directory(&self, name: &OsStr) -> io::Result<()> {
        Ok(fs::mkdirat(&self.0, name, fs::Mode::from_raw_mode(0o777))?)
    }

    fn open_file(&self, name: &OsStr) -> io::Result<Box<dyn File>> {
        // NONBLOCK: a pipe that somebody put there must not hang the caller.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let opened = fs::openat(&self.0, name, flags, fs::Mode::empty())?;
        Ok(RealFile::of(opened))
    }

    fn open_append(&self, name: &OsStr) -> io::Result<Box<dyn File>> {
        let flags =
            OFlags::RDWR | OFlags::APPEND | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let opened = fs::openat(&self.0, name, flags, fs::Mode::empty())?;
        Ok(RealFile::of(opened))
    }

    fn create_file(&self, name: &OsStr, mode: Mode) -> io::Result<Box<dyn File>> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = fs::openat(&self.0, name, flags, permissions(mode))?;
        Ok(RealFile::of(opened))
    }

    fn kind(&self, name: &OsStr) -> io::Result<Kind> {
        let stat = fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Kind::File,
            FileType::Directory => Kind::Directory,
            FileType::Symlink => Kind::Link,
            _ => Kind::Other,
        })
    }

    fn rename(&self, from: &OsStr, to: &OsStr, existing: Existing) -> io::Result<()> {
        match existing {
            Existing::Replace => Ok(fs::renameat(&self.0, from, &self.0, to)?),
            Existing::Keep => match fs::renameat_with(&self.0, from, &self.0, to, RenameFlags::NOREPLACE) {
                // File systems that cannot (NFS, some in user space) can link, which never replaces either.
                Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => self.link_then_unlink(from, to),
                result => Ok(result?),
            },
        }
    }

    fn remove_file(&self, name: &OsStr) -> io::Result<()> {
        Ok(fs::unlinkat(&self.0, name, AtFlags::empty())?)
    }

    fn remove_directory(&self, name: &OsStr) -> io::Result<()> {
        Ok(fs::unlinkat(&self.0, name, AtFlags::REMOVEDIR)?)
    }

    fn names(&self) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in fs::Dir::read_from(&self.0)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                names.push(OsStr::from_bytes(name).to_owned());
            }
        }
        Ok(names)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_all()
    }
}

impl RealDirectory {
    fn link_then_unlink(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        fs::linkat(&self.0, from, &self.0, to, AtFlags::empty())?;
        // The file has its new name, so the rename is done; the old name, if it stays, is found again by its owner.
        let _ = self.remove_file(from);
        Ok(())
    }
}

/// What is asked for; the umask takes its part away.
fn permissions(mode: Mode) -> fs::Mode {
    match mode {
        Mode::Regular => fs::Mode::from_raw_mode(0o644),
        Mode::Executable => fs::Mode::from_raw_mode(0o755),
    }
}

/// What counts is whether the owner may execute it, as in a repository.
fn mode(permissions: u32) -> Mode {
    if permissions & 0o100 == 0 { Mode::Regular } else { Mode::Executable }
}

#[derive(Debug)]
struct RealFile {
    file: std::fs::File,
    has_lock: Cell<bool>,
}

impl RealFile {
    fn of(opened: OwnedFd) -> Box<dyn File> {
        Box::new(Self { file: opened.into(), has_lock: Cell::new(false) })
    }
}

impl Drop for RealFile {
    fn drop(&mut self) {
        // Closing would not do while a child that another thread is starting has a copy of the handle.
        if self.has_lock.get() {
            let _ = self.file.unlock();
        }
    }
}

impl File for RealFile {
    fn metadata(&self) -> io::Result<Metadata> {
        let metadata = self.file.metadata()?;
        let kind = match metadata.file_type() {
            kind if kind.is_file() => Kind::File,
            kind if kind.is_dir() => Kind::Directory,
            _ => Kind::Other,
        };
        Ok(Metadata { kind, mode: mode(metadata.mode()), len: metadata.len() })
    }

    fn read(&mut self, limit: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        (&self.file).take(limit).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    fn try_lock(&self) -> io::Result<bool> {
        match self.file.try_lock() {
            Ok(()) => {
                self.has_lock.set(true);
                Ok(self.file.metadata()?.nlink() > 0)
            }
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The way of file systems that do not know NOREPLACE, which those of a test machine do.
    #[test]
    fn linking_moves_to_a_free_name_only() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("stage"), "new").unwrap();
        let directory = RealDirectory(std::fs::File::open(folder.path()).unwrap());
        directory.link_then_unlink("stage".as_ref(), "target".as_ref()).unwrap();
        assert_eq!(directory.names().unwrap(), ["target"]);

        std::fs::write(folder.path().join("stage"), "newer").unwrap();
        let error = directory.link_then_unlink("stage".as_ref(), "target".as_ref()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(folder.path().join("target")).unwrap(), b"new");
        assert!(folder.path().join("stage").exists());
    }
}
