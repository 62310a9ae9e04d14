//! What users add, and what texts they write.

use std::collections::BTreeMap;

use delivery::pipeline::options::{Drift, ExtraJob, ExtraStep, Options, Pin, Point, Tests, Timeouts, UserStep};

use super::{Variant, projects};
use crate::pipeline::fixture::{self, MODULE};

pub(super) fn variants() -> Vec<Variant> {
    vec![
        Variant::new("extras", extras(), projects::suites()),
        Variant::new("odd-texts", odd_texts(), fixture::service(MODULE)),
        Variant::new(
            "no-drift",
            Options { drift: Some(Drift { enabled: false, ..Drift::default() }), ..fixture::options() },
            fixture::service(MODULE),
        ),
    ]
}

const POINTS: [Point; 14] = [
    Point::BeforeLint,
    Point::AfterLint,
    Point::BeforeTypes,
    Point::AfterTypes,
    Point::BeforeTest,
    Point::AfterTest,
    Point::BeforeIntegration,
    Point::AfterEndToEnd,
    Point::BeforeBuild,
    Point::AfterBuild,
    Point::BeforeDeploy,
    Point::AfterDeploy,
    Point::BeforeVerify,
    Point::AfterVerify,
];

fn run(name: &str, script: &str) -> UserStep {
    UserStep { name: name.to_owned(), run: Some(script.to_owned()), ..UserStep::default() }
}

pub(crate) fn extras() -> Options {
    let step = |at| ExtraStep { at, environment: None, step: run(&format!("{at:?}"), "echo here\n") };
    let mut extra_steps: Vec<_> = POINTS.into_iter().map(step).collect();
    let secret = UserStep {
        secrets: ["TOKEN".to_owned()].into(),
        ..run("Tell", "curl --header \"Authorization: $TOKEN\" https://example.com")
    };
    extra_steps.push(ExtraStep { at: Point::AfterDeploy, environment: Some("production".to_owned()), step: secret });
    let uses = UserStep {
        name: "Report coverage".to_owned(),
        uses: Some("codecov/codecov-action".to_owned()),
        inputs: BTreeMap::from([("files".to_owned(), "coverage.xml".to_owned())]),
        secret_inputs: BTreeMap::from([("token".to_owned(), "CODECOV_TOKEN".to_owned())]),
        ..UserStep::default()
    };
    let own = UserStep { name: "Own".to_owned(), uses: Some("example/action/sub".to_owned()), ..UserStep::default() };
    let job = ExtraJob {
        needs: ["test".to_owned()].into(),
        required_by: ["publish".to_owned()].into(),
        environment: Some("reports".to_owned()),
        variables: BTreeMap::from([("A".to_owned(), "b".to_owned())]),
        timeout_minutes: 10,
        steps: vec![uses, own, run("Last", "echo last")],
        ..ExtraJob::default()
    };
    let tests = Tests {
        minimum_coverage: Some(80),
        variables: BTreeMap::from([("DATABASE".to_owned(), "test".to_owned())]),
        secrets: ["DATABASE_PASSWORD".to_owned()].into(),
        environment: Some("tests".to_owned()),
    };
    Options {
        extra_steps,
        extra_jobs: BTreeMap::from([("report".to_owned(), job)]),
        pins: BTreeMap::from([(
            "example/action".to_owned(),
            Pin { version: "v1.2.3".to_owned(), sha: "0123456789abcdef0123456789abcdef01234567".to_owned() },
        )]),
        tests: Some(tests),
        timeouts: Some(Timeouts { check: 5, ..Timeouts::default() }),
        ..fixture::options()
    }
}

/// Values and scripts that a careless writer would break the file with.
pub(crate) const ODD: [&str; 14] = [
    "plain",
    "",
    "yes",
    "1.10",
    "a: b # c",
    "it's",
    "say \"hi\"",
    "it's \"both\"",
    "back\\slash \"x\"",
    "- item",
    "*alias",
    " lead and trail ",
    "two\nlines",
    "tab\tand é 😀 {{ x }} %",
];

fn odd_texts() -> Options {
    let variables =
        ODD.iter().enumerate().map(|(position, text)| (format!("ODD_{position}"), (*text).to_owned())).collect();
    let scripts = [
        "echo 'one'; echo \"two\"",
        "cat <<'E'\n  indented\n\n\ttab\nE\n",
        "  echo indented\n  echo again\n",
        "echo trailing \necho next\n",
        "# comment: only",
    ];
    let step = |(position, script): (usize, &&str)| ExtraStep {
        at: Point::BeforeLint,
        environment: None,
        step: run(&format!("Odd: #{position} \"quoted\" & 'single'"), script),
    };
    Options { variables, extra_steps: scripts.iter().enumerate().map(step).collect(), ..fixture::options() }
}
