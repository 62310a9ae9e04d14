//! Events as plain lines.

use std::fmt::Write as _;

use framework::Value;

use crate::event::{Event, Summary, WireChange, WireEvent};

/// The lines for an event; none for what has nothing to say.
pub(crate) fn lines(event: &Event) -> Option<String> {
    let mut text = String::new();
    match event {
        Event::Started { .. } | Event::Waiting { .. } => return None,
        Event::Planned { address, step, .. } => {
            let _ = write!(text, "{step:>20} {address}");
            if let WireEvent::Planned { changes, location, .. } = WireEvent::from(event) {
                if !location.is_empty() {
                    let _ = write!(text, "  ({location})");
                }
                let both = !matches!(
                    event,
                    Event::Planned { before: Value::Null, .. } | Event::Planned { after: Value::Null, .. }
                );
                for WireChange { attribute, before, after, unknown } in changes.iter().filter(|_| both) {
                    let after = if *unknown { "(known after up)".to_owned() } else { after.to_string() };
                    let _ = write!(text, "\n{:>20} {attribute}: {before} -> {after}", "");
                }
            }
        }
        Event::PlanEnded { summary, refreshed } => {
            let Summary { create, update, replace, delete, import, forget, same } = summary;
            let _ = write!(
                text,
                "Plan: {create} to create, {update} to update, {replace} to replace, {delete} to delete, {import} to \
                 import, {forget} to forget, {same} unchanged."
            );
            if !refreshed {
                text.push_str(" The world was not looked at; --refresh does.");
            }
        }
        Event::Running { address, operation } => {
            let _ = write!(text, "{address}: {operation} ...");
        }
        Event::Done { address, operation, elapsed, succeeded } => {
            let how = if *succeeded { "done" } else { "FAILED" };
            let _ = write!(text, "{address}: {operation} {how} after {:.1} s", elapsed.as_secs_f32());
        }
        Event::Skipped { address, reason } => {
            let _ = write!(text, "{address}: skipped, for {reason}");
        }
        Event::Message { severity, address, text: message } => {
            let about = address.as_ref().map(|address| format!("{address}: ")).unwrap_or_default();
            let _ = write!(text, "{}: {about}{message}", crate::event::severity(*severity));
        }
        Event::Ended { succeeded, counts, elapsed } => {
            let how = if *succeeded { "Done" } else { "Not done" };
            let _ = write!(
                text,
                "{how}: {} created, {} updated, {} deleted, {} unchanged, {} failed, {} skipped, in {:.1} s.",
                counts.created,
                counts.updated,
                counts.deleted,
                counts.same,
                counts.failed,
                counts.skipped,
                elapsed.as_secs_f32()
            );
        }
    }
    Some(text)
}
