//! The end of a service.

use std::sync::Arc;

use rollout::machine::Refused;
use rollout::wire::Error;
use tokio::sync::mpsc;

use super::{Ask, Message, Reply, TICK, Task, unsaved};
use crate::store::{Change, Record};

impl Task {
    /// From here on the service is being ended, also after a restart.
    pub(super) async fn mark_removing(&mut self) -> Result<(), Error> {
        if self.record.removing {
            return Ok(());
        }
        self.save(Record { removing: true, ..self.record.clone() }).await
    }

    /// Ends the target and then the record. A host that closes does not wait for it: the next one goes on.
    pub(super) async fn end(mut self, mut messages: mpsc::Receiver<Message>, first: Reply) {
        self.gauges.clear();
        self.work.shutdown().await;
        let mut replies = vec![first];
        let target = Arc::clone(&self.target);
        let mut removal = target.remove();
        loop {
            tokio::select! {
                () = &mut removal => break,
                message = messages.recv() => if self.turn_away(message, &mut replies) { return },
            }
        }
        loop {
            let service = Some((self.record.service.name.clone(), None));
            let change = Change { service, ..Change::default() };
            let Err(error) = self.store.save(change).await else { break };
            tracing::error!(%error, service = %self.record.service.name, "it is ended, and that cannot be recorded yet");
            for reply in replies.drain(..) {
                let _ = reply.send(Err(unsaved(error.clone())));
            }
            tokio::select! {
                () = tokio::time::sleep(TICK) => {}
                message = messages.recv() => if self.turn_away(message, &mut replies) { return },
            }
        }
        let status = self.publish();
        for reply in replies {
            let _ = reply.send(Ok(status.clone()));
        }
    }

    /// Answers what comes while the service ends. True when the task is to end at once.
    fn turn_away(&mut self, message: Option<Message>, replies: &mut Vec<Reply>) -> bool {
        let Some(Message { ask, reply }) = message else { return true };
        match ask {
            Ask::Remove => replies.push(reply),
            Ask::Close => {
                let _ = reply.send(Ok(self.publish()));
                return true;
            }
            _ => {
                let why = "the service is being removed; ask again when that is done".to_owned();
                let _ = reply.send(Err(Refused::NotNow { action: "this".to_owned(), why }.into()));
            }
        }
        false
    }
}
