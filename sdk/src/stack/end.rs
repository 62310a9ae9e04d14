//! What is told when a verb ends.

use std::collections::BTreeMap;
use std::time::Duration;

use framework::Severity;

use super::{Error, Report, Stack};
use crate::event::{Event, Failure, Unfinished};
use crate::{Problem, state};

impl Stack {
    /// Tells how a verb ended. What its problems say was told when they arose; what else ended it is told now.
    pub(super) fn tell_ended(&self, outcome: &Result<Report, Error>, elapsed: Duration) {
        let (report, problems) = match outcome {
            Ok(report) => (Some(report), &[][..]),
            Err(Error::Incomplete(report)) => (Some(&**report), &report.problems[..]),
            Err(Error::Refused(problems)) => (None, &problems[..]),
            Err(error) => {
                self.say(Severity::Error, error.to_string());
                (None, &[][..])
            }
        };
        (self.reporter)(&Event::Ended {
            succeeded: outcome.is_ok(),
            counts: report.map(|report| report.counts).unwrap_or_default(),
            elapsed,
            exports: report.map(|report| report.exports.clone()).unwrap_or_default(),
            failures: problems.iter().map(failure).collect(),
            pending: if problems.is_empty() { BTreeMap::new() } else { self.unfinished() },
        });
    }

    /// Tells something that is about no resource.
    pub(super) fn say(&self, severity: Severity, text: String) {
        (self.reporter)(&Event::Message { severity, address: None, location: None, text });
    }

    /// The operations of which no end is recorded. When the state cannot be read, that was the problem.
    fn unfinished(&self) -> BTreeMap<u64, Unfinished> {
        let contents = self.store.read(&self.id).ok().flatten().unwrap_or_default();
        let pending = state::load(&contents).map(|loaded| loaded.state.pending).unwrap_or_default();
        let unfinished = |(id, pending): (u64, state::Pending)| {
            (id, Unfinished { address: pending.address, operation: pending.operation })
        };
        pending.into_iter().map(unfinished).collect()
    }
}

fn failure(problem: &Problem) -> Failure {
    let errors = problem.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    let summary = errors.map(|diagnostic| match &diagnostic.path {
        Some(path) => format!("{path}: {}", diagnostic.summary),
        None => diagnostic.summary.clone(),
    });
    Failure {
        address: problem.address.clone(),
        location: problem.location.clone().filter(|location| !location.is_empty()),
        summary: summary.collect::<Vec<_>>().join("; ").replace('\n', " "),
    }
}
