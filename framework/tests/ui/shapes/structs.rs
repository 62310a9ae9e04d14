use framework::Attributes;
use framework::attributes::Field;

/// A tuple.
#[derive(Attributes)]
pub struct Tuple(String, u16);

/// A unit.
#[derive(Attributes)]
pub struct Unit;

/// A union.
#[derive(Attributes)]
pub union Union {
    a: u8,
    b: u16,
}

/// A generic.
#[derive(Attributes)]
pub struct Generic<T> {
    /// The value.
    pub value: T,
}

fn is_field<T: Field>() {}

fn main() {
    is_field::<Tuple>();
    is_field::<Unit>();
}
