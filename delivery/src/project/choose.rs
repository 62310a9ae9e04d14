//! Chooses one component, or says what would decide.

use std::collections::BTreeSet;

use super::component::{Component, Language, Role};
use super::ecosystem::looked_for;
use super::walk::{ancestors, relative};
use super::{Candidate, Chosen, DetectError, Options};

/// Directories whose components serve the project and are not what it is about.
const ASIDE: &[&str] = &[
    "benchmark",
    "benchmarks",
    "demo",
    "demos",
    "doc",
    "docs",
    "e2e",
    "example",
    "examples",
    "hack",
    "infra",
    "infrastructure",
    "sample",
    "samples",
    "script",
    "scripts",
    "spec",
    "template",
    "templates",
    "terraform",
    "test",
    "tests",
    "third_party",
    "tools",
];

/// How likely a component is what the project is about, likeliest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    /// It lies in the project's own directory.
    Own,
    /// It lies below.
    Below,
    /// It only holds settings of tools.
    Settings,
    /// It lies in a directory that serves the project, such as `docs`.
    Aside,
}

/// How likely a language is what the project is about where several stand alike. Node comes after all that need a manifest
/// for their own sake, because many projects carry a `package.json` for tools alone, and pages come last.
const fn tier(language: Language) -> u8 {
    match language {
        Language::Static => 2,
        Language::Node => 1,
        _ => 0,
    }
}

/// The directory in and below which a component is chosen: the working directory in its plain form, or the root.
pub(super) fn base(options: &Options) -> Result<String, DetectError> {
    let Some(path) = &options.working_directory else { return Ok(".".to_owned()) };
    let refuse = |problem| Err(DetectError::WorkingDirectory { path: path.clone(), problem });
    if path.is_empty() {
        return refuse("is empty");
    }
    if path.starts_with('/') {
        return refuse("is absolute");
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    if parts.contains(&"..") {
        return refuse("leads out of the project");
    }
    Ok(if parts.is_empty() { ".".to_owned() } else { parts.join("/") })
}

/// How likely a component is: its standing, the tier of its language, and its index.
type Rank = (Standing, u8, usize);

/// Chooses a component in or below `base`.
pub(super) fn choose(components: &[Component], options: &Options, base: &str) -> Result<Chosen, DetectError> {
    let ranked = ranked(components, options, base);
    // What lies aside is never chosen unasked.
    let is_fit = |rank: &Rank| rank.0 != Standing::Aside || options.language.is_some();
    let Some(best) = ranked.first().copied().filter(is_fit) else {
        let set_aside = components.iter().map(candidate).collect();
        return Err(DetectError::Nothing { language: options.language, directory: base.to_owned(), set_aside });
    };
    let is_equal = |rank: &&Rank| (rank.0, rank.1) == (best.0, best.1);
    let equal: Vec<&Component> = ranked.iter().take_while(is_equal).map(|rank| &components[rank.2]).collect();
    if equal.len() > 1 {
        let candidates: Vec<Candidate> = equal.into_iter().map(candidate).collect();
        let attribute = if differ(&candidates).0 { "language" } else { "working_directory" };
        return Err(DetectError::Ambiguous { candidates, attribute });
    }
    let next = ranked.get(1).map(|next| (next.0, &components[next.2]));
    Ok(Chosen { component: best.2, reason: reason(best.0, &components[best.2], next, options.language) })
}

/// The components that are considered, likeliest first.
fn ranked(components: &[Component], options: &Options, base: &str) -> Vec<Rank> {
    let is_asked = |component: &Component| match options.language {
        Some(language) => component.language == language,
        None => !is_embedded(component, components),
    };
    let considered =
        components.iter().enumerate().filter(|(_, component)| is_within(component, base) && is_asked(component));
    let rank = |(index, component): (usize, &Component)| (standing(component, base), tier(component.language), index);
    let mut ranked: Vec<Rank> = considered.map(rank).collect();
    let tops: Vec<&Component> =
        ranked.iter().filter(|rank| rank.0 <= Standing::Below).map(|rank| &components[rank.2]).collect();
    ranked.retain(|rank| !tops.iter().any(|top| is_member(&components[rank.2], top)));
    ranked.sort_unstable();
    ranked
}

fn is_within(component: &Component, base: &str) -> bool {
    ancestors(&component.directory).any(|above| above == base)
}

/// Whether another component in the same directory compiles this one.
fn is_embedded(component: &Component, components: &[Component]) -> bool {
    components.iter().any(|other| other.directory == component.directory && other.embeds.contains(&component.language))
}

/// Whether a component lies below another one of its language, to which it then belongs.
fn is_member(component: &Component, top: &Component) -> bool {
    let is_below =
        component.directory != top.directory && ancestors(&component.directory).any(|above| above == top.directory);
    is_below && component.language == top.language
}

fn standing(component: &Component, base: &str) -> Standing {
    let within = relative(&component.directory, base);
    if component.directory != base && within.split('/').any(|part| ASIDE.contains(&part)) {
        Standing::Aside
    } else if component.role == Role::Settings {
        Standing::Settings
    } else if component.directory == base {
        Standing::Own
    } else {
        Standing::Below
    }
}

fn candidate(component: &Component) -> Candidate {
    Candidate {
        language: component.language,
        directory: component.directory.clone(),
        evidence: component.evidence.clone(),
    }
}

/// Whether no two candidates share a language, and whether no two share a directory.
fn differ(candidates: &[Candidate]) -> (bool, bool) {
    let languages: BTreeSet<Language> = candidates.iter().map(|candidate| candidate.language).collect();
    let directories: BTreeSet<&str> = candidates.iter().map(|candidate| candidate.directory.as_str()).collect();
    (languages.len() == candidates.len(), directories.len() == candidates.len())
}

/// Why the best component comes before the next one.
fn reason(
    standing: Standing,
    best: &Component,
    next: Option<(Standing, &Component)>,
    asked: Option<Language>,
) -> String {
    let asked = asked.map_or(String::new(), |language| format!(" for the language {language} that was asked for"));
    let Some((next_standing, next)) = next else { return format!("it is the only candidate{asked}") };
    let other = place(next.language, &next.directory);
    if standing == next_standing {
        return format!(
            "{other} comes after other languages, because projects often carry its files beside the code they are about"
        );
    }
    match next_standing {
        Standing::Own | Standing::Below => {
            format!("it lies in {}, and {other} lies below it", directory(&best.directory))
        }
        Standing::Settings => format!("{other} only holds settings of tools"),
        Standing::Aside => format!("{other} lies in a directory that serves the project"),
    }
}

fn directory(path: &str) -> String {
    if path == "." { "the root".to_owned() } else { path.to_owned() }
}

fn place(language: Language, path: &str) -> String {
    format!("{language} in {}", directory(path))
}

fn list(candidates: &[Candidate]) -> String {
    let line = |candidate: &Candidate| {
        let evidence: Vec<&str> = candidate.evidence.iter().map(|evidence| evidence.path.as_str()).collect();
        format!("\n  {} ({})", place(candidate.language, &candidate.directory), evidence.join(", "))
    };
    candidates.iter().map(line).collect()
}

/// The message of [`DetectError::Nothing`].
pub(super) fn describe_nothing(language: Option<Language>, base: &str, set_aside: &[Candidate]) -> String {
    let what = language.map_or_else(|| "component".to_owned(), |language| format!("component of language {language}"));
    let looked_for = looked_for(language);
    let start = format!("found no {what} in or below {} (looked for {looked_for})", directory(base));
    if set_aside.is_empty() {
        return format!("{start}; set `path` to the directory that holds the project");
    }
    format!(
        "{start}; set `working_directory` or `language` to use what was found and not considered:{}",
        list(set_aside)
    )
}

/// The message of [`DetectError::Ambiguous`].
pub(super) fn describe_ambiguity(candidates: &[Candidate]) -> String {
    let quote =
        |values: BTreeSet<&str>| values.iter().map(|value| format!("\"{value}\"")).collect::<Vec<_>>().join(", ");
    let languages = quote(candidates.iter().map(|candidate| candidate.language.as_str()).collect());
    let directories = quote(candidates.iter().map(|candidate| candidate.directory.as_str()).collect());
    let language = format!("`language` to one of {languages}");
    let directory = format!("`working_directory` to one of {directories}");
    let set = match differ(candidates) {
        (true, true) => format!("{language}, or {directory}"),
        (true, false) => language,
        (false, true) => directory,
        (false, false) => format!("{directory}, and {language}"),
    };
    let count = candidates.len();
    format!("{count} components are equally likely to be what the project is about; set {set}:{}", list(candidates))
}
