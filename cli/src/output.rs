//! The owner of the streams: data on stdout or in the file of `--output`, everything else on stderr.

use std::env;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use disk::{Artifact, Artifacts, Expect, Folder};
use fs_err as fs;
use serde::Serialize;

use crate::error::Error;
use crate::render::Paint;

/// Where data and words go, and how they look.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
    file: Option<PathBuf>,
}

impl Output {
    /// Data as JSON or for people, to a file or to stdout.
    pub(crate) fn new(json: bool, file: Option<PathBuf>) -> Self {
        Self { json, file }
    }

    /// Writes all data of a command: as indented JSON, or as `human` shows it. A file is replaced as a whole.
    pub(crate) fn data<T: Serialize>(&self, value: &T, human: impl FnOnce(Paint) -> String) -> Result<(), Error> {
        let text = if self.json {
            let json = serde_json::to_string_pretty(value).expect("wire types have text keys and no failing parts");
            json + "\n"
        } else {
            human(self.paint())
        };
        match &self.file {
            Some(path) => save(path, text),
            None => to_stdout(text.as_bytes()),
        }
    }

    /// For data that comes piece by piece. A file is emptied first.
    pub(crate) fn lines(&self) -> Result<Lines, Error> {
        let file = match &self.file {
            Some(path) => Some(fs::File::create(path).map_err(write_error("the output"))?),
            None => None,
        };
        Ok(Lines { json: self.json, paint: self.paint(), file })
    }

    /// Whether data is written as JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Says something that is not data.
    pub(crate) fn say(text: &str) {
        // Nobody to tell when nobody listens.
        let _ = writeln!(io::stderr().lock(), "{}", text.trim_end_matches('\n'));
    }

    /// Shows an error with its causes and its hint.
    pub(crate) fn error(error: &Error) {
        Self::say(&error.report(Paint::new(colours(io::stderr().is_terminal()))));
    }

    fn paint(&self) -> Paint {
        Paint::new(self.file.is_none() && colours(io::stdout().is_terminal()))
    }
}

/// Data that comes piece by piece; each piece is a line and is written at once.
#[derive(Debug)]
pub(crate) struct Lines {
    json: bool,
    paint: Paint,
    file: Option<fs::File>,
}

impl Lines {
    /// Writes one piece: as a line of JSON, or as `human` shows it.
    pub(crate) fn write<T: Serialize>(&mut self, value: &T, human: impl FnOnce(Paint) -> String) -> Result<(), Error> {
        let text = if self.json {
            serde_json::to_string(value).expect("wire types have text keys and no failing parts")
        } else {
            human(self.paint)
        };
        let line = text.trim_end_matches('\n').to_owned() + "\n";
        match &mut self.file {
            Some(file) => file.write_all(line.as_bytes()).map_err(write_error("the output")),
            None => to_stdout(line.as_bytes()),
        }
    }
}

/// Whether a stream gets colours (<https://no-color.org>).
fn colours(terminal: bool) -> bool {
    let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    terminal && !set("NO_COLOR") && env::var_os("TERM").is_some_and(|term| term != "dumb")
}

fn to_stdout(bytes: &[u8]) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(write_error("stdout"))
}

fn write_error(place: &str) -> impl FnOnce(io::Error) -> Error {
    move |source| match source.kind() {
        io::ErrorKind::BrokenPipe => Error::BrokenPipe,
        _ => Error::Write { place: place.to_owned(), source },
    }
}

/// Replaces a file as a whole, so that readers find the old or the new one. What is no regular file (a pipe, a link) is written into.
fn save(path: &Path, text: String) -> Result<(), Error> {
    let regular = path.symlink_metadata().map_or(true, |metadata| metadata.is_file());
    let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| disk::RelativePath::new(name).ok());
    let (true, Some(name)) = (regular, name) else {
        return fs::write(path, text).map_err(write_error("the output"));
    };
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let artifacts = Artifacts::from([(name, Artifact::text(text))]);
    Ok(Folder::new(parent).publish(&artifacts, |_, _| Expect::Anything)?)
}
