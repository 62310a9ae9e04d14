//! `stack`: the stacks of a project.

use std::process::ExitCode;

use serde::Serialize;

use super::args::StackVerb;
use super::output::Output;
use crate::{Error, Stack};

/// What `stack list` gives.
#[derive(Serialize)]
struct Stacks {
    stacks: Vec<Named>,
}

#[derive(Serialize)]
struct Named {
    name: String,
    /// Whether it is the one that `--stack` names.
    current: bool,
}

pub(super) async fn run(stack: &Stack, verb: &StackVerb, output: &Output) -> Result<ExitCode, Error> {
    match verb {
        StackVerb::List => list(stack, output)?,
        StackVerb::Remove { yes } => {
            let (yes, what) = (*yes, format!("remove stack {} and its history", stack.id()));
            let asking = output.clone();
            stack.stopper().ask(move || asking.agreed(yes, &what)).await?;
            stack.remove().await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(stack: &Stack, output: &Output) -> Result<(), Error> {
    let named = |name: String| Named { current: name == stack.id().stack(), name };
    let stacks = Stacks { stacks: stack.stacks()?.into_iter().map(named).collect() };
    output.data(&stacks, |Stacks { stacks }| {
        let text: Vec<&str> = stacks.iter().map(|stack| stack.name.as_str()).collect();
        text.join("\n")
    });
    Ok(())
}
