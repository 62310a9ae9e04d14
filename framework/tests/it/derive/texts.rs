//! Enums of unit variants.

use framework::attributes::Field;
use framework::schema::Check;
use framework::{Path, Value};

use super::Channel;

#[test]
fn variants_are_named_in_kebab_case_or_as_they_say() {
    assert_eq!(Channel::ALL, [Channel::Mail, Channel::ShortMessage, Channel::Pager]);
    let names: Vec<_> = Channel::ALL.iter().map(Channel::as_str).collect();
    assert_eq!(names, ["mail", "short-message", "on-call"]);
}

#[test]
fn texts_survive() {
    for channel in Channel::ALL {
        assert_eq!(channel.to_string().parse(), Ok(*channel));
        assert_eq!(Channel::from_value(&channel.to_value(), &Path::root()), Ok(*channel));
    }
    assert_eq!(format!("{:>6}|", Channel::Mail), "  mail|");
}

#[test]
fn an_unknown_text_lists_those_that_are_known() {
    let unknown = "mial".parse::<Channel>().expect_err("no channel");
    assert_eq!(unknown.closest(), Some("mail"));
    let expected = r#"one of "mail", "short-message", "on-call" expected, not "mial". Did you mean "mail"?"#;
    assert_eq!(unknown.to_string(), expected);
    let error = Channel::from_value(&Value::from(1), &Path::of("notify")).expect_err("no text");
    assert_eq!(error.to_string(), "error: notify: Unexpected value\na string expected, not a number.");
}

#[test]
fn choices_carry_their_documentation() {
    let Some(Check::OneOf(choices)) = Channel::checks().pop() else { panic!("choices are checked") };
    let choices: Vec<_> = choices.iter().map(|choice| (choice.value.as_str(), choice.description.as_str())).collect();
    let night = "Text messages, at night too.";
    assert_eq!(choices, [("mail", "Mail."), ("short-message", night), ("on-call", "A pager.")]);
}
