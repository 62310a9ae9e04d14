//! Whole runs of terraform: apply and no-op plan of many resources.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use acceptance_tests::Plugin;
use tempfile::TempDir;

use crate::median;
use crate::record::{Aim, Peer, Record};

const COUNT: usize = 200;
const ROUNDS: usize = 3;

pub(crate) fn measure(ours: &Plugin, peer: &Plugin) -> Vec<Record> {
    let text = pipeline_text(ours);
    let subjects = [
        Subject::new(Some(ours), &pipelines()),
        Subject::new(Some(peer), &files(&text)),
        Subject::new(None, &terraform_data(&text)),
    ];
    let mut applies: [Vec<Cost>; 3] = Default::default();
    let mut plans: [Vec<Cost>; 3] = Default::default();
    for _ in 0..ROUNDS {
        for (side, subject) in subjects.iter().enumerate() {
            subject.clear();
            applies[side].push(subject.terraform(&["apply", "-auto-approve"], 0));
            plans[side].push(subject.terraform(&["plan", "-detailed-exitcode"], 0));
        }
    }
    let mut records = Vec::new();
    for (names, costs) in [
        (["apply of 200", "provider CPU in apply of 200"], applies),
        (["no-op plan of 200", "provider CPU in no-op plan of 200"], plans),
    ] {
        let of = |side: usize, part: fn(&Cost) -> f64| median(costs[side].iter().map(part).collect());
        let wall = |side| of(side, |cost| cost.wall);
        let record = |name: &str, ours, peer, peer_name, aim| {
            let peer = Peer::Of(peer_name, peer);
            Record { name: name.to_owned(), unit: "s", ours, peer, aim }
        };
        let even = Aim::RatioAtMost(1.0);
        records.push(record(names[0], wall(0), wall(1), "files of the Go peer", even));
        records.push(record(names[0], wall(0), wall(2), "terraform_data", even));
        let (provider, terraform) = (of(0, |cost| cost.provider), of(0, |cost| cost.terraform));
        records.push(record(names[1], provider, terraform, "terraform's own CPU", Aim::RatioAtMost(0.1)));
    }
    records
}

/// Seconds of one run: by the clock, and of processor for terraform and for the provider.
#[derive(Debug, Clone, Copy)]
struct Cost {
    wall: f64,
    terraform: f64,
    provider: f64,
}

/// A configuration in a folder of its own, with programs that note what they cost.
struct Subject {
    folder: TempDir,
}

impl Subject {
    fn new(plugin: Option<&Plugin>, config: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path();
        for name in ["bin", "work", "terraform", "provider"] {
            fs::create_dir(root.join(name)).expect("an empty folder");
        }
        wrap(&root.join("bin/terraform"), Path::new("terraform"), &root.join("terraform"));
        let mut overrides = String::new();
        if let Some(plugin) = plugin {
            let name = plugin.program().file_name().unwrap_or_default().to_string_lossy().into_owned();
            wrap(&root.join("bin").join(&name), plugin.program(), &root.join("provider"));
            let short = name.trim_start_matches("terraform-provider-");
            let _ = writeln!(overrides, "    \"devopsflow/{short}\" = \"{}\"", root.join("bin").display());
        }
        let cli = format!("provider_installation {{\n  dev_overrides {{\n{overrides}  }}\n  direct {{}}\n}}\n");
        fs::write(root.join("terraform.rc"), cli).expect("a writable folder");
        fs::write(root.join("work/main.tf"), config).expect("a writable folder");
        fs::write(root.join("work/pyproject.toml"), PROJECT).expect("a writable folder");
        Self { folder }
    }

    /// Removes what an earlier round left. What is not there need not be removed.
    fn clear(&self) {
        let work = self.folder.path().join("work");
        for name in ["terraform.tfstate", "terraform.tfstate.backup"] {
            let _ = fs::remove_file(work.join(name));
        }
        let _ = fs::remove_dir_all(work.join("out"));
        // The peer makes no folders.
        fs::create_dir(work.join("out")).expect("a free path");
    }

    fn terraform(&self, args: &[&str], code: i32) -> Cost {
        let root = self.folder.path();
        for name in ["terraform", "provider"] {
            for entry in fs::read_dir(root.join(name)).expect("a readable folder").flatten() {
                fs::remove_file(entry.path()).expect("a file of ours");
            }
        }
        let mut command = Command::new(root.join("bin/terraform"));
        command.args(args).arg("-no-color").current_dir(root.join("work")).stdin(Stdio::null());
        command.env("TF_CLI_CONFIG_FILE", root.join("terraform.rc")).env("CHECKPOINT_DISABLE", "1");
        let begun = Instant::now();
        let output = command.output().expect("terraform runs");
        let wall = begun.elapsed().as_secs_f64();
        let printed = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "terraform {args:?}: {printed}");
        let provider = noted(&root.join("provider"));
        Cost { wall, terraform: noted(&root.join("terraform")) - provider, provider }
    }
}

/// A script that runs a program and notes the processor time that it and its children took.
fn wrap(place: &Path, program: &Path, notes: &Path) {
    let script = format!(
        "#!/bin/bash\n\"{}\" \"$@\"\ncode=$?\ntimes > \"{}/$$\"\nexit $code\n",
        program.display(),
        notes.display()
    );
    fs::write(place, script).expect("a free path");
    fs::set_permissions(place, fs::Permissions::from_mode(0o755)).expect("a file of ours");
}

/// The sum of what was noted, in seconds.
fn noted(notes: &Path) -> f64 {
    let read = |path: PathBuf| fs::read_to_string(path).expect("a note");
    let entries = fs::read_dir(notes).expect("a readable folder").flatten();
    // The first line is the shell's own time, the second one that of what it ran.
    let children = |note: String| note.lines().nth(1).unwrap_or_default().split_whitespace().map(seconds).sum::<f64>();
    entries.map(|entry| children(read(entry.path()))).sum()
}

/// Reads bash's `1m2.345s`.
fn seconds(text: &str) -> f64 {
    let (minutes, seconds) = text.trim_end_matches('s').split_once('m').expect("minutes and seconds");
    let number = |text: &str| text.parse::<f64>().expect("a number");
    number(minutes) * 60.0 + number(seconds)
}

const PROJECT: &str = "[project]\nname = \"shop\"\nversion = \"1.0.0\"\nrequires-python = \">=3.12\"\n";

fn pipelines() -> String {
    format!(
        "terraform {{\n  required_providers {{\n    devopsflow = {{ source = \"devopsflow/devopsflow\" }}\n  }}\n}}
resource \"devopsflow_pipeline\" \"ci\" {{
  count           = {COUNT}
  platform        = \"github-actions\"
  language        = \"python\"
  deploy_strategy = \"rolling\"
  name            = \"ci-${{count.index}}\"
  repository      = path.root
  directory       = \"${{path.root}}/out/.github/workflows\"
}}
"
    )
}

/// The text of one such pipeline, so that the peers write the same.
fn pipeline_text(ours: &Plugin) -> String {
    let one = pipelines().replace(&format!("count           = {COUNT}"), "count           = 1");
    let subject = Subject::new(Some(ours), &one);
    subject.terraform(&["apply", "-auto-approve"], 0);
    let file = subject.folder.path().join("work/out/.github/workflows/ci-0.yml");
    fs::read_to_string(file).expect("the pipeline was written")
}

fn files(text: &str) -> String {
    format!(
        "terraform {{\n  required_providers {{\n    peer = {{ source = \"devopsflow/peer\" }}\n  }}\n}}
resource \"peer_file\" \"ci\" {{
  count   = {COUNT}
  path    = \"${{path.root}}/out/ci-${{count.index}}.yml\"
  content = {}
}}
",
        quoted(text)
    )
}

fn terraform_data(text: &str) -> String {
    format!("resource \"terraform_data\" \"ci\" {{\n  count = {COUNT}\n  input = {}\n}}\n", quoted(text))
}

/// The text as a string of HCL.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{}\"", escaped.replace("${", "$${").replace("%{", "%%{"))
}
