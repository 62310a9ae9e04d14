//! What a case can be asked to do.

use crate::{Plan, State};

/// One step of a case. Each mode has the options that mean something in it, and no others.
#[derive(Debug, Clone, Copy)]
pub enum Step<'a> {
    /// Plans a configuration, applies that plan, and finds nothing left to do, before a refresh and after it.
    Apply(Config<'a>),
    /// Plans a configuration and finds nothing to do.
    Plan(Config<'a>),
    /// Destroys everything.
    Destroy,
    /// Imports with the command. What is left to do then is for the test to say.
    Import {
        /// The configuration, which has the resource.
        config: &'a str,
        /// Where the object shall be in the state.
        address: &'a str,
        /// What names the object.
        id: &'a str,
    },
    /// Imports with an `import` block, as part of an apply.
    ImportBlock {
        /// The configuration, with the block.
        config: Config<'a>,
        /// Where the object shall be in the state.
        address: &'a str,
    },
    /// Brings the state in line with the world and changes nothing else.
    Refresh,
}

/// A configuration to plan or to apply.
#[derive(Debug, Clone, Copy)]
pub struct Config<'a> {
    pub(crate) text: &'a str,
    pub(crate) args: &'a [&'a str],
    pub(crate) settles: bool,
}

impl<'a> Config<'a> {
    /// The text of `main.tf`.
    pub fn of(text: &'a str) -> Self {
        Self { text, args: &[], settles: true }
    }

    /// Arguments of the plan, such as `-replace=...`.
    #[must_use]
    pub fn with(self, args: &'a [&'a str]) -> Self {
        Self { args, ..self }
    }

    /// Something is left to do. After an apply it must be so before a refresh and after it.
    #[must_use]
    pub fn expect_non_empty_plan(self) -> Self {
        Self { settles: false, ..self }
    }
}

/// What a step did.
#[derive(Debug, Clone)]
pub struct Done {
    /// The plan that was applied; where none was, the plan afterwards.
    pub plan: Plan,
    /// That plan as people read it.
    pub text: String,
    /// The warnings in it, unwrapped; empty when there are none.
    pub warnings: String,
    /// The state afterwards.
    pub state: State,
}
