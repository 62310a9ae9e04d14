//! What `/proc` says about processes and listening sockets.

use std::io::{self, BufReader, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::{ffi::OsStr, fmt::Write as _};

use fs_err as fs;
use rustix::process::Pid;

use super::identity::MARKER;

/// The largest environment that is looked through for a marker, in bytes.
const ENVIRON_LIMIT: u64 = 4 * 1024 * 1024;

/// The identity of this boot.
pub(super) fn boot_id() -> io::Result<String> {
    Ok(fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned())
}

/// The fields of `/proc/PID/stat` that matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stat {
    state: char,
    /// The process group.
    pub(super) group: i32,
    /// Clock ticks from boot to its start: field 22.
    pub(super) start_time: u64,
}

impl Stat {
    pub(super) fn of(pid: Pid) -> io::Result<Self> {
        let text = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_pid()))?;
        Self::parse(&text).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, format!("unknown stat: {text:?}")))
    }

    fn parse(text: &str) -> Option<Self> {
        // The second field is the program's name in parentheses, and may itself contain spaces and parentheses.
        let (_, rest) = text.rsplit_once(')')?;
        let mut fields = rest.split_ascii_whitespace();
        let state = fields.next()?.chars().next()?;
        let group = fields.nth(1)?.parse().ok()?;
        let start_time = fields.nth(16)?.parse().ok()?;
        Some(Self { state, group, start_time })
    }

    /// Whether it has exited and only waits to be collected.
    pub(super) fn is_dead(&self) -> bool {
        matches!(self.state, 'Z' | 'X')
    }
}

/// The executable that a process runs, also when its file was replaced or removed since.
pub(super) fn executable(pid: Pid) -> io::Result<PathBuf> {
    let link = fs::read_link(format!("/proc/{}/exe", pid.as_raw_pid()))?;
    let bytes = link.as_os_str().as_bytes();
    Ok(OsStr::from_bytes(bytes.strip_suffix(b" (deleted)").unwrap_or(bytes)).into())
}

/// The marker in the environment that a process was started with. `None` when it has none or belongs to another user.
pub(super) fn marker(pid: Pid) -> Option<String> {
    let file = std::fs::File::open(format!("/proc/{}/environ", pid.as_raw_pid())).ok()?;
    let mut environ = Vec::new();
    file.take(ENVIRON_LIMIT).read_to_end(&mut environ).ok()?;
    environ.split(|byte| *byte == 0).find_map(|entry| {
        let value = entry.strip_prefix(MARKER.as_bytes())?.strip_prefix(b"=")?;
        Some(str::from_utf8(value).ok()?.to_owned())
    })
}

/// Every process of this machine (of this pid namespace), kernel threads included.
pub(super) fn processes() -> io::Result<impl Iterator<Item = Pid>> {
    let entries = fs::read_dir("/proc")?;
    Ok(entries.filter_map(|entry| Pid::from_raw(entry.ok()?.file_name().to_str()?.parse().ok()?)))
}

/// The living processes of a process group.
pub(super) fn group_members(group: Pid) -> io::Result<Vec<Pid>> {
    let is_member = |stat: Stat| stat.group == group.as_raw_pid() && !stat.is_dead();
    Ok(processes()?.filter(|pid| Stat::of(*pid).is_ok_and(is_member)).collect())
}

/// The inodes of the sockets that listen on `port` where a connection to 127.0.0.1 may arrive.
pub(super) fn listeners(port: u16) -> io::Result<Vec<u64>> {
    let mut inodes = Vec::new();
    for table in ["/proc/self/net/tcp", "/proc/self/net/tcp6"] {
        match std::fs::File::open(table) {
            Ok(file) => listeners_in(BufReader::new(file), port, &mut inodes)?,
            // Without IPv6 there is no such table.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(inodes)
}

fn listeners_in(table: impl io::BufRead, port: u16, inodes: &mut Vec<u64>) -> io::Result<()> {
    for line in table.lines().skip(1) {
        let line = line?;
        let mut fields = line.split_ascii_whitespace();
        let (Some(local), Some(state), Some(inode)) = (fields.nth(1), fields.nth(1), fields.nth(5)) else { continue };
        // The kernel lists what listens first; the connections after it may be many.
        if state != "0A" {
            break;
        }
        let Some((address, local_port)) = local.split_once(':') else { continue };
        if u16::from_str_radix(local_port, 16) == Ok(port) && takes_loopback(address) {
            inodes.extend(inode.parse::<u64>().ok());
        }
    }
    Ok(())
}

/// Whether a socket bound to `address` (as in the table: words of four bytes in the machine's order) takes connections to 127.0.0.1.
fn takes_loopback(address: &str) -> bool {
    let word = |bytes: [u8; 4]| u32::from_ne_bytes(bytes);
    let table = |words: &[[u8; 4]]| {
        words.iter().fold(String::new(), |mut text, bytes| {
            let _ = write!(text, "{:08X}", word(*bytes));
            text
        })
    };
    let (zero, loopback, mapped) = ([0; 4], [127, 0, 0, 1], [0, 0, 255, 255]);
    [
        table(&[zero]),
        table(&[loopback]),
        table(&[zero, zero, zero, zero]),
        table(&[zero, zero, mapped, zero]),
        table(&[zero, zero, mapped, loopback]),
    ]
    .iter()
    .any(|known| known == address)
}

/// Which descriptor of which process a socket was found at.
#[derive(Clone, Debug)]
pub(super) struct Holder(PathBuf);

impl Holder {
    /// A process of `group` that has the socket open.
    pub(super) fn find(group: Pid, inode: u64) -> io::Result<Option<Self>> {
        for pid in group_members(group)? {
            // A process that ended meanwhile, or one whose descriptors may not be looked at, holds nothing.
            let Ok(descriptors) = std::fs::read_dir(format!("/proc/{}/fd", pid.as_raw_pid())) else { continue };
            for descriptor in descriptors.flatten() {
                let holder = Self(descriptor.path());
                if holder.holds(inode) {
                    return Ok(Some(holder));
                }
            }
        }
        Ok(None)
    }

    /// Whether it has it open still.
    pub(super) fn holds(&self, inode: u64) -> bool {
        std::fs::read_link(&self.0).is_ok_and(|link| link.as_os_str() == format!("socket:[{inode}]").as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_shift_the_fields() {
        let text = "42 (a) R 1 (b)) S 7 40 3 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 99 1 2 3";
        assert_eq!(Stat::parse(text), Some(Stat { state: 'S', group: 40, start_time: 99 }));
        assert_eq!(Stat::parse("42 (a"), None);
        assert_eq!(Stat::parse("42 (a) S 1 2"), None);
    }

    #[test]
    fn its_own_stat_agrees_with_the_system() {
        let own = rustix::process::getpid();
        let stat = Stat::of(own).unwrap();
        assert_eq!(stat.group, rustix::process::getpgrp().as_raw_pid());
        assert!(stat.start_time > 0 && !stat.is_dead());
        assert_eq!(executable(own).unwrap(), std::env::current_exe().unwrap());
    }

    #[test]
    fn finds_listeners_of_both_families_and_their_holder() {
        let own_group = rustix::process::getpgrp();
        for address in ["127.0.0.1:0", "0.0.0.0:0", "[::]:0"] {
            let listener = std::net::TcpListener::bind(address).unwrap();
            let port = listener.local_addr().unwrap().port();
            let inodes = listeners(port).unwrap();
            assert_eq!(inodes.len(), 1, "{address}");
            let holder = Holder::find(own_group, inodes[0]).unwrap().expect("this process holds it");
            assert!(holder.holds(inodes[0]));
            assert!(Holder::find(Pid::INIT, inodes[0]).unwrap().is_none());
            drop(listener);
            assert!(!holder.holds(inodes[0]), "{address}");
            assert!(listeners(port).unwrap().is_empty(), "{address}");
        }
    }

    #[test]
    fn connections_and_other_addresses_are_no_listeners() {
        let row = |address: [u8; 4], state: &str, inode: u32| {
            let address = u32::from_ne_bytes(address);
            format!("   0: {address:08X}:1F90 00000000:0000 {state} 0:0 00:0 0  0        0 {inode} 1 0 100 0 0 10 0\n")
        };
        let head = "  sl  local_address rem_address st\n";
        let table =
            [head, &row([192, 168, 0, 1], "0A", 1), &row([0; 4], "0A", 2), &row([127, 0, 0, 1], "01", 3)].concat();
        let mut inodes = Vec::new();
        listeners_in(table.as_bytes(), 8080, &mut inodes).unwrap();
        assert_eq!(inodes, [2]);
    }
}
