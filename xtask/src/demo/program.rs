//! A pipeline without terraform: declared in Rust, by a program that is its own command line.

use std::path::Path;

use anyhow::{Result, ensure};
use fs_err as fs;

use super::{Stage, say};

const FILE: &str = ".github/workflows/ci.yml";

pub(super) fn show(project: &Stage, program: &Path) -> Result<()> {
    say("The same without terraform. This is the whole program, src/main.rs:");
    println!("{}", fs::read_to_string(project.project.join("src/main.rs"))?);
    let run = |args: &[&str], expected| project.run("cargo run --", program, args, expected);
    run(&["preview"], 0)?;
    run(&["up", "--yes"], 0)?;
    let file = project.project.join(FILE);
    let written = fs::read_to_string(&file)?;
    say(
        "Somebody edits the file by hand. A preview that looks at the world finds it (exit code 2), and `up` repairs it:",
    );
    fs::write(&file, written.replace("contents: read", "contents: write"))?;
    run(&["preview", "--refresh", "--detailed-exitcode"], 2)?;
    run(&["up", "--refresh", "--yes"], 0)?;
    ensure!(fs::read_to_string(&file)? == written, "{FILE} was not repaired");
    run(&["destroy", "--yes"], 0)
}
