//! A program for the tests of the SDK. What it declares is told by the settings of its stack; without any it declares
//! nothing.

use std::process::ExitCode;

use devopsflow::rollout::{
    Canary, GateMetric, GateOptions, Local, LocalReadiness, Pause, Percent, Rung, Span, Strategy, Target, Weight,
};
use devopsflow::{
    DataSource, Dynamic, Input, Language, Options, Pipeline, Platform, Project, ProviderInstance, Resource, Result,
    Rollout, RolloutStatus, Scope, format_output,
};

/// What the ladder of a rollout begins with.
const FIFTH: Percent = Percent(Weight::from_basis_points(2_000).expect("it is at most 10000"));

/// `motto`: two pipelines, of which the second knows where the first one is.
fn pipelines(scope: &mut Scope, motto: &str) -> Result<()> {
    let pipeline = |name: &str| {
        let pipeline = Pipeline::new(name, Platform::GithubActions, Language::Python).name(name);
        pipeline.directory("./.github/workflows").environments(Input::list(Vec::<Input<_>>::new()))
    };
    let first = pipeline("ci").variables(Input::map([("MOTTO", motto)])).add(scope)?;
    if scope.config_opt("second").is_some() {
        let second = pipeline("second").variables(Input::map([("FIRST", &first.path)])).add(scope)?;
        scope.export("paths", format_output!("{} {}", first.path, second.path));
    }
    Ok(())
}

/// `version`: a service, run by the program `service` with `flags` at `port`, with one step of length `pause`.
fn service(scope: &mut Scope, version: String) -> Result<()> {
    let flags = scope.config_opt("flags").unwrap_or_default();
    let flags = flags.split_whitespace().map(str::to_owned);
    let command = [scope.config("service")?, "--version".to_owned(), "{version}".to_owned()];
    let pause: Span = scope.config("pause")?.parse()?;
    let readiness = LocalReadiness::builder().path("/healthz").interval("100ms".parse::<Span>()?);
    let local =
        Local::builder(command.into_iter().chain(flags).collect::<Vec<_>>(), scope.config("port")?.parse::<u16>()?);
    let errors = GateOptions::builder("errors", GateMetric::ErrorRate).min_samples(1_u32);
    let name = scope.config_opt("name").unwrap_or_else(|| "shop".to_owned());
    let shop = Rollout::new("shop", name, version, Target::local(local.readiness(readiness)))
        .strategy(Strategy::canary(Canary::builder().steps([Rung::builder(FIFTH).pause(Pause::Elapsed(pause))])))
        .gates([errors])
        .retain(Span::ZERO)
        .with(Options::new().delete_before_replace())
        .add(scope)?;
    scope.export("url", shop.url);
    Ok(())
}

/// `data`: what the project is and the service does, as declared data sources (`add`) or at once (`lookup`).
fn data(scope: &mut Scope, how: &str) -> Result<()> {
    let (project, status) = (Project::new("here", "."), RolloutStatus::new("shop", "shop"));
    if how == "add" {
        let (project, status) = (project.add(scope)?, status.add(scope)?);
        scope.export("language", project.language);
        scope.export("status", format_output!("{} {} {}", status.status, status.stable_version, status.replicas));
    } else {
        let (project, status) = (scope.lookup(project)?, scope.lookup(status)?);
        scope.export::<String>("language", project.language.to_string());
        let stable = status.stable_version.unwrap_or_default();
        scope.export::<String>("status", format!("{} {stable} {}", status.status, status.replicas));
    }
    Ok(())
}

/// `peer`: two instances of a provider that is not ours, which is this program, each with a file that holds `text`.
fn peer(scope: &mut Scope, program: &str) -> Result<()> {
    let root = scope.config("root")?;
    let instance = |name: &str, folder| ProviderInstance::new(name, "peer").plugin(program).input("prefix", folder);
    instance("peer", format!("{root}/here")).add(scope)?;
    instance("west", format!("{root}/there")).add(scope)?;
    let path = scope.config_opt("path").unwrap_or_else(|| "note.txt".to_owned());
    let marks = [Dynamic::map([("text", Dynamic::from("why")), ("line", 7_u32.into())])];
    let note = Resource::new("peer_file", "note")
        .input("path", path)
        .input("content", scope.config("text")?)
        .input("note_wo", "written-only-once")
        .input("weight", 2.5)
        .input("tags", Dynamic::set(["a", "b"]))
        .input("owner", Dynamic::map([("name", "Ada")]))
        .input("marks", Dynamic::list(marks))
        .input("section", Dynamic::list([Dynamic::map([("title", "A")])]))
        .add(scope)?;
    scope.with_provider("west", |scope| {
        let content =
            format_output!("{} {}", note.output::<String>("content_sha256"), note.output::<u64>("note_length"));
        Resource::new("peer_file", "digest").input("path", "digest.txt").input("content", content).add(scope)?;
        Ok(())
    })?;
    let read = DataSource::new("peer_file", "given").input("path", "given.txt").lookup(scope)?;
    scope.export::<String>("given", read.member("content").as_str().unwrap_or_default());
    let found = DataSource::new("peer_file", "found").input("path", note.output::<String>("id")).add(scope)?;
    scope.export("found", found.output::<String>("content"));
    Ok(())
}

/// `wrong`: a thing of a provider that breaks the contract as `text` says, which is this program.
fn wrong(scope: &mut Scope, program: &str) -> Result<()> {
    ProviderInstance::new("wrong", "wrong").plugin(program).add(scope)?;
    Resource::new("wrong_thing", "one").input("text", scope.config("text")?).add(scope)?;
    Ok(())
}

fn declare(scope: &mut Scope) -> Result<()> {
    if let Some(motto) = scope.config_opt("motto") {
        pipelines(scope, &motto)?;
    }
    if let Some(version) = scope.config_opt("version") {
        service(scope, version)?;
    }
    if let Some(how) = scope.config_opt("data") {
        data(scope, &how)?;
    }
    if let Some(program) = scope.config_opt("peer") {
        peer(scope, &program)?;
    }
    if let Some(program) = scope.config_opt("wrong") {
        wrong(scope, &program)?;
    }
    Ok(())
}

fn main() -> ExitCode {
    devopsflow::main("program", declare)
}
