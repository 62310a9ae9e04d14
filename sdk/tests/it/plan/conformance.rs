//! A provider that breaks a rule is named, and nothing wrong is recorded; one whose answer is lost leaves what is pending.

use std::sync::Arc;

use devopsflow::{Source, Stack};
use framework::provider::{
    Applied, Apply, Configure, DataRead, Import, Imported, Plan, Planned, Read, ReadBack, ReadData, Reply, Schemas,
    Upgrade, Upgraded, Validate,
};
use framework::{Diagnostics, Fault, Provider, Value};

use crate::lab::{Lab, incomplete, one, refused};

/// How a provider lies.
#[derive(Clone, Copy)]
enum Lie {
    /// It plans something else than what is configured.
    Plan,
    /// It plans something else when it is asked again.
    PlanAgain,
    /// It gives something else than what it planned.
    Apply,
    /// Its connection fails, before or after the request for a change was sent.
    Lost { sent: bool },
}

struct Liar {
    honest: Arc<dyn Provider>,
    lie: Lie,
    plans: std::sync::atomic::AtomicUsize,
}

fn with(value: &Value, name: &str, text: &str) -> Value {
    let mut members = value.as_map().unwrap().clone();
    members.insert(name.to_owned(), text.into());
    Value::Map(members)
}

impl Provider for Liar {
    fn schemas(&self) -> Reply<'_, Arc<Schemas>> {
        self.honest.schemas()
    }

    fn validate(&self, request: Validate) -> Reply<'_, Diagnostics> {
        self.honest.validate(request)
    }

    fn configure(&self, request: Configure) -> Reply<'_, Diagnostics> {
        self.honest.configure(request)
    }

    fn upgrade(&self, request: Upgrade) -> Reply<'_, Upgraded> {
        self.honest.upgrade(request)
    }

    fn read(&self, request: Read) -> Reply<'_, ReadBack> {
        self.honest.read(request)
    }

    fn plan(&self, request: Plan) -> Reply<'_, Planned> {
        let before = self.plans.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Box::pin(async move {
            let mut planned = self.honest.plan(request).await?;
            match self.lie {
                Lie::Plan => planned.state = with(&planned.state, "text", "lie"),
                Lie::PlanAgain => planned.state = with(&planned.state, "url", &format!("lie {before}")),
                Lie::Apply | Lie::Lost { .. } => {}
            }
            Ok(planned)
        })
    }

    fn apply(&self, request: Apply) -> Reply<'_, Applied> {
        Box::pin(async move {
            if let Lie::Lost { sent } = self.lie {
                return Err(Fault::Transport { sent, reason: "the line is cut".to_owned() });
            }
            let mut applied = self.honest.apply(request).await?;
            if matches!(self.lie, Lie::Apply) {
                applied.state = with(&applied.state, "text", "lie");
            }
            Ok(applied)
        })
    }

    fn import(&self, request: Import) -> Reply<'_, Imported> {
        self.honest.import(request)
    }

    fn read_data(&self, request: ReadData) -> Reply<'_, DataRead> {
        self.honest.read_data(request)
    }

    fn stop(&self) {
        self.honest.stop();
    }
}

fn lying(lab: &Lab, lie: Lie) -> Stack {
    let Source::InProcess { make, .. } = lab.world.source() else { panic!("it runs in this process") };
    let make = Arc::new(move || {
        Arc::new(Liar { honest: make(), lie, plans: std::sync::atomic::AtomicUsize::new(0) }) as Arc<dyn Provider>
    });
    lab.stack(one(|thing| thing.text("a"))).provider("test", Source::InProcess { make, build: "liar".to_owned() })
}

#[tokio::test]
async fn what_breaks_a_rule_while_it_plans_changes_nothing() {
    let lab = Lab::default();
    let text = refused(lying(&lab, Lie::Plan).up().await);
    assert!(text.starts_with("test_thing.one (") && text.contains("provider test broke"), "{text}");
    assert!(text.contains("planning test_thing") && text.contains("text"), "{text}");
    let (text, report) = incomplete(lying(&lab, Lie::PlanAgain).up().await);
    assert!(text.contains("planning test_thing again at apply, provider test broke"), "{text}");
    assert_eq!((report.counts.created, lab.labels().len()), (0, 0));
}

#[tokio::test]
async fn what_breaks_a_rule_while_it_applies_is_recorded_as_it_is_and_named() {
    let lab = Lab::default();
    let (text, report) = incomplete(lying(&lab, Lie::Apply).up().await);
    assert!(text.contains("applying test_thing, provider test broke"), "{text}");
    assert_eq!((report.counts.failed, lab.labels().len()), (1, 1));
    let state = lab.stack(|_| Ok(())).state().unwrap();
    assert!(state.pending.is_empty());
    let object = state.live("test_thing.one").unwrap().object.clone().unwrap();
    assert!(object.tainted, "it is made anew: {object:?}");
    lab.up(one(|thing| thing.text("a"))).await;
    assert_eq!((lab.labels().len(), lab.thing("one").unwrap().text.as_deref()), (1, Some("a")));
}

#[tokio::test]
async fn a_change_that_may_have_happened_stays_pending_and_one_that_was_never_sent_does_not() {
    for sent in [false, true] {
        let lab = Lab::default();
        let (text, report) = incomplete(lying(&lab, Lie::Lost { sent }).up().await);
        assert!(text.contains("test_thing.one (") && text.contains("the line is cut"), "{text}");
        let expected = if sent { "the next `up` finds out" } else { "Nothing was changed; run it again" };
        assert!(text.contains(expected), "{text}");
        let state = lab.stack(|_| Ok(())).state().unwrap();
        assert_eq!((state.pending.len(), report.counts.failed), (usize::from(sent), 1), "{state:?}");
    }
}
