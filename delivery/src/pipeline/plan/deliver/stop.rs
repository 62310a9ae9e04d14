//! An environment on the way, with what all its jobs have in common.

use super::super::image::{IMAGE, PUBLISH};
use super::super::{checkout, texts};
use crate::pipeline::deploy::{ADDRESS, RUNNING, Site, Tool};
use crate::pipeline::model::{
    Action, Download, EnvironmentRef, Job, JobId, Permission, Script, Stage, Step, StepId, Value,
};
use crate::pipeline::options::{Cloud, Environment, Options};
use crate::pipeline::python::{DIST, PACKAGE};

/// An environment on the way.
pub(super) struct Stop<'a> {
    pub(super) environment: &'a Environment,
    /// Its place in `environments`.
    pub(super) position: usize,
    pub(super) is_last: bool,
    pub(super) tool: &'a dyn Tool,
    /// The job that built what is deployed, if the project builds something.
    pub(super) built: Option<JobId>,
    cloud: Option<&'a Cloud>,
}

impl<'a> Stop<'a> {
    pub(super) fn new(
        options: &'a Options,
        environments: &'a [Environment],
        position: usize,
        tool: &'a dyn Tool,
        jobs: &[Job],
    ) -> Self {
        let environment = &environments[position];
        let cloud = environment.cloud.as_ref().or(options.cloud.as_ref());
        let is_built = |name: &&str| jobs.iter().any(|job| job.id.0 == **name);
        let built = [PUBLISH, PACKAGE].into_iter().find(is_built).map(JobId::new);
        Self { environment, position, is_last: position + 1 == environments.len(), tool, built, cloud }
    }

    /// The environment's job of that kind.
    pub(super) fn id(&self, kind: &str) -> JobId {
        JobId::new(format!("{kind}-{}", self.environment.name))
    }

    /// A job for the environment.
    pub(super) fn job(&self, kind: &str, title: &str, stage: Stage) -> Job {
        Job::new(self.id(kind).0, format!("{title} {}", self.environment.name), stage)
    }

    /// A job that changes or reads what runs there: it has logged in and has the tool ready.
    pub(super) fn operating_job(&self, kind: &str, title: &str, stage: Stage) -> Job {
        let mut job = self.job(kind, title, stage);
        job.steps.push(checkout(false));
        if self.built == Some(JobId::new(PACKAGE)) && stage == Stage::Deploy {
            let download = Download { name: DIST.to_owned(), path: DIST.to_owned() };
            job.steps.push(Step::new("Get the package", Action::Download(download)));
        }
        if let Some(cloud) = self.cloud {
            job.permissions.push(Permission::ProveIdentity);
            job.steps.push(Step::new("Log in to the cloud", Action::CloudLogin(cloud.clone())).id(StepId("cloud")));
        }
        let set_up = self.tool.set_up(self.environment).into_iter();
        job.steps.extend(set_up.map(|step| match step.action {
            Action::Run(script) => Step { action: Action::Run(self.script(script)), ..step },
            _ => step,
        }));
        job
    }

    /// The queue of the jobs that change what runs there.
    pub(super) fn queue(&self) -> String {
        self.environment.name.clone()
    }

    /// What is deployed where.
    pub(super) fn site(&self) -> Site<'a> {
        let published = self.built.as_ref().filter(|id| id.0 == PUBLISH);
        let image = published.map_or_else(|| Value::text(""), |id| Value::Job(id.clone(), IMAGE));
        Site { environment: self.environment, image }
    }

    /// Finds out what runs, where `site` is deployed or nothing is.
    pub(super) fn record(&self, site: &Site<'_>, id: StepId) -> Step {
        Step::run("Find out what runs", self.script(self.tool.record(site))).id(id)
    }

    /// Nothing new that is deployed.
    pub(super) fn unchanged(&self) -> Site<'a> {
        Site { environment: self.environment, image: Value::text("") }
    }

    /// A script with the variables and secrets of the environment, whatever it has already.
    pub(super) fn script(&self, mut script: Script) -> Script {
        script.variables.extend(texts(&self.environment.variables));
        script
            .variables
            .extend(self.environment.secrets.iter().map(|name| (name.clone(), Value::Secret(name.clone()))));
        script
    }

    /// The platform's environment for what should not wait for a person.
    pub(super) fn unattended(&self) -> EnvironmentRef {
        let name = self.environment.unattended_environment.as_ref();
        let approval = name.is_none() && self.environment.approval;
        EnvironmentRef { name: name.unwrap_or(&self.environment.name).clone(), url: None, approval }
    }

    /// Where the deployment is reached, in the job that deploys.
    pub(super) fn address_in_deployment(&self, name: &'static str) -> Option<Value> {
        self.fixed_address(name).or_else(|| self.is_given(name).then_some(Value::Step(ADDRESS, name)))
    }

    /// Where the deployment is reached, in jobs that need the one that deploys.
    pub(super) fn address_after_deployment(&self, name: &'static str) -> Option<Value> {
        self.fixed_address(name).or_else(|| self.is_given(name).then(|| Value::Job(self.id("deploy"), name)))
    }

    fn fixed_address(&self, name: &str) -> Option<Value> {
        let address = if name == "url" { &self.environment.url } else { &self.environment.preview_url };
        address.as_ref().map(Value::text)
    }

    fn is_given(&self, name: &str) -> bool {
        self.tool.addresses().contains(&name)
    }

    /// The step that asks the tool where the deployment is reached.
    pub(super) fn find_address(&self) -> Option<Step> {
        let script = self.tool.address(self.environment)?;
        Some(Step::run("Find out where it is reached", self.script(script)).id(ADDRESS))
    }

    /// Goes back in the job that deploys, where nothing may have run before.
    pub(super) fn restore(&self, value: &dyn Fn(&'static str) -> Value) -> Script {
        let mut script = self.script(self.tool.restore(self.environment, value));
        let begin = include_str!("nothing_before.sh");
        let text = script.text.trim_end();
        script.text = format!("{begin}{text}\noutput restored true\n");
        script.with("PREVIOUS", value(RUNNING))
    }
}

/// Whether a step gets secrets.
pub(super) fn reads_secrets(step: &Step) -> bool {
    let Action::Run(script) = &step.action else { return false };
    script.variables.iter().any(|(_, value)| matches!(value, Value::Secret(_)))
}
