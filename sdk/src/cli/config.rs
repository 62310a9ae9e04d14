//! `config`: shows and changes the settings of a stack.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};
use std::process::ExitCode;

use super::args::ConfigVerb;
use super::output::Output;
use super::settings::SettingsFile;
use crate::event::REDACTED;
use crate::program::Setting;
use crate::render::clean;
use crate::secrets::Secret;
use crate::{Error, Stack};

pub(super) async fn run(stack: &Stack, verb: &ConfigVerb, output: &Output) -> Result<ExitCode, Error> {
    let mut file = SettingsFile::read(stack.id().stack())?;
    match verb {
        ConfigVerb::Set { secret, key, value } => {
            let value = given(key, value.as_deref(), *secret, output)?;
            let setting = if *secret {
                Setting::Sealed(stack.seal_setting(key, value.expose()).await?)
            } else {
                Setting::Plain(value.expose().clone())
            };
            file.set(key, &setting);
            file.write()?;
        }
        ConfigVerb::Get { key, show_secrets } => {
            let settings = file.settings()?;
            let missing = || Error::Edit(format!("there is no setting {key:?}; `config list` shows what there is"));
            let text = match settings.get(key).ok_or_else(missing)? {
                Setting::Sealed(_) if *show_secrets => stack.open_setting(key).await?.ok_or_else(missing)?,
                setting => shown(setting).to_owned(),
            };
            output.data(&text, |text| clean(text) + "\n");
        }
        ConfigVerb::List => {
            let settings = file.settings()?;
            let settings: BTreeMap<_, _> = settings.iter().map(|(key, setting)| (key, shown(setting))).collect();
            output.data(&settings, |settings| {
                settings.iter().map(|(key, text)| clean(&format!("{key} = {text}")) + "\n").collect()
            });
        }
        ConfigVerb::Remove { key } => {
            if !file.remove(key) {
                return Err(Error::Edit(format!("there is no setting {key:?}; `config list` shows what there is")));
            }
            file.write()?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn shown(setting: &Setting) -> &str {
    match setting {
        Setting::Plain(text) => text,
        Setting::Sealed(_) => REDACTED,
    }
}

/// The value from the command line; from standard input for `-`, to its end and without the line break there; or from who sits at
/// the terminal.
fn given(key: &str, value: Option<&str>, secret: bool, output: &Output) -> Result<Secret<String>, Error> {
    let unread = |error: io::Error| Error::Edit(format!("the value of {key:?} could not be read: {error}"));
    match value {
        Some("-") => {
            let text = Secret::new(io::read_to_string(io::stdin()).map_err(unread)?);
            let line = text.expose().strip_suffix('\n').unwrap_or(text.expose());
            Ok(Secret::new(line.strip_suffix('\r').unwrap_or(line).to_owned()))
        }
        Some(text) => Ok(Secret::new(text.to_owned())),
        None if !io::stdin().is_terminal() => {
            Err(Error::Edit(format!("give the value of {key:?}, or `-` to read it from standard input")))
        }
        None if secret => output.ask_hidden(&format!("Value of {key}")).map_err(unread),
        None => {
            output.ask(&format!("Value of {key}:")).map(Secret::new).ok_or_else(|| unread(io::ErrorKind::Other.into()))
        }
    }
}
