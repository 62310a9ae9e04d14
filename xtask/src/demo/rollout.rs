//! A rollout that wins, and one that is taken back by itself, under a steady load.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Stdio};

use anyhow::{Context, Result, ensure};
use fs_err as fs;
use serde_json::Value;

use super::{Stage, say};
use crate::programs::Programs;

/// How many requests a second the client sends.
const RATE: &str = "200";

pub(super) fn show(service: &Stage, programs: &Programs, load: &Path) -> Result<()> {
    say("A service with three versions, and a main.tf that rolls them out:");
    println!("{}", fs::read_to_string(service.project.join("main.tf"))?);
    let guard = Guard { service, programs };
    let outcome = play(service, programs, load);
    drop(guard);
    outcome
}

/// Ends the agent and what it runs, however the story ends.
struct Guard<'a> {
    service: &'a Stage,
    programs: &'a Programs,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        let mut stop = self.service.command(&self.programs.command);
        let stopped = stop.args(["agent", "stop", "--replicas"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        if let Err(error) = stopped {
            eprintln!("xtask: the agent could not be stopped: {error}");
        }
    }
}

fn play(service: &Stage, programs: &Programs, load: &Path) -> Result<()> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    fs::write(service.project.join("terraform.tfvars"), format!("port = {port}\npause = \"5s\"\n"))?;
    service.terraform(&["init"], 0)?;
    say("Version v1 is the first one: it starts without steps.");
    release(service, "v1", 0)?;

    let mut client = Load::start(service, load, port)?;
    say(&format!("From now on a client sends {RATE} requests a second to http://127.0.0.1:{port}, reads and writes."));
    let mut events = service.command(&programs.command);
    events.args(["rollout", "status", "shop", "--follow", "--json"]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut events = events.spawn().context("cannot follow the rollout")?;

    say("Version v2 is good: it climbs the steps and wins.");
    release(service, "v2", 0)?;
    say(
        "Version v3 answers every tenth request with an error. Nobody watches; it is taken back, and apply says so (exit code 1):",
    );
    release(service, "v3", 1)?;
    let summary = client.stop()?;

    say("terraform's next plan is truthful: users have v2, and v3 is still wanted (exit code 2):");
    service.terraform(&["plan", "-var=release=v3", "-detailed-exitcode"], 2)?;
    events.kill()?;
    let mut text = String::new();
    events.stdout.take().context("the events are read")?.read_to_string(&mut text)?;
    events.wait()?;
    table(&summary, &text)
}

fn release(service: &Stage, version: &str, expected: i32) -> Result<()> {
    service.terraform(&["apply", "-auto-approve", &format!("-var=release={version}")], expected)
}

/// The client.
struct Load(Child);

impl Load {
    fn start(service: &Stage, program: &Path, port: u16) -> Result<Self> {
        let mut command = service.command(program);
        command.args([&format!("127.0.0.1:{port}"), RATE]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("cannot start the client")?;
        let mut ready = String::new();
        BufReader::new(child.stdout.as_mut().context("the client is read")?).read_line(&mut ready)?;
        ensure!(ready == "started\n", "the client said {ready:?}");
        Ok(Self(child))
    }

    /// Stops the client and gives what it says of its requests.
    fn stop(&mut self) -> Result<Value> {
        drop(self.0.stdin.take());
        let mut text = String::new();
        self.0.stdout.take().context("the client is read")?.read_to_string(&mut text)?;
        self.0.wait()?;
        Ok(serde_json::from_str(&text)?)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        // It ended already unless the story ended early.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Shows what users had of it all.
fn table(summary: &Value, events: &str) -> Result<()> {
    let events: Vec<Value> = events.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let at = |event: &Value| event["at"].as_i64();
    let taking_back = events.iter().rposition(|event| event["happening"].get("taking-back").is_some());
    let taking_back = taking_back.context("the events tell of no version that was taken back")?;
    let failure = &events[taking_back]["happening"]["taking-back"]["failure"];
    let bad = failure["revision"].as_str().unwrap_or_default();
    let shifted = |event: &&Value| event["happening"]["shifted"]["weights"].is_object();
    let share = |event: &Value| event["happening"]["shifted"]["weights"][bad].as_u64().unwrap_or(0);
    let begun = events[..taking_back].iter().filter(shifted).find(|event| share(event) > 0).and_then(at);
    let back = events[taking_back..].iter().filter(shifted).find(|event| share(event) == 0).and_then(at);
    let highest = events.iter().filter(shifted).map(share).max().unwrap_or(0);
    let detected = at(&events[taking_back]);
    let number = |value: &Value| value.as_u64().unwrap_or(0);
    let seconds = |from: Option<i64>, to: Option<i64>| {
        let millis = from.zip(to).map(|(from, to)| (to - from).max(0));
        millis.map_or("not seen".to_owned(), |millis| format!("{}.{:03} s", millis / 1000, millis % 1000))
    };

    say("What users had of it:");
    println!("{:<44}{:>10}{:>10}", "", "requests", "failed");
    for (version, counts) in summary["by_version"].as_object().into_iter().flatten() {
        println!(
            "{:<44}{:>10}{:>10}",
            format!("answered by {version}"),
            number(&counts["sent"]),
            number(&counts["failed"])
        );
    }
    println!("{:<44}{:>10}{:>10}", "in all", number(&summary["sent"]), number(&summary["failed"]));
    println!();
    let highest = f64::from(u32::try_from(highest).unwrap_or(u32::MAX)) / 100.0;
    println!("{:<44}{:>20}", "highest share that v3 ever had", format!("{highest} %"));
    println!("{:<44}{:>20}", "from its first request to the verdict", seconds(begun, detected));
    println!("{:<44}{:>20}", "from the verdict to no more requests", seconds(detected, back));
    println!("{:<44}  {}", "why", failure["reason"].as_str().unwrap_or_default());
    println!("{:<44}  {}", "measured", failure["measured"].as_str().unwrap_or_default());
    println!("{:<44}  {}", "allowed", failure["threshold"].as_str().unwrap_or_default());
    Ok(())
}
