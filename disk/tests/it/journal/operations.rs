//! Each call and each error, on the real file system.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use disk::journal::{self, Contents, Journal, JournalError, MAX_RECORD, Options, Torn};
use disk::{Error, RealFs};
use tempfile::tempdir;

const KIND: &str = "state";

fn open(directory: &Path) -> Result<(Journal, Contents), JournalError> {
    Journal::open(&RealFs, directory, KIND, Options::default())
}

fn texts(contents: &Contents) -> Vec<&str> {
    contents.records.iter().map(|record| str::from_utf8(record).unwrap()).collect()
}

#[test]
fn what_is_appended_is_found_in_order() {
    let parent = tempdir().unwrap();
    let directory = parent.path().join("deep/er");
    assert_eq!(journal::read(&RealFs, &directory, KIND).unwrap(), None);
    let (journal, found) = open(&directory).unwrap();
    assert_eq!(found, Contents { snapshot: None, records: Vec::new(), torn: None });
    for record in ["one", "", "three"] {
        journal.append(record.as_bytes()).unwrap();
    }
    journal.sync(journal.position()).unwrap();
    assert_eq!(texts(&journal::read(&RealFs, &directory, KIND).unwrap().unwrap()), ["one", "", "three"]);
    drop(journal);

    let (journal, found) = open(&directory).unwrap();
    assert_eq!(texts(&found), ["one", "", "three"]);
    journal.append(b"four").unwrap();
    drop(journal);
    let (_journal, found) = open(&directory).unwrap();
    assert_eq!(texts(&found), ["one", "", "three", "four"]);
}

#[test]
fn a_compaction_keeps_what_its_snapshot_does_not_stand_for() {
    let directory = tempdir().unwrap();
    let (journal, _) = open(directory.path()).unwrap();
    journal.append(b"one").unwrap();
    let two = journal.append(b"two").unwrap();
    journal.append(b"three").unwrap();
    journal.compact(b"one two", two).unwrap();
    let four = journal.append(b"four").unwrap();
    let found = journal::read(&RealFs, directory.path(), KIND).unwrap().unwrap();
    assert_eq!((found.snapshot.as_deref(), texts(&found)), (Some(&b"one two"[..]), vec!["three", "four"]));

    journal.compact(b"all", four).unwrap();
    assert_eq!(journal.bytes_since_snapshot(), 0);
    drop(journal);
    let (journal, found) = open(directory.path()).unwrap();
    assert_eq!((found.snapshot.as_deref(), texts(&found)), (Some(&b"all"[..]), vec![]));

    // Also after an opening, and of a file that has no record yet.
    journal.append(b"five").unwrap();
    journal.compact(b"", journal.position()).unwrap();
    drop(journal);
    let (_journal, found) = open(directory.path()).unwrap();
    assert_eq!((found.snapshot.as_deref(), texts(&found)), (Some(&b""[..]), vec![]));
    assert_eq!(names(directory.path()), ["state.journal", "state.lock"]);
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_compaction_is_due_when_records_outgrow_the_snapshot() {
    let directory = tempdir().unwrap();
    let (journal, _) = open(directory.path()).unwrap();
    let record = vec![7; 1024 * 1024];
    assert!(!journal.should_compact());
    journal.append(&record).unwrap();
    assert!(journal.should_compact());
    journal.compact(&vec![8; 2 * record.len()], journal.position()).unwrap();
    for _ in 0..2 {
        assert!(!journal.should_compact());
        journal.append(&record).unwrap();
    }
    journal.append(b"one more").unwrap();
    assert!(!journal.should_compact(), "{}", journal.bytes_since_snapshot());
    journal.append(&record).unwrap();
    assert!(journal.should_compact());
}

#[test]
fn a_second_opening_is_locked_until_the_first_is_dropped() {
    let directory = tempdir().unwrap();
    let first = open(directory.path()).unwrap();
    let before = fs::read(directory.path().join("state.journal")).unwrap();
    let Err(JournalError::Locked { path }) = open(directory.path()) else { panic!("opened twice") };
    assert_eq!(path, directory.path().join("state.lock"));
    assert_eq!(fs::read(directory.path().join("state.journal")).unwrap(), before);
    // Another kind in the same directory is another journal.
    Journal::open(&RealFs, directory.path(), "rollouts", Options::default()).unwrap();
    drop(first);
    open(directory.path()).unwrap();
}

#[test]
fn a_torn_end_is_cut_off_and_the_next_record_takes_its_place() {
    let directory = tempdir().unwrap();
    let (journal, _) = open(directory.path()).unwrap();
    journal.append(b"whole").unwrap();
    let path = journal.path().to_owned();
    drop(journal);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, [&whole[..], &whole[56..70]].concat()).unwrap();

    let (journal, found) = open(directory.path()).unwrap();
    assert_eq!(texts(&found), ["whole"]);
    assert_eq!(found.torn, Some(Torn { path: path.clone(), offset: whole.len() as u64, bytes: 14 }));
    assert_eq!(fs::read(&path).unwrap(), whole);
    journal.append(b"next").unwrap();
    drop(journal);
    let (_, found) = open(directory.path()).unwrap();
    assert_eq!((texts(&found), &found.torn), (vec!["whole", "next"], &None));
}

#[test]
fn readers_beside_a_writer_see_a_prefix() {
    const LAST: u32 = 3000;
    let directory = tempdir().unwrap();
    let (journal, _) = open(directory.path()).unwrap();
    let number = |bytes: &[u8]| str::from_utf8(bytes).unwrap().parse::<u32>().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for next in 1..=LAST {
                let position = journal.append(next.to_string().as_bytes()).unwrap();
                if next % 100 == 0 {
                    journal.compact(next.to_string().as_bytes(), position).unwrap();
                }
            }
        });
        let mut seen = 0;
        while seen < LAST {
            let found = journal::read(&RealFs, directory.path(), KIND).unwrap().unwrap();
            let mut last = found.snapshot.as_deref().map_or(0, number);
            for record in &found.records {
                last += 1;
                assert_eq!(number(record), last);
            }
            assert!(last >= seen, "{last} after {seen}");
            seen = last;
        }
    });
}

#[test]
fn what_is_too_large_is_refused_and_changes_nothing() {
    let directory = tempdir().unwrap();
    let (journal, _) = Journal::open(&RealFs, directory.path(), KIND, Options { max_bytes: 200 }).unwrap();
    let too_large = journal.append(&vec![0; MAX_RECORD + 1]);
    assert!(matches!(too_large, Err(JournalError::TooLarge { len, .. }) if len == MAX_RECORD + 1));
    // The header has 56 bytes and a frame 24.
    let first = journal.append(&[1; 120]).unwrap();
    assert!(matches!(journal.append(b""), Err(JournalError::Limit { limit: 200, .. })));
    assert!(matches!(journal.compact(&[0; 121], first), Err(JournalError::Limit { .. })));
    journal.compact(&[2; 96], first).unwrap();
    journal.append(b"").unwrap();
    drop(journal);

    // A lower limit than the file has does not shut anybody out.
    let (journal, found) = Journal::open(&RealFs, directory.path(), KIND, Options { max_bytes: 100 }).unwrap();
    assert_eq!((found.snapshot, found.records), (Some(vec![2; 96]), vec![vec![]]));
    assert!(matches!(journal.append(b""), Err(JournalError::Limit { .. })));
    journal.compact(b"small", journal.position()).unwrap();
}

#[test]
fn positions_of_other_openings_and_from_before_the_snapshot_are_refused() {
    let directory = tempdir().unwrap();
    let (journal, _) = open(directory.path()).unwrap();
    let one = journal.append(b"one").unwrap();
    let two = journal.append(b"two").unwrap();
    journal.compact(b"both", two).unwrap();
    assert!(matches!(journal.compact(b"one", one), Err(JournalError::WrongPosition { .. })));
    // It is durable all the same.
    journal.sync(one).unwrap();
    drop(journal);
    let (journal, _) = open(directory.path()).unwrap();
    assert!(matches!(journal.sync(one), Err(JournalError::WrongPosition { .. })));
    assert!(matches!(journal.compact(b"", two), Err(JournalError::WrongPosition { .. })));
}

#[test]
fn a_kind_that_cannot_name_a_file_is_refused() {
    let directory = tempdir().unwrap();
    for kind in ["", "../state", "State", "a.b", "seventeen-letters"] {
        let refused = Journal::open(&RealFs, directory.path(), kind, Options::default());
        assert!(matches!(refused, Err(JournalError::InvalidKind { .. })), "{kind}");
        assert!(matches!(journal::read(&RealFs, directory.path(), kind), Err(JournalError::InvalidKind { .. })));
    }
    assert_eq!(names(directory.path()), [""; 0]);
    Journal::open(&RealFs, directory.path(), "sixteen-letters1", Options::default()).unwrap();
}

#[test]
fn links_and_directories_in_the_place_of_its_files_are_refused() {
    let directory = tempdir().unwrap();
    let elsewhere = directory.path().join("elsewhere");
    fs::write(&elsewhere, "").unwrap();
    for name in ["state.lock", "state.journal"] {
        let path = directory.path().join(name);
        let _ = fs::remove_file(&path);
        symlink(&elsewhere, &path).unwrap();
        assert!(matches!(open(directory.path()), Err(JournalError::File(Error::Link { path: p })) if p == path));
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(matches!(open(directory.path()), Err(JournalError::File(Error::NotAFile { path: p })) if p == path));
        fs::remove_dir(&path).unwrap();
    }
    assert_eq!(fs::read(&elsewhere).unwrap(), b"");
}

#[test]
fn a_left_new_file_is_removed_and_never_read() {
    let directory = tempdir().unwrap();
    fs::write(directory.path().join("state.journal.new"), "half a header").unwrap();
    drop(open(directory.path()).unwrap());
    fs::write(directory.path().join("state.journal.new"), "half a header").unwrap();
    let (journal, _) = open(directory.path()).unwrap();
    assert_eq!(names(directory.path()), ["state.journal", "state.lock"]);
    fs::write(directory.path().join("state.journal.new"), "half a header").unwrap();
    journal.compact(b"", journal.position()).unwrap();
    assert_eq!(names(directory.path()), ["state.journal", "state.lock"]);
}
