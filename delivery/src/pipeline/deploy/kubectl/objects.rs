//! Finds what the project's manifests declare, and what of it the pipeline changes.

use framework::{Diagnostic, Path};

use super::super::{for_environment, only_directory, tidy};
use crate::pipeline::options::{DeployStrategy, Environment, Kubectl};
use crate::pipeline::shell;
use crate::project::{Detection, Kustomization, Object};

/// What the pipeline needs of the manifests of an environment.
pub(super) struct Objects {
    /// The kustomization's directory, or the files that hold the manifests.
    source: Source,
    /// The Deployment, without the suffix of a slot.
    pub(super) deployment: String,
    /// The container that runs the image.
    pub(super) container: String,
    /// The Service that users reach it by, where the strategy changes it.
    pub(super) service: Option<String>,
}

enum Source {
    Kustomization(String),
    Files(Vec<String>),
}

impl Objects {
    /// Writes the manifests as they are to one file.
    pub(super) fn build(&self) -> String {
        let build = match &self.source {
            Source::Kustomization(directory) => {
                format!("kubectl kustomize {} >.pipeline/all.yaml", shell::quote(directory))
            }
            Source::Files(files) => {
                let files = shell::join(files);
                format!("for file in {files}; do\n  echo ---\n  cat \"$file\"\ndone >.pipeline/all.yaml")
            }
        };
        format!("mkdir -p .pipeline\n{build}\n")
    }
}

fn path() -> Path {
    Path::of("deploy").attribute("kubectl")
}

/// Finds the manifests of an environment and the names in them.
pub(super) fn find(
    given: &Kubectl,
    strategy: DeployStrategy,
    environment: &Environment,
    environments: &[Environment],
    detection: &Detection,
) -> Result<Objects, Diagnostic> {
    let directory = directory(given, environment, environments, detection)?;
    let (source, objects) = source(&directory, detection)?;
    let names: Vec<_> = of_kind(&objects, "Deployment").map(|object| object.name.as_str()).collect();
    let suffixes: &[&str] = match strategy {
        DeployStrategy::BlueGreen => &["-blue", "-green"],
        DeployStrategy::Canary => &["", "-canary"],
        DeployStrategy::Rolling | DeployStrategy::FeatureFlag => &[""],
    };
    let deployment = deployment(given, &names, suffixes, &directory)?;
    let first = format!("{deployment}{}", suffixes[0]);
    let containers =
        of_kind(&objects, "Deployment").find(|object| object.name == first).map(|object| object.containers.clone());
    let container = container(given, &containers.unwrap_or_default(), &first)?;
    let service = (strategy == DeployStrategy::BlueGreen).then(|| service(given, &objects, &directory)).transpose()?;
    Ok(Objects { source, deployment, container, service })
}

fn directory(
    given: &Kubectl,
    environment: &Environment,
    all: &[Environment],
    detection: &Detection,
) -> Result<String, Diagnostic> {
    let pattern = if let Some(directory) = &given.directory {
        tidy(directory)
    } else {
        let kustomizations =
            detection.surface.kustomizations.iter().map(|kustomization| kustomization.directory.clone());
        let manifests = detection.surface.manifests.iter().map(|manifests| manifests.directory.clone());
        let directories: Vec<_> = kustomizations.chain(manifests).collect();
        only_directory(&directories, all, "directory of manifests", &path().attribute("directory"))?
    };
    Ok(for_environment(&pattern, environment))
}

fn source<'d>(directory: &str, detection: &'d Detection) -> Result<(Source, Vec<&'d Object>), Diagnostic> {
    let surface = &detection.surface;
    if let Some(kustomization) =
        surface.kustomizations.iter().find(|kustomization| kustomization.directory == directory)
    {
        let mut objects = Vec::new();
        collect(kustomization, detection, &mut objects, 8);
        return Ok((Source::Kustomization(directory.to_owned()), objects));
    }
    if let Some(manifests) = surface.manifests.iter().find(|manifests| manifests.directory == directory) {
        return Ok((Source::Files(manifests.files.clone()), manifests.objects.iter().collect()));
    }
    let detail = format!("{directory} holds neither manifests nor a kustomization.");
    Err(Diagnostic::error("No manifests", detail).at(path().attribute("directory")))
}

/// The objects of a kustomization and of what it is based on.
fn collect<'d>(kustomization: &'d Kustomization, detection: &'d Detection, objects: &mut Vec<&'d Object>, depth: u32) {
    objects.extend(&kustomization.objects);
    if depth == 0 {
        return;
    }
    for resource in &kustomization.resources {
        let Some(resource) = resolve(&kustomization.directory, resource) else { continue };
        if let Some(base) = detection.surface.kustomizations.iter().find(|other| other.directory == resource) {
            collect(base, detection, objects, depth - 1);
        }
        let in_file = detection.surface.manifests.iter().flat_map(|manifests| &manifests.objects);
        objects.extend(in_file.filter(|object| object.evidence.path == resource));
    }
}

/// A path as a kustomization refers to it, from the root; none for what lies outside or elsewhere.
fn resolve(directory: &str, reference: &str) -> Option<String> {
    let mut parts: Vec<&str> = directory.split('/').filter(|part| *part != ".").collect();
    for part in reference.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(if parts.is_empty() { ".".to_owned() } else { parts.join("/") })
}

fn of_kind<'o>(objects: &'o [&Object], kind: &'o str) -> impl Iterator<Item = &'o Object> {
    objects.iter().copied().filter(move |object| object.kind == kind)
}

/// The name of the Deployment: the one that is given, or the only one that has all that the strategy needs.
fn deployment(given: &Kubectl, names: &[&str], suffixes: &[&str], directory: &str) -> Result<String, Diagnostic> {
    let is_whole = |name: &&str| suffixes.iter().all(|suffix| names.contains(&format!("{name}{suffix}").as_str()));
    let needed = |name: &str| suffixes.iter().map(|suffix| format!("{name}{suffix}")).collect::<Vec<_>>().join(" and ");
    let error = |detail: String| {
        Err(Diagnostic::error("The manifests do not fit the strategy", detail).at(path().attribute("deployment")))
    };
    let found = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    if let Some(name) = &given.deployment {
        return if is_whole(&name.as_str()) {
            Ok(name.clone())
        } else {
            error(format!(
                "The manifests in {directory} must declare the Deployment {}; they declare {found}.",
                needed(name)
            ))
        };
    }
    let stems = names.iter().filter_map(|name| name.strip_suffix(suffixes[0]));
    let whole: Vec<_> = stems.filter(is_whole).collect();
    match whole.as_slice() {
        [only] => Ok((*only).to_owned()),
        [] => error(format!(
            "The manifests in {directory} must declare the Deployment {}; they declare {found}.",
            needed("NAME")
        )),
        several => {
            error(format!("The manifests in {directory} declare several: {}. Set `deployment`.", several.join(", ")))
        }
    }
}

fn container(given: &Kubectl, containers: &[String], deployment: &str) -> Result<String, Diagnostic> {
    let error = |detail: String| {
        Err(Diagnostic::error("Which container runs the image?", detail).at(path().attribute("container")))
    };
    match (&given.container, containers) {
        (Some(name), _) if containers.contains(name) => Ok(name.clone()),
        (None, [only]) => Ok(only.clone()),
        _ => error(format!(
            "The Deployment {deployment} has the containers {}. Set `container` to one of them.",
            containers.join(", ")
        )),
    }
}

fn service(given: &Kubectl, objects: &[&Object], directory: &str) -> Result<String, Diagnostic> {
    let names: Vec<_> = of_kind(objects, "Service").map(|object| object.name.clone()).collect();
    match (&given.service, names.as_slice()) {
        (Some(name), names) if names.contains(name) => Ok(name.clone()),
        (None, [only]) => Ok(only.clone()),
        (_, names) => {
            let found = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            let detail = format!(
                "The traffic moves by a Service; the manifests in {directory} declare {found}. Set `service` to one of them."
            );
            Err(Diagnostic::error("Which Service do users reach?", detail).at(path().attribute("service")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved_within_the_project() {
        assert_eq!(resolve("k8s/overlays/staging", "../../base").as_deref(), Some("k8s/base"));
        assert_eq!(resolve(".", "./base/").as_deref(), Some("base"));
        assert_eq!(resolve("k8s", ".."), Some(".".to_owned()));
        assert_eq!(resolve("k8s", "../.."), None);
    }
}
