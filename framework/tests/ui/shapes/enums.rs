use framework::Attributes;

/// A target.
#[derive(Attributes)]
pub struct Local {}

/// Some variants hold a value, some do not.
#[derive(Attributes)]
pub enum Mixed {
    /// Here.
    Local(Local),
    /// Nowhere.
    Nowhere,
    /// With two.
    Two(Local, Local),
    /// With names.
    Named { local: Local },
}

/// Nothing.
#[derive(Attributes)]
pub enum Empty {}

/// Maybe.
#[derive(Attributes)]
pub enum Maybe {
    /// Here.
    Local(Option<Local>),
}

fn main() {}
