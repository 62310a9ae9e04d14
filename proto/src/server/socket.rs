//! The socket on which the host finds this process.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile, TempDir};

use super::invitation::Placement;

/// A socket that listens. Its files are removed when it is dropped.
#[derive(Debug)]
pub(super) struct Socket {
    listener: NamedTempFile<UnixListener>,
    /// The folder that was made for it.
    _folder: Option<TempDir>,
}

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub(super) enum SocketError {
    #[error("cannot make a folder for the socket: {0}")]
    Folder(#[source] io::Error),
    #[error("cannot listen on a socket in {}: {source}; a socket's path has at most 107 bytes, set TMPDIR to a shorter one if that is it", folder.display())]
    Listen { folder: PathBuf, source: io::Error },
    #[error("cannot announce the socket {}: its path has a `|`, a line break or bytes that are no text", .0.display())]
    Path(PathBuf),
    #[error("cannot give the group `{group}` access to the socket: {source}")]
    Group { group: String, source: io::Error },
}

impl Socket {
    /// Listens where the host wants it: in its folder, or in a new one that only this user can enter.
    pub(super) fn listen(placement: &Placement) -> Result<Self, SocketError> {
        let own = match placement.folder {
            Some(_) => None,
            None => Some(own_folder().map_err(SocketError::Folder)?),
        };
        let folder = own.as_ref().map(TempDir::path).or(placement.folder.as_deref()).unwrap_or(Path::new("."));
        let listener = Builder::new()
            .prefix("plugin")
            .make_in(folder, |path| UnixListener::bind(path))
            .map_err(|source| SocketError::Listen { folder: folder.to_owned(), source })?;
        if listener.path().to_str().is_none_or(|path| path.contains(['|', '\n', '\r'])) {
            return Err(SocketError::Path(listener.path().to_owned()));
        }
        if let Some(group) = &placement.group {
            let give = || {
                let gid = gid(group)?;
                give_to_group(listener.path(), gid, 0o660)?;
                own.as_ref().map_or(Ok(()), |own| give_to_group(own.path(), gid, 0o770))
            };
            give().map_err(|source| SocketError::Group { group: group.clone(), source })?;
        }
        Ok(Self { listener, _folder: own })
    }

    pub(super) fn path(&self) -> &Path {
        self.listener.path()
    }

    /// The listener for tokio. The files stay until the socket is dropped.
    pub(super) fn listener(&self) -> io::Result<tokio::net::UnixListener> {
        let listener = self.listener.as_file().try_clone()?;
        listener.set_nonblocking(true)?;
        tokio::net::UnixListener::from_std(listener)
    }
}

fn own_folder() -> io::Result<TempDir> {
    Builder::new().prefix("plugin").permissions(Permissions::from_mode(0o700)).tempdir()
}

fn give_to_group(path: &Path, gid: u32, mode: u32) -> io::Result<()> {
    chown(path, None, Some(gid))?;
    fs::set_permissions(path, Permissions::from_mode(mode))
}

/// The number of a group that is given by name or number.
fn gid(group: &str) -> io::Result<u32> {
    if let Ok(gid) = group.parse() {
        return Ok(gid);
    }
    let groups = fs::read_to_string("/etc/group")?;
    let named = |line: &str| {
        let mut fields = line.split(':');
        (fields.next()? == group).then(|| fields.nth(1)?.parse().ok())?
    };
    groups.lines().find_map(named).ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such group"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn only_this_user_can_enter_its_own_folder_and_nothing_stays() {
        let socket = Socket::listen(&Placement::default()).unwrap();
        let (path, folder) = (socket.path().to_owned(), socket.path().parent().unwrap().to_owned());
        assert_eq!(mode(&folder), 0o700);
        drop(socket);
        assert!(!path.exists() && !folder.exists());
    }

    #[test]
    fn in_the_hosts_folder_only_the_socket_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let placement = Placement { folder: Some(folder.path().to_owned()), group: None };
        let socket = Socket::listen(&placement).unwrap();
        assert_eq!(socket.path().parent(), Some(folder.path()));
        drop(socket);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_path_that_the_handshake_cannot_say_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let odd = folder.path().join("a|b");
        fs::create_dir(&odd).unwrap();
        let error = Socket::listen(&Placement { folder: Some(odd.clone()), group: None }).unwrap_err();
        assert!(matches!(error, SocketError::Path(_)), "{error}");
        assert_eq!(fs::read_dir(odd).unwrap().count(), 0);
    }

    #[test]
    fn a_group_gets_access() {
        let gid = fs::metadata("/proc/self").map(|own| std::os::unix::fs::MetadataExt::gid(&own)).unwrap();
        let socket = Socket::listen(&Placement { folder: None, group: Some(gid.to_string()) }).unwrap();
        assert_eq!((mode(socket.path()), mode(socket.path().parent().unwrap())), (0o660, 0o770));
    }

    #[test]
    fn an_unknown_group_is_an_error_that_names_it() {
        let placement = Placement { folder: None, group: Some("no-such-group".into()) };
        let error = Socket::listen(&placement).unwrap_err().to_string();
        assert_eq!(error, "cannot give the group `no-such-group` access to the socket: no such group");
    }
}
