//! Every strategy with every deploy tool.

use std::collections::BTreeMap;

use delivery::pipeline::options::{
    Aks, AwsIdentity, AzureIdentity, Canary, Cloud, Cluster, Deploy, DeployStrategy, Ecs, Eks, Environment,
    FeatureFlag, GcpIdentity, Gke, Helm, Kubeconfig, Kubectl, Options, Rung, Scripts, Terraform, TerraformTool,
    Verification,
};

use super::Variant;
use crate::pipeline::fixture::{self, CANARY, Files, MODULE, SLOTS};

pub(crate) const STRATEGIES: [(&str, DeployStrategy); 4] = [
    ("rolling", DeployStrategy::Rolling),
    ("blue-green", DeployStrategy::BlueGreen),
    ("canary", DeployStrategy::Canary),
    ("feature-flag", DeployStrategy::FeatureFlag),
];

pub(super) fn variants() -> Vec<Variant> {
    let of_strategy = |(name, strategy): (&str, DeployStrategy)| {
        let options = options(strategy);
        vec![
            Variant::new(format!("terraform-{name}"), terraform_options(&options), terraform(strategy)),
            Variant::new(format!("opentofu-{name}"), opentofu(&options), opentofu_files(strategy)),
            Variant::new(format!("helm-{name}"), helm(&options), chart()),
            Variant::new(format!("kubectl-{name}"), kubectl(&options), manifests()),
            Variant::new(format!("kustomize-{name}"), kustomize(&options), overlays()),
            Variant::new(format!("ecs-{name}"), ecs(&options), fixture::image()),
            Variant::new(format!("scripts-{name}"), scripts(&options), script_files()),
        ]
    };
    STRATEGIES.into_iter().flat_map(of_strategy).collect()
}

/// Options for a strategy, with all that its checks need.
pub(crate) fn options(deploy_strategy: DeployStrategy) -> Options {
    let flag = FeatureFlag { command: "./scripts/flag.sh \"$PERCENT\"".to_owned(), steps: None };
    let environment = |name: &str| Environment {
        url: Some(format!("https://{name}.example.com")),
        preview_url: Some(format!("https://preview.{name}.example.com")),
        secrets: ["DATABASE_PASSWORD".to_owned()].into(),
        variables: BTreeMap::from([("LOG_LEVEL".to_owned(), "it's \"debug\": #1".to_owned())]),
        ..Environment::new(name)
    };
    let production = Environment {
        approval: true,
        unattended_environment: Some("production-unattended".to_owned()),
        ..environment("production")
    };
    Options {
        deploy_strategy,
        environments: Some(vec![environment("staging"), production]),
        feature_flag: (deploy_strategy == DeployStrategy::FeatureFlag).then_some(flag),
        verification: Some(Verification {
            command: Some("./scripts/judge.sh\n".to_owned()),
            ..Verification::default()
        }),
        cloud: Some(aws()),
        ..fixture::options()
    }
}

fn aws() -> Cloud {
    Cloud::Aws(AwsIdentity {
        role: "arn:aws:iam::123456789012:role/deploy".to_owned(),
        region: "eu-central-1".to_owned(),
    })
}

/// The defaults: nothing but the strategy is given.
fn terraform_options(options: &Options) -> Options {
    Options {
        deploy_strategy: options.deploy_strategy,
        feature_flag: options.feature_flag.clone(),
        ..fixture::options()
    }
}

pub(crate) fn terraform(strategy: DeployStrategy) -> Files {
    fixture::service(match strategy {
        DeployStrategy::Rolling | DeployStrategy::FeatureFlag => MODULE,
        DeployStrategy::BlueGreen => SLOTS,
        DeployStrategy::Canary => CANARY,
    })
}

fn opentofu(options: &Options) -> Options {
    let given = Terraform {
        tool: TerraformTool::Opentofu,
        backend_config: Some("backends/{environment}.hcl".to_owned()),
        ..Terraform::default()
    };
    let azure = AzureIdentity {
        client_id: "00000000-0000-0000-0000-000000000001".to_owned(),
        tenant_id: "00000000-0000-0000-0000-000000000002".to_owned(),
        subscription_id: "00000000-0000-0000-0000-000000000003".to_owned(),
    };
    Options { deploy: Some(Deploy::Terraform(given)), cloud: Some(Cloud::Azure(azure)), ..options.clone() }
}

fn opentofu_files(strategy: DeployStrategy) -> Files {
    let mut files = terraform(strategy);
    files.extend([("infra/environments/staging.tfvars", ""), ("infra/environments/production.tfvars", "")]);
    files
}

fn helm(options: &Options) -> Options {
    let gke =
        Gke { name: "shop-{environment}".to_owned(), location: "europe-west1".to_owned(), project: "shop".to_owned() };
    let gcp = GcpIdentity {
        workload_identity_provider: "projects/1/locations/global/workloadIdentityPools/github/providers/shop"
            .to_owned(),
        service_account: "deploy@shop.iam.gserviceaccount.com".to_owned(),
    };
    let given = Helm {
        chart: None,
        release: None,
        namespace: "shop-{environment}".to_owned(),
        values: Vec::new(),
        cluster: Cluster::Gke(gke),
    };
    Options { deploy: Some(Deploy::Helm(given)), cloud: Some(Cloud::Gcp(gcp)), ..options.clone() }
}

pub(crate) fn chart() -> Files {
    let mut files = fixture::image();
    files.extend([
        ("chart/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\n"),
        ("chart/values.yaml", "image:\n  repository: shop\n  tag: latest\n"),
        ("chart/values-staging.yaml", "{}\n"),
        ("chart/values-production.yaml", "{}\n"),
    ]);
    files
}

fn kubectl(options: &Options) -> Options {
    let given = Kubectl {
        directory: None,
        namespace: "shop".to_owned(),
        deployment: Some("shop".to_owned()),
        container: None,
        service: None,
        cluster: Cluster::Eks(Eks { name: "shop-{environment}".to_owned() }),
    };
    Options { deploy: Some(Deploy::Kubectl(given)), ..options.clone() }
}

/// Manifests that fit every strategy.
pub(crate) const MANIFESTS: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec: {template: {spec: {containers: [{name: web, image: shop}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop-canary}
spec: {template: {spec: {containers: [{name: web, image: shop}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop-blue}
spec: {template: {spec: {containers: [{name: web, image: shop}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop-green}
spec: {template: {spec: {containers: [{name: web, image: shop}]}}}
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {selector: {app: shop, slot: blue}}
";

pub(crate) fn manifests() -> Files {
    let mut files = fixture::image();
    files.push(("k8s/shop.yaml", MANIFESTS));
    files
}

fn kustomize(options: &Options) -> Options {
    let given = Kubectl {
        directory: None,
        namespace: "shop".to_owned(),
        deployment: Some("shop".to_owned()),
        container: Some("web".to_owned()),
        service: Some("shop".to_owned()),
        cluster: Cluster::Aks(Aks { name: "shop".to_owned(), resource_group: "shop-{environment}".to_owned() }),
    };
    let azure = AzureIdentity { client_id: "1".to_owned(), tenant_id: "2".to_owned(), subscription_id: "3".to_owned() };
    let directory = Some("k8s/overlays/{environment}".to_owned());
    let given = Kubectl { directory, ..given };
    Options { deploy: Some(Deploy::Kubectl(given)), cloud: Some(Cloud::Azure(azure)), ..options.clone() }
}

fn overlays() -> Files {
    let mut files = fixture::image();
    files.extend([
        ("k8s/base/shop.yaml", MANIFESTS),
        ("k8s/base/kustomization.yaml", "resources: [shop.yaml]\n"),
        ("k8s/overlays/staging/kustomization.yaml", "resources: [../../base]\n"),
        ("k8s/overlays/production/kustomization.yaml", "resources: [../../base]\n"),
    ]);
    files
}

fn ecs(options: &Options) -> Options {
    let given = Ecs { cluster: "shop-{environment}".to_owned(), service: "web".to_owned(), container: None };
    let canary = Canary { steps: vec![Rung { weight: 10, pause_minutes: 5 }] };
    let is_canary = options.deploy_strategy == DeployStrategy::Canary;
    Options { deploy: Some(Deploy::Ecs(given)), canary: is_canary.then_some(canary), ..options.clone() }
}

fn scripts(options: &Options) -> Options {
    let given = Scripts {
        deploy: "scripts/deploy.sh".to_owned(),
        rollback: "scripts/rollback.sh".to_owned(),
        current: "scripts/current.sh".to_owned(),
        switch: Some("scripts/switch-traffic.sh".to_owned()),
        shift: Some("scripts/shift.sh".to_owned()),
    };
    Options { deploy: Some(Deploy::Scripts(given)), cloud: None, ..options.clone() }
}

pub(crate) fn script_files() -> Files {
    let mut files = fixture::image();
    let scripts = [
        "scripts/deploy.sh",
        "scripts/rollback.sh",
        "scripts/current.sh",
        "scripts/switch-traffic.sh",
        "scripts/shift.sh",
    ];
    files.extend(scripts.map(|path| (path, "#!/bin/bash\n")));
    files
}

/// A cluster that is reached by a file.
pub(crate) fn kubeconfig(options: &Options) -> Options {
    let mut options = kubectl(options);
    if let Some(Deploy::Kubectl(given)) = &mut options.deploy {
        given.cluster = Cluster::Kubeconfig(Kubeconfig { secret: "KUBECONFIG_FILE".to_owned() });
    }
    Options { cloud: None, ..options }
}
