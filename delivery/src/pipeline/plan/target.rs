//! Chooses what deploys.

use framework::{Diagnostic, Diagnostics, Path, Severity};

use super::Context;
use super::image::PUBLISH;
use crate::pipeline::deploy::{self, Tool};
use crate::pipeline::model::Job;
use crate::pipeline::options::{Deploy, Environment};

impl Context<'_> {
    /// The tool that deploys to the environments. What the user asked for and is not there is an error; what nobody asked for is
    /// left out with a warning.
    pub(super) fn tool(&mut self, environments: &[Environment], jobs: &[Job]) -> Option<Box<dyn Tool>> {
        let has_image = jobs.iter().any(|job| job.id.0 == PUBLISH);
        if environments.is_empty() {
            if self.options.deploy.is_some() {
                let detail = "`environments` is empty, so there is nowhere to deploy to. Add an environment, or leave `deploy` out.";
                self.diagnostics.push(Diagnostic::error("Nowhere to deploy to", detail).at(Path::of("environments")));
            }
            return None;
        }
        let needs_image = !matches!(self.options.deploy, Some(Deploy::Scripts(_)));
        if needs_image && !has_image {
            self.lacks_image();
            return None;
        }
        let tool = deploy::choose(self.options, environments, self.detection, &mut self.diagnostics);
        tool.map_err(|problems| self.report(problems)).ok()
    }

    /// Tells of what keeps the tool from deploying: as errors when the user named the tool, and otherwise as one warning.
    fn report(&mut self, problems: Diagnostics) {
        if self.options.deploy.is_some() {
            self.diagnostics.extend(problems);
            return;
        }
        let reasons: Vec<_> = problems
            .iter()
            .filter(|problem| problem.severity == Severity::Error)
            .map(|problem| problem.detail.as_str())
            .collect();
        let detail = format!("{}{}", reasons.join("\n"), self.other_targets());
        self.diagnostics.push(Diagnostic::warning("The pipeline does not deploy", detail).at(Path::of("deploy")));
    }

    /// What else the project could be deployed with.
    fn other_targets(&self) -> String {
        let surface = &self.detection.surface;
        let charts = surface
            .charts
            .iter()
            .map(|chart| format!("a Helm chart in {} (`deploy = {{ helm = ... }}`)", chart.directory));
        let manifests = surface.manifests.iter().map(|manifests| &manifests.directory);
        let kubectl = manifests.chain(surface.kustomizations.iter().map(|kustomization| &kustomization.directory));
        let kubectl = kubectl.map(|directory| format!("manifests in {directory} (`deploy = {{ kubectl = ... }}`)"));
        let found: Vec<_> = charts.chain(kubectl).collect();
        if found.is_empty() { String::new() } else { format!("\nThe project also has {}.", found.join(", ")) }
    }

    fn lacks_image(&mut self) {
        let path = Path::of("deploy");
        self.diagnostics.push(if self.options.deploy.is_some() {
            let detail = "This tool deploys an image, but none is built. Add a Dockerfile to the project, or deploy with `scripts`.";
            Diagnostic::error("No image to deploy", detail).at(path)
        } else {
            let detail = "No image is built, so there is nothing to deploy. Add a Dockerfile to the project, deploy with `scripts`, or set \
                          `environments` to an empty list.";
            Diagnostic::warning("The pipeline does not deploy", detail).at(path)
        });
    }
}
