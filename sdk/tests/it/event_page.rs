//! The page about `--json`, `docs/sdk-events.md`: its tables are the types' own documentation, its lines are what the code
//! prints.
//!
//! `DEVOPSFLOW_WRITE_DOCS=1 cargo test -p devopsflow --test it event_page` writes it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use devopsflow::Event;
use devopsflow::event::{Failure, REDACTED, Reason, Step, Summary, Unfinished, WireEvent};
use devopsflow::state::{Counts, Operation};
use framework::{Severity, Value};
use syn::{Attribute, Expr, Field, Fields, GenericArgument, Item, Lit, Meta, PathArguments, Type};

const BEGIN: &str = "<!-- From here on made from the types in `sdk/src/event/`. -->\n";
const END: &str = "<!-- Up to here. -->\n";

/// At least one of every kind, in the order of a run.
fn samples() -> Vec<Event> {
    let address = || "test_thing.shop".to_owned();
    let planned = |step, before, after, reason| Event::Planned {
        address: address(),
        step,
        before,
        after,
        hidden: BTreeSet::from(["password".to_owned()]),
        replace: Vec::new(),
        reason,
        location: "src/main.rs:12".to_owned(),
    };
    let value =
        |label: &str, number| Value::map([("label", label.into()), ("number", number), ("password", REDACTED.into())]);
    let pending = Unfinished { address: "test_thing.queue".to_owned(), operation: Operation::Create };
    let failure = Failure {
        address: Some(address()),
        location: Some("src/main.rs:12".to_owned()),
        summary: "The disk is full".to_owned(),
    };
    let counts = Counts { created: 1, same: 3, failed: 1, skipped: 1, ..Counts::default() };
    vec![
        Event::Started { verb: "up", stack: "shop/dev".to_owned(), parallel: 10 },
        Event::Refreshing { address: address() },
        Event::Refreshed { address: address(), elapsed: Duration::from_millis(80), succeeded: true },
        planned(Step::Update, value("a", 1.into()), value("b", Value::UNKNOWN), None),
        planned(Step::Replace, value("a", 1.into()), value("a", Value::UNKNOWN), Some(Reason::Asked)),
        Event::PlanEnded { summary: Summary { update: 2, same: 3, ..Summary::default() }, refreshed: false },
        Event::Waiting { address: address(), operation: Operation::Update, on: vec!["test_thing.queue".to_owned()] },
        Event::Running { address: address(), operation: Operation::Update },
        Event::Done {
            address: address(),
            operation: Operation::Update,
            elapsed: Duration::from_millis(1_250),
            succeeded: false,
        },
        Event::Message {
            severity: Severity::Error,
            address: Some(address()),
            location: Some("src/main.rs:12".to_owned()),
            text: "The disk is full\nMake room.".to_owned(),
        },
        Event::Kept { address: "test_thing.logs".to_owned(), imported: false },
        Event::Skipped { address: "test_thing.web".to_owned(), reason: "test_thing.shop failed".to_owned() },
        Event::Ended {
            succeeded: false,
            counts,
            elapsed: Duration::from_millis(2_500),
            exports: BTreeMap::from([
                ("password".to_owned(), REDACTED.into()),
                ("ports".to_owned(), Value::List(vec![80.into()])),
                ("url".to_owned(), Value::UNKNOWN),
            ]),
            failures: vec![failure],
            pending: BTreeMap::from([(7, pending)]),
        },
    ]
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn items(path: &str) -> Vec<Item> {
    syn::parse_file(&std::fs::read_to_string(root().join(path)).unwrap()).unwrap().items
}

/// The documentation of an item, in one line.
fn documentation(attributes: &[Attribute]) -> String {
    let line = |attribute: &Attribute| match &attribute.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value().trim().to_owned()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    };
    attributes.iter().filter_map(line).collect::<Vec<_>>().join(" ")
}

fn may_be_left_out(field: &Field) -> bool {
    let serde = field.attrs.iter().filter(|attribute| attribute.path().is_ident("serde"));
    let mut found = false;
    for attribute in serde {
        let Meta::List(list) = &attribute.meta else { continue };
        found |= list.tokens.to_string().contains("skip_serializing_if");
    }
    found
}

/// The type as it is in JSON.
fn json_type(ty: &Type) -> String {
    let Type::Path(path) = ty else { return "text".to_owned() };
    let last = path.path.segments.last().unwrap();
    let mut inner: Vec<String> = Vec::new();
    if let PathArguments::AngleBracketed(arguments) = &last.arguments {
        inner.extend(arguments.args.iter().filter_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(json_type(ty)),
            _ => None,
        }));
    }
    match last.ident.to_string().as_str() {
        "String" | "Operation" | "Reason" => "text".to_owned(),
        "u32" | "u64" | "usize" => "number".to_owned(),
        "bool" => "boolean".to_owned(),
        "Json" => "any value".to_owned(),
        "Option" => inner[0].clone(),
        "Vec" => format!("list of {}", inner[0]),
        "BTreeMap" => format!("object of {}", inner[1]),
        name @ ("Counts" | "Failure" | "Unfinished" | "WireChange") => {
            let short = name.trim_start_matches("Wire").to_lowercase();
            format!("[{short}](#{short})")
        }
        other => panic!("say what {other} is in JSON"),
    }
}

fn table(text: &mut String, fields: &Fields) {
    let _ = writeln!(text, "| field | type | what it says |\n|---|---|---|");
    for field in fields {
        let name = field.ident.as_ref().unwrap();
        let left_out = if may_be_left_out(field) { " Left out when there is none." } else { "" };
        let about = documentation(&field.attrs).replace('|', "\\|");
        let _ = writeln!(text, "| `{name}` | {} | {about}{left_out} |", json_type(&field.ty));
    }
}

fn kebab(name: &str) -> String {
    let mut kebab = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.extend(c.to_lowercase());
    }
    kebab
}

/// The part of the page that is made: every event with its fields and lines, and what the fields hold.
fn made() -> String {
    let lines: Vec<String> = samples().iter().map(|event| WireEvent::from(event).to_line()).collect();
    let wire = items("sdk/src/event/wire.rs");
    let events = wire.iter().find_map(|item| match item {
        Item::Enum(item) if item.ident == "WireEvent" => Some(&item.variants),
        _ => None,
    });
    let mut text = String::new();
    for variant in events.unwrap() {
        let name = kebab(&variant.ident.to_string());
        let _ = write!(text, "\n### `{name}`\n\n{}\n\n", documentation(&variant.attrs));
        table(&mut text, &variant.fields);
        let tag = format!("{{\"type\":\"{name}\",");
        let examples: Vec<&String> = lines.iter().filter(|line| line.starts_with(&tag)).collect();
        assert!(!examples.is_empty(), "there is no sample of {name}");
        let _ = writeln!(text, "\n```json");
        for line in examples {
            let _ = writeln!(text, "{line}");
        }
        text.push_str("```\n");
    }
    let all = wire.into_iter().chain(items("sdk/src/event.rs")).chain(items("sdk/src/state/entry.rs"));
    for item in all {
        let Item::Struct(item) = item else { continue };
        if let name @ ("WireChange" | "Failure" | "Unfinished" | "Counts") = item.ident.to_string().as_str() {
            let name = name.trim_start_matches("Wire");
            let _ = write!(text, "\n### {name}\n\n{}\n\n", documentation(&item.attrs));
            table(&mut text, &item.fields);
        }
    }
    text
}

#[test]
fn the_page_has_every_event_and_field_and_its_lines_are_printed() {
    let path = root().join("docs/sdk-events.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let wanted = format!("{before}{BEGIN}{}\n{END}{after}", made());
    if std::env::var_os("DEVOPSFLOW_WRITE_DOCS").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap() == wanted,
        "docs/sdk-events.md is stale: DEVOPSFLOW_WRITE_DOCS=1 cargo test -p devopsflow --test it event_page"
    );
}
