//! A typed resource behind dynamic requests.

use futures_core::future::BoxFuture;

use super::stages::{self, Draft};
use super::state;
use super::{merge, undecodable, validate};
use crate::attributes::{Attributes, Inputs, Partial, Previewed};
use crate::provider::{
    Applied, Apply, Import, Imported, ImportedObject, Locate, Located, Move, Plan, Planned, Read, ReadBack,
};
use crate::resource::{
    Context, Create, Done, Failed, ImportState, LocateState, MoveSource, MoveState, PartialOf, PreviewOf,
    PreviewRequest, Reached, Resource, Rest, State, Update,
};
use crate::{Diagnostic, Diagnostics, Path, Schema, Value};

/// What the registry asks of a resource.
pub(super) trait AnyResource: Send + Sync {
    fn schema(&self) -> &Schema;
    fn validate(&self, config: &Value) -> Diagnostics;
    fn plan<'a>(&'a self, cx: &'a Context, request: Plan) -> BoxFuture<'a, Planned>;
    fn apply<'a>(&'a self, cx: &'a Context, request: Apply) -> BoxFuture<'a, Applied>;
    fn read<'a>(&'a self, cx: &'a Context, request: Read) -> BoxFuture<'a, ReadBack>;
    fn import<'a>(&'a self, cx: &'a Context, request: Import) -> BoxFuture<'a, Imported>;
    fn locate<'a>(&'a self, cx: &'a Context, request: Locate) -> BoxFuture<'a, Located>;
    fn can_locate(&self) -> bool;
    fn can_move(&self) -> bool;
    fn move_state(&self, request: &Move) -> Result<(Value, Vec<u8>), Diagnostics>;
}

type ImportFn<R> = for<'a> fn(&'a R, &'a Context, &'a str) -> BoxFuture<'a, Result<State<R>, Diagnostics>>;
type LocateFn<R> = for<'a> fn(&'a R, &'a Context, Create<R>) -> BoxFuture<'a, Result<Option<Done<R>>, Diagnostics>>;
type MoveFn<R> = fn(&R, MoveSource<'_>) -> Option<Result<State<R>, Diagnostics>>;

/// A resource with the capabilities that it has.
pub struct Registration<R: Resource> {
    resource: R,
    schema: Schema,
    import: Option<ImportFn<R>>,
    locate: Option<LocateFn<R>>,
    moves: Option<(MoveFn<R>, &'static [&'static str])>,
}

impl<R: Resource> Registration<R> {
    /// A resource without further capabilities.
    pub fn new(resource: R) -> Self {
        Self { resource, schema: merge::<R::Inputs>(), import: None, locate: None, moves: None }
    }

    /// The resource can take existing objects into management.
    #[must_use]
    pub fn import(mut self) -> Self
    where
        R: ImportState,
    {
        self.import = Some(|resource, cx, id| Box::pin(ImportState::import(resource, cx, id)));
        self
    }

    /// The resource can find what a creation made whose answer was lost.
    #[must_use]
    pub fn locate(mut self) -> Self
    where
        R: LocateState,
    {
        self.locate = Some(|resource, cx, request| Box::pin(LocateState::locate(resource, cx, request)));
        self
    }

    /// The resource can take over objects of other types.
    #[must_use]
    pub fn moves(mut self) -> Self
    where
        R: MoveState,
    {
        self.moves = Some((R::move_state, R::SOURCES));
        self
    }

    async fn preview(&self, cx: &Context, draft: &mut Draft<'_>, private: &[u8]) -> Result<(), Diagnostics> {
        let prior = if draft.prior.is_null() { None } else { Some(state::decode::<R>(draft.prior, private)?) };
        let inputs = inputs::<R>(&Value::Map(draft.planned.clone()))?;
        let preview = self.resource.preview(cx, PreviewRequest { prior, inputs }).await?;
        draft.preview = Some(preview.into_members());
        Ok(())
    }

    async fn run(&self, cx: &Context, request: &Apply) -> Result<(Value, Vec<u8>), Failed<R>> {
        if request.planned.is_null() {
            self.resource.delete(cx, state::decode(&request.prior, &request.private)?).await?;
            return Ok((Value::Null, Vec::new()));
        }
        let inputs = inputs::<R>(&request.planned)?;
        let planned = PreviewOf::<R>::from_object(&request.planned)?;
        let Done { outputs, private } = if request.prior.is_null() {
            self.resource.create(cx, Create { inputs, planned }).await?
        } else {
            let prior = state::decode(&request.prior, &request.private)?;
            self.resource.update(cx, Update { prior, inputs, planned }).await?
        };
        Ok((state::complete::<R>(&request.planned, &outputs), state::encode_private::<R>(&private)))
    }

    async fn find(&self, cx: &Context, request: &Locate) -> Result<Option<(Value, Vec<u8>)>, Diagnostics> {
        let Some(locate) = self.locate else { return Ok(None) };
        let create =
            Create { inputs: inputs::<R>(&request.planned)?, planned: PreviewOf::<R>::from_object(&request.planned)? };
        let found = locate(&self.resource, cx, create).await?;
        Ok(found.map(|Done { outputs, private }| {
            (state::complete::<R>(&request.planned, &outputs), state::encode_private::<R>(&private))
        }))
    }

    async fn read_back(&self, cx: &Context, request: &Read) -> Result<Option<State<R>>, Diagnostics> {
        self.resource.read(cx, state::decode(&request.state, &request.private)?).await
    }
}

fn inputs<R: Resource>(value: &Value) -> Result<R::Inputs, Diagnostics> {
    R::Inputs::from_object(value, &Path::root())
        .map_err(|errors| undecodable("The configuration cannot be read", errors))
}

fn name<R: Resource>() -> &'static str {
    R::Inputs::TYPE_NAME
}

impl<R: Resource> AnyResource for Registration<R> {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let mut found = validate::check(&self.schema, config);
        if !found.has_errors() {
            found.extend(match PartialOf::<R>::from_object(config) {
                Ok(known) => self.resource.validate(&known),
                Err(errors) => errors,
            });
        }
        found
    }

    fn plan<'a>(&'a self, cx: &'a Context, request: Plan) -> BoxFuture<'a, Planned> {
        Box::pin(async move {
            if request.config.is_null() {
                return stages::refused(request, Diagnostics::new());
            }
            let mut draft = Draft::new(&self.schema.block.attributes, &request.prior, &request.config);
            draft.run(stages::INPUTS);
            let previewed =
                if draft.inputs_are_known() { self.preview(cx, &mut draft, &request.private).await } else { Ok(()) };
            let mut diagnostics = cx.take_warnings();
            if let Err(errors) = previewed {
                diagnostics.extend(errors);
                return stages::refused(request, diagnostics);
            }
            draft.run(stages::OUTPUTS);
            let (state, replace) = (Value::Map(draft.planned), draft.replace);
            Planned { state, replace, private: request.private, diagnostics, legacy: false }
        })
    }

    fn apply<'a>(&'a self, cx: &'a Context, request: Apply) -> BoxFuture<'a, Applied> {
        Box::pin(async move {
            let (state, private, errors) = match self.run(cx, &request).await {
                Ok((state, private)) => (state, private, Diagnostics::new()),
                Err(Failed { reached: None, diagnostics }) => (request.prior, request.private, diagnostics),
                Err(Failed { reached: Some(reached), diagnostics }) => {
                    let Reached { state, rest } = *reached;
                    let spellings = match rest {
                        Rest::Prior if !request.prior.is_null() => [&request.prior, &request.planned],
                        Rest::Prior | Rest::Planned => [&request.planned, &request.prior],
                    };
                    let private = state::encode_private::<R>(&state.private);
                    (state::encode(&state, &spellings), private, diagnostics)
                }
            };
            let mut diagnostics = cx.take_warnings();
            diagnostics.extend(errors);
            Applied { state, private, diagnostics, legacy: false }
        })
    }

    fn read<'a>(&'a self, cx: &'a Context, request: Read) -> BoxFuture<'a, ReadBack> {
        Box::pin(async move {
            let (state, private, errors) = match self.read_back(cx, &request).await {
                Ok(None) => (Value::Null, Vec::new(), Diagnostics::new()),
                Ok(Some(found)) => {
                    let private = state::encode_private::<R>(&found.private);
                    (state::encode(&found, &[&request.state]), private, Diagnostics::new())
                }
                Err(errors) => (request.state, request.private, errors),
            };
            let mut diagnostics = cx.take_warnings();
            diagnostics.extend(errors);
            ReadBack { state, private, diagnostics }
        })
    }

    fn import<'a>(&'a self, cx: &'a Context, request: Import) -> BoxFuture<'a, Imported> {
        Box::pin(async move {
            let Some(import) = self.import else {
                let detail =
                    format!("Objects of type {} have nothing outside the state that an id could name.", name::<R>());
                let error = Diagnostic::error(format!("{} cannot be imported", name::<R>()), detail);
                return Imported { objects: Vec::new(), diagnostics: error.into() };
            };
            let found = import(&self.resource, cx, &request.id).await;
            let mut diagnostics = cx.take_warnings();
            let objects = match found {
                Ok(found) => vec![ImportedObject {
                    type_name: name::<R>().to_owned(),
                    state: state::encode(&found, &[]),
                    private: state::encode_private::<R>(&found.private),
                }],
                Err(errors) => {
                    diagnostics.extend(errors);
                    Vec::new()
                }
            };
            Imported { objects, diagnostics }
        })
    }

    fn locate<'a>(&'a self, cx: &'a Context, request: Locate) -> BoxFuture<'a, Located> {
        Box::pin(async move {
            let found = self.find(cx, &request).await;
            let mut diagnostics = cx.take_warnings();
            let found = found.unwrap_or_else(|errors| {
                diagnostics.extend(errors);
                None
            });
            let (state, private) = found.unwrap_or((Value::Null, Vec::new()));
            Located { supported: self.locate.is_some(), state, private, diagnostics }
        })
    }

    fn can_locate(&self) -> bool {
        self.locate.is_some()
    }

    fn can_move(&self) -> bool {
        self.moves.is_some()
    }

    fn move_state(&self, request: &Move) -> Result<(Value, Vec<u8>), Diagnostics> {
        let (source, sources) = (&request.source_type, self.moves.map_or(&[] as &[&str], |(_, sources)| sources));
        let refused = || {
            let from = if sources.is_empty() { "no other type".to_owned() } else { sources.join(" and ") };
            let detail = format!("Objects can be moved into {} from {from}.", name::<R>());
            Diagnostic::error(format!("{source} cannot be moved into {}", name::<R>()), detail)
        };
        let json: serde_json::Value = serde_json::from_slice(&request.source_json).map_err(|error| {
            Diagnostic::error(format!("The state of the {source} cannot be read"), error.to_string())
        })?;
        let (take_over, _) = self.moves.ok_or_else(refused)?;
        let source = MoveSource {
            provider: &request.source_provider,
            type_name: source,
            state: &json,
            private: &request.source_private,
        };
        let moved = take_over(&self.resource, source).ok_or_else(refused)??;
        Ok((state::encode(&moved, &[]), state::encode_private::<R>(&moved.private)))
    }
}
