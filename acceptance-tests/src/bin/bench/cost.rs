//! What a process cost, from its start to its end.

use std::fs;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

/// How often the memory of a running process is looked at. The kernel keeps the peak, so that only a rise in the last
/// moment before the end can be missed.
const LOOK: Duration = Duration::from_millis(5);

/// What a process cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// Seconds by the clock.
    pub(crate) wall: f64,
    /// Seconds of processor, user and system, of it and of the children that it waited for; in steps of 10 ms.
    pub(crate) cpu: f64,
    /// The most resident megabytes (`VmHWM`).
    pub(crate) peak: f64,
    /// The bytes that it handed to the kernel to write (`wchar`): files, and the little that it prints.
    pub(crate) written: f64,
    /// How it ended; none if it was stopped because it took longer than it may.
    pub(crate) status: Option<ExitStatus>,
}

/// Runs a program to its end, or for as long as it may.
pub(crate) fn run(command: &mut Command, limit: Duration) -> Cost {
    let begun = Instant::now();
    let mut child = command.stdin(Stdio::null()).spawn().expect("the program starts");
    let pid = Pid::from_child(&child);
    let (mut peak, mut stopped) = (0.0, false);
    // It stays a zombie, so that what it cost can be read.
    let over = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while waitid(WaitId::Pid(pid), over | WaitIdOptions::NOHANG).expect("a child of this process").is_none() {
        peak = field(child.id(), "status", "VmHWM:").unwrap_or(peak);
        if begun.elapsed() > limit && !stopped {
            stopped = true;
            child.kill().expect("a child of this process");
        }
        std::thread::sleep(LOOK);
    }
    let wall = begun.elapsed().as_secs_f64();
    let written = field(child.id(), "io", "wchar:").expect("the kernel counts what a process writes");
    let cpu = processor_seconds(child.id());
    let status = child.wait().expect("a child of this process");
    Cost { wall, cpu, peak: peak / 1024.0, written, status: (!stopped).then_some(status) }
}

/// A number in a file of a process; none when the process has no memory any more.
fn field(process: u32, file: &str, name: &str) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{process}/{file}")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}

fn processor_seconds(process: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).expect("a process");
    // The name of the program may hold anything, and is in brackets. User and system time, and those of its children, are
    // the fields 14 to 17 of the line, of which two stand before the bracket closes.
    let (_, fields) = stat.rsplit_once(')').expect("a name in brackets");
    let ticks = fields.split_whitespace().skip(11).take(4).map(|field| field.parse::<u32>().expect("a number"));
    #[expect(clippy::cast_precision_loss, reason = "100 a second")]
    let a_second = rustix::param::clock_ticks_per_second() as f64;
    f64::from(ticks.sum::<u32>()) / a_second
}
