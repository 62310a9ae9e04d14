//! A case as a Rust test that reproduces it.

use super::case::Case;

/// The types of a case, and their variants.
const TYPES: [(&str, &[&str]); 11] = [
    ("Case", &[]),
    ("Flag", &["Protect", "Retain", "DeleteFirst", "IgnoreText", "ReplaceOnText", "OtherProvider"]),
    ("Flake", &[]),
    ("Kill", &["Records", "Before", "After"]),
    ("Method", &["Plan", "Create", "Update", "Delete", "Read", "Locate"]),
    ("Outcome", &["Fails", "FailsHalfWay", "LosesAnswer", "LosesRequest", "Disconnects", "Panics"]),
    ("Place", &[]),
    ("Recorded", &[]),
    ("Status", &["Live", "Outgoing", "Tainted", "Vacant", "Creating", "Updating", "Deleting"]),
    ("Thing", &[]),
    ("Verb", &["Up", "Preview", "Refresh", "Destroy"]),
];

/// The source of a test that runs this case. It compiles in a module of `fuzz`.
pub(super) fn source(seed: u64, case: &Case) -> String {
    // Every list of a case is a vector, and no text in it holds a bracket.
    let case = qualified(&format!("{case:#?}")).replace('[', "vec![").replace('\n', "\n    ");
    let used = TYPES.iter().map(|(name, _)| *name).filter(|name| {
        let used = |after: &str| case.contains(&format!("{name}{after}"));
        used(" {") || used("::")
    });
    let used = used.collect::<Vec<_>>().join(", ");
    format!(
        "\
/// Found with `DEVOPSFLOW_SEED={seed}`.
#[test]
fn seed_{seed}() {{
    use crate::fuzz::case::{{{used}}};
    crate::fuzz::reproduce(&{case});
}}
"
    )
}

/// The text with the type before each variant.
fn qualified(text: &str) -> String {
    let mut all = String::new();
    for word in text.split_inclusive(|c: char| !c.is_alphanumeric()) {
        let name = word.trim_end_matches(|c: char| !c.is_alphanumeric());
        let ty = TYPES.iter().find(|(_, variants)| variants.contains(&name));
        all.extend(ty.map(|(ty, _)| format!("{ty}::")));
        all.push_str(word);
    }
    all
}
