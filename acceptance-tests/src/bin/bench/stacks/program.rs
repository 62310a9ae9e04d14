//! A program of the SDK that declares many resources: this program itself, run anew. Its provider has one type of resource, which
//! holds what it is given and has an id, as `terraform_data` does.

use std::env;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use devopsflow::event::WireEvent;
use devopsflow::store::DirectoryStore;
use devopsflow::{Language, Options, Pipeline, Platform, Scope, Source, Stack};
use framework::resource::{Create, Done, Failed, PreviewRequest, Resource, State, Update};
use framework::{Attributes, Context, Diagnostics, Preview, Provider, Registration, Registry};

use super::Shape;
use crate::cost::{self, Cost};

/// The argument that makes this program such a one.
pub(crate) const NAME: &str = "stack";

/// Something that holds what it is given.
#[derive(Debug, Clone, Attributes)]
#[attr(resource = "bench_data", builder = Data, outputs = DataOutputs)]
pub(crate) struct DataInputs {
    /// What it holds.
    pub input: String,
}

/// What it gives.
#[derive(Debug, Clone, Attributes)]
#[attr(outputs)]
pub(crate) struct DataOutputs {
    /// Its number.
    pub id: String,
    /// What it holds.
    pub output: String,
}

/// Hands out ids.
#[derive(Debug, Default)]
struct Holder(AtomicU64);

impl Resource for Holder {
    type Inputs = DataInputs;
    type Private = ();

    async fn preview(&self, _: &Context, _: PreviewRequest<Self>) -> Result<DataOutputsPreview, Diagnostics> {
        Ok(DataOutputsPreview { id: Preview::Keep, output: Preview::Unknown })
    }

    async fn create(&self, _: &Context, request: Create<Self>) -> Result<Done<Self>, Failed<Self>> {
        let id = format!("{:032x}", self.0.fetch_add(1, Ordering::Relaxed));
        Ok(Done { outputs: DataOutputs { id, output: request.inputs.input }, private: () })
    }

    async fn read(&self, _: &Context, state: State<Self>) -> Result<Option<State<Self>>, Diagnostics> {
        Ok(Some(state))
    }

    async fn update(&self, _: &Context, request: Update<Self>) -> Result<Done<Self>, Failed<Self>> {
        let id = request.prior.outputs.id;
        Ok(Done { outputs: DataOutputs { id, output: request.inputs.input }, private: () })
    }

    async fn delete(&self, _: &Context, _: State<Self>) -> Result<(), Failed<Self>> {
        Ok(())
    }
}

fn source() -> Source {
    let make = || {
        let holder = Registration::new(Holder::default());
        Arc::new(Registry::new("Holds what it is given.").resource(holder)) as Arc<dyn Provider>
    };
    Source::InProcess { make: Arc::new(make), build: "1".to_owned() }
}

fn declare(scope: &mut Scope, shape: Shape, count: usize) -> devopsflow::Result<()> {
    let mut made = Vec::with_capacity(count);
    for index in 0..count {
        let name = format!("r{index}");
        if shape == Shape::Pipelines {
            Pipeline::new(&name, Platform::GithubActions, Language::Python).add(scope)?;
            continue;
        }
        let needs = shape.needs(index, count);
        let needs: Vec<&DataOutputsReferences> = needs.into_iter().map(|index| &made[index]).collect();
        let data = match needs.split_first() {
            None => Data::new(&name, format!("value-{index}")),
            Some((input, after)) => {
                let after = after.iter().fold(Options::new(), |options, after| options.depends_on(*after));
                Data::new(&name, &input.output).with(after)
            }
        };
        made.push(data.add(scope)?);
    }
    Ok(())
}

/// Runs a verb on a stack below `folder`, as the command line of a program does, and prints the events.
pub(crate) fn main(verb: &str, shape: &str, count: &str, folder: &Path) {
    let shape = Shape::ALL.into_iter().find(|known| known.name() == shape).expect("a shape");
    let count: usize = count.parse().expect("a number");
    let stack = Stack::new("bench", "dev", move |scope| declare(scope, shape, count)).expect("names");
    let stack = stack.store(DirectoryStore::new(folder)).provider("bench", source()).reporter(|event| {
        let line = serde_json::to_string(&WireEvent::from(event)).expect("its keys are texts");
        writeln!(io::stdout(), "{line}").expect("a file to print to");
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let run = if verb == "preview" { stack.preview() } else { stack.up() };
    let report = runtime.block_on(run.into_future()).unwrap_or_else(|error| panic!("{verb}: {error}"));
    assert_eq!(report.summary.create + report.summary.same, count as u64, "all are made or unchanged");
}

/// Runs this program so.
pub(super) fn run(verb: &str, shape: Shape, count: usize, folder: &Path, limit: Duration) -> Cost {
    let mut command = Command::new(env::current_exe().expect("a program"));
    command.args([NAME, verb, shape.name(), &count.to_string()]).arg(folder.join("state"));
    // Pipelines are those of a project.
    fs::write(folder.join("pyproject.toml"), "[project]\nname = \"shop\"\nversion = \"1\"\n")
        .expect("a writable folder");
    command.current_dir(folder).stdout(File::create(folder.join("printed")).expect("a writable folder"));
    let cost = cost::run(&mut command, limit);
    assert!(cost.status.is_some_and(|status| status.success()), "{verb} of {count}, {}: {cost:?}", shape.name());
    cost
}
