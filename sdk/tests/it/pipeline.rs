//! Our own provider, on disk: an output of a pipeline flows into a second one and an export.

use devopsflow::store::{DirectoryStore, MemoryStore};
use devopsflow::{Language, Pipeline, Platform, Result, Scope, Stack, testing};
use framework::Input;

use crate::cut::Cut;

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

#[tokio::test]
async fn a_pipeline_whose_create_was_not_recorded_is_found_by_its_bytes() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("pyproject.toml"), "[project]\nname = \"shop\"\nversion = \"1\"\n").unwrap();
    let (stack, store) = (Stack::new("shop", "dev", program(root.path().to_owned(), "a")).unwrap(), MemoryStore::new());
    let said = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    // The start and the begin of the create are recorded; its end is not.
    assert!(stack.clone().store(Cut::new(store.clone(), 2)).up().await.is_err());
    let file = root.path().join(".github/workflows/ci.yml");
    let made = std::fs::metadata(&file).unwrap().modified().unwrap();
    let told = std::sync::Arc::clone(&said);
    let whole = stack.store(store).reporter(move |event| *told.lock().unwrap() += format!("{event:?}").as_str());
    assert_eq!(whole.state().unwrap().pending.len(), 1);
    let report = whole.up().await.unwrap();
    assert_eq!(report.counts.created, 2, "the one that was found, and the one that needs it");
    assert!(said.lock().unwrap().contains("it was found, and is recorded"));
    assert_eq!(std::fs::metadata(&file).unwrap().modified().unwrap(), made, "it is not written again");
    whole.destroy().await.unwrap();
    assert!(!file.exists());
}

#[tokio::test]
async fn a_replacement_that_was_cut_in_half_leaves_the_new_files() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("pyproject.toml"), "[project]\nname = \"shop\"\nversion = \"1\"\n").unwrap();
    let repository = root.path().to_owned();
    let stack = Stack::new("shop", "dev", move |scope| {
        let directory = repository.join(".github/workflows");
        let pipeline = Pipeline::new("ci", Platform::GithubActions, Language::Python).repository(repository.clone());
        pipeline.directory(directory).add(scope)?;
        Ok(())
    });
    let (stack, store) = (stack.unwrap(), MemoryStore::new());
    let whole = stack.clone().store(store.clone());
    whole.up().await.unwrap();
    // The start, and the begin and end of the create are recorded; the old object is yet to be removed.
    let cut = stack.store(Cut::new(store, 3)).up().replace("devopsflow_pipeline.ci").await;
    assert!(cut.is_err());
    assert_eq!(whole.state().unwrap().resources.len(), 2);
    assert_eq!(whole.up().await.unwrap().counts.deleted, 1);
    assert!(root.path().join(".github/workflows/ci.yml").exists(), "they are those of the new object");
    assert!(whole.preview().with_refresh().await.unwrap().summary.is_empty());
}
