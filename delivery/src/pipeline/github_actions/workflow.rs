//! The parts of a workflow file, in the order in which they are written.

use serde::{Serialize, Serializer};

use super::yaml::{Note, SpaceAfter, Text};

/// A mapping, in the order in which its members were given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Members<T>(Vec<(String, T)>);

impl<T> Default for Members<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Members<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> FromIterator<(String, T)> for Members<T> {
    fn from_iter<I: IntoIterator<Item = (String, T)>>(members: I) -> Self {
        Self(members.into_iter().collect())
    }
}

impl<T: Serialize> Serialize for Members<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

#[derive(Serialize)]
pub(super) struct Workflow {
    pub(super) name: Text,
    pub(super) on: On,
    pub(super) permissions: Members<Note>,
    pub(super) concurrency: Concurrency,
    pub(super) defaults: Defaults,
    #[serde(skip_serializing_if = "Members::is_empty")]
    pub(super) env: Members<Text>,
    pub(super) jobs: Members<SpaceAfter<Job>>,
}

#[derive(Serialize)]
pub(super) struct On {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) push: Option<Pushes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pull_request: Option<Pushes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) merge_group: Option<Events>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) workflow_dispatch: Option<Events>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) schedule: Vec<Schedule>,
}

#[derive(Serialize)]
pub(super) struct Pushes {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) branches: Vec<Text>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tags: Vec<Text>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) paths: Vec<Text>,
}

/// An event without filters.
#[derive(Default, Serialize)]
pub(super) struct Events {}

#[derive(Serialize)]
pub(super) struct Schedule {
    pub(super) cron: Text,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Concurrency {
    pub(super) group: Text,
    pub(super) cancel_in_progress: Flag,
}

/// A truth value, or the expression that gives one.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Flag {
    Bool(bool),
    Expression(Text),
}

impl From<bool> for Flag {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<Text> for Flag {
    fn from(expression: Text) -> Self {
        Self::Expression(expression)
    }
}

#[derive(Serialize)]
pub(super) struct Defaults {
    pub(super) run: RunDefaults,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct RunDefaults {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) shell: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) working_directory: Option<Text>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Job {
    pub(super) name: Text,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) needs: Vec<Text>,
    #[serde(rename = "if", skip_serializing_if = "Option::is_none")]
    pub(super) condition: Option<Text>,
    pub(super) runs_on: OneOrMany,
    pub(super) timeout_minutes: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) environment: Option<Environment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) concurrency: Option<Concurrency>,
    pub(super) permissions: Members<Note>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) strategy: Option<Strategy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) defaults: Option<Defaults>,
    #[serde(skip_serializing_if = "Members::is_empty")]
    pub(super) outputs: Members<Text>,
    #[serde(skip_serializing_if = "Members::is_empty")]
    pub(super) env: Members<Text>,
    pub(super) steps: Vec<Step>,
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    One(Text),
    Many(Vec<Text>),
}

#[derive(Serialize)]
pub(super) struct Environment {
    pub(super) name: Note,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<Text>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Strategy {
    fail_fast: bool,
    matrix: Matrix,
}

#[derive(Serialize)]
struct Matrix {
    version: Vec<Text>,
}

impl Strategy {
    /// One run for each version, all of them to the end.
    pub(super) fn over_versions(versions: &[String]) -> Self {
        Self { fail_fast: false, matrix: Matrix { version: super::yaml::texts(versions) } }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Step {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<&'static str>,
    pub(super) name: Text,
    #[serde(rename = "if", skip_serializing_if = "Option::is_none")]
    pub(super) condition: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) uses: Option<Note>,
    #[serde(skip_serializing_if = "Members::is_empty")]
    pub(super) with: Members<Input>,
    #[serde(skip_serializing_if = "Members::is_empty")]
    pub(super) env: Members<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) working_directory: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) run: Option<Text>,
}

/// An input of an action.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Input {
    Text(Text),
    Bool(bool),
    Number(u32),
}

impl From<&str> for Input {
    fn from(text: &str) -> Self {
        Self::Text(Text::new(text))
    }
}

impl From<Text> for Input {
    fn from(text: Text) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Input {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<u32> for Input {
    fn from(number: u32) -> Self {
        Self::Number(number)
    }
}
