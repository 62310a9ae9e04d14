//! The rollouts that ended, one a line.

use rollout::Millis;
use rollout::wire::Ended;

use super::table::{Cell, Table};
use super::{Paint, time, words};

/// A table of rollouts, in the order given; empty when there are none.
pub(crate) fn render(history: &[Ended], now: Millis, paint: Paint) -> String {
    let mut table =
        Table::new(&["ROLLOUT", "VERSION", "REVISION", "OUTCOME", "HIGHEST", "TOOK", "PAUSED", "ENDED", "REASON"]);
    for ended in history {
        let (word, label) = words::outcome(ended.outcome);
        table.row([
            ended.rollout_id.as_str().into(),
            ended.version.as_str().into(),
            ended.revision.as_str().into(),
            Cell::labelled(Some(label), word),
            ended.highest_weight.to_string().into(),
            time::coarse(ended.ended.since(ended.started)).to_string().into(),
            time::coarse(ended.paused).to_string().into(),
            time::both(ended.ended, now).into(),
            ended.failure.as_ref().map_or("", |failure| failure.reason.as_str()).into(),
        ]);
    }
    if table.is_empty() { String::new() } else { table.text(paint) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn the_newest_stands_first() {
        insta::assert_snapshot!(render(&samples::history(), samples::NOW, Paint::PLAIN), @"
        ROLLOUT  VERSION  REVISION      OUTCOME      HIGHEST  TOOK  PAUSED  ENDED                              REASON
        r3       3.0      16fa881773ff  rolled-back  5 %      1m    0s      2026-03-01T11:59:00Z (1m ago)      its error rate is too high
        r1       1.0      4c10b882ed68  promoted     100 %    1h6m  12m     2026-02-28T12:06:40Z (23h53m ago)
        ");
        assert_eq!(render(&[], samples::NOW, Paint::PLAIN), "");
    }
}
