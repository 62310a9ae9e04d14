//! Colours and symbols by what they mean: the one place that chooses them.

use std::fmt::Display;

use anstyle::{AnsiColor, Effects, Style};

use crate::event::Step;
use crate::state::Operation;

/// What a text means, for its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    /// Something is made, or all went well.
    Good,
    /// Something is changed, or to be looked at.
    Changed,
    /// Something is removed, or failed.
    Bad,
    /// Something is taken over, or read.
    Taken,
    /// What stands out.
    Strong,
    /// What may be passed over.
    Faint,
}

/// Colours texts, or leaves them as they are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint(pub(super) bool);

impl Paint {
    /// The text in the colour of its meaning.
    pub(super) fn on(self, label: Label, text: impl Display) -> String {
        if !self.0 {
            return text.to_string();
        }
        let style = match label {
            Label::Good => AnsiColor::Green.on_default(),
            Label::Changed => AnsiColor::Yellow.on_default(),
            Label::Bad => AnsiColor::Red.on_default(),
            Label::Taken => AnsiColor::Cyan.on_default(),
            Label::Strong => Style::new().effects(Effects::BOLD),
            Label::Faint => Style::new().effects(Effects::DIMMED),
        };
        format!("{style}{text}{style:#}")
    }
}

/// The symbol of a step of a plan.
pub(super) fn step(step: Step) -> (&'static str, Label) {
    match step {
        Step::Same => ("", Label::Faint),
        Step::Create => ("+", Label::Good),
        Step::Update => ("~", Label::Changed),
        Step::Replace => ("+/-", Label::Bad),
        Step::DeleteThenCreate => ("-/+", Label::Bad),
        Step::Import => ("=", Label::Taken),
        Step::Delete => ("-", Label::Bad),
        Step::Forget => (".", Label::Faint),
        Step::Read => ("<=", Label::Taken),
    }
}

/// The symbol of an operation.
pub(super) fn operation(operation: Operation) -> (&'static str, Label) {
    step(match operation {
        Operation::Create => Step::Create,
        Operation::Update => Step::Update,
        Operation::Delete => Step::Delete,
    })
}
