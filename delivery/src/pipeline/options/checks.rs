//! What a pipeline checks, and how strictly.

use std::collections::{BTreeMap, BTreeSet};

use framework::Attributes;

use super::Availability;

/// How the tests run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Attributes)]
pub struct Tests {
    /// The least part of the code, in percent, that the unit tests must reach. Leave out for what the project's own settings ask.
    #[attr(range = 0..=100)]
    pub minimum_coverage: Option<u32>,
    /// Environment variables of the tests. Their values are shown in the file and in plans.
    #[attr(default = BTreeMap::new())]
    pub variables: BTreeMap<String, String>,
    /// Names of secrets that integration and end-to-end tests get as environment variables of the same names. They need `environment`.
    #[attr(default = BTreeSet::new())]
    pub secrets: BTreeSet<String>,
    /// The platform's environment that holds the secrets; integration and end-to-end tests run in it. Pull requests from forks get
    /// no secrets.
    pub environment: Option<String>,
}

/// What the security checks ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Attributes)]
pub struct Security {
    /// Where pull requests are searched for new dependencies with known vulnerabilities. GitHub offers that to public repositories,
    /// and to private ones with Advanced Security.
    #[attr(default = Availability::Public)]
    pub dependency_review: Availability,
    /// Whether the image scan also fails for vulnerabilities that have no fix yet.
    #[attr(default = false)]
    pub fail_on_unfixed: bool,
}
