//! The command line that every program is.

mod args;
mod state;

use std::collections::BTreeMap;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory, FromArgMatches};

use crate::event::{Event, Reporter, Summary, WireEvent};
use crate::program::Result as ProgramResult;
use crate::providers::Source;
use crate::store::DirectoryStore;
use crate::{Error, Plan, Report, Scope, Stack, Stopper, render};
use args::{Args, Scoped, Verb};

/// Runs the verb that the command line asks for, on a program of this project. What a user of the program sees is described
/// by `--help`.
///
/// Ctrl-C stops a run: nothing new begins, what runs is let end and recorded, and the exit code is 1. A second Ctrl-C ends the
/// process at once, which the next run recovers from as from a kill.
///
/// The exit code is 0 when all was done, 1 when not or when the command line is wrong, and 2 when `preview
/// --detailed-exitcode` found something to do.
pub fn main(project: &'static str, declare: fn(&mut Scope) -> ProgramResult<()>) -> ExitCode {
    let command = Args::command().name(project).bin_name(project);
    let args = match command.try_get_matches().and_then(|matches| Args::from_arg_matches(&matches)) {
        Ok(args) => args,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("cannot start: {error}")),
    };
    let running = |stack: Stack| {
        runtime.block_on(async {
            tokio::spawn(interrupted(stack.stopper()));
            run(&stack, &args).await
        })
    };
    match stack(project, declare, &args).map(running) {
        Ok(Ok(code)) => code,
        Ok(Err(error)) => fail(&error.to_string()),
        Err(error) => fail(&error),
    }
}

/// Stops the run at the first Ctrl-C, and ends the process at the second.
#[expect(clippy::exit, reason = "the second Ctrl-C does not wait for what still runs")]
async fn interrupted(stopper: Stopper) {
    if tokio::signal::ctrl_c().await.is_err() {
        return;
    }
    let _ = writeln!(io::stderr(), "Stopping: what runs is let end, nothing new begins. Ctrl-C again ends at once.");
    stopper.stop();
    if tokio::signal::ctrl_c().await.is_ok() {
        std::process::exit(1);
    }
}

fn fail(error: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "error: {error}");
    ExitCode::FAILURE
}

fn stack(project: &str, declare: fn(&mut Scope) -> ProgramResult<()>, args: &Args) -> Result<Stack, String> {
    let mut stack = Stack::new(project, &args.stack, declare).map_err(|error| error.to_string())?;
    stack = stack.store(DirectoryStore::new(&args.backend)).reporter({
        let reporter = reporter(args.json);
        move |event| reporter(event)
    });
    for (key, value) in settings(&args.stack)? {
        stack = stack.config(key, value);
    }
    for setting in &args.config {
        let (key, value) = setting.split_once('=').ok_or_else(|| format!("{setting:?}: `key=value` expected"))?;
        stack = stack.config(key, value);
    }
    if let Some(plugin) = &args.plugin {
        stack = stack.provider("devopsflow", Source::Plugin(plugin.clone()));
    }
    Ok(stack)
}

/// The settings of a stack in `devopsflow.<stack>.toml` of the current directory.
fn settings(stack: &str) -> Result<BTreeMap<String, String>, String> {
    let path = format!("devopsflow.{stack}.toml");
    if !Path::new(&path).exists() {
        return Ok(BTreeMap::new());
    }
    let text = std::fs::read_to_string(&path).map_err(|error| format!("cannot read {path}: {error}"))?;
    let table: toml::Table = text.parse().map_err(|error| format!("{path}: {error}"))?;
    let setting = |(key, value): (String, toml::Value)| match value {
        toml::Value::String(text) => Ok((key, text)),
        toml::Value::Integer(_) | toml::Value::Float(_) | toml::Value::Boolean(_) => Ok((key, value.to_string())),
        _ => Err(format!("{path}: {key}: a text, number or boolean expected")),
    };
    table.into_iter().map(setting).collect()
}

fn reporter(json: bool) -> Reporter {
    Arc::new(move |event: &Event| {
        if json {
            let line = serde_json::to_string(&WireEvent::from(event)).unwrap_or_default();
            let _ = writeln!(io::stdout(), "{line}");
        } else if let Some(lines) = render::lines(event) {
            let _ = writeln!(io::stderr(), "{lines}");
        }
    })
}

async fn run(stack: &Stack, args: &Args) -> Result<ExitCode, Error> {
    let code = |report: &Report, detailed: bool| {
        if detailed && !report.summary.is_empty() { ExitCode::from(2) } else { ExitCode::SUCCESS }
    };
    match &args.verb {
        Verb::Preview { scoped, save, detailed_exitcode } => {
            let mut run = scope(stack.preview(), scoped);
            if save.is_some() {
                run = run.save();
            }
            let report = run.await?;
            if let (Some(path), Some(plan)) = (save, &report.plan) {
                let cannot = |error| Error::Plan(format!("cannot write {}: {error}", path.display()));
                std::fs::write(path, plan.to_json()).map_err(cannot)?;
            }
            show(&report, args.json);
            Ok(code(&report, *detailed_exitcode))
        }
        Verb::Up { scoped, plan, yes } => {
            let mut run = scope(stack.up(), scoped).confirm(confirm(*yes, "make these changes"));
            if let Some(path) = plan {
                let cannot = |error| Error::Plan(format!("cannot read {}: {error}", path.display()));
                run = run.plan(Plan::from_json(&std::fs::read_to_string(path).map_err(cannot)?)?);
            }
            show(&run.await?, args.json);
            Ok(ExitCode::SUCCESS)
        }
        Verb::Refresh { scoped } => {
            scope(stack.refresh(), scoped).await?;
            Ok(ExitCode::SUCCESS)
        }
        Verb::Destroy { scoped, yes } => {
            scope(stack.destroy(), scoped).confirm(confirm(*yes, "remove all of these")).await?;
            Ok(ExitCode::SUCCESS)
        }
        Verb::Import { address, id } => {
            stack.import(address, id).await?;
            Ok(ExitCode::SUCCESS)
        }
        Verb::State { verb } => state::run(stack, verb).await,
        Verb::Unlock => {
            let text = match stack.unlock()? {
                Some(holder) => format!("The lease of {holder} ended; the next run takes over."),
                None => "Nobody runs.".to_owned(),
            };
            let _ = writeln!(io::stderr(), "{text}");
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn scope<'a>(mut run: crate::Run<'a>, scoped: &Scoped) -> crate::Run<'a> {
    if scoped.refresh {
        run = run.with_refresh();
    }
    run = scoped.target.iter().fold(run, crate::Run::target);
    run = scoped.exclude.iter().fold(run, crate::Run::exclude);
    run = scoped.replace.iter().fold(run, crate::Run::replace);
    run.parallel(scoped.parallel)
}

/// Asks the user, unless the answer was given with the command. Without anybody to ask the answer is no.
fn confirm(yes: bool, what: &'static str) -> impl Fn(&Summary) -> bool + Send + Sync + 'static {
    move |_| {
        if yes {
            return true;
        }
        let mut stderr = io::stderr();
        if !io::stdin().is_terminal() {
            let _ = writeln!(stderr, "Nobody can be asked here: give --yes to {what}.");
            return false;
        }
        let _ = write!(stderr, "Do you want to {what}? Only `yes` is taken for one: ");
        let _ = stderr.flush();
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer).is_ok() && answer.trim() == "yes"
    }
}

fn show(report: &Report, json: bool) {
    if json {
        return;
    }
    let mut stdout = io::stdout();
    for (name, value) in &report.exports {
        let _ = match value.as_str() {
            Some(text) => writeln!(stdout, "{name} = {text}"),
            None => writeln!(stdout, "{name} = {value:?}"),
        };
    }
}
