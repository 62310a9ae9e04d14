//! The devops-flow provider: its resources and data sources behind [`framework::Provider`].

mod data_sources;
mod files;
mod resources;

pub use data_sources::{project, rollout as rollout_status};
pub use delivery;
pub use resources::{pipeline, rollout};

use std::path::Path;

use framework::{Registration, Registry};

/// The address under which Terraform and OpenTofu know the provider.
pub const ADDRESS: &str = "registry.terraform.io/devopsflow/devopsflow";

/// Stands for the code that plans and renders: with the same, the same inputs give the same plan.
pub const BUILD: &str = env!("DEVOPSFLOW_PROVIDER_BUILD");

/// Everything the provider offers, in this process. What it is asked of rollouts needs a tokio runtime.
pub fn registry() -> Registry {
    with(rollout::Resource::default(), rollout_status::DataSource::default())
}

/// The same with the agent of this state directory in place of that of the environment.
pub fn registry_with_agent(state_dir: &Path) -> Registry {
    with(rollout::Resource::at(state_dir), rollout_status::DataSource::at(state_dir))
}

fn with(rollouts: rollout::Resource, rollout_status: rollout_status::DataSource) -> Registry {
    Registry::new(
        "Turns a description of a service into everything that delivers it, keeps that in step with the repository, and rolls \
         new versions out so that a bad one is taken back.",
    )
    .resource(Registration::new(pipeline::Resource::default()).import().moves().locate())
    .resource(Registration::new(rollouts).import().locate())
    .data_source(project::DataSource)
    .data_source(rollout_status)
}
