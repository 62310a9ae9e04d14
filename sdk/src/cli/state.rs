//! `state`: shows and changes what is recorded.

use std::io::{self, Write};
use std::process::ExitCode;

use super::args::StateVerb;
use crate::{Error, Stack};

pub(super) async fn run(stack: &Stack, verb: &StateVerb) -> Result<ExitCode, Error> {
    match verb {
        StateVerb::List => list(stack)?,
        StateVerb::Show { address } => show(stack, address)?,
        StateVerb::Remove { address } => stack.state_remove(address).await?,
        StateVerb::Move { from, to } => stack.state_move(from, to).await?,
        StateVerb::Protect { address } => stack.state_protect(address, true).await?,
        StateVerb::Unprotect { address } => stack.state_protect(address, false).await?,
        StateVerb::ClearPending { operation } => stack.state_clear_pending(*operation).await?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list(stack: &Stack) -> Result<(), Error> {
    let state = stack.state()?;
    let mut stdout = io::stdout();
    for resource in state.resources.values() {
        let mark = if resource.outgoing { "  (replaced, to be removed)" } else { "" };
        let _ = writeln!(stdout, "{}{mark}", resource.address);
    }
    for (id, pending) in &state.pending {
        let _ = writeln!(stdout, "pending operation {id}: {} {}", pending.operation, pending.address);
    }
    Ok(())
}

fn show(stack: &Stack, address: &str) -> Result<(), Error> {
    let state = stack.state()?;
    let missing = || Error::Edit(format!("{address} is not recorded; `state list` shows what is"));
    let resource = state.live(address).ok_or_else(missing)?;
    let text = serde_json::to_string_pretty(resource).map_err(|error| Error::Edit(error.to_string()))?;
    let _ = writeln!(io::stdout(), "{text}");
    Ok(())
}
