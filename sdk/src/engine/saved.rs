//! A plan in a file: what a later run may do at most. Closures of the program are not in it: the program runs again.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use disk::Digest;
use framework::declare::{Computed, Expr, Resolved};
use framework::json;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::bound::{Bound, allows};
use super::export::Export;
use super::load::known_members;
use super::preview::Preview;
use super::{Bounds, Engine};
use crate::event::Step;
use crate::secrets;
use crate::vault::Group;

const VERSION: u32 = 1;

/// The parts of a plan in which secrets are sealed.
const GOALS: &str = "goals";
const OUTPUTS: &str = "outputs";
const EXPORTS: &str = "exports";
const CHECK: &str = "check";

type Members = BTreeMap<String, Json>;

/// A saved plan: an upper bound for a later `up`. It names what may be done to which resource, and inputs, outputs and exports as
/// far as they were known; secrets are sealed for this plan. Where there is a key, a plan that was changed by hand is refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    v: u32,
    /// A random number, to which its secrets are bound.
    id: String,
    stack: String,
    /// What [`Scope::seed`](crate::Scope::seed) gave.
    seed: u64,
    /// The last update that was recorded when it was made.
    position: u64,
    /// Stands for what the program declared.
    graph: String,
    steps: BTreeMap<String, PlanStep>,
    /// The exports that were known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    exports: Members,
    /// Stands for all of the above, sealed where there is a key.
    check: Json,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanStep {
    step: Step,
    /// The inputs that were known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    goals: Members,
    /// The inputs that were not, which may become anything.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    unknown: BTreeSet<String>,
    /// What else of the planned state was known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    outputs: Members,
    /// For inputs that come through functions: what stands for all that the functions took.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    taken: BTreeMap<String, Digest>,
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
            return Err(refused(format!(
                "it has version {v}, and this release reads up to {VERSION}; use the newer release"
            )));
        }
        serde_json::from_str(text).map_err(unreadable)
    }

    /// What [`Scope::seed`](crate::Scope::seed) gave, and gives again.
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// Stands for all but the check.
    fn digest(&self) -> Json {
        let unchecked = Self { check: Json::Null, ..self.clone() };
        Digest::of(unchecked.to_json().as_bytes()).to_string().into()
    }
}

fn refused(text: String) -> crate::Error {
    crate::Error::Plan(text)
}

fn new_id() -> Result<String, crate::Error> {
    let mut id = [0; 8];
    aws_lc_rs::rand::fill(&mut id).map_err(|_| Arc::new(secrets::Error::Cipher))?;
    Ok(format!("{:016x}", u64::from_le_bytes(id)))
}

/// What a fresh preview has that is not what it was in the plan. What was not known in the plan may be anything.
fn differing<'a>(planned: &Members, fresh: &'a Members) -> Option<&'a String> {
    fresh.iter().find(|(name, value)| planned.get(*name).is_some_and(|was| was != *value)).map(|(name, _)| name)
}

fn known_exports(exports: &[Export]) -> Members {
    exports.iter().filter_map(|export| Some((export.name.clone(), json::to_json(&export.value)?))).collect()
}

impl Engine {
    fn graph_digest(&self) -> String {
        let nodes: Vec<_> = self.graph.addresses().zip(&self.edges).collect();
        Digest::of(format!("{nodes:?}").as_bytes()).to_string()
    }

    fn position(&self) -> u64 {
        self.base.updates.last().map_or(0, |update| update.id)
    }

    /// What of the planned state of a resource is known and no input, and what of it is secret.
    fn outputs(&self, preview: &Preview, address: &str) -> (Members, BTreeSet<String>) {
        let node = self.nodes.get(address);
        let given = node.zip(preview.results.as_ref()).and_then(|(node, results)| results[*node].get());
        let Some(given) = given else { return Default::default() };
        let mut outputs = known_members(&given.value);
        if let Some(bound) = preview.bounds.get(address) {
            outputs.retain(|name, value| !value.is_null() && bound.goals.get(name).is_none_or(Json::is_null));
        }
        (outputs, given.secrets.clone())
    }

    /// For the inputs of a resource that come through functions: what stands for all that the functions took. What is secret or
    /// unknown is left out.
    fn taken(&self, address: &str, preview: &Preview) -> BTreeMap<String, Digest> {
        let (Some(node), Some(results)) = (self.nodes.get(address), &preview.results) else { return BTreeMap::new() };
        let inputs = self.graph.nodes[*node].declaration().into_iter().flat_map(|declaration| &declaration.inputs);
        let digest = |(name, input): (&String, &Expr)| {
            let mut taken = Vec::new();
            input.functions(&mut |function| taken.push(Self::resolve(results, function.input())));
            let known = |taken: Result<Resolved, _>| {
                let Resolved { value, secret } = taken.ok()?;
                json::to_json(&value).filter(|_| !secret)
            };
            let taken: Vec<Json> = taken.into_iter().map(known).collect::<Option<_>>()?;
            let text = Json::from(taken).to_string();
            (text != "[]").then(|| (name.clone(), Digest::of(text.as_bytes())))
        };
        inputs.filter_map(digest).collect()
    }

    /// The plan that a preview is, to be saved. `exports` are those of [`Engine::exports`].
    pub(crate) async fn save(
        &self,
        stack: String,
        seed: u64,
        preview: &Preview,
        exports: &[Export],
    ) -> Result<Plan, crate::Error> {
        let id = new_id()?;
        let seal = async |part: &str, owner: &str, members: Members, secrets: &BTreeSet<String>| {
            let group = format!("{part}/{owner}");
            self.vault.seal_members(Group::Plan(&id, &group), members, secrets, None).await
        };
        let mut steps = BTreeMap::new();
        for (address, step) in &preview.steps {
            let (outputs, secret_outputs) = self.outputs(preview, address);
            let mut planned = PlanStep {
                step: *step,
                goals: Members::new(),
                unknown: BTreeSet::new(),
                outputs: seal(OUTPUTS, address, outputs, &secret_outputs).await?,
                taken: self.taken(address, preview),
            };
            if let Some(bound) = preview.bounds.get(address) {
                planned.goals = seal(GOALS, address, bound.goals.clone(), &bound.secrets).await?;
                planned.unknown.clone_from(&bound.unknown);
            }
            steps.insert(address.clone(), planned);
        }
        let secret = exports.iter().filter(|export| export.secret).map(|export| export.name.clone()).collect();
        let exports = seal(EXPORTS, "", known_exports(exports), &secret).await?;
        let (position, graph, check) = (self.position(), self.graph_digest(), Json::Null);
        let mut plan = Plan { v: VERSION, id, stack, seed, position, graph, steps, exports, check };
        plan.check = plan.digest();
        if self.vault.has_key() {
            plan.check = self.vault.seal(Group::Plan(&plan.id, CHECK), "", &plan.check, None).await?;
        }
        Ok(plan)
    }

    /// The bounds that a saved plan sets, if what a fresh preview wants lies within them. `exports` are those of the preview.
    pub(crate) async fn bounds_of(
        &self,
        stack: &str,
        plan: &Plan,
        preview: &Preview,
        exports: &[Export],
    ) -> Result<Bounds, crate::Error> {
        if plan.stack != stack {
            return Err(refused(format!("it is one of stack {}", plan.stack)));
        }
        if !self.is_as_saved(plan).await? {
            return Err(refused("it is not as it was saved; run `preview --save` again".to_owned()));
        }
        for (address, step) in &preview.steps {
            self.hold_to_step(address, *step, plan)?;
        }
        let open = async |part: &str, owner: &str, members: &Members| {
            let group = format!("{part}/{owner}");
            self.vault.open_members(Group::Plan(&plan.id, &group), members, |_| true).await.map(|(opened, _)| opened)
        };
        let mut bounds = Bounds::new();
        for (address, planned) in &plan.steps {
            let goals = open(GOALS, address, &planned.goals).await?;
            let fresh = preview.bounds.get(address);
            if let Some(name) = fresh.and_then(|fresh| differing(&goals, &fresh.goals)) {
                return Err(self.not_the_goal(address, name, planned, preview));
            }
            let outputs = open(OUTPUTS, address, &planned.outputs).await?;
            if let Some(name) = differing(&outputs, &self.outputs(preview, address).0) {
                let place = self.place_of(address);
                return Err(refused(format!(
                    "`{name}` of {place} is not what it was in the plan; run `preview --save` again"
                )));
            }
            let (step, unknown, secrets) = (planned.step, planned.unknown.clone(), BTreeSet::new());
            let change = fresh.and_then(|fresh| fresh.change.clone());
            bounds.insert(address.clone(), Bound { step, goals, unknown, secrets, change });
        }
        if let Some(name) = differing(&open(EXPORTS, "", &plan.exports).await?, &known_exports(exports)) {
            return Err(refused(format!("export {name:?} is not what it was in the plan; run `preview --save` again")));
        }
        self.tell_older(plan);
        Ok(bounds)
    }

    /// Whether nobody changed a plan by hand, as far as that can be seen.
    async fn is_as_saved(&self, plan: &Plan) -> Result<bool, crate::Error> {
        let opened = self.vault.open(Group::Plan(&plan.id, CHECK), "", plan.check.clone()).await;
        match opened {
            Ok((check, sealed)) => Ok(check == plan.digest() && (sealed || !self.vault.has_key())),
            Err(error) => match &*error {
                secrets::Error::Elsewhere { .. } | secrets::Error::Damaged { .. } => Ok(false),
                _ => Err(error.into()),
            },
        }
    }

    /// Refuses a step that a saved plan does not allow.
    fn hold_to_step(&self, address: &str, step: Step, plan: &Plan) -> Result<(), crate::Error> {
        let was = plan.steps.get(address).map_or(Step::Same, |planned| planned.step);
        if allows(was, step) {
            return Ok(());
        }
        let was = if was == Step::Same { "leaves it as it is".to_owned() } else { format!("says {was}") };
        let place = self.place_of(address);
        Err(refused(format!("for {place}, it {was}, and now it would be {step}; run `preview --save` again")))
    }

    /// The error about an input that is another than in the plan.
    fn not_the_goal(&self, address: &str, name: &str, planned: &PlanStep, preview: &Preview) -> crate::Error {
        let mut text = format!("`{name}` of {} is not what it was in the plan", self.place_of(address));
        let taken = planned.taken.get(name);
        if taken.is_some() && taken == self.taken(address, preview).get(name) {
            let functions = self.functions(address, name);
            let _ = write!(
                text,
                ", though it comes of the same: the function at {functions} must give the same for the same"
            );
        } else {
            text.push_str("; run `preview --save` again");
        }
        refused(text)
    }

    /// Where the functions stand that an input comes through.
    fn functions(&self, address: &str, name: &str) -> String {
        let mut places = Vec::new();
        let declaration = self.nodes.get(address).and_then(|node| self.graph.nodes[*node].declaration());
        let input = declaration.and_then(|declaration| declaration.inputs.get(name));
        let mut see = |function: &Computed| {
            let location = function.location();
            places.push(format!("{}:{}", location.file(), location.line()));
        };
        if let Some(input) = input {
            input.functions(&mut see);
        }
        places.join(" or ")
    }

    /// An address with where it is declared.
    fn place_of(&self, address: &str) -> String {
        let node = self.nodes.get(address).map(|node| &self.graph.nodes[*node]);
        node.map_or_else(|| address.to_owned(), |node| format!("{address} ({})", node.location()))
    }

    /// Says what changed since the plan was made and is no reason to refuse it.
    fn tell_older(&self, plan: &Plan) {
        let since = self.base.updates.iter().filter(|update| update.id > plan.position).count();
        if since > 0 {
            let runs = if since == 1 { "1 run was".to_owned() } else { format!("{since} runs were") };
            self.warn("the plan", format!("{runs} recorded since it was made; what it does not allow is not done"));
        }
        if self.graph_digest() != plan.graph {
            self.warn("the plan", "the program declares something else than when it was made");
        }
    }
}
