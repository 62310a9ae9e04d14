//! The files of a tree: found breadth first within limits, without following links, and read up to a limit.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{self, DirEntry, File, ReadDir};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::{MARKER, MAX_BYTES, Note};

/// How many directories deep files are looked for.
const MAX_DEPTH: usize = 16;

/// How many files and directories are looked at.
const MAX_ENTRIES: usize = 50_000;

/// How much of a file is read to find [`MARKER`] on its first line, in bytes.
const FIRST_LINE_BYTES: u64 = 512;

/// Directories that hold what tools download or build, or what tests read, never what a project is made of.
const SKIPPED: &[&str] = &[
    "__fixtures__",
    "__pycache__",
    "_build",
    "build",
    "dist",
    "fixtures",
    "node_modules",
    "target",
    "testdata",
    "vendor",
    "venv",
];

/// Hidden directories that are looked into.
const HIDDEN: &[&str] = &[".circleci", ".config", ".github"];

/// The files of a tree.
pub(super) struct Tree {
    root: PathBuf,
    /// The files by their paths relative to the root.
    files: BTreeMap<String, FileEntry>,
}

struct FileEntry {
    /// The path on disk, which need not be Unicode.
    disk: PathBuf,
    executable: bool,
}

/// A search that is under way.
struct Walk<'a> {
    files: BTreeMap<String, FileEntry>,
    /// Directories that are still to be looked into: the path, the path on disk, the depth.
    queue: VecDeque<(String, PathBuf, usize)>,
    /// How many files and directories were looked at.
    seen: usize,
    notes: &'a mut Vec<Note>,
}

impl Walk<'_> {
    /// Looks into the directories of the queue, and those that this adds to it, until a limit is reached.
    fn run(&mut self) {
        while let Some((directory, disk, depth)) = self.queue.pop_front() {
            if self.seen >= MAX_ENTRIES {
                self.note(directory, format!("stopped looking here, after {MAX_ENTRIES} files and directories"));
                return;
            }
            match fs::read_dir(&disk) {
                Ok(entries) => self.directory(entries, &directory, depth),
                Err(error) => self.note(directory, format!("cannot be read ({error}); its files are not looked at")),
            }
        }
    }

    /// Takes in the entries of one directory, in the order of their names.
    fn directory(&mut self, entries: ReadDir, directory: &str, depth: usize) {
        let mut entries: Vec<DirEntry> = entries.take(MAX_ENTRIES + 1).filter_map(Result::ok).collect();
        // A directory that does not fit is left out whole: half of it would be whichever half the system lists first.
        if entries.len() > MAX_ENTRIES {
            self.note(directory, format!("holds more than {MAX_ENTRIES} entries; none of them is looked at"));
            return;
        }
        entries.sort_by_key(DirEntry::file_name);
        let has = |name: &str| entries.iter().any(|entry| entry.file_name() == name);
        // Environments of Python carry this file whatever their directory is called.
        if directory != "." && has("pyvenv.cfg") {
            return;
        }
        let is_mix = has("mix.exs");
        self.seen += entries.len();
        for entry in entries.into_iter().filter(|entry| !(is_mix && entry.file_name() == "deps")) {
            self.entry(&entry, directory, depth);
        }
    }

    /// Takes in one entry of a directory.
    fn entry(&mut self, entry: &DirEntry, directory: &str, depth: usize) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = join(directory, &name);
        let Ok(kind) = entry.file_type() else { return };
        if kind.is_symlink() && !SKIPPED.contains(&name.as_str()) {
            self.note(path, "is a link, and links are not followed");
        } else if kind.is_dir() && !is_skipped(&name) {
            if depth + 1 < MAX_DEPTH {
                self.queue.push_back((path, entry.path(), depth + 1));
            } else {
                self.note(path, format!("stopped looking here, {MAX_DEPTH} directories deep"));
            }
        } else if kind.is_file() && !has_marker(&entry.path()) {
            self.files.insert(path, FileEntry { disk: entry.path(), executable: is_executable(entry) });
        }
    }

    fn note(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.notes.push(Note::new(path, None, message));
    }
}

impl Tree {
    /// Finds the files below `root`. What is left out for another reason than its name is noted.
    pub(super) fn read(root: &Path, notes: &mut Vec<Note>) -> io::Result<Self> {
        let mut walk = Walk { files: BTreeMap::new(), queue: VecDeque::new(), seen: 0, notes };
        walk.directory(fs::read_dir(root)?, ".", 0);
        walk.run();
        Ok(Self { root: root.to_owned(), files: walk.files })
    }

    /// Whether there is a file of that path.
    pub(super) fn has(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// Whether the owner may execute the file.
    pub(super) fn is_executable(&self, path: &str) -> bool {
        self.files.get(path).is_some_and(|file| file.executable)
    }

    /// All files, sorted.
    pub(super) fn files(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// The files in and below a directory, sorted.
    pub(super) fn under<'a>(&'a self, directory: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let prefix = if directory == "." { String::new() } else { format!("{directory}/") };
        let start = prefix.clone();
        self.files.range(start..).map(|(path, _)| path.as_str()).take_while(move |path| path.starts_with(&prefix))
    }

    /// The text of a file. None, with a note, when it is too large or cannot be read; none without a note when it is not there.
    pub(super) fn text(&self, path: &str, notes: &mut Vec<Note>) -> Option<String> {
        let file = self.files.get(path)?;
        match read_bounded(&file.disk) {
            Ok(Some(text)) => Some(text),
            Ok(None) => {
                notes.push(Note::new(
                    path,
                    None,
                    format!("is larger than {MAX_BYTES} bytes; only its presence counts"),
                ));
                None
            }
            Err(error) => {
                notes.push(Note::new(path, None, format!("cannot be read ({error}); only its presence counts")));
                None
            }
        }
    }

    /// The text of a file in `.git`, which is not part of the tree.
    pub(super) fn git_text(&self, name: &str) -> Option<String> {
        let mut path = self.root.clone();
        for part in Path::new(".git").join(name).components() {
            path.push(part);
            if fs::symlink_metadata(&path).ok()?.is_symlink() {
                return None;
            }
        }
        if path.is_file() { read_bounded(&path).ok().flatten() } else { None }
    }

    /// Whether `.git` is a file that points to a repository elsewhere, as in worktrees and submodules.
    pub(super) fn points_to_git(&self) -> bool {
        fs::symlink_metadata(self.root.join(".git")).is_ok_and(|metadata| metadata.is_file())
    }
}

/// A path below a directory; `.` is the root.
pub(super) fn join(directory: &str, name: &str) -> String {
    if directory == "." { name.to_owned() } else { format!("{directory}/{name}") }
}

/// The directory of a path; `.` is the root.
pub(super) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or(".", |(directory, _)| directory)
}

/// The last part of a path.
pub(super) fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// Whether a path ends with one of these extensions, in lower case as the tools want them.
pub(super) fn has_extension(path: &str, extensions: &[&str]) -> bool {
    name(path).rsplit_once('.').is_some_and(|(_, extension)| extensions.contains(&extension))
}

/// Whether a path is that of a YAML file.
pub(super) fn is_yaml(path: &str) -> bool {
    has_extension(path, &["yml", "yaml"])
}

/// The directory and those above it, up to the root.
pub(super) fn ancestors(directory: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(directory), |path| (*path != ".").then(|| parent(path)))
}

/// A path of the tree as seen from a directory above it.
pub(super) fn relative<'a>(path: &'a str, directory: &str) -> &'a str {
    if directory == "." {
        path
    } else {
        path.strip_prefix(directory).and_then(|rest| rest.strip_prefix('/')).unwrap_or(path)
    }
}

fn is_skipped(name: &str) -> bool {
    SKIPPED.contains(&name) || (name.starts_with('.') && !HIDDEN.contains(&name))
}

/// Reads a file as text. None when it is larger than the limit; what is not UTF-8 is replaced.
fn read_bounded(path: &Path) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Ok(None);
    }
    let text = String::from_utf8_lossy(&bytes);
    Ok(Some(text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned()))
}

/// Whether the first line of a file says that this project wrote it.
fn has_marker(path: &Path) -> bool {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(FIRST_LINE_BYTES).read_to_end(&mut bytes));
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    read.is_ok() && first.windows(MARKER.len()).any(|part| part == MARKER.as_bytes())
}

#[cfg(unix)]
fn is_executable(entry: &DirEntry) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    entry.metadata().is_ok_and(|metadata| metadata.permissions().mode() & 0o100 != 0)
}

#[cfg(not(unix))]
fn is_executable(_: &DirEntry) -> bool {
    false
}
