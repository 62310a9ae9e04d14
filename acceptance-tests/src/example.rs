//! The Rust programs of `examples/rust`, each in a sandbox with a copy of its folder.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::{Finished, Process, Sandbox, Terraform, console, free_port, programs};

/// A program of `examples/rust`.
#[derive(Debug)]
pub struct Example {
    name: String,
    folder: PathBuf,
}

/// All of them, by name: whatever folder is there is one.
pub fn rust_examples() -> Vec<Example> {
    let folder = programs::root().join("examples/rust");
    let entries = fs::read_dir(folder).expect("a readable folder").map(|entry| entry.expect("a readable folder"));
    let examples = entries.map(|entry| Example { name: entry.file_name().display().to_string(), folder: entry.path() });
    let mut examples: Vec<_> = examples.collect();
    examples.sort_by(|a, b| a.name.cmp(&b.name));
    examples
}

impl Example {
    /// The name of its folder, its package and its program.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs `body` on the program in a copy of its folder, in which its ports are free ones. What `body` started in the agent it ends.
    pub fn run(&self, body: impl FnOnce(&Program)) {
        let mut sandbox = Sandbox::new(Terraform::current(), &[]);
        let executable = programs::example(&self.name);
        copy(&self.folder, &sandbox.work());
        let ports = move_ports(&sandbox);
        sandbox.set_env("PATH", format!("{}:/usr/bin:/bin", cargo(&sandbox, &executable).display()));
        let program = Program { sandbox, executable, ports };
        body(&program);
        program.end_agent();
        let left = Process::marked(&program.mark(None));
        assert!(left.is_empty(), "still running: {left:?}");
    }
}

/// An example in its sandbox.
#[derive(Debug)]
pub struct Program {
    sandbox: Sandbox,
    executable: PathBuf,
    /// The ports in its files, and those that stand for them here.
    ports: BTreeMap<String, String>,
}

impl Program {
    /// Runs the program to its end, as `cargo run -- ...` would.
    #[track_caller]
    pub fn run(&self, args: &[&str]) -> Finished {
        self.sandbox.spawn_program(&self.executable, args).finish()
    }

    /// Types what the README of the example says, and checks what is printed. Every command succeeds.
    ///
    /// # Panics
    /// There is no README, it says nothing to type, or something else is printed.
    pub fn follow_readme(&self) {
        let readme = self.sandbox.read("README.md");
        let readme = self.ports.iter().fold(readme, |text, (port, here)| text.replace(port, here));
        let commands = console::commands(&readme);
        assert!(!commands.is_empty(), "README.md says nothing to type");
        for console::Typed { line, command, stdout } in commands {
            let shell = self.sandbox.spawn_program(Path::new("/bin/sh"), &["-c", &command]);
            let finished = shell.finish();
            let place = format!("README.md:{line}: `{command}`");
            assert!(finished.status.success(), "{place} ended with {}\n{}", finished.status, finished.stderr);
            assert_eq!(finished.stdout, stdout, "{place} printed something else\n{}", finished.stderr);
        }
    }

    /// The texts of the files of its folder by path, without what is recorded.
    pub fn files(&self) -> BTreeMap<PathBuf, String> {
        let mut found = BTreeMap::new();
        read(&self.sandbox.work(), &mut found);
        found
    }
}

impl Deref for Program {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        &self.sandbox
    }
}

/// A folder with a `cargo` for which everything is built: `cargo run -- ...` runs the program.
fn cargo(sandbox: &Sandbox, program: &Path) -> PathBuf {
    let folder = sandbox.tmp().join("bin");
    fs::create_dir(&folder).expect("a free path");
    let script = folder.join("cargo");
    let text = format!(
        "#!/bin/sh\n[ \"$1 $2\" = 'run --' ] || {{ echo \"cargo $* is not known here\" >&2; exit 101; }}\n\
         shift 2\nexec '{}' \"$@\"\n",
        program.display()
    );
    fs::write(&script, text).expect("a writable folder");
    fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).expect("a file of ours");
    folder
}

/// Puts free ports into the settings, for examples run beside each other and beside whatever else is here.
fn move_ports(sandbox: &Sandbox) -> BTreeMap<String, String> {
    let mut ports = BTreeMap::new();
    let settings = sandbox
        .list("")
        .into_iter()
        .filter(|name| name.strip_prefix("devopsflow.").and_then(|stack| stack.strip_suffix(".toml")).is_some());
    for name in settings {
        let mut text = sandbox.read(&name);
        let found = text.lines().filter_map(|line| line.strip_prefix("port = ").map(str::to_owned));
        for port in found.collect::<Vec<_>>() {
            let here = port_for(sandbox);
            text = text.replace(&port, &here);
            ports.insert(port, here);
        }
        sandbox.write(&name, &text);
    }
    ports
}

/// A free port that the README does not mention, for there it will stand for one that it does.
fn port_for(sandbox: &Sandbox) -> String {
    let readme = sandbox.read("README.md");
    let mut free = std::iter::repeat_with(|| free_port().to_string());
    free.find(|port| !readme.contains(port)).expect("there is no end of ports")
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a readable folder").flatten() {
        let target = to.join(entry.file_name());
        // What somebody who tried the example left behind.
        let left = [".devopsflow", ".github"].iter().any(|name| entry.file_name() == *name);
        if left {
            continue;
        }
        if entry.file_type().expect("a type").is_dir() {
            fs::create_dir_all(&target).expect("a free path");
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a readable file");
        }
    }
}

fn read(folder: &Path, found: &mut BTreeMap<PathBuf, String>) {
    for entry in fs::read_dir(folder).expect("a readable folder").flatten() {
        if entry.file_name() == ".devopsflow" {
            continue;
        }
        if entry.file_type().expect("a type").is_dir() {
            read(&entry.path(), found);
        } else {
            found.insert(entry.path(), fs::read_to_string(entry.path()).expect("a readable text"));
        }
    }
}
