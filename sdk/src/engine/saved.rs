//! A plan in a file: what a later run may do at most. Closures of the program are not in it: the program runs again.

use std::collections::{BTreeMap, BTreeSet};

use disk::Digest;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::bound::{Bound, allows};
use super::plan::Preview;
use super::{Bounds, Engine};
use crate::event::Step;
use crate::vault::VaultError;

const VERSION: u32 = 1;

/// A saved plan: an upper bound for a later `up`. It names what may be done to which resource and the inputs as far as they
/// were known; secrets are sealed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    v: u32,
    stack: String,
    /// The last update that was recorded when it was made.
    position: u64,
    /// Stands for what the program declared.
    graph: String,
    steps: BTreeMap<String, PlanStep>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanStep {
    step: Step,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    goals: BTreeMap<String, Json>,
}

#[derive(Deserialize)]
struct Version {
    v: u32,
}

impl Plan {
    /// The plan as a file holds it.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// Reads what [`Plan::to_json`] gave.
    pub fn from_json(text: &str) -> Result<Self, crate::Error> {
        let unreadable = |error: serde_json::Error| crate::Error::Plan(format!("it cannot be read: {error}"));
        let Version { v } = serde_json::from_str(text).map_err(unreadable)?;
        if v > VERSION {
            let text = format!("it has version {v}, and this release reads up to {VERSION}; use the newer release");
            return Err(crate::Error::Plan(text));
        }
        serde_json::from_str(text).map_err(unreadable)
    }
}

fn place(address: &str) -> String {
    format!("plan/{address}")
}

impl Engine {
    fn graph_digest(&self) -> String {
        let nodes: Vec<_> = self.graph.addresses().zip(&self.edges).collect();
        Digest::of(format!("{nodes:?}").as_bytes()).to_string()
    }

    fn position(&self) -> u64 {
        self.base.updates.last().map_or(0, |update| update.id)
    }

    /// The plan that a preview is, to be saved.
    pub(crate) fn save(&self, stack: String, preview: &Preview) -> Result<Plan, VaultError> {
        let mut steps = BTreeMap::new();
        for (address, step) in &preview.steps {
            let bound = preview.bounds.get(address);
            let goals =
                bound.map(|bound| self.vault.seal_members(&place(address), bound.goals.clone(), &bound.secrets));
            let goals = goals.transpose()?.unwrap_or_default();
            steps.insert(address.clone(), PlanStep { step: *step, goals });
        }
        Ok(Plan { v: VERSION, stack, position: self.position(), graph: self.graph_digest(), steps })
    }

    /// The bounds that a saved plan sets, if what a fresh preview wants lies within them.
    pub(crate) fn within(&self, stack: &str, plan: &Plan, preview: &Preview) -> Result<Bounds, crate::Error> {
        let refuse = |text: String| Err(crate::Error::Plan(text));
        if plan.stack != stack {
            return refuse(format!("it is one of stack {}", plan.stack));
        }
        for (address, step) in &preview.steps {
            match plan.steps.get(address) {
                Some(planned) if allows(planned.step, *step) => {}
                Some(planned) => {
                    let was = planned.step;
                    return refuse(format!(
                        "it says {was} of {address}, and now it would be {step}; run preview again"
                    ));
                }
                None if *step == Step::Same => {}
                None => {
                    return refuse(format!(
                        "it leaves {address} as it is, and now it would be {step}; run preview again"
                    ));
                }
            }
        }
        let mut bounds = Bounds::new();
        for (address, planned) in &plan.steps {
            let opened = self.vault.open_members(&place(address), planned.goals.clone());
            let (goals, _) = opened.map_err(|error| crate::Error::Plan(error.to_string()))?;
            bounds.insert(address.clone(), Bound { step: planned.step, goals, secrets: BTreeSet::new() });
        }
        for (address, planned) in &preview.bounds {
            if let Some(bound) = bounds.get(address)
                && let Some((name, _)) =
                    planned.goals.iter().find(|(name, goal)| bound.goals.get(*name).is_some_and(|was| was != *goal))
            {
                return refuse(format!("`{name}` of {address} is not what it was in the plan; run preview again"));
            }
        }
        if self.graph_digest() != plan.graph {
            self.warn("the plan", "the program declares something else than when the plan was made");
        }
        Ok(bounds)
    }
}
