//! What a line of the log looks like.

use std::sync::{Arc, Mutex};

use super::*;

/// The lines that `events` leave, with the time replaced.
fn logged(events: impl FnOnce()) -> String {
    let lines = Arc::new(Mutex::new(String::new()));
    let sink = Arc::clone(&lines);
    let emit = move |line: &str| sink.lock().unwrap().push_str(line);
    let layer = Hclog { module: "provider.shop".to_owned(), emit };
    tracing::subscriber::with_default(Registry::default().with(layer), events);
    let lines = lines.lock().unwrap();
    let fixed_time = |line: &str| {
        let mut line: Json = serde_json::from_str(line).unwrap();
        let time = line["@timestamp"].as_str().unwrap();
        assert_eq!(("2026-01-02T03:04:05.123456Z".len(), time.ends_with('Z')), (time.len(), true), "{time}");
        line["@timestamp"] = "T".into();
        format!("{line}\n")
    };
    lines.lines().map(fixed_time).collect()
}

#[test]
fn an_event_carries_the_fields_of_its_spans_as_text() {
    let lines = logged(|| {
        let span = tracing::info_span!("call", rpc = "PlanResourceChange", answer = tracing::field::Empty);
        let _in_span = span.enter();
        span.record("answer", 42);
        tracing::warn!(count = 3, "two\nlines");
        tracing::debug!("no fields");
    });
    insta::assert_snapshot!(lines, @r#"
    {"@level":"warn","@message":"two\nlines","@module":"provider.shop","@timestamp":"T","answer":"42","count":"3","rpc":"PlanResourceChange"}
    {"@level":"debug","@message":"no fields","@module":"provider.shop","@timestamp":"T","answer":"42","rpc":"PlanResourceChange"}
    "#);
}

#[test]
fn a_long_line_is_cut_to_what_hosts_read() {
    for letter in ["x", "\u{1}", "\u{10ffff}"] {
        let mut fields = Fields::default();
        fields.put("@message", letter.repeat(100_000));
        fields.put("extra", "lost".to_owned());
        let text = line("provider.shop", Level::ERROR, fields);
        assert!(text.len() <= MAX_LINE && text.ends_with('\n'));
        let parsed: Json = serde_json::from_str(&text).unwrap();
        assert_eq!((parsed["truncated"].as_str(), parsed.get("extra")), (Some("true"), None));
        assert!(parsed["@message"].as_str().unwrap().starts_with(letter));
    }
}

#[track_caller]
fn check_level(variables: &[(&str, &str)], expected: LevelFilter) {
    let variable = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    assert_eq!(level("my-shop", variable), expected, "{variables:?}");
}

#[test]
fn the_most_specific_variable_decides() {
    check_level(&[], LevelFilter::OFF);
    check_level(&[("TF_LOG", "info")], LevelFilter::INFO);
    check_level(&[("TF_LOG", "JSON")], LevelFilter::TRACE);
    check_level(&[("TF_LOG", "trace"), ("TF_LOG_PROVIDER", "WARN")], LevelFilter::WARN);
    check_level(&[("TF_LOG_PROVIDER", "WARN"), ("TF_LOG_PROVIDER_MY_SHOP", "off")], LevelFilter::OFF);
    check_level(&[("TF_LOG", "1"), ("TF_LOG_PROVIDER", "")], LevelFilter::TRACE);
}
