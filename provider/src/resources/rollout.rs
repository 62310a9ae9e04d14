//! `devopsflow_rollout`: a service whose new versions take over step by step.

mod explain;
mod follow;
mod live;
mod locate;
mod look;

use std::path::PathBuf;

use agent_client::{Client, Error};
use framework::resource::{Create, Done, Failed, ImportState, PreviewRequest, Reached, Rest, State, Update};
use framework::{Context, Diagnostic, Diagnostics, Path, Preview};
use rollout::machine::{Action, Policy, Refused};
use rollout::options::{
    Compiled, OnDestroy, OnFailedVersion, Options, OptionsPartial, Outputs, OutputsPreview, Target, compile, revision,
    validate,
};
use rollout::wire::{self, Agent, Outcome, PauseReason, StartRequest, Status};
use rollout::{RevisionId, Span};
use serde::{Deserialize, Serialize};

use follow::{End, Follow, Left};
use live::Foreseen;

pub(crate) use explain::{error as describe, reason as describe_pause};
pub(crate) use live::{last_failure, url, word};

/// What is recorded of a rollout but not shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Private {
    /// The generation of the service that was seen last. A plan is made on it, and the agent refuses what was planned on
    /// another one. It travels with the state, for terraform plans again at apply and hands over what that plan says.
    generation: u64,
}

/// The resource. Its methods need a tokio runtime.
#[derive(Debug, Default)]
pub struct Resource {
    /// The state directory of the agent; that of the environment when absent.
    state_dir: Option<PathBuf>,
}

impl Resource {
    /// The resource with the agent of this state directory.
    pub fn at(state_dir: impl Into<PathBuf>) -> Self {
        Self { state_dir: Some(state_dir.into()) }
    }

    fn client(&self) -> Result<Client, Diagnostic> {
        let client = self.state_dir.as_ref().map_or_else(Client::from_env, |directory| Ok(Client::at(directory)));
        client.map_err(|error| describe(&error))
    }

    /// The agent that the recorded object belongs to. On its own machine it is started when it does not run.
    async fn agent_of(&self, recorded: &Outputs, name: &str) -> Result<(Client, Agent), Diagnostic> {
        let client = self.client()?;
        let agent = match client.hello().await {
            Err(Error::NotRunning { .. }) if look::is_elsewhere(&recorded.host) => {
                return Err(look::lives_elsewhere(name, recorded, None));
            }
            _ => client.ensure().await.map_err(|error| describe(&error))?,
        };
        if agent.agent_id != recorded.agent_id {
            return Err(look::lives_elsewhere(name, recorded, Some(&agent)));
        }
        Ok((client, agent))
    }

    /// Starts a rollout, or goes on with the one that brings this revision already. Only a person ends the pause of a person.
    async fn start(&self, client: &Client, request: StartRequest) -> Result<Status, Diagnostic> {
        let status = self.begin(client, request).await?;
        if !status.paused.contains(&PauseReason::Interrupted) || status.paused.contains(&PauseReason::Operator) {
            return Ok(status);
        }
        let resumed = client.steer(&status.service.name, Action::Resume, status.rollout_id.clone()).await;
        resumed.map_err(|error| describe(&error))
    }

    /// Starts a rollout, or finds that it was started although the answer was lost.
    async fn begin(&self, client: &Client, request: StartRequest) -> Result<Status, Diagnostic> {
        let (name, revision) = (request.service.name.clone(), request.revision.id());
        let before = request.expect_generation;
        match client.start(request.clone()).await {
            Ok(status) => Ok(status),
            Err(lost @ Error::Lost { .. }) => {
                client.ensure().await.map_err(|error| describe(&error))?;
                let status = client.status(&name).await.map_err(|error| describe(&error))?;
                let wanted = |status: &Status| {
                    let goal = status.candidate.as_ref().or(status.stable.as_ref());
                    status.generation > before && goal.is_some_and(|goal| goal.id == revision)
                };
                status.filter(wanted).ok_or_else(|| describe(&lost))
            }
            Err(Error::Agent(wire::Error::Refused(Refused::Blocked { .. }))) => {
                let last = client.status(&name).await.ok().flatten().and_then(|status| status.last_failure);
                Err(look::refused(&request.revision.version, last.as_ref()))
            }
            Err(error) => Err(describe(&error)),
        }
    }
}

/// What apply will need of the options.
fn compiled(options: &Options) -> Result<Compiled, Diagnostics> {
    let directory = live::working_dir(options).map_err(|error| {
        let path = Path::of("target").attribute("local").attribute("working_dir");
        Diagnostic::error("The working directory cannot be found", error.to_string()).at(path)
    })?;
    compile(options, directory)
}

/// Whether there is something to roll out: the revision differs, or what users have is not settled.
fn rolls_out(prior: &State<Resource>, wanted: &RevisionId) -> bool {
    let recorded = prior.inputs.version.as_ref().zip(prior.inputs.target.as_ref());
    let recorded = recorded.map(|(version, Target::Local(local))| revision(version, local).id());
    recorded.as_ref() != Some(wanted) || live::is_unsettled(&prior.outputs.status)
}

fn foreseen(compiled: &Compiled) -> Foreseen {
    Foreseen { ladder: compiled.plan.ladder(), max_duration: compiled.plan.max_duration() }
}

fn request(options: &Options, compiled: Compiled, expect_generation: u64) -> StartRequest {
    StartRequest {
        service: compiled.service,
        revision: compiled.revision,
        plan: compiled.plan,
        expect_generation,
        retry_token: options.retry_token.clone(),
        retry_blocked: options.on_failed_version == OnFailedVersion::Retry,
    }
}

/// Whether all users have this revision and nothing is under way.
fn has_won(status: &Status, revision: &RevisionId) -> bool {
    use rollout::wire::StatusWord::{Healthy, RolledBack};
    let settled = matches!(status.status, Healthy | RolledBack);
    settled && status.candidate.is_none() && status.stable.as_ref().is_some_and(|stable| stable.id == *revision)
}

/// Tells the agent that what became of a rollout is about to be recorded. It matters only to a service that nobody recorded
/// yet, so that a failure here is none of the rollout.
async fn acknowledge(client: &Client, status: &Status) {
    if let Err(error) = client.acknowledge(&status.service.name, status.generation).await {
        tracing::warn!(service = status.service.name, %error, "the outcome could not be acknowledged");
    }
}

impl framework::Resource for Resource {
    type Inputs = Options;
    type Private = Private;

    fn validate(&self, inputs: &OptionsPartial) -> Diagnostics {
        validate(inputs)
    }

    async fn preview(&self, cx: &Context, request: PreviewRequest<Self>) -> Result<OutputsPreview, Diagnostics> {
        let PreviewRequest { prior, inputs } = request;
        look::only_here()?;
        let compiled = compiled(&inputs)?;
        let wanted = compiled.revision.id();
        let rolls_out = prior.as_ref().is_none_or(|prior| rolls_out(prior, &wanted));
        let (client, agent) = match &prior {
            Some(prior) => {
                let (client, agent) = self.agent_of(&prior.outputs, &inputs.name).await?;
                (client, Some(agent))
            }
            None => look::who_is_there(self.client()?).await?,
        };
        if let Some(agent) = agent {
            look::warn_of_build_server(cx, &agent);
            let status = client.status(&inputs.name).await.map_err(|error| describe(&error))?;
            match &status {
                Some(status) if prior.is_none() => look::warn_of_living(cx, status, &wanted),
                Some(status) if rolls_out => look::warn_of_rollout(cx, status, &inputs, &compiled),
                _ => {}
            }
        }
        let Foreseen { ladder, max_duration } = foreseen(&compiled);
        let runtime = OutputsPreview {
            url: Preview::Known(url(compiled.service.bind, compiled.service.port)),
            ladder: Preview::Known(ladder),
            max_duration: Preview::Known(max_duration),
            host: Preview::Keep,
            agent_id: Preview::Keep,
            ..framework::attributes::Previewed::unknown()
        };
        Ok(if rolls_out {
            runtime
        } else {
            OutputsPreview {
                active_version: Preview::Keep,
                stable_version: Preview::Keep,
                status: Preview::Keep,
                weight: Preview::Keep,
                step_index: Preview::Keep,
                rollout_id: Preview::Keep,
                last_failure: Preview::Keep,
                ..runtime
            }
        })
    }

    async fn create(&self, cx: &Context, request: Create<Self>) -> Result<Done<Self>, Failed<Self>> {
        let options = request.inputs;
        look::only_here()?;
        let compiled = compiled(&options)?;
        look::program(&compiled)?;
        let client = self.client()?;
        let agent = client.ensure().await.map_err(|error| describe(&error))?;
        look::warn_of_build_server(cx, &agent);
        let wanted = compiled.revision.id();
        let found = client.status(&options.name).await.map_err(|error| describe(&error))?;
        let expected = match &found {
            None => 0,
            Some(status) if look::is_ours(status, &wanted) => status.generation,
            Some(status) => return Err(look::taken(status).into()),
        };
        let (foreseen, patience) = (foreseen(&compiled), compiled.create_timeout);
        let started = self.start(&client, self::request(&options, compiled, expected)).await?;
        let follow = follow(cx, &client, started, &options, patience);
        let version = &options.version;
        match follow.run().await {
            End::Ended { status, .. } if has_won(&status, &wanted) => {
                acknowledge(&client, &status).await;
                let private = Private { generation: status.generation };
                Ok(Done { outputs: live::outputs(&status, foreseen), private })
            }
            End::Ended { status, record } => {
                let error = explain::not_promoted(&status, record.as_deref(), version);
                let superseded = record.is_some_and(|record| record.outcome == Outcome::Superseded);
                let others = superseded || status.stable.as_ref().is_some_and(|stable| stable.id != wanted);
                if others { Err(error.into()) } else { restore(&client, *status, foreseen, error).await }
            }
            End::Gone => Err(look::gone(&options.name).into()),
            End::Left(left) => abandoned(&client, &options, left, foreseen).await,
            End::Lost(error) => {
                let error = describe(&error);
                let detail = format!("{} If {version} gets ready, the next apply adopts it.", error.detail);
                Err(Diagnostic { detail, ..error }.into())
            }
        }
    }

    async fn read(&self, cx: &Context, state: State<Self>) -> Result<Option<State<Self>>, Diagnostics> {
        let name = state.inputs.name.clone().unwrap_or_default();
        look::only_here()?;
        let (client, _) = self.agent_of(&state.outputs, &name).await?;
        let Some(status) = client.status(&name).await.map_err(|error| describe(&error))? else { return Ok(None) };
        if live::is_running(&status) {
            cx.warn(look::in_flight(&status));
        }
        let Outputs { ladder, max_duration, .. } = state.outputs;
        Ok(Some(State {
            inputs: live::drifted(state.inputs, &status),
            outputs: live::outputs(&status, Foreseen { ladder, max_duration }),
            private: Private { generation: status.generation },
        }))
    }

    async fn update(&self, cx: &Context, request: Update<Self>) -> Result<Done<Self>, Failed<Self>> {
        let Update { prior, inputs: options, .. } = request;
        look::only_here()?;
        let compiled = compiled(&options)?;
        let wanted = compiled.revision.id();
        let (client, agent) = self.agent_of(&prior.outputs, &options.name).await?;
        look::warn_of_build_server(cx, &agent);
        let generation = prior.private.generation;
        let foreseen = foreseen(&compiled);
        if !rolls_out(&prior, &wanted) {
            return configure(&client, prior, compiled, foreseen).await;
        }
        if prior.outputs.stable_version.as_ref() != Some(&options.version) {
            look::program(&compiled)?;
        }
        let patience = compiled.update_timeout;
        let started = self.start(&client, self::request(&options, compiled, generation)).await?;
        let follow = follow(cx, &client, started, &options, patience);
        match follow.run().await {
            End::Ended { status, .. } if has_won(&status, &wanted) => {
                acknowledge(&client, &status).await;
                let private = Private { generation: status.generation };
                Ok(Done { outputs: live::outputs(&status, foreseen), private })
            }
            End::Ended { status, record } => {
                acknowledge(&client, &status).await;
                let error = explain::not_promoted(&status, record.as_deref(), &options.version);
                Err(not_reached(prior, Some(&status), error))
            }
            End::Gone => Err(not_reached(prior, None, look::gone(&options.name))),
            End::Left(left) => {
                let error = look::left(&options, &left);
                Err(not_reached(prior, left.status.as_deref().ok(), error))
            }
            End::Lost(error) => Err(not_reached(prior, None, describe(&error))),
        }
    }

    async fn delete(&self, cx: &Context, state: State<Self>) -> Result<(), Failed<Self>> {
        if state.inputs.on_destroy == Some(OnDestroy::Release) {
            return Ok(());
        }
        let name = state.inputs.name.unwrap_or_default();
        let (client, _) = self.agent_of(&state.outputs, &name).await?;
        tokio::select! {
            biased;
            removed = client.remove(&name) => removed.map_err(|error| describe(&error).into()),
            () = cx.stopped().requested() => {
                let detail = format!("The agent goes on draining and stopping {name}; the next plan shows whether it is gone.");
                Err(Diagnostic::error("Interrupted", detail).into())
            }
        }
    }
}

fn follow<'a>(cx: &'a Context, client: &'a Client, started: Status, options: &Options, patience: Span) -> Follow<'a> {
    Follow { client, stop: cx.stopped(), started, policy: options.on_interrupt.into(), patience }
}

/// Brings what applies in place to the service. No rollout is begun, and one that runs keeps its plan.
async fn configure(
    client: &Client,
    prior: State<Resource>,
    compiled: Compiled,
    foreseen: Foreseen,
) -> Result<Done<Resource>, Failed<Resource>> {
    let name = &compiled.service.name;
    let status = client.status(name).await.map_err(|error| describe(&error))?.ok_or_else(|| look::gone(name))?;
    let mut generation = prior.private.generation;
    if status.service != compiled.service {
        let configured = client.configure(compiled.service.clone(), generation).await;
        generation = configured.map_err(|error| describe(&error))?.generation;
    }
    // As planned: what else is new comes with the next read.
    let outputs = Outputs {
        url: url(compiled.service.bind, compiled.service.port),
        ladder: foreseen.ladder,
        max_duration: foreseen.max_duration,
        ..prior.outputs
    };
    Ok(Done { outputs, private: Private { generation } })
}

/// The failure of an update that did not bring its version to all users: the recorded object stands, with what is true now.
fn not_reached(prior: State<Resource>, status: Option<&Status>, error: Diagnostic) -> Failed<Resource> {
    let Some(status) = status else { return error.into() };
    let Outputs { ladder, max_duration, .. } = prior.outputs;
    let state = State {
        inputs: live::proven(prior.inputs, status),
        outputs: Outputs { url: prior.outputs.url, ..live::outputs(status, Foreseen { ladder, max_duration }) },
        private: Private { generation: status.generation },
    };
    Failed { reached: Some(Box::new(Reached { state, rest: Rest::Prior })), diagnostics: error.into() }
}

/// After a first version that failed: nothing shall be left. What cannot be removed is recorded.
async fn restore(
    client: &Client,
    status: Status,
    foreseen: Foreseen,
    error: Diagnostic,
) -> Result<Done<Resource>, Failed<Resource>> {
    let Err(kept) = client.remove(&status.service.name).await else { return Err(error.into()) };
    let detail = format!(
        "{} The service could not be removed, so that it is still there with status {}: {kept}.",
        error.detail,
        word(status.status)
    );
    let state = State {
        inputs: OptionsPartial::default(),
        outputs: live::outputs(&status, foreseen),
        private: Private { generation: status.generation },
    };
    let reached = Some(Box::new(Reached { state, rest: Rest::Planned }));
    Err(Failed { reached, diagnostics: Diagnostic { detail, ..error }.into() })
}

/// After a first version that was left before it was ready: taken back it is nothing, and otherwise the next apply adopts it.
async fn abandoned(
    client: &Client,
    options: &Options,
    left: Left,
    foreseen: Foreseen,
) -> Result<Done<Resource>, Failed<Resource>> {
    let error = look::left(options, &left);
    match left.status {
        Ok(status) if left.policy == Policy::Rollback => restore(client, *status, foreseen, error).await,
        _ => {
            let detail = format!(
                "{} The service is not in the state yet: the next apply adopts it, and `devops-flow rollout remove {}` ends it.",
                error.detail, options.name
            );
            Err(Diagnostic { detail, ..error }.into())
        }
    }
}

impl ImportState for Resource {
    async fn import(&self, _: &Context, id: &str) -> Result<State<Self>, Diagnostics> {
        look::only_here()?;
        let (client, agent) = look::who_is_there(self.client()?).await?;
        let status = match agent {
            Some(_) => client.status(id).await.map_err(|error| describe(&error))?,
            None => None,
        };
        let status = status.ok_or_else(|| look::nothing_to_import(id))?;
        let inputs = live::imported(&status)?;
        let foreseen = match live::whole(&inputs) {
            Ok(options) => foreseen(&compiled(&options)?),
            // A service whose first version never got ready has nothing to run yet.
            Err(_) => Foreseen { ladder: Vec::new(), max_duration: Span::ZERO },
        };
        Ok(State {
            inputs,
            outputs: live::outputs(&status, foreseen),
            private: Private { generation: status.generation },
        })
    }
}
