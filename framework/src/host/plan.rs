//! Planning: from recorded object and configuration to a [`Change`].

use super::change::{action, changed};
use super::{Action, Change, Error, Host, Object, accepted, proposed_new};
use crate::conformance;
use crate::provider::{Plan, Planned};
use crate::{Diagnostic, Diagnostics, Schema, Value};

impl Host {
    /// Plans what makes the object what `config` says. `prior` is what is recorded of it, after
    /// [`Host::upgrade`] and, unless the caller skips it, [`Host::refresh`].
    ///
    /// The configuration is validated first. A tainted object is planned as if it were not there, and replaced. When an
    /// attribute needs a new object, the plan is made again for one that is not there.
    pub async fn plan(&self, type_name: &str, prior: Option<&Object>, config: &Value) -> Result<Change, Error> {
        let schema = self.resource(type_name)?;
        if config.is_null() {
            let detail = "A plan needs a configuration. The removal of an object is planned as a destruction.";
            return Err(Diagnostic::error("No configuration", detail).into());
        }
        let mut diagnostics = self.validate_resource(type_name, config).await?;
        let kept = prior.filter(|object| !object.tainted);
        let (value, private) =
            kept.map_or((Value::Null, Vec::new()), |object| (object.value.clone(), object.private.clone()));
        let asked = Asked { type_name, schema, config };
        let first = self.ask(&asked, value.clone(), private).await?;
        let replace = changed(schema, &value, &first.state, first.replace);
        diagnostics.extend(first.diagnostics);
        let mut action = action(&value, &first.state, &replace);
        let (mut planned, mut private) = (first.state, first.private);
        if action == Action::Replace {
            // The warnings were in the first answer already.
            let second = self.ask(&asked, Value::Null, private).await?;
            (planned, private) = (second.state, second.private);
        } else if action == Action::Create && prior.is_some() {
            action = Action::Replace;
        }
        let (type_name, prior) = (type_name.to_owned(), prior.cloned());
        Ok(Change { type_name, action, prior, planned, replace, private, diagnostics })
    }

    /// Plans the removal of an object. The provider is asked only if it wants to be.
    pub async fn plan_destroy(&self, type_name: &str, object: &Object) -> Result<Change, Error> {
        let schema = self.resource(type_name)?;
        let mut change = Change {
            type_name: type_name.to_owned(),
            action: Action::Delete,
            prior: Some(object.clone()),
            planned: Value::Null,
            replace: Vec::new(),
            private: object.private.clone(),
            diagnostics: Diagnostics::new(),
        };
        if self.schemas().plans_destroy {
            let asked = Asked { type_name, schema, config: &Value::Null };
            let answer = self.ask(&asked, object.value.clone(), object.private.clone()).await?;
            (change.private, change.diagnostics) = (answer.private, answer.diagnostics);
        }
        Ok(change)
    }

    /// One planning request, its answer checked.
    async fn ask(&self, asked: &Asked<'_>, prior: Value, private: Vec<u8>) -> Result<Planned, Error> {
        let Asked { type_name, schema, config } = *asked;
        let request = Plan {
            type_name: type_name.to_owned(),
            prior: prior.clone(),
            proposed: proposed(schema, &prior, config),
            config: config.clone(),
            private,
        };
        let mut answer = self.provider.plan(request).await?;
        answer.diagnostics = accepted(answer.diagnostics)?;
        let violations = conformance::planned(schema, &prior, config, &answer.state, &answer.replace);
        let doing = if config.is_null() { "planning the destruction of" } else { "planning" };
        self.hold(&format!("{doing} {type_name}"), violations, answer.legacy)?;
        Ok(answer)
    }
}

/// What planning requests have in common.
struct Asked<'a> {
    type_name: &'a str,
    schema: &'a Schema,
    config: &'a Value,
}

fn proposed(schema: &Schema, prior: &Value, config: &Value) -> Value {
    // The destruction of an object proposes nothing.
    if config.is_null() { Value::Null } else { proposed_new(schema, prior, config) }
}
