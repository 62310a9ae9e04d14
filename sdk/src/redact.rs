//! Events, problems and errors without the secrets that a run knows.

use std::borrow::Cow;
use std::sync::Arc;

use framework::{Diagnostic, Diagnostics, Value};

use crate::event::Event;
use crate::secrets::Redactor;
use crate::{Error, Problem, Report};

impl Event {
    /// The event as it may be shown: no text in it holds a secret that `redactor` knows.
    pub(crate) fn redacted(&self, redactor: &Redactor) -> Cow<'_, Self> {
        if redactor.is_empty() {
            return Cow::Borrowed(self);
        }
        let mut event = self.clone();
        match &mut event {
            Self::Planned { before, after, .. } => {
                *before = value(before, redactor);
                *after = value(after, redactor);
            }
            Self::Skipped { reason: text, .. } | Self::Message { text, .. } => redact(text, redactor),
            Self::Ended { exports, failures, .. } => {
                for shown in exports.values_mut() {
                    *shown = value(shown, redactor);
                }
                for failure in failures {
                    redact(&mut failure.summary, redactor);
                }
            }
            Self::Started { .. }
            | Self::PlanEnded { .. }
            | Self::Waiting { .. }
            | Self::Running { .. }
            | Self::Kept { .. }
            | Self::Refreshing { .. }
            | Self::Refreshed { .. }
            | Self::Done { .. } => {}
        }
        Cow::Owned(event)
    }
}

fn redact(text: &mut String, redactor: &Redactor) {
    if let Cow::Owned(redacted) = redactor.redact(text) {
        *text = redacted;
    }
}

fn value(shown: &Value, redactor: &Redactor) -> Value {
    match shown {
        Value::String(text) => match redactor.redact(text) {
            Cow::Owned(redacted) => Value::string(redacted),
            Cow::Borrowed(_) => shown.clone(),
        },
        Value::List(elements) => Value::List(elements.iter().map(|element| value(element, redactor)).collect()),
        Value::Map(members) => {
            let member = |(name, member): (&String, &Value)| (name.clone(), value(member, redactor));
            Value::Map(members.iter().map(member).collect())
        }
        Value::Set(elements) => Value::set(elements.iter().map(|element| value(element, redactor))),
        Value::Dynamic(typed) => Value::Dynamic(Box::new((typed.0.clone(), value(&typed.1, redactor)))),
        Value::Null | Value::Unknown(_) | Value::Bool(_) | Value::Number(_) => shown.clone(),
    }
}

fn diagnostics(told: Diagnostics, redactor: &Redactor) -> Diagnostics {
    let redact_one = |mut diagnostic: Diagnostic| {
        redact(&mut diagnostic.summary, redactor);
        redact(&mut diagnostic.detail, redactor);
        diagnostic
    };
    told.into_iter().map(redact_one).collect()
}

fn problems(all: Vec<Problem>, redactor: &Redactor) -> Vec<Problem> {
    let problem = |problem: Problem| Problem { diagnostics: diagnostics(problem.diagnostics, redactor), ..problem };
    all.into_iter().map(problem).collect()
}

/// The report as it may be shown. A saved plan in it is sealed already.
pub(crate) fn report(report: Report, redactor: &Redactor) -> Report {
    let exports = report.exports.into_iter().map(|(name, shown)| (name, value(&shown, redactor))).collect();
    Report { exports, problems: problems(report.problems, redactor), ..report }
}

/// The error as it may be shown.
pub(crate) fn error(error: Error, redactor: &Redactor) -> Error {
    match error {
        Error::Program(mut text) => {
            redact(&mut text, redactor);
            Error::Program(text)
        }
        Error::Refused(all) => Error::Refused(problems(all, redactor)),
        Error::Incomplete(incomplete) => {
            Error::Incomplete(Arc::new(report(Arc::unwrap_or_clone(incomplete), redactor)))
        }
        Error::Edit(mut text) => {
            redact(&mut text, redactor);
            Error::Edit(text)
        }
        Error::Plan(mut text) => {
            redact(&mut text, redactor);
            Error::Plan(text)
        }
        // What these say is of names and files.
        other @ (Error::Provider(_)
        | Error::Store(_)
        | Error::State(_)
        | Error::Record(_)
        | Error::Declined
        | Error::Stopped
        | Error::Name(_)
        | Error::Secrets(_)) => other,
    }
}
