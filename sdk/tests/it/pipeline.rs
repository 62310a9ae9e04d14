//! Our own provider, on disk: an output of a pipeline flows into a second one and an export.

use devopsflow::store::DirectoryStore;
use devopsflow::{Language, Pipeline, Platform, Result, Scope, Stack, testing};
use framework::Input;

fn program(root: std::path::PathBuf, name: &'static str) -> impl Fn(&mut Scope) -> Result<()> + Send + Sync + 'static {
    move |scope| {
        let directory = root.join(".github/workflows");
        let first = Pipeline::new("ci", Platform::GithubActions, Language::Python)
            .repository(root.clone())
            .directory(directory)
            .add(scope)?;
        let second = Pipeline::new("second", Platform::GithubActions, Language::Python)
            .repository(root.clone())
            .variables(Input::map([("FIRST", first.path), ("NAME", devopsflow::Output::known(&name.to_owned()))]))
            .add(scope)?;
        scope.export("files", second.files);
        Ok(())
    }
}

#[tokio::test]
async fn the_lifecycle_of_pipelines_in_a_directory_backend() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("pyproject.toml"), "[project]\nname = \"shop\"\nversion = \"1\"\n").unwrap();
    let store = DirectoryStore::new(root.path().join(".devopsflow"));
    let stack = |name| Stack::new("shop", "dev", program(root.path().to_owned(), name)).unwrap().store(store.clone());
    testing::lifecycle(&stack("a"), &stack("b")).await;
    assert!(!root.path().join(".github/workflows/ci.yml").exists());
    assert!(root.path().join(".devopsflow/shop/dev/g1/stack.journal").exists());
}
