//! Helm charts, kustomizations and plain manifests of Kubernetes.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{Chart, Kustomization, ManifestDirectory, Object};
use crate::project::text::{self, Node};
use crate::project::walk::{Tree, ancestors, is_yaml, name, parent, relative};
use crate::project::{Evidence, Note};

/// Directories whose YAML files are looked into for manifests; elsewhere it is too likely to be something else.
const DIRECTORIES: &[&str] =
    &["deploy", "deployment", "deployments", "k8s", "kube", "kubernetes", "kustomize", "manifests"];

/// The names under which a kustomization is found.
const KUSTOMIZATIONS: &[&str] = &["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The kinds that are reported: what runs containers, and what leads to them.
const KINDS: &[&str] = &["CronJob", "DaemonSet", "Deployment", "Ingress", "Job", "Rollout", "Service", "StatefulSet"];

/// Everything of Kubernetes.
pub(super) struct Kubernetes {
    pub(super) charts: Vec<Chart>,
    pub(super) kustomizations: Vec<Kustomization>,
    pub(super) manifests: Vec<ManifestDirectory>,
}

/// Reads the tree.
pub(super) fn read(tree: &Tree, notes: &mut Vec<Note>) -> Kubernetes {
    let charts: Vec<Chart> =
        tree.files().filter(|path| name(path) == "Chart.yaml").map(|path| chart(tree, path, notes)).collect();
    let is_chart =
        |path: &str| charts.iter().any(|chart| ancestors(parent(path)).any(|above| above == chart.directory));
    let roots: Vec<&str> =
        tree.files().filter(|path| KUSTOMIZATIONS.contains(&name(path)) && !is_chart(path)).collect();
    let kustomized: BTreeSet<&str> = roots.iter().map(|path| parent(path)).collect();
    let mut directories: BTreeMap<&str, (Vec<String>, Vec<Object>)> = BTreeMap::new();
    for path in tree.files().filter(|path| is_yaml(path) && !KUSTOMIZATIONS.contains(&name(path)) && !is_chart(path)) {
        let directory = parent(path);
        if kustomized.contains(directory) || directory.split('/').any(|part| DIRECTORIES.contains(&part)) {
            let documents: Vec<Node> = text::yaml(tree, path, notes).into_iter().filter(is_manifest).collect();
            if !documents.is_empty() {
                let (files, objects) = directories.entry(directory).or_default();
                files.push(path.to_owned());
                objects.extend(documents.iter().flat_map(items).filter_map(|node| object(node, path)));
                objects.sort();
            }
        }
    }
    let kustomizations = roots.iter().map(|path| {
        let objects = directories.remove(parent(path)).map(|(_, objects)| objects).unwrap_or_default();
        kustomization(tree, path, objects, notes)
    });
    let kustomizations = kustomizations.collect();
    let manifests = directories.into_iter().map(|(directory, (files, objects))| ManifestDirectory {
        directory: directory.to_owned(),
        files,
        objects,
    });
    let manifests = manifests.collect();
    Kubernetes { charts, kustomizations, manifests }
}

fn is_manifest(document: &Node) -> bool {
    document.text_at(&["apiVersion"]).is_some() && document.text_at(&["kind"]).is_some()
}

/// A document, or the documents that one of kind `List` wraps.
fn items(document: &Node) -> Vec<&Node> {
    match document.get("items") {
        Some(items) if document.text_at(&["kind"]) == Some("List") => items.items().iter().collect(),
        _ => vec![document],
    }
}

fn object(document: &Node, path: &str) -> Option<Object> {
    let kind = document.get("kind")?;
    let kind_name = kind.text().filter(|kind| KINDS.contains(kind))?;
    // Pods are nested once in workloads, and a job's template once more in a CronJob.
    let pod = [["spec", "template", "spec"].as_slice(), &["spec", "jobTemplate", "spec", "template", "spec"]];
    let containers =
        pod.iter().find_map(|keys| document.at(keys)?.get("containers")).map(Node::items).unwrap_or_default();
    Some(Object {
        kind: kind_name.to_owned(),
        name: document.text_at(&["metadata", "name"])?.to_owned(),
        namespace: document.text_at(&["metadata", "namespace"]).map(str::to_owned),
        containers: containers.iter().filter_map(|container| container.text_at(&["name"])).map(str::to_owned).collect(),
        evidence: Evidence::at(path, kind.line, "manifest"),
    })
}

/// What is read of `Chart.yaml`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ChartFile {
    name: Option<String>,
    version: Option<String>,
}

fn chart(tree: &Tree, path: &str, notes: &mut Vec<Note>) -> Chart {
    let directory = parent(path);
    let file: ChartFile = text::yaml_as(tree, path, notes).unwrap_or_default();
    let is_values = |file: &&str| !file.contains('/') && file.starts_with("values") && is_yaml(file);
    let values = tree.under(directory).map(|file| relative(file, directory)).filter(is_values).map(str::to_owned);
    Chart { directory: directory.to_owned(), name: file.name, version: file.version, values: values.collect() }
}

fn kustomization(tree: &Tree, path: &str, objects: Vec<Object>, notes: &mut Vec<Note>) -> Kustomization {
    let directory = parent(path);
    let documents = text::yaml(tree, path, notes);
    let lists = |keys: &[&str]| -> Vec<Node> {
        let list = |key: &&str| documents.first().and_then(|node| node.get(key)).map(|node| node.items().to_vec());
        keys.iter().filter_map(list).flatten().collect()
    };
    let resources = lists(&["resources", "bases", "components"]);
    let images = lists(&["images"]);
    let overlay =
        directory.rsplit_once('/').filter(|(above, _)| name(above) == "overlays").map(|(_, name)| name.to_owned());
    Kustomization {
        directory: directory.to_owned(),
        overlay,
        resources: resources.iter().filter_map(Node::text).map(str::to_owned).collect(),
        images: images.iter().filter_map(|image| image.text_at(&["name"])).map(str::to_owned).collect(),
        objects,
    }
}
