//! The commands: a file and a line in a list each.

mod agent_install;
mod agent_logs;
mod agent_run;
mod agent_status;
mod agent_stop;
mod completions;
mod rollout_abort;
mod rollout_approve;
mod rollout_history;
mod rollout_list;
mod rollout_pause;
mod rollout_promote;
mod rollout_remove;
mod rollout_resume;
mod rollout_retry;
mod rollout_rollback;
mod rollout_status;
mod rollout_wait;
mod rollout_watch;
mod steer;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::context::Context;
use crate::error::{Error, Exit};

/// Looks at and steers the services that the agent of devops-flow runs on this machine.
#[derive(Debug, Parser)]
#[command(name = "devops-flow", version, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// Write data as JSON
    ///
    /// What comes piece by piece is one line of JSON each.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Write data to this file instead of stdout
    #[arg(short, long, global = true, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// The directory of the agent's state
    ///
    /// By default `DEVOPSFLOW_STATE_DIR`, else `devops-flow` in `XDG_STATE_HOME` or `~/.local/state`.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Look at and steer rollouts
    #[command(subcommand)]
    Rollout(Rollout),
    /// Look at and steer the agent
    #[command(subcommand)]
    Agent(Agent),
    Completions(completions::Completions),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Rollout {
    List(rollout_list::RolloutList),
    Status(rollout_status::RolloutStatus),
    Watch(rollout_watch::RolloutWatch),
    Wait(rollout_wait::RolloutWait),
    History(rollout_history::RolloutHistory),
    Promote(rollout_promote::RolloutPromote),
    Approve(rollout_approve::RolloutApprove),
    Pause(rollout_pause::RolloutPause),
    Resume(rollout_resume::RolloutResume),
    Abort(rollout_abort::RolloutAbort),
    Rollback(rollout_rollback::RolloutRollback),
    Retry(rollout_retry::RolloutRetry),
    Remove(rollout_remove::RolloutRemove),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Agent {
    Run(agent_run::AgentRun),
    Status(agent_status::AgentStatus),
    Logs(agent_logs::AgentLogs),
    Stop(agent_stop::AgentStop),
    Install(agent_install::AgentInstall),
}

/// Runs a command.
pub(crate) async fn run(command: Command, context: &mut Context) -> Result<Exit, Error> {
    match command {
        Command::Rollout(rollout) => match rollout {
            Rollout::List(verb) => verb.run(context).await,
            Rollout::Status(verb) => verb.run(context).await,
            Rollout::Watch(verb) => verb.run(context).await,
            Rollout::Wait(verb) => verb.run(context).await,
            Rollout::History(verb) => verb.run(context).await,
            Rollout::Promote(verb) => verb.run(context).await,
            Rollout::Approve(verb) => verb.run(context).await,
            Rollout::Pause(verb) => verb.run(context).await,
            Rollout::Resume(verb) => verb.run(context).await,
            Rollout::Abort(verb) => verb.run(context).await,
            Rollout::Rollback(verb) => verb.run(context).await,
            Rollout::Retry(verb) => verb.run(context).await,
            Rollout::Remove(verb) => verb.run(context).await,
        },
        Command::Agent(agent) => match agent {
            Agent::Run(verb) => verb.run(context),
            Agent::Status(verb) => verb.run(context).await,
            Agent::Logs(verb) => verb.run(context).await,
            Agent::Stop(verb) => verb.run(context).await,
            Agent::Install(verb) => verb.run(context).await,
        },
        Command::Completions(verb) => verb.run(context),
    }
}
