//! The recorded state of a case, and a world that fits it.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use devopsflow::state::{Change, Entry, Object, Operation, Pending, Resource};
use devopsflow::store::Contents;
use devopsflow::testing::{Value, World};
use framework::json;
use serde_json::{Value as Json, json};

use super::case::{Case, Flag, Recorded, Status};
use crate::world;

const TYPE: &str = "test_thing";

/// The two provider instances, each with objects of its own.
#[derive(Clone)]
pub(super) struct Worlds(pub(super) BTreeMap<&'static str, World>);

impl Worlds {
    fn new(locates: bool) -> Self {
        let world = || {
            let world = World::of(world::World::default().registry());
            if locates { world.locating() } else { world }
        };
        Self(["test", "other"].map(|name| (name, world())).into())
    }

    /// The objects that exist, as provider, number and address.
    pub(super) fn existing(&self) -> BTreeSet<(String, u64, String)> {
        let objects = self.0.iter().flat_map(|(name, world)| {
            let objects = world.objects().into_iter();
            objects.map(|object| ((*name).to_owned(), object.number, object.address.unwrap_or_default()))
        });
        objects.collect()
    }
}

/// What is kept of the stack, and the world.
pub(super) fn build(case: &Case) -> (Contents, Worlds) {
    let mut builder = Builder { worlds: Worlds::new(case.locates), made: BTreeMap::new(), entries: Vec::new() };
    // What was being made is newer than all that is recorded.
    let (creating, others): (Vec<_>, Vec<_>) =
        (0..).zip(&case.recorded).partition(|(_, recorded)| matches!(recorded.status, Status::Creating(_)));
    for (id, recorded) in others.into_iter().chain(creating) {
        builder.add(id, recorded);
    }
    for position in &case.vanished {
        let thing = &case.recorded[*position].thing;
        let number = builder.made.get(&thing.place.name).and_then(|made| made.number);
        if let Some(number) = number {
            builder.worlds.0[thing.provider()].remove(number);
        }
    }
    // The pending operations are about resources that are recorded before them.
    builder.entries.sort_by_key(|entry| matches!(entry, Entry::Begin { .. }));
    let records = (1..).zip(builder.entries).map(|(seq, entry): (u64, Entry)| {
        let record = json!({"v": 1, "seq": seq, "epoch": 0, "at": 0, "entry": entry});
        record.to_string().into_bytes()
    });
    (Contents { records: records.collect(), ..Contents::default() }, builder.worlds)
}

/// What was recorded under a name last.
struct Made {
    id: u64,
    /// That of its object, when there is one.
    number: Option<u64>,
}

struct Builder {
    worlds: Worlds,
    made: BTreeMap<u8, Made>,
    entries: Vec<Entry>,
}

impl Builder {
    fn add(&mut self, id: u64, recorded: &Recorded) {
        let (thing, status) = (&recorded.thing, recorded.status);
        let mut resource = self.resource(id, recorded);
        if thing.place.component {
            return self.put(thing.place.name, None, resource);
        }
        let text = self.text(recorded);
        let values = [("label", format!("t{}", thing.place.name)), ("kind", thing.kind.to_string()), ("text", text)];
        let address = thing.place.address();
        let exists = !matches!(status, Status::Vacant | Status::Creating(false));
        let world = &self.worlds.0[thing.provider()];
        let inputs = values.clone().map(|(name, value)| (name, Value::from(value)));
        let number = exists.then(|| world.put_made(TYPE, address, inputs));
        let state = number.and_then(|number| {
            let found = world.objects().into_iter().find(|object| object.number == number)?;
            json::to_json(&found.state)
        });
        if status == Status::Deleting(true)
            && let Some(number) = number
        {
            world.remove(number);
        }
        let config: BTreeMap<String, Json> = values.map(|(name, value)| (name.to_owned(), value.into())).into();
        if let Status::Creating(_) = status {
            let (config, planned) = (config, BTreeMap::new());
            self.begin(id, Operation::Create, Pending { config, planned, ..pending(&resource) });
            return;
        }
        let recorded = number.zip(state);
        resource.object = recorded.map(|(number, state)| object(state, number, status == Status::Tainted));
        match status {
            Status::Updating => self.begin(id, Operation::Update, pending(&resource)),
            Status::Deleting(_) => self.begin(id, Operation::Delete, pending(&resource)),
            _ => {}
        }
        self.put(thing.place.name, number, resource);
    }

    fn put(&mut self, name: u8, number: Option<u64>, resource: Resource) {
        self.made.insert(name, Made { id: resource.id, number });
        self.entries.push(Entry::Changed { changes: vec![Change::Put(Box::new(resource))] });
    }

    /// An operation of its own on each resource.
    fn begin(&mut self, id: u64, operation: Operation, pending: Pending) {
        let goal = pending.goal.filter(|_| operation == Operation::Create);
        self.entries.push(Entry::Begin { id, pending: Box::new(Pending { operation, goal, ..pending }) });
    }

    fn resource(&self, id: u64, recorded: &Recorded) -> Resource {
        let (thing, status) = (&recorded.thing, recorded.status);
        let known = |name: u8| self.made.get(&name).map(|made| made.id);
        let component = thing.place.component;
        let dependencies: BTreeSet<u64> = thing.needs().filter_map(known).collect();
        let resource = json!({
            "id": id,
            "address": thing.place.address(),
            "type_name": if component { "fuzz:Group" } else { TYPE },
            "provider": if component { "" } else { thing.provider() },
            "component": component,
            "dependencies": dependencies,
            "deleted_with": thing.deleted_with.and_then(known).filter(|_| !component),
            "protect": thing.is(Flag::Protect) && !component,
            "retain_on_delete": thing.is(Flag::Retain) && !component,
            "outgoing": status == Status::Outgoing,
            "location": "snapshot:1",
        });
        serde_json::from_value(resource).unwrap()
    }

    /// What a program makes the text of, when everything that it uses is there.
    fn text(&self, recorded: &Recorded) -> String {
        let used = recorded.thing.uses.iter().filter_map(|name| self.made.get(name)?.number);
        let urls: Vec<String> = used.map(|number| format!("url-{number}")).collect();
        format!("{} {}", recorded.thing.text, urls.join(","))
    }
}

fn pending(resource: &Resource) -> Pending {
    Pending {
        operation: Operation::Create,
        address: resource.address.clone(),
        type_name: resource.type_name.clone(),
        provider: resource.provider.clone(),
        resource: resource.id,
        config: BTreeMap::new(),
        planned: BTreeMap::new(),
        goal: Some(Box::new(resource.clone())),
    }
}

/// An object of the world, as the engine records it.
fn object(state: Json, number: u64, tainted: bool) -> Object {
    let value = serde_json::from_value(state).unwrap();
    Object { version: 0, value, private: BASE64.encode(number.to_string()).into(), tainted }
}
