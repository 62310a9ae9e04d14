//! What is sealed, who opens it, and that it is to be found nowhere.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use devopsflow::secrets::{HolderError, Key, KeyHolder, Passphrase, Secret};
use devopsflow::state::Export;
use devopsflow::store::{Contents, DirectoryStore, MemoryStore, Store};
use devopsflow::{Error, Input, Moment, Options, Result, Scope, Stack, format_output, testing};

use crate::cut::Cut;
use crate::lifecycle::stack;
use crate::state_verbs;
use crate::world::{Thing, World};

/// Of all that must not be found: with what JSON escapes, and long enough for its base64 to be told apart.
pub(crate) const SECRET: &str = "hunter2-\"correct\"-horse";

/// A holder that is quick, and counts how often it was asked to unwrap. It wraps by a mask, which hides nothing from anybody.
#[derive(Clone)]
pub(crate) struct Mask(u8, Arc<AtomicUsize>);

impl Mask {
    pub(crate) fn new(mask: u8) -> Self {
        Self(mask, Arc::default())
    }
}

impl KeyHolder for Mask {
    fn kind(&self) -> &'static str {
        "mask"
    }

    fn wrap(&self, key: &Key) -> std::result::Result<Vec<u8>, HolderError> {
        Ok([self.0].into_iter().chain(key.expose().iter().map(|byte| byte ^ self.0)).collect())
    }

    fn unwrap(&self, wrapped: &[u8]) -> std::result::Result<Key, HolderError> {
        self.1.fetch_add(1, Ordering::SeqCst);
        let bytes: [u8; 32] = wrapped[1..].try_into().unwrap();
        if wrapped[0] != self.0 {
            return Err(HolderError::Wrong("another mask"));
        }
        Ok(Key::new(Secret::new(bytes.map(|byte| byte ^ self.0))))
    }
}

/// Whether the secret, as it is, as JSON or Rust write it, or within base64 at any offset, is in the bytes.
pub(crate) fn leaks(bytes: &[u8]) -> bool {
    let holds = |form: &str| bytes.windows(form.len()).any(|window| window == form.as_bytes());
    let escaped = format!("{SECRET:?}");
    let within = (0..3).map(|offset| {
        let text = BASE64.encode([&b"\0\0"[..offset], SECRET.as_bytes()].concat());
        text[4..text.len() - 4].to_owned()
    });
    let json = serde_json::to_string(SECRET).unwrap();
    // JSON within JSON.
    let twice = serde_json::to_string(&json).unwrap();
    let inner = |text: &str, cut: usize| text[cut..text.len() - cut].to_owned();
    let forms = [SECRET.to_owned(), inner(&escaped, 1), inner(&json, 1), inner(&twice, 3), "correct".to_owned()];
    forms.into_iter().chain(within).any(|form| holds(&form))
}

/// All files below a directory, as one.
pub(crate) fn files(directory: &Path) -> Vec<u8> {
    state_verbs::files(directory).into_values().flatten().collect()
}

fn bytes(contents: &Contents) -> Vec<u8> {
    contents.snapshot.iter().chain(&contents.records).flatten().copied().collect()
}

fn contents(store: &MemoryStore, stack: &Stack) -> Contents {
    store.read(stack.id()).unwrap().unwrap()
}

/// A thing with a secret, one that uses it, and a secret export.
fn declare(text: &'static str) -> impl Fn(&mut Scope) -> Result<()> + Send + Sync + 'static {
    move |scope| {
        let password = scope.secret("password")?;
        let safe = Thing::new("safe", "safe").text(text).password(password.clone()).add(scope)?;
        let used = format_output!("{} at {}", password, safe.url);
        Thing::new("user", "user").text(used.clone()).password("another secret").add(scope)?;
        scope.export("login", used);
        Ok(())
    }
}

fn keyed(store: impl Store + 'static, world: &World, text: &'static str, mask: &Mask) -> Stack {
    stack(store, world, declare(text)).config("password", SECRET).key_holder(mask.clone())
}

#[tokio::test]
async fn the_sequence_leaves_a_secret_nowhere() {
    let (root, world, mask) = (tempfile::tempdir().unwrap(), World::default(), Mask::new(7));
    let seen = Arc::new(Mutex::new(String::new()));
    let secret = |text| {
        let seen = Arc::clone(&seen);
        let stack = keyed(DirectoryStore::new(root.path()), &world, text, &mask);
        stack.reporter(move |event| {
            let mut seen = seen.lock().unwrap();
            *seen += format!("{event:?}").as_str();
            *seen += &serde_json::to_string(&devopsflow::event::WireEvent::from(event)).unwrap();
        })
    };
    testing::lifecycle(&secret("a"), &secret("b")).await;
    let report = secret("a").up().await.unwrap();
    assert_eq!(report.exports["login"].as_str(), Some("(secret)"));
    assert_eq!(world.inner().things.values().next().unwrap().password.as_deref(), Some(SECRET));
    let plan = secret("b").preview().save().await.unwrap().plan.unwrap().to_json();
    let shown = format!("{report:?}{plan}{}", seen.lock().unwrap());
    let all = [files(root.path()), shown.into_bytes()].concat();
    let found = |what: &[u8]| all.windows(what.len()).any(|window| window == what);
    assert!(found(b"$secret") && !leaks(&all) && !found(b"another secret"));
    let opened = serde_json::to_vec(&secret("a").state_with_secrets().await.unwrap()).unwrap();
    assert!(leaks(&opened), "what is looked for is what would be there");
}

#[tokio::test]
async fn without_a_key_nothing_is_changed() {
    let (store, world) = (MemoryStore::new(), World::default());
    let program = |scope: &mut Scope| {
        Thing::new("first", "first").add(scope)?;
        Thing::new("safe", "safe").password("hunter2").add(scope)?;
        Ok(())
    };
    let Err(Error::Refused(problems)) = stack(store.clone(), &world, program).up().await else { panic!("no key") };
    let text = problems[0].to_string();
    assert!(text.contains("test_thing.safe (") && text.contains("DEVOPSFLOW_PASSPHRASE_FILE"), "{text}");
    assert!(world.inner().things.is_empty(), "nothing is made, not even what could be recorded");
    let error = stack(store.clone(), &world, program).preview().save().await.unwrap_err();
    assert!(error.to_string().contains("DEVOPSFLOW_PASSPHRASE"), "{error}");
    // A refusal does not make a key either.
    let keyed = stack(store.clone(), &world, program).key_holder(Mask::new(1));
    assert!(matches!(keyed.up().confirm(|_| false).await, Err(Error::Declined)));
    assert!(keyed.state().unwrap().secrets.is_none());
    keyed.up().await.unwrap();
    let wrong = stack(store.clone(), &world, declare("b")).config("password", SECRET).key_holder(Mask::new(2));
    world.log();
    let before = wrong.state().unwrap().resources;
    let error = wrong.up().await.unwrap_err().to_string();
    assert!(error.contains("another mask"), "{error}");
    let missing = stack(store, &world, declare("b")).config("password", SECRET).up().await.unwrap_err().to_string();
    assert!(missing.contains("nothing at hand opens them"), "{missing}");
    assert_eq!((world.log(), wrong.state().unwrap().resources), (Vec::new(), before));
}

#[tokio::test]
async fn the_key_is_opened_once_a_run_and_only_when_it_is_needed() {
    let (store, world, mask) = (MemoryStore::new(), World::default(), Mask::new(7));
    let secret = keyed(store.clone(), &world, "a", &mask);
    secret.up().await.unwrap();
    assert_eq!(mask.1.swap(0, Ordering::SeqCst), 0, "it was made, not opened");
    secret.preview().await.unwrap();
    assert_eq!(mask.1.swap(0, Ordering::SeqCst), 1);
    let wrong = keyed(store.clone(), &world, "a", &Mask::new(8));
    assert!(wrong.preview().await.is_err());
    let records = contents(&store, &secret).records.len();
    secret.up().await.unwrap();
    let added = contents(&store, &secret).records.len() - records;
    assert_eq!(added, 0, "a run that changes nothing records nothing");
    // What is not secret, and what is removed, is shown without the key.
    mask.1.store(0, Ordering::SeqCst);
    let other = stack(store.clone(), &world, |scope| {
        Thing::new("open", "open").add(scope)?;
        Ok(())
    });
    let report = other.preview().await.unwrap();
    assert_eq!((report.summary.create, report.summary.delete), (1, 2));
    assert!(other.state().is_ok());
}

#[tokio::test]
async fn what_becomes_secret_is_sealed_though_nothing_changes() {
    let (store, world) = (MemoryStore::new(), World::default());
    let program = |secret: bool| {
        move |scope: &mut Scope| {
            let text = devopsflow::Output::known(&SECRET.to_owned());
            let text = if secret { text.secret() } else { text };
            Thing::new("thing", "thing").text(text).add(scope)?;
            Ok(())
        }
    };
    stack(store.clone(), &world, program(false)).up().await.unwrap();
    assert!(
        matches!(stack(store.clone(), &world, program(true)).up().await, Err(Error::Refused(_))),
        "there is no key"
    );
    let secret = stack(store, &world, program(true)).key_holder(Mask::new(7));
    assert!(secret.up().await.unwrap().summary.is_empty());
    assert!(!leaks(serde_json::to_string(&secret.state().unwrap()).unwrap().as_bytes()));
    assert!(secret.up().await.unwrap().summary.is_empty());
}

#[tokio::test]
async fn without_secrets_states_are_what_they_were_before_there_were_any() {
    let (store, world) = (MemoryStore::new(), World::default());
    let plain = stack(store.clone(), &world, |scope| {
        Thing::new("plain", "plain").add(scope)?;
        Ok(())
    });
    plain.clone().key_holder(Mask::new(7)).up().await.unwrap();
    let kept = String::from_utf8(bytes(&contents(&store, &plain))).unwrap();
    assert!(!kept.contains("\"secrets\"") && !kept.contains("$secret"), "{kept}");
    assert!(!serde_json::to_string(&plain.state().unwrap()).unwrap().contains("\"secrets\""));
}

#[tokio::test]
async fn a_changed_secret_is_a_change_and_the_fingerprint_does_not_tell_it() {
    let (store, world, mask) = (MemoryStore::new(), World::default(), Mask::new(7));
    let secret = keyed(store.clone(), &world, "a", &mask);
    secret.up().await.unwrap();
    let before = secret.state().unwrap();
    let changed = secret.clone().config("password", "another one");
    assert_eq!(changed.up().await.unwrap().counts.updated, 2);
    let after = changed.state().unwrap();
    let of = |state: &devopsflow::state::State| state.live("test_thing.safe").unwrap().fingerprint.clone();
    assert_eq!(of(&before), of(&after));
    assert_eq!(world.inner().things[&1].password.as_deref(), Some("another one"));
}

/// The sealed texts of a state or plan, in their order.
fn sealed(text: &str) -> Vec<String> {
    let text = text.split_whitespace().collect::<String>();
    let parts = text.split("{\"$secret\":\"").skip(1);
    parts.map(|part| part.split('"').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_value_that_was_moved_and_an_altered_header_do_not_open() {
    let (store, world, mask) = (MemoryStore::new(), World::default(), Mask::new(7));
    let secret = keyed(store.clone(), &world, "a", &mask);
    secret.up().await.unwrap();
    let state = secret.state().unwrap();
    let text = |address: &str| {
        let object = state.live(address).unwrap().object.as_ref().unwrap();
        sealed(&object.value["password"].to_string()).remove(0)
    };
    let (one, two) = (text("test_thing.safe"), text("test_thing.user"));
    let good = contents(&store, &secret);
    let altered = |from: &str, to: &str| {
        let record = |record: &Vec<u8>| String::from_utf8(record.clone()).unwrap().replace(from, to).into_bytes();
        Contents { records: good.records.iter().map(record).collect(), ..good.clone() }
    };
    store.put(secret.id(), altered(&one, &two));
    let error = secret.destroy().await.unwrap_err().to_string();
    assert!(error.contains("test_thing.safe") && error.contains("sealed for another place"), "{error}");
    let mac = serde_json::to_value(&state.secrets).unwrap()["mac"].as_str().unwrap().to_owned();
    let other = if mac.starts_with('A') { 'B' } else { 'A' };
    store.put(secret.id(), altered(&mac, &format!("{other}{}", &mac[1..])));
    let error = secret.preview().await.unwrap_err().to_string();
    assert!(error.contains("was altered"), "{error}");
    // The whole state of another stack, with the same key.
    let prod = Stack::new("shop", "prod", declare("a")).unwrap().store(store.clone());
    let prod = prod.provider("test", world.source()).config("password", SECRET).key_holder(mask);
    store.put(prod.id(), good);
    let error = prod.preview().await.unwrap_err().to_string();
    assert!(error.contains("another stack's"), "{error}");
}

#[tokio::test]
async fn holders_come_and_go_and_the_key_is_rotated() {
    let (store, world, one, two) = (MemoryStore::new(), World::default(), Mask::new(1), Mask::new(2));
    let first = keyed(store.clone(), &world, "a", &one);
    first.up().await.unwrap();
    let before = sealed(&String::from_utf8(bytes(&contents(&store, &first))).unwrap());
    first.secrets_add(two.clone()).await.unwrap();
    let second = keyed(store.clone(), &world, "a", &two);
    second.preview().await.unwrap();
    first.secrets_remove(1).await.unwrap();
    assert_eq!(second.secrets_holders().unwrap().len(), 1);
    assert!(first.preview().await.is_err());
    assert!(matches!(second.secrets_remove(2).await, Err(Error::Edit(_))));
    let last = second.secrets_remove(1).await.unwrap_err().to_string();
    assert!(last.contains("1 to 16"), "{last}");
    let setting = second.seal_setting("password", SECRET).await.unwrap();
    let second = second.sealed_config("password", setting.clone());
    let mut resealed = None;
    let publish = |settings: &std::collections::BTreeMap<_, _>| {
        resealed = settings.get("password").cloned();
        Ok(())
    };
    second.secrets_rotate(publish).await.unwrap();
    let stale = second.preview().await.unwrap_err().to_string();
    assert!(stale.contains("was sealed with data key"), "{stale}");
    let second = second.sealed_config("password", resealed.unwrap());
    assert!(second.up().await.unwrap().summary.is_empty());
    let after = String::from_utf8(bytes(&contents(&store, &first))).unwrap();
    assert!(!before.iter().any(|old| after.contains(old)), "what the old key opens is gone");
}

#[tokio::test]
async fn a_rotation_is_done_or_not_wherever_it_is_killed() {
    let (world, mask) = (World::default(), Mask::new(7));
    let mut keys = std::collections::BTreeSet::new();
    for records in 0..4 {
        let store = MemoryStore::new();
        let secret = keyed(store.clone(), &world, "a", &mask);
        secret.up().await.unwrap();
        let before = secret.state().unwrap().secrets.unwrap().key();
        let killed = keyed(Cut::new(store.clone(), records), &world, "a", &mask);
        assert_eq!(killed.secrets_rotate(|_| Ok(())).await.is_ok(), records == 3);
        keys.insert(secret.state().unwrap().secrets.unwrap().key() == before);
        assert_eq!(testing::check(&contents(&store, &secret)), Vec::<String>::new());
        secret.state_with_secrets().await.unwrap();
        assert!(secret.up().await.unwrap().summary.is_empty());
    }
    assert_eq!(keys.len(), 2, "some were killed before it was done, and some after");
}

#[tokio::test]
async fn killed_after_any_record_the_next_run_opens_what_was_pending() {
    for records in 1.. {
        let (store, world, mask) = (MemoryStore::new(), World::new(true), Mask::new(7));
        let killed = keyed(Cut::new(store.clone(), records), &world, "a", &mask).up().await;
        let again = keyed(store.clone(), &world, "a", &mask);
        let kept = contents(&store, &again);
        assert_eq!(testing::check(&kept), Vec::<String>::new());
        assert!(!leaks(&bytes(&kept)), "after {records} records");
        again.up().await.unwrap();
        assert_eq!(world.inner().things.len(), 2, "after {records} records");
        if killed.is_ok() {
            assert!(records > 6);
            break;
        }
    }
}

#[tokio::test]
async fn an_older_export_brings_no_holder_and_no_key_back() {
    let (store, world, one, two) = (MemoryStore::new(), World::default(), Mask::new(1), Mask::new(2));
    let secret = keyed(store.clone(), &world, "a", &one).key_holder(two.clone());
    secret.up().await.unwrap();
    let first = secret.state_export().unwrap();
    secret.secrets_remove(2).await.unwrap();
    let dropped = secret.state().unwrap().secrets;
    secret.state_remove("test_thing.user").await.unwrap();
    secret.state_rewrite(secret.state_import(first.clone(), true).unwrap()).await.unwrap();
    assert_eq!(secret.state().unwrap().secrets, dropped, "the same key, and no dropped holder");
    assert!(secret.up().await.unwrap().summary.is_empty());
    // Of a store that was restored from a backup, the export may be the later one.
    let later = Export::new("shop/dev".to_owned(), 1_000, first.state.clone());
    let import = secret.state_import(later.clone(), false).unwrap();
    assert_eq!(import.changes(), ["no resource changes; what else is recorded does"]);

    secret.secrets_rotate(|_| Ok(())).await.unwrap();
    let error = secret.state_import(later.clone(), false).unwrap_err().to_string();
    assert!(error.contains("sealed with data key") && error.contains("--force"), "{error}");
    let import = secret.state_import(later, true).unwrap();
    assert!(import.changes().iter().any(|change| change.starts_with("the data key")), "{:?}", import.changes());
    secret.state_rewrite(import).await.unwrap();
    assert_eq!(secret.state().unwrap().secrets, first.state.secrets);
    assert!(secret.up().await.unwrap().summary.is_empty());
    let kept = secret.history().unwrap().into_iter().any(|update| !update.before.is_empty());
    assert!(!kept, "what is sealed with the rotated key is dropped with it");
}

#[tokio::test]
async fn secrets_of_two_stacks() {
    let (store, world) = (MemoryStore::new(), World::default());
    let base = keyed(store.clone(), &world, "a", &Mask::new(1));
    base.up().await.unwrap();
    let user = |mask: &[u8]| {
        let program = |scope: &mut Scope| {
            let login = scope.stack_export::<String>("dev", "login")?;
            Thing::new("login", "login").text(login).add(scope)?;
            Ok(())
        };
        let stack = Stack::new("shop", "user", program).unwrap().store(store.clone()).provider("test", world.source());
        mask.iter().fold(stack, |stack, mask| stack.key_holder(Mask::new(*mask)))
    };
    let error = user(&[2]).up().await.unwrap_err().to_string();
    assert!(error.contains("another mask"), "{error}");
    user(&[2, 1]).up().await.unwrap();
    let found = world.inner().things.values().find(|thing| thing.label == "login").cloned().unwrap();
    assert_eq!(found.text, Some(format!("{SECRET} at thing:1")));
    assert!(!leaks(&bytes(&contents(&store, &user(&[])))));
    assert_ne!(user(&[]).state().unwrap().secrets.unwrap().key(), base.state().unwrap().secrets.unwrap().key());
}

#[tokio::test]
async fn no_message_holds_a_secret() {
    let (store, world, mask) = (MemoryStore::new(), World::default(), Mask::new(7));
    let seen = Arc::new(Mutex::new(String::new()));
    let secret = |program: fn(&mut Scope) -> Result<()>| {
        let seen = Arc::clone(&seen);
        let stack = stack(store.clone(), &world, program).config("password", SECRET).key_holder(mask.clone());
        stack.reporter(move |event| *seen.lock().unwrap() += format!("{event:?}").as_str())
    };
    // The provider names the thing, whose label is the secret, in its error.
    let provider = secret(|scope| {
        Thing::new("leak", scope.secret("password")?).add(scope)?;
        Ok(())
    });
    world.inner().failing.insert(format!("create {SECRET}"));
    let function = secret(|scope| {
        let failed =
            scope.secret("password")?.try_map(|text| text.parse::<u64>().map(|_| text.clone()).map_err(|_| text));
        Thing::new("function", "function").text(failed).add(scope)?;
        Ok(())
    });
    let hook = secret(|scope| {
        let hook = Options::new().hook(Moment::BeforeCreate, |subject| {
            let _ = subject;
            Err::<(), _>(SECRET)
        });
        Thing::new("hook", "hook").password(scope.secret("password")?).with(hook).add(scope)?;
        Ok(())
    });
    let program = secret(|scope| {
        scope.secret("password")?;
        Err(SECRET.into())
    });
    let panicking = secret(|scope| {
        scope.secret("password")?;
        panic!("{SECRET}")
    });
    for stack in [provider, function, hook, program, panicking] {
        let error = stack.up().await.unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains("(secret)") && !leaks(text.as_bytes()), "{text}");
    }
    let seen = seen.lock().unwrap();
    assert!(seen.contains("(secret)") && !leaks(seen.as_bytes()), "{seen}");
    assert!(!leaks(&bytes(&contents(&store, &secret(|_| Ok(()))))));
}

#[tokio::test]
async fn a_map_that_looks_sealed_is_refused() {
    let (store, world) = (MemoryStore::new(), World::default());
    let stack = stack(store, &world, |scope| {
        Thing::new("thing", "thing").add(scope)?;
        scope.export("map", Input::map([("$secret", "plain".to_owned())]));
        Ok(())
    });
    let error = stack.up().await.unwrap_err().to_string();
    assert!(error.contains("single member `$secret`"), "{error}");
    assert!(world.inner().things.is_empty());
}

#[tokio::test]
async fn secrets_of_a_plan_are_bound_to_it_and_outputs_constrain() {
    let (store, world, mask) = (MemoryStore::new(), World::default(), Mask::new(7));
    let secret = keyed(store.clone(), &world, "a", &mask);
    secret.secrets_add(mask.clone()).await.unwrap();
    let save = async || secret.preview().save().await.unwrap().plan.unwrap().to_json();
    let (one, two) = (save().await, save().await);
    let plan = |text: &str| devopsflow::Plan::from_json(text).unwrap();
    assert!(!leaks(one.as_bytes()));
    let both = sealed(&one).into_iter().zip(sealed(&two));
    let mixed = both.fold(one.clone(), |plan, (one, two)| plan.replace(&one, &two));
    let error = secret.up().plan(plan(&mixed)).await.unwrap_err().to_string();
    assert!(error.contains("it is not as it was saved"), "{error}");
    let changed = secret.clone().config("password", "another one").up().plan(plan(&one)).await;
    assert!(
        matches!(&changed, Err(Error::Plan(text)) if text.contains("`password` of test_thing.safe")),
        "{changed:?}"
    );
    assert!(world.inner().things.is_empty());
    secret.up().plan(plan(&one)).await.unwrap();
    // A plan of an update knows the number; when the thing was made anew in between, it is another.
    let update = keyed(store.clone(), &world, "b", &mask);
    let known = update.preview().save().await.unwrap().plan.unwrap();
    secret.up().replace("test_thing.safe").await.unwrap();
    let other = update.up().plan(known).await;
    assert!(matches!(&other, Err(Error::Plan(text)) if text.contains("`number` of test_thing.safe")), "{other:?}");
}

#[tokio::test]
async fn a_sealed_setting_is_opened_as_a_secret_only() {
    let (store, world, mask) = (MemoryStore::new(), World::default(), Mask::new(7));
    let program = |read: fn(&mut Scope) -> Result<()>| stack(store.clone(), &world, read).key_holder(mask.clone());
    let sealed = program(|_| Ok(())).seal_setting("password", SECRET).await.unwrap();
    let reads: [fn(&mut Scope) -> Result<()>; 2] = [
        |scope| scope.config("password").map(drop),
        |scope| {
            assert_eq!(scope.config_opt("password"), None);
            Ok(())
        },
    ];
    for read in reads {
        let error = program(read).sealed_config("password", sealed.clone()).up().await.unwrap_err().to_string();
        assert!(error.contains("scope.secret(\"password\")"), "{error}");
    }
    let good = program(|scope| declare("a")(scope)).sealed_config("password", sealed.clone());
    good.up().await.unwrap();
    assert_eq!(world.inner().things[&1].password.as_deref(), Some(SECRET));
    assert_eq!(good.open_setting("password").await.unwrap().as_deref(), Some(SECRET));
    // Under another name it does not open.
    let moved = program(|scope| scope.secret("other").map(drop)).sealed_config("other", sealed);
    let error = moved.up().await.unwrap_err().to_string();
    assert!(error.contains("configuration other"), "{error}");
}

#[tokio::test]
async fn somebody_is_asked_once_and_twice_for_a_new_passphrase() {
    let (store, world) = (MemoryStore::new(), World::default());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let asking = |answers: &'static [&'static str]| {
        let (asked, next) = (Arc::clone(&asked), AtomicUsize::new(0));
        let stack = stack(store.clone(), &world, declare("a")).config("password", SECRET);
        stack.prompt(move |question| {
            asked.lock().unwrap().push(question.to_owned());
            Ok(Secret::new(answers[next.fetch_add(1, Ordering::SeqCst)].to_owned()))
        })
    };
    let differ = asking(&["one", "two"]).up().await.unwrap_err().to_string();
    assert!(differ.contains("differ"), "{differ}");
    asking(&["right", "right"]).up().await.unwrap();
    let wrong = asking(&["wrong"]).preview().await.unwrap_err().to_string();
    assert!(wrong.contains("the passphrase is wrong"), "{wrong}");
    asking(&["right"]).preview().await.unwrap();
    let new = "New passphrase for the secrets of shop/dev";
    let old = "Passphrase for the secrets of shop/dev";
    assert_eq!(*asked.lock().unwrap(), [new, "The same again", new, "The same again", old, old]);
    let given = stack(store, &world, declare("a")).config("password", SECRET);
    given.key_holder(Passphrase::new(Secret::new("right".to_owned()))).preview().await.unwrap();
}

/// Recipients and identities of age, with the feature.
#[cfg(feature = "age")]
#[tokio::test]
async fn a_stack_for_age_recipients() {
    use devopsflow::secrets::Age;
    let (root, store, world) = (tempfile::tempdir().unwrap(), MemoryStore::new(), World::default());
    let file = root.path().join("identity");
    let recipient = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";
    std::fs::write(&file, "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX\n").unwrap();
    let secret = || stack(store.clone(), &world, declare("a")).config("password", SECRET);
    secret().secrets_add(Age::recipients([recipient]).unwrap()).await.unwrap();
    let error = secret().up().await.unwrap_err().to_string();
    assert!(error.contains("DEVOPSFLOW_AGE_IDENTITY"), "{error}");
    let opening = secret().key_holder(Age::from_file(&file).unwrap());
    opening.up().await.unwrap();
    opening.secrets_rotate(|_| Ok(())).await.unwrap();
    assert_eq!(opening.secrets_holders().unwrap()[0].public(), [recipient]);
    assert!(opening.up().await.unwrap().summary.is_empty());
}
