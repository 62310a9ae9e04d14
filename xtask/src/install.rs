//! `cargo xtask install`: puts the provider where a plain `terraform init` or `tofu init` finds it.
//!
//! Both look below `~/.terraform.d/plugins`, each for its own registry's name, and take what is there without asking
//! a registry. `DESTDIR` is put before that path, as packagers expect.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use fs_err as fs;

use crate::provider::{self, PACKAGE};
use crate::{Command, expect_none};

pub(crate) const COMMAND: Command =
    Command { name: "install", options: "", about: "install the provider for terraform init and tofu init", run };

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The address without its host.
const SOURCE: &str = "devopsflow/devopsflow";
/// The hosts that `terraform` and `tofu` put before an address that names none.
const HOSTS: [&str; 2] = ["registry.terraform.io", "registry.opentofu.org"];

fn run(args: &[String]) -> Result<()> {
    expect_none(args)?;
    let platform = platform(env::consts::OS, env::consts::ARCH)?;
    let mirror = mirror(env::var_os("DESTDIR").map(PathBuf::from), env::var_os("HOME").map(PathBuf::from))?;
    let program = provider::build(&["--release"])?;
    for place in install(&program, &mirror, &platform)? {
        println!("installed {}", place.display());
    }
    let target = program.parent().and_then(Path::parent).context("the built program is not in a target folder")?;
    print!("{}", advice(&target.join("debug")));
    Ok(())
}

/// The folder that both programs search.
fn mirror(destdir: Option<PathBuf>, home: Option<PathBuf>) -> Result<PathBuf> {
    let Some(home) = home.filter(|home| home.is_absolute()) else {
        bail!("HOME is not set to an absolute path: set it to the folder that holds .terraform.d");
    };
    let plugins = home.join(".terraform.d/plugins");
    match destdir.filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => Ok(folder.join(plugins.strip_prefix("/").context("HOME has no root")?)),
        None => Ok(plugins),
    }
}

/// The platform in the words of Terraform, which are Go's.
pub(crate) fn platform(os: &str, arch: &str) -> Result<String> {
    let os = match os {
        "macos" => "darwin",
        "linux" | "freebsd" | "openbsd" => os,
        other => bail!("installing on {other} is not supported: copy the program by hand"),
    };
    let arch = match arch {
        "x86_64" => "amd64",
        "x86" => "386",
        "aarch64" => "arm64",
        "arm" => "arm",
        other => bail!("Terraform does not exist for the processor {other}"),
    };
    Ok(format!("{os}_{arch}"))
}

/// Copies the program to its place for each host, and gives the places.
pub(crate) fn install(program: &Path, mirror: &Path, platform: &str) -> Result<Vec<PathBuf>> {
    let mut places = Vec::new();
    for host in HOSTS {
        let folder = mirror.join(host).join(SOURCE).join(VERSION).join(platform);
        fs::create_dir_all(&folder)?;
        let place = folder.join(format!("{PACKAGE}_v{VERSION}"));
        // Renamed into place, for a provider that is running cannot be written to.
        let staged = folder.join(".new");
        fs::copy(program, &staged)?;
        fs::rename(&staged, &place)?;
        places.push(place);
    }
    Ok(places)
}

/// What to know after an installation. `debug` is where `cargo build` leaves the program.
fn advice(debug: &Path) -> String {
    format!(
        r#"
A folder that was initialised with another build of this version refuses this one: remove the provider's block from
its `.terraform.lock.hcl`, then run `terraform init`.
A `provider_installation` block in the CLI configuration (~/.terraformrc, ~/.tofurc) turns these places off.

Who rebuilds the provider often puts this into the CLI configuration instead, runs `cargo build`, and needs no init:

provider_installation {{
  dev_overrides {{
    "{SOURCE}" = "{}"
  }}
  direct {{}}
}}
"#,
        debug.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_mirror(destdir: Option<&str>, home: &str, expected: &str) {
        let found = mirror(destdir.map(PathBuf::from), Some(PathBuf::from(home))).unwrap();
        assert_eq!(found, Path::new(expected));
    }

    #[test]
    fn the_mirror_is_below_home_and_destdir_comes_before_it() {
        check_mirror(None, "/users/ada", "/users/ada/.terraform.d/plugins");
        check_mirror(Some(""), "/users/ada", "/users/ada/.terraform.d/plugins");
        check_mirror(Some("/stage"), "/users/ada", "/stage/users/ada/.terraform.d/plugins");
    }

    #[test]
    fn a_missing_or_relative_home_is_an_error() {
        for home in [None, Some(PathBuf::from("ada"))] {
            assert!(mirror(None, home).unwrap_err().to_string().starts_with("HOME is not set"));
        }
    }

    #[test]
    fn platforms_are_named_as_go_names_them() {
        assert_eq!(platform("linux", "x86_64").unwrap(), "linux_amd64");
        assert_eq!(platform("macos", "aarch64").unwrap(), "darwin_arm64");
        assert!(platform("windows", "x86_64").is_err());
        assert!(platform("linux", "riscv64").is_err());
    }

    #[test]
    fn an_installation_replaces_the_one_before_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        for content in ["old", "new"] {
            fs::write(&program, content).unwrap();
            let places = install(&program, &folder.path().join("mirror"), "linux_amd64").unwrap();
            assert_eq!(places.len(), HOSTS.len());
            for place in places {
                let name = format!("devopsflow/devopsflow/{VERSION}/linux_amd64/{PACKAGE}_v{VERSION}");
                assert!(place.ends_with(name));
                assert_eq!(fs::read_to_string(&place).unwrap(), content);
                assert_eq!(fs::read_dir(place.parent().unwrap()).unwrap().count(), 1);
            }
        }
    }

    #[test]
    fn the_advice_is_a_cli_configuration() {
        let text = advice(Path::new("/t/debug"));
        assert!(text.contains("\"devopsflow/devopsflow\" = \"/t/debug\"\n  }\n  direct {}\n}\n"), "{text}");
    }
}
