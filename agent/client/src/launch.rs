//! Finding and starting the agent.

use std::env;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use rollout::wire::{Agent, VERSION};
use tokio::time::Instant;

use crate::{Client, Error, LOG, STATE_DIR};

/// The command that installs the agent.
pub const INSTALL: &str = "make install";

const PROGRAM: &str = "devops-flow-agent";
const VARIABLE: &str = "DEVOPSFLOW_AGENT";

/// How long an agent may take to listen: it may have a journal to read and replicas to adopt.
const START: Duration = Duration::from_secs(20);

/// The variables that the agent is started with, of those that are set.
const KEPT: [&str; 4] = ["PATH", "HOME", "LANG", "XDG_RUNTIME_DIR"];

/// The variable that tells an agent which variable of a build server its starter had.
pub const BUILD_SERVER: &str = "DEVOPSFLOW_BUILD_SERVER";

/// The variables by which build servers recognise what their jobs leave behind, and end it.
const BUILD_SERVERS: [&str; 4] = ["GITHUB_ACTIONS", "JENKINS_URL", "GITLAB_CI", "CI"];

/// Starts an agent and waits until it answers. When another start was faster, that one's agent answers.
pub(crate) async fn launch(client: &Client) -> Result<Agent, Error> {
    let program = program()?;
    client.socket()?;
    let directory = client.state_dir();
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(|source| Error::Directory { path: directory.to_owned(), source })?;
    let log = directory.join(LOG);
    let failed = |reason: String| Error::Launch { program: program.clone(), reason };
    let mut output = OpenOptions::new()
        .create(true)
        .append(true)
        .read(true)
        .mode(0o600)
        .open(&log)
        .map_err(|error| failed(format!("cannot write its log {}: {error}", log.display())))?;
    let before = output.seek(SeekFrom::End(0)).unwrap_or(0);
    let mut child = command(&program, directory, &output)
        .and_then(|mut command| command.spawn())
        .map_err(|error| failed(error.to_string()))?;

    let deadline = Instant::now() + START;
    let mut ended: Option<ExitStatus> = None;
    loop {
        match client.hello().await {
            Ok(agent) if agent.interface == VERSION => {
                // It outlives this process; its end is nobody's to wait for, but while this process lives it must not stay a zombie.
                std::thread::spawn(move || child.wait());
                return Ok(agent);
            }
            Ok(agent) if agent.interface > VERSION => {
                return Err(Error::Newer { agent: agent.interface, release: agent.release });
            }
            Err(error) if !matches!(error, Error::NotRunning { .. } | Error::Lost { .. }) => return Err(error),
            _ => {}
        }
        // One that ended may have left the place to another that was faster and will answer soon.
        ended = ended.or_else(|| child.try_wait().ok().flatten());
        let status = ended.filter(|status| status.code() != Some(i32::from(TAKEN)));
        if let Some(status) = status {
            return Err(failed(format!("{status}{}", said(&log, before))));
        }
        if Instant::now() > deadline {
            return Err(failed(format!("no answer within {} s{}", START.as_secs(), said(&log, before))));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The exit code of an agent that found another one at its place.
pub const TAKEN: u8 = 3;

fn command(program: &Path, directory: &Path, output: &File) -> io::Result<Command> {
    let mut command = Command::new(program);
    command.args(["run", "--detach"]).env_clear().current_dir("/");
    command.envs(KEPT.iter().filter_map(|name| env::var_os(name).map(|value| (name, value))));
    command.env(STATE_DIR, directory);
    if let Some(name) = BUILD_SERVERS.iter().find(|name| env::var_os(name).is_some()) {
        command.env(BUILD_SERVER, name);
    }
    command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output.try_clone()?);
    Ok(command)
}

/// The last lines that the agent wrote since it was started.
fn said(log: &Path, from: u64) -> String {
    let read = || -> io::Result<String> {
        let mut file = File::open(log)?;
        file.seek(SeekFrom::Start(from))?;
        let mut text = Vec::new();
        file.take(64 << 10).read_to_end(&mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    };
    let text = read().unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let last = lines[lines.len().saturating_sub(10)..].join("\n");
    if last.is_empty() { format!("; see {}", log.display()) } else { format!("; it wrote:\n{last}") }
}

/// The program of the agent, absolute: `DEVOPSFLOW_AGENT`, else beside the running program, else on `PATH`.
pub fn program() -> Result<PathBuf, Error> {
    if let Some(program) = env::var_os(VARIABLE).map(PathBuf::from) {
        return if is_program(&program) {
            std::path::absolute(&program).map_err(|_| Error::BadProgram { program })
        } else {
            Err(Error::BadProgram { program })
        };
    }
    let running = env::current_exe().unwrap_or_default();
    let beside = running.parent().map(|folder| folder.join(PROGRAM));
    let on_path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&on_path).map(|folder| folder.join(PROGRAM)).collect::<Vec<_>>();
    let found = beside.into_iter().chain(on_path).find(|path| is_program(path));
    found.and_then(|path| std::path::absolute(path).ok()).ok_or(Error::NoProgram { beside: running })
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}
