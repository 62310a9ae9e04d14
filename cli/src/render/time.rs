//! Points in time and spans, for people.

use jiff::Timestamp;
use rollout::{Millis, Span};

/// In UTC by RFC 3339, to the second: `2026-03-01T12:00:00Z`.
pub(crate) fn absolute(at: Millis) -> String {
    Timestamp::from_second(at.0.div_euclid(1000))
        .map_or_else(|_| format!("{} ms since 1970", at.0), |time| time.to_string())
}

/// How long ago: `5m ago`.
pub(crate) fn ago(at: Millis, now: Millis) -> String {
    match coarse(now.since(at)) {
        span if span == Span::ZERO => "now".to_owned(),
        span => format!("{span} ago"),
    }
}

/// Both: `2026-03-01T12:00:00Z (5m ago)`.
pub(crate) fn both(at: Millis, now: Millis) -> String {
    format!("{} ({})", absolute(at), ago(at, now))
}

/// The span in its two largest units from days to seconds.
pub(crate) fn coarse(span: Span) -> Span {
    let seconds = span.as_millis() / 1000;
    let unit = match seconds {
        0..3_600 => 1,
        3_600..86_400 => 60,
        _ => 3_600,
    };
    Span::from_secs(seconds / unit * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_absolute_and_relative() {
        let at = Millis(1_772_366_400_500);
        assert_eq!(both(at, at.after(Span::from_secs(310))), "2026-03-01T12:00:00Z (5m10s ago)");
        assert_eq!(ago(at, Millis(0)), "now");
        assert_eq!(absolute(Millis(-1)), "1969-12-31T23:59:59Z");
        assert_eq!(absolute(Millis(i64::MAX)), "9223372036854775807 ms since 1970");
        for (seconds, text) in [(59, "59s"), (3_599, "59m59s"), (3_725, "1h2m"), (100_000, "1d3h")] {
            assert_eq!(coarse(Span::from_secs(seconds)).to_string(), text);
        }
    }
}
