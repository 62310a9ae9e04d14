//! The owner of the streams: data on stdout, everything else on stderr, and on a terminal what goes on below that.

use std::fmt::Display;
use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use anstream::AutoStream;
use clap::ColorChoice;
use console::Term;
use framework::Severity;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use crate::event::{Event, WireEvent, without_controls};
use crate::render::{Plain, Progress, export};
use crate::secrets::Secret;
use crate::sync::lock;

/// How often the lines on a terminal are drawn, and how often a log is told what takes long.
const FRAME: Duration = Duration::from_millis(100);

/// What stdout gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Texts for people.
    Text,
    /// Every event, as lines of JSON.
    Events,
    /// One document of JSON, or the error in its place.
    Document,
}

/// The streams. Clones are the same ones.
#[derive(Clone)]
pub(super) struct Output(Arc<Mutex<Screen>>);

struct Screen {
    format: Format,
    colour: bool,
    plain: Plain,
    progress: Progress,
    began: Instant,
    /// Whether stderr is a terminal on which lines can be replaced.
    live: bool,
    bar: Option<ProgressBar>,
    /// What is to be written above the bar with the next frame.
    above: Vec<String>,
    /// Whether somebody is asked just now.
    asking: bool,
}

impl Output {
    pub(super) fn new(format: Format, colour: ColorChoice) -> Self {
        let colour = match colour {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never,
        };
        let screen = Screen {
            format,
            colour,
            plain: Plain::new(colour),
            progress: Progress::default(),
            began: Instant::now(),
            live: format == Format::Text && !ProgressDrawTarget::stderr().is_hidden(),
            bar: None,
            above: Vec::new(),
            asking: false,
        };
        Self(Arc::new(Mutex::new(screen)))
    }

    /// Draws what goes on from now on, until this is dropped.
    pub(super) fn start(&self) {
        let screen = Arc::downgrade(&self.0);
        thread::spawn(move || {
            while let Some(screen) = screen.upgrade() {
                lock(&screen).frame();
                drop(screen);
                thread::sleep(FRAME);
            }
        });
    }

    /// Shows an event.
    pub(super) fn event(&self, event: &Event) {
        lock(&self.0).event(event);
    }

    /// Shows an error that is no event of a run.
    pub(super) fn error(&self, error: impl Display) {
        self.event(&Event::Message {
            severity: Severity::Error,
            address: None,
            location: None,
            text: error.to_string(),
        });
    }

    /// Says something that is neither data nor an event.
    pub(super) fn say(&self, text: &str) {
        let mut screen = lock(&self.0);
        // The cursor stands behind a question.
        let text = if screen.asking { format!("\n{text}") } else { text.to_owned() };
        screen.above(text);
        screen.flush();
    }

    /// What somebody answers to a question; none when nobody can be asked.
    pub(super) fn ask(&self, question: &str) -> Option<String> {
        if !io::stdin().is_terminal() {
            return None;
        }
        self.asking(|| {
            let mut stderr = io::stderr();
            let _ = write!(stderr, "{question} ").and_then(|()| stderr.flush());
            let mut answer = String::new();
            let read = io::stdin().lock().read_line(&mut answer);
            read.ok().map(|_| answer.trim().to_owned())
        })
    }

    /// What somebody at the terminal answers to a question, without an echo.
    pub(super) fn ask_hidden(&self, question: &str) -> io::Result<Secret<String>> {
        self.asking(|| rpassword::prompt_password(format!("{question}: ")).map(Secret::new))
    }

    /// Asks while nothing is drawn.
    fn asking<T>(&self, ask: impl FnOnce() -> T) -> T {
        let mut screen = lock(&self.0);
        screen.draw(&[]);
        screen.flush();
        screen.asking = true;
        drop(screen);
        let answer = ask();
        lock(&self.0).asking = false;
        answer
    }

    /// Whether somebody agrees, unless the answer was given with the command. Without anybody to ask the answer is no.
    pub(super) fn agreed(&self, yes: bool, what: &str) -> bool {
        if yes {
            return true;
        }
        let answer = self.ask(&format!("Do you want to {what}? Only `yes` is taken for one:"));
        if answer.is_none() {
            self.say(&format!("Nobody can be asked here: give --yes to {what}."));
        }
        answer.as_deref() == Some("yes")
    }

    /// Takes away what is drawn, for the process ends.
    pub(super) fn clear(&self) {
        let mut screen = lock(&self.0);
        screen.draw(&[]);
        screen.flush();
    }

    /// Writes data: as JSON, or as `human` shows it.
    pub(super) fn data<T: Serialize>(&self, value: &T, human: impl FnOnce(&T) -> String) {
        if lock(&self.0).format == Format::Text {
            stdout(&human(value));
        } else {
            Self::json(value);
        }
    }

    /// Writes data that is JSON for people, too.
    pub(super) fn json<T: Serialize>(value: &T) {
        stdout(&without_controls(&serde_json::to_string_pretty(value).expect("its keys are texts and numbers")));
    }
}

impl Screen {
    fn event(&mut self, event: &Event) {
        let is_error = matches!(event, Event::Message { severity: Severity::Error, .. });
        if self.format == Format::Events || (self.format == Format::Document && is_error) {
            return stdout(&WireEvent::from(event).to_line());
        }
        self.progress.event(event, self.began.elapsed());
        // On a terminal what runs is drawn; that it ended stays.
        let drawn = self.live && matches!(event, Event::Running { .. });
        if let Some(lines) = self.plain.lines(event).filter(|_| !drawn) {
            self.above(lines);
        }
        if let Event::Ended { succeeded, exports, .. } = event {
            self.draw(&[]);
            self.flush();
            for (name, value) in exports.iter().filter(|_| *succeeded) {
                stdout(&export(name, value));
            }
        }
    }

    fn above(&mut self, lines: String) {
        self.above.push(lines);
        if self.bar.is_none() {
            self.flush();
        }
    }

    /// Writes what stays.
    fn flush(&mut self) {
        if self.above.is_empty() {
            return;
        }
        let text = self.above.join("\n") + "\n";
        self.above.clear();
        // Nobody to tell when nobody listens.
        let write = || drop(io::stderr().lock().write_all(text.as_bytes()));
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    fn frame(&mut self) {
        if self.asking {
            return;
        }
        let now = self.began.elapsed();
        if self.live {
            self.flush();
            let (rows, columns) = Term::stderr().size();
            self.draw(&self.progress.lines(now, (columns.into(), rows.into()), self.colour));
        } else {
            self.above.extend(self.progress.still(now));
            self.flush();
        }
    }

    /// Draws these lines in place of those drawn last.
    fn draw(&mut self, lines: &[String]) {
        if lines.is_empty() {
            if let Some(bar) = self.bar.take() {
                bar.finish_and_clear();
            }
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let style = ProgressStyle::with_template("{msg}").expect("it is a template");
            ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_style(style)
        });
        bar.set_message(lines.join("\n"));
    }
}

fn stdout(text: &str) {
    // Nobody to tell when nobody reads.
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    let _ = write!(io::stdout().lock(), "{text}{end}");
}
