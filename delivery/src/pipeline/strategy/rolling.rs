//! `rolling`: the deploy tool replaces instances one after the other.

use super::{Act, Move};

pub(super) fn acts() -> Vec<Act> {
    vec![Act::Move(Move::Release)]
}
