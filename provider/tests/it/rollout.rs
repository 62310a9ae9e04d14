//! The contract of `devopsflow_rollout` with the state, against an agent that hosts the real machine.

use std::collections::BTreeMap;
use std::sync::Arc;

use framework::host::{Action, Change, Error, Host, Located, Object, config_value};
use framework::{Diagnostics, Value};
use rollout::Weight;
use rollout::machine::Action as Steer;
use rollout::wire::{PauseReason, StatusWord};

use crate::agent::Agent;
use crate::project::errors;

pub(crate) const ROLLOUT: &str = "devopsflow_rollout";

pub(crate) async fn host(agent: &Agent) -> Host {
    Host::start("devopsflow", Arc::new(provider::registry_with_agent(agent.state_dir()))).await.unwrap()
}

fn list(steps: &[(f64, &str)]) -> Value {
    let step = |(weight, pause): &(f64, &str)| {
        Value::map([("weight", Value::Number((*weight).try_into().unwrap())), ("pause", (*pause).into())])
    };
    Value::List(steps.iter().map(step).collect())
}

fn ladder(steps: &[(f64, &str)]) -> Value {
    Value::map([("canary", Value::map([("steps", list(steps))]))])
}

fn local(changes: &[(&str, Value)]) -> Value {
    let mut members = BTreeMap::from([
        ("command".to_owned(), Value::List(vec!["serve".into(), "{version}".into()])),
        ("port".to_owned(), 8080.into()),
    ]);
    members.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    Value::map([("local", Value::Map(members))])
}

/// The service `api` with this version, 5 % for 10 s, 50 % for 10 s, and changes.
fn config(host: &Host, version: &str, changes: &[(&str, Value)]) -> Value {
    let mut members = BTreeMap::from([
        ("name".to_owned(), "api".into()),
        ("version".to_owned(), version.into()),
        ("target".to_owned(), local(&[])),
        ("strategy".to_owned(), ladder(&[(5.0, "10s"), (50.0, "10s")])),
    ]);
    members.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    config_value(&host.schemas().resources[ROLLOUT], members).unwrap()
}

async fn plan(host: &Host, prior: Option<&Object>, config: &Value) -> Change {
    host.plan(ROLLOUT, prior, config).await.unwrap()
}

/// Applies a plan; gives what is recorded and what went wrong.
async fn apply(host: &Host, change: &Change, config: &Value) -> (Option<Object>, Diagnostics) {
    let outcome = host.apply(change, config).await.unwrap();
    (outcome.object, outcome.diagnostics)
}

/// Plans and applies what has to work.
async fn run(host: &Host, prior: Option<&Object>, config: &Value) -> Object {
    let change = plan(host, prior, config).await;
    let (object, diagnostics) = apply(host, &change, config).await;
    assert!(!diagnostics.has_errors(), "{diagnostics}");
    object.unwrap()
}

async fn refresh(host: &Host, object: &Object) -> Object {
    host.refresh(ROLLOUT, object).await.unwrap().value.unwrap()
}

fn text(object: &Object, name: &str) -> String {
    object.value.member(name).as_str().unwrap_or("null").to_owned()
}

/// `version`, `stable_version`, `status` and `weight`.
fn shown(object: &Object) -> String {
    let weight = object.value.member("weight").as_number().unwrap().to_string();
    format!("{} {} {} {weight}", text(object, "version"), text(object, "stable_version"), text(object, "status"))
}

fn warnings(diagnostics: &Diagnostics) -> Vec<String> {
    let warnings = diagnostics.iter().filter(|diagnostic| diagnostic.severity == framework::Severity::Warning);
    warnings.map(|warning| warning.to_string().lines().next().unwrap_or_default().to_owned()).collect()
}

fn percent(percent: u16) -> Weight {
    Weight::from_basis_points(percent * 100).unwrap()
}

#[tokio::test]
async fn a_service_is_created_kept_updated_and_removed() {
    let agent = Agent::start();
    let host = host(&agent).await;
    let v1 = config(&host, "v1", &[]);
    let change = plan(&host, None, &v1).await;
    assert_eq!(change.action, Action::Create);
    assert_eq!(change.planned.member("url"), &"http://127.0.0.1:8080".into());
    assert_eq!(
        change.planned.member("ladder"),
        &Value::List(vec!["5 % for 10s".into(), "50 % for 10s".into(), "100 %".into()])
    );
    assert_eq!(change.planned.member("max_duration"), &"30m35s".into());
    assert_eq!(change.planned.member("status"), &Value::UNKNOWN);
    let (object, diagnostics) = apply(&host, &change, &v1).await;
    assert!(diagnostics.is_empty(), "{diagnostics}");
    let object = object.unwrap();
    assert_eq!(shown(&object), "v1 v1 healthy 100");
    assert_eq!((text(&object, "host"), text(&object, "agent_id")), ("here".to_owned(), "agent-1".to_owned()));

    let read = refresh(&host, &object).await;
    assert_eq!(read, object);
    assert_eq!(plan(&host, Some(&read), &v1).await.action, Action::NoOp);

    let v2 = config(&host, "v2", &[]);
    let change = plan(&host, Some(&read), &v2).await;
    assert_eq!((change.action, change.planned.member("status")), (Action::Update, &Value::UNKNOWN));
    let (object, diagnostics) = apply(&host, &change, &v2).await;
    assert!(diagnostics.is_empty(), "{diagnostics}");
    let object = object.unwrap();
    assert_eq!(shown(&object), "v2 v2 healthy 100");

    let destroy = host.plan_destroy(ROLLOUT, &object).await.unwrap();
    let (gone, diagnostics) = apply(&host, &destroy, &Value::Null).await;
    assert_eq!((gone, diagnostics.is_empty()), (None, true));
    assert!(agent.inner().services.is_empty());
    assert_eq!(host.refresh(ROLLOUT, &object).await.unwrap().value, None, "the agent has no such service");
}

#[tokio::test]
async fn a_version_that_fails_is_an_error_and_the_state_names_what_users_have() {
    let agent = Agent::start();
    let host = host(&agent).await;
    let object = run(&host, None, &config(&host, "v1", &[])).await;
    agent.inner().bad.insert("v2".to_owned());
    let v2 = config(&host, "v2", &[("retry_token", "a".into())]);
    let change = plan(&host, Some(&object), &v2).await;
    let (failed, diagnostics) = apply(&host, &change, &v2).await;
    let failed = failed.unwrap();
    assert_eq!(errors(&diagnostics), ["error: version: v2 was taken back"]);
    let said = diagnostics.to_string();
    for part in ["gate \"error_rate\" failed", "9 of 10 requests failed", "at most 5 %", "Its users have v1"] {
        assert!(said.contains(part), "{part} in {said}");
    }
    assert_eq!((shown(&failed), failed.tainted), ("v1 v1 rolled_back 100".to_owned(), false));
    assert_eq!(failed.value.member("retry_token"), &Value::Null, "the inputs are those from before");
    assert_eq!(failed.value.member("last_failure").member("version"), &"v2".into());
    assert_eq!(failed.value.member("last_failure").member("at").as_str().map(str::len), Some(20));

    // The next plan shows the difference again and says that apply will refuse it.
    let read = refresh(&host, &failed).await;
    let change = plan(&host, Some(&read), &v2).await;
    assert_eq!(change.action, Action::Update);
    assert_eq!(warnings(&change.diagnostics), ["warning: version: v2 was taken back before"]);
    let asked = agent.status("api").generation;
    let (same, diagnostics) = apply(&host, &change, &v2).await;
    assert_eq!(errors(&diagnostics), ["error: version: v2 was taken back before"]);
    assert!(diagnostics.to_string().contains("9 of 10 requests failed"), "{diagnostics}");
    assert_eq!((same, agent.status("api").generation), (Some(read.clone()), asked), "nothing was touched");

    // Another token or the option tries it again.
    agent.inner().bad.clear();
    let again = config(&host, "v2", &[("retry_token", "b".into())]);
    assert_eq!(warnings(&plan(&host, Some(&read), &again).await.diagnostics), [""; 0]);
    assert_eq!(shown(&run(&host, Some(&read), &again).await), "v2 v2 healthy 100");
}

#[tokio::test]
async fn a_rollback_that_fails_is_never_claimed_to_be_one() {
    let agent = Agent::start();
    let host = host(&agent).await;
    let object = run(&host, None, &config(&host, "v1", &[])).await;
    agent.inner().still_at = Some(percent(5));
    let v2 = config(&host, "v2", &[]);
    let change = plan(&host, Some(&object), &v2).await;
    let wedge = async {
        agent.until("api", |status| status.weight == percent(5)).await;
        let mut inner = agent.inner();
        inner.wedged = true;
        inner.bad.insert("v2".to_owned());
        inner.still_at = None;
    };
    let ((object, diagnostics), ()) = tokio::join!(apply(&host, &change, &v2), wedge);
    assert_eq!(errors(&diagnostics), ["error: version: Taking back v2 failed"]);
    assert!(diagnostics.to_string().contains("v2 has 5 % at step 1 of 3 of the traffic"), "{diagnostics}");
    let object = object.unwrap();
    assert_eq!(shown(&object), "v1 v1 rollback_failed 5");
    assert_eq!(refresh(&host, &object).await, object);

    // What users have is not settled, so that the old version is a change, too.
    agent.inner().wedged = false;
    let v1 = config(&host, "v1", &[]);
    let change = plan(&host, Some(&object), &v1).await;
    assert_eq!((change.action, change.planned.member("status")), (Action::Update, &Value::UNKNOWN));
    let (object, diagnostics) = apply(&host, &change, &v1).await;
    assert!(!diagnostics.has_errors(), "{diagnostics}");
    assert_eq!(shown(&object.unwrap()), "v1 v1 healthy 100");
}

#[tokio::test]
async fn what_a_person_takes_back_is_blocked_too() {
    let agent = Agent::start();
    let host = host(&agent).await;
    let object = run(&host, None, &config(&host, "v1", &[])).await;
    agent.inner().still_at = Some(percent(5));
    let v2 = config(&host, "v2", &[]);
    let change = plan(&host, Some(&object), &v2).await;
    let abort = async {
        agent.until("api", |status| status.weight == percent(5)).await;
        agent.steer("api", Steer::Abort);
    };
    let ((object, diagnostics), ()) = tokio::join!(apply(&host, &change, &v2), abort);
    assert_eq!(errors(&diagnostics), ["error: version: v2 was taken back on request"]);
    let object = refresh(&host, &object.unwrap()).await;
    assert_eq!(shown(&object), "v1 v1 rolled_back 100");
    let change = plan(&host, Some(&object), &v2).await;
    assert_eq!(warnings(&change.diagnostics), ["warning: version: v2 was taken back before"]);
}

#[tokio::test]
async fn a_blocked_version_is_tried_again_where_that_is_wanted() {
    let agent = Agent::start();
    let host = host(&agent).await;
    let object = run(&host, None, &config(&host, "v1", &[])).await;
    agent.inner().bad.insert("v2".to_owned());
    let v2 = config(&host, "v2", &[("on_failed_version", "retry".into())]);
    let change = plan(&host, Some(&object), &v2).await;
    let failed = apply(&host, &change, &v2).await.0.unwrap();
    agent.inner().bad.clear();
    let change = plan(&host, Some(&failed), &v2).await;
    assert_eq!(warnings(&change.diagnostics), [""; 0]);
    assert_eq!(shown(&apply(&host, &change, &v2).await.0.unwrap()), "v2 v2 healthy 100");
}

/// Brings v2 to 5 %, where time stands still, and stops terraform.
async fn interrupted(agent: &Agent, policy: &str) -> (Object, Diagnostics) {
    let host = host(agent).await;
    let object = run(&host, None, &config(&host, "v1", &[])).await;
    agent.inner().still_at = Some(percent(5));
    let v2 = config(&host, "v2", &[("on_interrupt", policy.into())]);
    let change = plan(&host, Some(&object), &v2).await;
    let stop = async {
        agent.until("api", |status| status.weight == percent(5)).await;
        host.stop();
    };
    let ((object, diagnostics), ()) = tokio::join!(apply(&host, &change, &v2), stop);
    (object.unwrap(), diagnostics)
}

#[tokio::test]
async fn an_interrupt_pauses_and_the_next_apply_goes_on() {
    let agent = Agent::start();
    let (object, diagnostics) = interrupted(&agent, "pause").await;
    assert_eq!(errors(&diagnostics), ["error: Interrupted"]);
    assert!(diagnostics.to_string().contains("is paused with 5 % at step 1 of 3 of the traffic"), "{diagnostics}");
    assert_eq!(shown(&object), "v1 v1 paused 5");
    assert_eq!(agent.status("api").paused, [PauseReason::Interrupted]);

    let host = host(&agent).await;
    let answer = host.refresh(ROLLOUT, &object).await.unwrap();
    assert_eq!(warnings(&answer.diagnostics), ["warning: version: A rollout of api runs"]);
    let object = answer.value.unwrap();
    agent.inner().still_at = None;
    assert_eq!(shown(&run(&host, Some(&object), &config(&host, "v2", &[])).await), "v2 v2 healthy 100");
    assert_eq!(agent.inner().services.len(), 1);
}

#[tokio::test]
async fn the_pause_of_a_person_is_not_ended_by_an_apply() {
    let agent = Agent::start();
    let (object, _) = interrupted(&agent, "pause").await;
    agent.steer("api", Steer::Pause);
    agent.inner().still_at = None;
    let host = host(&agent).await;
    let object = refresh(&host, &object).await;
    let v2 = config(&host, "v2", &[]);
    let change = plan(&host, Some(&object), &v2).await;
    let resume = async {
        agent.until("api", |status| status.generation > 5).await;
        assert_eq!(agent.status("api").status, StatusWord::Paused);
        agent.steer("api", Steer::Resume);
    };
    let ((object, diagnostics), ()) = tokio::join!(apply(&host, &change, &v2), resume);
    assert!(!diagnostics.has_errors(), "{diagnostics}");
    assert_eq!(shown(&object.unwrap()), "v2 v2 healthy 100");
    assert!(!agent.inner().asked.contains(&"steer"));
}

#[tokio::test]
async fn an_interrupt_takes_back() {
    let agent = Agent::start();
    let (object, diagnostics) = interrupted(&agent, "rollback").await;
    assert_eq!(errors(&diagnostics), ["error: Interrupted"]);
    assert!(diagnostics.to_string().contains("v2 was taken back and has no traffic any more"), "{diagnostics}");
    assert_eq!(text(&object, "version"), "v1");
    agent.until("api", |status| status.status == StatusWord::RolledBack).await;
    // It was no fault of the version.
    assert_eq!(agent.status("api").blocked, []);
}

#[tokio::test]
async fn an_interrupt_lets_it_go_on() {
    let agent = Agent::start();
    let (object, diagnostics) = interrupted(&agent, "detach").await;
    assert!(diagnostics.to_string().contains("goes on by itself"), "{diagnostics}");
    assert_eq!(shown(&object), "v1 v1 progressing 5");
    agent.inner().still_at = None;
    agent.until("api", |status| status.status == StatusWord::Healthy).await;
    let host = host(&agent).await;
    let object = refresh(&host, &object).await;
    assert_eq!(shown(&object), "v2 v2 healthy 100", "the next read brings what became of it");
    let v2 = config(&host, "v2", &[("on_interrupt", "detach".into())]);
    let change = plan(&host, Some(&object), &v2).await;
    assert_eq!(change.planned.member("status"), &"healthy".into(), "nothing is rolled out");
}

#[tokio::test]
async fn reverting_in_mid_rollout_is_planned_and_takes_back() {
    let agent = Agent::start();
    let (object, _) = interrupted(&agent, "pause").await;
    let host = host(&agent).await;
    let object = refresh(&host, &object).await;
    let v1 = config(&host, "v1", &[]);
    let change = plan(&host, Some(&object), &v1).await;
    assert_eq!((change.action, change.planned.member("weight")), (Action::Update, &Value::UNKNOWN));
    let (object, diagnostics) = apply(&host, &change, &v1).await;
    assert!(!diagnostics.has_errors(), "{diagnostics}");
    assert_eq!(shown(&object.unwrap()), "v1 v1 healthy 100");
    assert_eq!(agent.status("api").weight, Weight::ZERO);
}

#[tokio::test]
async fn another_version_supersedes_and_whoever_followed_the_first_is_told() {
    let agent = Agent::start();
    let (one, two) = (host(&agent).await, host(&agent).await);
    let object = run(&one, None, &config(&one, "v1", &[])).await;
    agent.inner().still_at = Some(percent(5));
    let (v2, v3) = (config(&one, "v2", &[]), config(&two, "v3", &[]));
    let first = plan(&one, Some(&object), &v2).await;
    let other = async {
        agent.until("api", |status| status.weight == percent(5)).await;
        let object = refresh(&two, &object).await;
        let second = plan(&two, Some(&object), &v3).await;
        agent.inner().still_at = None;
        apply(&two, &second, &v3).await
    };
    let ((lost, told), (won, diagnostics)) = tokio::join!(apply(&one, &first, &v2), other);
    assert_eq!(errors(&told), ["error: version: v2 was superseded"]);
    assert_eq!(text(&lost.unwrap(), "version"), "v1");
    assert!(!diagnostics.has_errors(), "{diagnostics}");
    assert_eq!(shown(&won.unwrap()), "v3 v3 healthy 100");
}

#[tokio::test]
async fn of_two_applies_planned_on_one_generation_the_second_fails() {
    let agent = Agent::start();
    let host = host(&agent).await;
    let object = run(&host, None, &config(&host, "v1", &[])).await;
    let (v2, v3) = (config(&host, "v2", &[]), config(&host, "v3", &[]));
    let (first, second) = (plan(&host, Some(&object), &v2).await, plan(&host, Some(&object), &v3).await);
    assert!(!apply(&host, &first, &v2).await.1.has_errors());
    let (kept, diagnostics) = apply(&host, &second, &v3).await;
    assert_eq!(errors(&diagnostics), ["error: The service has changed since the plan"]);
    assert_eq!(kept, Some(object.clone()));
    assert_eq!(agent.status("api").stable.unwrap().revision.version, "v2");

    // The same for what applies in place.
    let more = config(&host, "v1", &[("target", local(&[("replicas", 3.into())]))]);
    let change = plan(&host, Some(&object), &more).await;
    assert_eq!(errors(&apply(&host, &change, &more).await.1), ["error: The service has changed since the plan"]);
}

#[tokio::test]
async fn settings_change_in_place_without_a_rollout() {
    let agent = Agent::start();
    let host = host(&agent).await;
    let object = run(&host, None, &config(&host, "v1", &[])).await;
    let settings = [
        ("target", local(&[("replicas", 3.into()), ("port", 9090.into())])),
        ("strategy", ladder(&[(10.0, "1m")])),
        ("gates", Value::List(Vec::new())),
        ("progress_deadline", "5m".into()),
    ];
    let wanted = config(&host, "v1", &settings);
    let change = plan(&host, Some(&object), &wanted).await;
    assert_eq!(change.planned.member("status"), &"healthy".into());
    assert_eq!(change.planned.member("url"), &"http://127.0.0.1:9090".into());
    let (object, diagnostics) = apply(&host, &change, &wanted).await;
    assert!(diagnostics.is_empty(), "{diagnostics}");
    let object = refresh(&host, &object.unwrap()).await;
    assert_eq!(plan(&host, Some(&object), &wanted).await.action, Action::NoOp);
    let (service, asked) = (agent.status("api").service, agent.inner().asked.clone());
    assert_eq!((service.replicas, service.port, asked), (3, 9090, vec!["start", "configure"]));
}

#[tokio::test]
async fn a_version_changed_from_outside_is_a_difference() {
    let agent = Agent::start();
    let (one, two) = (host(&agent).await, host(&agent).await);
    let object = run(&one, None, &config(&one, "v1", &[])).await;
    run(&two, Some(&object), &config(&two, "v2", &[("target", local(&[("env", Value::map([("A", "1".into())]))]))]))
        .await;
    let read = refresh(&one, &object).await;
    assert_eq!(shown(&read), "v2 v2 healthy 100");
    assert_eq!(read.value.member("target").member("local").member("env"), &Value::map([("A", "1".into())]));
    let change = plan(&one, Some(&read), &config(&one, "v1", &[])).await;
    assert_eq!(change.action, Action::Update);
}

#[tokio::test]
async fn an_agent_of_another_machine_is_an_error() {
    let agent = Agent::start();
    let host = host(&agent).await;
    let v1 = config(&host, "v1", &[]);
    let object = run(&host, None, &v1).await;
    agent.inner().agent.agent_id = "agent-2".to_owned();
    agent.inner().agent.host = "there".to_owned();
    let refused = |error: Error| match error {
        Error::Refused(diagnostics) => errors(&diagnostics),
        Error::Fault(fault) => panic!("{fault}"),
    };
    let expected = ["error: api lives on here"];
    assert_eq!(refused(host.refresh(ROLLOUT, &object).await.unwrap_err()), expected);
    assert_eq!(refused(host.plan(ROLLOUT, Some(&object), &v1).await.unwrap_err()), expected);
    // No agent is started only to find that out.
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = Host::start("devopsflow", Arc::new(provider::registry_with_agent(folder.path()))).await.unwrap();
    assert_eq!(refused(elsewhere.refresh(ROLLOUT, &object).await.unwrap_err()), expected);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

    let destroy = host.plan_destroy(ROLLOUT, &object).await.unwrap();
    let (kept, diagnostics) = apply(&host, &destroy, &Value::Null).await;
    assert_eq!((kept.is_some(), errors(&diagnostics)), (true, expected.map(str::to_owned).to_vec()));
    assert_eq!(agent.inner().services.len(), 1);
}

#[tokio::test]
async fn a_lost_connection_is_taken_up_again() {
    let agent = Agent::start();
    let host = host(&agent).await;
    let object = run(&host, None, &config(&host, "v1", &[])).await;
    agent.inner().break_watches = 5;
    agent.inner().lose_starts = 1;
    assert_eq!(shown(&run(&host, Some(&object), &config(&host, "v2", &[])).await), "v2 v2 healthy 100");
    let inner = agent.inner();
    assert_eq!((inner.break_watches, inner.lose_starts), (0, 0));
}

#[tokio::test]
async fn what_a_lost_apply_has_begun_shows_in_the_next_read() {
    let agent = Agent::start();
    let one = host(&agent).await;
    let object = run(&one, None, &config(&one, "v1", &[])).await;
    agent.inner().still_at = Some(percent(5));
    let v2 = config(&one, "v2", &[]);
    let change = plan(&one, Some(&object), &v2).await;
    // The apply ends without a word, as if terraform had been killed.
    tokio::select! {
        _ = apply(&one, &change, &v2) => panic!("time stands still"),
        _ = agent.until("api", |status| status.weight == percent(5)) => {}
    }
    let two = host(&agent).await;
    let read = refresh(&two, &object).await;
    assert_eq!(shown(&read), "v1 v1 progressing 5");
    assert_eq!(text(&read, "active_version"), "v2");
    agent.inner().still_at = None;
    assert_eq!(shown(&run(&two, Some(&read), &v2).await), "v2 v2 healthy 100");
}

#[tokio::test]
async fn a_first_version_that_fails_leaves_nothing() {
    let agent = Agent::start();
    let host = host(&agent).await;
    agent.inner().never_ready.insert("v1".to_owned());
    let v1 = config(&host, "v1", &[("progress_deadline", "5s".into())]);
    let change = plan(&host, None, &v1).await;
    let (object, diagnostics) = apply(&host, &change, &v1).await;
    assert_eq!(errors(&diagnostics), ["error: version: v1 was taken back"]);
    assert!(diagnostics.to_string().contains("0 of 1 replicas of v1 are ready after 5s"), "{diagnostics}");
    assert_eq!((object, agent.inner().services.len()), (None, 0));

    // What cannot be removed is recorded, and tainted.
    agent.inner().stuck = true;
    let (object, diagnostics) = apply(&host, &change, &v1).await;
    let object = object.unwrap();
    assert!(object.tainted);
    assert!(diagnostics.to_string().contains("could not be removed"), "{diagnostics}");
    assert_eq!(text(&object, "status"), "rolled_back");
}

#[tokio::test]
async fn a_create_that_was_cut_off_is_adopted() {
    let agent = Agent::start();
    let one = host(&agent).await;
    let v1 = config(&one, "v1", &[]);
    agent.inner().never_ready.insert("v1".to_owned());
    let change = plan(&one, None, &v1).await;
    let stop = async {
        agent.until("api", |_| true).await;
        one.stop();
    };
    let ((object, diagnostics), ()) = tokio::join!(apply(&one, &change, &v1), stop);
    assert_eq!((object, errors(&diagnostics)), (None, vec!["error: Interrupted".to_owned()]));
    assert!(diagnostics.to_string().contains("the next apply adopts it"), "{diagnostics}");
    assert_eq!(agent.inner().services.len(), 1);

    // Another version is not what was begun.
    let two = host(&agent).await;
    let v2 = config(&two, "v2", &[]);
    let change = plan(&two, None, &v2).await;
    assert_eq!(warnings(&change.diagnostics), ["warning: name: The service exists already"]);
    let (object, diagnostics) = apply(&two, &change, &v2).await;
    assert_eq!((object, errors(&diagnostics)), (None, vec!["error: name: The service exists already".to_owned()]));
    assert!(diagnostics.to_string().contains("terraform import devopsflow_rollout.<NAME> api"), "{diagnostics}");

    agent.inner().never_ready.clear();
    let change = plan(&two, None, &v1).await;
    assert_eq!(warnings(&change.diagnostics), [""; 0]);
    let (object, diagnostics) = apply(&two, &change, &v1).await;
    assert!(!diagnostics.has_errors(), "{diagnostics}");
    assert_eq!(shown(&object.unwrap()), "v1 v1 healthy 100");
    // Now that it is recorded somewhere, it is somebody's.
    let change = plan(&two, None, &v1).await;
    assert_eq!(errors(&apply(&two, &change, &v1).await.1), ["error: name: The service exists already"]);
}

#[tokio::test]
async fn a_create_whose_answer_was_lost_is_found_by_its_name() {
    let agent = Agent::start();
    let host = host(&agent).await;
    let [v1, v2] = ["v1", "v2"].map(|version| config(&host, version, &[]));
    let change = plan(&host, None, &v1).await;
    let located = async |config, planned| host.locate(ROLLOUT, config, planned).await.unwrap();
    assert_eq!(located(&v1, &change.planned).await, Located::Absent);
    let object = apply(&host, &change, &v1).await.0.unwrap();
    // Whether or not the agent was told that it is recorded.
    assert_eq!(located(&v1, &change.planned).await, Located::Found(object));
    let other = plan(&host, None, &v2).await;
    assert_eq!(located(&v2, &other.planned).await, Located::Absent, "a service with another version is not it");

    let slow = config(&host, "v1", &[("name", "slow".into())]);
    agent.inner().never_ready.insert("v1".to_owned());
    let change = plan(&host, None, &slow).await;
    let stop = async {
        agent.until("slow", |_| true).await;
        host.stop();
    };
    tokio::join!(apply(&host, &change, &slow), stop);
    assert_eq!(located(&slow, &change.planned).await, Located::Absent, "creating goes on with what is not ready yet");
}

#[tokio::test]
async fn an_apply_does_not_wait_for_ever() {
    let agent = Agent::start();
    let host = host(&agent).await;
    agent.inner().never_ready.insert("v1".to_owned());
    let changes = [
        ("timeouts", Value::map([("create", "100ms".into())])),
        ("on_interrupt", "rollback".into()),
        ("progress_deadline", "3650d".into()),
    ];
    let v1 = config(&host, "v1", &changes);
    let change = plan(&host, None, &v1).await;
    let (object, diagnostics) = apply(&host, &change, &v1).await;
    assert_eq!((object, errors(&diagnostics)), (None, vec!["error: Not done within 100ms".to_owned()]));
    assert_eq!(agent.inner().services.len(), 0, "it was taken back");
}

#[tokio::test]
async fn an_import_fills_the_inputs() {
    let agent = Agent::start();
    let host = host(&agent).await;
    let target = local(&[("replicas", 2.into()), ("env", Value::map([("A", "1".into())]))]);
    let wanted = [("target", target), ("strategy", Value::Null)];
    let v1 = config(&host, "v1", &wanted);
    run(&host, None, &v1).await;
    let object = host.import(ROLLOUT, "api").await.unwrap().value;
    assert_eq!(shown(&object), "v1 v1 healthy 100");
    let change = plan(&host, Some(&object), &v1).await;
    assert_eq!((change.action, change.diagnostics.is_empty()), (Action::NoOp, true), "{:?}", change.planned);
    let Err(Error::Refused(diagnostics)) = host.import(ROLLOUT, "web").await else { panic!("there is no web") };
    assert_eq!(errors(&diagnostics), ["error: Nothing to import"]);
}

#[tokio::test]
async fn a_released_service_runs_on() {
    let agent = Agent::start();
    let host = host(&agent).await;
    let object = run(&host, None, &config(&host, "v1", &[("on_destroy", "release".into())])).await;
    let destroy = host.plan_destroy(ROLLOUT, &object).await.unwrap();
    assert_eq!(apply(&host, &destroy, &Value::Null).await.0, None);
    assert_eq!(agent.inner().services.len(), 1);
}

#[tokio::test]
async fn what_cannot_work_is_named_at_its_attribute() {
    let agent = Agent::start();
    let host = host(&agent).await;
    agent.inner().taken_port = Some(8080);
    let v1 = config(&host, "v1", &[]);
    let change = plan(&host, None, &v1).await;
    let (object, diagnostics) = apply(&host, &change, &v1).await;
    assert_eq!(errors(&diagnostics), ["error: target.local.port: The agent cannot do this"]);
    assert_eq!((object, agent.inner().services.len()), (None, 0));

    // A program that another resource may still build is an error only now.
    let command = Value::List(vec!["releases/{version}/api".into()]);
    let v1 = config(&host, "v1", &[("target", local(&[("command", command)]))]);
    let change = plan(&host, None, &v1).await;
    let (_, diagnostics) = apply(&host, &change, &v1).await;
    assert_eq!(errors(&diagnostics), ["error: target.local.command[0]: The program cannot be run"]);
    assert!(diagnostics.to_string().contains("releases/v1/api"), "{diagnostics}");
    assert_eq!(agent.inner().asked, ["start"], "the agent was not even asked");

    let short = [("timeouts", Value::map([("update", "1m".into())]))];
    let Err(Error::Refused(diagnostics)) = host.plan(ROLLOUT, None, &config(&host, "v1", &short)).await else {
        panic!("the ladder takes longer")
    };
    assert_eq!(errors(&diagnostics), ["error: timeouts.update: The timeout is shorter than the ladder"]);
}

#[tokio::test]
async fn a_plan_warns_of_blind_gates_and_of_build_servers() {
    let agent = Agent::start();
    let host = host(&agent).await;
    let object = run(&host, None, &config(&host, "v1", &[])).await;
    agent.inner().request_rate = Some(0.1);
    agent.inner().agent.build_server = Some("GITHUB_ACTIONS".to_owned());
    let change = plan(&host, Some(&object), &config(&host, "v2", &[])).await;
    let expected = ["warning: The agent ends with the job", "warning: gates: A gate will see too little"];
    assert_eq!(warnings(&change.diagnostics), expected);
    agent.inner().request_rate = Some(1_000.0);
    agent.inner().agent.build_server = None;
    assert_eq!(warnings(&plan(&host, Some(&object), &config(&host, "v2", &[])).await.diagnostics), [""; 0]);
}

#[tokio::test]
async fn without_an_agent_a_plan_starts_none() {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::start("devopsflow", Arc::new(provider::registry_with_agent(folder.path()))).await.unwrap();
    let change = plan(&host, None, &config(&host, "v1", &[])).await;
    assert_eq!((change.action, change.diagnostics.is_empty()), (Action::Create, true));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn the_data_source_reads_and_starts_nothing() {
    let agent = Agent::start();
    let host = host(&agent).await;
    run(&host, None, &config(&host, "v1", &[])).await;
    let asked = |name: &str| {
        let schema = &host.schemas().data_sources[ROLLOUT];
        config_value(schema, [("name".to_owned(), name.into())]).unwrap()
    };
    let read = host.read_data(ROLLOUT, &asked("api")).await.unwrap().value;
    assert_eq!((read.member("status"), read.member("stable_version")), (&"healthy".into(), &"v1".into()));
    let Err(Error::Refused(diagnostics)) = host.read_data(ROLLOUT, &asked("web")).await else {
        panic!("there is no web")
    };
    assert_eq!(errors(&diagnostics), ["error: name: There is no service \"web\""]);
}
