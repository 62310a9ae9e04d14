//! The loop around the machine, with a target in memory and time that stands still unless it is waited for.
#![cfg(test)]

mod disk_of_tests;
mod disks;
mod races;
mod restarts;
mod store;
mod world;
