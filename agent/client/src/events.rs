//! Answers that go on.

use rollout::wire::{Answer, LogLine, Recorded};

use crate::{Error, Lines, unexpected};

/// The events of a service, as they come.
#[derive(Debug)]
pub struct Events(Lines);

impl Events {
    pub(crate) fn new(lines: Lines) -> Self {
        Self(lines)
    }

    /// The next event; `None` when the agent ended or the service was removed. Safe to drop while it waits, but then the events are over.
    pub async fn next(&mut self) -> Result<Option<Recorded>, Error> {
        match self.0.next().await? {
            None => Ok(None),
            Some(Answer::Event(event)) => Ok(Some(*event)),
            Some(other) => Err(unexpected(other)),
        }
    }
}

/// Lines that replicas wrote.
#[derive(Debug)]
pub struct Logs(Lines);

impl Logs {
    pub(crate) fn new(lines: Lines) -> Self {
        Self(lines)
    }

    /// The next line; `None` when there are no more, which the agent says. An agent that ends before is [`Error::Lost`].
    pub async fn next(&mut self) -> Result<Option<LogLine>, Error> {
        match self.0.next().await? {
            None => Err(Error::Lost { reason: "the agent ended before the log did".to_owned() }),
            Some(Answer::Done) => Ok(None),
            Some(Answer::Log(line)) => Ok(Some(line)),
            Some(other) => Err(unexpected(other)),
        }
    }
}
