//! A component of one's own: a repository with several services, each declared in one line.
//!
//! What a service is stands once, in `service.rs`. The program says which services there are and how they hang together, and a
//! transform changes all of them at once.

mod service;

use std::process::ExitCode;

use devopsflow::{Result, Scope};

use service::Service;

fn declare(scope: &mut Scope) -> Result<()> {
    // A transform sees every declaration from here on, in all components below: no pipeline is removed by mistake.
    if scope.stack() == "production" {
        scope.transform(|declaration| declaration.options.protect = true);
    }
    let api = Service::new("api", "services/api").add(scope)?;
    let worker = Service::new("worker", "services/worker").after(&api).add(scope)?;
    scope.export("api", api.summary);
    scope.export("worker", worker.summary);
    Ok(())
}

fn main() -> ExitCode {
    devopsflow::main("component", declare)
}
