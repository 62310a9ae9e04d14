//! The place that a secret is bound to.

use std::fmt;

/// Where a sealed value stands. It opens there and nowhere else; the stack is added by the [`Sealer`](super::Sealer).
///
/// Names are compared byte by byte, as they are given. A resource is best named by what it keeps for life, or its secrets
/// have to be [moved](super::Sealer::reseal) with each renaming.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    kind: Kind,
    owner: &'a str,
    path: &'a str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Resource = 1,
    Export = 2,
    Configuration = 3,
    Plan = 4,
}

impl<'a> Place<'a> {
    /// The attribute at `path` of a resource.
    pub fn resource(resource: &'a str, path: &'a str) -> Self {
        Self { kind: Kind::Resource, owner: resource, path }
    }

    /// An exported output of the stack.
    pub fn export(name: &'a str) -> Self {
        Self { kind: Kind::Export, owner: name, path: "" }
    }

    /// A value of the stack's configuration.
    pub fn configuration(key: &'a str) -> Self {
        Self { kind: Kind::Configuration, owner: key, path: "" }
    }

    /// What stands at `path` of the saved plan with this id. The empty path is the whole plan.
    pub fn plan(plan: &'a str, path: &'a str) -> Self {
        Self { kind: Kind::Plan, owner: plan, path }
    }

    /// The place as bytes of which no two places have the same: each text with its length before it.
    pub(super) fn bind(self, stack: &str) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(32 + stack.len() + self.owner.len() + self.path.len());
        bytes.push(self.kind as u8);
        for text in [stack, self.owner, self.path] {
            bytes.extend((text.len() as u64).to_le_bytes());
            bytes.extend(text.as_bytes());
        }
        bytes
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { owner, path, .. } = self;
        match self.kind {
            Kind::Resource => write!(f, "{path} of resource {owner}"),
            Kind::Export => write!(f, "export {owner}"),
            Kind::Configuration => write!(f, "configuration {owner}"),
            Kind::Plan if path.is_empty() => write!(f, "plan {owner}"),
            Kind::Plan => write!(f, "{path} of plan {owner}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_places_have_the_same_bytes() {
        let places = [
            Place::resource("ab", "c").bind("s"),
            Place::resource("a", "bc").bind("s"),
            Place::resource("b", "c").bind("sa"),
            Place::resource("abc", "").bind("s"),
            Place::export("abc").bind("s"),
            Place::configuration("abc").bind("s"),
            Place::plan("abc", "").bind("s"),
            Place::plan("ab", "c").bind("s"),
        ];
        for (n, place) in places.iter().enumerate() {
            assert!(!places[..n].contains(place), "{n}");
        }
    }
}
