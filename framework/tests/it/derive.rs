//! What `#[derive(Attributes)]` writes.
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use framework::Attributes;

/// The platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Attributes)]
pub enum Platform {
    /// GitHub's.
    GithubActions,
    /// Circle's.
    #[attr(name = "circleci")]
    CircleCi,
}

/// A chart.
#[derive(Debug, Clone, PartialEq, Attributes)]
pub struct Helm {
    /// The chart.
    pub chart: String,
    /// How many.
    #[attr(default = 2, range = 1..=10)]
    pub replicas: u16,
}

/// How.
#[derive(Debug, Clone, PartialEq, Attributes)]
pub enum Deploy {
    /// By Helm.
    Helm(Helm),
    /// By nothing.
    Nothing(Nothing),
}

/// Nothing.
#[derive(Debug, Clone, PartialEq, Attributes)]
pub struct Nothing {}

/// A pipeline.
#[derive(Debug, Clone, PartialEq, Attributes)]
#[attr(resource = "demo_pipeline", builder = Pipeline, outputs = Outputs)]
pub struct Inputs {
    /// The platform.
    pub platform: Platform,
    /// Where.
    pub directory: Option<PathBuf>,
    /// Name.
    #[attr(default = "ci", length = 1..=20, replace)]
    pub name: String,
    /// Way.
    pub deploy: Option<Deploy>,
    /// Platforms.
    pub others: Option<BTreeSet<Platform>>,
    /// Secret.
    #[attr(sensitive, exclusive = "a")]
    pub token: Option<String>,
    /// Other.
    #[attr(exclusive = "a", deprecated = "Use `token`.")]
    pub r#type: Option<String>,
}

/// What a pipeline gives.
#[derive(Debug, Clone, PartialEq, Attributes)]
#[attr(outputs)]
pub struct Outputs {
    /// The files.
    pub files: BTreeMap<String, String>,
    /// The url.
    pub url: Option<String>,
}
