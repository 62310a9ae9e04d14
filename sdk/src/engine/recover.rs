//! What a run that was killed left: operations that began, and of which nobody recorded an end.

use std::collections::{BTreeMap, BTreeSet};

use framework::host::{self, Object};
use framework::{Diagnostic, Diagnostics, Path, Value, json};
use serde_json::Value as Json;

use super::load::vault_error;
use super::operate::Stopped;
use super::{Engine, Ledger, Problem};
use crate::providers::diagnostics;
use crate::state::{Change, Operation, Pending};

impl Engine {
    /// Finds out what became of each, and records it. The problems are those that a person must decide.
    pub(crate) async fn recover(&self, ledger: &Ledger) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (id, pending) in &self.base.pending {
            let recovered = match pending.operation {
                Operation::Create => self.recover_create(ledger, *id, pending).await,
                Operation::Update | Operation::Delete => self.recover_recorded(ledger, *id, pending).await,
            };
            if let Err(stopped) = recovered {
                let diagnostics = stopped.diagnostics();
                self.tell(Some(&pending.address), &diagnostics);
                problems.push(Problem { address: Some(pending.address.clone()), location: None, diagnostics });
            }
        }
        problems
    }

    /// Reads the object that was being changed or removed.
    async fn recover_recorded(&self, ledger: &Ledger, id: u64, pending: &Pending) -> Result<(), Stopped> {
        let mut changes = Vec::new();
        if let Some(resource) = self.base.resources.get(&pending.resource) {
            let instance = self.providers.get(&resource.provider)?;
            if let Some((object, secrets)) = self.load(instance, resource).await? {
                let answer = instance.host.refresh(&resource.type_name, &object).await.map_err(diagnostics)?;
                self.tell(Some(&resource.address), &answer.diagnostics);
                changes.push(self.found(resource, answer.value.as_ref(), &secrets)?);
            }
        }
        self.warn(&pending.address, "an earlier run ended in the middle of an operation on it; it was looked at again");
        Ok(ledger.end(id, changes, Some("interrupted".to_owned())).await?)
    }

    /// Asks the provider for the object that was being made.
    async fn recover_create(&self, ledger: &Ledger, id: u64, pending: &Pending) -> Result<(), Stopped> {
        let instance = self.providers.get(&pending.provider)?;
        let (schema, info) = instance.resource(&pending.type_name)?;
        let place = format!("{}/pending", pending.resource);
        let open =
            |members: &BTreeMap<String, Json>| self.vault.open_members(&place, members.clone()).map_err(vault_error);
        let ((config, mut secrets), (planned, more)) = (open(&pending.config)?, open(&pending.planned)?);
        secrets.extend(more);
        let whole = |members: &BTreeMap<String, Json>, absent: Value| {
            schema
                .block
                .attributes
                .keys()
                .chain(schema.block.blocks.keys())
                .map(|name| {
                    let path = Path::of(name);
                    let ty = match &info.ty {
                        framework::Type::Object(types) => types.get(name),
                        _ => None,
                    };
                    let value = match (members.get(name), ty) {
                        (Some(json), Some(ty)) => json::from_json(json, ty).map_err(|error| {
                            Diagnostics::from(
                                Diagnostic::error("A pending create cannot be read", error.to_string()).at(path),
                            )
                        })?,
                        _ => absent.clone(),
                    };
                    Ok((name.clone(), value))
                })
                .collect::<Result<BTreeMap<String, Value>, Diagnostics>>()
        };
        let mut both = config.clone();
        both.extend(planned);
        let known_null = |value: &Value, name: &String| {
            // Inputs that were not given are null; what only apply gives is not known.
            let input = schema.block.attributes.get(name).is_none_or(|attribute| attribute.mode.is_input());
            if value.is_unknown() && input { Value::Null } else { value.clone() }
        };
        let planned = whole(&both, Value::UNKNOWN)?;
        let planned = Value::Map(planned.iter().map(|(name, value)| (name.clone(), known_null(value, name))).collect());
        let config = Value::Map(whole(&config, Value::Null)?);
        match instance.host.locate(&pending.type_name, &config, &planned).await.map_err(diagnostics)? {
            host::Located::Unsupported => Err(undecided(pending, id).into()),
            host::Located::Absent => Ok(ledger.end(id, Vec::new(), Some("interrupted".to_owned())).await?),
            host::Located::Found(object) => {
                self.warn(&pending.address, "an earlier run was killed after making it; it was found, and is recorded");
                let changes = self.located(pending, &object, &secrets)?;
                ledger.count(|counts| counts.created += 1);
                Ok(ledger.end(id, changes, None).await?)
            }
        }
    }

    /// The changes that record an object that was found. What it was made for may have changed, so the next plan asks.
    fn located(
        &self,
        pending: &Pending,
        object: &Object,
        secrets: &BTreeSet<String>,
    ) -> Result<Vec<Change>, Diagnostics> {
        let Some(goal) = &pending.goal else { return Ok(Vec::new()) };
        let mut goal = (**goal).clone();
        goal.dependencies.retain(|id| self.base.resources.contains_key(id));
        goal.deleted_with = goal.deleted_with.filter(|id| self.base.resources.contains_key(id));
        let mut changes = vec![self.found(&goal, Some(object), secrets)?];
        let replaced = self.base.live(&goal.address).filter(|replaced| replaced.id != goal.id);
        if let Some(replaced) = replaced {
            changes.push(Change::Put(Box::new(crate::state::Resource { outgoing: true, ..replaced.clone() })));
        }
        Ok(changes)
    }
}

fn undecided(pending: &Pending, id: u64) -> Diagnostics {
    let Pending { address, type_name, .. } = pending;
    let detail = format!(
        "An earlier run ended while it made this {type_name}, and the provider cannot tell whether it exists. Look at it \
         yourself. If it exists, run `import {address} ID`; if not, run `state clear-pending {id}`."
    );
    Diagnostic::error("A create may or may not have happened", detail).into()
}
