//! The `devops-flow` command: looks at and steers what the agent runs.
//!
//! A command is a file in `commands/` and a line in its list. It asks the agent, and hands what it learned to [`output`], the only
//! owner of the streams; what people read is made by the pure functions of [`render`].

mod commands;
mod context;
mod error;
mod follow;
mod output;
#[cfg(test)]
mod reference;
mod render;
#[cfg(test)]
mod samples;
mod tail;
mod unit;

use std::process::ExitCode;

use clap::Parser as _;

use crate::commands::Cli;
use crate::context::Context;
use crate::error::{Error, Exit};
use crate::output::Output;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => {
            // Help and version are answers; nobody is left to tell when they cannot be written.
            let _ = usage.print();
            return if usage.use_stderr() { Exit::Failed } else { Exit::Done }.into();
        }
    };
    let mut context = Context::new(Output::new(cli.global.json, cli.global.output), cli.global.state_dir);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result =
        runtime.map_err(Error::Runtime).and_then(|runtime| runtime.block_on(commands::run(cli.command, &mut context)));
    match result {
        Ok(exit) => exit,
        // Whoever read the output has seen enough.
        Err(Error::BrokenPipe) => Exit::Done,
        Err(error) => {
            Output::error(&error);
            Exit::Failed
        }
    }
    .into()
}
