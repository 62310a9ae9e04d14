//! `state`: shows and changes what is recorded.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use jiff::Timestamp;
use serde::Serialize;

use super::args::StateVerb;
use super::file::replace;
use super::output::Output;
use crate::render::clean;
use crate::state::{Ended, Export, Operation, State, Update};
use crate::{Error, Rewrite, Stack};

/// What `state list` gives.
#[derive(Serialize)]
struct Listed {
    resources: Vec<ListedResource>,
    pending: Vec<ListedPending>,
}

#[derive(Serialize)]
struct ListedResource {
    address: String,
    /// Whether it is replaced, and not removed yet.
    outgoing: bool,
}

#[derive(Serialize)]
struct ListedPending {
    id: u64,
    operation: Operation,
    address: String,
}

pub(super) async fn run(stack: &Stack, verb: &StateVerb, output: &Output) -> Result<ExitCode, Error> {
    match verb {
        StateVerb::List => list(stack, output)?,
        StateVerb::Show { address, show_secrets } => show(&state(stack, *show_secrets).await?, address)?,
        StateVerb::Exports { show_secrets } => Output::json(&state(stack, *show_secrets).await?.exports),
        StateVerb::Remove { address } => stack.state_remove(address).await?,
        StateVerb::Move { from, to } => stack.state_move(from, to).await?,
        StateVerb::Protect { address } => stack.state_protect(address, true).await?,
        StateVerb::Unprotect { address } => stack.state_protect(address, false).await?,
        StateVerb::ClearPending { operation } => stack.state_clear_pending(*operation).await?,
        StateVerb::Export { out } => export(stack, out.as_deref())?,
        StateVerb::Import { file, force, yes } => {
            let export = || Ok(Export::from_json(&fs::read_to_string(file).map_err(io_error)?)?);
            let rewrite = export().and_then(|export| stack.state_import(export, *force));
            let rewrite = rewrite.map_err(|error| Error::Edit(format!("{}: {error}", file.display())))?;
            rewritten(stack, rewrite, *yes, output).await?;
        }
        StateVerb::Repair { yes } => rewritten(stack, stack.state_repair()?, *yes, output).await?,
        StateVerb::History => history(stack, output)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list(stack: &Stack, output: &Output) -> Result<(), Error> {
    let state = stack.state()?;
    let resources = state.resources.into_values();
    let pending = state.pending.into_iter();
    let listed = Listed {
        resources: resources
            .map(|resource| ListedResource { address: resource.address, outgoing: resource.outgoing })
            .collect(),
        pending: pending
            .map(|(id, pending)| ListedPending { id, operation: pending.operation, address: pending.address })
            .collect(),
    };
    output.data(&listed, listed_text);
    Ok(())
}

fn listed_text(listed: &Listed) -> String {
    let mut text = String::new();
    for ListedResource { address, outgoing } in &listed.resources {
        let mark = if *outgoing { "  (replaced, to be removed)" } else { "" };
        let _ = writeln!(text, "{}{mark}", clean(address));
    }
    for ListedPending { id, operation, address } in &listed.pending {
        let _ = writeln!(text, "pending operation {id}: {operation} {}", clean(address));
    }
    text
}

async fn state(stack: &Stack, show_secrets: bool) -> Result<State, Error> {
    if show_secrets { stack.state_with_secrets().await } else { stack.state() }
}

fn show(state: &State, address: &str) -> Result<(), Error> {
    let missing = || Error::Edit(format!("{address} is not recorded; `state list` shows what is"));
    Output::json(state.live(address).ok_or_else(missing)?);
    Ok(())
}

fn io_error(error: io::Error) -> Error {
    Error::Edit(error.to_string())
}

fn export(stack: &Stack, out: Option<&Path>) -> Result<(), Error> {
    let mut text = stack.state_export()?.to_json();
    text.push('\n');
    let Some(path) = out else { return io::stdout().write_all(text.as_bytes()).map_err(io_error) };
    replace(path, &text).map_err(|error| Error::Edit(format!("cannot write {}: {error}", path.display())))
}

/// Says what would change, asks, and does it.
async fn rewritten(stack: &Stack, rewrite: Rewrite, yes: bool, output: &Output) -> Result<(), Error> {
    if rewrite.changes().is_empty() {
        output.say("There is nothing to change.");
        return Ok(());
    }
    for change in rewrite.changes() {
        output.say(&format!("  {}", clean(change)));
    }
    let asking = output.clone();
    stack.stopper().ask(move || asking.agreed(yes, "change the state like this")).await?;
    stack.state_rewrite(rewrite).await?;
    output.say("The state was changed.");
    Ok(())
}

fn history(stack: &Stack, output: &Output) -> Result<(), Error> {
    let updates: Vec<Update> = stack.history()?.into_iter().rev().collect();
    output.data(&updates, |updates| updates.iter().map(|update| line(update) + "\n").collect());
    Ok(())
}

fn line(update: &Update) -> String {
    let time = i64::try_from(update.started).ok().and_then(|at| Timestamp::from_millisecond(at).ok());
    let time = time.map_or_else(|| update.started.to_string(), |time| time.strftime("%Y-%m-%d %H:%M:%SZ").to_string());
    let outcome = match &update.ended {
        None => "did not end: it was killed, or still runs".to_owned(),
        Some(Ended { succeeded, counts, .. }) => format!(
            "{}: {} created, {} updated, {} deleted, {} failed, {} skipped",
            if *succeeded { "done" } else { "not done" },
            counts.created,
            counts.updated,
            counts.deleted,
            counts.failed,
            counts.skipped
        ),
    };
    format!("{:>4}  {time}  {:<20} {outcome}", update.id, update.verb)
}
