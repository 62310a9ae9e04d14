//! The strategies: which moves bring a new version to users, and where they pause and check.

mod blue_green;
mod canary;
mod feature_flag;
mod rolling;

use super::options::{DeployStrategy, Options, Rung};

/// A change of what runs or of who gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Move {
    /// Replace the running version.
    Release,
    /// Start the new version where no traffic goes: beside the old one, or in the slot that users do not see.
    Stage,
    /// Give all traffic to that slot.
    Switch,
    /// Give this part of the traffic, in percent, to the new version.
    Shift(u32),
    /// Replace the old version by the new one, which has been watched.
    Promote,
}

/// One step on the way to users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Change something.
    Move(Move),
    /// Test the slot that users do not see.
    TestPreview,
    /// Set the flag for this part of the users, in percent.
    Flag(u32),
    /// Watch for this long, in minutes; 0 checks once.
    Watch(u32),
}

/// The way of a strategy to the users of an environment. Only the last environment waits. Of a tool that follows strategies by
/// itself, only the release is left.
pub(super) fn acts(options: &Options, is_last: bool, tool_paces_itself: bool) -> Vec<Act> {
    let pause = |rung: &Rung| if is_last { rung.pause_minutes } else { 0 };
    match options.deploy_strategy {
        DeployStrategy::Rolling => rolling::acts(),
        DeployStrategy::BlueGreen | DeployStrategy::Canary if tool_paces_itself => rolling::acts(),
        DeployStrategy::BlueGreen => blue_green::acts(),
        DeployStrategy::Canary => canary::acts(&options.canary.clone().unwrap_or_default(), pause),
        DeployStrategy::FeatureFlag => feature_flag::acts(options.feature_flag.as_ref(), pause),
    }
}

/// How long the pauses of a way take, in minutes.
pub(super) fn minutes(acts: &[Act]) -> u32 {
    let minutes = acts.iter().map(|act| if let Act::Watch(minutes) = act { *minutes } else { 0 });
    minutes.fold(0, u32::saturating_add)
}
