//! What several gates amount to: an expression over their names, such as `errors && (latency || !probe)`.

use std::collections::BTreeMap;

use super::{Gate, Outcome};

/// The longest expression, in bytes.
const LONGEST: usize = 1_000;

/// How deep parentheses and negations may be nested.
const DEEPEST: usize = 32;

/// Which gates must pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule(Expression);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Expression {
    Gate(String),
    /// A gate that never decides; what it is part of is judged without it.
    DryRun,
    Not(Box<Expression>),
    All(Vec<Expression>),
    Any(Vec<Expression>),
}

/// What the gates amount to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The outcome of all together.
    pub outcome: Outcome,
    /// The gate to which that is due; none when no gate decides.
    pub gate: Option<String>,
}

/// An expression that cannot be read. Positions count characters from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRule {
    /// It is longer than anybody needs.
    #[error("`pass_when` may have at most {LONGEST} bytes, not {0}")]
    TooLong(usize),
    /// It is nested deeper than anybody needs.
    #[error("`pass_when`, position {at}: nested deeper than {DEEPEST}")]
    TooDeep {
        /// Where.
        at: usize,
    },
    /// Something else must stand there.
    #[error("`pass_when`, position {at}: {expected} expected, not {found}")]
    Unexpected {
        /// Where.
        at: usize,
        /// What must stand there.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// There is no gate of this name.
    #[error("`pass_when`, position {at}: there is no gate {name:?}; there are: {known}")]
    Unknown {
        /// Where.
        at: usize,
        /// The name.
        name: String,
        /// The names of all gates.
        known: String,
    },
}

/// Whether a gate of this name can stand in an expression.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(is_name_part)
}

fn is_name_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

impl Rule {
    /// Reads `pass_when`, in which `!` binds closer than `&&`, and that closer than `||`. Without it, all gates must pass.
    pub fn new(pass_when: Option<&str>, gates: &[Gate]) -> Result<Self, InvalidRule> {
        let Some(text) = pass_when else {
            return Ok(Self(Expression::All(gates.iter().map(Expression::gate).collect())));
        };
        if text.len() > LONGEST {
            return Err(InvalidRule::TooLong(text.len()));
        }
        let mut parser = Parser { text, at: 0, gates };
        let expression = parser.any(0)?;
        match parser.peek() {
            None => Ok(Self(expression)),
            Some(_) => Err(parser.unexpected("`&&`, `||` or the end")),
        }
    }

    /// What the gates amount to in the middle of a step, from each one's outcome by name. A gate that passes so far is still
    /// open, so that its negation does not fail a candidate before the step's end; one without an outcome is open, too.
    pub fn decide_now(&self, outcomes: &BTreeMap<String, Outcome>) -> Decision {
        self.decide(|gate| match outcomes.get(gate) {
            None | Some(Outcome::Pass) => Outcome::NoData,
            Some(outcome) => *outcome,
        })
    }

    /// What the gates amount to at the end of a step. A gate without an outcome has no data.
    pub fn decide_at_step_end(&self, outcomes: &BTreeMap<String, Outcome>) -> Decision {
        self.decide(|gate| outcomes.get(gate).copied().unwrap_or(Outcome::NoData))
    }

    fn decide(&self, outcome_of: impl Fn(&str) -> Outcome) -> Decision {
        match self.0.evaluate(&outcome_of) {
            Some((outcome, gate)) => Decision { outcome, gate: Some(gate.to_owned()) },
            None => Decision { outcome: Outcome::Pass, gate: None },
        }
    }
}

impl Expression {
    fn gate(gate: &Gate) -> Self {
        if gate.dry_run { Self::DryRun } else { Self::Gate(gate.name.clone()) }
    }

    /// The outcome and the gate that it comes from; nothing when only gates that never decide are part of it.
    fn evaluate<'a>(&'a self, outcome_of: &impl Fn(&str) -> Outcome) -> Option<(Outcome, &'a str)> {
        match self {
            Self::Gate(name) => Some((outcome_of(name), name)),
            Self::DryRun => None,
            Self::Not(inner) => inner.evaluate(outcome_of).map(|(outcome, gate)| (negated(outcome), gate)),
            // Outcomes are ordered from the gravest; of equal ones the first speaks.
            Self::All(parts) => {
                parts.iter().filter_map(|part| part.evaluate(outcome_of)).min_by_key(|(outcome, _)| *outcome)
            }
            Self::Any(parts) => {
                parts.iter().rev().filter_map(|part| part.evaluate(outcome_of)).max_by_key(|(outcome, _)| *outcome)
            }
        }
    }
}

/// What could not be told cannot be told of the contrary either.
fn negated(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Pass => Outcome::Fail,
        Outcome::Fail => Outcome::Pass,
        Outcome::Error | Outcome::Inconclusive | Outcome::NoData => outcome,
    }
}

struct Parser<'a> {
    text: &'a str,
    /// In bytes.
    at: usize,
    gates: &'a [Gate],
}

impl Parser<'_> {
    fn any(&mut self, depth: usize) -> Result<Expression, InvalidRule> {
        let mut parts = vec![self.all(depth)?];
        while self.take("||") {
            parts.push(self.all(depth)?);
        }
        Ok(one_or(parts, Expression::Any))
    }

    fn all(&mut self, depth: usize) -> Result<Expression, InvalidRule> {
        let mut parts = vec![self.one(depth)?];
        while self.take("&&") {
            parts.push(self.one(depth)?);
        }
        Ok(one_or(parts, Expression::All))
    }

    fn one(&mut self, depth: usize) -> Result<Expression, InvalidRule> {
        let next = self.peek();
        if matches!(next, Some('!' | '(')) && depth == DEEPEST {
            return Err(InvalidRule::TooDeep { at: self.position() });
        }
        if self.take("!") {
            return Ok(Expression::Not(Box::new(self.one(depth + 1)?)));
        }
        if self.take("(") {
            let inner = self.any(depth + 1)?;
            return if self.take(")") { Ok(inner) } else { Err(self.unexpected("`&&`, `||` or `)`")) };
        }
        if next.is_some_and(|c| c.is_ascii_alphabetic()) {
            self.gate()
        } else {
            Err(self.unexpected("a gate's name, `!` or `(`"))
        }
    }

    fn gate(&mut self) -> Result<Expression, InvalidRule> {
        let rest = &self.text[self.at..];
        let name = &rest[..rest.find(|c| !is_name_part(c)).unwrap_or(rest.len())];
        let Some(gate) = self.gates.iter().find(|gate| gate.name == name) else {
            let names: Vec<&str> = self.gates.iter().map(|gate| gate.name.as_str()).collect();
            let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            return Err(InvalidRule::Unknown { at: self.position(), name: name.to_owned(), known });
        };
        self.at += name.len();
        Ok(Expression::gate(gate))
    }

    /// The next character that is not a space.
    fn peek(&mut self) -> Option<char> {
        let rest = self.text[self.at..].trim_start();
        self.at = self.text.len() - rest.len();
        rest.chars().next()
    }

    fn take(&mut self, token: &str) -> bool {
        self.peek();
        let found = self.text[self.at..].starts_with(token);
        self.at += if found { token.len() } else { 0 };
        found
    }

    fn position(&self) -> usize {
        self.text[..self.at].chars().count() + 1
    }

    fn unexpected(&mut self, expected: &'static str) -> InvalidRule {
        let found = self.peek().map_or_else(|| "the end".to_owned(), |c| format!("{c:?}"));
        InvalidRule::Unexpected { at: self.position(), expected, found }
    }
}

fn one_or(mut parts: Vec<Expression>, many: fn(Vec<Expression>) -> Expression) -> Expression {
    if parts.len() == 1 { parts.remove(0) } else { many(parts) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::error_rate;
    use super::*;

    const ALL: [Outcome; 5] = [Outcome::Fail, Outcome::Error, Outcome::Inconclusive, Outcome::NoData, Outcome::Pass];

    fn gates() -> Vec<Gate> {
        let dry = |name| Gate { dry_run: true, ..error_rate(name) };
        vec![error_rate("errors"), error_rate("latency"), error_rate("probe"), dry("dry")]
    }

    fn outcomes(errors: Outcome, latency: Outcome, probe: Outcome, dry: Outcome) -> BTreeMap<String, Outcome> {
        [("errors", errors), ("latency", latency), ("probe", probe), ("dry", dry)]
            .map(|(name, outcome)| (name.to_owned(), outcome))
            .into()
    }

    #[track_caller]
    fn check(pass_when: Option<&str>, given: [Outcome; 4], outcome: Outcome, gate: Option<&str>) {
        let [errors, latency, probe, dry] = given;
        let rule = Rule::new(pass_when, &gates()).unwrap();
        let decision = rule.decide_at_step_end(&outcomes(errors, latency, probe, dry));
        assert_eq!(decision, Decision { outcome, gate: gate.map(str::to_owned) }, "{pass_when:?} with {given:?}");
    }

    use Outcome::{Error, Fail, Inconclusive, NoData, Pass};

    #[test]
    fn all_gates_must_pass_when_nothing_else_is_said() {
        check(None, [Pass, Pass, Pass, Fail], Pass, Some("errors"));
        check(None, [Pass, Inconclusive, NoData, Pass], Inconclusive, Some("latency"));
        check(None, [Pass, Error, Fail, Pass], Fail, Some("probe"));
        assert_eq!(
            Rule::new(None, &[]).unwrap().decide_at_step_end(&BTreeMap::new()),
            Decision { outcome: Pass, gate: None }
        );
    }

    #[test]
    fn an_expression_says_which_gates_matter_and_the_gate_that_decided_is_named() {
        let rule = Some("errors && (latency || !probe)");
        check(rule, [Pass, Fail, Fail, Pass], Pass, Some("errors"));
        check(rule, [Pass, Fail, Pass, Pass], Fail, Some("latency"));
        check(rule, [Pass, Error, Pass, Pass], Error, Some("latency"));
        check(rule, [Fail, Pass, Pass, Pass], Fail, Some("errors"));
        check(Some("!errors"), [Error, Pass, Pass, Pass], Error, Some("errors"));
        // `&&` binds closer.
        check(Some("errors||latency&&probe"), [Pass, Fail, Fail, Pass], Pass, Some("errors"));
        check(Some("!errors && !!latency"), [Fail, Pass, Pass, Pass], Pass, Some("errors"));
    }

    #[test]
    fn a_dry_run_never_decides() {
        for outcome in ALL {
            check(Some("errors && dry"), [Pass, Pass, Pass, outcome], Pass, Some("errors"));
            check(Some("errors || dry"), [Fail, Pass, Pass, outcome], Fail, Some("errors"));
            check(Some("!(dry || !dry)"), [Fail, Fail, Fail, outcome], Pass, None);
        }
    }

    #[test]
    fn in_the_middle_of_a_step_a_pass_is_still_open() {
        let rule = Rule::new(Some("errors && !probe"), &gates()).unwrap();
        let now = |errors, probe| rule.decide_now(&outcomes(errors, Pass, probe, Pass)).outcome;
        assert_eq!(now(Pass, Pass), NoData);
        assert_eq!(now(Pass, Fail), NoData);
        assert_eq!(now(Fail, Pass), Fail);
        assert_eq!(now(Error, Pass), Error);
        assert_eq!(rule.decide_now(&BTreeMap::new()).outcome, NoData);
        assert_eq!(rule.decide_at_step_end(&outcomes(Pass, Pass, Pass, Pass)).outcome, Fail);
    }

    #[test]
    fn mistakes_are_shown_where_they_are() {
        let deep = format!("{}errors", "!".repeat(33));
        for (text, expected) in [
            ("", "`pass_when`, position 1: a gate's name, `!` or `(` expected, not the end"),
            ("errors &&", "`pass_when`, position 10: a gate's name, `!` or `(` expected, not the end"),
            ("errors & latency", "`pass_when`, position 8: `&&`, `||` or the end expected, not '&'"),
            ("errors latency", "`pass_when`, position 8: `&&`, `||` or the end expected, not 'l'"),
            ("(errors || latency", "`pass_when`, position 19: `&&`, `||` or `)` expected, not the end"),
            ("errors)", "`pass_when`, position 7: `&&`, `||` or the end expected, not ')'"),
            ("errors && ü", "`pass_when`, position 11: a gate's name, `!` or `(` expected, not 'ü'"),
            (
                "errors || errror",
                "`pass_when`, position 11: there is no gate \"errror\"; there are: errors, latency, probe, dry",
            ),
            (&deep, "`pass_when`, position 33: nested deeper than 32"),
            (&"errors&&".repeat(200), "`pass_when` may have at most 1000 bytes, not 1600"),
        ] {
            assert_eq!(Rule::new(Some(text), &gates()).unwrap_err().to_string(), expected, "{text}");
        }
        let deepest = format!("{}errors{}", "(".repeat(32), ")".repeat(32));
        assert!(Rule::new(Some(&deepest), &gates()).is_ok());
    }

    #[derive(Clone, Debug)]
    enum Tree {
        Leaf(usize),
        Not(Box<Tree>),
        Pair(bool, Box<Tree>, Box<Tree>),
    }

    impl Tree {
        fn text(&self) -> String {
            match self {
                Self::Leaf(index) => gates()[*index].name.clone(),
                Self::Not(inner) => format!("! {}", inner.bracketed()),
                Self::Pair(both, a, b) => {
                    format!("{}{}{}", a.bracketed(), if *both { " && " } else { "||" }, b.bracketed())
                }
            }
        }

        fn bracketed(&self) -> String {
            if matches!(self, Self::Leaf(_)) { self.text() } else { format!("({})", self.text()) }
        }

        /// 0 fail to 4 pass.
        fn rank(&self, given: [Outcome; 4]) -> Option<usize> {
            match self {
                Self::Leaf(3) => None,
                Self::Leaf(index) => ALL.iter().position(|outcome| *outcome == given[*index]),
                Self::Not(inner) => inner.rank(given).map(|rank| if rank % 4 == 0 { 4 - rank } else { rank }),
                Self::Pair(both, a, b) => match (a.rank(given), b.rank(given)) {
                    (Some(a), Some(b)) => Some(if *both { a.min(b) } else { a.max(b) }),
                    (a, b) => a.or(b),
                },
            }
        }
    }

    fn tree() -> impl Strategy<Value = Tree> {
        (0..4_usize).prop_map(Tree::Leaf).prop_recursive(6, 40, 2, |inner| {
            prop_oneof![
                inner.clone().prop_map(|tree| Tree::Not(Box::new(tree))),
                (any::<bool>(), inner.clone(), inner).prop_map(|(both, a, b)| Tree::Pair(
                    both,
                    Box::new(a),
                    Box::new(b)
                )),
            ]
        })
    }

    fn outcome() -> impl Strategy<Value = Outcome> {
        (0..5_usize).prop_map(|index| ALL[index])
    }

    proptest! {
        #[test]
        fn an_expression_means_what_it_says(tree in tree(), given in [outcome(), outcome(), outcome(), outcome()]) {
            let text = tree.text();
            prop_assume!(text.len() <= LONGEST);
            let [errors, latency, probe, dry] = given;
            let decision = Rule::new(Some(&text), &gates()).unwrap().decide_at_step_end(&outcomes(errors, latency, probe, dry));
            prop_assert_eq!(decision.outcome, tree.rank(given).map_or(Pass, |rank| ALL[rank]), "{}", text);
        }

        #[test]
        fn no_text_panics(text in ".{0,60}") {
            let _ = Rule::new(Some(&text), &gates());
        }

        #[test]
        fn no_sequence_of_tokens_panics(
            tokens in prop::collection::vec(
                prop::sample::select(vec!["errors", "dry", "x", "&&", "||", "!", "(", ")", " ", "&", "é", "-"]),
                0..400,
            ),
        ) {
            let text = tokens.concat();
            if let Err(InvalidRule::Unexpected { at, .. } | InvalidRule::Unknown { at, .. } | InvalidRule::TooDeep { at }) =
                Rule::new(Some(&text), &gates())
            {
                prop_assert!(at >= 1 && at <= text.chars().count() + 1);
            }
        }
    }
}
