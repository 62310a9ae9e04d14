//! Revisions: what makes one version of a service different from another.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::wire::{Protocol, Readiness};

/// The name of a revision: the first 12 hexadecimal digits of the SHA-256 of what it runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RevisionId(String);

impl RevisionId {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RevisionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for RevisionId {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// What a revision runs. Any change of it is a new revision and climbs the ladder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revision {
    /// The version that the user named.
    pub version: String,
    /// Program and arguments; `{version}` and `{port}` stand for the version and the port of a replica.
    pub command: Vec<String>,
    /// The environment besides `PATH`, `HOME`, `LANG`, `PORT` and `HOST`.
    pub env: BTreeMap<String, String>,
    /// When a replica is ready.
    pub readiness: Readiness,
    /// What the replicas speak.
    pub protocol: Protocol,
}

impl Revision {
    /// The name of this revision. Equal contents have equal names on every machine and in every release.
    pub fn id(&self) -> RevisionId {
        // The order of fields and of map entries is fixed, so the text is canonical; strings and numbers always have one.
        let text = serde_json::to_vec(self).unwrap_or_default();
        let digest = Sha256::digest(&text);
        RevisionId(digest.iter().take(6).fold(String::new(), |mut name, byte| {
            let _ = write!(name, "{byte:02x}");
            name
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Span;

    #[test]
    fn the_name_depends_on_all_that_runs_and_never_changes() {
        let second = Span::from_secs(1);
        let readiness = Readiness { path: None, interval: second, timeout: second, failures: 3 };
        let revision = Revision {
            version: "1".into(),
            command: vec!["api".into()],
            env: BTreeMap::new(),
            readiness,
            protocol: Protocol::Http1,
        };
        assert_eq!(revision.id().as_str(), "e5ada71c02c8");
        let others = [
            Revision { version: "2".into(), ..revision.clone() },
            Revision { command: vec!["api".into(), String::new()], ..revision.clone() },
            Revision { env: BTreeMap::from([("A".into(), String::new())]), ..revision.clone() },
            Revision { protocol: Protocol::H2c, ..revision.clone() },
            Revision {
                readiness: Readiness { path: Some("/".into()), ..revision.readiness.clone() },
                ..revision.clone()
            },
        ];
        let names: std::collections::BTreeSet<_> = others.iter().chain([&revision]).map(Revision::id).collect();
        assert_eq!(names.len(), 6);
    }
}
