//! A program for tests of kills: things that lie on a shelf, which is a directory, beside pipelines.
//!
//! Every object that is made is a file of its own in the folder of its label, so that what was made twice is seen. A thing
//! whose label is that of `SHELF_HOLD` is made, and then waits for the file `go` on the shelf before it says so.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use devopsflow::{Language, Pipeline, Platform, Result, Scope, Source};
use framework::resource::{Create, Done, Failed, LocateState, PreviewRequest, Resource, State, Update};
use framework::{Attributes, Context, Diagnostic, Diagnostics, Preview, Provider, Registration, Registry};

/// A thing on a shelf.
#[derive(Debug, Clone, PartialEq, Attributes)]
#[attr(resource = "shelf_thing", builder = Thing, outputs = ThingOutputs)]
pub struct ThingInputs {
    /// The directory that is the shelf.
    pub shelf: String,
    /// What it is called.
    pub label: String,
    /// What is in it.
    pub text: String,
    /// What it stands behind.
    pub behind: Option<String>,
}

/// What a thing gives.
#[derive(Debug, Clone, Attributes)]
#[attr(outputs)]
pub struct ThingOutputs {
    /// Its file.
    pub path: String,
}

struct Shelf;

fn failed(error: io::Error) -> Diagnostics {
    Diagnostic::error("The shelf cannot be used", error.to_string()).into()
}

/// Writes a file in one step.
fn put(shelf: &Path, path: &Path, text: &str) -> io::Result<()> {
    let staged = shelf.join(format!("staged-{}-{}", std::process::id(), unique()));
    fs::write(&staged, text)?;
    fs::rename(staged, path)
}

fn unique() -> u128 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos()
}

fn done(path: &Path) -> Done<Shelf> {
    Done { outputs: ThingOutputs { path: path.display().to_string() }, private: () }
}

impl Resource for Shelf {
    type Inputs = ThingInputs;
    type Private = ();

    async fn preview(
        &self,
        _: &Context,
        _: PreviewRequest<Self>,
    ) -> std::result::Result<ThingOutputsPreview, Diagnostics> {
        Ok(ThingOutputsPreview { path: Preview::Keep })
    }

    async fn create(&self, _: &Context, request: Create<Self>) -> std::result::Result<Done<Self>, Failed<Self>> {
        let ThingInputs { shelf, label, text, .. } = request.inputs;
        let root = Path::new(&shelf);
        let place = root.join(&label);
        let path = place.join(format!("{}-{}", std::process::id(), unique()));
        fs::create_dir_all(&place).and_then(|()| put(root, &path, &text)).map_err(failed)?;
        if std::env::var_os("SHELF_HOLD").is_some_and(|held| held == *label) {
            while !root.join("go").exists() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
        Ok(done(&path))
    }

    async fn read(&self, _: &Context, state: State<Self>) -> std::result::Result<Option<State<Self>>, Diagnostics> {
        match fs::read_to_string(&state.outputs.path) {
            Ok(text) => Ok(Some(State { inputs: ThingInputsPartial { text: Some(text), ..state.inputs }, ..state })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    async fn update(&self, _: &Context, request: Update<Self>) -> std::result::Result<Done<Self>, Failed<Self>> {
        let path = PathBuf::from(request.prior.outputs.path);
        put(Path::new(&request.inputs.shelf), &path, &request.inputs.text).map_err(failed)?;
        Ok(done(&path))
    }

    async fn delete(&self, _: &Context, state: State<Self>) -> std::result::Result<(), Failed<Self>> {
        match fs::remove_file(&state.outputs.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error).into()),
            _ => Ok(()),
        }
    }
}

impl LocateState for Shelf {
    async fn locate(&self, _: &Context, request: Create<Self>) -> std::result::Result<Option<Done<Self>>, Diagnostics> {
        match fs::read_dir(Path::new(&request.inputs.shelf).join(&request.inputs.label)) {
            Ok(mut made) => Ok(made.next().transpose().map_err(failed)?.map(|made| done(&made.path()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }
}

/// As many things and pipelines as the settings say, in rows of five that stand behind each other.
fn declare(scope: &mut Scope) -> Result<()> {
    let number = |key: &str| scope.config_opt(key).map_or(Ok(0), |text| text.parse::<usize>());
    let (things, pipelines, bytes) = (number("things")?, number("pipelines")?, number("bytes")?);
    let (root, text) = (PathBuf::from(scope.config("root")?), "x".repeat(bytes));
    let shelf = root.join("shelf").display().to_string();
    let mut before = None;
    for number in 0..things {
        let label = format!("t{number}");
        let mut thing = Thing::new(&label, shelf.clone(), label.clone(), text.clone());
        if let Some(path) = before.take().filter(|_| number % 5 != 0) {
            thing = thing.behind(path);
        }
        before = Some(thing.add(scope)?.path);
    }
    for number in 0..pipelines {
        Pipeline::new(format!("p{number}"), Platform::GithubActions, Language::Python)
            .repository(root.clone())
            .directory(root.join(format!("p{number}/.github/workflows")))
            .add(scope)?;
    }
    Ok(())
}

fn main() -> ExitCode {
    devopsflow::main_with("shop", declare, |stack| {
        let make = || {
            let things = Registration::new(Shelf).locate();
            Arc::new(Registry::new("Things on a shelf.").resource(things)) as Arc<dyn Provider>
        };
        stack.provider("shelf", Source::InProcess { make: Arc::new(make), build: "1".to_owned() })
    })
}
