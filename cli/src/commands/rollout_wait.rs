//! `devops-flow rollout wait`.

use std::time::Duration;

use agent_client::Client;
use clap::Args;
use rollout::Span;
use rollout::wire::{Happening, Outcome, Status, StatusWord};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

use crate::context::{self, Context};
use crate::error::{Error, Exit};
use crate::follow::{PATIENCE, Progress, follow, is_away};
use crate::output::Output;
use crate::render::{self, words};

/// How often the service is looked at besides its events.
const LOOK: Duration = Duration::from_secs(1);

/// How long the last events may take after the end they led to.
const LATE: Duration = Duration::from_secs(2);

/// Wait for the end of a rollout
///
/// Shows events on stderr meanwhile, over restarts of the agent. Exits with 0 when the version is promoted or the service is healthy
/// already; with 1 when it was taken back, superseded or held, when taking back failed, or when the time is over. A rollout that takes
/// the place of the one that runs is waited for, too, unless `--rollout` names one. JSON: the `Status` at the end.
#[derive(Debug, Args)]
pub(crate) struct RolloutWait {
    /// The name of the service
    service: String,
    /// Give up after this time, such as `90s` or `1h30m`; the rollout goes on
    #[arg(long, value_name = "TIME")]
    timeout: Option<Span>,
    /// Wait for the end of this rollout, running or ended
    #[arg(long, value_name = "ID")]
    rollout: Option<String>,
}

impl RolloutWait {
    pub(crate) async fn run(self, context: &mut Context) -> Result<Exit, Error> {
        let client = context.client()?;
        let began = Instant::now();
        let mut status = context::status(&client, &self.service).await?;
        let mut seen = status.last_event;
        let mut events = follow(client.clone(), Some(self.service.clone()), status.last_event, PATIENCE);
        let deadline = self.timeout.map(|timeout| began + Duration::from(timeout));
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            if let Some(exit) = self.end(&client, &status).await? {
                // What led to the end may still be on its way.
                while seen < status.last_event
                    && let Ok(Some(Ok(Progress::Event(event)))) = timeout(LATE, events.recv()).await
                {
                    seen = event.seq;
                    Output::say(&render::event::render(&event));
                }
                return match context.out.data(&status, |_| render::status::summary(&status)) {
                    // What became of the rollout matters more than who reads it.
                    Ok(()) | Err(Error::BrokenPipe) => Ok(exit),
                    Err(error) => Err(error),
                };
            }
            let refresh = tokio::select! {
                () = passed(deadline) => return Err(Error::Timeout {
                    timeout: self.timeout.unwrap_or_default(),
                    state: render::status::summary(&status).trim_end().to_owned(),
                }),
                _ = look.tick() => true,
                progress = events.recv() => match progress.transpose()? {
                    Some(Progress::Event(event)) => {
                        seen = event.seq;
                        Output::say(&render::event::render(&event));
                        matches!(event.happening, Happening::Ended(_))
                    }
                    Some(Progress::Away) => {
                        Output::say("the agent is away; waiting for it");
                        false
                    }
                    None => true,
                },
            };
            if refresh {
                status = match client.status(&self.service).await {
                    Ok(Some(status)) => status,
                    Ok(None) => return Err(context::no_service(&client, &self.service).await),
                    // How long it may be away is for the events to say.
                    Err(error) if is_away(&error) => status,
                    Err(error) => return Err(error.into()),
                };
            }
        }
    }

    /// How the wait ends, if it does.
    async fn end(&self, client: &Client, status: &Status) -> Result<Option<Exit>, Error> {
        let Some(id) = self.rollout.as_ref().filter(|id| status.rollout_id.as_ref() != Some(*id)) else {
            return Ok(at_rest(status.status));
        };
        let history = match client.history(&self.service).await {
            Ok(history) => history,
            Err(error) if is_away(&error) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let Some(ended) = history.iter().find(|ended| ended.rollout_id == *id) else {
            return Err(Error::NoRollout { service: self.service.clone(), rollout: id.clone() });
        };
        Output::say(&format!("rollout {id} of {} is {}", ended.version, words::outcome(ended.outcome).0));
        Ok(Some(match ended.outcome {
            Outcome::Promoted | Outcome::FastPromoted | Outcome::FastRolledBack => Exit::Done,
            Outcome::RolledBack | Outcome::Aborted | Outcome::Superseded | Outcome::RollbackFailed | Outcome::Held => {
                Exit::Failed
            }
        }))
    }
}

/// How a service that is at its end is judged.
fn at_rest(status: StatusWord) -> Option<Exit> {
    match status {
        StatusWord::Healthy => Some(Exit::Done),
        StatusWord::Progressing | StatusWord::Paused => None,
        StatusWord::RolledBack | StatusWord::RollbackFailed | StatusWord::Held => Some(Exit::Failed),
    }
}

async fn passed(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
