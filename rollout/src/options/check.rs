//! What must hold of options beyond the rules of single attributes. Every mistake is reported with the path of its attribute.

use std::collections::BTreeSet;
use std::net::IpAddr;

use framework::{Diagnostic, Diagnostics, Path};

use super::compile::gate;
use super::{Canary, GateMetric, GateOptions, Local, OptionsPartial, Pause, Rung, Strategy, Target};
use crate::gate::Rule;
use crate::{Span, Weight};

/// The longest name of a service, in characters.
const LONGEST_NAME: usize = 40;
/// The longest version, in characters.
const LONGEST_VERSION: usize = 200;
/// The most steps of a ladder.
const MOST_STEPS: usize = 100;
/// The shortest time in which replicas can get ready.
const SHORTEST_DEADLINE: Span = Span::from_secs(1);
/// The most gates.
const MOST_GATES: usize = 50;

/// Mistakes, with the paths of their attributes.
#[derive(Default)]
struct Mistakes(Diagnostics);

impl Mistakes {
    fn add(&mut self, path: Path, summary: &str, detail: impl Into<String>) {
        self.0.push(Diagnostic::error(summary, detail).at(path));
    }

    /// Reports `detail` unless `holds`.
    fn unless(&mut self, holds: bool, path: Path, summary: &str, detail: impl FnOnce() -> String) {
        if !holds {
            self.add(path, summary, detail());
        }
    }
}

/// Everything that is wrong with what is known of the options.
pub fn validate(options: &OptionsPartial) -> Diagnostics {
    let mut mistakes = Mistakes::default();
    if let Some(name) = &options.name {
        check_name(&mut mistakes, name);
    }
    if let Some(version) = &options.version {
        let fine =
            !version.is_empty() && version.chars().count() <= LONGEST_VERSION && !version.contains(char::is_control);
        mistakes.unless(fine, Path::of("version"), "Unusable version", || {
            format!("A version has 1 to {LONGEST_VERSION} characters, none of them a control character.")
        });
    }
    if let Some(Target::Local(local)) = &options.target {
        check_local(&mut mistakes, local);
    }
    if let Some(Strategy::Canary(Canary { steps: Some(steps) })) = &options.strategy {
        check_steps(&mut mistakes, steps);
    }
    if let Some(gates) = &options.gates {
        check_gates(&mut mistakes, gates);
        // Without `gates` they may be unknown yet, and the names with them.
        if let Some(pass_when) = &options.pass_when {
            let gates: Vec<_> = gates.iter().map(gate).collect();
            if let Err(error) = Rule::new(Some(pass_when), &gates) {
                mistakes.add(Path::of("pass_when"), "Unusable expression", format!("{error}."));
            }
        }
    }
    if let Some(deadline) = options.progress_deadline {
        mistakes.unless(deadline >= SHORTEST_DEADLINE, Path::of("progress_deadline"), "Too short", || {
            format!("No process is ready in no time: at least {SHORTEST_DEADLINE} is expected, not {deadline}.")
        });
    }
    mistakes.0
}

/// The path of an attribute of `target.local`.
fn local(attribute: &str) -> Path {
    Path::of("target").attribute("local").attribute(attribute)
}

fn check_name(mistakes: &mut Mistakes, name: &str) {
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let fine = !name.is_empty() && name.len() <= LONGEST_NAME && name.chars().all(letters) && !name.starts_with('-');
    mistakes.unless(fine, Path::of("name"), "Unusable name", || {
        format!(
            "A name has 1 to {LONGEST_NAME} lower-case letters, digits and `-`, and does not begin with `-`; {name:?} \
             does not fit."
        )
    });
}

fn check_local(mistakes: &mut Mistakes, options: &Local) {
    let Local { command, env, bind, port, trusted_proxies, metrics_port, readiness, working_dir, .. } = options;
    let program = command.first().map_or("", String::as_str);
    mistakes.unless(!program.trim().is_empty(), local("command"), "No command", || {
        "The first element names the program to run, such as `releases/{version}/api`.".to_owned()
    });
    for (index, argument) in (0..).zip(command) {
        mistakes.unless(!argument.contains('\0'), local("command").index(index), "Unusable argument", || {
            "No program can be given an argument with a zero byte.".to_owned()
        });
    }
    for (name, value) in env {
        let fine = !name.is_empty() && !name.contains(['=', '\0']) && !value.contains('\0');
        mistakes.unless(fine, local("env").key(name), "Unusable environment variable", || {
            "A name is not empty and holds no `=`, and neither name nor value holds a zero byte.".to_owned()
        });
        mistakes.unless(name != "PORT" && name != "HOST", local("env").key(name), "Reserved variable", || {
            format!("`{name}` tells each process where to listen and is set by the agent.")
        });
    }
    check_address(mistakes, bind, local("bind"));
    for (index, address) in (0..).zip(trusted_proxies) {
        check_address(mistakes, address, local("trusted_proxies").index(index));
    }
    mistakes.unless(*metrics_port != Some(*port), local("metrics_port"), "Port used twice", || {
        format!("Port {port} is the one at which users reach the service.")
    });
    if let Some(dir) = working_dir {
        mistakes.unless(!dir.as_os_str().is_empty(), local("working_dir"), "No directory", || {
            "Leave it out for the directory that terraform runs in.".to_owned()
        });
    }
    if let Some(readiness) = readiness {
        let at = |attribute: &str| local("readiness").attribute(attribute);
        if let Some(path) = &readiness.path {
            check_request_path(mistakes, path, at("path"));
        }
        for (name, span) in [("interval", readiness.interval), ("timeout", readiness.timeout)] {
            check_not_zero(mistakes, span, at(name));
        }
    }
}

fn check_address(mistakes: &mut Mistakes, text: &str, path: Path) {
    mistakes.unless(text.parse::<IpAddr>().is_ok(), path, "Not an IP address", || {
        format!("An IP address such as `127.0.0.1` or `::1` is expected, not {text:?}; names are not looked up.")
    });
}

fn check_request_path(mistakes: &mut Mistakes, text: &str, path: Path) {
    let fine = text.starts_with('/') && text.bytes().all(|byte| byte.is_ascii_graphic());
    mistakes.unless(fine, path, "Unusable path", || {
        format!(
            "A path begins with `/` and holds only printable ASCII characters, escaped where needed; {text:?} does not."
        )
    });
}

fn check_not_zero(mistakes: &mut Mistakes, span: Span, path: Path) {
    mistakes.unless(span != Span::ZERO, path, "No time", || "It must be longer than `0s`.".to_owned());
}

fn check_steps(mistakes: &mut Mistakes, steps: &[Rung]) {
    let path = Path::of("strategy").attribute("canary").attribute("steps");
    mistakes.unless((1..=MOST_STEPS).contains(&steps.len()), path.clone(), "Unusable ladder", || {
        format!("A ladder has 1 to {MOST_STEPS} steps, not {}. Leave `steps` out for the usual ones.", steps.len())
    });
    let mut before = Weight::ZERO;
    for (index, step) in (0..).zip(steps) {
        let (at, weight) = (path.index(index), step.weight.0);
        mistakes.unless(weight > before, at.attribute("weight"), "The ladder does not ascend", || {
            format!("Each step has a larger weight than the one before: {weight} follows {before}.")
        });
        before = weight;
        let approval = step.pause == Some(Pause::Approval);
        mistakes.unless(
            step.deadline.is_none() || approval,
            at.attribute("deadline"),
            "A deadline without approval",
            || "Only a step with `pause = \"approval\"` waits for a person; any other pause ends by itself.".to_owned(),
        );
        if let Some(deadline) = step.deadline {
            check_not_zero(mistakes, deadline, at.attribute("deadline"));
        }
    }
}

fn check_gates(mistakes: &mut Mistakes, gates: &[GateOptions]) {
    let path = Path::of("gates");
    mistakes.unless(gates.len() <= MOST_GATES, path.clone(), "Too many gates", || {
        format!("A rollout has at most {MOST_GATES} gates, not {}.", gates.len())
    });
    let mut names = BTreeSet::new();
    for (index, gate) in (0..).zip(gates) {
        let at = path.index(index);
        mistakes.unless(names.insert(&gate.name), at.attribute("name"), "Two gates of one name", || {
            format!("Every gate has a name of its own; {:?} is taken by one before.", gate.name)
        });
        check_gate(mistakes, gate, &at);
    }
}

fn check_gate(mistakes: &mut Mistakes, gate: &GateOptions, at: &Path) {
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let name = &gate.name;
    let fine =
        name.starts_with(|c: char| c.is_ascii_lowercase()) && name.len() <= LONGEST_NAME && name.chars().all(letters);
    mistakes.unless(fine, at.attribute("name"), "Unusable name", || {
        format!(
            "The name of a gate begins with a lower-case letter and has at most {LONGEST_NAME} lower-case letters, digits \
             and `_`; {name:?} does not fit."
        )
    });
    check_not_zero(mistakes, gate.interval, at.attribute("interval"));
    let of_error_rate = [
        ("max_ratio_to_baseline", gate.max_ratio_to_baseline.is_some()),
        ("max", gate.max.is_some()),
        ("min_samples", gate.min_samples.is_some()),
    ];
    let of_http = [
        ("path", gate.path.is_some()),
        ("expect_status", gate.expect_status.is_some()),
        ("timeout", gate.timeout.is_some()),
        ("failures", gate.failures.is_some()),
    ];
    let (foreign, owner): (&[(&str, bool)], _) = match gate.metric {
        GateMetric::ErrorRate => (&of_http, GateMetric::Http),
        GateMetric::Http => (&of_error_rate, GateMetric::ErrorRate),
    };
    for (attribute, _) in foreign.iter().filter(|(_, given)| *given) {
        let detail = format!("`{attribute}` belongs to the metric `{owner}`; this gate measures `{}`.", gate.metric);
        mistakes.add(at.attribute(*attribute), "Not an option of this metric", detail);
    }
    match gate.metric {
        GateMetric::ErrorRate => {
            let within = |max: f64| max > 0.0 && max < 0.99;
            mistakes.unless(gate.max.is_none_or(within), at.attribute("max"), "Unusable limit", || {
                "A share above 0 and below 0.99 is expected: 0.01 allows one failed request in a hundred.".to_owned()
            });
        }
        GateMetric::Http => {
            match &gate.path {
                Some(path) => check_request_path(mistakes, path, at.attribute("path")),
                None => mistakes.add(at.attribute("path"), "No path", "A gate that asks over HTTP needs a `path`."),
            }
            if let Some(timeout) = gate.timeout {
                check_not_zero(mistakes, timeout, at.attribute("timeout"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use framework::Value;
    use framework::attributes::{Attributes as _, Partial as _};

    use super::super::{Compiled, Options, compile};
    use super::*;

    /// The options that a configuration with these members gives; `local` are members of `target.local`.
    fn options(members: &[(&str, Value)], local: &[(&str, Value)]) -> (OptionsPartial, Options) {
        let merged = |base: Vec<(&'static str, Value)>, changes: &[(&str, Value)]| {
            let changes = changes.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
            let base = base.into_iter().map(|(name, value)| (name.to_owned(), value));
            Value::Map(base.chain(changes).collect())
        };
        let local = merged(vec![("command", Value::List(vec!["api".into()])), ("port", 8080.into())], local);
        let target = Value::map([("local", local)]);
        let all = merged(vec![("name", "api".into()), ("version", "1".into()), ("target", target)], members);
        (OptionsPartial::from_object(&all).unwrap(), Options::from_object(&all, &Path::root()).unwrap())
    }

    fn lines(diagnostics: &Diagnostics) -> Vec<String> {
        diagnostics.iter().map(|error| error.to_string().lines().next().unwrap_or_default().to_owned()).collect()
    }

    #[track_caller]
    fn check(members: &[(&str, Value)], local: &[(&str, Value)], expected: &[&str]) {
        let (partial, _) = options(members, local);
        let expected: Vec<_> = expected.iter().map(|line| format!("error: {line}")).collect();
        assert_eq!(lines(&validate(&partial)), expected);
    }

    fn compiled(members: &[(&str, Value)]) -> Result<Compiled, Diagnostics> {
        compile(&options(members, &[]).1, PathBuf::from("/srv"))
    }

    fn number(number: f64) -> Value {
        Value::Number(number.try_into().unwrap())
    }

    fn canary(steps: &[(f64, &str)]) -> Value {
        let step =
            |(weight, pause): &(f64, &str)| Value::map([("weight", number(*weight)), ("pause", (*pause).into())]);
        let steps = Value::List(steps.iter().map(step).collect());
        Value::map([("canary", Value::map([("steps", steps)]))])
    }

    fn gate(members: &[(&'static str, Value)]) -> Value {
        let name = [("name", "errors".into()), ("metric", "error_rate".into())];
        Value::Map(
            name.into_iter().chain(members.iter().cloned()).map(|(name, value)| (name.to_owned(), value)).collect(),
        )
    }

    fn gates(gates: &[Value]) -> (&'static str, Value) {
        ("gates", Value::List(gates.to_vec()))
    }

    #[test]
    fn names_and_versions() {
        for fine in ["a", "api-2", &"a".repeat(40)] {
            check(&[("name", fine.into())], &[], &[]);
        }
        for bad in ["", "Api", "a_b", "-a", "ä", "a b", &"a".repeat(41)] {
            check(&[("name", bad.into())], &[], &["name: Unusable name"]);
        }
        for bad in ["", "1\n", &"1".repeat(201)] {
            check(&[("version", bad.into())], &[], &["version: Unusable version"]);
        }
        check(&[("progress_deadline", "10ms".into())], &[], &["progress_deadline: Too short"]);
    }

    #[test]
    fn what_runs_and_where() {
        let texts = |texts: &[&str]| Value::List(texts.iter().map(|text| (*text).into()).collect());
        check(&[], &[("command", texts(&[" "]))], &["target.local.command: No command"]);
        check(&[], &[("command", texts(&["api", "a\0"]))], &["target.local.command[1]: Unusable argument"]);
        let env = Value::map([("PORT", "1".into()), ("A=B", "1".into()), ("OK", "1".into())]);
        let expected = [
            "target.local.env[\"A=B\"]: Unusable environment variable",
            "target.local.env[\"PORT\"]: Reserved variable",
        ];
        check(&[], &[("env", env)], &expected);
        check(&[], &[("bind", "localhost".into())], &["target.local.bind: Not an IP address"]);
        check(&[], &[("bind", "::".into()), ("trusted_proxies", texts(&["10.0.0.1"]))], &[]);
        check(
            &[],
            &[("trusted_proxies", texts(&["::1", "10.0.0.0/8"]))],
            &["target.local.trusted_proxies[1]: Not an IP address"],
        );
        check(&[], &[("metrics_port", 8080.into())], &["target.local.metrics_port: Port used twice"]);
        let readiness = Value::map([("path", "ready".into()), ("timeout", "0s".into())]);
        let expected = ["target.local.readiness.path: Unusable path", "target.local.readiness.timeout: No time"];
        check(&[], &[("readiness", readiness)], &expected);
    }

    #[test]
    fn a_ladder_ascends() {
        let expected = ["strategy.canary.steps[1].weight: The ladder does not ascend"];
        check(&[("strategy", canary(&[(5.0, "1m"), (5.0, "1m"), (50.0, "1m")]))], &[], &expected);
        check(&[("strategy", canary(&[]))], &[], &["strategy.canary.steps: Unusable ladder"]);
        let step = Value::map([("weight", 5.into()), ("pause", "1m".into()), ("deadline", "1h".into())]);
        let strategy = Value::map([("canary", Value::map([("steps", Value::List(vec![step]))]))]);
        check(&[("strategy", strategy)], &[], &["strategy.canary.steps[0].deadline: A deadline without approval"]);
    }

    #[test]
    fn gates_have_names_and_options_of_their_metric() {
        let http = |members: &[(&'static str, Value)]| gate(&[&[("metric", "http".into())], members].concat());
        check(&[gates(&[gate(&[]), gate(&[])])], &[], &["gates[1].name: Two gates of one name"]);
        check(&[gates(&[gate(&[("name", "a-b".into())])])], &[], &["gates[0].name: Unusable name"]);
        check(&[gates(&[gate(&[("path", "/".into())])])], &[], &["gates[0].path: Not an option of this metric"]);
        check(&[gates(&[gate(&[("max", number(0.0))])])], &[], &["gates[0].max: Unusable limit"]);
        check(&[gates(&[gate(&[("interval", "0s".into())])])], &[], &["gates[0].interval: No time"]);
        check(&[gates(&[http(&[])])], &[], &["gates[0].path: No path"]);
        check(&[gates(&[http(&[("path", "health".into())])])], &[], &["gates[0].path: Unusable path"]);
        let expected = ["gates[0].min_samples: Not an option of this metric"];
        check(&[gates(&[http(&[("path", "/".into()), ("min_samples", 5.into())])])], &[], &expected);
    }

    #[test]
    fn every_gate_that_is_accepted_can_be_evaluated() {
        let http = gate(&[("name", "probe".into()), ("metric", "http".into()), ("path", "/ready".into())]);
        let members = [gates(&[gate(&[("max", number(0.01))]), http]), ("pass_when", "errors && !probe".into())];
        check(&members, &[], &[]);
        let plan = compiled(&members).unwrap().plan;
        assert!(plan.gates.iter().all(|gate| gate.check().is_ok()), "{:?}", plan.gates);
        for bad in ["errors &&", "errors && latency", ""] {
            let members = [gates(&[gate(&[])]), ("pass_when", bad.into())];
            check(&members, &[], &["pass_when: Unusable expression"]);
            assert_eq!(lines(&compiled(&members).unwrap_err()), ["error: pass_when: Unusable expression"], "{bad}");
        }
    }

    #[test]
    fn without_more_it_is_the_usual_ladder_and_gate() {
        let Compiled { service, revision, plan, create_timeout, update_timeout } = compiled(&[]).unwrap();
        assert_eq!(plan.ladder(), ["5 % for 10m", "25 % for 10m", "50 % for 15m", "100 %"]);
        assert_eq!(plan.gates.len(), 1);
        assert!(plan.gates[0].check().is_ok());
        assert_eq!((service.working_dir, revision.version.as_str()), (PathBuf::from("/srv"), "1"));
        assert_eq!(
            (create_timeout, update_timeout),
            (Span::from_mins(20), plan.max_duration().plus(Span::from_mins(10)))
        );
        let none = compiled(&[gates(&[])]).unwrap();
        assert_eq!(none.plan.gates, []);
    }

    #[test]
    fn a_timeout_is_not_shorter_than_the_ladder() {
        let strategy = ("strategy", canary(&[(50.0, "1m")]));
        let timeouts = |update: &str| ("timeouts", Value::map([("update", update.into())]));
        let short = compiled(&[strategy.clone(), timeouts("1m")]).unwrap_err();
        assert_eq!(lines(&short), ["error: timeouts.update: The timeout is shorter than the ladder"]);
        let longest = compiled(std::slice::from_ref(&strategy)).unwrap().plan.max_duration();
        assert_eq!(compiled(&[strategy, timeouts(&longest.to_string())]).unwrap().update_timeout, longest);
    }
}
