//! `devopsflow_pipeline`: a CI/CD pipeline in the repository.

mod place;
mod render;

use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use delivery::pipeline::options::{Options, OptionsPartial, Outputs, OutputsPreview};
use delivery::pipeline::{self, Platform};
use framework::resource::{
    Create, Done, Failed, ImportState, LocateState, MoveSource, MoveState, PreviewRequest, Reached, Rest, State, Update,
};
use framework::value::normal_form;
use framework::{Context, Diagnostic, Diagnostics, Preview};
use serde::{Deserialize, Serialize};

use crate::files::{Placed, Stopped, Store, Strays, Texts, Transfer, describe, lexical};

/// What is recorded of a pipeline but not shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Private {
    /// Which creation the files are from. With `create_before_destroy` the new object's files stand where the old one's
    /// stood, and the removal of the old object must leave them alone.
    creation: u64,
}

/// The resource.
#[derive(Debug, Default)]
pub struct Resource {
    store: Store,
    /// The latest creation of each path in this process.
    creations: Mutex<BTreeMap<PathBuf, u64>>,
}

impl Resource {
    fn creations(&self) -> MutexGuard<'_, BTreeMap<PathBuf, u64>> {
        self.creations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers that what is at `placed` is from this creation.
    fn record(&self, placed: Option<&Placed>, creation: u64) {
        self.creations().extend(paths(placed).map(|path| (path, creation)));
    }

    /// Takes out the files that a later creation made.
    fn still_ours(&self, placed: Option<Placed>, private: &Private) -> Option<Placed> {
        let creations = self.creations();
        placed.map(|mut placed| {
            let directory = lexical(&placed.directory);
            placed.texts.retain(|name, _| {
                creations.get(&directory.join(name)).is_none_or(|latest| *latest == private.creation)
            });
            placed
        })
    }

    /// Says already at plan what create and update would refuse: a file of somebody else in the way.
    fn refuse_foreign(&self, prior: Option<&Placed>, directory: &Path, texts: &Texts) -> Result<(), Diagnostic> {
        let ours = |name: &String| {
            prior.is_some_and(|prior| lexical(&prior.directory) == lexical(directory) && prior.texts.contains_key(name))
        };
        let names = texts.keys().filter(|name| !ours(name));
        let found = self.store.read(directory, names).map_err(|problem| describe(&problem))?;
        let foreign = found.iter().find(|(name, text)| texts.get(*name) != Some(text) && !carries_marker(text));
        foreign.map_or(Ok(()), |(name, _)| {
            let error = disk::Error::Exists { path: directory.join(name) };
            Err(describe(&error.into()).at(framework::Path::of("directory")))
        })
    }

    /// Brings the files from one place to another and says what the object is then. `texts` are those of an object that
    /// has no place.
    fn transfer(&self, transfer: Transfer<'_>, texts: Texts, private: Private) -> Result<Done<Self>, Failed<Self>> {
        let (from, to, strays) = (transfer.from.clone(), transfer.to.clone(), transfer.strays.clone());
        match transfer.run() {
            Ok(()) => {
                self.record(to.as_ref(), private.creation);
                Ok(Done { outputs: outputs(to, texts, Strays::new()), private })
            }
            Err(stopped) => {
                let Stopped { placed, strays: left, diagnostic } = *stopped;
                let untouched = placed == from && left == strays;
                self.record(placed.as_ref(), private.creation);
                let rest = if placed == to { Rest::Planned } else { Rest::Prior };
                let reached = (!untouched).then(|| Reached {
                    state: State { inputs: OptionsPartial::default(), outputs: outputs(placed, texts, left), private },
                    rest,
                });
                Err(Failed { reached: reached.map(Box::new), diagnostics: diagnostic.into() })
            }
        }
    }
}

/// The paths of the files, without repeated separators and inner dots.
fn paths(placed: Option<&Placed>) -> impl Iterator<Item = PathBuf> {
    placed.into_iter().flat_map(|placed| {
        let directory = lexical(&placed.directory);
        placed.texts.keys().map(move |name| directory.join(name))
    })
}

/// What a pipeline gives whose files are `placed`, or that has no place and only these texts.
fn outputs(placed: Option<Placed>, texts: Texts, stray_files: Strays) -> Outputs {
    let path = placed.as_ref().and_then(|placed| path(&placed.directory, &placed.texts));
    Outputs { files: placed.map_or(texts, |placed| placed.texts), path, stray_files }
}

/// The path of the pipeline's file: the first one, where a platform has several.
fn path(directory: &Path, texts: &Texts) -> Option<String> {
    texts.keys().next().map(|name| directory.join(name).to_string_lossy().into_owned())
}

/// The recorded files, if they are on disk at all.
fn placed(state: &State<Resource>) -> Option<Placed> {
    let directory = state.inputs.directory.clone()?;
    Some(Placed { directory, texts: state.outputs.files.clone() })
}

impl framework::Resource for Resource {
    type Inputs = Options;
    type Private = Private;

    fn validate(&self, inputs: &OptionsPartial) -> Diagnostics {
        render::validate(inputs)
    }

    async fn preview(&self, cx: &Context, request: PreviewRequest<Self>) -> Result<OutputsPreview, Diagnostics> {
        let PreviewRequest { prior, inputs } = request;
        if let Some(prior) = &prior {
            // What is planned on is what there is, and no earlier object that it replaced and that is yet to be removed.
            self.record(placed(prior).as_ref(), prior.private.creation);
        }
        let texts = render::files(cx, &inputs)?;
        let path = inputs.directory.as_ref().and_then(|directory| path(directory, &texts));
        if let Some(directory) = &inputs.directory {
            if !lexical(directory).ends_with(pipeline::location(inputs.platform)) {
                cx.warn(elsewhere(inputs.platform, directory));
            }
            if !inputs.overwrite {
                self.refuse_foreign(prior.as_ref().and_then(placed).as_ref(), directory, &texts)?;
            }
        }
        Ok(OutputsPreview {
            files: Preview::Known(texts),
            path: Preview::Known(path),
            stray_files: Preview::Known(Strays::new()),
        })
    }

    async fn create(&self, cx: &Context, request: Create<Self>) -> Result<Done<Self>, Failed<Self>> {
        let (texts, to) = wanted(&request.inputs, request.planned)?;
        let private = Private { creation: RandomState::new().hash_one(()) };
        let Options { overwrite, .. } = request.inputs;
        let transfer =
            Transfer { store: &self.store, from: None, to, strays: Strays::new(), overwrite, stop: cx.stopped() };
        self.transfer(transfer, texts, private)
    }

    async fn read(&self, _: &Context, mut state: State<Self>) -> Result<Option<State<Self>>, Diagnostics> {
        let Some(recorded) = placed(&state) else { return Ok(Some(state)) };
        let texts =
            self.store.read(&recorded.directory, recorded.texts.keys()).map_err(|problem| describe(&problem))?;
        let strays = self.store.existing(state.outputs.stray_files).map_err(|problem| describe(&problem))?;
        if texts.is_empty() && strays.is_empty() && !recorded.texts.is_empty() {
            return Ok(None);
        }
        state.outputs = outputs(Some(Placed { texts, ..recorded }), Texts::new(), strays);
        Ok(Some(state))
    }

    async fn update(&self, cx: &Context, request: Update<Self>) -> Result<Done<Self>, Failed<Self>> {
        let Update { prior, inputs, planned } = request;
        let (texts, to) = wanted(&inputs, planned)?;
        let strays = prior.outputs.stray_files.clone();
        let from = placed(&prior);
        let overwrite = inputs.overwrite;
        let transfer = Transfer { store: &self.store, from, to, strays, overwrite, stop: cx.stopped() };
        self.transfer(transfer, texts, prior.private)
    }

    async fn delete(&self, cx: &Context, state: State<Self>) -> Result<(), Failed<Self>> {
        let from = self.still_ours(placed(&state), &state.private);
        let strays = state.outputs.stray_files;
        let transfer = Transfer { store: &self.store, from, to: None, strays, overwrite: false, stop: cx.stopped() };
        self.transfer(transfer, Texts::new(), state.private).map(drop)
    }
}

/// The files that the plan promised, and these in the place that the inputs name.
fn wanted(inputs: &Options, planned: OutputsPreview) -> Result<(Texts, Option<Placed>), Diagnostic> {
    let texts = planned.files.known().ok_or_else(|| Diagnostic::bug("The files were not planned."))?;
    let placed = inputs.directory.clone().map(|directory| Placed { directory, texts: texts.clone() });
    Ok((texts, placed))
}

/// The warning about a directory in which the platform does not look.
fn elsewhere(platform: Platform, directory: &Path) -> Diagnostic {
    let detail = format!(
        "{platform} runs only pipelines in `{}` of the repository; those in {} are written but not found.",
        pipeline::location(platform),
        directory.display()
    );
    Diagnostic::warning("The platform does not look into this directory", detail).at(framework::Path::of("directory"))
}

fn carries_marker(text: &str) -> bool {
    text.lines().next().is_some_and(|line| line.contains(delivery::project::MARKER))
}

impl LocateState for Resource {
    /// The files are ours when they have the planned bytes. A set that is not whole is absent: creating takes over what has
    /// these bytes and writes the rest.
    async fn locate(&self, _: &Context, request: Create<Self>) -> Result<Option<Done<Self>>, Diagnostics> {
        let (texts, to) = wanted(&request.inputs, request.planned)?;
        let Some(to) = to else { return Ok(None) };
        let found = self.store.read(&to.directory, texts.keys()).map_err(|problem| describe(&problem))?;
        if found != texts {
            return Ok(None);
        }
        let private = Private { creation: RandomState::new().hash_one(()) };
        self.record(Some(&to), private.creation);
        Ok(Some(Done { outputs: outputs(Some(to), Texts::new(), Strays::new()), private }))
    }
}

impl ImportState for Resource {
    async fn import(&self, _: &Context, id: &str) -> Result<State<Self>, Diagnostics> {
        let (platform, place) = place::parse_id(id)?;
        let texts = self.store.read(&place.directory, [&place.file]).map_err(|problem| describe(&problem))?;
        if texts.is_empty() {
            let path = place.directory.join(&place.file);
            let detail =
                format!("There is no file {}. To write it, declare the resource without importing.", path.display());
            return Err(Diagnostic::error("Nothing to import", detail).into());
        }
        Ok(found(Some(platform), place, texts))
    }
}

impl MoveState for Resource {
    const SOURCES: &'static [&'static str] = &["local_file", "terraform_data"];

    fn move_state(&self, source: MoveSource<'_>) -> Option<Result<State<Self>, Diagnostics>> {
        if !Self::SOURCES.contains(&source.type_name) {
            return None;
        }
        Some(Ok(match place::of_state(source.type_name, source.state) {
            Some((place, texts)) => found(place::platform_of(&place.directory), place, texts),
            // Nothing is on disk yet: the first apply writes it.
            None => State {
                inputs: OptionsPartial::default(),
                outputs: outputs(None, Texts::new(), Strays::new()),
                private: Private::default(),
            },
        }))
    }
}

/// The state of a pipeline whose file was made elsewhere.
fn found(platform: Option<Platform>, place: place::Place, texts: Texts) -> State<Resource> {
    let texts = texts.into_iter().map(|(name, text)| (name, normal_form(text))).collect();
    let placed = Placed { directory: place.directory, texts };
    State {
        inputs: OptionsPartial {
            platform,
            directory: Some(placed.directory.clone()),
            name: Some(place.name),
            ..OptionsPartial::default()
        },
        outputs: outputs(Some(placed), Texts::new(), Strays::new()),
        private: Private::default(),
    }
}
