//! The devops-flow provider: its resources and data sources behind [`framework::Provider`].

mod data_sources;
mod files;
mod resources;

pub use data_sources::project;
pub use resources::pipeline;

use framework::{Registration, Registry};

/// The address under which Terraform and OpenTofu know the provider.
pub const ADDRESS: &str = "registry.terraform.io/devopsflow/devopsflow";

/// Everything the provider offers, in this process.
pub fn registry() -> Registry {
    Registry::new(
        "Turns a description of a service into everything that delivers it, and keeps that in step with the repository.",
    )
    .resource(Registration::new(pipeline::Resource::default()).import().moves())
    .data_source(project::DataSource)
}
