//! The command line that every program is.

mod args;
mod config;
mod file;
mod output;
mod secrets;
mod settings;
mod stacks;
mod state;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory, FromArgMatches};

use crate::event::Summary;
use crate::program::{Result as ProgramResult, Setting};
use crate::providers::Source;
use crate::secrets::Redactor;
use crate::store::DirectoryStore;
use crate::{Error, Plan, Report, Scope, Stack, Stopper};
use args::{Args, Scoped, Verb};
use output::Output;
use settings::SettingsFile;

/// Runs the verb that the command line asks for, on a program of this project. What a user of the program sees is described
/// by `--help`.
///
/// Ctrl-C stops a run: nothing new begins, what runs is let end and recorded, and the exit code is 1. A second Ctrl-C ends the
/// process at once, which the next run recovers from as from a kill.
///
/// The exit code is 0 when all was done, 1 when not or when the command line is wrong, and 2 when `preview
/// --detailed-exitcode` found something to do.
pub fn main(project: &'static str, declare: fn(&mut Scope) -> ProgramResult<()>) -> ExitCode {
    main_with(project, declare, |stack| stack)
}

/// The same as [`main`], for a program that brings more than resources: `configure` gives the stack its providers, say.
pub fn main_with(
    project: &'static str,
    declare: fn(&mut Scope) -> ProgramResult<()>,
    configure: impl FnOnce(Stack) -> Stack,
) -> ExitCode {
    let command = Args::command().name(project).bin_name(project);
    let args = match command.try_get_matches().and_then(|matches| Args::from_arg_matches(&matches)) {
        Ok(args) => args,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
    };
    let output = Output::new(args.format(), args.color);
    let fail = |error: &str| {
        output.error(error);
        ExitCode::FAILURE
    };
    log();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("cannot start: {error}")),
    };
    let stack = match stack(project, declare, &args, &output) {
        Ok(stack) => stack,
        Err(error) => return fail(&error.to_string()),
    };
    let stack = configure(stack);
    hide_secrets_of_panics(stack.redactor());
    output.start();
    runtime.block_on(async {
        tokio::spawn(interrupted(stack.stopper(), output.clone()));
        match run(&stack, &args, &output).await {
            Ok(code) => code,
            Err(Failed::Told) => ExitCode::FAILURE,
            Err(Failed::Error(error)) => fail(&stack.redactor().redact(&error.to_string())),
        }
    })
}

/// Why a verb failed.
enum Failed {
    /// Its events said so.
    Told,
    /// It was not run, or has no events.
    Error(Error),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// Writes to standard error what providers log and what is tolerated of them, as much of it as `DEVOPSFLOW_LOG` asks for
/// (`warn`, `debug`); nothing when it is not set.
fn log() {
    if let Ok(filter) = tracing_subscriber::EnvFilter::try_from_env("DEVOPSFLOW_LOG") {
        let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false);
        // A program that logs in its own way already goes on doing so.
        let _ = log.try_init();
    }
}

/// Stops the run at the first Ctrl-C, and ends the process at the second.
#[expect(clippy::exit, reason = "the second Ctrl-C does not wait for what still runs")]
async fn interrupted(stopper: Stopper, output: Output) {
    if tokio::signal::ctrl_c().await.is_err() {
        return;
    }
    output.say("Stopping: what runs is let end, nothing new begins. Ctrl-C again ends at once.");
    stopper.stop();
    if tokio::signal::ctrl_c().await.is_ok() {
        output.clear();
        std::process::exit(1);
    }
}

/// A program that panics may do so with a secret in its message.
fn hide_secrets_of_panics(redactor: &Arc<Redactor>) {
    let redactor = Arc::clone(redactor);
    std::panic::set_hook(Box::new(move |panic| {
        let _ = writeln!(io::stderr(), "{}", redactor.redact(&panic.to_string()));
    }));
}

fn stack(
    project: &str,
    declare: fn(&mut Scope) -> ProgramResult<()>,
    args: &Args,
    output: &Output,
) -> Result<Stack, Error> {
    let mut stack = Stack::new(project, &args.stack, declare)?;
    let reporter = output.clone();
    stack = stack.store(DirectoryStore::new(&args.backend)).reporter(move |event| reporter.event(event));
    if io::stdin().is_terminal() {
        let asking = output.clone();
        stack = stack.prompt(move |question: &str| asking.ask_hidden(question));
    }
    secrets::finish_rotation(&stack)?;
    for (key, setting) in SettingsFile::read(&args.stack)?.settings()? {
        stack = match setting {
            Setting::Plain(text) => stack.config(key, text),
            Setting::Sealed(sealed) => stack.sealed_config(key, sealed),
        };
    }
    // These two are about the settings in the file.
    let overridden = !matches!(args.verb, Verb::Config { .. } | Verb::Secrets { .. });
    for setting in args.config.iter().filter(|_| overridden) {
        let wrong = || Error::Edit(format!("{setting:?}: `key=value` expected"));
        let (key, value) = setting.split_once('=').ok_or_else(wrong)?;
        stack = stack.config(key, value);
    }
    if let Some(plugin) = &args.plugin {
        stack = stack.provider("devopsflow", Source::Plugin(plugin.clone()));
    }
    Ok(stack)
}

async fn run(stack: &Stack, args: &Args, output: &Output) -> Result<ExitCode, Failed> {
    let code = |report: &Report, detailed: bool| {
        if detailed && !report.summary.is_empty() { ExitCode::from(2) } else { ExitCode::SUCCESS }
    };
    match &args.verb {
        Verb::Preview { scoped, save, detailed_exitcode } => {
            let mut run = scope(stack.preview(), scoped);
            if save.is_some() {
                run = run.save();
            }
            let report = told(run).await?;
            if let (Some(path), Some(plan)) = (save, &report.plan) {
                let cannot = |error| Error::Plan(format!("cannot write {}: {error}", path.display()));
                file::replace(path, &plan.to_json()).map_err(cannot)?;
            }
            Ok(code(&report, *detailed_exitcode))
        }
        Verb::Up { scoped, plan, yes } => {
            let mut run = scope(stack.up(), scoped).confirm(confirm(*yes, "make these changes", output));
            if let Some(path) = plan {
                let cannot = |error| Error::Plan(format!("cannot read {}: {error}", path.display()));
                run = run.plan(Plan::from_json(&std::fs::read_to_string(path).map_err(cannot)?)?);
            }
            told(run).await?;
            Ok(ExitCode::SUCCESS)
        }
        Verb::Refresh { scoped } => {
            told(scope(stack.refresh(), scoped)).await?;
            Ok(ExitCode::SUCCESS)
        }
        Verb::Destroy { scoped, yes } => {
            told(scope(stack.destroy(), scoped).confirm(confirm(*yes, "remove all of these", output))).await?;
            Ok(ExitCode::SUCCESS)
        }
        Verb::Import { address, id } => {
            told(stack.import(address, id)).await?;
            Ok(ExitCode::SUCCESS)
        }
        Verb::State { verb } => Ok(state::run(stack, verb, output).await?),
        Verb::Stack { verb } => Ok(stacks::run(stack, verb, output).await?),
        Verb::Config { verb } => Ok(config::run(stack, verb, output).await?),
        Verb::Secrets { verb } => Ok(secrets::run(stack, verb, output).await?),
        Verb::Unlock => {
            let holder = stack.unlock()?;
            if args.json {
                Output::json(&serde_json::json!({ "holder": holder }));
            } else {
                output.say(&match holder {
                    Some(holder) => format!("The lease of {holder} ended; the next run takes over."),
                    None => "Nobody runs.".to_owned(),
                });
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Runs it. Whatever went wrong was shown with its events.
async fn told(run: crate::Run<'_>) -> Result<Report, Failed> {
    run.await.map_err(|_| Failed::Told)
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

/// The question before a run changes anything.
fn confirm(yes: bool, what: &'static str, output: &Output) -> impl Fn(&Summary) -> bool + Send + Sync + 'static {
    let output = output.clone();
    move |_| output.agreed(yes, what)
}
