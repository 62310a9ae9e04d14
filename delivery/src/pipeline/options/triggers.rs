//! When a pipeline runs.

use framework::Attributes;

/// When the pipeline runs.
#[derive(Clone, Debug, PartialEq, Eq, Attributes)]
pub struct Triggers {
    /// Branches whose pushes are checked, as names or patterns such as `release/**`.
    #[attr(default = vec!["main".to_owned()])]
    pub branches: Vec<String>,
    /// Branches whose pull requests are checked before they are merged. Leave out for the same as `branches`; an empty list checks
    /// no pull requests.
    pub pull_request_branches: Option<Vec<String>>,
    /// Tags whose pushes publish the image under the tag's name too, as names or patterns such as `v*`.
    #[attr(default = Vec::new())]
    pub tags: Vec<String>,
    /// Only changes of files that match one of these patterns are checked, such as `services/api/**`. An empty list means all.
    #[attr(default = Vec::new())]
    pub paths: Vec<String>,
    /// Whether the changes in a merge queue are checked.
    #[attr(default = true)]
    pub merge_queue: bool,
    /// Whether people can start the pipeline by hand.
    #[attr(default = true)]
    pub manual: bool,
}

impl Default for Triggers {
    fn default() -> Self {
        Self {
            branches: vec!["main".to_owned()],
            pull_request_branches: None,
            tags: Vec::new(),
            paths: Vec::new(),
            merge_queue: true,
            manual: true,
        }
    }
}
