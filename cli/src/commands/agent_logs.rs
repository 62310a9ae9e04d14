//! `devops-flow agent logs`.

use std::time::Duration;

use clap::Args;
use serde::Serialize;
use tokio::time::sleep;

use crate::context::{self, Context};
use crate::error::{Error, Exit};
use crate::tail::Tail;

/// Show what the replicas of a service wrote, or the agent itself
///
/// Lines of replicas come with revision and number, as they were written. The agent's own log is a file, `agent.log` in its
/// state directory, which is read also when no agent runs. JSON: a line per line, each a `LogLine`; of the agent an object with `line`.
#[derive(Debug, Args)]
pub(crate) struct AgentLogs {
    /// The name of the service; the agent's own log when left out
    service: Option<String>,
    /// Only replicas of this revision
    #[arg(long, value_name = "ID", requires = "service")]
    revision: Option<String>,
    /// How many of the last lines, of each replica
    #[arg(short = 'n', long, value_name = "NUMBER", default_value_t = 100)]
    lines: u32,
    /// Go on with what is written from now on, until the agent ends
    #[arg(short, long)]
    follow: bool,
}

/// How often a file is looked at.
const LOOK: Duration = Duration::from_millis(200);

#[derive(Serialize)]
struct Line {
    line: String,
}

impl AgentLogs {
    pub(crate) async fn run(self, context: &mut Context) -> Result<Exit, Error> {
        match &self.service {
            Some(service) => self.replicas(context, service).await,
            None => self.agent(context).await,
        }
    }

    async fn replicas(&self, context: &Context, service: &str) -> Result<Exit, Error> {
        let client = context.client()?;
        let revision = self.revision.as_deref().map(Into::into);
        let mut logs = client.logs(service, revision, self.lines, self.follow).await?;
        let mut next = context::known(&client, service, logs.next().await).await?;
        let mut lines = context.out.lines()?;
        while let Some(line) = next {
            lines.write(&line, |_| format!("{}/{} {}", line.revision, line.index, line.line))?;
            next = logs.next().await?;
        }
        Ok(Exit::Done)
    }

    async fn agent(&self, context: &Context) -> Result<Exit, Error> {
        let path = context.client()?.state_dir().join(agent_client::LOG);
        let (mut tail, mut new) = Tail::open(&path, usize::try_from(self.lines).unwrap_or(usize::MAX))?;
        let mut lines = context.out.lines()?;
        loop {
            for line in new {
                let line = Line { line };
                lines.write(&line, |_| line.line.clone())?;
            }
            if !self.follow {
                break;
            }
            sleep(LOOK).await;
            new = tail.more()?;
        }
        if let Some(line) = tail.unfinished() {
            let line = Line { line };
            lines.write(&line, |_| line.line.clone())?;
        }
        Ok(Exit::Done)
    }
}
