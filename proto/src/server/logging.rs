//! Logs in the form that hosts read: one line of hclog's JSON per event, on standard error.
//!
//! The host asks for a level in its environment: `TF_LOG_PROVIDER_<NAME>` is asked before `TF_LOG_PROVIDER`, and that
//! before `TF_LOG`. Without any there are no logs, but for panics. The values of attributes are never logged.

use std::env;
use std::fmt;
use std::io::{self, Write};
use std::panic::{self, PanicHookInfo};

use jiff::Timestamp;
use serde_json::{Map, Value as Json};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};

/// Hosts do not read longer lines, in bytes.
const MAX_LINE: usize = 64 * 1024 - 1;
/// What is kept of the message of a longer line, in characters: JSON may write one with six bytes or, for two of them
/// that stand for one outside of the basic plane, with twelve.
const MAX_MESSAGE: usize = 5000;
/// Libraries below this one, whose events below INFO are of no use to anyone but their authors.
const TRANSPORT: [&str; 5] = ["h2", "hyper", "hyper_util", "tonic", "tower"];

/// Sets up logging for the provider called `name`.
pub(super) fn init(name: &str) {
    let module = format!("provider.{name}");
    let level = level(name, |variable| env::var(variable).ok());
    let to_panic = module.clone();
    panic::set_hook(Box::new(move |panic| emit(&line(&to_panic, Level::ERROR, panicked(panic)))));
    if level == LevelFilter::OFF {
        return;
    }
    let wanted = move |metadata: &Metadata<'_>| {
        let library = metadata.target().split("::").next().unwrap_or_default();
        *metadata.level() <= level && (*metadata.level() <= Level::INFO || !TRANSPORT.contains(&library))
    };
    let layer =
        Hclog { module, emit }.with_filter(tracing_subscriber::filter::filter_fn(wanted).with_max_level_hint(level));
    // Fails when the program has set up its own logging, which then stays.
    drop(tracing::subscriber::set_global_default(Registry::default().with(layer)));
}

/// The most verbose level that the host asks for.
fn level(name: &str, variable: impl Fn(&str) -> Option<String>) -> LevelFilter {
    let name = name.to_uppercase().replace('-', "_");
    let variables = [format!("TF_LOG_PROVIDER_{name}"), "TF_LOG_PROVIDER".to_owned(), "TF_LOG".to_owned()];
    let asked = variables.iter().find_map(|name| variable(name).filter(|value| !value.is_empty()));
    match asked.map(|value| value.to_uppercase()).as_deref() {
        None | Some("OFF") => LevelFilter::OFF,
        Some("ERROR") => LevelFilter::ERROR,
        Some("WARN") => LevelFilter::WARN,
        Some("INFO") => LevelFilter::INFO,
        Some("DEBUG") => LevelFilter::DEBUG,
        // `TRACE`, `JSON` and whatever else, as Terraform does.
        Some(_) => LevelFilter::TRACE,
    }
}

/// Writes a line. What nobody can read is lost.
fn emit(line: &str) {
    drop(io::stderr().lock().write_all(line.as_bytes()));
}

fn panicked(panic: &PanicHookInfo<'_>) -> Fields {
    let mut fields = Fields::default();
    fields.put("@message", format!("panic: {}", panic.payload_as_str().unwrap_or("no message")));
    if let Some(location) = panic.location() {
        fields.put("location", location.to_string());
    }
    fields
}

/// Writes events as lines.
struct Hclog<E> {
    module: String,
    emit: E,
}

impl<S, E> Layer<S> for Hclog<E>
where
    S: Subscriber + for<'l> LookupSpan<'l>,
    E: Fn(&str) + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, cx: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = cx.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, cx: Context<'_, S>) {
        if let Some(span) = cx.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, cx: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in cx.event_scope(event).into_iter().flat_map(tracing_subscriber::registry::Scope::from_root) {
            if let Some(of_span) = span.extensions().get::<Fields>() {
                fields.0.extend(of_span.0.clone());
            }
        }
        event.record(&mut fields);
        (self.emit)(&line(&self.module, *event.metadata().level(), fields));
    }
}

/// Fields by name, all of them text.
#[derive(Debug, Default)]
struct Fields(Map<String, Json>);

impl Fields {
    fn put(&mut self, name: &str, value: String) {
        self.0.insert(name.to_owned(), Json::String(value));
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        let name = if field.name() == "message" { "@message" } else { field.name() };
        self.put(name, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

/// The line of one event, with its end.
fn line(module: &str, level: Level, mut fields: Fields) -> String {
    fields.put("@level", level.as_str().to_lowercase());
    fields.put("@module", module.to_owned());
    fields.put("@timestamp", format!("{:.6}", Timestamp::now()));
    let text = to_line(&fields);
    if text.len() <= MAX_LINE {
        return text;
    }
    fields.0.retain(|name, _| name.starts_with('@'));
    let message = fields.0.get("@message").and_then(Json::as_str).unwrap_or_default();
    let cut = message.chars().take(MAX_MESSAGE).collect();
    fields.put("@message", cut);
    fields.put("truncated", true.to_string());
    to_line(&fields)
}

fn to_line(fields: &Fields) -> String {
    format!("{}\n", Json::Object(fields.0.clone()))
}

#[cfg(test)]
mod tests;
