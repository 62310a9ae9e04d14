//! What an object knows of the type of one attribute.

use crate::attributes::Field;
use crate::schema::{Attribute, Check, Mode, Rules, Shape};
use crate::{Diagnostics, Path, Value};

/// Whether two known values mean the same.
type Same = fn(&Value, &Value) -> bool;

/// All that [`Field`] says of a type, as values. The derive asks for it once for each field, so that a type that is no
/// `Field` is one error and not one for each use.
#[derive(Debug, Clone, Copy)]
pub struct Slot<T> {
    required: bool,
    shape: fn() -> Shape,
    checks: fn() -> Vec<Check>,
    same: fn() -> Option<Same>,
    from_value: fn(&Value, &Path) -> Result<T, Diagnostics>,
    to_value: fn(&T) -> Value,
}

/// The slot of an `Option`, and that of what it holds.
#[derive(Debug, Clone, Copy)]
pub struct OptionSlot<T> {
    /// The slot of the `Option`.
    pub whole: Slot<Option<T>>,
    /// The slot of what it holds.
    pub inner: Slot<T>,
}

/// The slot for an attribute of type `T`.
pub const fn slot<T: Field>() -> Slot<T> {
    Slot {
        required: T::REQUIRED,
        shape: T::shape,
        checks: T::checks,
        same: T::same,
        from_value: T::from_value,
        to_value: T::to_value,
    }
}

/// The slots for an attribute of type `Option<T>`.
pub const fn option_slot<T: Field>() -> OptionSlot<T> {
    OptionSlot { whole: slot(), inner: slot() }
}

impl<T> Slot<T> {
    /// Whether null is no value of the type.
    pub fn is_required(&self) -> bool {
        self.required
    }

    /// An attribute that a user writes, with the rules of its type.
    pub fn input(&self, mode: Mode, description: &str) -> Attribute {
        let rules = Rules { checks: (self.checks)(), same: (self.same)(), ..Rules::default() };
        Attribute { rules, ..Attribute::new((self.shape)(), mode, description) }
    }

    /// An attribute that the provider gives, in all its parts.
    pub fn output(&self, description: &str) -> Attribute {
        computed(self.input(Mode::Computed, description))
    }

    /// Reads a known value.
    pub fn decode(&self, value: &Value, path: &Path) -> Result<T, Diagnostics> {
        (self.from_value)(value, path)
    }

    /// The value that stands for `value`.
    pub fn encode(&self, value: &T) -> Value {
        (self.to_value)(value)
    }

    /// Narrows the range that `checks` allow to the bounds that are given, both included.
    pub fn limit_range(&self, checks: &mut Vec<Check>, min: Option<T>, max: Option<T>) {
        let number = |bound: Option<T>| bound.and_then(|bound| self.encode(&bound).as_number().cloned());
        let (min, max) = (number(min), number(max));
        for check in checks.iter_mut() {
            if let Check::Range(lower, upper) = check {
                *lower = min.or_else(|| lower.take());
                *upper = max.or_else(|| upper.take());
                return;
            }
        }
        checks.push(Check::Range(min, max));
    }
}

/// The same attribute with all its parts given by the provider, and without the rules for what users write.
fn computed(mut attribute: Attribute) -> Attribute {
    if let Shape::Nested(nesting, inner) = attribute.shape {
        let inner = inner.into_iter().map(|(name, attribute)| (name, computed(attribute))).collect();
        attribute.shape = Shape::Nested(nesting, inner);
    }
    let rules = Rules { default: None, replace: false, exclusive: None, ..attribute.rules };
    Attribute { mode: Mode::Computed, write_only: false, rules, ..attribute }
}
