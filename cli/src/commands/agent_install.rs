//! `devops-flow agent install`.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use clap::Args;
use disk::{Artifact, Artifacts, Expect, Folder, RelativePath};
use serde::Serialize;

use crate::context::Context;
use crate::error::{Error, Exit};
use crate::output::Output;
use crate::unit::{self, Owner};

/// Write a systemd user unit that runs the agent, and restarts it when it fails
///
/// Shows what changes before it writes. Run again it changes nothing, and a unit that it did not write, or that somebody changed since,
/// is never overwritten. JSON: an object with `unit` (its path), `change` (`none`, `create`, `update` or `remove`), `done`
/// (false with `--dry-run`), `content` (null when it is removed) and `commands` (those that were run, or are left to run without `--now`).
#[derive(Debug, Args)]
pub(crate) struct AgentInstall {
    /// Also load, enable and start the unit, by systemctl
    #[arg(long)]
    now: bool,
    /// Only show what would change; exits with 2 when something would
    #[arg(long)]
    dry_run: bool,
    /// Remove the unit; with `--now` disable and stop it first. The replicas run on
    #[arg(long)]
    uninstall: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Change {
    None,
    Create,
    Update,
    Remove,
}

#[derive(Serialize)]
struct Report {
    unit: PathBuf,
    change: Change,
    done: bool,
    content: Option<String>,
    commands: Vec<String>,
}

impl AgentInstall {
    pub(crate) async fn run(self, context: &mut Context) -> Result<Exit, Error> {
        let folder = Folder::new(units()?);
        let name: RelativePath = unit::NAME.parse().expect("the name of the unit is a path below a folder");
        let found = folder.read(&name)?;
        let path = folder.path_of(&name);
        match found.as_ref().map(|found| unit::owner(&found.bytes)) {
            None | Some(Owner::Ours) => {}
            Some(Owner::Edited) => return Err(unit::Error::Edited { path }.into()),
            Some(Owner::Foreign) => return Err(unit::Error::Foreign { path }.into()),
        }
        if self.uninstall {
            return self.remove(context, &folder, &name, found);
        }
        self.write(context, &folder, name, found).await
    }

    async fn write(
        &self,
        context: &Context,
        folder: &Folder,
        name: RelativePath,
        found: Option<Artifact>,
    ) -> Result<Exit, Error> {
        let client = context.client()?;
        let wanted = unit::text(&agent_client::program()?, client.state_dir(), env::var("PATH").ok().as_deref())?;
        let artifacts = Artifacts::from([(name.clone(), Artifact::text(wanted.clone()))]);
        let differences = folder.check(&artifacts)?;
        let change = match (&found, differences.is_empty()) {
            (_, true) => Change::None,
            (None, false) => Change::Create,
            (Some(_), false) => Change::Update,
        };
        for difference in &differences {
            Output::say(&difference.unified().unwrap_or_else(|| difference.to_string()));
        }
        let start: &[&[&str]] = match change {
            Change::Update => &[&["daemon-reload"], &["enable", unit::NAME], &["restart", unit::NAME]],
            _ => &[&["daemon-reload"], &["enable", "--now", unit::NAME]],
        };
        if !self.dry_run {
            if self.now
                && systemctl(&["is-active", "--quiet", unit::NAME]).is_err()
                && let Ok(agent) = client.hello().await
            {
                return Err(unit::Error::AgentRuns { pid: agent.pid }.into());
            }
            let expect = found.map_or(Expect::Absent, |found| Expect::Digest(found.digest()));
            if change != Change::None {
                folder.publish(&artifacts, |_, _| expect)?;
            }
        }
        let report = self.report(folder.path_of(&name), change, Some(wanted), start);
        self.finish(context, &report, start)?;
        Output::say("a user's units end when the user logs out, unless `loginctl enable-linger` was run");
        Ok(report.exit())
    }

    fn remove(
        &self,
        context: &Context,
        folder: &Folder,
        name: &RelativePath,
        found: Option<Artifact>,
    ) -> Result<Exit, Error> {
        let change = if found.is_some() { Change::Remove } else { Change::None };
        let mut commands: Vec<&[&str]> = Vec::new();
        if let Some(found) = found {
            commands.push(&["daemon-reload"]);
            let link = folder.path().join("default.target.wants").join(unit::NAME);
            if self.now {
                commands.insert(0, &["disable", "--now", unit::NAME]);
            } else if link.symlink_metadata().is_ok() {
                return Err(unit::Error::Enabled.into());
            }
            if !self.dry_run {
                if self.now {
                    systemctl(commands[0])?;
                }
                folder.remove(name, found.digest())?;
            }
        }
        let report = self.report(folder.path_of(name), change, None, &commands);
        self.finish(context, &report, &commands[usize::from(self.now && change == Change::Remove)..])?;
        Ok(report.exit())
    }

    fn report(&self, unit: PathBuf, change: Change, content: Option<String>, commands: &[&[&str]]) -> Report {
        let commands = commands.iter().map(|args| words(args)).collect();
        Report { unit, change, done: !self.dry_run, content, commands }
    }

    /// Runs what is left to run, or says it.
    fn finish(&self, context: &Context, report: &Report, left: &[&[&str]]) -> Result<(), Error> {
        if self.now && !self.dry_run {
            for args in left {
                systemctl(args)?;
            }
        }
        context.out.data(report, |_| report.text(self.now))
    }
}

impl Report {
    fn exit(&self) -> Exit {
        if self.done || self.change == Change::None { Exit::Done } else { Exit::Differs }
    }

    fn text(&self, now: bool) -> String {
        let unit = self.unit.display();
        let first = match (self.change, self.done) {
            (Change::None, _) if self.content.is_none() => format!("{unit} is not there"),
            (Change::None, _) => format!("{unit} is in place"),
            (Change::Create | Change::Update, true) => format!("wrote {unit}"),
            (Change::Create | Change::Update, false) => format!("would write {unit}"),
            (Change::Remove, true) => format!("removed {unit}"),
            (Change::Remove, false) => format!("would remove {unit}"),
        };
        let heading = match (now, self.done) {
            _ if self.commands.is_empty() => return first + "\n",
            (false, _) => "run next:",
            (true, true) => "ran:",
            (true, false) => "would run:",
        };
        format!("{first}\n{heading}\n  {}\n", self.commands.join("\n  "))
    }
}

/// The folder of this user's units (systemd.unit(5)).
fn units() -> Result<PathBuf, Error> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let config = absolute("XDG_CONFIG_HOME").or_else(|| absolute("HOME").map(|home| home.join(".config")));
    Ok(config.ok_or(unit::Error::NoHome)?.join("systemd/user"))
}

fn words(args: &[&str]) -> String {
    format!("systemctl --user {}", args.join(" "))
}

fn systemctl(args: &[&str]) -> Result<(), unit::Error> {
    let failed = |reason: String| unit::Error::Systemctl { command: words(args), reason };
    let output =
        Command::new("systemctl").arg("--user").args(args).output().map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(failed(if said.is_empty() { output.status.to_string() } else { said }))
}
