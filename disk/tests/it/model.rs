//! Random sequences of operations against a model.

use std::collections::BTreeMap;
use std::sync::Arc;

use disk::testing::Memory;
use disk::{Artifact, Artifacts, Digest, Error, Expect, Folder, Mode};
use proptest::prelude::*;
use tempfile::tempdir;

use crate::support::path;

const PATHS: [&str; 5] = ["a", "b", "d/a", "d/b", "d/e/a"];

/// What a file of the model holds.
type Model = BTreeMap<&'static str, Artifact>;

#[derive(Clone, Debug)]
enum Operation {
    Publish(Vec<(&'static str, Artifact, Expectation)>),
    Remove(&'static str, Artifact),
    Prune(&'static str),
}

/// An [`Expect`] by the content whose digest it holds.
#[derive(Clone, Debug)]
enum Expectation {
    Absent,
    AbsentOrPlanned,
    Content(Artifact),
    Anything,
}

impl Expectation {
    fn of(&self, planned: &Artifact) -> Expect {
        match self {
            Self::Absent => Expect::Absent,
            Self::AbsentOrPlanned => Expect::AbsentOr(planned.digest()),
            Self::Content(content) => Expect::Digest(content.digest()),
            Self::Anything => Expect::Anything,
        }
    }
}

/// Few contents, so that expectations are often met.
fn artifact() -> impl Strategy<Value = Artifact> + Clone {
    let bytes = prop_oneof![Just(b"".to_vec()), Just(b"one".to_vec()), Just(vec![0xff; 100])];
    (bytes, any::<bool>()).prop_map(|(bytes, executable)| Artifact {
        bytes,
        mode: if executable { Mode::Executable } else { Mode::Regular },
    })
}

fn expectation() -> impl Strategy<Value = Expectation> {
    prop_oneof![
        Just(Expectation::Absent),
        Just(Expectation::AbsentOrPlanned),
        artifact().prop_map(Expectation::Content),
        Just(Expectation::Anything),
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    let at = prop::sample::select(&PATHS[..]);
    let write = (at.clone(), artifact(), expectation());
    prop_oneof![
        3 => prop::collection::vec(write, 1..4).prop_map(Operation::Publish),
        1 => (at.clone(), artifact()).prop_map(|(at, artifact)| Operation::Remove(at, artifact)),
        1 => at.prop_map(Operation::Prune),
    ]
}

/// What the error would be about, as far as the model says it.
#[derive(Debug, PartialEq)]
enum Refusal {
    Exists(&'static str),
    Changed(&'static str, Digest, Option<Digest>),
}

fn refusal(model: &Model, at: &'static str, expect: Expect) -> Option<Refusal> {
    let found = model.get(at).map(Artifact::digest);
    match (expect, found) {
        (Expect::Absent, Some(_)) => Some(Refusal::Exists(at)),
        (Expect::AbsentOr(planned), Some(found)) if planned != found => Some(Refusal::Exists(at)),
        (Expect::Digest(expected), found) if found != Some(expected) => Some(Refusal::Changed(at, expected, found)),
        _ => None,
    }
}

fn in_model(model: &mut Model, operation: &Operation) -> Option<Refusal> {
    match operation {
        Operation::Publish(writes) => {
            let writes: BTreeMap<_, _> = writes.iter().map(|(at, a, e)| (*at, (a, e))).collect();
            if let Some(refused) = writes.iter().find_map(|(at, (a, e))| refusal(model, at, e.of(a))) {
                return Some(refused);
            }
            model.extend(writes.into_iter().map(|(at, (artifact, _))| (at, artifact.clone())));
        }
        Operation::Remove(at, expected) => {
            if model.contains_key(at) {
                if let Some(refused) = refusal(model, at, Expect::Digest(expected.digest())) {
                    return Some(refused);
                }
                model.remove(at);
            }
        }
        Operation::Prune(_) => {}
    }
    None
}

fn in_folder(folder: &Folder, operation: &Operation) -> Result<(), Error> {
    match operation {
        Operation::Publish(writes) => {
            let artifacts: Artifacts = writes.iter().map(|(at, a, _)| (path(at), a.clone())).collect();
            let expectations: BTreeMap<_, _> = writes.iter().map(|(at, _, e)| (*at, e)).collect();
            let outcome = folder.publish(&artifacts, |at, planned| expectations[at.as_str()].of(planned));
            outcome.map_err(|failed| failed.source)
        }
        Operation::Remove(at, expected) => folder.remove(&path(at), expected.digest()),
        Operation::Prune(at) => folder.prune(&path(at)),
    }
}

fn check(folder: &Folder, operations: &[Operation]) -> Result<(), TestCaseError> {
    let mut model = Model::new();
    for operation in operations {
        let refused = in_model(&mut model, operation);
        let outcome = in_folder(folder, operation);
        let at = |path: &std::path::Path| PATHS.into_iter().find(|at| path == folder.path().join(at)).unwrap();
        let outcome = outcome.err().map(|error| match error {
            Error::Exists { path } => Refusal::Exists(at(&path)),
            Error::Changed { path, expected, found } => Refusal::Changed(at(&path), expected, found),
            other => panic!("{operation:?}: {other:?}"),
        });
        prop_assert_eq!(outcome, refused, "{:?}", operation);
        for at in PATHS {
            let found = folder.read(&path(at)).unwrap();
            prop_assert_eq!(found.as_ref(), model.get(at), "{} after {:?}", at, operation);
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn the_double_does_what_the_model_says(operations in prop::collection::vec(operation(), 0..20)) {
        let memory = Memory::new();
        check(&Folder::on(Arc::new(memory.clone()), "folder"), &operations)?;
        // Nothing was left to a later sync.
        prop_assert_eq!(memory.after_crash(|_| false).files(), memory.files());
    }

}

proptest! {
    // Each case waits for the disk.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_real_file_system_does_what_the_model_says(operations in prop::collection::vec(operation(), 0..12)) {
        let parent = tempdir().unwrap();
        check(&Folder::new(parent.path().join("folder")), &operations)?;
    }
}
