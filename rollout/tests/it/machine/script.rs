//! Stories as text: lines with `>` go in, and what the machine asks for and tells comes out below each.
//!
//! Each file in `stories/` is one story. With `UPDATE_STORIES=1` the files are written anew, to be read and committed.

use std::fmt::Write as _;
use std::path::Path;

use rollout::gate::{Gate, Metric, NoData, Outcome as Says, error_rate};
use rollout::machine::{Action, Command, Event, FailureKind, Policy, Refused, Start};
use rollout::plan::Limits;
use rollout::plan::canary::{CanaryOptions, Pause, Rung, compile};
use rollout::wire::{Ended, Happening};
use rollout::{Plan, RevisionId, Span, Weight, Weights};

use super::world::{Fate, Health, World};

struct Story {
    world: World,
    options: CanaryOptions,
    limits: Limits,
}

#[test]
fn stories_go_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/machine/stories");
    let mut stories: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    stories.sort();
    assert!(stories.len() > 10);
    let mut wrong = Vec::new();
    for path in stories {
        let written = std::fs::read_to_string(&path).unwrap();
        let told = tell(&written);
        if told != written && std::env::var_os("UPDATE_STORIES").is_some() {
            std::fs::write(&path, told).unwrap();
        } else if told != written {
            let at = told.lines().zip(written.lines()).position(|(told, written)| told != written);
            let at = at.unwrap_or_else(|| told.lines().count().min(written.lines().count()));
            let line = |text: &str| text.lines().nth(at).unwrap_or("the end").to_owned();
            wrong.push(format!(
                "{}:{}\n  written {:?}\n  told    {:?}",
                path.display(),
                at + 1,
                line(&written),
                line(&told)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn tell(written: &str) -> String {
    let mut story = Story {
        world: World::new(4, 2),
        options: CanaryOptions::default(),
        limits: Limits { retain: Span::ZERO, ..Limits::default() },
    };
    let mut told = String::new();
    for line in written.lines() {
        if line.starts_with('#') || line.is_empty() {
            told += line;
            told.push('\n');
        } else if let Some(input) = line.strip_prefix("> ") {
            writeln!(told, "{line}").unwrap();
            for output in story.act(input) {
                writeln!(told, "  {output}").unwrap();
            }
        }
    }
    told
}

impl Story {
    fn act(&mut self, input: &str) -> Vec<String> {
        let words: Vec<&str> = input.split_whitespace().collect();
        if let Some(answer) = self.ask(&words) {
            return answer;
        }
        let result = if self.set(&words) || self.surround(&words) { Ok(()) } else { self.send(&words) };
        let mut out: Vec<String> = self.world.said.drain(..).filter_map(|command| show(&command)).collect();
        if let Err(refused) = result {
            out.push(format!("refused: {refused}"));
        }
        out
    }

    /// What is answered with a text of its own.
    fn ask(&mut self, words: &[&str]) -> Option<Vec<String>> {
        Some(match words {
            ["plan", rungs @ ..] => {
                self.options = options(rungs);
                match compile(&self.options, self.limits.clone()) {
                    Ok(plan) => vec![plan.ladder().join(", "), format!("at most {}", plan.max_duration())],
                    Err(error) => vec![error.to_string()],
                }
            }
            ["wait", span] => {
                let seconds = span.parse::<Span>().unwrap().as_millis() / 1_000;
                let mut out = Vec::new();
                for second in 1..=seconds {
                    self.world.round(1_000);
                    for line in self.world.said.drain(..).filter_map(|command| show(&command)) {
                        out.push(format!("{}: {line}", Span::from_secs(second)));
                    }
                }
                out
            }
            ["show"] => vec![self.show()],
            ["history"] => self.world.state.history().iter().map(show_ended).collect(),
            _ => return None,
        })
    }

    /// Settings of the plans to come.
    fn set(&mut self, words: &[&str]) -> bool {
        let limits = &mut self.limits;
        match words {
            ["gates", names @ ..] => limits.gates = names.iter().map(|name| gate(name)).collect(),
            ["pass-when", rule @ ..] => limits.pass_when = Some(rule.join(" ")),
            ["deadline", span] => limits.progress_deadline = span.parse().unwrap(),
            ["deadline", span, "abort"] => {
                (limits.progress_deadline, limits.abort_on_deadline) = (span.parse().unwrap(), true);
            }
            ["pause-deadline", span] => limits.pause_deadline = span.parse().unwrap(),
            ["retain", span] => limits.retain = span.parse().unwrap(),
            _ => return false,
        }
        true
    }

    /// What the world around the machine does.
    fn surround(&mut self, words: &[&str]) -> bool {
        let plan = self.plan();
        let world = &mut self.world;
        match words {
            ["service", replicas, window] => *world = World::new(replicas.parse().unwrap(), window.parse().unwrap()),
            ["live", version] => {
                // A service that is there, without its beginnings.
                world.start(version, &plan).unwrap();
                (0..3).for_each(|_| world.round(1_000));
                world.said.clear();
            }
            ["sleep", span] => world.now = world.now.after(span.parse().unwrap()),
            ["look"] => world.look(),
            ["says", name, outcome] => {
                world.says.insert((*name).to_owned(), says(outcome));
            }
            ["health", version, how] => {
                world.health.insert((*version).into(), health(how));
            }
            ["ensures", how] => world.ensures = fate(how),
            ["shifts", how] => world.shifts = fate(how),
            ["weights", shares @ ..] => {
                world.weights = weights(shares);
                world.look();
            }
            ["restart"] => world.restart(false),
            ["reboot"] => world.restart(true),
            _ => return false,
        }
        true
    }

    fn send(&mut self, words: &[&str]) -> Result<(), Refused> {
        let plan = self.plan();
        let world = &mut self.world;
        match words {
            ["start", version] => world.start(version, &plan),
            ["start", version, "token", token] => world.start_with(version, &plan, Some(token), false),
            ["start", version, "retry"] => world.start_with(version, &plan, None, true),
            ["start-at", generation, version] => world.send(Event::Start(Start {
                revision: (*version).into(),
                version: (*version).to_owned(),
                plan,
                expect_generation: generation.parse().unwrap(),
                retry_token: None,
                retry_blocked: false,
            })),
            ["resize", replicas] => world.send(Event::Resize(replicas.parse().unwrap())),
            ["gone", policy] => world.send(Event::ClientGone(match *policy {
                "pause" => Policy::Pause,
                "rollback" => Policy::Rollback,
                "detach" => Policy::Detach,
                other => panic!("{other}"),
            })),
            [action] => world.send(Event::Operator(match *action {
                "promote" => Action::Promote,
                "promote-full" => Action::PromoteFull,
                "approve" => Action::Approve,
                "pause" => Action::Pause,
                "resume" => Action::Resume,
                "abort" => Action::Abort,
                "rollback" => Action::Rollback,
                "retry" => Action::Retry,
                other => panic!("{other}"),
            })),
            _ => panic!("{words:?}"),
        }
    }

    /// A plan that cannot be followed comes to the machine as it would over the wire.
    fn plan(&self) -> Plan {
        let limits = Limits { gates: Vec::new(), pass_when: None, ..self.limits.clone() };
        let (gates, pass_when) = (self.limits.gates.clone(), self.limits.pass_when.clone());
        Plan { gates, pass_when, ..compile(&self.options, limits).unwrap() }
    }

    fn show(&self) -> String {
        let view = self.world.state.view();
        let name = |revision: &Option<RevisionId>| revision.as_ref().map_or("nothing".to_owned(), ToString::to_string);
        let fleet: Vec<String> = view
            .fleet
            .iter()
            .filter(|(_, f)| f.running > 0)
            .map(|(r, f)| format!("{r} {}/{}", f.ready, f.desired))
            .collect();
        let paused: Vec<String> = view.paused.iter().map(|reason| format!("{reason:?}")).collect();
        let mut line = format!("{:?} {:?}, stable {}", view.status, view.phase, name(&view.stable));
        if view.candidate.is_some() {
            let (candidate, step) = (name(&view.candidate), view.step_index + 1);
            write!(line, ", candidate {candidate} step {step}/{}", view.step_count).unwrap();
        }
        write!(line, ", {}; {}", show_weights(&view.weights), fleet.join(", ")).unwrap();
        if !paused.is_empty() {
            write!(line, "; paused {}", paused.join(", ")).unwrap();
        }
        if let Some(degraded) = view.degraded {
            write!(line, "; degraded: {degraded}").unwrap();
        }
        if !view.blocked.is_empty() {
            let blocked: Vec<&str> = view.blocked.iter().map(|blocked| blocked.revision.as_str()).collect();
            write!(line, "; blocked {}", blocked.join(", ")).unwrap();
        }
        line
    }
}

/// `5%:10m 25%:approval=1h 50%:gates 100%`
fn options(words: &[&str]) -> CanaryOptions {
    let rung = |word: &&str| {
        let (weight, pause) = word.split_once(':').unwrap_or((word, "gates"));
        let percent: u16 = weight.trim_end_matches('%').parse().unwrap();
        let pause = match pause {
            "gates" => None,
            other => Some(match other.strip_prefix("approval=") {
                Some(deadline) => Pause::Approval { deadline: deadline.parse().unwrap() },
                None => Pause::Elapsed(other.parse().unwrap()),
            }),
        };
        Rung { weight: Weight::from_basis_points(percent * 100).unwrap(), pause }
    };
    CanaryOptions { steps: words.iter().map(rung).collect() }
}

pub(super) fn gate(name: &str) -> Gate {
    let limits = error_rate::Limits { max_ratio_to_baseline: Some(2.0), max: None, min_samples: 50 };
    Gate {
        name: name.to_owned(),
        metric: Metric::ErrorRate(limits),
        no_data: NoData::Default,
        dry_run: name.starts_with("dry"),
        interval: Span::from_secs(1),
        initial_delay: Span::ZERO,
    }
}

fn says(word: &str) -> Says {
    match word {
        "fail" => Says::Fail,
        "error" => Says::Error,
        "inconclusive" => Says::Inconclusive,
        "no-data" => Says::NoData,
        "pass" => Says::Pass,
        other => panic!("{other}"),
    }
}

fn health(word: &str) -> Health {
    match word {
        "good" => Health::Good,
        "half" => Health::Half,
        "unready" => Health::Unready,
        "crashing" => Health::Crashing,
        other => panic!("{other}"),
    }
}

fn show_ended(ended: &Ended) -> String {
    let why = ended.failure.as_ref().map_or(String::new(), |failure| format!(": {}", failure.reason));
    let (version, outcome, highest) = (&ended.version, ended.outcome, ended.highest_weight);
    format!("{version} {outcome:?} at {highest}, paused {}{why}", ended.paused)
}

fn fate(word: &str) -> Fate {
    match word {
        "work" => Fate::Done,
        "hang" => Fate::Lost,
        "silent" => Fate::Silent,
        "fail" => Fate::Fails(FailureKind::Transient),
        "break" => Fate::Fails(FailureKind::Permanent),
        other => panic!("{other}"),
    }
}

/// `v1=95 v2=5`
fn weights(words: &[&str]) -> Weights {
    let weight = |word: &&str| {
        let (revision, percent) = word.split_once('=').unwrap();
        (revision.into(), Weight::from_basis_points(percent.parse::<u16>().unwrap() * 100).unwrap())
    };
    words.iter().map(weight).collect()
}

fn show_weights(weights: &Weights) -> String {
    let weights: Vec<String> = weights.iter().map(|(revision, weight)| format!("{revision} {weight}")).collect();
    if weights.is_empty() { "no traffic".to_owned() } else { weights.join(" ") }
}

fn show(command: &Command) -> Option<String> {
    Some(match command {
        Command::Ensure { id, revision, replicas, abort } => {
            format!("{id}: ensure {replicas} of {revision}{}", if *abort { ", short drain" } else { "" })
        }
        Command::Shift { id, weights } => format!("{id}: shift to {}", show_weights(weights)),
        Command::StartGate { name } => format!("start gate {name}"),
        Command::StopGate { name } => format!("stop gate {name}"),
        Command::Emit(happening) => match happening {
            Happening::Started { revision, .. } => format!("started {revision}"),
            Happening::Advanced { phase, step_index } => format!("{phase:?}, step {}", step_index + 1),
            Happening::Judged { gate, verdict } => format!("gate {gate}: {:?}", verdict.outcome),
            Happening::Paused { reason } => format!("paused: {reason:?}"),
            Happening::Resumed { reason } => format!("resumed: {reason:?}"),
            Happening::Degraded { reason } => format!("degraded: {}", reason.as_deref().unwrap_or("no more")),
            Happening::TakingBack { failure } => {
                format!(
                    "taking back {}: {} ({}; {})",
                    failure.version, failure.reason, failure.measured, failure.threshold
                )
            }
            Happening::Ended(ended) => format!("ended {}: {:?}", ended.version, ended.outcome),
            Happening::Failed { message } => format!("failed: {message}"),
            Happening::Shifted { .. } | Happening::Replica { .. } => return None,
        },
    })
}
