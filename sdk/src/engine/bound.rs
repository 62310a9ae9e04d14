//! A plan as an upper bound: what may be done, and towards what.

use std::collections::{BTreeMap, BTreeSet};

use framework::host::{Change, Host};
use framework::{Diagnostic, Diagnostics, Path, json};
use serde_json::Value as Json;

use super::plan::Planned;
use crate::event::Step;
use crate::providers::diagnostics;

/// What a plan allows for one resource. Doing less is no violation, nor is being there already.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bound {
    pub(crate) step: Step,
    /// The inputs, as far as they were known.
    pub(crate) goals: BTreeMap<String, Json>,
    /// The inputs that were not known.
    pub(crate) unknown: BTreeSet<String>,
    /// The attributes that are secret and have a value, or may get one.
    pub(crate) secrets: BTreeSet<String>,
    /// What the provider said.
    pub(crate) change: Option<Change>,
}

/// What a plan allows, by address; resources that it does not name stay as they are.
pub(crate) type Bounds = BTreeMap<String, Bound>;

impl Bound {
    /// The bound that a plan of one resource is; takes the change from it.
    pub(crate) fn of(planned: &mut Planned) -> Self {
        let secrets = planned.secrets.iter().filter(|name| !planned.value.member(name).is_null()).cloned().collect();
        let (goals, change) = (planned.evaluated.recorded(), planned.change.take());
        let members = planned.evaluated.config.as_map().into_iter().flatten();
        let unknown = members.filter(|(_, value)| !value.is_wholly_known()).map(|(name, _)| name.clone()).collect();
        Self { step: planned.step, goals, unknown, secrets, change }
    }

    /// Refuses what goes beyond it, and a provider that does not keep what it said.
    fn check(&self, planned: &Planned, host: &Host) -> Result<(), Diagnostics> {
        if !allows(self.step, planned.step) {
            let (was, now) = (self.step, planned.step);
            let detail = format!("The plan says {was}, and now it would be {now}. Run preview again.");
            return Err(Diagnostic::error("More than was planned", detail).into());
        }
        for (name, value) in planned.evaluated.config.as_map().into_iter().flatten() {
            let allowed = match self.goals.get(name) {
                Some(goal) => json::to_json(value).as_ref() == Some(goal),
                None => value.is_null() || self.unknown.contains(name) || planned.evaluated.write_only.contains(name),
            };
            if !allowed {
                let detail = "The input is not what it was in the plan. If a function of the program computes it, it gives \
                              different results for the same inputs; otherwise run preview again.";
                return Err(Diagnostic::error("Not what was planned", detail).at(Path::of(name)).into());
            }
        }
        match (&self.change, &planned.change) {
            (Some(first), Some(second)) if first.action == second.action && first.prior == second.prior => {
                host.hold_to_plan(first, second).map_err(diagnostics)
            }
            _ => Ok(()),
        }
    }
}

/// Refuses what these bounds do not allow for the resource at this address.
pub(super) fn hold(bounds: &Bounds, address: &str, planned: &Planned, host: &Host) -> Result<(), Diagnostics> {
    match bounds.get(address) {
        Some(bound) => bound.check(planned, host),
        None if planned.step == Step::Same => Ok(()),
        None => {
            let detail =
                format!("The plan leaves it as it is, and now it would be {}. Run preview again.", planned.step);
            Err(Diagnostic::error("More than was planned", detail).into())
        }
    }
}

/// Whether a plan that says `planned` allows `now`.
pub(super) fn allows(planned: Step, now: Step) -> bool {
    use Step::{Create, DeleteThenCreate, Import, Read, Replace, Same, Update};
    planned == now
        || match now {
            Same | Read => true,
            Update => matches!(planned, Replace | DeleteThenCreate | Import),
            // Its object vanished in between, or it was half-way through: making it is what remains.
            Create => matches!(planned, Replace | DeleteThenCreate),
            _ => false,
        }
}
