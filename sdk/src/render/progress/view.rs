//! What goes on, as lines: some for a terminal, and for a log what takes long.

use std::fmt::Write as _;
use std::time::Duration;

use super::{Blocked, Doing, Progress, Running};
use crate::event::Step;
use crate::render::escape::one_line;
use crate::render::paint::{self, Label, Paint};
use crate::render::seconds;
use crate::state::Operation;

/// Nothing is drawn before a run took so long.
const QUIET: Duration = Duration::from_millis(250);

/// How often a log is told that something still runs.
const STILL: Duration = Duration::from_secs(10);

/// How many lines show what runs, and how many what waits.
const RUNNING: usize = 8;
const WAITING: usize = 4;

impl Running {
    /// `+ create ADDRESS`.
    fn shown(&self, paint: Paint) -> String {
        let ((symbol, label), word) = match self.doing {
            Doing::Operation(operation) => (paint::operation(operation), operation.to_string()),
            Doing::Refresh => (paint::step(Step::Read), "refresh".to_owned()),
        };
        let indent = " ".repeat(3_usize.saturating_sub(symbol.len()));
        format!("{indent}{} {word} {}", paint.on(label, symbol), one_line(&self.address))
    }

    /// The line that it still runs.
    fn still(&self, elapsed: Duration) -> String {
        let doing = match self.doing {
            Doing::Operation(Operation::Create) => "creating",
            Doing::Operation(Operation::Update) => "updating",
            Doing::Operation(Operation::Delete) => "deleting",
            Doing::Refresh => "refreshing",
        };
        format!("{}: still {doing}, {} elapsed", one_line(&self.address), seconds(elapsed))
    }
}

/// How many of so many have room, when the last line says how many more there are.
fn fitting(all: usize, room: usize) -> usize {
    if all <= room { all } else { room.saturating_sub(1) }
}

impl Progress {
    /// The lines for a terminal with so many columns and lines; none while there is nothing to show.
    pub(crate) fn lines(&self, now: Duration, (columns, rows): (usize, usize), colour: bool) -> Vec<String> {
        let Some(began) = self.began.filter(|began| now.saturating_sub(*began) >= QUIET) else { return Vec::new() };
        let paint = Paint(colour);
        let mut lines = vec![self.headline(paint, now.saturating_sub(began))];
        // One line for the headline, and one that stays free for the cursor.
        let room = rows.saturating_sub(2);
        self.show_running(&mut lines, paint, now, RUNNING.min(room));
        let left = (room + 1).saturating_sub(lines.len());
        self.show_waiting(&mut lines, WAITING.min(left));
        lines.truncate(room + 1);
        lines.iter().map(|line| console::truncate_str(line, columns.max(2) - 1, "…").into_owned()).collect()
    }

    fn headline(&self, paint: Paint, elapsed: Duration) -> String {
        let title = paint.on(Label::Strong, one_line(&self.title));
        let elapsed = seconds(elapsed);
        let busy = self.running.len() + self.ready.len() + self.blocked.len();
        let begun = self.done + self.failed + self.skipped + busy as u64;
        let Some(total) = self.total.filter(|_| begun > 0) else {
            let refreshed = match self.refreshed {
                0 => String::new(),
                many => format!("{many} refreshed, "),
            };
            return format!("{title}: {refreshed}{} with changes so far, {elapsed}", self.planned);
        };
        let mut text = format!("{title}: {} of {} done", self.done, total.max(begun));
        if self.failed > 0 {
            let _ = write!(text, ", {}", paint.on(Label::Bad, format!("{} failed", self.failed)));
        }
        if self.skipped > 0 {
            let _ = write!(text, ", {} skipped", self.skipped);
        }
        format!("{text}, {elapsed}")
    }

    fn show_running(&self, lines: &mut Vec<String>, paint: Paint, now: Duration, room: usize) {
        let all = self.running.len() + self.refreshing.len();
        let shown = fitting(all, room);
        for running in self.running.values().chain(self.refreshing.values()).take(shown) {
            lines.push(format!("{}  {}", running.shown(paint), seconds(now.saturating_sub(running.since))));
        }
        if all > shown && room > 0 {
            lines.push(format!("    and {} more running", all - shown));
        }
    }

    fn show_waiting(&self, lines: &mut Vec<String>, mut room: usize) {
        if !self.ready.is_empty() && room > 0 {
            let (waiting, parallel) = (self.ready.len(), self.parallel);
            let run = if parallel == 1 { "runs" } else { "run" };
            lines.push(format!("    {waiting} waiting for a free place, at most {parallel} {run} at once"));
            room -= 1;
        }
        let shown = fitting(self.blocked.len(), room);
        for Blocked { address, operation, on } in self.blocked.values().take(shown) {
            let more = match on.len() {
                0..=2 => String::new(),
                many => format!(" and {} more", many - 2),
            };
            let on: Vec<String> = on.iter().take(2).map(|address| one_line(address)).collect();
            lines.push(format!("    {operation} {} waits for {}{more}", one_line(address), on.join(", ")));
        }
        if self.blocked.len() > shown && room > 0 {
            lines.push(format!("    and {} more waiting", self.blocked.len() - shown));
        }
    }

    /// The lines that say to a log what still runs, of which it heard nothing for long, or that the whole still goes on, while
    /// nothing runs.
    pub(crate) fn still(&mut self, now: Duration) -> Vec<String> {
        if let Some(began) = self.began.filter(|_| self.running.is_empty() && self.refreshing.is_empty())
            && now.saturating_sub(self.heard) >= STILL
        {
            self.heard = now;
            return vec![self.headline(Paint(false), now.saturating_sub(began))];
        }
        let silent = |running: &Running| now.saturating_sub(running.told) >= STILL;
        let all = self.running.values_mut().chain(self.refreshing.values_mut());
        let mut due: Vec<_> = all.filter(|running| silent(running)).collect();
        let shown = fitting(due.len(), RUNNING);
        let mut lines = Vec::new();
        for (index, running) in due.iter_mut().enumerate() {
            let elapsed = now.saturating_sub(running.since);
            // By whole steps from the beginning, however late the time is looked at.
            running.told = running.since + Duration::from_secs(elapsed.as_secs() / STILL.as_secs() * STILL.as_secs());
            if index < shown {
                lines.push(running.still(elapsed));
            }
        }
        if due.len() > shown {
            lines.push(format!("and {} more still run", due.len() - shown));
        }
        lines
    }
}
