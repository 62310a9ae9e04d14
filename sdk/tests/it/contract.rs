//! Providers that break the contract.

use std::io::Write;
use std::sync::{Arc, Mutex};

use devopsflow::store::MemoryStore;
use devopsflow::{ProviderInstance, Scope, Stack};

use crate::regions::{Bend, Regions, set};
use crate::world::Thing;

fn stack(regions: &Regions, bend: Bend) -> Stack {
    let program = |scope: &mut Scope| {
        ProviderInstance::new("test", "test").input("region", "home").add(scope)?;
        Thing::new("one", "one").text("as configured").add(scope)?;
        Ok(())
    };
    let stack = Stack::new("shop", "dev", program).unwrap().store(MemoryStore::new());
    stack.provider("test", regions.source(bend))
}

const PLANS_ANOTHER_TEXT: Bend = Bend { plan: |answer| set(&mut answer.state, "text", "another"), ..Bend::NOT };
const MAKES_ANOTHER_TEXT: Bend = Bend { apply: |answer| set(&mut answer.state, "text", "another"), ..Bend::NOT };

#[tokio::test]
async fn the_one_who_plans_otherwise_than_configured_is_named_with_the_rule() {
    let regions = Regions::default();
    let refused = stack(&regions, PLANS_ANOTHER_TEXT).up().await.unwrap_err().to_string();
    for part in ["test_thing.one (", "provider test broke rule 3", "text: the configured \"as configured\" expected"] {
        assert!(refused.contains(part), "{part} in {refused}");
    }
    assert!(regions.world("home").inner().things.is_empty(), "nothing is made of such a plan");
}

#[tokio::test]
async fn what_is_made_otherwise_than_planned_is_recorded_and_the_one_who_did_is_named() {
    let regions = Regions::default();
    let stack = stack(&regions, MAKES_ANOTHER_TEXT);
    let failed = stack.up().await.unwrap_err().to_string();
    assert!(failed.contains("In applying test_thing, provider test broke rule 12"), "{failed}");
    let state = stack.state().unwrap();
    let object = state.live("test_thing.one").unwrap().object.as_ref().unwrap();
    assert_eq!((object.value["text"].as_str(), object.tainted), (Some("another"), true));
    assert_eq!(regions.world("home").inner().things.len(), 1, "what was made is not forgotten");
}

/// Where a subscriber writes.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_provider_on_an_old_sdk_is_only_logged() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let bend = Bend {
        plan: |answer| {
            (PLANS_ANOTHER_TEXT.plan)(answer);
            answer.legacy = true;
        },
        apply: |answer| {
            (MAKES_ANOTHER_TEXT.apply)(answer);
            answer.legacy = true;
        },
    };
    assert_eq!(stack(&Regions::default(), bend).up().await.unwrap().counts.created, 1);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("WARN") && log.contains("tolerated") && log.contains("rule 3"), "{log}");
}
