//! Events over the restarts of the agent: whoever follows misses none and sees none twice.

use std::time::Duration;

use agent_client::{Client, Error};
use rollout::wire::Recorded;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// How long an agent may be away before whoever follows gives up.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// How often an agent that is away is looked for.
const LOOK: Duration = Duration::from_millis(200);

/// A connection that lasted so long was one to an agent that works.
const LASTING: Duration = Duration::from_secs(1);

/// What comes while events are followed.
#[derive(Debug)]
pub(crate) enum Progress {
    /// An event.
    Event(Box<Recorded>),
    /// The agent is away, and is waited for.
    Away,
}

/// Follows the events after the given one, by their numbers, until the receiver is dropped or an error that waiting does not mend.
/// An agent that ends is waited for as long as `patience` says.
pub(crate) fn follow(
    client: Client,
    service: Option<String>,
    after: u64,
    patience: Duration,
) -> mpsc::Receiver<Result<Progress, Error>> {
    let (sender, receiver) = mpsc::channel(16);
    tokio::spawn(async move {
        if let Err(error) = run(&client, service.as_deref(), after, patience, &sender).await {
            // The receiver is gone when nobody wants to know.
            let _ = sender.send(Err(error)).await;
        }
    });
    receiver
}

/// Whether an agent that ends or is restarted explains the error.
pub(crate) fn is_away(error: &Error) -> bool {
    matches!(error, Error::NotRunning { .. } | Error::Lost { .. } | Error::Agent(rollout::wire::Error::Ending))
}

async fn run(
    client: &Client,
    service: Option<&str>,
    mut after: u64,
    patience: Duration,
    sender: &mpsc::Sender<Result<Progress, Error>>,
) -> Result<(), Error> {
    let mut away: Option<Instant> = None;
    loop {
        let connected = Instant::now();
        let error = match one(client, service, &mut after, &mut away, sender).await {
            Ok(None) => return Ok(()),
            Ok(Some(lost)) => lost,
            Err(error) if is_away(&error) => error,
            Err(error) => return Err(error),
        };
        if connected.elapsed() > LASTING {
            away = None;
        }
        if away.is_none() && sender.send(Ok(Progress::Away)).await.is_err() {
            return Ok(());
        }
        if away.get_or_insert_with(Instant::now).elapsed() > patience {
            return Err(error);
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = sender.closed() => return Ok(()),
        }
    }
}

/// One connection: to its end, or `None` when the receiver is gone.
async fn one(
    client: &Client,
    service: Option<&str>,
    after: &mut u64,
    away: &mut Option<Instant>,
    sender: &mpsc::Sender<Result<Progress, Error>>,
) -> Result<Option<Error>, Error> {
    let mut events = client.watch(service, *after).await?;
    loop {
        let event = tokio::select! {
            event = events.next() => event?,
            () = sender.closed() => return Ok(None),
        };
        let Some(event) = event else { return Ok(Some(Error::Lost { reason: "the agent ended".to_owned() })) };
        // An agent that sends an event again does no harm.
        if event.seq <= *after {
            continue;
        }
        *after = event.seq;
        *away = None;
        if sender.send(Ok(Progress::Event(Box::new(event)))).await.is_err() {
            return Ok(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_agent_that_stays_away_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let mut events = follow(Client::at(folder.path()), None, 0, Duration::from_millis(300));
        assert!(matches!(events.recv().await, Some(Ok(Progress::Away))));
        assert!(matches!(events.recv().await, Some(Err(Error::NotRunning { .. }))));
        assert!(events.recv().await.is_none());
    }
}
