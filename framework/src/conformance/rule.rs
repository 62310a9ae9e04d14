//! The rules by number and words, and what breaks them.

use std::fmt;

use crate::Path;

/// A rule that core holds providers to. The number of a rule, [`Rule::number`], stays the same for ever; numbers that
/// are missing belong to duties of core itself or to requests that the waist does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// A planned state conforms to the schema.
    PlanConforms = 1,
    /// A planned state is null exactly when the configuration is: the plan of a destruction is null, no other is.
    PlanPresence = 2,
    /// A planned value is the configured one, or the prior one where both prior and configuration give a value, or of
    /// the provider's choice where the attribute is computed and not configured.
    PlanKeepsConfig = 3,
    /// A value that is neither configured nor computed is planned as null.
    PlanKeepsNull = 4,
    /// The value of a write-only attribute is planned as null.
    PlanWriteOnly = 5,
    /// A nested attribute is planned as null exactly when its configuration is, is not planned as unknown when it is
    /// configured, and has the elements and keys of its configuration.
    PlanNested = 6,
    /// Nested blocks are never planned as unknown, collections of them never as null, and their counts and keys are
    /// those of the configuration.
    PlanBlocks = 7,
    /// Every path that is said to need a new object leads to a value before or after the change.
    ReplacePaths = 8,
    /// The plan that is made again at apply, when more is known, has the same action (an update may turn out to be
    /// nothing to do) and keeps every value that the first plan knew.
    PlanAgain = 10,
    /// An applied state conforms to the schema, is wholly known, and is null for write-only attributes.
    AppliedConforms = 11,
    /// Every value that the plan knew is applied as planned, and what it did not know becomes a value of the planned
    /// type within the planned bounds.
    AppliedKeepsPlan = 12,
    /// The elements of lists and maps are those that were planned; sets may lose elements that turned out to be equal,
    /// and never gain any.
    AppliedElements = 13,
    /// A destruction gives null, everything else gives an object.
    AppliedPresence = 14,
    /// A state that was read conforms to the schema, is wholly known, and is null for write-only attributes. A resource
    /// reads as null when it is gone, a data source never does.
    ReadConforms = 15,
    /// An upgraded state is an object that conforms to the schema, is wholly known, and is null for write-only
    /// attributes.
    UpgradeConforms = 16,
    /// An import gives exactly one object of the type that was asked for. It conforms to the schema, is wholly known,
    /// and is null for write-only attributes.
    ImportsOne = 17,
    /// A moved state is an object that conforms to the schema, is wholly known, and is null for write-only attributes.
    MoveConforms = 18,
}

impl Rule {
    /// All rules in the order of their numbers.
    pub const ALL: [Self; 17] = [
        Self::PlanConforms,
        Self::PlanPresence,
        Self::PlanKeepsConfig,
        Self::PlanKeepsNull,
        Self::PlanWriteOnly,
        Self::PlanNested,
        Self::PlanBlocks,
        Self::ReplacePaths,
        Self::PlanAgain,
        Self::AppliedConforms,
        Self::AppliedKeepsPlan,
        Self::AppliedElements,
        Self::AppliedPresence,
        Self::ReadConforms,
        Self::UpgradeConforms,
        Self::ImportsOne,
        Self::MoveConforms,
    ];

    /// The number of the rule.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// The rule in one short sentence.
    pub fn words(self) -> &'static str {
        match self {
            Self::PlanConforms => "a planned state conforms to the schema",
            Self::PlanPresence => "a planned state is null exactly when the configuration is",
            Self::PlanKeepsConfig => "a planned value is the configured one, the prior one, or computed",
            Self::PlanKeepsNull => "what is neither configured nor computed is planned as null",
            Self::PlanWriteOnly => "write-only attributes are planned as null",
            Self::PlanNested => "a nested attribute is planned with the shape of its configuration",
            Self::PlanBlocks => "nested blocks are planned with the shape of their configuration",
            Self::ReplacePaths => "paths that need a new object exist",
            Self::PlanAgain => "the plan made again at apply agrees with the first",
            Self::AppliedConforms => "an applied state conforms to the schema and is wholly known",
            Self::AppliedKeepsPlan => "what was planned is what is applied",
            Self::AppliedElements => "elements neither vanish nor appear at apply",
            Self::AppliedPresence => "a destruction gives null, everything else an object",
            Self::ReadConforms => "a state that was read conforms to the schema and is wholly known",
            Self::UpgradeConforms => "an upgraded state is a conforming, wholly known object",
            Self::ImportsOne => "an import gives one conforming object of the type asked for",
            Self::MoveConforms => "a moved state is a conforming, wholly known object",
        }
    }

    /// Whether core only logs a breach by a provider that says that it is built on an SDK of old.
    pub fn is_waived_for_legacy(self) -> bool {
        matches!(
            self,
            Self::PlanKeepsConfig
                | Self::PlanKeepsNull
                | Self::PlanNested
                | Self::PlanBlocks
                | Self::AppliedKeepsPlan
                | Self::AppliedElements
        )
    }
}

/// Prints number and words: `rule 4, what is neither configured nor computed is planned as null`.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule {}, {}", self.number(), self.words())
    }
}

/// A breach of a rule in an answer of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The rule that was broken.
    pub rule: Rule,
    /// Where in the value.
    pub path: Path,
    /// What stands there and what should.
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.path, self.message, self.rule)
    }
}
