//! The agent itself.

use std::path::Path;

use rollout::Millis;
use rollout::wire::{Agent, Status};

use super::table::{Cell, Table};
use super::{Label, Paint, time, words};

/// Who runs, where, and what.
pub(crate) fn render(
    agent: Option<&Agent>,
    state_dir: &Path,
    services: &[Status],
    now: Millis,
    paint: Paint,
) -> String {
    let mut table = Table::plain();
    let place = state_dir.display().to_string();
    let Some(agent) = agent else {
        table.row(["agent".into(), Cell::labelled(Some(Label::Bad), "not running")]);
        table.row(["state".into(), place.into()]);
        return table.text(paint);
    };
    table.row(["agent".into(), Cell::labelled(Some(Label::Good), "running")]);
    table.row(["id".into(), agent.agent_id.as_str().into()]);
    table.row(["host".into(), agent.host.as_str().into()]);
    table.row(["pid".into(), agent.pid.to_string().into()]);
    table.row(["release".into(), agent.release.as_str().into()]);
    table.row(["interface".into(), interface(agent.interface).into()]);
    table.row(["started".into(), time::both(agent.started, now).into()]);
    table.row(["state".into(), place.into()]);
    if let Some(variable) = &agent.build_server {
        let text = format!("started by a build server ({variable}), which ends it with its job");
        table.row(["warning".into(), Cell::labelled(Some(Label::Waiting), text)]);
    }
    for (index, status) in services.iter().enumerate() {
        let service = format!("{} {}", status.service.name, words::status(status.status).0);
        table.row([if index == 0 { "services" } else { "" }.into(), service.into()]);
    }
    if services.is_empty() {
        table.row(["services".into(), "none".into()]);
    }
    table.text(paint)
}

fn interface(version: u32) -> String {
    match version.cmp(&rollout::wire::VERSION) {
        std::cmp::Ordering::Equal => version.to_string(),
        std::cmp::Ordering::Greater => format!("{version}, newer than this program: update devops-flow"),
        std::cmp::Ordering::Less => format!("{version}, older than this program"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn an_agent_that_runs() {
        let services = [samples::paused(), samples::healthy("web")];
        let text = render(Some(&samples::agent()), Path::new("/state"), &services, samples::NOW, Paint::PLAIN);
        insta::assert_snapshot!(text, @"
        agent      running
        id         a1
        host       build-1
        pid        4242
        release    0.1.0
        interface  1
        started    2026-03-01T09:55:00Z (2h5m ago)
        state      /state
        services   api paused
                   web healthy
        ");
    }

    #[test]
    fn an_agent_that_does_not_run() {
        insta::assert_snapshot!(render(None, Path::new("/state"), &[], samples::NOW, Paint::PLAIN), @"
        agent  not running
        state  /state
        ");
    }

    #[test]
    fn an_agent_of_another_release_on_a_build_server() {
        let build_server = Some("CI".to_owned());
        let agent = Agent { interface: 2, release: "9.9.9".to_owned(), build_server, ..samples::agent() };
        let text = render(Some(&agent), Path::new("/state"), &[], samples::NOW, Paint::PLAIN);
        insta::assert_snapshot!(text, @"
        agent      running
        id         a1
        host       build-1
        pid        4242
        release    9.9.9
        interface  2, newer than this program: update devops-flow
        started    2026-03-01T09:55:00Z (2h5m ago)
        state      /state
        warning    started by a build server (CI), which ends it with its job
        services   none
        ");
    }
}
