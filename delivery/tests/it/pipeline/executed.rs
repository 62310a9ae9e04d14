//! The scripts of the jobs that deliver, run for real: with terraform, with scripts, and against a service.

mod requests;
mod scripts;
mod terraform;
