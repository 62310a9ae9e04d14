//! CI systems.

use super::{CiConfig, CiSystem};
use crate::project::walk::{Tree, is_yaml, name, parent};

/// The file of a CI system that has one in the root.
const FILES: &[(&str, CiSystem)] = &[
    (".gitlab-ci.yml", CiSystem::GitlabCi),
    ("Jenkinsfile", CiSystem::Jenkins),
    (".circleci/config.yml", CiSystem::CircleCi),
    (".circleci/config.yaml", CiSystem::CircleCi),
    ("azure-pipelines.yml", CiSystem::AzurePipelines),
    ("azure-pipelines.yaml", CiSystem::AzurePipelines),
];

/// The configurations of CI systems.
pub(super) fn configs(tree: &Tree) -> Vec<CiConfig> {
    let config = |path: &str| {
        let known = FILES.iter().find(|(file, _)| *file == path).map(|(_, system)| *system);
        let is_workflow = parent(path) == ".github/workflows" && is_yaml(path);
        // Jenkins runs a file of this name wherever a job points to.
        let is_jenkins = name(path) == "Jenkinsfile";
        let system =
            known.or(is_workflow.then_some(CiSystem::GithubActions)).or(is_jenkins.then_some(CiSystem::Jenkins))?;
        Some(CiConfig { system, path: path.to_owned() })
    };
    tree.files().filter_map(config).collect()
}
