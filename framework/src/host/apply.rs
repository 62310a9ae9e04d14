//! Applying a [`Change`]: confirm it with what is known by now, then have it done.

use super::{Action, Change, Error, Host, Object};
use crate::conformance::{self, map_attributes};
use crate::provider::{Applied, Apply};
use crate::{Diagnostic, Diagnostics, Fault, Schema, Value};

/// What was reached, errors or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// What to record of the object; nothing when it does not exist.
    pub object: Option<Object>,
    /// Messages of the provider and about it.
    pub diagnostics: Diagnostics,
}

/// Why [`Host::apply`] has no outcome.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// The provider was not asked to change anything.
    #[error(transparent)]
    NotStarted(#[from] Error),
    /// The provider was asked, and gave no answer: unless the fault says that the request was never sent, it may have
    /// been done in part or in whole.
    #[error(transparent)]
    Lost(Fault),
}

impl Host {
    /// [`Host::confirm`], then [`Host::perform`].
    pub async fn apply(&self, change: &Change, config: &Value) -> Result<Outcome, ApplyError> {
        let change = self.confirm(change, config).await?;
        self.perform(&change, config).await.map_err(ApplyError::Lost)
    }

    /// Makes the change final with the wholly known `config`: validates it again, plans again and checks that the two
    /// plans agree. A deletion and a change that does nothing are final already.
    ///
    /// # Errors
    /// Also for a replacement: its halves, [`Change::deletion`] and [`Change::creation`], are applied apart.
    pub async fn confirm(&self, change: &Change, config: &Value) -> Result<Change, Error> {
        match change.action {
            Action::Delete | Action::NoOp => return Ok(change.clone()),
            Action::Replace => return Err(in_halves().into()),
            Action::Create | Action::Update => {}
        }
        super::config::check_known(self.resource(&change.type_name)?, config)?;
        let confirmed = self.plan(&change.type_name, change.prior.as_ref(), config).await?;
        self.hold_to_plan(change, &confirmed)?;
        Ok(confirmed)
    }

    /// Refuses a second plan of the same object that does not keep what the first one said, where that was known.
    pub fn hold_to_plan(&self, first: &Change, second: &Change) -> Result<(), Error> {
        let type_name = &first.type_name;
        let plans = ((first.action, &first.planned), (second.action, &second.planned));
        let violations = conformance::replanned(self.resource(type_name)?, plans.0, plans.1);
        self.hold(&format!("planning {type_name} again at apply"), violations, false)
    }

    /// Has a confirmed change done and checks what was reached. `config` is that with which it was confirmed; a deletion
    /// has none.
    ///
    /// The outcome of a failure says what to record all the same: the object as far as the provider got, tainted if it
    /// was being created; or what was recorded before, if the provider does not say.
    ///
    /// # Errors
    /// The provider gave no answer. Unless the fault says that the request was never sent, what it asks for may have
    /// been done in part or in whole.
    pub async fn perform(&self, change: &Change, config: &Value) -> Result<Outcome, Fault> {
        let nothing = |diagnostics| Ok(Outcome { object: change.prior.clone(), diagnostics });
        match change.action {
            Action::NoOp => return nothing(Diagnostics::new()),
            Action::Replace => return nothing(in_halves().into()),
            Action::Create | Action::Update | Action::Delete => {}
        }
        let Some(schema) = self.schemas().resources.get(&change.type_name) else {
            return nothing(self.no_such("resource type", &change.type_name).into());
        };
        let deletes = change.action == Action::Delete;
        let answer = self
            .provider
            .apply(Apply {
                type_name: change.type_name.clone(),
                prior: change.prior.as_ref().map_or(Value::Null, |object| object.value.clone()),
                planned: change.planned.clone(),
                config: if deletes { Value::Null } else { config.clone() },
                private: change.private.clone(),
            })
            .await?;
        let violations = conformance::applied(schema, &change.planned, &answer.state, answer.diagnostics.has_errors());
        let blamed = self.blame(&format!("applying {}", change.type_name), violations, answer.legacy);
        Ok(reached(schema, change, answer, blamed))
    }
}

fn in_halves() -> Diagnostic {
    let detail = "A replacement is applied as a deletion and a creation, each on its own.";
    Diagnostic::error("Not to be applied in one", detail)
}

/// What to record after the answer to a request that was to change something.
fn reached(schema: &Schema, change: &Change, answer: Applied, blamed: Diagnostics) -> Outcome {
    let mut diagnostics = answer.diagnostics;
    diagnostics.extend(blamed);
    let failed = diagnostics.has_errors();
    // A state that does not conform cannot be stored: it counts as none.
    let storable = schema.ty().check(&answer.state).is_ok();
    let value = if storable { storable_part(schema, answer.state) } else { Value::Null };
    let object = match value {
        Value::Null if failed => change.prior.clone(),
        Value::Null => None,
        value => {
            let was_tainted = change.prior.as_ref().is_some_and(|object| object.tainted);
            let tainted = failed && (change.action == Action::Create || was_tainted);
            Some(Object { value, private: answer.private, tainted })
        }
    };
    Outcome { object, diagnostics }
}

/// What of a state can be stored: unknown and write-only values become null.
fn storable_part(schema: &Schema, state: Value) -> Value {
    let state = unknown_as_null(state);
    map_attributes(&schema.block, state, &|attribute, value| if attribute.write_only { Value::Null } else { value })
}

fn unknown_as_null(value: Value) -> Value {
    match value {
        Value::Unknown(_) => Value::Null,
        Value::List(elements) => Value::List(elements.into_iter().map(unknown_as_null).collect()),
        Value::Set(elements) => Value::set(elements.into_iter().map(unknown_as_null)),
        Value::Map(members) => {
            Value::Map(members.into_iter().map(|(key, value)| (key, unknown_as_null(value))).collect())
        }
        Value::Dynamic(inner) => match unknown_as_null(inner.1) {
            Value::Null => Value::Null,
            known => Value::Dynamic(Box::new((inner.0, known))),
        },
        known => known,
    }
}
