//! What a program runs beside operations.

use framework::declare::{Declaration, Moment, Subject};
use framework::{Diagnostic, Diagnostics, Value};

/// Runs the hooks of a declaration for a moment, in their order, until one fails.
pub(super) async fn run(
    declaration: &Declaration,
    moment: Moment,
    address: &str,
    state: &Value,
) -> Result<(), Diagnostics> {
    for hook in declaration.options.hooks.iter().filter(|hook| hook.moment == moment) {
        let (run, address, state) = (hook.run.clone(), address.to_owned(), state.clone());
        let ran = tokio::task::spawn_blocking(move || run(&Subject { address: &address, state: &state })).await;
        let failed = match ran {
            Ok(Ok(())) => continue,
            Ok(Err(reason)) => reason,
            Err(_) => "it panicked".to_owned(),
        };
        return Err(Diagnostic::error(format!("The hook {} failed", name(moment)), failed).into());
    }
    Ok(())
}

fn name(moment: Moment) -> &'static str {
    match moment {
        Moment::BeforeCreate => "before_create",
        Moment::AfterCreate => "after_create",
        Moment::BeforeUpdate => "before_update",
        Moment::AfterUpdate => "after_update",
        Moment::BeforeDelete => "before_delete",
        Moment::AfterDelete => "after_delete",
    }
}
