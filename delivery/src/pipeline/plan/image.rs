//! Builds the image once: without pushing it for what is only checked, and with everything that goes with it for what is delivered.

use framework::{Diagnostic, Path};

use super::{Context, checkout};
use crate::pipeline::model::{
    Action, BuildImage, Condition, EnvironmentRef, Event, Job, JobId, Login, Permission, Push, Script, Stage, Step,
    StepId, Tool, Value, When,
};
use crate::pipeline::options::{Availability, AwsIdentity, Cloud, Environment, GcpIdentity, Image, Registry};
use crate::pipeline::python::Python;

/// The job that publishes the image.
pub(super) const PUBLISH: &str = "publish";

/// The step that names the image in the platform's own registry.
const NAME: StepId = StepId("name");
/// The step that builds the image.
const BUILD: StepId = StepId("build");
/// The step that joins name and digest.
const REFERENCE: StepId = StepId("reference");
/// The output of [`REFERENCE`] and of the job.
pub(super) const IMAGE: &str = "image";

/// The tag under which an image that is only checked is scanned.
const LOCAL: &str = "checked:local";

/// The list of what the image is made of.
const SBOM: &str = "sbom.spdx.json";

impl Context<'_> {
    /// The jobs that build: the image's, or else the package's.
    pub(super) fn build(&mut self, python: &Python<'_>, checks: &[JobId], environments: &[Environment]) -> Vec<Job> {
        let Some(dockerfile) = self.dockerfile() else {
            let mut job = python.package();
            if let Some(job) = &mut job {
                job.needs = checks.to_vec();
            }
            return job.into_iter().collect();
        };
        let published = self.published(environments);
        let mut jobs = vec![self.checked_image(&dockerfile, checks, published.clone())];
        if let Some(condition) = published {
            let mut job = self.publish(&dockerfile, checks);
            job.condition = Some(condition);
            jobs.push(job);
        }
        jobs
    }

    /// The Dockerfile to build: the one that is named, or the only one.
    fn dockerfile(&mut self) -> Option<String> {
        let found = &self.detection.surface.dockerfiles;
        let path = || Path::of("image").attribute("dockerfile");
        if let Some(named) = self.options.image.as_ref().and_then(|image| image.dockerfile.clone()) {
            if !found.iter().any(|dockerfile| dockerfile.path == named) {
                let detail = format!(
                    "{named:?} is not among the Dockerfiles of the project: {}.",
                    list(found.iter().map(|found| &found.path))
                );
                self.diagnostics.push(Diagnostic::error("No such Dockerfile", detail).at(path()));
            }
            return Some(named);
        }
        let component = self.detection.component();
        let own =
            if component.is_root() { "Dockerfile".to_owned() } else { format!("{}/Dockerfile", component.directory) };
        let paths: Vec<_> = found.iter().map(|dockerfile| dockerfile.path.clone()).collect();
        match paths.as_slice() {
            _ if paths.contains(&own) => Some(own),
            [] => {
                if self.options.image.is_some() {
                    let detail =
                        "The project has no Dockerfile to build the image from. Add one, or leave `image` out.";
                    self.diagnostics.push(Diagnostic::error("No Dockerfile", detail).at(path()));
                }
                None
            }
            [only] => Some(only.clone()),
            several => {
                let detail =
                    format!("The project has several Dockerfiles: {}. Set `image.dockerfile`.", several.join(", "));
                self.diagnostics.push(Diagnostic::warning("No image is built", detail).at(path()));
                None
            }
        }
    }

    /// When the image is published: for branches that are deployed, and for tags.
    fn published(&self, environments: &[Environment]) -> Option<Condition> {
        let mut branches: Vec<&str> =
            environments.iter().map(|environment| self.branch(environment)).filter(|name| !name.is_empty()).collect();
        branches.dedup();
        let tags = (!self.triggers.tags.is_empty()).then_some(Condition::Tag);
        let refs =
            Condition::any(branches.into_iter().map(|name| Condition::Branch(name.to_owned())).chain(tags).collect())?;
        Some(Condition::All(vec![self.released_by(), refs]))
    }

    /// What starts a pipeline that delivers.
    fn released_by(&self) -> Condition {
        let manual = Condition::Event(Event::Manual);
        let push = Condition::Event(Event::Push);
        if self.triggers.manual { Condition::Any(vec![push, manual]) } else { push }
    }

    /// When a branch is delivered.
    pub(super) fn delivered(&self, branch: &str) -> Condition {
        Condition::All(vec![self.released_by(), Condition::Branch(branch.to_owned())])
    }

    fn image(&self) -> Image {
        self.options.image.clone().unwrap_or_default()
    }

    /// What is built, and where it goes.
    fn build_image(&self, dockerfile: &str, push: Push) -> Action {
        let image = self.image();
        let context = image.context.unwrap_or_else(|| self.detection.component().directory.clone());
        Action::Build(BuildImage { dockerfile: dockerfile.to_owned(), context, platforms: image.platforms, push })
    }

    fn scan(&self, image: Value) -> Step {
        let include_unfixed = self.options.security.unwrap_or_default().fail_on_unfixed;
        Step::new("Scan the image", Action::ScanImage { image, include_unfixed })
    }

    /// The job that builds and scans an image which goes nowhere.
    fn checked_image(&self, dockerfile: &str, checks: &[JobId], published: Option<Condition>) -> Job {
        let mut job = Job::new("image", "Build and scan the image", Stage::Build);
        job.needs = checks.to_vec();
        job.condition = published.map(Condition::negated);
        job.steps.push(checkout(false));
        job.steps.push(Step::new("Set up the builder", Action::Tool(Tool::Builder)));
        job.begin_work();
        job.steps.push(Step::new("Build", self.build_image(dockerfile, Push::Local { tag: LOCAL })));
        job.steps.push(self.scan(Value::text(LOCAL)));
        job
    }

    /// The job that builds the image, pushes it by digest, and names it only after it was scanned and signed.
    fn publish(&self, dockerfile: &str, checks: &[JobId]) -> Job {
        let mut job = Job::new(PUBLISH, "Build and publish the image", Stage::Build);
        job.needs = checks.to_vec();
        job.permissions.push(Permission::ProveIdentity);
        job.outputs = vec![(IMAGE, REFERENCE, IMAGE)];
        let name = self.name(&mut job);
        self.log_in(&mut job, &name);
        job.begin_work();
        let image = || Value::Step(REFERENCE, IMAGE);
        let digest = || Value::Step(BUILD, "digest");
        job.steps.push(
            Step::new("Build and push by digest", self.build_image(dockerfile, Push::Registry { name: name.clone() }))
                .id(BUILD),
        );
        let join = Script::new("output image \"$NAME@$DIGEST\"\n")
            .with("NAME", name.clone())
            .with("DIGEST", digest())
            .giving_outputs();
        job.steps.push(Step::run("Refer to the image by digest", join).id(REFERENCE));
        job.steps.push(self.scan(image()));
        job.steps.push(Step::new("List what the image is made of", Action::Sbom { image: image(), file: SBOM }));
        job.steps.push(Step::run(
            "Sign the image and the list",
            Script::new(include_str!("sign.sh")).with("IMAGE", image()).with("SBOM", Value::text(SBOM)),
        ));
        let attest =
            Step::new("Attest where the image comes from", Action::Attest { name: name.clone(), digest: digest() });
        match self.image().attestation {
            Availability::Public => job.steps.push(attest.when(When::Only(Condition::PublicRepository))),
            Availability::Always => job.steps.push(attest),
            Availability::Never => {}
        }
        if self.image().attestation != Availability::Never {
            job.permissions.push(Permission::WriteAttestations);
        }
        job.steps.push(tag(name, image()));
        job
    }

    /// The image's name: the one that is given, or the repository's.
    fn name(&self, job: &mut Job) -> Value {
        job.steps.push(checkout(false));
        if let Some(name) = self.image().name {
            return Value::Text(name);
        }
        let component = self.detection.component();
        let suffix = (!component.is_root()).then(|| component.directory.to_lowercase());
        job.steps.push(Step::new("Name the image", Action::NameImage { suffix }).id(NAME));
        Value::Step(NAME, "name")
    }

    fn log_in(&self, job: &mut Job, name: &Value) {
        let host = match name {
            Value::Text(name) => name.split('/').next().unwrap_or_default().to_owned(),
            _ => String::new(),
        };
        let cloud = |cloud: Cloud| Step::new("Log in to the cloud", Action::CloudLogin(cloud)).id(StepId("cloud"));
        let login = match self.image().registry {
            None | Some(Registry::Ghcr(_)) => {
                job.permissions.push(Permission::PublishImages);
                Login::Platform
            }
            Some(Registry::Ecr(ecr)) => {
                job.steps.push(cloud(Cloud::Aws(AwsIdentity { role: ecr.role, region: ecr.region })));
                Login::Ecr
            }
            Some(Registry::ArtifactRegistry(gcp)) => {
                let (workload_identity_provider, service_account) =
                    (gcp.workload_identity_provider, gcp.service_account);
                job.steps.push(cloud(Cloud::Gcp(GcpIdentity { workload_identity_provider, service_account })));
                Login::ArtifactRegistry { host }
            }
            Some(Registry::Password(password)) => {
                job.environment = Some(EnvironmentRef { name: password.environment, url: None, approval: false });
                Login::Password { host, username: password.username, secret: password.password_secret }
            }
        };
        job.steps.push(Step::new("Log in to the registry", Action::RegistryLogin(login)));
        job.steps.push(Step::new("Set up the builder", Action::Tool(Tool::Builder)));
        job.steps.push(Step::new("Set up cosign", Action::Tool(Tool::Cosign)));
    }
}

/// Gives the image the names by which people find it.
fn tag(name: Value, image: Value) -> Step {
    let script = Script::new(include_str!("tag.sh")).with("NAME", name).with("IMAGE", image);
    Step::run("Tag the image", script.with("COMMIT", Value::Commit).with("REF", Value::RefName))
}

fn list<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let names: Vec<_> = names.map(String::as_str).collect();
    if names.is_empty() { "it has none".to_owned() } else { names.join(", ") }
}
