//! `canary`: start the new version beside the old one, give it a growing part of the traffic, and watch it at every step.

use super::{Act, Move};
use crate::pipeline::options::{Canary, Rung};

pub(super) fn acts(canary: &Canary, pause: impl Fn(&Rung) -> u32) -> Vec<Act> {
    let step = |rung: &Rung| [Act::Move(Move::Shift(rung.weight)), Act::Watch(pause(rung))];
    let ladder = canary.steps.iter().flat_map(step);
    [Act::Move(Move::Stage)].into_iter().chain(ladder).chain([Act::Move(Move::Promote)]).collect()
}
