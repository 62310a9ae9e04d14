//! What builds, checks and delivers the project.

use delivery::project::{Surface, UpdaterKind};

use super::project;

/// The surface of a project that has these files beside a manifest.
#[track_caller]
fn surface(files: &[(&str, &str)]) -> Surface {
    project(&[&[("requirements.txt", "")], files].concat()).surface
}

#[test]
fn a_dockerfile_is_what_its_last_stage_declares() {
    let text = "# syntax=x\nFROM --platform=$BUILDPLATFORM python:3.13 AS build\nEXPOSE 1\nUSER root\n\nFROM python:3.13-slim as base\nEXPOSE 8080 \\\n  9090/udp\nFROM base\nHEALTHCHECK --interval=5s CMD curl localhost\nUSER 10001:10001\nRUN <<EOF\nUSER root\nEOF\n";
    let found = surface(&[
        ("Dockerfile", text),
        ("worker.Dockerfile", "FROM scratch\nHEALTHCHECK NONE\n"),
        ("Dockerfile.dockerignore", ""),
    ]);
    insta::assert_debug_snapshot!(found.dockerfiles, @r#"
    [
        Dockerfile {
            path: "Dockerfile",
            stages: [
                "build",
                "base",
            ],
            base_images: [
                "python:3.13",
                "python:3.13-slim",
            ],
            ports: [
                "8080",
                "9090/udp",
            ],
            healthcheck: Some(
                10,
            ),
            non_root: true,
        },
        Dockerfile {
            path: "worker.Dockerfile",
            stages: [],
            base_images: [
                "scratch",
            ],
            ports: [],
            healthcheck: None,
            non_root: false,
        },
    ]
    "#);
}

#[test]
fn compose_files_list_their_services() {
    let found = surface(&[
        ("compose.yaml", "services:\n  web: {}\n  db:\n    image: x\n"),
        ("deploy/docker-compose.prod.yml", ""),
    ]);
    insta::assert_debug_snapshot!(found.compose, @r#"
    [
        ComposeFile {
            path: "compose.yaml",
            services: [
                "db",
                "web",
            ],
        },
        ComposeFile {
            path: "deploy/docker-compose.prod.yml",
            services: [],
        },
    ]
    "#);
}

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
  namespace: prod
spec:
  template:
    spec:
      initContainers: [{ name: wait }]
      containers:
        - name: shop
        - name: proxy
---
apiVersion: v1
kind: Service
metadata: { name: shop }
";

#[test]
fn manifests_list_workloads_and_services() {
    let cron = "apiVersion: v1\nkind: List\nitems:\n  - kind: CronJob\n    apiVersion: batch/v1\n    metadata: { name: tidy }\n    spec: { jobTemplate: { spec: { template: { spec: { containers: [{ name: tidy }] } } } } }\n";
    let found = surface(&[
        ("k8s/app.yaml", DEPLOYMENT),
        ("k8s/cron.yml", cron),
        ("k8s/values.yaml", "a: 1\n"),
        ("config/app.yaml", DEPLOYMENT),
    ]);
    insta::assert_debug_snapshot!(found.manifests, @r#"
    [
        ManifestDirectory {
            directory: "k8s",
            files: [
                "k8s/app.yaml",
                "k8s/cron.yml",
            ],
            objects: [
                Object {
                    kind: "CronJob",
                    name: "tidy",
                    namespace: None,
                    containers: [
                        "tidy",
                    ],
                    evidence: Evidence {
                        path: "k8s/cron.yml",
                        line: None,
                        what: "manifest",
                    },
                },
                Object {
                    kind: "Deployment",
                    name: "shop",
                    namespace: Some(
                        "prod",
                    ),
                    containers: [
                        "shop",
                        "proxy",
                    ],
                    evidence: Evidence {
                        path: "k8s/app.yaml",
                        line: Some(
                            2,
                        ),
                        what: "manifest",
                    },
                },
                Object {
                    kind: "Service",
                    name: "shop",
                    namespace: None,
                    containers: [],
                    evidence: Evidence {
                        path: "k8s/app.yaml",
                        line: Some(
                            15,
                        ),
                        what: "manifest",
                    },
                },
            ],
        },
    ]
    "#);
}

#[test]
fn kustomizations_and_charts_keep_their_manifests_to_themselves() {
    let found = surface(&[
        ("k8s/base/kustomization.yaml", "resources: [app.yaml]\n"),
        ("k8s/base/app.yaml", DEPLOYMENT),
        (
            "k8s/overlays/prod/kustomization.yaml",
            "resources:\n  - ../../base\nimages:\n  - name: shop\n    newTag: '1'\n",
        ),
        ("deploy/chart/Chart.yaml", "name: shop\nversion: 1.10\n"),
        ("deploy/chart/values.yaml", ""),
        ("deploy/chart/values-prod.yaml", ""),
        ("deploy/chart/templates/app.yaml", "kind: {{ .Values.kind }}\n"),
    ]);
    assert_eq!(found.manifests, []);
    insta::assert_debug_snapshot!(found.kustomizations, @r#"
    [
        Kustomization {
            directory: "k8s/base",
            overlay: None,
            resources: [
                "app.yaml",
            ],
            images: [],
            objects: [
                Object {
                    kind: "Deployment",
                    name: "shop",
                    namespace: Some(
                        "prod",
                    ),
                    containers: [
                        "shop",
                        "proxy",
                    ],
                    evidence: Evidence {
                        path: "k8s/base/app.yaml",
                        line: Some(
                            2,
                        ),
                        what: "manifest",
                    },
                },
                Object {
                    kind: "Service",
                    name: "shop",
                    namespace: None,
                    containers: [],
                    evidence: Evidence {
                        path: "k8s/base/app.yaml",
                        line: Some(
                            15,
                        ),
                        what: "manifest",
                    },
                },
            ],
        },
        Kustomization {
            directory: "k8s/overlays/prod",
            overlay: Some(
                "prod",
            ),
            resources: [
                "../../base",
            ],
            images: [
                "shop",
            ],
            objects: [],
        },
    ]
    "#);
    insta::assert_debug_snapshot!(found.charts, @r#"
    [
        Chart {
            directory: "deploy/chart",
            name: Some(
                "shop",
            ),
            version: Some(
                "1.10",
            ),
            values: [
                "values-prod.yaml",
                "values.yaml",
            ],
        },
    ]
    "#);
}

#[test]
fn terraform_roots_are_read_and_modules_left_out() {
    let main = "terraform {\n  required_version = \">= 1.9\"\n  backend \"s3\" {}\n  required_providers {\n    aws = { source = \"hashicorp/aws\", version = \"~> 5.0\" }\n    null = \"~> 3\"\n  }\n}\nmodule \"net\" {\n  source = \"../net\"\n}\n";
    let variables = "variable \"image\" {\n  type = string\n}\n\nvariable \"replicas\" {\n  default = 2\n}\noutput \"url\" {\n  value = \"https://${var.image}\"\n}\n";
    let found = surface(&[
        ("infra/live/main.tf", main),
        ("infra/live/variables.tf", variables),
        ("infra/live/env/prod.tfvars", ""),
        ("infra/live/.terraform.lock.hcl", ""),
        ("infra/.terraform-version", "1.9.8\n"),
        ("infra/net/main.tf", ""),
        ("infra/modules/vpc/main.tf", ""),
    ]);
    insta::assert_debug_snapshot!(found.terraform, @r#"
    [
        TerraformRoot {
            directory: "infra/live",
            variables: [
                TerraformVariable {
                    name: "image",
                    required: true,
                    evidence: Evidence {
                        path: "infra/live/variables.tf",
                        line: Some(
                            1,
                        ),
                        what: "variable",
                    },
                },
                TerraformVariable {
                    name: "replicas",
                    required: false,
                    evidence: Evidence {
                        path: "infra/live/variables.tf",
                        line: Some(
                            5,
                        ),
                        what: "variable",
                    },
                },
            ],
            outputs: [
                TerraformOutput {
                    name: "url",
                    evidence: Evidence {
                        path: "infra/live/variables.tf",
                        line: Some(
                            8,
                        ),
                        what: "output",
                    },
                },
            ],
            required_version: Some(
                ">= 1.9",
            ),
            versions: [
                RuntimeVersion {
                    runtime: "terraform",
                    spec: "1.9.8",
                    kind: Pinned,
                    evidence: Evidence {
                        path: "infra/.terraform-version",
                        line: Some(
                            1,
                        ),
                        what: "version file",
                    },
                },
            ],
            backend: Some(
                "s3",
            ),
            providers: [
                TerraformProvider {
                    name: "aws",
                    source: Some(
                        "hashicorp/aws",
                    ),
                    version: Some(
                        "~> 5.0",
                    ),
                },
                TerraformProvider {
                    name: "null",
                    source: None,
                    version: Some(
                        "~> 3",
                    ),
                },
            ],
            locked: true,
            variable_files: [
                "env/prod.tfvars",
            ],
        },
    ]
    "#);
}

#[test]
fn ci_updaters_and_policies_are_found_where_their_tools_look() {
    let found = surface(&[
        (".github/workflows/ci.yml", ""),
        (".github/workflows/README.md", ""),
        (".gitlab-ci.yml", ""),
        (".circleci/config.yml", ""),
        ("ci/Jenkinsfile", ""),
        ("azure-pipelines.yml", ""),
        (".github/dependabot.yml", ""),
        ("renovate.json", ""),
        (".gitleaks.toml", ""),
        (".dockerignore", ""),
        (".pre-commit-config.yaml", ""),
    ]);
    let ci: Vec<_> = found.ci.iter().map(|config| format!("{} {}", config.system, config.path)).collect();
    insta::assert_debug_snapshot!(ci, @r#"
    [
        "circleci .circleci/config.yml",
        "github-actions .github/workflows/ci.yml",
        "gitlab-ci .gitlab-ci.yml",
        "azure-pipelines azure-pipelines.yml",
        "jenkins ci/Jenkinsfile",
    ]
    "#);
    assert_eq!(
        found.updaters.iter().map(|updater| updater.kind).collect::<Vec<_>>(),
        [UpdaterKind::Dependabot, UpdaterKind::Renovate]
    );
    assert_eq!(
        found.policies.iter().map(|policy| policy.tool.as_str()).collect::<Vec<_>>(),
        ["docker", "gitleaks", "pre-commit"]
    );
}

#[test]
fn ansible_monitoring_and_scripts_are_found() {
    let found = surface(&[
        ("ansible/ansible.cfg", ""),
        ("ansible/playbooks/deploy.yml", ""),
        ("ansible/roles/web/tasks/main.yml", ""),
        ("monitoring/rules.yaml", ""),
        ("deploy/prometheus.yml", ""),
        ("scripts/deploy.sh", ""),
        ("scripts/README.md", ""),
    ]);
    let place = |evidence: &[delivery::project::Evidence]| evidence.iter().map(ToString::to_string).collect::<Vec<_>>();
    insta::assert_debug_snapshot!(place(&found.ansible), @r#"
    [
        "ansible/ansible.cfg (configuration)",
        "ansible/playbooks/deploy.yml (playbook)",
        "ansible/roles/web/tasks/main.yml (role)",
    ]
    "#);
    insta::assert_debug_snapshot!(place(&found.monitoring), @r#"
    [
        "deploy/prometheus.yml (Prometheus)",
        "monitoring/rules.yaml (in a directory of monitoring)",
    ]
    "#);
    assert_eq!(found.scripts.iter().map(|script| script.path.as_str()).collect::<Vec<_>>(), ["scripts/deploy.sh"]);
}

#[cfg(unix)]
#[test]
fn executable_files_under_scripts_count_as_scripts() {
    use std::os::unix::fs::PermissionsExt as _;
    let root = super::tree(&[("requirements.txt", ""), ("bin/release", "")]);
    std::fs::set_permissions(root.path().join("bin/release"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let found = delivery::project::detect(root.path(), &delivery::project::Options::default()).unwrap();
    assert_eq!(
        found.surface.scripts.iter().map(|script| (script.path.as_str(), script.executable)).collect::<Vec<_>>(),
        [("bin/release", true)]
    );
}

#[test]
fn the_repository_is_read_without_credentials() {
    let config = "[core]\n\tbare = false\n[remote \"origin\"]\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n\turl = https://me:s3cret@example.com/shop/api.git\n";
    let found = surface(&[
        (".git/HEAD", "ref: refs/heads/feature/x\n"),
        (".git/refs/remotes/origin/HEAD", "ref: refs/remotes/origin/main\n"),
        (".git/config", config),
    ]);
    assert!(!format!("{found:?}").contains("s3cret"));
    insta::assert_debug_snapshot!(found.git, @r#"
    Some(
        Git {
            branch: Some(
                "feature/x",
            ),
            default_branch: Some(
                "main",
            ),
            origin: Some(
                Remote {
                    host: "example.com",
                    owner: "shop",
                    name: "api",
                },
            ),
        },
    )
    "#);
}
