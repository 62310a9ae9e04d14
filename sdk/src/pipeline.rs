//! What a [`Pipeline`] is declared with.

pub use provider::delivery::pipeline::options::{
    Aks, ArtifactRegistry, Availability, AwsIdentity, AzureIdentity, Canary, Cloud, Cluster, Deploy, DeployStrategy,
    Drift, EcrRegistry, Ecs, Eks, Environment, ExtraJob, ExtraStep, FeatureFlag, GcpIdentity, GhcrRegistry, Gke, Helm,
    Image, Kubeconfig, Kubectl, Language, PackageManager, PasswordRegistry, Pin, Pipeline, Platform, Point, Registry,
    Rung, Scripts, Security, SmokeTest, Terraform, TerraformTool, Tests, Timeouts, Triggers, UserStep, Verification,
};
