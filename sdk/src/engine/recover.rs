//! What a run that was killed left: operations that began, and of which nobody recorded an end.

use std::collections::{BTreeMap, BTreeSet};

use framework::host::{self, Object};
use framework::{Diagnostic, Diagnostics, Path, Schema, Type, Value, json};
use serde_json::Value as Json;

use super::load::vault_error;
use super::operate::Stopped;
use super::pattern;
use super::subject::about;
use super::{Engine, Ledger, Problem};
use crate::providers::{Instance, diagnostics};
use crate::state::{Change, Operation, Pending, Resource};
use crate::vault::{Group, PENDING_CONFIG, PENDING_PLANNED};

impl Engine {
    /// Finds out what became of each until the run is asked to stop, and records it. The problems are those that a person must
    /// decide.
    pub(crate) async fn recover(&self, ledger: &Ledger) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (id, pending) in self.base.pending.iter().take_while(|_| !self.stopper.is_stopping()) {
            let recovered = async {
                match pending.operation {
                    Operation::Create => self.recover_create(ledger, *id, pending).await,
                    Operation::Update | Operation::Delete => self.recover_recorded(ledger, *id, pending).await,
                }
            };
            if let Err(stopped) = about(&pending.address, recovered).await {
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
        // Another pending operation may have changed it: a replacement that was found.
        if let Some(resource) = ledger.look(|state| state.resources.get(&pending.resource).cloned()) {
            let instance = self.providers.get(&resource.provider)?;
            if let Some((object, secrets)) = self.load(instance, &resource).await? {
                let answer = self.look_at(instance, &resource.type_name, &resource.address, &object).await?;
                self.tell(Some(&resource.address), &answer.diagnostics);
                changes.push(self.found(&resource, answer.value.as_ref(), &secrets).await?);
            }
        }
        self.warn(&pending.address, "an earlier run ended in the middle of an operation on it; it was looked at again");
        Ok(ledger.end(id, changes, Some("interrupted".to_owned())).await?)
    }

    /// Asks the provider for the object that was being made.
    async fn recover_create(&self, ledger: &Ledger, id: u64, pending: &Pending) -> Result<(), Stopped> {
        let instance = self.providers.get(&pending.provider)?;
        let (schema, info) = instance.resource(&pending.type_name)?;
        let open = async |part, members| {
            let group = Group::Resource(pending.resource, part);
            self.vault.open_members(group, members, |_| true).await.map_err(vault_error)
        };
        let (config, mut secrets) = open(PENDING_CONFIG, &pending.config).await?;
        let (planned, more) = open(PENDING_PLANNED, &pending.planned).await?;
        secrets.extend(more);
        let inputs = secrets.iter().filter_map(|name| config.get(name));
        let outputs = info.sensitive.iter().filter_map(|name| planned.get(name));
        inputs.chain(outputs).for_each(|secret| self.vault.learn(secret));
        let mut both = config.clone();
        both.extend(planned);
        // Inputs that were not given are null; what only apply gives is not known.
        let is_input = |name: &str| schema.block.attributes.get(name).is_none_or(|attribute| attribute.mode.is_input());
        let planned =
            object(schema, &info.ty, &both, |name| if is_input(name) { Value::Null } else { Value::UNKNOWN })?;
        let config = object(schema, &info.ty, &config, |_| Value::Null)?;
        match instance.locate(&pending.type_name, &config, &planned).await.map_err(diagnostics)? {
            host::Located::Unsupported => Err(undecided(pending, id).into()),
            host::Located::Found(object) if !self.is_replaced_one(instance, pending, &object).await? => {
                self.warn(&pending.address, "an earlier run was killed after making it; it was found, and is recorded");
                let changes = self.located(pending, &object, &secrets).await?;
                ledger.count(|counts| counts.created += 1);
                Ok(ledger.end(id, changes, None).await?)
            }
            host::Located::Absent | host::Located::Found(_) => {
                Ok(ledger.end(id, Vec::new(), Some("interrupted".to_owned())).await?)
            }
        }
    }

    /// Whether what was found is the recorded object that the new one was to replace, with the same configuration.
    async fn is_replaced_one(
        &self,
        instance: &Instance,
        pending: &Pending,
        object: &Object,
    ) -> Result<bool, Diagnostics> {
        let replaced = self.base.live(&pending.address);
        let replaced = replaced.filter(|live| live.id != pending.resource && live.provider == pending.provider);
        let Some(replaced) = replaced else { return Ok(false) };
        Ok(self.load(instance, replaced).await?.is_some_and(|(recorded, _)| recorded == *object))
    }

    /// The changes that record an object that was found. What it was made for may have changed, so the next plan asks.
    pub(super) async fn located(
        &self,
        pending: &Pending,
        object: &Object,
        secrets: &BTreeSet<String>,
    ) -> Result<Vec<Change>, Diagnostics> {
        let Some(goal) = &pending.goal else { return Ok(Vec::new()) };
        let mut goal = (**goal).clone();
        self.drop_vanished(&mut goal);
        let mut changes = vec![self.found(&goal, Some(object), secrets).await?];
        let replaced = self.base.live(&goal.address).filter(|replaced| replaced.id != goal.id);
        if let Some(replaced) = replaced {
            changes.push(Change::Put(Box::new(Resource { outgoing: true, ..replaced.clone() })));
        }
        Ok(changes)
    }

    /// Takes from a resource that was about to be recorded what is not recorded by now.
    pub(super) fn drop_vanished(&self, resource: &mut Resource) {
        let recorded = |id: &u64| self.base.resources.contains_key(id);
        resource.dependencies.retain(recorded);
        resource.deleted_with = resource.deleted_with.filter(recorded);
        resource.parent = resource.parent.filter(recorded);
    }
}

/// The object of a type that has these members; what has none is as `absent` says.
fn object(
    schema: &Schema,
    ty: &Type,
    members: &BTreeMap<String, Json>,
    absent: impl Fn(&str) -> Value,
) -> Result<Value, Diagnostics> {
    let Type::Object(types) = ty else { return Err(Diagnostic::bug("The type of a resource is no object.").into()) };
    let member = |name: &str| {
        let value = match (members.get(name), types.get(name)) {
            (Some(json), Some(ty)) => json::from_json(json, ty).map_err(|error| {
                let detail = format!(
                    "{error}. Look at the object yourself: `import` takes it in when it exists, `state clear-pending` \
                     forgets the create when not."
                );
                Diagnostic::error("What a killed run was making cannot be read", detail).at(Path::of(name))
            })?,
            _ => absent(name),
        };
        Ok((name.to_owned(), value))
    };
    Ok(Value::Map(pattern::attributes(schema).into_iter().map(member).collect::<Result<_, Diagnostics>>()?))
}

fn undecided(pending: &Pending, id: u64) -> Diagnostics {
    let Pending { address, type_name, .. } = pending;
    let detail = format!(
        "An earlier run ended while it made this {type_name}, and the provider cannot tell whether it exists. Look at it \
         yourself. If it exists, run `import {address} ID`; if not, run `state clear-pending {id}`."
    );
    Diagnostic::error("A create may or may not have happened", detail).into()
}
