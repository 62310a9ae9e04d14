//! The tests of the crate through its public face.
#![cfg(test)]

mod machine;
