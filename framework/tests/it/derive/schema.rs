//! Documentation, modes and rules.

use std::fmt::Write;

use framework::attributes::Inputs as _;
use framework::schema::{self, Attribute, Shape};

use super::{Attributes, Inputs, Outputs};

/// The attributes as text: a line for each, its rules below it, nested attributes indented.
fn outline(attributes: &schema::Attributes, indent: usize, text: &mut String) {
    for (name, attribute) in attributes {
        let Attribute { shape, mode, sensitive, write_only, description, deprecated, rules } = attribute;
        let flags = [(*sensitive, " sensitive"), (*write_only, " write-only"), (rules.replace, " replace")];
        let flags: String = flags.iter().filter(|(set, _)| *set).map(|(_, flag)| *flag).collect();
        let nesting = match shape {
            Shape::Plain(ty) => format!("{ty}"),
            Shape::Nested(nesting, _) => format!("{nesting:?}"),
        };
        let mut lines = vec![format!("{name}: {mode:?} {nesting}{flags}: {description:?}")];
        lines.extend(deprecated.iter().map(|instead| format!("  deprecated: {instead}")));
        lines.extend(rules.default.iter().map(|default| format!("  default: {default:?}")));
        lines.extend(rules.exclusive.iter().map(|group| format!("  exclusive: {group}")));
        lines.extend(rules.checks.iter().map(|check| format!("  {check:?}")));
        for line in lines {
            writeln!(text, "{:indent$}{line}", "").expect("a text takes all");
        }
        if let Shape::Nested(_, inner) = shape {
            outline(inner, indent + 4, text);
        }
    }
}

fn outline_of<T: Attributes>() -> String {
    let mut text = String::new();
    outline(&T::attributes(), 0, &mut text);
    text
}

#[test]
fn inputs_say_all_that_their_struct_says() {
    insta::assert_snapshot!(outline_of::<Inputs>(), @r#"
    gates: Optional Map: "What must hold, by name:\n- errors\n- latency"
        advisory: OptionalComputed bool: "Whether it is only looked at."
          default: false
        max: Required number: "The most that is accepted."
          Range(Some(0), Some(1))
    notes: OptionalComputed string replace: "Where notes are kept."
      default: "notes"
    notify: Optional set(string): "Who is told."
      Each([OneOf([Choice { value: "mail", description: "Mail." }, Choice { value: "short-message", description: "Text messages, at night too." }, Choice { value: "on-call", description: "A pager." }])])
    steps: OptionalComputed list(number): "Shares of the users, in percent."
      default: [5, 25]
      Each([Integer, Range(Some(0), Some(65535))])
      Length(1, Some(5))
    target: Required Single: "Where it runs."
      ExactlyOne
        dry_run: Optional Single: "Nowhere."
        local: Optional Single: "On this machine."
            command: Optional list(string): "The command line."
            port: Required number: "The port."
              Integer
              Range(Some(1024), Some(65535))
            replicas: OptionalComputed number: "How many run."
              default: 2
              Integer
              Range(Some(1), Some(16))
        static: Optional string: "On a named cluster."
    token: Optional string sensitive write-only: "A token."
      exclusive: credentials
    token_file: Optional string: "A file with a token."
      deprecated: Use `token`.
      exclusive: credentials
    type: Optional string: "How urgent it is."
      Length(1, None)
      OneOf([Choice { value: "low", description: "" }, Choice { value: "high", description: "" }])
    version: Required string: "The version."
    "#);
}

#[test]
fn outputs_are_computed_in_all_their_parts() {
    insta::assert_snapshot!(outline_of::<Outputs>(), @r#"
    reason: Computed string sensitive: "Why it went back."
    resolved_gates: Computed Map: "The gates with their defaults."
        advisory: Computed bool: "Whether it is only looked at."
        max: Computed number: "The most that is accepted."
          Range(Some(0), Some(1))
    url: Computed string: "Where it is reached."
    "#);
}

#[test]
fn the_struct_is_described_and_named() {
    assert_eq!(Inputs::DESCRIPTION, "A rollout of a new version to its users.\n\nIt goes back by itself.");
    assert_eq!(Inputs::TYPE_NAME, "demo_rollout");
    assert_eq!(Outputs::NAMES, ["url", "resolved_gates", "reason"]);
}

#[test]
fn types_keep_their_own_notion_of_sameness() {
    let attributes = Inputs::attributes();
    let same = attributes["notes"].rules.same.expect("paths have one");
    assert!(same(&"a//b".into(), &"./a/b".into()));
    assert!(attributes["version"].rules.same.is_none());
}
