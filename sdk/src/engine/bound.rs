//! A plan as an upper bound: what may be done, and towards what.

use std::collections::{BTreeMap, BTreeSet};

use framework::{Diagnostic, Diagnostics, Path, json};
use serde_json::Value as Json;

use super::load::known_members;
use super::plan::Planned;
use crate::event::Step;

/// What a plan allows for one resource. Doing less is no violation, nor is being there already.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bound {
    pub(crate) step: Step,
    /// The inputs, as far as they were known.
    pub(crate) goals: BTreeMap<String, Json>,
    /// The attributes that are secret and have a value, or may get one.
    pub(crate) secrets: BTreeSet<String>,
}

/// What a plan allows, by address; resources that it does not name stay as they are.
pub(crate) type Bounds = BTreeMap<String, Bound>;

impl Bound {
    /// The bound that a plan of one resource is.
    pub(crate) fn of(planned: &Planned) -> Self {
        let secrets = planned.secrets.iter().filter(|name| !planned.value.member(name).is_null()).cloned().collect();
        Self { step: planned.step, goals: known_members(&planned.evaluated.config), secrets }
    }

    /// Refuses what goes beyond it.
    pub(crate) fn check(&self, planned: &Planned) -> Result<(), Diagnostics> {
        if !allows(self.step, planned.step) {
            let (was, now) = (self.step, planned.step);
            let detail = format!("The plan says {was}, and now it would be {now}. Run preview again.");
            return Err(Diagnostic::error("More than was planned", detail).into());
        }
        for (name, goal) in &self.goals {
            let value = planned.evaluated.config.member(name);
            if json::to_json(value).as_ref() != Some(goal) {
                let detail = "The input is not what it was in the plan. If a function of the program computes it, it gives \
                              different results for the same inputs; otherwise run preview again.";
                return Err(Diagnostic::error("Not what was planned", detail).at(Path::of(name)).into());
            }
        }
        Ok(())
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
