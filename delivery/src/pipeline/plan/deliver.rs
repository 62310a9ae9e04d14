//! Brings the image to the environments, one after the other: deploy, verify, and go back when that fails.

mod checks;
mod stop;

use self::stop::Stop;
use super::{Context, checkout};
use crate::pipeline::deploy::{self, ADDRESS, PREVIOUS, RUNNING};
use crate::pipeline::model::{Condition, EnvironmentRef, Event, Job, JobId, Script, Stage, Step, StepId, Value, When};
use crate::pipeline::options::Environment;
use crate::pipeline::python::Python;
use crate::pipeline::strategy::{self, Act, Move};

/// The step that goes back within the job that deploys, and its output.
const RESTORE: StepId = StepId("restore");
const RESTORED: &str = "restored";

/// The step that finds out what the job that deploys has brought about, and the job's output.
const RESULT: StepId = StepId("result");
const RELEASED: &str = "released";

impl Context<'_> {
    /// The jobs that deliver what `jobs` build, after all `checks`.
    pub(super) fn deliver(
        &mut self,
        python: &Python<'_>,
        jobs: &[Job],
        checks: &[JobId],
        environments: &[Environment],
    ) -> Vec<Job> {
        let Some(tool) = self.tool(environments, jobs) else { return Vec::new() };
        let mut delivery = Vec::new();
        let mut passed: Vec<(String, JobId)> = Vec::new();
        for position in 0..environments.len() {
            let stop = Stop::new(self.options, environments, position, tool.as_ref(), jobs);
            let branch = self.branch(stop.environment).to_owned();
            let before = passed.iter().rev().find(|(other, _)| *other == branch).map(|(_, id)| id.clone());
            let mut deploy = self.deploy(&stop, before);
            if stop.built.is_none() {
                deploy.needs.extend_from_slice(checks);
            }
            let verify = self.verify(&stop, python);
            let last = verify.as_ref().unwrap_or(&deploy).id.clone();
            let rollback = self.rollback(&stop, &last);
            passed.push((branch, last));
            self.warn_attended(&stop);
            delivery.push(deploy);
            delivery.extend(verify);
            delivery.push(rollback);
            delivery.extend(self.drift(&stop));
        }
        delivery
    }

    /// The job that deploys to an environment, and goes back when something in it fails.
    fn deploy(&self, stop: &Stop<'_>, before: Option<JobId>) -> Job {
        let mut job = stop.operating_job("deploy", "Deploy to", Stage::Deploy);
        job.queue = Some(stop.queue());
        job.needs = stop.built.iter().cloned().chain(before).collect();
        job.condition = Some(self.delivered(self.branch(stop.environment)));
        job.environment = Some(EnvironmentRef {
            name: stop.environment.name.clone(),
            url: stop.address_in_deployment("url"),
            approval: stop.environment.approval,
        });
        let acts = strategy::acts(self.options, stop.is_last, stop.tool.own_pace().is_some());
        job.timeout_minutes = strategy::minutes(&acts).saturating_add(stop.tool.own_pace().unwrap_or_default());
        job.begin_work();
        job.steps.push(stop.record(&stop.site(), PREVIOUS));
        for (position, act) in acts.iter().enumerate() {
            job.steps.extend(self.act(stop, *act));
            if position == 0 {
                job.steps.extend(stop.find_address());
            }
        }
        job.steps.push(stop.record(&stop.site(), RESULT));
        job.steps.extend(self.flag(stop, 0).map(|step| step.when(When::FailureAfter(PREVIOUS))));
        let restore = stop.restore(&deploy::previous).giving_outputs();
        job.steps.push(Step::run("Go back to what ran before", restore).id(RESTORE).when(When::FailureAfter(PREVIOUS)));
        job.outputs = [RUNNING].iter().chain(stop.tool.recorded()).map(|name| (*name, PREVIOUS, *name)).collect();
        job.outputs.extend(stop.tool.addresses().iter().map(|name| (*name, ADDRESS, *name)));
        job.outputs.extend([(RELEASED, RESULT, RUNNING), (RESTORED, RESTORE, RESTORED)]);
        job
    }

    /// The steps of one act of the strategy.
    fn act(&self, stop: &Stop<'_>, act: Act) -> Vec<Step> {
        match act {
            Act::Move(change) => vec![Step::run(title(change), stop.script(stop.tool.perform(&stop.site(), change)))],
            Act::TestPreview => self.test_preview(stop).into_iter().collect(),
            Act::Flag(percent) => self.flag(stop, percent).into_iter().collect(),
            Act::Watch(minutes) => self.watch(stop, minutes, &|name| stop.address_in_deployment(name)),
        }
    }

    /// The job that tests a fresh deployment and, in the last environment, watches it.
    fn verify(&mut self, stop: &Stop<'_>, python: &Python<'_>) -> Option<Job> {
        let (prefix, title) = if stop.is_last { ("verify", "Verify") } else { ("smoke-test", "Smoke test") };
        let mut job = stop.job(prefix, title, Stage::Deploy);
        job.needs = stop.built.iter().cloned().chain([stop.id("deploy")]).collect();
        let address = |name: &'static str| stop.address_after_deployment(name);
        let smoke = self.smoke(stop, python, &address);
        let minutes = if stop.is_last { self.options.verification.clone().unwrap_or_default().minutes } else { 0 };
        let watch = if stop.is_last { self.watch(stop, minutes, &address) } else { Vec::new() };
        if smoke.is_empty() && watch.is_empty() {
            self.warn_unverified(stop);
            return None;
        }
        job.timeout_minutes = minutes;
        job.steps.extend(self.runs_commands(python).then(|| checkout(false)));
        job.begin_work();
        job.steps.extend(smoke);
        job.steps.extend(watch);
        let reads_secrets = job.steps.iter().any(stop::reads_secrets);
        job.environment = reads_secrets.then(|| stop.unattended());
        Some(job)
    }

    /// The job that goes back when the deployment was not verified, unless something else runs by then.
    fn rollback(&self, stop: &Stop<'_>, last: &JobId) -> Job {
        let deploy = stop.id("deploy");
        let mut job = stop.operating_job("rollback", "Roll back", Stage::Deploy);
        job.queue = Some(stop.queue());
        job.needs = stop.built.iter().cloned().chain([deploy.clone()]).collect();
        if *last != deploy {
            job.needs.push(last.clone());
        }
        job.after_failures = true;
        job.condition = Some(Condition::All(vec![
            Condition::NotSucceeded(last.clone()),
            Condition::Output(deploy.clone(), RUNNING, "").negated(),
            Condition::Output(deploy.clone(), RESTORED, "true").negated(),
        ]));
        job.environment = Some(stop.unattended());
        job.begin_work();
        let recorded = |name: &'static str| Value::Job(deploy.clone(), name);
        job.steps.push(stop.record(&stop.site(), PREVIOUS));
        let guard = Script::new(include_str!("deliver/still_ours.sh"))
            .with("RUNNING", Value::Step(PREVIOUS, RUNNING))
            .with("RELEASED", recorded(RELEASED))
            .with("PREVIOUS", recorded(RUNNING));
        job.steps.push(Step::run("Check that nothing newer runs", guard));
        job.steps.extend(self.flag(stop, 0));
        let restore = stop.script(stop.tool.restore(stop.environment, &recorded));
        job.steps.push(Step::run("Go back to what ran before", restore));
        job
    }

    /// The job that compares what runs with its definition.
    fn drift(&self, stop: &Stop<'_>) -> Option<Job> {
        let drift = self.options.drift.clone().unwrap_or_default();
        let mut script = stop.tool.drift(stop.environment, &deploy::previous).filter(|_| drift.enabled)?;
        let mut job = stop.operating_job("drift", "Find drift in", Stage::Operate);
        job.condition = Some(Condition::Event(Event::Schedule));
        job.environment = Some(stop.unattended());
        job.begin_work();
        job.steps.push(stop.record(&stop.unchanged(), PREVIOUS));
        script.text.insert_str(0, include_str!("deliver/nothing_yet.sh"));
        let script = stop.script(script.with("PREVIOUS", deploy::previous(RUNNING)));
        job.steps.push(Step::run("Compare it with its definition", script));
        Some(job)
    }
}

fn title(step: Move) -> String {
    match step {
        Move::Release => "Deploy".to_owned(),
        Move::Stage => "Start the new version without traffic".to_owned(),
        Move::Switch | Move::Promote => "Give all traffic to the new version".to_owned(),
        Move::Shift(weight) => format!("Give {weight} % of the traffic to the new version"),
    }
}
