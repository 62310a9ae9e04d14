//! Validators from Python packages, and a newer Terraform, in a virtual environment.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use anyhow::Result;
use fs_err as fs;

use super::{Places, Toolset, remove_if_there};
use crate::process::capture;

pub(super) const TOOLSET: Toolset = Toolset {
    name: "python",
    probe: &["python3", "--version"],
    required: true,
    inputs: &["acceptance-tests/setup/requirements.txt", "xtask/src/tools/python.rs"],
    programs: &[
        "venv/bin/check-jsonschema",
        "venv/bin/shellcheck",
        "venv/bin/yamllint",
        "venv/bin/zizmor",
        "bin/terraform-next",
    ],
    install,
};

fn install(places: &Places) -> Result<()> {
    let venv = places.tools.join("venv");
    remove_if_there(&venv)?;
    capture(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    let python = venv.join("bin/python");
    capture(
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--no-input", "--only-binary=:all:", "--requirement"])
            .arg(places.setup().join("requirements.txt")),
    )?;
    write_launcher(&places.tools.join("bin/terraform-next"), &python, &places.setup().join("terraform.py"))
}

/// Writes the program that runs `script` with `python`.
fn write_launcher(path: &Path, python: &Path, script: &Path) -> Result<()> {
    fs::write(path, format!("#!/bin/sh\nexec {} {} \"$@\"\n", quoted(python), quoted(script)))?;
    fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// A path as one word of a shell command.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.to_string_lossy().replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_launcher_passes_on_every_word_from_a_folder_with_a_difficult_name() {
        let folder = tempfile::Builder::new().prefix("it's a $folder").tempdir().unwrap();
        let script = folder.path().join("show.sh");
        fs::write(&script, "for word in \"$@\"; do echo \"[$word]\"; done").unwrap();
        let launcher = folder.path().join("launcher");
        write_launcher(&launcher, Path::new("/bin/sh"), &script).unwrap();
        let printed = capture(Command::new(&launcher).args(["plan", "-var", "a=b c"])).unwrap();
        assert_eq!(printed, "[plan]\n[-var]\n[a=b c]\n");
    }
}
