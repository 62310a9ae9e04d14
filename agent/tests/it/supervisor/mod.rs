//! The supervisor with real processes.

mod adoption;
mod errors;
mod keeping;
mod logs;
mod readiness;
mod spawning;
mod stopping;
mod support;

pub(crate) use support::fake_service;
