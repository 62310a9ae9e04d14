//! `blue-green`: fill the slot that users do not see, test it there, then give it all traffic.

use super::{Act, Move};

pub(super) fn acts() -> Vec<Act> {
    vec![Act::Move(Move::Stage), Act::TestPreview, Act::Move(Move::Switch)]
}
