//! The life of the agent: from the lock of its state directory to its end.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use agent_client::{BUILD_SERVER, LOG, SOCKET, state_dir};
use anyhow::{Context as _, bail};
use disk::journal::JournalError;
use disk::{Artifact, Artifacts, Expect, Folder};
use rollout::wire::{Agent, VERSION};
use rollout_runner::store::Change;
use rollout_runner::{Host, OpenError, Store, Targets, Whoami};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{oneshot, watch};

use crate::handover::{self, Inheritance};
use crate::local::{Local, Locals, Shared, now};
use crate::server::{self, Ending, Server};
use crate::supervisor::{Log, Supervisor, is_name, prepare_process};

/// How the agent is started.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Whether to leave the session of whoever started it.
    pub detach: bool,
    /// Whether to take the place of an agent that runs, whatever its version.
    pub take_over: bool,
}

/// The state directory belongs to another agent that runs.
#[derive(Debug, thiserror::Error)]
#[error("another agent has the state directory {}", .0.display())]
pub struct Taken(pub PathBuf);

/// Where the boot is recorded in which the last agent ran.
const BOOT: &str = "agent-boot";
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
/// How long an agent that has handed over stays for clients until the next one listens.
const SUCCESSOR_TIME: Duration = Duration::from_secs(20);
/// How many bytes are kept of what the agent writes, twice: the current file and the one before.
const LOG_LIMIT: u64 = 4 << 20;

/// Runs the agent until it is asked to end.
///
/// # Errors
/// [`Taken`] when another agent has the state directory; otherwise why it cannot start, or what failed.
pub fn run(options: Options) -> anyhow::Result<()> {
    if options.detach {
        return Err(detach(options)).context("cannot leave whoever started it");
    }
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    if let Some(limit) = prepare_process().context("cannot look at the limit of open files")? {
        tracing::debug!(limit, "open files");
    }
    let directory = state_dir()?;
    prepare(&directory)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("agent")
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let outcome = runtime.block_on(live(&directory, options));
    // Nothing that still waits may keep the process: whatever had to be written is.
    runtime.shutdown_timeout(Duration::from_secs(1));
    outcome
}

/// Leaves the session of whoever started this process and what was inherited of it: a pipe that stays open here would keep its
/// reader waiting for as long as the agent lives. Descriptors of others are not this program's to close, so it is executed anew
/// without them. Only returns when that fails.
fn detach(options: Options) -> io::Error {
    // Whoever is a group's leader already cannot leave its session, and need not.
    if let Err(error) = rustix::process::setsid() {
        tracing::debug!(%error, "no session of its own");
    }
    close_fds::set_fds_cloexec(3, &[]);
    let mut command = std::process::Command::new("/proc/self/exe");
    command.arg0("devops-flow-agent").arg("run").args(options.take_over.then_some("--take-over"));
    command.exec()
}

/// Keeps the log that this agent was started with within its limit. One in the foreground writes to somebody else's.
fn keep_own_log(directory: &Path) {
    let path = directory.join(LOG);
    let ours = rustix::fs::fstat(io::stderr()).is_ok_and(|here| {
        rustix::fs::stat(&path).is_ok_and(|there| (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino))
    });
    if ours {
        match Log::at(path, LOG_LIMIT) {
            Ok(log) => drop(tokio::spawn(async move { log.keep_within_limit().await })),
            Err(error) => tracing::warn!(%error, "the log of the agent is not kept within its limit"),
        }
    }
}

/// Makes the state directory, for its owner only.
fn prepare(directory: &Path) -> anyhow::Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
    made.with_context(|| format!("cannot make the state directory {}", directory.display()))?;
    let owner = std::fs::metadata(directory)?.uid();
    let me = rustix::process::geteuid().as_raw();
    if owner != me {
        bail!(
            "the state directory {} belongs to user {owner}, not to you; set DEVOPSFLOW_STATE_DIR to another",
            directory.display()
        );
    }
    let private = std::fs::set_permissions(directory, Permissions::from_mode(0o700));
    private.with_context(|| format!("cannot close the state directory {} to others", directory.display()))
}

async fn live(directory: &Path, options: Options) -> anyhow::Result<()> {
    keep_own_log(directory);
    let (store, inheritance) = open(directory, options).await?;
    let agent_id = agent_id(directory)?;
    let boot = std::fs::read_to_string(BOOT_ID).context("cannot tell this boot from another")?.trim().to_owned();
    let recorded = store.target(BOOT).remove(BOOT);
    let rebooted = recorded.is_some_and(|recorded| recorded != boot.as_str());
    let change = Change { target: vec![(BOOT.to_owned(), Some(boot.into()))], ..Change::default() };
    if let Err(error) = store.save(change).await {
        tracing::warn!(%error, "the boot could not be recorded");
    }
    let host_name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let shared = Shared {
        supervisor: Supervisor::new(&agent_id).context("cannot look at processes")?,
        store: store.clone(),
        logs: directory.join("logs"),
        predecessor: inheritance.pid,
    };
    let locals =
        Locals::new(shared, inheritance.listeners).await.context("cannot look at the replicas of the agent before")?;
    let locals = Arc::new(locals);
    let whoami = Whoami { agent_id: agent_id.clone(), host: host_name.clone(), rebooted };
    let host = Host::open(store, Arc::clone(&locals) as Arc<dyn Targets>, whoami, now).await;

    let (ending, mut ended) = watch::channel(Ending::Not);
    let (leaver, mut leave) = tokio::sync::mpsc::channel(1);
    let me = Agent {
        interface: VERSION,
        release: env!("CARGO_PKG_VERSION").to_owned(),
        agent_id,
        host: host_name,
        pid: std::process::id(),
        started: now(),
        build_server: std::env::var(BUILD_SERVER).ok(),
    };
    let socket = directory.join(SOCKET);
    let listener = server::bind(&socket).with_context(|| format!("cannot listen at {}", socket.display()))?;
    let server =
        Arc::new(Server { host: Arc::clone(&host), me, logs: directory.join("logs"), ending: ending.clone(), leaver });
    let inode = std::fs::metadata(&socket)?.ino();
    tracing::info!(state = %directory.display(), release = env!("CARGO_PKG_VERSION"), "listening");
    let serving = tokio::spawn(server.serve(listener));

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let how = tokio::select! {
        how = ended.wait_for(|ending| *ending != Ending::Not) => how.map_or(Ending::Leave, |how| *how),
        _ = terminate.recv() => Ending::Leave,
        _ = interrupt.recv() => Ending::Leave,
        Some(stream) = leave.recv() => {
            match hand_over(&host, &locals, &stream).await {
                Ok(()) => Ending::TakenOver,
                Err(error) => {
                    // The journal is closed; whoever starts the next agent finds everything in it.
                    tracing::error!("the agent that was to take over is gone: {error:#}");
                    Ending::Leave
                }
            }
        }
    };
    tracing::info!(?how, "ending");
    ending.send_replace(how);
    if how != Ending::TakenOver {
        // Nobody is to find a socket at which nobody answers.
        let _ = std::fs::remove_file(&socket);
    }
    let last_wish = async {
        if how != Ending::WithReplicas {
            locals.all().values().for_each(|local| local.release());
        }
        host.close().await;
        all(&locals, how == Ending::WithReplicas).await;
    };
    tokio::select! {
        () = last_wish => {}
        _ = terminate.recv() => tracing::warn!("ended at once, with requests in flight"),
        _ = interrupt.recv() => tracing::warn!("ended at once, with requests in flight"),
    }
    if how == Ending::TakenOver {
        // Until then clients are told to ask again, and find the next agent.
        let _ = tokio::time::timeout(SUCCESSOR_TIME, replaced(&socket, inode)).await;
    }
    serving.abort();
    Ok(())
}

/// Waits until another socket has the place of this agent's, and all that came before has its answer.
async fn replaced(socket: &Path, inode: u64) {
    while std::fs::metadata(socket).is_ok_and(|found| found.ino() == inode) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
}

/// Shuts every port when what is in flight has ended, and ends the replicas if they are to end.
async fn all(locals: &Locals, replicas: bool) {
    let mut work = tokio::task::JoinSet::new();
    for local in locals.all().into_values() {
        work.spawn(async move {
            if replicas {
                rollout_runner::Target::remove(&*local).await;
            } else {
                local.shut().await;
            }
        });
    }
    work.join_all().await;
}

/// Closes the journal and passes the ports on. What is in flight stays here.
async fn hand_over(host: &Host, locals: &Locals, to: &std::os::unix::net::UnixStream) -> anyhow::Result<()> {
    // A replica that is started from here on could not be recorded any more.
    let services = locals.all();
    for local in services.values() {
        local.release();
    }
    host.close().await;
    let listeners: io::Result<BTreeMap<_, _>> = services
        .iter()
        .filter_map(|(name, local): (&String, &Arc<Local>)| {
            Some(local.listener()?.map(|listener| (name.clone(), listener)))
        })
        .collect();
    Ok(handover::pass_on(to, &listeners?)?)
}

/// Opens the store; from another agent if there is one and it is to leave.
async fn open(directory: &Path, options: Options) -> anyhow::Result<(Store, Inheritance)> {
    let nothing = Inheritance { listeners: BTreeMap::new(), pid: None };
    let inheritance = match Store::open(directory) {
        Ok((store, torn)) => {
            warn(torn.as_ref());
            return Ok((store, nothing));
        }
        Err(OpenError::Journal(JournalError::Locked { .. })) => leave(directory, options).await?,
        Err(error) => return Err(error.into()),
    };
    let (store, torn) = Store::open(directory).context("the agent that was to leave still has the journal")?;
    warn(torn.as_ref());
    Ok((store, inheritance))
}

fn warn(torn: Option<&disk::journal::Torn>) {
    if let Some(torn) = torn {
        let (path, offset, bytes) = (torn.path.display(), torn.offset, torn.bytes);
        tracing::warn!(%path, offset, bytes, "the last write was cut short; nobody was told that it was done");
    }
}

/// Asks the agent that has the directory to leave, if it is older or this one is to take its place.
async fn leave(directory: &Path, options: Options) -> anyhow::Result<Inheritance> {
    let socket = directory.join(SOCKET);
    if !options.take_over {
        let there = agent_client::Client::at(directory).hello().await.map_err(|_| Taken(directory.to_owned()))?;
        if there.interface >= VERSION {
            return Err(Taken(directory.to_owned()).into());
        }
    }
    let (sender, receiver) = oneshot::channel();
    std::thread::spawn(move || drop(sender.send(handover::take_over(&socket))));
    let inheritance = receiver.await.context("the handover was cut short")?;
    inheritance.context("the agent that runs does not hand over")
}

/// The name of this state directory, made when it is first used.
fn agent_id(directory: &Path) -> anyhow::Result<String> {
    let folder = Folder::new(directory);
    let file = "agent-id".parse()?;
    let cannot = || format!("cannot keep the identity of {}", directory.display());
    if let Some(found) = folder.read(&file).with_context(cannot)? {
        let text = String::from_utf8_lossy(&found.bytes).trim().to_owned();
        if !is_name(&text) {
            bail!(
                "{} is damaged: it names this agent in Terraform's states and in its replicas; restore it",
                directory.join("agent-id").display()
            );
        }
        return Ok(text);
    }
    // The kernel's own random identifiers (random(4)).
    let id =
        std::fs::read_to_string("/proc/sys/kernel/random/uuid").context("cannot make an identity")?.trim().to_owned();
    let artifacts = Artifacts::from([(file, Artifact::text(format!("{id}\n")))]);
    folder.publish(&artifacts, |_, _| Expect::Absent).map_err(|failed| failed.source).with_context(cannot)?;
    Ok(id)
}
