//! Where in states and plans secrets stand.

use serde_json::Value as Json;

use super::is_sealed;
use crate::secrets::{Error, Place};
use crate::state::{Resource, State};

/// The parts of a resource in which secrets are sealed.
pub(crate) const INPUTS: &str = "inputs";
pub(crate) const OBJECT: &str = "object";
pub(crate) const PRIVATE: &str = "private";
/// The same of a pending create.
pub(crate) const PENDING_CONFIG: &str = "pending/config";
pub(crate) const PENDING_PLANNED: &str = "pending/planned";

/// Where a group of members stands.
#[derive(Clone, Copy)]
pub(crate) enum Group<'a> {
    /// A part of the resource with this id.
    Resource(u64, &'a str),
    /// A part of the saved plan with this id.
    Plan(&'a str, &'a str),
    /// Exported outputs.
    Exports,
    /// The configuration of the provider instance of this name.
    Provider(&'a str),
}

impl Group<'_> {
    /// Calls `with` the place of a member.
    pub(super) fn place<T>(self, name: &str, with: impl FnOnce(Place<'_>) -> T) -> T {
        let path = |group: &str| if name.is_empty() { group.to_owned() } else { format!("{group}/{name}") };
        match self {
            Self::Resource(id, group) => with(Place::resource(&id.to_string(), &path(group))),
            Self::Plan(id, group) => with(Place::plan(id, &path(group))),
            Self::Exports => with(Place::export(name)),
            // Ids of resources are numbers.
            Self::Provider(instance) => with(Place::resource(&format!("provider {instance}"), name)),
        }
    }
}

/// Shows every sealed value of a state to `see`, with its place, to be changed.
pub(crate) fn each_sealed(
    state: &mut State,
    mut see: impl FnMut(Place<'_>, &mut Json) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut see = |group: Group<'_>, name: &str, value: &mut Json| {
        if is_sealed(value) { group.place(name, |place| see(place, value)) } else { Ok(()) }
    };
    for resource in state.resources.values_mut() {
        each_of_resource(resource, &mut see)?;
    }
    for pending in state.pending.values_mut() {
        for (part, members) in [(PENDING_CONFIG, &mut pending.config), (PENDING_PLANNED, &mut pending.planned)] {
            let group = Group::Resource(pending.resource, part);
            members.iter_mut().try_for_each(|(name, value)| see(group, name, value))?;
        }
        if let Some(goal) = &mut pending.goal {
            each_of_resource(goal, &mut see)?;
        }
    }
    for (instance, provider) in &mut state.providers {
        provider.config.iter_mut().try_for_each(|(name, value)| see(Group::Provider(instance), name, value))?;
    }
    state.exports.iter_mut().try_for_each(|(name, value)| see(Group::Exports, name, value))
}

fn each_of_resource(
    resource: &mut Resource,
    see: &mut impl FnMut(Group<'_>, &str, &mut Json) -> Result<(), Error>,
) -> Result<(), Error> {
    let group = |part| Group::Resource(resource.id, part);
    for (name, input) in &mut resource.inputs {
        see(group(INPUTS), name, &mut input.value)?;
    }
    if let Some(object) = &mut resource.object {
        object.value.iter_mut().try_for_each(|(name, value)| see(group(OBJECT), name, value))?;
        see(group(PRIVATE), "", &mut object.private)?;
    }
    Ok(())
}
