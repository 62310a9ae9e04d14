//! A target that does what the machine asks of it, or not; and the laws that hold after every event.

use std::collections::BTreeMap;

use rollout::gate::{Evidence, Outcome as Says, Verdict, error_rate};
use rollout::machine::{Command, Event, FailureKind, Fleet, Observation, OpId, Refused, Start, State, step};
use rollout::plan::Step;
use rollout::wire::{Blocked, Phase, StatusWord};
use rollout::{Millis, Plan, RevisionId, Weight, Weights, record};

/// How the replicas of a revision behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Health {
    /// They are ready when they are looked at next.
    #[default]
    Good,
    /// Half of them are ready.
    Half,
    /// They run and are never ready.
    Unready,
    /// They end by themselves, one at each look.
    Crashing,
}

/// What becomes of the commands of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Fate {
    #[default]
    Done,
    /// Nothing is heard of them, and nothing happens.
    Lost,
    /// They are carried out, and nothing is heard of it.
    Silent,
    Fails(FailureKind),
}

/// The machine and the target that it steers.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) state: State,
    pub(super) now: Millis,
    pub(super) replicas: u32,
    pub(super) fleet: BTreeMap<RevisionId, Fleet>,
    pub(super) weights: Weights,
    pub(super) health: BTreeMap<RevisionId, Health>,
    pub(super) ensures: Fate,
    pub(super) shifts: Fate,
    pub(super) says: BTreeMap<String, Says>,
    /// What the machine asked for since it was taken away last.
    pub(super) said: Vec<Command>,
    /// How many events it took.
    pub(super) events: usize,
    /// The plan and the token of each rollout that was begun.
    pub(super) plans: BTreeMap<String, Plan>,
    outstanding: BTreeMap<String, (OpId, String)>,
    shifted: Weights,
    meaning: BTreeMap<OpId, String>,
}

impl World {
    pub(super) fn new(replicas: u32, window: u32) -> Self {
        Self {
            state: State::new(replicas, 10, window),
            now: Millis(1_000_000),
            replicas,
            fleet: BTreeMap::new(),
            weights: Weights::new(),
            health: BTreeMap::new(),
            ensures: Fate::Done,
            shifts: Fate::Done,
            says: BTreeMap::new(),
            said: Vec::new(),
            events: 0,
            plans: BTreeMap::new(),
            outstanding: BTreeMap::new(),
            shifted: Weights::new(),
            meaning: BTreeMap::new(),
        }
    }

    pub(super) fn start(&mut self, version: &str, plan: &Plan) -> Result<(), Refused> {
        self.start_with(version, plan, None, false)
    }

    pub(super) fn start_with(
        &mut self,
        version: &str,
        plan: &Plan,
        token: Option<&str>,
        retry: bool,
    ) -> Result<(), Refused> {
        self.send(Event::Start(Start {
            revision: version.into(),
            version: version.to_owned(),
            plan: plan.clone(),
            expect_generation: self.state.view().generation,
            retry_token: token.map(str::to_owned),
            retry_blocked: retry,
        }))
    }

    /// Sends an event, checks the laws, and carries out what was asked for.
    pub(super) fn send(&mut self, event: Event) -> Result<(), Refused> {
        let commands = self.take(event)?;
        self.carry_out(commands);
        Ok(())
    }

    /// Sends an event and checks the laws.
    pub(super) fn take(&mut self, event: Event) -> Result<Vec<Command>, Refused> {
        self.events += 1;
        let before = self.state.clone();
        if let Event::Resize(replicas) = event
            && replicas > 0
        {
            self.replicas = replicas;
        }
        let (state, commands) = step(&before, event.clone(), self.now)?;
        if self.events.is_multiple_of(8) || !matches!(event, Event::Observed(_) | Event::Gate { .. }) {
            self.same_again(&before, &event, &state, &commands);
        }
        if let Event::Start(start) = &event
            && let Some(id) = &state.view().rollout_id
            && state.view().candidate.as_ref() == Some(&start.revision)
            && before.view().rollout_id.as_ref() != Some(id)
        {
            self.plans.entry(id.clone()).or_insert_with(|| start.plan.clone());
        }
        self.state = state;
        self.laws(&before, &event, &commands);
        self.said.extend(commands.iter().cloned());
        Ok(commands)
    }

    /// (6) The same event does the same, on the state as it was and as it is read back.
    fn same_again(&self, before: &State, event: &Event, state: &State, commands: &[Command]) {
        let before = record::read(&record::write(before)).unwrap();
        let again = step(&before, event.clone(), self.now).unwrap();
        assert_eq!((state, commands), (&again.0, again.1.as_slice()), "(6)");
    }

    pub(super) fn carry_out(&mut self, commands: Vec<Command>) {
        for command in commands {
            let (id, fate) = match &command {
                Command::Ensure { id, .. } => (*id, self.ensures),
                Command::Shift { id, .. } => (*id, self.shifts),
                _ => continue,
            };
            if matches!(fate, Fate::Done | Fate::Silent) {
                match command {
                    Command::Ensure { revision, replicas, .. } => {
                        self.fleet.entry(revision).or_default().desired = replicas;
                    }
                    Command::Shift { weights, .. } => self.weights = weights,
                    _ => {}
                }
            }
            match fate {
                Fate::Done => self.send(Event::OpDone(id)).unwrap(),
                Fate::Fails(kind) => {
                    let message = "the target is out of order".to_owned();
                    self.send(Event::OpFailed { id, kind, message }).unwrap();
                }
                Fate::Lost | Fate::Silent => {}
            }
        }
    }

    /// So much time passes: replicas start and end, the machine looks, and gates speak.
    pub(super) fn round(&mut self, millis: i64) {
        self.now.0 += millis;
        for (revision, fleet) in &mut self.fleet {
            fleet.running = fleet.desired;
            match self.health.get(revision).copied().unwrap_or_default() {
                Health::Good => fleet.ready = fleet.desired,
                Health::Half => fleet.ready = fleet.desired / 2,
                Health::Unready => fleet.ready = 0,
                Health::Crashing => {
                    fleet.ready = 0;
                    fleet.exits += u64::from(fleet.desired > 0);
                }
            }
        }
        self.fleet.retain(|_, fleet| fleet.running > 0 || fleet.exits > 0);
        self.look();
        self.speak();
    }

    pub(super) fn look(&mut self) {
        let observation = Observation { fleet: self.fleet.clone(), weights: self.weights.clone() };
        self.send(Event::Observed(observation)).unwrap();
    }

    pub(super) fn speak(&mut self) {
        let gates: Vec<String> = self.state.gates().iter().map(|gate| gate.name.clone()).collect();
        for name in gates {
            let outcome = self.says.get(&name).copied().unwrap_or(Says::Pass);
            let verdict = Verdict { outcome, measured: "as told".to_owned(), threshold: "as told".to_owned() };
            let evidence = Evidence::ErrorRate(error_rate::Evidence::default());
            self.send(Event::Gate { name, verdict, evidence }).unwrap();
        }
    }

    /// The host dies and comes back; what was asked for last was lost with it.
    pub(super) fn restart(&mut self, rebooted: bool) {
        if rebooted {
            for fleet in self.fleet.values_mut() {
                fleet.exits += u64::from(fleet.running);
                (fleet.running, fleet.ready) = (0, 0);
            }
        }
        self.weights.clear();
        self.send(Event::Restarted { rebooted }).unwrap();
    }

    fn laws(&mut self, before: &State, event: &Event, commands: &[Command]) {
        let (old, new) = (before.view(), self.state.view());
        let restarted = matches!(event, Event::Restarted { .. });
        // What is known when the commands are given: the observation that came with the event, else the one before.
        let seen = if let Event::Observed(observation) = event { &observation.weights } else { &old.weights };
        let weight = |weights: &Weights, revision: &RevisionId| weights.get(revision).copied().unwrap_or_default();
        let ready = |revision: &RevisionId| new.fleet.get(revision).map_or(0, |fleet| fleet.ready);
        for command in commands {
            match command {
                Command::Shift { id, weights } => {
                    let sum: u32 = weights.values().map(|weight| u32::from(weight.basis_points())).sum();
                    assert!(sum == 10_000 || sum == 0 && new.stable.is_none(), "(1) {weights:?}");
                    let repeated = self.outstanding.get("shift").is_some_and(|(old, _)| old == id);
                    if let Some(candidate) = &new.candidate {
                        let share = weight(weights, candidate);
                        let raised = share > weight(seen, candidate);
                        let needed = share.of(self.replicas).max(1);
                        let idle = seen.keys().all(|revision| ready(revision) == 0);
                        if !repeated && !restarted && new.status != StatusWord::Held {
                            let enough = ready(candidate) >= needed;
                            assert!(
                                !raised || enough || idle && seen.is_empty(),
                                "(2) {share} on {} of {needed}",
                                ready(candidate)
                            );
                        }
                        if let Some(plan) = new.rollout_id.as_ref().and_then(|id| self.plans.get(id)) {
                            let rung = plan.steps.iter().filter_map(weight_of).nth(new.step_index as usize).unwrap();
                            // What it had before, as of a rollout that it takes the place of, stays where nobody else can answer.
                            assert!(
                                share <= rung || !raised || new.status == StatusWord::Held,
                                "(3) {share} above its step's {rung}"
                            );
                        }
                        if matches!(new.status, StatusWord::Held | StatusWord::RollbackFailed) && raised && !repeated {
                            let stable = new.stable.as_ref().map_or(0, ready);
                            assert!(
                                stable == 0 && ready(candidate) > 0,
                                "(9) up to {share} in {:?}, though {stable} of stable are ready",
                                new.status
                            );
                        }
                        let back = matches!(new.phase, Phase::TakingBack | Phase::RestoringStable);
                        let stays = back || !new.paused.is_empty() || restarted;
                        assert!(
                            !(stays && raised && (!repeated || restarted)),
                            "(3) up to {share} in {:?}, paused {:?}",
                            new.phase,
                            new.paused
                        );
                    }
                    if !repeated && !restarted {
                        for (revision, share) in
                            weights.iter().filter(|(revision, share)| **share > weight(seen, revision))
                        {
                            let sides = new.stable.iter().chain(&new.candidate).chain(seen.keys());
                            let others = sides.into_iter().any(|other| other != revision && ready(other) > 0);
                            let (dead, held) = (ready(revision) == 0, new.status == StatusWord::Held);
                            assert!(!dead || !others, "(2, 9) {share} to {revision}, which is not ready; held: {held}");
                        }
                    }
                }
                Command::Ensure { revision, replicas, .. } => {
                    let desired = new.fleet.get(revision).map_or(0, |fleet| fleet.desired);
                    let least = weight(&new.weights, revision).of(self.replicas).min(desired);
                    assert!(*replicas >= least, "(4) {replicas} of {revision}, {least} needed");
                }
                _ => {}
            }
            self.one_in_flight(command);
        }
        if restarted && !commands.iter().any(|command| matches!(command, Command::Shift { .. })) {
            // Nothing was in effect, and the lower share is none: what was meant to be is decided anew.
            self.outstanding.remove("shift");
        }
        self.settle_outstanding(event);
        if matches!(new.phase, Phase::TakingBack) && old.phase != new.phase {
            let all = new.stable.iter().map(|stable| (stable.clone(), Weight::ALL)).collect::<Weights>();
            let shift =
                commands.iter().any(|command| matches!(command, Command::Shift { weights, .. } if *weights == all));
            let pending = self.outstanding.get("shift").is_some_and(|(_, goal)| *goal == format!("{all:?}"));
            assert!(shift || pending || new.weights == all, "(5) traffic comes back at once: {commands:?}");
        }
        if let (Event::Observed(_), Some(candidate), Some(stable)) = (event, &new.candidate, &new.stable)
            && ready(candidate) == 0
            && ready(stable) > 0
        {
            let weights = if self.outstanding.contains_key("shift") { &self.shifted } else { &new.weights };
            assert_eq!(weight(weights, candidate), Weight::ZERO, "(2) {candidate} is not ready, {:?}", new.phase);
        }
        if let Event::Start(start) = event {
            let block = Blocked { revision: start.revision.clone(), retry_token: start.retry_token.clone() };
            let began = new.rollout_id != old.rollout_id;
            assert!(!(began && old.blocked.contains(&block) && !start.retry_blocked), "(7) {block:?}");
        }
    }

    /// (5) A command is given again under the same name until there is a result, and a name means one thing.
    fn one_in_flight(&mut self, command: &Command) {
        let (side, id, goal) = match command {
            Command::Ensure { id, revision, replicas, abort } => {
                (revision.to_string(), id, format!("{replicas} {abort}"))
            }
            Command::Shift { id, weights } => ("shift".to_owned(), id, format!("{weights:?}")),
            _ => return,
        };
        let meaning = format!("{side} {goal}");
        assert_eq!(self.meaning.entry(*id).or_insert_with(|| meaning.clone()), &meaning, "(5) {id} means two things");
        if let Some((old, pending)) = self.outstanding.get(&side) {
            assert!(*pending != goal || old == id, "(5) {side} {goal} is {old} and {id}");
        }
        self.outstanding.insert(side, (*id, goal));
        if let Command::Shift { weights, .. } = command {
            self.shifted.clone_from(weights);
        }
    }

    fn settle_outstanding(&mut self, event: &Event) {
        match event {
            Event::OpDone(id) => self.outstanding.retain(|_, (pending, _)| pending != id),
            Event::Observed(observation) => {
                let weights = format!("{:?}", observation.weights);
                self.outstanding.retain(|side, (_, goal)| {
                    let desired =
                        observation.fleet.get(&RevisionId::from(side.as_str())).map_or(0, |fleet| fleet.desired);
                    if side == "shift" { *goal != weights } else { !goal.starts_with(&format!("{desired} ")) }
                });
            }
            _ => {}
        }
    }
}

fn weight_of(step: &Step) -> Option<Weight> {
    if let Step::Weight { weight } = step { Some(*weight) } else { None }
}
