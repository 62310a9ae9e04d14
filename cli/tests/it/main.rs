//! The command as users call it: the built program against an agent that follows a script.
#![cfg(test)]

/// The agent itself: its status, its logs, its end.
mod agent;
/// What goes wrong on the way to the agent, for every command.
mod failures;
/// An agent that follows a script, and calls of the program.
mod fake;
/// The unit of systemd.
mod install;
/// Looking at rollouts and steering them.
mod rollout;
/// What agents say; the same as in the program's own tests.
#[path = "../../src/samples.rs"]
#[expect(dead_code, reason = "some samples are for the renderers only")]
mod samples;
/// Streams, files, exit codes and completions.
mod streams;
/// Following events and waiting for the end.
mod wait;
