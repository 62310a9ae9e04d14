//! Checks where is deployed to, as whom, and what from.

use std::collections::BTreeSet;

use framework::Path;

use super::Check;
use super::names::Name;
use crate::pipeline::options::{Cloud, Cluster, Deploy, Environment, Options, Registry};

/// What is wrong with environments, identities, image and deploy tool.
pub(super) fn check(options: &Options, check: &mut Check<'_>) {
    let mut names = BTreeSet::new();
    for (position, environment) in options.environments.iter().flatten().enumerate() {
        let path = Path::of("environments").index(position as u64);
        if !names.insert(environment.name.to_ascii_lowercase()) {
            check.error(
                &path.attribute("name"),
                "Two environments of one name",
                format!("{:?} is there twice.", environment.name),
            );
        }
        check.environment(environment, &path);
        if environment.branch.is_none() {
            check.default_branch(options, &path.attribute("branch"));
        }
    }
    if options.environments.is_none() {
        check.default_branch(options, &Path::of("environments"));
    }
    check.cloud(options.cloud.as_ref(), &Path::root());
    check.image(options);
    check.deploy(options);
}

impl Check<'_> {
    fn environment(&mut self, environment: &Environment, path: &Path) {
        self.name(&environment.name, Name::Environment, &path.attribute("name"));
        if let Some(name) = &environment.unattended_environment {
            self.name(name, Name::Environment, &path.attribute("unattended_environment"));
        }
        if let Some(branch) = &environment.branch {
            self.name(branch, Name::Branch, &path.attribute("branch"));
        }
        for (attribute, url) in [("url", &environment.url), ("preview_url", &environment.preview_url)] {
            if let Some(url) = url {
                self.name(url, Name::Url, &path.attribute(attribute));
            }
        }
        for name in environment.variables.keys() {
            self.name(name, Name::Variable, &path.attribute("variables").key(name));
        }
        self.secrets(environment.secrets.iter(), path);
        self.cloud(environment.cloud.as_ref(), path);
    }

    /// Whether the branch that is deployed when none is named is a branch.
    fn default_branch(&mut self, options: &Options, path: &Path) {
        let triggers = options.triggers.clone().unwrap_or_default();
        match triggers.branches.first() {
            Some(branch) if Name::Branch.fits(branch) => {}
            Some(pattern) => {
                let detail = format!(
                    "The first branch of `triggers`, {pattern:?}, is a pattern, so it cannot be deployed. Set `branch`."
                );
                self.error(path, "Which branch is deployed?", detail);
            }
            None => self.error(
                path,
                "Which branch is deployed?",
                "`triggers` names no branch. Set `branch`, and add it to `triggers`.",
            ),
        }
    }

    fn cloud(&mut self, cloud: Option<&Cloud>, parent: &Path) {
        let path = parent.attribute("cloud");
        let mut plain = |attribute: &str, text: &str| {
            if text.is_empty() || text.contains(|c: char| c.is_whitespace() || c.is_control()) {
                self.error(
                    &path.attribute(attribute),
                    "Not an identity",
                    format!("{text:?} should be a name without spaces."),
                );
            }
        };
        match cloud {
            None => {}
            Some(Cloud::Aws(aws)) => {
                plain("aws", &aws.role);
                plain("aws", &aws.region);
            }
            Some(Cloud::Gcp(gcp)) => {
                plain("gcp", &gcp.workload_identity_provider);
                plain("gcp", &gcp.service_account);
            }
            Some(Cloud::Azure(azure)) => {
                plain("azure", &azure.client_id);
                plain("azure", &azure.tenant_id);
                plain("azure", &azure.subscription_id);
            }
        }
    }

    fn image(&mut self, options: &Options) {
        let Some(image) = &options.image else { return };
        let path = Path::of("image");
        if let Some(name) = &image.name {
            self.name(name, Name::Image, &path.attribute("name"));
        }
        for (attribute, file) in [("dockerfile", &image.dockerfile), ("context", &image.context)] {
            if let Some(file) = file {
                self.name(file, Name::Path, &path.attribute(attribute));
            }
        }
        if image.platforms.is_empty() || !image.platforms.iter().all(|platform| is_platform(platform)) {
            let detail = "At least one platform such as `linux/amd64` is expected.";
            self.error(&path.attribute("platforms"), "Not a platform", detail);
        }
        let is_own = matches!(image.registry, None | Some(Registry::Ghcr(_)));
        if !is_own && image.name.is_none() {
            let detail = "An image in this registry needs a name, such as `123456789012.dkr.ecr.eu-central-1.amazonaws.com/api`.";
            self.error(&path.attribute("name"), "An image without a name", detail);
        }
        if is_own && image.name.as_ref().is_some_and(|name| !name.starts_with("ghcr.io/")) {
            let detail = "The image is in another registry than GitHub's. Say by `registry` how to log in to it.";
            self.error(&path.attribute("registry"), "No way to log in", detail);
        }
        if let Some(Registry::Password(password)) = &image.registry {
            let path = path.attribute("registry").attribute("password");
            self.name(&password.password_secret, Name::Secret, &path.attribute("password_secret"));
            self.name(&password.environment, Name::Environment, &path.attribute("environment"));
        }
    }

    fn deploy(&mut self, options: &Options) {
        let path = Path::of("deploy");
        let mut paths: Vec<(Path, &String)> = Vec::new();
        let mut cluster = None;
        match &options.deploy {
            Some(Deploy::Terraform(given)) => {
                let path = path.attribute("terraform");
                paths.extend(given.directory.iter().map(|text| (path.attribute("directory"), text)));
                paths.extend(given.var_file.iter().map(|text| (path.attribute("var_file"), text)));
                paths.extend(given.backend_config.iter().map(|text| (path.attribute("backend_config"), text)));
                for (attribute, text) in [("version", &given.version), ("workspace", &given.workspace)] {
                    if let Some(text) = text.as_ref().filter(|text| !is_word(text)) {
                        self.error(
                            &path.attribute(attribute),
                            "Not a name",
                            format!("{text:?} holds something else than letters, digits and `-_.`."),
                        );
                    }
                }
            }
            Some(Deploy::Helm(given)) => {
                let path = path.attribute("helm");
                paths.extend(given.chart.iter().map(|text| (path.attribute("chart"), text)));
                paths.extend(given.values.iter().map(|text| (path.attribute("values"), text)));
                self.words(&path, &[("release", given.release.as_deref()), ("namespace", Some(&given.namespace))]);
                cluster = Some((path, &given.cluster));
            }
            Some(Deploy::Kubectl(given)) => {
                let path = path.attribute("kubectl");
                paths.extend(given.directory.iter().map(|text| (path.attribute("directory"), text)));
                self.words(&path, &[("namespace", Some(&given.namespace))]);
                cluster = Some((path, &given.cluster));
            }
            Some(Deploy::Scripts(given)) => {
                let path = path.attribute("scripts");
                let optional = [("switch", &given.switch), ("shift", &given.shift)];
                paths.extend(optional.iter().filter_map(|(name, text)| Some((path.attribute(*name), text.as_ref()?))));
                let needed = [("deploy", &given.deploy), ("rollback", &given.rollback), ("current", &given.current)];
                paths.extend(needed.iter().map(|(name, text)| (path.attribute(*name), *text)));
            }
            Some(Deploy::Ecs(_)) | None => {}
        }
        for (path, text) in paths {
            self.name(text, Name::Path, &path);
        }
        if let Some((path, Cluster::Kubeconfig(given))) = cluster {
            let path = path.attribute("cluster").attribute("kubeconfig").attribute("secret");
            self.name(&given.secret, Name::Secret, &path);
        }
    }

    /// Names of Kubernetes, which may hold `{environment}`.
    fn words(&mut self, path: &Path, words: &[(&str, Option<&str>)]) {
        for (attribute, text) in words {
            if let Some(text) = text.filter(|text| !is_word(text)) {
                let detail = format!("{text:?} should be letters, digits and `-`, and may hold `{{environment}}`.");
                self.error(&path.attribute(*attribute), "Not a name of Kubernetes", detail);
            }
        }
    }
}

fn is_word(text: &str) -> bool {
    let rest = text.replace("{environment}", "x");
    !rest.is_empty() && rest.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

fn is_platform(platform: &str) -> bool {
    let parts: Vec<_> = platform.split('/').collect();
    let is_part = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    (2..=3).contains(&parts.len()) && parts.iter().all(is_part)
}
