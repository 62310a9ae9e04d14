//! The image that a pipeline builds.

use framework::Attributes;

/// The image that is built, and where it is pushed.
#[derive(Clone, Debug, PartialEq, Eq, Attributes)]
pub struct Image {
    /// The name in the registry, without a tag, such as `ghcr.io/example/api`. Leave out, on GitHub, for the repository's own name in
    /// GitHub's registry.
    pub name: Option<String>,
    /// The Dockerfile, relative to the root. Leave out for the only one of the project.
    pub dockerfile: Option<String>,
    /// The directory whose files the build can use, relative to the root. Leave out for the component's directory.
    pub context: Option<String>,
    /// The platforms it is built for, such as `["linux/amd64", "linux/arm64"]`. Others than the machine's own are emulated, which is
    /// slow; the machine must be set up for that.
    #[attr(default = vec!["linux/amd64".to_owned()])]
    pub platforms: Vec<String>,
    /// How to log in to the registry. Leave out for GitHub's own registry with the token of the job.
    pub registry: Option<Registry>,
    /// Where the attestation of provenance is stored with the platform, besides the one that is pushed beside the image. GitHub keeps
    /// attestations of private repositories only for some plans.
    #[attr(default = Availability::Public)]
    pub attestation: Availability,
}

impl Default for Image {
    fn default() -> Self {
        Self {
            name: None,
            dockerfile: None,
            context: None,
            platforms: vec!["linux/amd64".to_owned()],
            registry: None,
            attestation: Availability::Public,
        }
    }
}

/// For which repositories something is done that the platform offers to public ones and, depending on the plan, to private ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Attributes)]
pub enum Availability {
    /// For public repositories.
    #[default]
    Public,
    /// For every repository.
    Always,
    /// For none.
    Never,
}

/// How to log in to a registry.
#[derive(Clone, Debug, PartialEq, Eq, Attributes)]
pub enum Registry {
    /// GitHub's own, with the token of the job.
    Ghcr(GhcrRegistry),
    /// Amazon's Elastic Container Registry.
    Ecr(EcrRegistry),
    /// Google's Artifact Registry.
    ArtifactRegistry(ArtifactRegistry),
    /// Any registry that takes a user and a password.
    Password(PasswordRegistry),
}

/// GitHub's own registry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Attributes)]
pub struct GhcrRegistry {}

/// Amazon's Elastic Container Registry.
#[derive(Clone, Debug, PartialEq, Eq, Attributes)]
pub struct EcrRegistry {
    /// The role that may push, such as `arn:aws:iam::123456789012:role/publish`.
    pub role: String,
    /// The registry's region.
    pub region: String,
}

/// Google's Artifact Registry.
#[derive(Clone, Debug, PartialEq, Eq, Attributes)]
pub struct ArtifactRegistry {
    /// The provider of the identity, such as `projects/123456789/locations/global/workloadIdentityPools/github/providers/repository`.
    pub workload_identity_provider: String,
    /// The service account that may push.
    pub service_account: String,
}

/// A registry that takes a user and a password.
#[derive(Clone, Debug, PartialEq, Eq, Attributes)]
pub struct PasswordRegistry {
    /// The user.
    pub username: String,
    /// The name of the secret that holds the password.
    pub password_secret: String,
    /// The platform's environment that holds the secret; the job that publishes runs in it.
    pub environment: String,
}
