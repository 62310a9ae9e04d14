//! A pipeline that is written, edited by hand, found and repaired.

use anyhow::{Result, ensure};
use fs_err as fs;

use super::{Stage, say};

const FILE: &str = ".github/workflows/ci.yml";

pub(super) fn show(shop: &Stage) -> Result<()> {
    say("A Python service, and a main.tf that asks for its pipeline:");
    println!("{}", fs::read_to_string(shop.project.join("main.tf"))?);
    shop.terraform(&["init"], 0)?;
    shop.terraform(&["plan", "-out=plan.tfplan"], 0)?;
    shop.terraform(&["apply", "plan.tfplan"], 0)?;

    say(&format!("The pipeline is in the repository. {FILE}:"));
    let file = shop.project.join(FILE);
    let written = fs::read_to_string(&file)?;
    println!("{written}");

    say("Somebody edits it by hand. The plan finds the edit (exit code 2) and shows it:");
    fs::write(&file, written.replace("contents: read", "contents: write"))?;
    shop.terraform(&["plan", "-detailed-exitcode"], 2)?;
    say("The next apply repairs it:");
    shop.terraform(&["apply", "-auto-approve"], 0)?;
    ensure!(fs::read_to_string(&file)? == written, "{FILE} was not repaired");
    shop.terraform(&["plan", "-detailed-exitcode"], 0)?;
    say("Repaired: the file is again what the plan says, and the plan is empty.");
    Ok(())
}
