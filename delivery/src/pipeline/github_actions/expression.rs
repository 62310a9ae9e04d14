//! Writes values and conditions in GitHub's expression language.

use super::yaml::Text;
use crate::pipeline::model::{Condition, Event, Value};

/// A value of an environment variable or input.
pub(super) fn value(value: &Value) -> Text {
    let expression = match value {
        Value::Text(text) => return Text::new(text),
        Value::Secret(name) => format!("secrets.{name}"),
        Value::Step(step, output) => format!("steps.{}.outputs.{output}", step.0),
        Value::Job(job, output) => format!("needs.{job}.outputs.{output}"),
        Value::LanguageVersion => "matrix.version".to_owned(),
        Value::Commit => "github.sha".to_owned(),
        Value::RefName => "github.ref_name".to_owned(),
    };
    Text::expression(&format!("${{{{ {expression} }}}}"))
}

/// A condition, as it stands after `if:`.
pub(super) fn condition(condition: &Condition) -> String {
    match condition {
        Condition::All(all) => join(all, " && "),
        Condition::Any(any) => join(any, " || "),
        Condition::Not(inner) => negation(inner),
        Condition::Event(event) => comparison("github.event_name", "==", event_name(*event)),
        Condition::Branch(name) => comparison("github.ref", "==", &format!("refs/heads/{name}")),
        Condition::Tag => "startsWith(github.ref, 'refs/tags/')".to_owned(),
        Condition::NotSucceeded(job) => format!("needs.{job}.result != 'success'"),
        Condition::Output(job, name, value) => comparison(&format!("needs.{job}.outputs.{name}"), "==", value),
        Condition::PublicRepository => "!github.event.repository.private".to_owned(),
    }
}

fn join(parts: &[Condition], operator: &str) -> String {
    let part = |part: &Condition| match part {
        Condition::All(_) | Condition::Any(_) => format!("({})", condition(part)),
        _ => condition(part),
    };
    parts.iter().map(part).collect::<Vec<_>>().join(operator)
}

fn negation(inner: &Condition) -> String {
    match inner {
        Condition::Event(event) => comparison("github.event_name", "!=", event_name(*event)),
        Condition::Output(job, name, value) => comparison(&format!("needs.{job}.outputs.{name}"), "!=", value),
        _ => format!("!({})", condition(inner)),
    }
}

fn event_name(event: Event) -> &'static str {
    match event {
        Event::Push => "push",
        Event::PullRequest => "pull_request",
        Event::Manual => "workflow_dispatch",
        Event::Schedule => "schedule",
    }
}

fn comparison(left: &str, operator: &str, right: &str) -> String {
    format!("{left} {operator} '{}'", right.replace('\'', "''"))
}
