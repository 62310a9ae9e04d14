//! A state, as `terraform show -json` gives it.

use std::collections::BTreeMap;

use serde_json::Value;

/// The recorded state.
#[derive(Debug, Clone)]
pub struct State(Value);

impl State {
    pub(crate) fn parse(json: &str) -> Self {
        Self(serde_json::from_str(json).expect("terraform prints JSON"))
    }

    /// The objects of the root module and of all modules below it, by address.
    pub(crate) fn objects(&self) -> BTreeMap<&str, &Value> {
        let mut found = BTreeMap::new();
        collect(&self.0["values"]["root_module"], &mut found);
        found
    }

    /// The addresses of what is managed, without data sources.
    pub fn managed(&self) -> Vec<&str> {
        let objects = self.objects().into_iter();
        objects.filter(|(_, object)| object["mode"] == "managed").map(|(address, _)| address).collect()
    }

    #[track_caller]
    fn object(&self, address: &str) -> &Value {
        let objects = self.objects();
        objects.get(address).unwrap_or_else(|| panic!("the state holds {:?}, not {address}", objects.keys()))
    }

    /// The value at a JSON pointer of an object; null where there is none.
    #[track_caller]
    pub fn at(&self, address: &str, pointer: &str) -> &Value {
        self.object(address)["values"].pointer(pointer).unwrap_or(&Value::Null)
    }

    /// Whether the object is to be replaced by the next apply.
    #[track_caller]
    pub fn is_tainted(&self, address: &str) -> bool {
        self.object(address)["tainted"] == true
    }

    /// The value of an output; null where there is none.
    pub fn output(&self, name: &str) -> &Value {
        &self.0["values"]["outputs"][name]["value"]
    }
}

fn collect<'a>(module: &'a Value, found: &mut BTreeMap<&'a str, &'a Value>) {
    for object in module["resources"].as_array().into_iter().flatten() {
        found.insert(object["address"].as_str().unwrap_or_default(), object);
    }
    for child in module["child_modules"].as_array().into_iter().flatten() {
        collect(child, found);
    }
}
