//! The process that hosts rollouts on this machine.

use std::process::ExitCode;

use agent::daemon::{Options, Taken, run};

const USAGE: &str = "usage: devops-flow-agent run [--detach] [--take-over]

Runs the agent in the foreground. The state directory is DEVOPSFLOW_STATE_DIR, or devops-flow in XDG_STATE_HOME, or
~/.local/state/devops-flow.

  --detach      leave the session of whoever started it
  --take-over   take the place of an agent that runs; it hands over what it serves
  --version     print the version
";

fn main() -> ExitCode {
    let mut options = Options::default();
    let mut args = std::env::args().skip(1);
    match args.next().as_deref() {
        Some("run") => {}
        Some("--version") => return say(concat!("devops-flow-agent ", env!("CARGO_PKG_VERSION"), "\n"), false),
        Some("--help" | "-h") => return say(USAGE, false),
        _ => return say(USAGE, true),
    }
    for arg in args {
        match arg.as_str() {
            "--detach" => options.detach = true,
            "--take-over" => options.take_over = true,
            _ => return say(USAGE, true),
        }
    }
    let filter = tracing_subscriber::EnvFilter::try_from_env("DEVOPSFLOW_LOG").unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false).init();
    match run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let taken = error.downcast_ref::<Taken>().is_some();
            tracing::error!("{error:#}");
            if taken { ExitCode::from(agent_client::TAKEN) } else { ExitCode::FAILURE }
        }
    }
}

fn say(text: &str, wrong: bool) -> ExitCode {
    use std::io::Write as _;
    let written =
        if wrong { std::io::stderr().write_all(text.as_bytes()) } else { std::io::stdout().write_all(text.as_bytes()) };
    if wrong || written.is_err() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
