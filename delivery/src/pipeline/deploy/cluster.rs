//! Reaches a Kubernetes cluster.

use framework::{Diagnostic, Diagnostics};

use super::{for_environment, path_of};
use crate::pipeline::model::{Script, Step, Value};
use crate::pipeline::options::{Cloud, Cluster, Environment, Options};

/// The file that says how the cluster is reached, relative to the root. It goes with the sources when the job is over.
const CONFIG: &str = ".pipeline-kubeconfig";

/// The step that makes the cluster reachable.
pub(super) fn connect(cluster: &Cluster, environment: &Environment) -> Step {
    let text = |text: &str| Value::text(for_environment(text, environment));
    let script = match cluster {
        Cluster::Eks(eks) => {
            Script::new("aws eks update-kubeconfig --name \"$CLUSTER\"").with("CLUSTER", text(&eks.name))
        }
        Cluster::Gke(gke) => Script::new(include_str!("cluster/gke.sh"))
            .with("CLUSTER", text(&gke.name))
            .with("LOCATION", text(&gke.location))
            .with("PROJECT", text(&gke.project)),
        Cluster::Aks(aks) => Script::new(include_str!("cluster/aks.sh"))
            .with("CLUSTER", text(&aks.name))
            .with("RESOURCE_GROUP", text(&aks.resource_group)),
        Cluster::Kubeconfig(given) => Script::new("(umask 077 && printf '%s' \"$CONTENT\" >\"$KUBECONFIG\")")
            .with("CONTENT", Value::Secret(given.secret.clone())),
    };
    Step::run("Reach the cluster", in_cluster(script))
}

/// The same script, with the way to the cluster.
pub(super) fn in_cluster(script: Script) -> Script {
    script.with("KUBECONFIG", Value::text(CONFIG))
}

/// Whether every environment has an identity in the cloud of its cluster.
pub(super) fn problems(cluster: &Cluster, options: &Options, environments: &[Environment]) -> Diagnostics {
    let (what, is_right): (_, fn(&Cloud) -> bool) = match cluster {
        Cluster::Eks(_) => ("aws", |cloud| matches!(cloud, Cloud::Aws(_))),
        Cluster::Gke(_) => ("gcp", |cloud| matches!(cloud, Cloud::Gcp(_))),
        Cluster::Aks(_) => ("azure", |cloud| matches!(cloud, Cloud::Azure(_))),
        Cluster::Kubeconfig(_) => return Diagnostics::new(),
    };
    let lacks =
        |environment: &Environment| !environment.cloud.as_ref().or(options.cloud.as_ref()).is_some_and(is_right);
    let problem = |(position, environment): (usize, &Environment)| {
        let detail = format!(
            "The cluster of {} is reached with an identity in its cloud. Set `cloud = {{ {what} = ... }}`.",
            environment.name
        );
        Diagnostic::error("No identity for the cluster", detail).at(path_of(options, position, "cloud"))
    };
    environments.iter().enumerate().filter(|(_, environment)| lacks(environment)).map(problem).collect()
}
