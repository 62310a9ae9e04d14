//! What deploys an image. In texts marked so, `{environment}` stands for the name of the environment.

use framework::Attributes;

/// What deploys the image.
#[derive(Clone, Debug, PartialEq, Eq, Attributes)]
pub enum Deploy {
    /// Terraform or OpenTofu.
    Terraform(Terraform),
    /// Helm.
    Helm(Helm),
    /// kubectl.
    Kubectl(Kubectl),
    /// A service of Amazon's Elastic Container Service.
    Ecs(Ecs),
    /// Scripts of the project.
    Scripts(Scripts),
}

/// Deployment by a terraform module of the project.
///
/// The module takes what runs as variables and gives the same back as outputs of the same names, which is how the pipeline knows
/// what to go back to:
///
/// | strategy | variables and outputs |
/// |---|---|
/// | `rolling`, `feature-flag` | `image` |
/// | `blue-green` | `image_blue`, `image_green`, `active_slot` (`blue` or `green`) |
/// | `canary` | `image`, `canary_image`, `canary_weight` (percent) |
///
/// Images are references with a digest. Outputs `url` and `preview_url` serve where the environment does not give them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Attributes)]
pub struct Terraform {
    /// The module's directory, relative to the root; may hold `{environment}`. Leave out for the only one of the project.
    pub directory: Option<String>,
    /// The program.
    #[attr(default = TerraformTool::Terraform)]
    pub tool: TerraformTool,
    /// Its version, such as `1.15.5`. Leave out for the one the project pins, or else the built-in one.
    pub version: Option<String>,
    /// A file of variables, relative to the module's directory; may hold `{environment}`.
    pub var_file: Option<String>,
    /// A file of settings of the backend, relative to the module's directory; may hold `{environment}`.
    pub backend_config: Option<String>,
    /// The workspace; may hold `{environment}`. It is made when it does not exist.
    pub workspace: Option<String>,
}

/// A program that applies terraform modules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Attributes)]
pub enum TerraformTool {
    /// Terraform.
    #[default]
    Terraform,
    /// OpenTofu.
    Opentofu,
}

/// Deployment by a Helm chart of the project.
///
/// The chart takes what runs as values:
///
/// | strategy | values |
/// |---|---|
/// | `rolling`, `feature-flag` | `image.repository`, `image.tag` |
/// | `blue-green` | `image.repository`, `slots.blue.tag`, `slots.green.tag`, `activeSlot` (`blue` or `green`) |
/// | `canary` | `image.repository`, `image.tag`, `canary.tag`, `canary.weight` (percent) |
///
/// Tags carry the digest (`1a2b3c@sha256:...`), so a chart that joins repository and tag with `:` runs exactly the image that was
/// built. Before anything changes, the pipeline renders the chart and stops when the image is not in the result.
#[derive(Clone, Debug, PartialEq, Eq, Attributes)]
pub struct Helm {
    /// The chart's directory, relative to the root. Leave out for the only one of the project.
    pub chart: Option<String>,
    /// The name of the release; may hold `{environment}`. Leave out for the chart's name.
    pub release: Option<String>,
    /// The namespace; may hold `{environment}`.
    pub namespace: String,
    /// Files of values, relative to the chart's directory, later ones winning; may hold `{environment}`.
    #[attr(default = Vec::new())]
    pub values: Vec<String>,
    /// The cluster.
    pub cluster: Cluster,
}

/// Deployment by kubectl, with manifests or a kustomization of the project.
///
/// The manifests declare what runs, and the pipeline fills in images, replicas and the service's selector:
///
/// | strategy | manifests |
/// |---|---|
/// | `rolling`, `feature-flag` | a Deployment |
/// | `blue-green` | Deployments `NAME-blue` and `NAME-green` with the label `slot: blue` or `slot: green` on their pods, and a Service that selects by `slot` |
/// | `canary` | Deployments `NAME` and `NAME-canary`, and a Service that selects the pods of both. Weights become numbers of replicas |
#[derive(Clone, Debug, PartialEq, Eq, Attributes)]
pub struct Kubectl {
    /// The directory of the manifests or of the kustomization, relative to the root; may hold `{environment}`. Leave out for the only
    /// one of the project.
    pub directory: Option<String>,
    /// The namespace; may hold `{environment}`.
    pub namespace: String,
    /// The name of the Deployment, without the suffix of a slot. Leave out for the only one of the manifests.
    pub deployment: Option<String>,
    /// The container that runs the image. Leave out for the only one of the Deployment.
    pub container: Option<String>,
    /// The Service that users reach it by, for the strategy `blue-green`. Leave out for the only one of the manifests.
    pub service: Option<String>,
    /// The cluster.
    pub cluster: Cluster,
}

/// A Kubernetes cluster.
#[derive(Clone, Debug, PartialEq, Eq, Attributes)]
pub enum Cluster {
    /// A cluster of Amazon's Elastic Kubernetes Service.
    Eks(Eks),
    /// A cluster of Google's Kubernetes Engine.
    Gke(Gke),
    /// A cluster of Azure's Kubernetes Service.
    Aks(Aks),
    /// Any cluster, by a file of its address and credentials.
    Kubeconfig(Kubeconfig),
}

/// A cluster of Amazon's Elastic Kubernetes Service, reached with the environment's identity in AWS.
#[derive(Clone, Debug, PartialEq, Eq, Attributes)]
pub struct Eks {
    /// Its name; may hold `{environment}`.
    pub name: String,
}

/// A cluster of Google's Kubernetes Engine, reached with the environment's identity in Google Cloud.
#[derive(Clone, Debug, PartialEq, Eq, Attributes)]
pub struct Gke {
    /// Its name; may hold `{environment}`.
    pub name: String,
    /// Its region or zone.
    pub location: String,
    /// Its project; may hold `{environment}`.
    pub project: String,
}

/// A cluster of Azure's Kubernetes Service, reached with the environment's identity in Azure. Where it takes Entra ID only, the
/// machine needs `kubelogin`.
#[derive(Clone, Debug, PartialEq, Eq, Attributes)]
pub struct Aks {
    /// Its name; may hold `{environment}`.
    pub name: String,
    /// Its resource group; may hold `{environment}`.
    pub resource_group: String,
}

/// A cluster by a file of its address and credentials.
#[derive(Clone, Debug, PartialEq, Eq, Attributes)]
pub struct Kubeconfig {
    /// The name of the environment's secret that holds the file.
    pub secret: String,
}

/// Deployment to a service of Amazon's Elastic Container Service, with its own deployment strategies. The service must exist.
///
/// | strategy | what ECS does |
/// |---|---|
/// | `rolling`, `feature-flag` | replaces tasks within the service's own bounds |
/// | `blue-green` | runs both versions, moves all traffic, and keeps the old tasks for the time of `verification` |
/// | `canary` | moves the weight of the only step, waits for its pause, and then moves the rest |
///
/// For `blue-green` and `canary` the service's load balancer must be set up with an alternate target group.
#[derive(Clone, Debug, PartialEq, Eq, Attributes)]
pub struct Ecs {
    /// The cluster; may hold `{environment}`.
    pub cluster: String,
    /// The service; may hold `{environment}`.
    pub service: String,
    /// The container that runs the image. Leave out when the task definition has only one.
    pub container: Option<String>,
}

/// Deployment by scripts of the project. Each is run in the root with `ENVIRONMENT` and `IMAGE` (a reference with a digest; empty when
/// the project has no image), the environment's variables and secrets, and `PREVIOUS`, which is what `current` printed before.
#[derive(Clone, Debug, PartialEq, Eq, Attributes)]
pub struct Scripts {
    /// The script that deploys; for `blue-green` into the slot that users do not see, for `canary` beside the running version. Relative
    /// to the root.
    pub deploy: String,
    /// The script that restores `PREVIOUS`, all traffic included.
    pub rollback: String,
    /// The script that prints what users get now: one line, such as a reference to an image; empty before the first deployment.
    pub current: String,
    /// The script that gives all traffic to the new version, for `blue-green`.
    pub switch: Option<String>,
    /// The script that gives `WEIGHT` percent of the traffic to the new version, for `canary`. 100 ends it.
    pub shift: Option<String>,
}
