//! Events as text, for people. Everything here is pure: it folds events, takes the time as an argument, and gives text.

mod diff;
mod end;
mod escape;
mod paint;
mod plain;
mod plan;
mod progress;
mod text;
mod tree;
mod value;

#[cfg(test)]
mod tests;

pub(crate) use end::export;
pub(crate) use escape::clean;
pub(crate) use plain::Plain;
pub(crate) use progress::Progress;

use std::time::Duration;

/// A time for people: `4.2 s`, `1m05s`, `2h03m`.
fn seconds(time: Duration) -> String {
    match time.as_secs() {
        0..60 => format!("{:.1} s", time.as_secs_f32()),
        whole @ 60..3_600 => format!("{}m{:02}s", whole / 60, whole % 60),
        whole => format!("{}h{:02}m", whole / 3_600, whole / 60 % 60),
    }
}
