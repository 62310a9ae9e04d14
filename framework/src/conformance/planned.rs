//! What a plan is held to: rules 1 to 8.

use super::parts::{alike, element, entry, member};
use super::place::{Place, redact, show, show_all};
use super::{Rule, Violation, conform};
use crate::schema::{Attribute, Attributes, Block, BlockNesting, Mode, NestedBlock, Nesting, Shape};
use crate::{Path, Schema, Step, Value};

/// Checks a planned state, and the paths that need a new object, against the prior state and the configuration that
/// were sent with the request (rules 1 to 8).
///
/// # Assumptions
/// `prior` and `config` conform to `schema`, and `prior` is wholly known.
pub fn planned(schema: &Schema, prior: &Value, config: &Value, planned: &Value, replace: &[Path]) -> Vec<Violation> {
    let mut found = conform::conforms(schema, planned, Rule::PlanConforms);
    if planned.is_unknown() {
        found.push(Place::ROOT.violation(Rule::PlanConforms, "an object expected, not an unknown value"));
    }
    if found.is_empty() && planned.is_null() != config.is_null() {
        let message = match planned {
            Value::Null => "an object expected, for the configuration wants one, not null",
            _ => "null expected, for nothing is configured, not an object",
        };
        found.push(Place::ROOT.violation(Rule::PlanPresence, message));
    }
    if found.is_empty() && !planned.is_null() {
        found = conform::write_only(schema, planned, Rule::PlanWriteOnly);
        let mut check = Check { found };
        check.object(&schema.block, Trio { prior, config, planned }, &Place::ROOT);
        found = check.found;
        found.extend(replace_paths(prior, planned, replace));
    }
    redact(schema, found)
}

/// What stands at the same place in the prior state, the configuration and the plan.
#[derive(Clone, Copy)]
struct Trio<'v> {
    prior: &'v Value,
    config: &'v Value,
    planned: &'v Value,
}

impl<'v> Trio<'v> {
    fn each(self, part: impl Fn(&'v Value) -> &'v Value) -> Self {
        Self { prior: part(self.prior), config: part(self.config), planned: part(self.planned) }
    }

    fn attribute(self, name: &str) -> Self {
        self.each(|value| member(value, name))
    }

    fn element(self, index: usize) -> Self {
        self.each(|value| element(value, index))
    }

    fn entry(self, key: &str) -> Self {
        self.each(|value| entry(value, key).unwrap_or(&Value::Null))
    }
}

struct Check {
    found: Vec<Violation>,
}

impl Check {
    fn report(&mut self, place: &Place<'_>, rule: Rule, message: impl Into<String>) {
        self.found.push(place.violation(rule, message));
    }

    fn object(&mut self, block: &Block, at: Trio<'_>, place: &Place<'_>) {
        self.attributes(&block.attributes, at, place);
        for (name, nested) in &block.blocks {
            self.block(nested, at.attribute(name), &place.attribute(name));
        }
    }

    fn attributes(&mut self, attributes: &Attributes, at: Trio<'_>, place: &Place<'_>) {
        for (name, attribute) in attributes {
            self.attribute(attribute, at.attribute(name), &place.attribute(name));
        }
    }

    fn attribute(&mut self, attribute: &Attribute, at: Trio<'_>, place: &Place<'_>) {
        let Trio { prior, config, planned } = at;
        let as_configured = alike(planned, config);
        let as_before = !prior.is_null() && !config.is_null() && alike(planned, prior);
        // A value that is configured for an attribute that is only computed is there by mistake, and not the provider's.
        let computed = attribute.mode == Mode::Computed || (attribute.mode.is_computed() && config.is_null());
        // Whether write-only attributes are null is checked apart; they never equal their configuration.
        if as_configured || as_before || computed || attribute.write_only {
            return;
        }
        if config.is_null() {
            let message =
                format!("null expected, for the attribute is neither configured nor computed, not {}", show(planned));
            return self.report(place, Rule::PlanKeepsNull, message);
        }
        match &attribute.shape {
            Shape::Nested(nesting, inner) => self.nested(*nesting, inner, at, place),
            Shape::Plain(_) => {
                let prior = if prior.is_null() { String::new() } else { format!(" or the prior {}", show_all(prior)) };
                let (config, planned) = (show_all(config), show_all(planned));
                let message = format!("the configured {config}{prior} expected, not {planned}");
                self.report(place, Rule::PlanKeepsConfig, message);
            }
        }
    }

    /// A nested attribute that is configured and whose plan is not the configuration.
    fn nested(&mut self, nesting: Nesting, attributes: &Attributes, at: Trio<'_>, place: &Place<'_>) {
        let Trio { config, planned, .. } = at;
        if planned.is_null() || planned.is_unknown() {
            let message = format!("the configured value expected, not {}", planned.kind());
            return self.report(place, Rule::PlanNested, message);
        }
        if config.is_unknown() && matches!(nesting, Nesting::List | Nesting::Map) {
            return self.report(place, Rule::PlanNested, "an unknown value expected, as in the configuration");
        }
        match nesting {
            Nesting::Single => self.attributes(attributes, at, place),
            Nesting::List => {
                for index in 0..self.count(config, planned, Rule::PlanNested, place) {
                    self.attributes(attributes, at.element(index), &place.index(index));
                }
            }
            Nesting::Map => {
                for key in self.keys(config, planned, Rule::PlanNested, place) {
                    self.attributes(attributes, at.entry(key), &place.key(key));
                }
            }
            // The elements of a set have no identity by which the planned ones could be told to be the configured ones.
            Nesting::Set => self.set_size(config, planned, place),
        }
    }

    fn block(&mut self, nested: &NestedBlock, at: Trio<'_>, place: &Place<'_>) {
        let Trio { config, planned, .. } = at;
        if alike(planned, config) {
            return;
        }
        if config.is_unknown() || planned.is_unknown() {
            let message = if planned.is_unknown() {
                "blocks expected, not an unknown value: only attributes inside a block can be unknown"
            } else {
                "an unknown value expected, for the configuration does not know the blocks yet"
            };
            return self.report(place, Rule::PlanBlocks, message);
        }
        let single = matches!(nested.nesting, BlockNesting::Single | BlockNesting::Group);
        if planned.is_null() && !single {
            return self.report(place, Rule::PlanBlocks, "an empty collection of blocks expected, not null");
        }
        match nested.nesting {
            BlockNesting::Single | BlockNesting::Group => self.one_block(&nested.block, at, place),
            BlockNesting::List => {
                for index in 0..self.count(config, planned, Rule::PlanBlocks, place) {
                    self.one_block(&nested.block, at.element(index), &place.index(index));
                }
            }
            BlockNesting::Map => {
                for key in self.keys(config, planned, Rule::PlanBlocks, place) {
                    self.one_block(&nested.block, at.entry(key), &place.key(key));
                }
            }
            BlockNesting::Set => {
                for block in planned.as_elements().unwrap_or_default().iter().filter(|block| block.is_unknown()) {
                    self.report(&place.element(block), Rule::PlanBlocks, "a block expected, not an unknown value");
                }
            }
        }
    }

    fn one_block(&mut self, block: &Block, at: Trio<'_>, place: &Place<'_>) {
        match (at.config, at.planned) {
            (_, Value::Unknown(_)) => self.report(place, Rule::PlanBlocks, "a block expected, not an unknown value"),
            (Value::Null, Value::Null) => {}
            (_, Value::Null) => self.report(place, Rule::PlanBlocks, "the configured block expected, not null"),
            (Value::Null, _) => self.report(place, Rule::PlanBlocks, "null expected, for no block is configured"),
            _ => self.object(block, at, place),
        }
    }

    /// The number of elements that a list is configured and planned with, 0 when the two differ.
    fn count(&mut self, config: &Value, planned: &Value, rule: Rule, place: &Place<'_>) -> usize {
        let count = |list: &Value| list.as_elements().map_or(0, <[Value]>::len);
        if count(planned) != count(config) {
            let message = format!("the {} configured elements expected, not {}", count(config), count(planned));
            self.report(place, rule, message);
            return 0;
        }
        count(planned)
    }

    /// The keys that a map is configured and planned with.
    fn keys<'v>(&mut self, config: &'v Value, planned: &Value, rule: Rule, place: &Place<'_>) -> Vec<&'v str> {
        let keys = |map: &'v Value| map.as_map().into_iter().flat_map(|map| map.keys().map(String::as_str));
        let (kept, lost): (Vec<_>, Vec<_>) = keys(config).partition(|key| entry(planned, key).is_some());
        for key in lost {
            self.report(place, rule, format!("the configured key {key:?} is missing"));
        }
        for key in planned.as_map().into_iter().flatten().map(|(key, _)| key) {
            if entry(config, key).is_none() {
                self.report(place, rule, format!("the key {key:?} is not configured"));
            }
        }
        kept
    }

    fn set_size(&mut self, config: &Value, planned: &Value, place: &Place<'_>) {
        let (Some(configured), Some(elements)) = (config.as_elements(), planned.as_elements()) else { return };
        let ((least, most), (fewest, greatest)) = (sizes(configured), sizes(elements));
        if greatest < least || fewest > most {
            let message = format!("the {} configured elements expected, not {}", configured.len(), elements.len());
            self.report(place, Rule::PlanNested, message);
        }
    }
}

/// The least and the greatest number of elements that a set can have when all of it is known.
fn sizes(elements: &[Value]) -> (usize, usize) {
    let known = elements.iter().filter(|element| element.is_wholly_known()).count();
    (known.max(elements.len().min(1)), elements.len())
}

fn replace_paths(prior: &Value, planned: &Value, replace: &[Path]) -> Vec<Violation> {
    // The creation of an object replaces nothing: what its plan says of replacement is not looked at.
    let replace = if prior.is_null() { &[] } else { replace };
    let missing = |path: &&Path| reach(prior, path) == Reach::Nothing && reach(planned, path) == Reach::Nothing;
    let violation = |path: &Path| {
        let message = "the path needs a new object but leads to nothing, neither before nor after the change";
        Violation { rule: Rule::ReplacePaths, path: path.clone(), message: message.to_owned() }
    };
    replace.iter().filter(missing).map(violation).collect()
}

/// Where a path leads in a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach<'v> {
    /// To this part.
    Part(&'v Value),
    /// Into a part that is unknown.
    Unknown,
    /// Nowhere.
    Nothing,
}

/// Follows `path` into `value`.
pub(crate) fn reach<'v>(value: &'v Value, path: &Path) -> Reach<'v> {
    let mut value = value;
    for step in path.steps() {
        if let Value::Dynamic(inner) = value {
            value = &inner.1;
        }
        let part = match (step, value) {
            (_, Value::Unknown(_)) => return Reach::Unknown,
            (Step::Attribute(name) | Step::Key(name), Value::Map(members)) => members.get(name),
            (Step::Index(index), Value::List(elements)) => {
                usize::try_from(*index).ok().and_then(|index| elements.get(index))
            }
            (Step::Element(element), Value::Set(elements)) => elements.iter().find(|candidate| *candidate == element),
            _ => None,
        };
        let Some(part) = part else { return Reach::Nothing };
        value = part;
    }
    Reach::Part(value)
}
