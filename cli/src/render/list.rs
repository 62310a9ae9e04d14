//! All services, one a line.

use rollout::Millis;
use rollout::wire::{Phase, Status};

use super::table::{Cell, Table};
use super::{Paint, time, words};

/// A table of services; empty when there are none.
pub(crate) fn render(list: &[Status], now: Millis, paint: Paint) -> String {
    let mut table = Table::new(&["SERVICE", "STATUS", "VERSION", "WEIGHT", "STEP", "READY", "ROLLOUT BEGAN"]);
    for status in list {
        let (word, label) = words::status(status.status);
        let step = words::step(status).filter(|_| status.phase != Phase::Idle);
        let ready: u32 = status.fleet.values().map(|fleet| fleet.ready).sum();
        let desired: u32 = status.fleet.values().map(|fleet| fleet.desired).sum();
        table.row([
            status.service.name.as_str().into(),
            Cell::labelled(Some(label), word),
            versions(status).into(),
            status.weight.to_string().into(),
            step.map_or_else(|| "-".to_owned(), |(at, count)| format!("{at}/{count}")).into(),
            format!("{ready}/{desired}").into(),
            status.started.map_or_else(|| "-".to_owned(), |at| time::ago(at, now)).into(),
        ]);
    }
    if table.is_empty() { String::new() } else { table.text(paint) }
}

/// `1.0`, or `1.0 -> 2.0` while a rollout runs.
fn versions(status: &Status) -> String {
    let version = |deployed: &rollout::wire::Deployed| deployed.revision.version.clone();
    match (status.stable.as_ref().map(version), status.candidate.as_ref().map(version)) {
        (Some(stable), Some(candidate)) => format!("{stable} -> {candidate}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn services_stand_one_below_the_other() {
        let list = [samples::paused(), samples::healthy("web")];
        insta::assert_snapshot!(render(&list, samples::NOW, Paint::PLAIN), @"
        SERVICE  STATUS   VERSION     WEIGHT  STEP  READY  ROLLOUT BEGAN
        api      paused   1.0 -> 2.0  25 %    2/4   5/5    5m10s ago
        web      healthy  1.0         100 %   -     4/4    1d1h ago
        ");
        assert_eq!(render(&[], samples::NOW, Paint::PLAIN), "");
    }
}
