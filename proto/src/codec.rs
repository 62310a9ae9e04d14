//! Values on the wire: what a `DynamicValue` holds, read and written by the type that the schema gives.

pub mod msgpack;

use framework::json::{self, JsonError};
use framework::{Path, Step, Type, Value};

use crate::generated::tfplugin6::DynamicValue;

/// Why bytes are not a value of the type asked for, or a value cannot be written as one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {problem}", self.path())]
pub struct CodecError {
    /// From the innermost step out.
    steps: Vec<Step>,
    problem: Problem,
}

/// What is wrong with the bytes or the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The bytes end inside a value.
    #[error("the bytes end in the middle of a value")]
    Truncated,
    /// More bytes follow the value.
    #[error("{0} bytes follow the value")]
    Trailing(usize),
    /// Values nest deeper than [`msgpack::MAX_DEPTH`].
    #[error("values nest deeper than {} levels", msgpack::MAX_DEPTH)]
    TooDeep,
    /// A text, list or map is longer than its notation can say.
    #[error("longer than the encoding allows")]
    TooLong,
    /// Something else stands where a value of a type was expected.
    #[error("{expected} expected, not {found}")]
    Type {
        /// What was expected.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// Not JSON.
    #[error("not JSON: {0}")]
    Json(String),
}

impl CodecError {
    /// The part of the value that is wrong. Elements of sets have no address: for those it is the set.
    pub fn path(&self) -> Path {
        self.steps.iter().rev().cloned().collect()
    }

    /// What is wrong there.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// The same error, seen from one step further out.
    fn inside(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// The same error, seen from the set that holds the element.
    fn in_set(mut self) -> Self {
        self.steps.clear();
        self
    }
}

impl From<Problem> for CodecError {
    fn from(problem: Problem) -> Self {
        Self { steps: Vec::new(), problem }
    }
}

impl From<JsonError> for CodecError {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::Syntax(error) => Problem::Json(error.to_string()).into(),
            JsonError::Type { path, expected } => {
                let problem = Problem::Type { expected, found: "something else".to_owned() };
                Self { steps: path.steps().iter().rev().cloned().collect(), problem }
            }
        }
    }
}

/// Reads a value of type `ty`; what is absent is null.
pub(crate) fn from_wire(value: Option<&DynamicValue>, ty: &Type) -> Result<Value, CodecError> {
    match value {
        Some(value) if !value.msgpack.is_empty() => msgpack::decode(&value.msgpack, ty),
        Some(value) if !value.json.is_empty() => Ok(json::decode(&value.json, ty)?),
        _ => Ok(Value::Null),
    }
}

/// Writes a value of type `ty`.
pub(crate) fn to_wire(value: &Value, ty: &Type) -> Result<DynamicValue, CodecError> {
    Ok(DynamicValue { msgpack: msgpack::encode(value, ty)?.into(), ..DynamicValue::default() })
}
