//! Where a pipeline deploys to, and as whom.

use std::collections::{BTreeMap, BTreeSet};

use framework::Attributes;

/// A place that versions are deployed to.
#[derive(Clone, Debug, PartialEq, Eq, Attributes)]
pub struct Environment {
    /// Its name, such as `staging`; also the name of the platform's environment, which holds its secrets.
    pub name: String,
    /// The branch that is deployed to it. Leave out for the first branch of `triggers`.
    pub branch: Option<String>,
    /// Where users reach it, such as `https://example.com`. Smoke tests and verification ask there.
    pub url: Option<String>,
    /// Where the version that users do not see yet is reached, for the strategy `blue-green`.
    pub preview_url: Option<String>,
    /// Whether a person approves each deployment. On GitHub, who may approve is set in the repository: give the environment of this
    /// name required reviewers under Settings, Environments; without them nobody is asked.
    #[attr(default = false)]
    pub approval: bool,
    /// The platform's environment for jobs that should not wait for a person: rollback and drift detection. Give it the secrets,
    /// branches and trust of the environment itself but no reviewers. Leave out to run them in the environment itself, where with
    /// `approval` they wait for a reviewer too.
    pub unattended_environment: Option<String>,
    /// Environment variables of the jobs that deploy to it. Their values are shown in the file and in plans.
    #[attr(default = BTreeMap::new())]
    pub variables: BTreeMap<String, String>,
    /// Names of secrets that the jobs which deploy to it get as environment variables of the same names. The values are kept by the
    /// platform and never pass through here.
    #[attr(default = BTreeSet::new())]
    pub secrets: BTreeSet<String>,
    /// The identity with which these jobs reach the cloud. Leave out for the one of the pipeline.
    pub cloud: Option<Cloud>,
}

impl Environment {
    /// An environment with nothing but a name.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            branch: None,
            url: None,
            preview_url: None,
            approval: false,
            unattended_environment: None,
            variables: BTreeMap::new(),
            secrets: BTreeSet::new(),
            cloud: None,
        }
    }
}

/// An identity in a cloud that trusts the platform's tokens (OpenID Connect).
#[derive(Clone, Debug, PartialEq, Eq, Attributes)]
pub enum Cloud {
    /// Amazon Web Services.
    Aws(AwsIdentity),
    /// Google Cloud.
    Gcp(GcpIdentity),
    /// Microsoft Azure.
    Azure(AzureIdentity),
}

/// An identity in Amazon Web Services.
#[derive(Clone, Debug, PartialEq, Eq, Attributes)]
pub struct AwsIdentity {
    /// The role to assume, such as `arn:aws:iam::123456789012:role/deploy`.
    pub role: String,
    /// The region, such as `eu-central-1`.
    pub region: String,
}

/// An identity in Google Cloud.
#[derive(Clone, Debug, PartialEq, Eq, Attributes)]
pub struct GcpIdentity {
    /// The provider, such as `projects/123456789/locations/global/workloadIdentityPools/github/providers/repository`.
    pub workload_identity_provider: String,
    /// The service account to act as, such as `deploy@project.iam.gserviceaccount.com`.
    pub service_account: String,
}

/// An identity in Microsoft Azure.
#[derive(Clone, Debug, PartialEq, Eq, Attributes)]
pub struct AzureIdentity {
    /// The client id of the application or managed identity.
    pub client_id: String,
    /// The id of the tenant.
    pub tenant_id: String,
    /// The id of the subscription.
    pub subscription_id: String,
}
