//! The program that declares the things of a case.

use std::collections::BTreeMap;

use devopsflow::{Options, Output, Result, Scope};
use framework::declare::{Node, References};

use super::case::{Flag, Thing};
use crate::world;

/// What was declared so far, by name.
#[derive(Default)]
struct Made {
    nodes: BTreeMap<u8, Node>,
    urls: BTreeMap<u8, Output<String>>,
}

/// A program that declares these. What stands in a component is declared with it.
pub(super) fn program(things: Vec<Thing>) -> impl Fn(&mut Scope) -> Result<()> + Send + Sync + 'static {
    move |scope| declare(scope, &things, &[], &mut Made::default())
}

fn declare(scope: &mut Scope, things: &[Thing], inside: &[u8], made: &mut Made) -> Result<()> {
    for thing in things.iter().filter(|thing| thing.place.inside == inside) {
        let name = thing.place.name;
        if thing.place.component {
            let within: Vec<u8> = inside.iter().copied().chain([name]).collect();
            scope.component("fuzz:Group", &format!("c{name}"), |scope| declare(scope, things, &within, made))?;
            continue;
        }
        let urls = thing.uses.iter().filter_map(|used| made.urls.get(used).cloned());
        let (text, label) = (thing.text, format!("t{name}"));
        let urls = Output::all(urls).map(move |urls| format!("{text} {}", urls.join(",")));
        let given = world::Thing::new(&label, &*label).kind(thing.kind.to_string()).text(urls);
        let given = given.with(options(thing, made)).add(scope)?;
        made.nodes.insert(name, given.node());
        made.urls.insert(name, given.url);
    }
    Ok(())
}

fn options(thing: &Thing, made: &Made) -> Options {
    let mut options = Options::new();
    for node in thing.depends_on.iter().filter_map(|name| made.nodes.get(name)) {
        options = options.depends_on(node);
    }
    if let Some(node) = thing.deleted_with.and_then(|name| made.nodes.get(&name)) {
        options = options.deleted_with(node);
    }
    for alias in &thing.aliases {
        options = options.alias(alias.address());
    }
    for flag in &thing.options {
        options = match flag {
            Flag::Protect => options.protect(),
            Flag::Retain => options.retain_on_delete(),
            Flag::DeleteFirst => options.delete_before_replace(),
            Flag::IgnoreText => options.ignore_changes("text"),
            Flag::ReplaceOnText => options.replace_on_changes("text"),
            Flag::OtherProvider => options.provider("other"),
        };
    }
    options
}
