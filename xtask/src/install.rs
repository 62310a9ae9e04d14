//! `cargo xtask install`: puts the provider where a plain `terraform init` or `tofu init` finds it, the agent beside it, and the
//! command and the agent into `~/.local/bin`.
//!
//! Both look below `~/.terraform.d/plugins`, each for its own registry's name, and take what is there without asking
//! a registry. `DESTDIR` is put before those paths, as packagers expect.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use fs_err as fs;

use crate::programs::{self, AGENT, PROVIDER, Programs};
use crate::{Command, expect_none};

pub(crate) const COMMAND: Command =
    Command { name: "install", options: "", about: "install the provider, the agent and the command", run };

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The address without its host.
const SOURCE: &str = "devopsflow/devopsflow";
/// The hosts that `terraform` and `tofu` put before an address that names none.
const HOSTS: [&str; 2] = ["registry.terraform.io", "registry.opentofu.org"];

fn run(args: &[String]) -> Result<()> {
    expect_none(args)?;
    let platform = platform(env::consts::OS, env::consts::ARCH)?;
    let (destdir, home) = (env::var_os("DESTDIR").map(PathBuf::from), env::var_os("HOME").map(PathBuf::from));
    let mirror = below_home(destdir.clone(), home.clone(), ".terraform.d/plugins")?;
    let bin = below_home(destdir, home, ".local/bin")?;
    let programs = programs::build(&["--release"])?;
    let mut places = install(&programs, &mirror, &platform)?;
    for (program, name) in [(&programs.command, programs::COMMAND), (&programs.agent, AGENT)] {
        places.push(place(program, &bin, name)?);
    }
    for place in places {
        println!("installed {}", place.display());
    }
    let target =
        programs.provider.parent().and_then(Path::parent).context("the built program is not in a target folder")?;
    print!("{}", advice(&target.join("debug")));
    Ok(())
}

/// A folder below the user's home.
fn below_home(destdir: Option<PathBuf>, home: Option<PathBuf>, folder: &str) -> Result<PathBuf> {
    let Some(home) = home.filter(|home| home.is_absolute()) else {
        bail!("HOME is not set to an absolute path: set it to the folder that holds .terraform.d");
    };
    let folder = home.join(folder);
    match destdir.filter(|destdir| !destdir.as_os_str().is_empty()) {
        Some(destdir) => Ok(destdir.join(folder.strip_prefix("/").context("HOME has no root")?)),
        None => Ok(folder),
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

/// Copies provider and agent to their places for each host, and gives those of the provider.
pub(crate) fn install(programs: &Programs, mirror: &Path, platform: &str) -> Result<Vec<PathBuf>> {
    let mut places = Vec::new();
    for host in HOSTS {
        let folder = mirror.join(host).join(SOURCE).join(VERSION).join(platform);
        // The provider looks for the agent beside itself.
        place(&programs.agent, &folder, AGENT)?;
        places.push(place(&programs.provider, &folder, &format!("{PROVIDER}_v{VERSION}"))?);
    }
    Ok(places)
}

/// Copies a program into a folder.
fn place(program: &Path, folder: &Path, name: &str) -> Result<PathBuf> {
    fs::create_dir_all(folder)?;
    // Renamed into place, for a program that is running cannot be written to.
    let (staged, place) = (folder.join(format!(".{name}.new")), folder.join(name));
    fs::copy(program, &staged)?;
    fs::rename(&staged, &place)?;
    Ok(place)
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
    fn check_below(destdir: Option<&str>, home: &str, expected: &str) {
        let found = below_home(destdir.map(PathBuf::from), Some(PathBuf::from(home)), ".local/bin").unwrap();
        assert_eq!(found, Path::new(expected));
    }

    #[test]
    fn places_are_below_home_and_destdir_comes_before_it() {
        check_below(None, "/users/ada", "/users/ada/.local/bin");
        check_below(Some(""), "/users/ada", "/users/ada/.local/bin");
        check_below(Some("/stage"), "/users/ada", "/stage/users/ada/.local/bin");
    }

    #[test]
    fn a_missing_or_relative_home_is_an_error() {
        for home in [None, Some(PathBuf::from("ada"))] {
            assert!(below_home(None, home, "x").unwrap_err().to_string().starts_with("HOME is not set"));
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
        let program = |name: &str| folder.path().join(name);
        let programs = Programs { provider: program("provider"), agent: program("agent"), command: program("command") };
        for content in ["old", "new"] {
            fs::write(&programs.provider, content).unwrap();
            fs::write(&programs.agent, format!("{content} agent")).unwrap();
            let places = install(&programs, &folder.path().join("mirror"), "linux_amd64").unwrap();
            assert_eq!(places.len(), HOSTS.len());
            for place in places {
                let name = format!("devopsflow/devopsflow/{VERSION}/linux_amd64/{PROVIDER}_v{VERSION}");
                assert!(place.ends_with(name));
                assert_eq!(fs::read_to_string(&place).unwrap(), content);
                assert_eq!(fs::read_to_string(place.with_file_name(AGENT)).unwrap(), format!("{content} agent"));
                assert_eq!(fs::read_dir(place.parent().unwrap()).unwrap().count(), 2);
            }
        }
    }

    #[test]
    fn the_advice_is_a_cli_configuration() {
        let text = advice(Path::new("/t/debug"));
        assert!(text.contains("\"devopsflow/devopsflow\" = \"/t/debug\"\n  }\n  direct {}\n}\n"), "{text}");
    }
}
