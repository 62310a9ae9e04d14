//! Tests of the SDK through its public face.
//!
//! - `world`: a provider of things in memory, that can be told to fail
//! - `every_resource`: the lifecycle of every resource of our provider, with configurations made from its schema
//! - `fuzz`: a valid snapshot plus one operation that goes wrong, then running it again
//! - `kit`: the testing kit: what a program declares, and a provider that only remembers
//! - `cut`: a store that stops after some records, as a kill would
//! - `stores`: the conformance kit on every store
//! - `lifecycle`: create, change and remove; options; outputs that flow
//! - `lab`: a store, a world and what was told, for the tests of options, plans and outputs
//! - `options`: what each resource option does
//! - `outputs`: functions, secrets and unknowns that flow; transforms
//! - `plan`: what is asked in which order, saved plans, targets, failures
//! - `pipeline`: our own provider, on disk
//! - `both_ends`: the provider in this process and as a plugin
//! - `regions`: a provider with a configuration, that can be told to break the contract
//! - `instances`: several instances of a provider, and resources without typed builders
//! - `contract`: providers that break the contract
//! - `shelf`: a program whose objects are counted, as a process
//! - `kill`: real kills at random moments of 500 resources
//! - `state_verbs`: export, import, repair, history, removal of a stack
//! - `contention`: two runs at once, a run that hangs and is taken over, a full disk, Ctrl-C at the question
//! - `damage`: truncated, flipped and newer files: what is said, and that nothing is changed
//! - `seam`: every operation of the store failed under a run of the engine, compaction included
//! - `program`: the command line, and kills of a process
//! - `programs`: builds the programs that are run
//! - `wrong`: wrong programs that compile, and what they are told
//! - `event_page`: the page about `--json` and the types and lines that it describes
//! - `events`: what a run tells, in which order, and how it ends
//! - `terminal`: what a terminal and a log get of a real program
//! - `growth`: what resources cost, however many there are and whatever their graph
//! - `secrets`: what is sealed, who opens it, and that it is to be found nowhere
//! - `secret_program`: the same through the command line
//! - `quickstart`: a program in a project of its own: a rollout without an agent, wrong settings, Ctrl-C

#![expect(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

mod both_ends;
mod contention;
mod contract;
mod cut;
mod damage;
mod event_page;
mod events;
mod every_resource;
mod fuzz;
mod growth;
mod instances;
mod kill;
mod kit;
mod lab;
mod lifecycle;
mod options;
mod outputs;
mod pipeline;
mod plan;
mod program;
mod programs;
mod quickstart;
mod regions;
mod seam;
mod secret_program;
mod secrets;
mod shelf;
mod state_verbs;
mod stores;
mod terminal;
mod world;
mod wrong;
