//! What the author of a resource or data source writes.

use std::future::Future;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::attributes::{Inputs, Outputs};
use crate::{Diagnostic, Diagnostics, Stop};

/// The outputs of a resource.
pub type OutputsOf<R> = <<R as Resource>::Inputs as Inputs>::Outputs;
/// The inputs of a resource, of which any may be absent.
pub type PartialOf<R> = <<R as Resource>::Inputs as Inputs>::Partial;
/// The outputs of a resource, as far as a plan knows them.
pub type PreviewOf<R> = <OutputsOf<R> as Outputs>::Preview;

/// A resource: something that is created, kept in step, and removed.
///
/// # Guarantees
/// The author sees typed values only. Inputs are checked against the schema's rules before any method but `validate`
/// sees them. What is stored of the inputs is what the user wrote.
///
/// # Assumptions
/// Methods may run concurrently for different objects; a method looks at [`Context::stopped`] before each step that
/// takes long, and leaves the world at a safe point when asked to stop.
pub trait Resource: Send + Sync + 'static {
    /// What the user writes. It names the resource type and its outputs.
    type Inputs: Inputs;
    /// What is stored with an object but not shown.
    type Private: Private;

    /// Checks what no single attribute's rules can. `inputs` holds what is known.
    fn validate(&self, inputs: &PartialOf<Self>) -> Diagnostics {
        let _ = inputs;
        Diagnostics::new()
    }

    /// Says what create or update would give. Runs on every plan that is not a destruction and whose inputs are all
    /// known, whether they changed or not.
    fn preview(
        &self,
        cx: &Context,
        request: PreviewRequest<Self>,
    ) -> impl Future<Output = Result<PreviewOf<Self>, Diagnostics>> + Send;

    /// Makes the object.
    fn create(
        &self,
        cx: &Context,
        request: Create<Self>,
    ) -> impl Future<Output = Result<Done<Self>, Failed<Self>>> + Send;

    /// Looks at the object. `None` means that it is gone. Inputs that drifted are changed in the state that is given back.
    fn read(
        &self,
        cx: &Context,
        state: State<Self>,
    ) -> impl Future<Output = Result<Option<State<Self>>, Diagnostics>> + Send;

    /// Brings the object to what was planned.
    fn update(
        &self,
        cx: &Context,
        request: Update<Self>,
    ) -> impl Future<Output = Result<Done<Self>, Failed<Self>>> + Send;

    /// Removes the object. An object that is gone already counts as removed.
    fn delete(&self, cx: &Context, state: State<Self>) -> impl Future<Output = Result<(), Failed<Self>>> + Send;
}

/// The capability of a resource to take an existing object into management.
pub trait ImportState: Resource {
    /// Finds the object that `id` names.
    fn import(&self, cx: &Context, id: &str) -> impl Future<Output = Result<State<Self>, Diagnostics>> + Send;
}

/// The capability of a resource to find what a creation made whose answer was lost.
pub trait LocateState: Resource {
    /// What the creation gave; `None` when it made nothing, or only parts that making it again takes over.
    fn locate(
        &self,
        cx: &Context,
        request: Create<Self>,
    ) -> impl Future<Output = Result<Option<Done<Self>>, Diagnostics>> + Send;
}

/// The capability of a resource to take over objects of other resource types.
pub trait MoveState: Resource {
    /// What the state of the other object says in our terms; `None` when objects of that type cannot be taken over.
    fn move_state(&self, source: MoveSource<'_>) -> Option<Result<State<Self>, Diagnostics>>;

    /// The types that can be taken over, for messages.
    const SOURCES: &'static [&'static str];
}

/// An object of another type.
#[derive(Debug, Clone, Copy)]
pub struct MoveSource<'a> {
    /// Address of the provider that it belonged to, such as `registry.terraform.io/hashicorp/local`.
    pub provider: &'a str,
    /// Its type.
    pub type_name: &'a str,
    /// Its stored state.
    pub state: &'a serde_json::Value,
    /// Private data recorded with it, in a form of that provider's own.
    pub private: &'a [u8],
}

/// A data source: something that is read.
pub trait DataSource: Send + Sync + 'static {
    /// What the user writes. It names the data source type and its outputs.
    type Inputs: Inputs;

    /// Reads it.
    fn read(
        &self,
        cx: &Context,
        inputs: Self::Inputs,
    ) -> impl Future<Output = Result<<Self::Inputs as Inputs>::Outputs, Diagnostics>> + Send;
}

/// Data that is stored with an object but not shown. A type that changes its form keeps reading the old one.
pub trait Private: Serialize + DeserializeOwned + Default + Clone + Send + Sync + 'static {}
impl<T: Serialize + DeserializeOwned + Default + Clone + Send + Sync + 'static> Private for T {}

/// What is recorded of an object.
pub struct State<R: Resource + ?Sized> {
    /// The inputs with which it was made, as far as they are known.
    pub inputs: PartialOf<R>,
    /// What it gives.
    pub outputs: OutputsOf<R>,
    /// What is stored with it but not shown.
    pub private: R::Private,
}

/// Request of [`Resource::preview`].
pub struct PreviewRequest<R: Resource + ?Sized> {
    /// The recorded object. `None` does not mean that nothing exists: replaced and tainted objects are planned so too.
    pub prior: Option<State<R>>,
    /// What the user wrote, with defaults.
    pub inputs: R::Inputs,
}

/// Request of [`Resource::create`].
pub struct Create<R: Resource + ?Sized> {
    /// What the user wrote, with defaults.
    pub inputs: R::Inputs,
    /// What the plan promised.
    pub planned: PreviewOf<R>,
}

/// Request of [`Resource::update`].
pub struct Update<R: Resource + ?Sized> {
    /// The recorded object.
    pub prior: State<R>,
    /// What the user wrote, with defaults.
    pub inputs: R::Inputs,
    /// What the plan promised.
    pub planned: PreviewOf<R>,
}

/// The outcome of a create or update that did all of it.
pub struct Done<R: Resource + ?Sized> {
    /// What the object gives.
    pub outputs: OutputsOf<R>,
    /// What to store with it but not show.
    pub private: R::Private,
}

/// The outcome of an operation that did not do all of it.
pub struct Failed<R: Resource + ?Sized> {
    /// The object as it is now. `None` means that nothing was done: nothing exists after a create, and the prior state
    /// stands after an update or delete.
    pub reached: Option<Box<Reached<R>>>,
    /// Why.
    pub diagnostics: Diagnostics,
}

/// An object after an operation that did not do all of it.
pub struct Reached<R: Resource + ?Sized> {
    /// What is known of it.
    pub state: State<R>,
    /// Where inputs come from that are absent in `state`.
    pub rest: Rest,
}

/// Where the inputs of an object come from that a failed operation does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// From the plan: it got as far as the new inputs. Always so after a create.
    Planned,
    /// From the prior state: the new inputs were not reached.
    Prior,
}

impl<R: Resource> From<Diagnostics> for Failed<R> {
    fn from(diagnostics: Diagnostics) -> Self {
        Self { reached: None, diagnostics }
    }
}

impl<R: Resource> From<Diagnostic> for Failed<R> {
    fn from(diagnostic: Diagnostic) -> Self {
        Diagnostics::from(diagnostic).into()
    }
}

/// What an operation runs in.
#[derive(Debug)]
pub struct Context {
    stop: Stop,
    warnings: Mutex<Diagnostics>,
}

impl Context {
    /// A context that `stop` ends.
    pub fn new(stop: Stop) -> Self {
        Self { stop, warnings: Mutex::default() }
    }

    /// Whether the user asked to stop; `stopped().requested()` waits for it.
    pub fn stopped(&self) -> &Stop {
        &self.stop
    }

    /// Tells the user something that does not end the operation.
    pub fn warn(&self, diagnostic: Diagnostic) {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(diagnostic);
    }

    /// What was told so far; the context forgets it.
    pub fn take_warnings(&self) -> Diagnostics {
        std::mem::take(&mut self.warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
