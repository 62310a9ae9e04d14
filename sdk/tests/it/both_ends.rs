//! The same program with the provider in this process and as a plugin process: the states are the same.

use devopsflow::state::State;
use devopsflow::store::MemoryStore;
use devopsflow::{Language, Pipeline, Platform, Source, Stack};
use framework::Input;

use crate::programs::build;

const PLUGIN: &str = "terraform-provider-devopsflow";

/// The state without what stands for the build and the moment.
fn comparable(mut state: State) -> State {
    state.updates.clear();
    for resource in state.resources.values_mut() {
        resource.fingerprint.clear();
        // It holds a random number.
        resource.object.as_mut().unwrap().private = serde_json::Value::Null;
    }
    state
}

#[tokio::test]
async fn in_process_and_as_a_plugin() {
    let mut states = Vec::new();
    for source in [Source::devopsflow(), Source::Plugin(build(PLUGIN, &[], PLUGIN))] {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("pyproject.toml"), "[project]\nname = \"shop\"\nversion = \"1\"\n").unwrap();
        let repository = root.path().to_owned();
        let stack = Stack::new("shop", "dev", move |scope| {
            let first = Pipeline::new("ci", Platform::GithubActions, Language::Python)
                .repository(repository.clone())
                .directory(repository.join(".github/workflows"))
                .add(scope)?;
            Pipeline::new("second", Platform::GithubActions, Language::Python)
                .repository(repository.clone())
                .variables(Input::map([("FIRST", first.path)]))
                .add(scope)?;
            Ok(())
        });
        let stack = stack.unwrap().store(MemoryStore::new()).provider("devopsflow", source);
        assert_eq!(stack.up().await.unwrap().counts.created, 2);
        assert_eq!(stack.up().await.unwrap().counts.same, 2);
        let text = serde_json::to_string(&comparable(stack.state().unwrap())).unwrap();
        states.push(text.replace(&root.path().display().to_string(), "ROOT"));
        stack.destroy().await.unwrap();
    }
    assert_eq!(states[0], states[1]);
}
