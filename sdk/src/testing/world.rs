//! A provider that only remembers.

mod made;
mod order;
mod provider;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use framework::host::config_value;
use framework::provider::Schemas;
use framework::registry::stages::{self, Draft};
use framework::{Provider, Value};

use super::blocking;
use crate::Source;
use crate::sync::lock;
use order::Standing;
pub use order::{Order, Request};

/// Stands in for a provider: has its schemas and checks configurations as it does, but what it creates, changes and removes
/// is only in memory. Clones share it.
///
/// - What only the real provider would know, it makes up: the text `url-2` for the output `url` of the second object that it
///   made. [`World::outputs`] says better for a type.
/// - Outputs are unknown until an object is made. They stay as they are when it changes; those that [`World::outputs`] gives
///   are unknown until it was changed.
/// - Whatever the schema marks as replacing an object does.
/// - [`World::on`] makes requests fail, hang, or lose their answers; [`World::asked`] is what was asked.
///
/// ```
/// # use devopsflow::{Stack, store::MemoryStore, testing::{Request, World}, Pipeline, Platform, Language};
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let world = World::new();
/// let stack = Stack::new("shop", "dev", |scope| {
///     Pipeline::new("ci", Platform::GithubActions, Language::Python).directory(".github/workflows").add(scope)?;
///     Ok(())
/// })?
/// .store(MemoryStore::new())
/// .provider("devopsflow", world.source());
///
/// world.on(Request::Create).at("devopsflow_pipeline.ci").once().fail("the disk is full");
/// assert!(stack.up().await.unwrap_err().to_string().contains("the disk is full"));
/// assert!(world.objects().is_empty());
///
/// stack.up().await?;
/// assert_eq!(world.changes(), ["create devopsflow_pipeline.ci", "create devopsflow_pipeline.ci"]);
/// assert_eq!(world.objects()[0].state.member("platform").as_str(), Some("github-actions"));
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct World {
    provider: Arc<dyn Provider>,
    schemas: Arc<Schemas>,
    outputs: BTreeMap<String, Make>,
    locates: bool,
    inner: Arc<Mutex<Inner>>,
}

type Make = Arc<dyn Fn(&Value) -> BTreeMap<String, Value> + Send + Sync>;

#[derive(Default)]
struct Inner {
    objects: BTreeMap<u64, Object>,
    last: u64,
    orders: Vec<Standing>,
    asked: Vec<Asked>,
    hanging: usize,
}

/// An object that a [`World`] remembers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its number, from 1; none is given twice.
    pub number: u64,
    /// Its type.
    pub type_name: String,
    /// The address of the resource that it was made for; none when it was [put there](World::put).
    pub address: Option<String>,
    /// What it is.
    pub state: Value,
    /// The id by which it is imported; its number when it was made.
    pub id: String,
    /// The configuration that it was made with.
    config: Value,
}

/// Something that a [`World`] was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What.
    pub request: Request,
    /// Of which type.
    pub type_name: String,
    /// About which resource.
    pub address: Option<String>,
    /// The number of the object that exists already.
    pub number: Option<u64>,
    /// The configuration; null where a request has none.
    pub config: Value,
}

impl Default for World {
    fn default() -> Self {
        Self::of(::provider::registry())
    }
}

impl World {
    /// Stands in for the devopsflow provider.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stands in for this provider, of which only schemas, validation and upgrades of recorded states are used.
    ///
    /// # Panics
    /// It does not say its schemas.
    pub fn of(provider: impl Provider + 'static) -> Self {
        let schemas = blocking(provider.schemas()).expect("a provider says its schemas");
        Self { provider: Arc::new(provider), schemas, outputs: BTreeMap::new(), locates: false, inner: Arc::default() }
    }

    /// The outputs of a type of resource or data source, made of its inputs. Those that are not named are made up.
    ///
    /// ```
    /// # use devopsflow::testing::World;
    /// let world = World::new().outputs("devopsflow_rollout", |api| [("url", api.member("name").clone())]);
    /// ```
    #[must_use]
    pub fn outputs<const N: usize>(
        mut self,
        type_name: impl Into<String>,
        make: impl Fn(&Value) -> [(&'static str, Value); N] + Send + Sync + 'static,
    ) -> Self {
        let make = move |inputs: &Value| make(inputs).map(|(name, value)| (name.to_owned(), value)).into();
        self.outputs.insert(type_name.into(), Arc::new(make));
        self
    }

    /// Can find what a creation made whose answer was lost. Without it, it cannot, as most providers.
    #[must_use]
    pub fn locating(self) -> Self {
        Self { locates: true, ..self }
    }

    /// The provider of a stack.
    pub fn source(&self) -> Source {
        let world = self.clone();
        let make = Arc::new(move || Arc::new(world.clone()) as Arc<dyn Provider>);
        Source::InProcess { make, build: "in memory".to_owned() }
    }

    /// Requests that shall not go well. The latest order that fits a request counts.
    pub fn on(&self, request: Request) -> Order<'_> {
        Order::new(self, request)
    }

    /// From now on all goes well again. What hangs goes on hanging.
    pub fn forgive(&self) {
        self.inner().orders.clear();
    }

    /// What was asked so far, in that order.
    pub fn asked(&self) -> Vec<Asked> {
        self.inner().asked.clone()
    }

    /// What of that would change something, each as `create devopsflow_pipeline.ci`, done or not.
    pub fn changes(&self) -> Vec<String> {
        self.inner().asked.iter().filter_map(Asked::change).collect()
    }

    /// How many requests hang.
    pub fn hanging(&self) -> usize {
        self.inner().hanging
    }

    /// The objects that exist, by number.
    pub fn objects(&self) -> Vec<Object> {
        self.inner().objects.values().cloned().collect()
    }

    /// Puts an object there that no engine made, to be imported as `id`. What of it is not given is made up. Gives its
    /// number.
    ///
    /// # Panics
    /// There is no such type, or it cannot be given that.
    pub fn put<'a>(
        &self,
        type_name: &str,
        id: impl Into<String>,
        inputs: impl IntoIterator<Item = (&'a str, Value)>,
    ) -> u64 {
        self.add(type_name, None, Some(id.into()), inputs)
    }

    /// Puts an object there as if it had been made for the resource at this address, and nobody had been told. Gives its
    /// number.
    ///
    /// # Panics
    /// There is no such type, or it cannot be given that.
    pub fn put_made<'a>(
        &self,
        type_name: &str,
        address: impl Into<String>,
        inputs: impl IntoIterator<Item = (&'a str, Value)>,
    ) -> u64 {
        self.add(type_name, Some(address.into()), None, inputs)
    }

    fn add<'a>(
        &self,
        type_name: &str,
        address: Option<String>,
        id: Option<String>,
        inputs: impl IntoIterator<Item = (&'a str, Value)>,
    ) -> u64 {
        let schema = self.schemas.resources.get(type_name);
        let schema = schema.unwrap_or_else(|| panic!("there is no type {type_name}"));
        let inputs = inputs.into_iter().map(|(name, value)| (name.to_owned(), value));
        let config = config_value(schema, inputs).unwrap_or_else(|refused| panic!("{type_name}: {refused}"));
        let mut draft = Draft::new(&schema.block.attributes, &Value::Null, &config);
        draft.run(stages::INPUTS);
        draft.run(stages::OUTPUTS);
        let planned = Value::Map(draft.planned);
        let mut inner = self.inner();
        let number = inner.next();
        let state = self.reached(schema, type_name, &planned, number);
        let (type_name, id) = (type_name.to_owned(), id.unwrap_or_else(|| number.to_string()));
        inner.objects.insert(number, Object { number, type_name, address, state, id, config });
        number
    }

    /// Changes an attribute of an object behind the engine's back.
    ///
    /// # Panics
    /// There is no such object.
    pub fn edit(&self, number: u64, attribute: &str, value: impl Into<Value>) {
        let mut inner = self.inner();
        let object = inner.objects.get_mut(&number).unwrap_or_else(|| panic!("there is no object {number}"));
        if let Value::Map(members) = &mut object.state {
            members.insert(attribute.to_owned(), value.into());
        }
    }

    /// Removes an object behind the engine's back, if it exists.
    pub fn remove(&self, number: u64) {
        self.inner().objects.remove(&number);
    }

    /// The same provider with what was put there, and nothing made, asked or ordered.
    pub(super) fn afresh(&self) -> Self {
        let inner = self.inner();
        let put = inner.objects.iter().filter(|(_, object)| object.address.is_none());
        let objects = put.map(|(number, object)| (*number, object.clone())).collect();
        let inner = Arc::new(Mutex::new(Inner { objects, last: inner.last, ..Inner::default() }));
        Self { inner, ..self.clone() }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }
}

impl Asked {
    /// What would be changed, and of which resource.
    fn change(&self) -> Option<String> {
        let operation = match self.request {
            Request::Create => "create",
            Request::Update => "update",
            Request::Delete => "delete",
            _ => return None,
        };
        Some(format!("{operation} {}", self.address.as_ref().unwrap_or(&self.type_name)))
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("objects", &self.inner().objects).finish_non_exhaustive()
    }
}
