//! What a crate must not know is not compiled into it.

use super::tree::Tree;
use super::{Finding, Rule};

pub(super) const RULE: Rule =
    Rule { name: "pure-crates", about: "`cargo tree -e normal` of a crate lists nothing it must not know", check };

/// Runtimes, and what talks to a network.
const RUNTIME: &[&str] = &["async-std", "hyper", "prost", "reqwest", "rustls", "smol", "tokio", "tonic"];

/// By package: what it must not know. The table of ARCHITECTURE.md in executable form.
const PURE: &[(&str, &[&[&str]])] = &[
    ("delivery", &[RUNTIME, &["disk", "jiff", "terraform-provider-devopsflow", "tfplugin"]]),
    ("disk", &[RUNTIME, &["delivery", "framework", "terraform-provider-devopsflow", "tfplugin"]]),
    (
        "agent-client",
        &[&["disk", "hyper", "provider", "rollout-runner", "terraform-provider-devopsflow", "tfplugin", "tonic"]],
    ),
    ("devopsflow", &[&["devops-flow", "devops-flow-agent", "rollout-runner"]]),
    ("devops-flow-agent", &[&["delivery", "terraform-provider-devopsflow", "tfplugin", "tonic"]]),
    ("framework", &[RUNTIME, &["delivery", "disk", "rustix", "terraform-provider-devopsflow", "tfplugin"]]),
    ("rollout", &[RUNTIME, &["delivery", "disk", "jiff", "rustix", "terraform-provider-devopsflow", "tfplugin"]]),
    ("rollout-runner", &[&["agent-client", "delivery", "devops-flow-agent", "hyper", "tonic"]]),
    ("tfplugin", &[&["delivery", "disk", "rollout", "terraform-provider-devopsflow"]]),
];

/// The packages that the rule looks into.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    PURE.iter().map(|(name, _)| *name)
}

fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (package, forbidden) in PURE {
        let Some(found) = tree.packages.get(*package) else { continue };
        for name in forbidden.iter().copied().flatten().filter(|name| found.contains(**name)) {
            let message = format!("knows `{name}`: `cargo tree -e normal -p {package} -i {name}` shows how");
            findings.push(Finding::file(package, message));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runtime_in_a_pure_crate_is_found() {
        let mut tree = Tree::sample(&[]);
        tree.packages.insert("disk".into(), ["disk", "serde", "tokio"].map(str::to_owned).into());
        tree.packages.insert("tfplugin".into(), ["tfplugin", "framework", "tokio"].map(str::to_owned).into());
        let findings = check(&tree);
        let expected = "knows `tokio`: `cargo tree -e normal -p disk -i tokio` shows how";
        assert_eq!(findings, [Finding::file("disk", expected)]);
    }
}
