//! A [`World`] as a provider.

use std::sync::Arc;

use framework::attributes::Preview;
use framework::provider::{
    Applied, Apply, Configure, DataRead, Import, Imported, ImportedObject, Locate, Located, Locates, Plan, Planned,
    Read, ReadBack, ReadData, Reply, Schemas, Upgrade, Upgraded, Validate,
};
use framework::registry::stages::{self, Draft};
use framework::{Diagnostic, Diagnostics, Fault, Provider, Schema, Value};

use super::order::Trouble;
use super::{Asked, Inner, Object, Request, World, made};
use crate::engine::subject;

impl World {
    /// Remembers a request, does it, and answers, unless it was told otherwise. `does` gives the answer; it is handed what
    /// to change, or nothing when nothing is to be done.
    async fn answer<T>(
        &self,
        asked: Asked,
        does: impl FnOnce(Option<&mut Inner>) -> T,
        diagnostics: fn(&mut T) -> &mut Diagnostics,
    ) -> Result<T, Fault> {
        match self.begin(asked, does, diagnostics) {
            Course::Answered(answer) => answer,
            Course::Hanging => std::future::pending().await,
        }
    }

    fn begin<T>(
        &self,
        asked: Asked,
        does: impl FnOnce(Option<&mut Inner>) -> T,
        diagnostics: fn(&mut T) -> &mut Diagnostics,
    ) -> Course<T> {
        let lost = |sent| Err(Fault::Transport { sent, reason: "the world was told to lose it".to_owned() });
        let failing = |mut answer: T, reason: String| {
            diagnostics(&mut answer).push(Diagnostic::error("The world was told to fail", reason));
            Ok(answer)
        };
        let mut inner = self.inner();
        let trouble = inner.meets(&asked);
        inner.asked.push(asked);
        Course::Answered(match trouble {
            None => Ok(does(Some(&mut inner))),
            Some(Trouble::Fail(reason)) => failing(does(None), reason),
            Some(Trouble::FailHalfWay(reason)) => failing(does(Some(&mut inner)), reason),
            Some(Trouble::LoseAnswer) => {
                does(Some(&mut inner));
                lost(true)
            }
            Some(Trouble::LoseRequest) => lost(true),
            Some(Trouble::Disconnect) => lost(false),
            Some(Trouble::Panic) => panic!("the world was told to panic"),
            Some(trouble @ (Trouble::Hang | Trouble::HangAfter)) => {
                if trouble == Trouble::HangAfter {
                    does(Some(&mut inner));
                }
                inner.hanging += 1;
                return Course::Hanging;
            }
        })
    }

    fn schema(&self, type_name: &str) -> Result<&Schema, Fault> {
        let schema = self.schemas.resources.get(type_name);
        schema.ok_or_else(|| Fault::Unsupported(format!("resources of type {type_name}")))
    }

    /// What a provider says would happen: outputs as [`World`] documents it, everything else as our own provider would.
    fn planned(&self, schema: &Schema, request: &Plan) -> (Value, Vec<framework::Path>) {
        let mut draft = Draft::new(&schema.block.attributes, &request.prior, &request.config);
        draft.run(stages::INPUTS);
        let inputs = schema.block.attributes.iter().filter(|(_, attribute)| attribute.mode.is_input());
        let changed = { inputs }.any(|(name, _)| draft.planned.get(name) != Some(request.prior.member(name)));
        let made = self.outputs.contains_key(&request.type_name) && changed;
        if draft.inputs_are_known() && !made {
            let keep = |name: &String| (name.clone(), Preview::Keep);
            draft.preview = Some(schema.block.attributes.keys().map(keep).collect());
        }
        draft.run(stages::OUTPUTS);
        for (name, attribute) in &schema.block.attributes {
            if attribute.write_only {
                draft.planned.insert(name.clone(), Value::Null);
            }
        }
        (Value::Map(draft.planned), draft.replace)
    }

    /// What was planned, with all that was still unknown.
    pub(super) fn reached(&self, schema: &Schema, type_name: &str, planned: &Value, number: u64) -> Value {
        let Value::Map(mut members) = planned.clone() else { return planned.clone() };
        let made = self.outputs.get(type_name).map(|make| make(planned)).unwrap_or_default();
        for (name, value) in made {
            if members.get(&name).is_some_and(Value::is_unknown) {
                members.insert(name, value);
            }
        }
        made::complete(&schema.block, &Value::Map(members), number)
    }
}

/// How a request goes.
enum Course<T> {
    Answered(Result<T, Fault>),
    Hanging,
}

impl Inner {
    pub(super) fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Remembers an object as it is now; one that is null does not exist any more.
    fn keep(&mut self, object: Object) {
        match self.objects.get_mut(&object.number) {
            _ if object.state.is_null() => drop(self.objects.remove(&object.number)),
            Some(kept) => kept.state = object.state,
            None => drop(self.objects.insert(object.number, object)),
        }
    }

    /// What becomes of a request by the latest order that it meets.
    fn meets(&mut self, asked: &Asked) -> Option<Trouble> {
        let Asked { request, type_name, address, .. } = asked;
        self.orders.iter_mut().rev().find_map(|order| order.meets(*request, type_name, address.as_deref()))
    }
}

fn asked(request: Request, type_name: &str, private: &[u8], config: &Value) -> Asked {
    let (type_name, address, number) = (type_name.to_owned(), subject::current(), number(private));
    Asked { request, type_name, address, number, config: config.clone() }
}

/// The number of the object that private data names.
fn number(private: &[u8]) -> Option<u64> {
    std::str::from_utf8(private).ok()?.parse().ok()
}

fn private(number: u64) -> Vec<u8> {
    number.to_string().into_bytes()
}

impl Provider for World {
    fn schemas(&self) -> Reply<'_, Arc<Schemas>> {
        Box::pin(async { Ok(Arc::clone(&self.schemas)) })
    }

    fn validate(&self, request: Validate) -> Reply<'_, Diagnostics> {
        self.provider.validate(request)
    }

    fn configure(&self, _: Configure) -> Reply<'_, Diagnostics> {
        Box::pin(async { Ok(Diagnostics::new()) })
    }

    fn upgrade(&self, request: Upgrade) -> Reply<'_, Upgraded> {
        self.provider.upgrade(request)
    }

    fn read(&self, request: Read) -> Reply<'_, ReadBack> {
        Box::pin(async move {
            let asked = asked(Request::Read, &request.type_name, &request.private, &Value::Null);
            let number = asked.number;
            let does = |inner: Option<&mut Inner>| {
                let found = inner.map(|inner| number.and_then(|number| inner.objects.get(&number)));
                let state = found.map(|found| found.map_or(Value::Null, |object| object.state.clone()));
                let (state, private) = (state.unwrap_or(request.state), request.private);
                ReadBack { state, private, diagnostics: Diagnostics::new() }
            };
            self.answer(asked, does, |answer| &mut answer.diagnostics).await
        })
    }

    fn plan(&self, request: Plan) -> Reply<'_, Planned> {
        Box::pin(async move {
            let schema = self.schema(&request.type_name)?;
            let asked = asked(Request::Plan, &request.type_name, &request.private, &request.config);
            let does = |_: Option<&mut Inner>| {
                let (state, replace) = self.planned(schema, &request);
                let (private, diagnostics) = (request.private, Diagnostics::new());
                Planned { state, replace, private, diagnostics, legacy: false }
            };
            self.answer(asked, does, |answer| &mut answer.diagnostics).await
        })
    }

    fn apply(&self, request: Apply) -> Reply<'_, Applied> {
        Box::pin(async move {
            let schema = self.schema(&request.type_name)?;
            let operation = match (&request.prior, &request.planned) {
                (Value::Null, _) => Request::Create,
                (_, Value::Null) => Request::Delete,
                _ => Request::Update,
            };
            // What a plan for a new object carries names the one that it replaces.
            let carried: &[u8] = if operation == Request::Create { &[] } else { &request.private };
            let asked = asked(operation, &request.type_name, carried, &request.config);
            let (address, number) = (asked.address.clone(), asked.number);
            let does = |inner: Option<&mut Inner>| {
                let (state, private) = match inner {
                    None => (request.prior, request.private),
                    Some(inner) => {
                        let number = number.unwrap_or_else(|| inner.next());
                        let state = self.reached(schema, &request.type_name, &request.planned, number);
                        let (type_name, config) = (request.type_name, request.config);
                        let object =
                            Object { number, type_name, address, state: state.clone(), id: number.to_string(), config };
                        inner.keep(object);
                        (state, private(number))
                    }
                };
                Applied { state, private, diagnostics: Diagnostics::new(), legacy: false }
            };
            self.answer(asked, does, |answer| &mut answer.diagnostics).await
        })
    }

    fn import(&self, request: Import) -> Reply<'_, Imported> {
        Box::pin(async move {
            let asked = asked(Request::Import, &request.type_name, &[], &Value::Null);
            let does = |inner: Option<&mut Inner>| {
                let Import { type_name, id } = request;
                let found = inner.and_then(|inner| {
                    inner.objects.values().find(|object| object.type_name == type_name && object.id == id)
                });
                let mut diagnostics = Diagnostics::new();
                if found.is_none() {
                    diagnostics
                        .push(Diagnostic::error("Nothing to import", format!("There is no {type_name} {id:?}.")));
                }
                let imported = |object: &Object| {
                    let (state, private) = (object.state.clone(), private(object.number));
                    ImportedObject { type_name: type_name.clone(), state, private }
                };
                Imported { objects: found.map(imported).into_iter().collect(), diagnostics }
            };
            self.answer(asked, does, |answer| &mut answer.diagnostics).await
        })
    }

    fn read_data(&self, request: ReadData) -> Reply<'_, DataRead> {
        Box::pin(async move {
            let ReadData { type_name, config } = request;
            let schema = self.schemas.data_sources.get(&type_name);
            let schema = schema.ok_or_else(|| Fault::Unsupported(format!("data sources of type {type_name}")))?;
            let does = |_: Option<&mut Inner>| {
                let mut draft = Draft::new(&schema.block.attributes, &Value::Null, &config);
                draft.run(stages::INPUTS);
                draft.run(stages::OUTPUTS);
                let state = self.reached(schema, &type_name, &Value::Map(draft.planned), 0);
                DataRead { state, diagnostics: Diagnostics::new() }
            };
            let asked = asked(Request::ReadData, &type_name, &[], &config);
            self.answer(asked, does, |answer| &mut answer.diagnostics).await
        })
    }

    fn stop(&self) {}

    fn locates(&self) -> Option<&dyn Locates> {
        self.locates.then_some(self as &dyn Locates)
    }
}

impl Locates for World {
    /// The latest object that was made for the same resource with the same configuration.
    fn locate(&self, request: Locate) -> Reply<'_, Located> {
        Box::pin(async move {
            let asked = asked(Request::Locate, &request.type_name, &[], &request.config);
            let address = asked.address.clone();
            let does = |inner: Option<&mut Inner>| {
                let found = inner.and_then(|inner| {
                    inner.objects.values().rev().find(|object| {
                        object.type_name == request.type_name
                            && object.address == address
                            && object.config == request.config
                    })
                });
                let state = found.map_or(Value::Null, |object| object.state.clone());
                let private = found.map(|object| private(object.number)).unwrap_or_default();
                Located { supported: true, state, private, diagnostics: Diagnostics::new() }
            };
            self.answer(asked, does, |answer| &mut answer.diagnostics).await
        })
    }
}
