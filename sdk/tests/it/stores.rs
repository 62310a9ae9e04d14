//! The conformance kit on every store, and what a directory must survive.

use std::path::PathBuf;
use std::sync::Arc;

use devopsflow::StackId;
use devopsflow::store::{DirectoryStore, MemoryStore, Store, conformance, system_clock};
use disk::testing::{Fault, Faulty, Memory};

#[test]
fn memory_conforms() {
    conformance::check(|clock| Arc::new(MemoryStore::with_clock(clock)));
}

#[test]
fn a_directory_conforms() {
    let root = tempfile::tempdir().unwrap();
    let mut made = 0;
    let made = std::cell::RefCell::new(&mut made);
    conformance::check(|clock| {
        **made.borrow_mut() += 1;
        let path = root.path().join(made.borrow().to_string());
        Arc::new(DirectoryStore::with(Arc::new(disk::RealFs), path, clock))
    });
}

/// Opens, appends twice, compacts and appends; gives the records that were said to be durable.
fn write(store: &DirectoryStore, id: &StackId) -> Vec<&'static str> {
    let mut durable = Vec::new();
    let Ok((mut writer, _)) = store.open(id, "test") else { return durable };
    for record in ["a", "b"] {
        if writer.append(&[record.as_bytes().to_vec()]).is_ok() {
            durable.push(record);
        }
    }
    if durable == ["a", "b"] && writer.compact(b"ab").is_err() {
        return durable;
    }
    if writer.append(&[b"c".to_vec()]).is_ok() {
        durable.push("c");
    }
    durable
}

fn found(store: &DirectoryStore, id: &StackId) -> String {
    let (_, contents) = store.open(id, "test").expect("what is there can be opened");
    let all = contents.snapshot.into_iter().chain(contents.records);
    all.map(|bytes| String::from_utf8(bytes).unwrap()).collect()
}

#[test]
fn whichever_operation_fails_or_crashes_nothing_durable_is_lost() {
    let id = StackId::new("shop", "dev").unwrap();
    let store = |fs: Faulty| DirectoryStore::with(Arc::new(fs), PathBuf::from("/states"), system_clock());
    let memory = Memory::new();
    memory.put("/other", "");
    let all = Faulty::new(memory);
    assert_eq!(write(&store(all.clone()), &id), ["a", "b", "c"]);
    let operations = all.operations().len();
    assert!(operations > 30, "{operations}");
    for nth in 1..=operations {
        for crash in [false, true] {
            let memory = Memory::new();
            memory.put("/other", "");
            let fault = if crash { Fault::Crash } else { Fault::Fail(std::io::ErrorKind::StorageFull) };
            let durable = write(&store(Faulty::new(memory.clone()).with(nth, fault)), &id);
            let after = if crash { memory.after_crash(|_| false) } else { memory };
            if !crash || !durable.is_empty() {
                let found = found(&store(Faulty::new(after)), &id);
                for record in &durable {
                    assert!(
                        found.contains(record),
                        "operation {nth}, crash {crash}: {durable:?} durable, {found:?} found"
                    );
                }
            }
        }
    }
}

#[test]
fn whichever_operation_of_a_removal_fails_the_stack_is_whole_or_gone() {
    let id = StackId::new("shop", "dev").unwrap();
    let removal = |nth: usize, fault: Option<Fault>| {
        let memory = Memory::new();
        memory.put("/other", "");
        let faulty = Faulty::new(memory.clone());
        let store = |fs: Faulty| DirectoryStore::with(Arc::new(fs), PathBuf::from("/states"), system_clock());
        let (mut writer, _) = store(faulty.clone()).open(&id, "test").unwrap();
        writer.append(&[b"record".to_vec()]).unwrap();
        let before = faulty.operations().len();
        let (crash, faulty) = match fault {
            Some(fault) => (matches!(fault, Fault::Crash), faulty.with(before + nth, fault)),
            None => (false, faulty),
        };
        let removed = writer.remove().is_ok();
        for unsynced in [false, true] {
            let after = if crash { memory.after_crash(|_| unsynced) } else { memory.clone() };
            let store = store(Faulty::new(after));
            let kept = store.read(&id).unwrap().map(|contents| contents.records);
            let whole = kept.is_some_and(|records| records == [b"record".to_vec()]);
            assert_eq!(found(&store, &id), if whole { "record" } else { "" }, "operation {nth}");
            assert!(!(removed && whole), "operation {nth}: it was said to be removed");
        }
        faulty.operations().len() - before
    };
    let operations = removal(0, None);
    assert!(operations > 8, "{operations}");
    for nth in 1..=operations {
        removal(nth, Some(Fault::Fail(std::io::ErrorKind::StorageFull)));
        removal(nth, Some(Fault::Crash));
    }
}

#[test]
fn a_journal_cut_at_any_byte_is_a_valid_earlier_state() {
    use devopsflow::testing;
    let root = tempfile::tempdir().unwrap();
    let world = crate::world::World::default();
    let store = DirectoryStore::new(root.path());
    let stack = crate::lifecycle::stack(store.clone(), &world, |scope| {
        let one = crate::world::Thing::new("one", "one").add(scope)?;
        crate::world::Thing::new("two", "two").text(one.url).add(scope)?;
        Ok(())
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { stack.up().await }).unwrap();
    let path = root.path().join("shop/dev/g1/stack.journal");
    let whole = std::fs::read(&path).unwrap();
    let all = store.read(stack.id()).unwrap().unwrap().records;
    let mut seen = std::collections::BTreeSet::new();
    // The header was synced before the file got its name; what follows may be cut anywhere.
    for length in 56..whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        let contents = store.read(stack.id()).unwrap().unwrap();
        assert_eq!(contents.records, all[..contents.records.len()], "cut at {length}");
        if seen.insert(contents.records.len()) {
            assert_eq!(testing::check(&contents), Vec::<String>::new());
        }
    }
    assert_eq!(seen.len(), all.len());
}

#[test]
fn damage_and_newer_versions_are_named_and_nothing_is_changed() {
    use devopsflow::store::Contents;
    let (store, world) = (MemoryStore::new(), crate::world::World::default());
    let stack = crate::lifecycle::stack(store.clone(), &world, |_| Ok(()));
    let cases = [
        (r#"{"v":2,"anything":1}"#, "version 2"),
        (r#"{"v":1,"seq":2,"epoch":1,"at":0,"entry":{"started":{"id":1,"verb":"up"}}}"#, "record 2 follows record 0"),
        ("nonsense", "damaged"),
        (
            r#"{"v":1,"seq":1,"epoch":1,"at":0,"entry":{"changed":{"changes":[{"put":{"id":0,"address":"a","type_name":"t","dependencies":[7]}}]}}}"#,
            "not recorded",
        ),
    ];
    for (record, expected) in cases {
        let contents = Contents { records: vec![record.as_bytes().to_vec()], ..Contents::default() };
        store.put(stack.id(), contents.clone());
        let error = stack.state().unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        assert!(runtime.block_on(async { stack.up().await }).is_err());
        assert_eq!(store.read(stack.id()).unwrap().unwrap(), contents);
    }
}
