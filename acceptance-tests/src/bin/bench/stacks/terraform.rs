//! The same of terraform.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::{LIMIT, Shape};
use crate::cost::{self, Cost};

/// One run of terraform.
pub(super) struct Run {
    pub(super) cost: Cost,
    /// How many resources it got through.
    pub(super) done: usize,
    /// What the record says when it took longer than it may.
    pub(super) stopped: Option<String>,
}

/// The first apply, a no-op plan, and a no-op apply.
///
/// The no-op runs begin with a state that is written here in terraform's form, so that they can be measured also where the
/// apply that would make it takes too long.
pub(super) fn measure(shape: Shape, count: usize) -> [Run; 3] {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    fs::write(folder.join("main.tf"), config(shape, count)).expect("a writable folder");
    let initialised = command(folder, &["init"], "init").status().expect("terraform runs");
    assert!(initialised.success(), "terraform init fails");
    let apply = ["apply", "-auto-approve"];
    let first = run(folder, &apply, count);
    // What was stopped leaves a lock, and perhaps half a state.
    for name in [".terraform.tfstate.lock.info", "terraform.tfstate.backup"] {
        let _ = fs::remove_file(folder.join(name));
    }
    fs::write(folder.join("terraform.tfstate"), state(shape, count).to_string()).expect("a writable folder");
    [first, run(folder, &["plan", "-detailed-exitcode"], count), run(folder, &apply, count)]
}

fn command(folder: &Path, args: &[&str], printed: &str) -> Command {
    let mut command = Command::new("terraform");
    command.args(args).arg("-no-color").current_dir(folder).env("CHECKPOINT_DISABLE", "1");
    command.stdout(File::create(folder.join(printed)).expect("a writable folder"));
    command
}

fn run(folder: &Path, args: &[&str], count: usize) -> Run {
    let cost = cost::run(&mut command(folder, args, "printed"), LIMIT);
    if let Some(status) = cost.status {
        assert!(status.success(), "terraform {args:?} of {count}: {status}");
        return Run { cost, done: count, stopped: None };
    }
    let printed = fs::read_to_string(folder.join("printed")).expect("what it printed");
    let done = printed.matches("Creation complete").count();
    let stopped = format!("stopped after {} s, {done} of {count} done", LIMIT.as_secs());
    Run { cost, done, stopped: Some(stopped) }
}

/// One block for all when nothing depends on anything, which is what terraform is fastest with; otherwise one for each, for only
/// those can depend on single others.
fn config(shape: Shape, count: usize) -> String {
    if shape == Shape::Flat {
        let input = "\"value-${count.index}\"";
        return format!("resource \"terraform_data\" \"r\" {{\n  count = {count}\n  input = {input}\n}}\n");
    }
    let mut text = String::new();
    for index in 0..count {
        let needs: Vec<String> = names(&shape.needs(index, count));
        let body = match needs.split_first() {
            None => format!("input = \"value-{index}\""),
            Some((input, after)) => format!("input = {input}.output\n  depends_on = [{}]", after.join(", ")),
        };
        let _ = writeln!(text, "resource \"terraform_data\" \"r{index}\" {{\n  {body}\n}}");
    }
    text
}

fn names(resources: &[usize]) -> Vec<String> {
    resources.iter().map(|index| format!("terraform_data.r{index}")).collect()
}

/// The state after an apply.
fn state(shape: Shape, count: usize) -> Value {
    let mut held: Vec<usize> = Vec::with_capacity(count);
    let mut instances = Vec::with_capacity(count);
    for index in 0..count {
        let needs = shape.needs(index, count);
        held.push(needs.first().map_or(index, |input| held[*input]));
        let value = json!({ "value": format!("value-{}", held[index]), "type": "string" });
        let id = format!("00000000-0000-0000-0000-{index:012}");
        instances.push(json!({
            "schema_version": 0,
            "attributes": { "id": id, "input": value, "output": value, "triggers_replace": null },
            "sensitive_attributes": [],
            "dependencies": names(&needs),
        }));
    }
    let resource = |name: String, instances: Vec<Value>| {
        json!({
            "mode": "managed",
            "type": "terraform_data",
            "name": name,
            "provider": "provider[\"terraform.io/builtin/terraform\"]",
            "instances": instances,
        })
    };
    let resources = if shape == Shape::Flat {
        for (index, instance) in instances.iter_mut().enumerate() {
            instance["index_key"] = json!(index);
        }
        vec![resource("r".to_owned(), instances)]
    } else {
        let one = |(index, instance)| resource(format!("r{index}"), vec![instance]);
        instances.into_iter().enumerate().map(one).collect()
    };
    let lineage = "00000000-0000-0000-0000-000000000001";
    json!({
        "version": 4,
        "terraform_version": "1.11.4",
        "serial": 1,
        "lineage": lineage,
        "outputs": {},
        "resources": resources,
        "check_results": null,
    })
}
