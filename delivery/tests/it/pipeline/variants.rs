//! Every variant of the pipeline that the validators look at.

mod deployed;
mod extended;
pub(super) mod projects;
mod published;

use delivery::pipeline::options::Options;

pub(super) use deployed::manifests;

use super::fixture::Files;

/// A pipeline with a name, its options and its project.
pub(super) struct Variant {
    pub(super) name: String,
    pub(super) options: Options,
    pub(super) files: Files,
}

impl Variant {
    fn new(name: impl Into<String>, options: Options, files: Files) -> Self {
        let name = name.into();
        Self { options: Options { name: name.clone(), ..options }, name, files }
    }
}

/// All of them.
pub(super) fn variants() -> Vec<Variant> {
    [deployed::variants(), extended::variants(), projects::variants(), published::variants()]
        .into_iter()
        .flatten()
        .collect()
}
