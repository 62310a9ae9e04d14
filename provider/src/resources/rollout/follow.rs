//! Following a rollout to its end, and leaving it before.

use std::time::Duration;

use agent_client::{Client, Error};
use framework::Stop;
use rollout::machine::Policy;
use rollout::wire::{Ended, Happening, Outcome, Recorded, Status};
use rollout::{Span, Weight};
use tokio::time::{Instant, sleep, timeout_at};

use super::{explain, live};

/// How long an agent that does not answer is waited for: it may be replaced by a newer one, or start again.
const PATIENCE: Duration = Duration::from_secs(30);
/// How soon a status is asked for again that is behind the events.
const CATCH_UP: Duration = Duration::from_millis(10);
/// How long an interrupted apply waits for a version that is being taken back.
const TAKING_BACK: Duration = Duration::from_secs(5);

/// A rollout to follow.
pub(super) struct Follow<'a> {
    pub(super) client: &'a Client,
    pub(super) stop: &'a Stop,
    /// What the agent said when it took the rollout.
    pub(super) started: Status,
    /// What to do with the rollout when following it ends early.
    pub(super) policy: Policy,
    /// How long to follow it.
    pub(super) patience: Span,
}

/// How following a rollout ended.
pub(super) enum End {
    /// The rollout ended.
    Ended {
        /// What the service is now.
        status: Box<Status>,
        /// The agent's record of the rollout, if it still has one.
        record: Option<Box<Ended>>,
    },
    /// The service is gone.
    Gone,
    /// Following it ended early.
    Left(Left),
    /// The agent cannot be reached any more, or does not do what it says.
    Lost(Error),
}

impl End {
    fn is_abort(&self) -> bool {
        matches!(self, Self::Ended { record: Some(record), .. } if record.outcome == Outcome::Aborted)
    }
}

/// A rollout that was left.
pub(super) struct Left {
    /// Why: `Interrupted`, or that the time is over.
    pub(super) why: String,
    /// What was asked of the agent for it: what `on_interrupt` says, unless nobody was there to ask.
    pub(super) policy: Policy,
    /// What the service was when it was left; absent when the agent could not be told.
    pub(super) status: Result<Box<Status>, Error>,
}

impl Follow<'_> {
    pub(super) async fn run(self) -> End {
        let patience = self.patience;
        let why = tokio::select! {
            biased;
            end = self.until_end() => return end.unwrap_or_else(End::Lost),
            () = self.stop.requested() => "Interrupted".to_owned(),
            () = sleep(patience.into()) => format!("Not done within {patience}"),
        };
        // A client that is lost has agreed to nothing: the rollout goes on by itself.
        let policy = if self.stop.is_lost() { Policy::Detach } else { self.policy };
        match self.client.leave(self.name(), self.rollout(), policy).await {
            Ok(status) if !live::is_running(&status) => match self.end(status.last_event).await {
                // The rollout was faster: how it ended is what counts, unless this was its end.
                Ok(Some(end)) if !(policy == Policy::Rollback && end.is_abort()) => end,
                _ => End::Left(Left { why, policy, status: Ok(Box::new(status)) }),
            },
            Ok(status) => End::Left(Left { why, policy, status: Ok(Box::new(self.taken_back(policy, status).await)) }),
            Err(error) => End::Left(Left { why, policy, status: Err(error) }),
        }
    }

    fn rollout(&self) -> &str {
        self.started.rollout_id.as_deref().unwrap_or_default()
    }

    fn name(&self) -> &str {
        &self.started.service.name
    }

    async fn until_end(&self) -> Result<End, Error> {
        let mut after = self.started.last_event;
        loop {
            match self.listen(&mut after).await {
                Ok(Some(end)) => return Ok(end),
                Ok(None) => tracing::warn!(service = self.name(), "the agent ended; looking for the next one"),
                Err(error) if is_passing(&error) => {
                    tracing::warn!(service = self.name(), %error, "the agent does not answer; trying again");
                }
                Err(error) => return Err(error),
            }
            self.reconnect().await?;
        }
    }

    /// Sees to it that an agent runs.
    async fn reconnect(&self) -> Result<(), Error> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match timeout_at(deadline, self.client.ensure()).await {
                Ok(Ok(_)) => return Ok(()),
                Ok(Err(error)) if !is_passing(&error) || Instant::now() > deadline => return Err(error),
                Ok(Err(_)) => sleep(Duration::from_millis(50)).await,
                Err(_) => return Err(Error::Lost { reason: format!("no answer within {} s", PATIENCE.as_secs()) }),
            }
        }
    }

    /// Reads events until the rollout ends; nothing when the agent ends first. `after` is the last event that was read.
    async fn listen(&self, after: &mut u64) -> Result<Option<End>, Error> {
        let mut events = self.client.watch(Some(self.name()), *after).await?;
        loop {
            // At first it may have ended already, and later the event says that it has.
            if let Some(end) = self.end(*after).await? {
                return Ok(Some(end));
            }
            loop {
                let Some(event) = events.next().await? else { return Ok(None) };
                *after = event.seq;
                log(&event);
                if self.is_end(&event) {
                    break;
                }
            }
        }
    }

    /// Whether the event says that this rollout, or the service, has ended.
    fn is_end(&self, event: &Recorded) -> bool {
        let ours = event.rollout_id == self.started.rollout_id;
        match event.happening {
            Happening::Ended(_) => ours,
            Happening::Started { .. } => !ours,
            _ => false,
        }
    }

    /// The end of the rollout, if it has ended. `after` is the last event that was read, which the agent may tell of a moment
    /// before its status does.
    async fn end(&self, after: u64) -> Result<Option<End>, Error> {
        let status = loop {
            let Some(status) = self.client.status(self.name()).await? else { return Ok(Some(End::Gone)) };
            if status.last_event >= after {
                break status;
            }
            sleep(CATCH_UP).await;
        };
        let ours = self.started.rollout_id.as_ref();
        if status.rollout_id.as_ref() == ours && live::is_running(&status) {
            return Ok(None);
        }
        let history = self.client.history(self.name()).await?;
        let record = history.into_iter().find(|ended| Some(&ended.rollout_id) == ours);
        Ok(Some(End::Ended { status: Box::new(status), record: record.map(Box::new) }))
    }

    /// What the service is once the candidate has no traffic any more, if it is being taken back; it is not waited for long.
    async fn taken_back(&self, policy: Policy, mut status: Status) -> Status {
        let deadline = Instant::now() + TAKING_BACK;
        while policy == Policy::Rollback && status.weight > Weight::ZERO && Instant::now() < deadline {
            sleep(Duration::from_millis(50)).await;
            match timeout_at(deadline, self.client.status(self.name())).await {
                Ok(Ok(Some(now))) => status = now,
                Ok(Err(error)) => tracing::warn!(%error, "the agent does not answer while a version is taken back"),
                Ok(Ok(None)) | Err(_) => break,
            }
        }
        status
    }
}

/// Whether the agent may answer when it is asked again.
fn is_passing(error: &Error) -> bool {
    use rollout::wire::Error::Ending;
    matches!(error, Error::Lost { .. } | Error::NotRunning { .. } | Error::Agent(Ending))
}

/// One line for one event.
fn log(event: &Recorded) {
    let service = event.service.as_str();
    let rollout = event.rollout_id.as_deref().unwrap_or_default();
    match &event.happening {
        Happening::Started { revision, .. } => tracing::info!(service, rollout, %revision, "rollout started"),
        Happening::Advanced { phase, step_index } => tracing::info!(service, rollout, ?phase, step_index, "advanced"),
        Happening::Shifted { weights } => {
            let weights: Vec<_> = weights.iter().map(|(revision, weight)| format!("{revision}: {weight}")).collect();
            tracing::info!(service, rollout, weights = weights.join(", "), "traffic moved");
        }
        Happening::Judged { gate, verdict } => {
            let (outcome, measured) = (&verdict.outcome, verdict.measured.as_str());
            tracing::info!(service, rollout, gate, ?outcome, measured, threshold = verdict.threshold, "gate");
        }
        Happening::Paused { reason } => {
            tracing::warn!(service, rollout, reason = explain::reason(reason), "paused");
        }
        Happening::Resumed { reason } => {
            tracing::info!(service, rollout, reason = explain::reason(reason), "a reason to pause is gone");
        }
        Happening::Degraded { reason } => {
            tracing::warn!(service, rollout, reason = reason.as_deref().unwrap_or("none"), "degraded");
        }
        Happening::TakingBack { failure } => {
            tracing::warn!(service, rollout, reason = explain::failure(failure), "taking back");
        }
        Happening::Ended(ended) => tracing::info!(service, rollout, outcome = ?ended.outcome, "rollout ended"),
        Happening::Replica { revision, index, what } => {
            tracing::debug!(service, rollout, %revision, index, what, "replica");
        }
        Happening::Failed { message } => tracing::warn!(service, rollout, message, "a command to the target failed"),
    }
}
