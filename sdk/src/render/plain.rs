//! Events as lines that stay: all of a log, and what stands above the progress on a terminal.

use std::collections::HashSet;
use std::fmt::Display;

use framework::Severity;

use super::paint::{Label, Paint};
use super::{clean, end, plan, seconds};
use crate::event::Event;

/// Gives the lines for events.
#[derive(Debug)]
pub(crate) struct Plain {
    paint: Paint,
    /// What runs, for a plan and what a refresh finds read differently.
    verb: &'static str,
    /// The warnings that were shown. What is said of many resources is explained once.
    warnings: HashSet<String>,
}

impl Plain {
    /// In colour or without.
    pub(crate) fn new(colour: bool) -> Self {
        Self { paint: Paint(colour), verb: "", warnings: HashSet::new() }
    }

    /// The lines for an event; none for what has nothing to say.
    pub(crate) fn lines(&mut self, event: &Event) -> Option<String> {
        let paint = self.paint;
        Some(match event {
            Event::Started { verb, .. } => {
                self.verb = verb;
                return None;
            }
            Event::Waiting { .. } | Event::Refreshing { .. } | Event::Refreshed { .. } => return None,
            Event::Planned { .. } => plan::planned(paint, event, self.verb == "refresh")?,
            Event::PlanEnded { summary, refreshed } => plan::ended(paint, *summary, *refreshed),
            Event::Running { address, operation } => format!("{}: {operation} ...", clean(address)),
            Event::Done { address, operation, elapsed, succeeded } => {
                let how = if *succeeded { paint.on(Label::Good, "done") } else { paint.on(Label::Bad, "FAILED") };
                format!("{}: {operation} {how} after {}", clean(address), seconds(*elapsed))
            }
            Event::Kept { address, imported: true } => format!("{}: imported", clean(address)),
            Event::Kept { address, imported: false } => format!("{}: as declared already", clean(address)),
            Event::Skipped { address, reason } => format!("{}: skipped, for {}", clean(address), clean(reason)),
            Event::Message { severity: Severity::Warning, address, text, .. } => {
                let explained = !self.warnings.insert(text.clone());
                let text = if explained { text.lines().next().unwrap_or_default() } else { text };
                message(paint.on(Label::Changed, "warning:"), address.as_deref(), None, text)
            }
            Event::Message { severity: Severity::Error, address, location, text } => {
                message(paint.on(Label::Bad, "error:"), address.as_deref(), location.as_deref(), text)
            }
            Event::Ended { .. } => end::ended(paint, event, self.verb)?,
        })
    }
}

fn message(label: impl Display, address: Option<&str>, location: Option<&str>, text: &str) -> String {
    let place = location.map(|location| format!(" ({})", clean(location))).unwrap_or_default();
    let about = address.map(|address| format!("{}{place}: ", clean(address))).unwrap_or_default();
    format!("{label} {about}{}", clean(text).replace('\n', "\n  "))
}
