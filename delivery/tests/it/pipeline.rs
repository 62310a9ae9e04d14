//! Rendering pipelines.

/// What every pipeline holds to, whatever its options.
mod checklist;
/// What scripts do when they are run: deploy, go back, find drift.
mod executed;
mod fixture;
/// What is refused, and what is warned of.
mod refused;
mod runner;
/// What is in a pipeline, by project and options.
mod structure;
/// What programs that are not ours say of every variant.
mod validators;
mod variants;
mod workflow;
