//! Whole states: exported, put back, mended, removed; and what the history says of it.

use std::collections::BTreeMap;
use std::path::Path;

use devopsflow::state::{Export, Object, Pending, Resource, State};
use devopsflow::store::{Contents, MemoryStore, Store};
use devopsflow::{Language, Pipeline, Platform, Scope, Stack, testing};
use disk::Digest;
use disk::journal::{Journal, Options};

use crate::lifecycle::stack;
use crate::shelf::Shelf;
use crate::world::World;

/// Every file below a directory, with what is in it.
pub(crate) fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap()) {
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            let below = self::files(&entry.path());
            files.extend(below.into_iter().map(|(below, bytes)| (format!("{name}/{below}"), bytes)));
        } else {
            files.insert(name, std::fs::read(entry.path()).unwrap());
        }
    }
    files
}

#[test]
fn a_state_is_exported_and_put_back() {
    let shelf = Shelf::new(3, 0, 10);
    let copy = shelf.root().join("copy.json");
    let import = |args: &[&str], code| shelf.run(&[&["state", "import", "copy.json"], args].concat(), code).1;
    shelf.run(&["up", "--yes"], 0);
    shelf.run(&["state", "export", "--out", "copy.json"], 0);
    let exported = std::fs::read_to_string(&copy).unwrap();
    assert_eq!(shelf.run(&["state", "export"], 0).0, exported);
    shelf.run(&["state", "remove", "shelf_thing.t2"], 0);

    // What is refused, or not agreed to, changes nothing.
    let before = files(&shelf.state());
    let edited = exported.replace("\"next_id\": 3", "\"next_id\": 4");
    let refused = |content: &str, args: &[&str], expected: &str| {
        std::fs::write(&copy, content).unwrap();
        let said = import(args, 1);
        assert_eq!(said.lines().last(), Some(expected), "{said}");
        assert_eq!(files(&shelf.state()), before, "{expected}");
    };
    refused(
        &exported,
        &["--yes"],
        "error: copy.json: it is the state at position 8, and what is recorded is at 11: what was done since would be \
         forgotten; --force does that",
    );
    refused(&exported, &["--force"], "error: nothing was changed, as you wished");
    refused(
        &exported,
        &["--yes", "--stack", "prod"],
        "error: copy.json: it is the state of stack shop/dev, and this is shop/prod",
    );
    refused(
        &edited,
        &["--yes"],
        "error: copy.json: it was changed since it was exported, or damaged; --force takes it as it is",
    );
    refused(
        &exported.replace("\"v\": 1", "\"v\": 2"),
        &["--yes", "--force"],
        "error: copy.json: the state has version 2, and this release reads up to 1; use the newer release",
    );
    refused(
        &exported[..1],
        &["--yes", "--force"],
        "error: copy.json: the state is damaged: EOF while parsing an object at line 1 column 1; restore it from a backup",
    );
    refused(
        &exported.replace("\"next_id\": 3", "\"next_id\": 1"),
        &["--yes", "--force"],
        "error: copy.json: it is no valid state: shelf_thing.t1 has id 1, recorded under 1; the next is 1; shelf_thing.t2 \
         has id 2, recorded under 2; the next is 1",
    );

    refused(
        &exported.replace("\"position\": 8", "\"position\": 18446744073709551615"),
        &["--yes", "--force"],
        "error: copy.json: it is no valid state: position 18446744073709551615 cannot be",
    );

    std::fs::write(&copy, &edited).unwrap();
    let said = import(&["--yes", "--force"], 0);
    assert_eq!(said, "  shelf_thing.t2 is recorded\nThe state was changed.\n");
    assert_eq!(shelf.run(&["state", "list"], 0).0.lines().count(), 3);
    let history = shelf.run(&["state", "history"], 0).0;
    let verbs: Vec<_> = history.lines().map(|line| line[28..].split("  ").next().unwrap()).collect();
    assert_eq!(verbs, ["state import", "state remove", "up"], "{history}");
    shelf.run(&["preview", "--refresh", "--detailed-exitcode"], 0);
    // The position went on, so what was exported before it is older.
    let again: Export = Export::from_json(&shelf.run(&["state", "export"], 0).0).unwrap();
    let epochs: Vec<u64> = again.state.updates.iter().map(|update| update.epoch).collect();
    assert_eq!(epochs, [1, 2, 3], "the epoch goes on");
    let changed: Vec<_> = again.state.updates[2].before.iter().map(|(id, was)| (*id, was.is_some())).collect();
    assert_eq!(changed, [(2, false)], "the history says what was put back");
    assert!(again.position > 11 && again.state.next_id == 4, "{}", again.position);
}

#[test]
fn a_lost_stack_is_restored_from_its_export() {
    let shelf = Shelf::new(2, 0, 10);
    shelf.run(&["up", "--yes"], 0);
    shelf.run(&["state", "export", "--out", "copy.json"], 0);
    std::fs::remove_dir_all(shelf.root().join(".devopsflow")).unwrap();
    shelf.run(&["state", "import", "copy.json", "--yes"], 0);
    let (_, said) = shelf.run(&["up", "--yes"], 0);
    assert!(said.contains("2 unchanged"), "{said}");
}

#[test]
fn a_run_that_has_nothing_to_do_writes_no_record() {
    let shelf = Shelf::new(2, 1, 10);
    shelf.run(&["up", "--yes"], 0);
    let journal = || files(&shelf.state())["g1/stack.journal"].clone();
    let before = journal();
    shelf.run(&["up", "--yes"], 0);
    shelf.run(&["refresh"], 0);
    assert_eq!(journal(), before);
    assert_eq!(shelf.run(&["state", "history"], 0).0.lines().count(), 1);
}

#[test]
fn a_broken_state_is_mended_by_a_program_that_says_what_it_does() {
    let shelf = Shelf::new(2, 0, 10);
    shelf.run(&["up", "--yes"], 0);
    // A record that is whole, and that no release of this writes.
    let (journal, found) =
        Journal::open(&disk::RealFs, &shelf.state().join("g1"), "stack", Options::default()).unwrap();
    let last: serde_json::Value = serde_json::from_slice(found.records.last().unwrap()).unwrap();
    let export = Export::from_json(&shelf.run(&["state", "export"], 0).0).unwrap();
    let mut broken = export.state.live("shelf_thing.t1").unwrap().clone();
    broken.dependencies = vec![0, 99];
    let record = serde_json::json!({
        "v": 1, "seq": last["seq"].as_u64().unwrap() + 1, "epoch": 1, "at": 0,
        "entry": {"changed": {"changes": [{"put": broken}]}},
    });
    journal.sync(journal.append(record.to_string().as_bytes()).unwrap()).unwrap();
    drop(journal);

    let before = files(&shelf.state());
    let said = shelf.run(&["state", "list"], 1).1;
    assert_eq!(
        said,
        "error: the state is not valid: shelf_thing.t1 depends on resource 99, which is not recorded; `state repair` says \
         what it can mend, and `state import` puts an exported state in place\n"
    );
    let said = shelf.run(&["state", "repair"], 1).1;
    let mend = "  shelf_thing.t1 depends on resource 99, which is not recorded: it no longer does\n";
    assert!(said.starts_with(mend) && said.contains("--yes"), "{said}");
    assert_eq!(files(&shelf.state()), before);
    assert_eq!(shelf.run(&["state", "repair", "--yes"], 0).1, format!("{mend}The state was changed.\n"));
    assert_eq!(shelf.run(&["state", "repair"], 0).1, "There is nothing to change.\n");
    assert!(shelf.run(&["state", "history"], 0).0.lines().next().unwrap().contains("state repair"));
    assert!(shelf.run(&["up", "--yes"], 0).1.contains("2 unchanged"));
}

fn resource(id: u64, address: &str, dependencies: &[u64]) -> Resource {
    let json = serde_json::json!({"id": id, "address": address, "type_name": "test_thing", "provider": "test"});
    let object = Object { version: 0, value: BTreeMap::new(), private: serde_json::Value::Null, tainted: false };
    let resource: Resource = serde_json::from_value(json).unwrap();
    Resource { dependencies: dependencies.to_vec(), object: Some(object), ..resource }
}

/// An operation on a resource that is not recorded.
fn pending(operation: &str) -> Pending {
    serde_json::from_value(serde_json::json!({
        "operation": operation, "address": "test_thing.gone", "type_name": "test_thing", "provider": "test", "resource": 5
    }))
    .unwrap()
}

fn state(resources: impl IntoIterator<Item = Resource>) -> State {
    let resources: BTreeMap<u64, Resource> = resources.into_iter().map(|resource| (resource.id, resource)).collect();
    let next_id = resources.keys().max().map_or(0, |last| last + 1);
    State { next_id, resources, ..State::default() }
}

/// A stack in whose store this state is, as a snapshot.
fn kept(state: &State) -> (Stack, MemoryStore) {
    let store = MemoryStore::new();
    let stack = stack(store.clone(), &World::default(), |_| Ok(()));
    let text = serde_json::to_vec(state).unwrap();
    let mut snapshot = format!("{{\"v\":1,\"seq\":7,\"digest\":\"{}\"}}\n", Digest::of(&text)).into_bytes();
    snapshot.extend(text);
    store.put(stack.id(), Contents { snapshot: Some(snapshot), ..Contents::default() });
    (stack, store)
}

#[tokio::test]
async fn everything_that_can_be_mended_without_a_person_is() {
    let mut cases: Vec<(State, Vec<&str>)> = Vec::new();
    cases.push((state([resource(0, "test_thing.a", &[])]), vec![]));
    let mut orphan = resource(0, "web/test_thing.a", &[4]);
    orphan.deleted_with = Some(3);
    cases.push((
        state([orphan]),
        vec![
            "web/test_thing.a depends on resource 4, which is not recorded: it no longer does",
            "web/test_thing.a vanishes with resource 3, which is not recorded: it is removed itself",
        ],
    ));
    cases.push((
        state([resource(0, "test_thing.a", &[]), resource(1, "test_thing.b", &[0]), resource(2, "test_thing.a", &[])]),
        vec![
            "test_thing.a is recorded twice: the earlier, resource 0, becomes test_thing.a-duplicate-0 and is protected: \
             `state remove` or `state unprotect` decides",
        ],
    ));
    cases.push((
        state([
            resource(0, "test_thing.a", &[2]),
            resource(1, "test_thing.b", &[0, 1]),
            resource(2, "test_thing.c", &[1]),
            resource(3, "test_thing.d", &[2]),
        ]),
        vec![
            "test_thing.a and test_thing.c depend on each other: test_thing.a, which was there first, no longer does",
            "test_thing.b and test_thing.b depend on each other: test_thing.b, which was there first, no longer does",
        ],
    ));
    let mut vanishing = resource(0, "test_thing.a", &[]);
    vanishing.deleted_with = Some(1);
    cases.push((
        state([vanishing, resource(1, "test_thing.b", &[0])]),
        vec!["test_thing.a and test_thing.b depend on each other: test_thing.a, which was there first, no longer does"],
    ));
    let mut interrupted = state([resource(0, "test_thing.a", &[])]);
    interrupted.pending = BTreeMap::from([(3, pending("delete")), (4, pending("create"))]);
    cases.push((
        interrupted,
        vec![
            "the next resource would get a number that was given: it gets 6",
            "the next operation would get a number that was given: it gets 5",
            "operation 3, delete of test_thing.gone, is about resource 5, which is not recorded: it is cleared",
        ],
    ));
    let mut misplaced = state([resource(0, "test_thing.a", &[])]);
    misplaced.resources.insert(8, resource(2, "test_thing.b", &[0]));
    cases.push((
        misplaced,
        vec![
            "test_thing.b, resource 2, is recorded under 8: moved to 2",
            "the next resource would get a number that was given: it gets 3",
        ],
    ));
    for (broken, mut mends) in cases {
        let (stack, store) = kept(&broken);
        assert_eq!(stack.state().is_err(), !broken.verify().is_empty(), "{mends:?}");
        let repair = stack.state_repair().unwrap();
        let mut changes = repair.changes().to_vec();
        changes.sort();
        mends.sort_unstable();
        assert_eq!(changes, mends);
        let nothing = changes.is_empty();
        stack.state_rewrite(repair).await.unwrap();
        let contents = store.read(stack.id()).unwrap().unwrap();
        assert_eq!(testing::check(&contents), Vec::<String>::new(), "{mends:?}");
        let mended = stack.state().unwrap();
        // No object is forgotten.
        let objects = |state: &State| state.resources.values().filter(|resource| resource.object.is_some()).count();
        assert_eq!(objects(&mended), objects(&broken));
        let history = stack.history().unwrap();
        assert_eq!(history.len(), usize::from(!nothing));
        // What was there before can be made of what the history keeps.
        let mut before = mended.resources.clone();
        for (id, was) in history.iter().flat_map(|update| update.before.clone()) {
            match was {
                Some(was) => drop(before.insert(id, *was)),
                None => drop(before.remove(&id)),
            }
        }
        assert_eq!(before, broken.resources);
    }
}

#[tokio::test]
async fn what_cannot_be_mended_is_said_and_nothing_is_written() {
    let mut broken = state([resource(0, "test_thing.a", &[])]);
    broken.resources.insert(1, resource(0, "test_thing.b", &[]));
    broken.next_id = 2;
    let mut numbered = state([]);
    numbered.pending.insert(u64::MAX, pending("create"));
    let error = kept(&numbered).0.state_repair().unwrap_err().to_string();
    assert!(error.contains("more than 9223372036854775807 resources or operations were numbered"), "{error}");

    let (stack, store) = kept(&broken);
    let before = store.read(stack.id()).unwrap();
    let error = stack.state_repair().unwrap_err().to_string();
    assert_eq!(
        error,
        "this cannot be mended: test_thing.b has id 0, recorded under 1; the next is 2; put a valid state in place with \
         `state import`"
    );
    // An export of it is the way to look at it, and a state that is valid the way out.
    assert_eq!(stack.state_export().unwrap().state, broken);
    let valid = Export::new("shop/dev".to_owned(), 7, state([resource(0, "test_thing.a", &[])]));
    let import = stack.state_import(valid, false).unwrap();
    assert_eq!(import.changes(), ["test_thing.b is forgotten"]);
    assert_eq!(store.read(stack.id()).unwrap(), before);
    stack.state_rewrite(import).await.unwrap();
    assert_eq!(stack.state().unwrap().resources.len(), 1);
}

#[tokio::test]
async fn what_was_asked_for_before_another_write_or_a_stop_is_not_done() {
    let (stack, store) = kept(&state([resource(0, "test_thing.a", &[9])]));
    let (first, second) = (stack.state_repair().unwrap(), stack.state_repair().unwrap());
    stack.state_rewrite(first).await.unwrap();
    let before = store.read(stack.id()).unwrap();
    let error = stack.state_rewrite(second).await.unwrap_err().to_string();
    assert_eq!(error, "the state was written to since this was asked for; run it again");
    stack.stopper().stop();
    let import = Export::new("shop/dev".to_owned(), 20, State::default());
    let stopped = [
        stack.state_rewrite(stack.state_import(import, false).unwrap()).await,
        stack.state_remove("test_thing.a").await,
        stack.state_move("test_thing.a", "test_thing.b").await,
        stack.state_protect("test_thing.a", true).await,
        stack.state_clear_pending(0).await,
    ];
    for outcome in stopped {
        assert_eq!(outcome.unwrap_err().to_string(), "nothing was changed, for the run was stopped");
    }
    assert_eq!(store.read(stack.id()).unwrap(), before);
}

#[tokio::test]
async fn an_import_that_is_stopped_records_nothing() {
    let (root, store) = (tempfile::tempdir().unwrap(), MemoryStore::new());
    let file = root.path().join(".github/workflows/ci.yml");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, "on: push\n").unwrap();
    let directory = file.parent().unwrap().to_owned();
    let stack = || {
        let directory = directory.clone();
        let declare = move |scope: &mut Scope| {
            let ci = Pipeline::new("ci", Platform::GithubActions, Language::Python);
            ci.repository(directory.clone()).directory(directory.clone()).add(scope)?;
            Ok(())
        };
        Stack::new("shop", "dev", declare).unwrap().store(store.clone())
    };
    let import = async |stack: Stack| {
        stack.import("devopsflow_pipeline.ci", format!("github-actions:{}", file.display())).await.map(drop)
    };
    let stopped = stack();
    stopped.stopper().stop();
    let error = import(stopped).await.unwrap_err().to_string();
    assert_eq!(error, "nothing was changed, for the run was stopped");
    assert_eq!(stack().history().unwrap(), vec![]);
    import(stack()).await.unwrap();
    assert_eq!(stack().state().unwrap().resources.len(), 1);
}

#[test]
fn an_empty_stack_is_removed_and_one_with_resources_is_not() {
    let shelf = Shelf::new(1, 0, 10);
    assert_eq!(shelf.run(&["stack", "list"], 0).0, "");
    let said = shelf.run(&["stack", "remove", "--yes"], 1).1;
    assert_eq!(said, "error: stack shop/dev does not exist; `stack list` shows which do\n");
    shelf.run(&["up", "--yes"], 0);
    shelf.run(&["up", "--yes", "--stack", "prod"], 0);
    assert_eq!(shelf.run(&["stack", "list"], 0).0, "dev\nprod\n");
    let said = shelf.run(&["stack", "remove", "--yes"], 1).1;
    assert_eq!(said, "error: stack shop/dev is not empty: 1 resources; run `destroy` first\n");
    shelf.run(&["destroy", "--yes"], 0);
    shelf.run(&["stack", "remove"], 1);
    shelf.run(&["stack", "remove", "--yes"], 0);
    assert_eq!(shelf.run(&["stack", "list"], 0).0, "prod\n");
    assert_eq!(shelf.run(&["state", "history"], 0).0, "");
    shelf.run(&["up", "--yes"], 0);
    assert_eq!(shelf.run(&["state", "history"], 0).0.lines().count(), 1);
}
