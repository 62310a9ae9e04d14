use framework::Attributes;

/// Nothing beside it.
#[derive(Attributes)]
#[attr(resource = "demo_alone")]
pub struct Alone {}

/// Not beside anything.
#[derive(Attributes)]
#[attr(builder = Stray, outputs = Outputs)]
pub struct StrayKeys {}

/// Both.
#[derive(Attributes)]
#[attr(resource = "demo_both", data_source = "demo_both", builder = Both, outputs = Outputs)]
pub struct BothInputs {}

/// Inputs and outputs.
#[derive(Attributes)]
#[attr(resource = "demo_mixed", outputs)]
pub struct Mixed {}

/// Bad names.
#[derive(Attributes)]
#[attr(resource = "Thing", builder = BadName, outputs = Outputs)]
pub struct BadNames {}

/// The builder has the name of the struct.
#[derive(Attributes)]
#[attr(data_source = "demo_thing", builder = SameName, outputs = Outputs)]
pub struct SameName {}

/// A builder somewhere else.
#[derive(Attributes)]
#[attr(resource = "demo_thing", builder = other::Thing, outputs = Outputs)]
pub struct Elsewhere {}

/// What it gives.
#[derive(Attributes)]
#[attr(outputs)]
pub struct Outputs {}

fn main() {}
