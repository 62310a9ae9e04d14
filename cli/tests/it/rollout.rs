//! Looking at rollouts and steering them.

use rollout::machine::{Action, Refused};
use rollout::wire::{Answer, Ended, Error, Request, Status};

use crate::fake::{Fake, Say, error, run};
use crate::samples;

/// An agent that runs `api`, in the given state, and `web`.
fn agent(dir: &std::path::Path, api: Status) -> Fake {
    Fake::start(dir, move |request| match request {
        Request::List => vec![Say::Answer(Answer::List(vec![api.clone(), samples::healthy("web")]))],
        Request::Status { service } | Request::Steer { service, .. } if service == "api" => {
            vec![Say::Answer(Answer::Status(Box::new(api.clone())))]
        }
        Request::History { service } if service == "api" => vec![Say::Answer(Answer::History(samples::history()))],
        Request::History { service } if service == "web" => vec![Say::Answer(Answer::History(Vec::new()))],
        Request::Status { service } | Request::Steer { service, .. } | Request::History { service } => {
            error(Error::NotFound(service.clone()))
        }
        Request::Remove { service } if service == "api" => vec![Say::Answer(Answer::Done)],
        other => error(Error::Malformed(format!("{other:?}"))),
    })
}

#[test]
fn list_shows_every_service() {
    let dir = tempfile::tempdir().unwrap();
    let _agent = agent(dir.path(), samples::paused());
    let ran = run(dir.path(), &["rollout", "list"]).expect(0);
    let firsts: Vec<&str> = ran.stdout.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!((firsts, ran.stderr.as_str()), (vec!["SERVICE", "api", "web"], ""));
    let list: Vec<Status> = run(dir.path(), &["rollout", "list", "--json"]).expect(0).json();
    assert_eq!(list, [samples::paused(), samples::healthy("web")]);
}

#[test]
fn an_empty_list_is_no_error() {
    let dir = tempfile::tempdir().unwrap();
    let _agent = Fake::start(dir.path(), |_| vec![Say::Answer(Answer::List(Vec::new()))]);
    let ran = run(dir.path(), &["rollout", "list"]).expect(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", "the agent has no service\n"));
    assert_eq!(run(dir.path(), &["--json", "rollout", "list"]).expect(0).stdout, "[]\n");
}

#[test]
fn status_says_how_one_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let _agent = agent(dir.path(), samples::paused());
    let ran = run(dir.path(), &["rollout", "status", "api"]).expect(0);
    assert!(ran.stdout.contains("go on: devops-flow rollout approve api\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("25 %    #####..............."), "{}", ran.stdout);
    let status: Status = run(dir.path(), &["rollout", "status", "api", "--json"]).expect(0).json();
    assert_eq!(status, samples::paused());
}

#[test]
fn an_unknown_service_is_an_error_that_names_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let _agent = agent(dir.path(), samples::paused());
    for verb in ["status", "history", "wait", "watch", "promote", "abort", "remove"] {
        let ran = run(dir.path(), &["rollout", verb, "nope"]).expect(1);
        assert_eq!(ran.stderr, "error: the agent has no service \"nope\"\nhint: it has api, web\n", "{verb}");
        assert_eq!(ran.stdout, "", "{verb}");
    }
}

#[test]
fn history_is_a_table_or_json() {
    let dir = tempfile::tempdir().unwrap();
    let _agent = agent(dir.path(), samples::paused());
    let ran = run(dir.path(), &["rollout", "history", "api"]).expect(0);
    assert!(ran.stdout.contains("rolled-back  5 %      1m    0s      2026-03-01T11:59:00Z ("), "{}", ran.stdout);
    let history: Vec<Ended> = run(dir.path(), &["rollout", "history", "api", "--json"]).expect(0).json();
    assert_eq!(history, samples::history());
    let none = run(dir.path(), &["rollout", "history", "web"]).expect(0);
    assert_eq!((none.stdout.as_str(), none.stderr.as_str()), ("", "no rollout of web ended yet\n"));
}

#[test]
fn every_verb_that_steers_asks_for_its_action() {
    let dir = tempfile::tempdir().unwrap();
    let agent = agent(dir.path(), samples::paused());
    let verbs: [(&[&str], Action); 8] = [
        (&["promote"], Action::Promote),
        (&["promote", "--full"], Action::PromoteFull),
        (&["approve"], Action::Approve),
        (&["pause"], Action::Pause),
        (&["resume"], Action::Resume),
        (&["abort"], Action::Abort),
        (&["rollback"], Action::Rollback),
        (&["retry"], Action::Retry),
    ];
    let mut expected = Vec::new();
    for (verb, action) in verbs {
        let mut args = vec!["rollout"];
        args.extend(verb);
        args.push("api");
        let ran = run(dir.path(), &args).expect(0);
        assert!(ran.stdout.starts_with("api: paused, 2.0 at 25 %, step 2 of 4"), "{ran:?}");
        args.extend(["--rollout", "r2", "--json"]);
        assert_eq!(run(dir.path(), &args).expect(0).json::<Status>(), samples::paused());
        for rollout_id in [None, Some("r2".to_owned())] {
            expected.push(Request::Steer { service: "api".to_owned(), action: action.clone(), rollout_id });
        }
    }
    assert_eq!(agent.requests(), expected);
}

#[test]
fn a_service_is_removed_only_when_that_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let agent = agent(dir.path(), samples::paused());
    let ran = run(dir.path(), &["rollout", "remove", "api"]).expect(2);
    assert!(ran.stdout.starts_with("api: paused, 2.0 at 25 %, step 2 of 4"), "{ran:?}");
    assert_eq!(ran.stderr, "api would end for its users; `--yes` does it\n");
    assert!(!agent.requests().contains(&Request::Remove { service: "api".to_owned() }));
    let ran = run(dir.path(), &["rollout", "remove", "api", "--yes", "--json"]).expect(0);
    assert_eq!(ran.json::<serde_json::Value>()["removed"], true);
    assert_eq!(agent.requests().last(), Some(&Request::Remove { service: "api".to_owned() }));
}

#[test]
fn a_refusal_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let refused = Refused::NotNow { action: "approve".to_owned(), why: "the step waits for nobody".to_owned() };
    let _agent = Fake::start(dir.path(), move |_| error(Error::Refused(refused.clone())));
    let ran = run(dir.path(), &["rollout", "approve", "api"]).expect(1);
    assert_eq!(
        ran.stderr,
        "error: approve is not possible: the step waits for nobody\n\
         hint: `devops-flow rollout status` shows what it waits for\n"
    );
}
