//! `feature-flag`: deploy with the feature switched off, then bring it to a growing part of the users.

use super::{Act, Move};
use crate::pipeline::options::{Canary, FeatureFlag, Rung};

pub(super) fn acts(flag: Option<&FeatureFlag>, pause: impl Fn(&Rung) -> u32) -> Vec<Act> {
    let steps = flag.and_then(|flag| flag.steps.clone()).unwrap_or_else(|| Canary::default().steps);
    let step = |rung: &Rung| [Act::Flag(rung.weight), Act::Watch(pause(rung))];
    let ladder = steps.iter().flat_map(step);
    [Act::Move(Move::Release), Act::Watch(0)].into_iter().chain(ladder).chain([Act::Flag(100)]).collect()
}
