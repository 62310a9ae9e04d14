//! What a program is told of its stack: its name, its settings, and a seed.

use std::fmt::Display;
use std::str::FromStr;

use framework::Output;

use super::Scope;
use crate::secrets::Sealed;

/// A setting of a stack.
#[derive(Debug, Clone)]
pub(crate) enum Setting {
    Plain(String),
    Sealed(Sealed),
}

impl Scope {
    /// The stack that is declared: its name tells environments apart.
    pub fn stack(&self) -> &str {
        self.surroundings.id.stack()
    }

    /// A setting of this stack.
    ///
    /// # Errors
    /// It has none of this name, or a sealed one, which only [`Scope::secret`] opens.
    pub fn config(&self, key: &str) -> crate::Result<String> {
        match self.setting(key)? {
            Setting::Plain(text) => Ok(text.clone()),
            Setting::Sealed(_) => Err(self.is_secret(key).into()),
        }
    }

    /// A setting of this stack, if it has it. Of a sealed one it gives none, and the program fails when it has ended: only
    /// [`Scope::secret`] opens it.
    pub fn config_opt(&self, key: &str) -> Option<String> {
        match self.surroundings.config.get(key)? {
            Setting::Plain(text) => Some(text.clone()),
            Setting::Sealed(_) => {
                // The first one is told.
                let _ = self.misused.set(key.to_owned());
                None
            }
        }
    }

    /// A setting of this stack that is never shown and recorded only sealed. One that is sealed is opened, for which the key
    /// is needed.
    ///
    /// # Errors
    /// The stack does not have it, or it does not open.
    pub fn secret(&self, key: &str) -> crate::Result<Output<String>> {
        let text = match self.setting(key)? {
            Setting::Plain(text) => text.clone(),
            Setting::Sealed(sealed) => self.surroundings.world.open_setting(key, sealed)?,
        };
        self.surroundings.world.learn(&text);
        Ok(Output::known(&text).secret())
    }

    fn setting(&self, key: &str) -> Result<&Setting, String> {
        self.surroundings.config.get(key).ok_or_else(|| {
            format!(
                "stack {} has no setting {key:?}: give it as `--config {key}=...`, or in devopsflow.{}.toml",
                self.surroundings.id,
                self.stack()
            )
        })
    }

    /// The error about a sealed setting that is read as a plain one.
    pub(super) fn is_secret(&self, key: &str) -> String {
        format!("setting {key:?} of stack {} is secret: read it with `scope.secret({key:?})`", self.surroundings.id)
    }

    /// A number for what a program makes up, such as the end of a name: the same for a preview that saves its plan and the `up`
    /// of that plan, and another in every other run. [`Options::ignore_changes`](crate::Options::ignore_changes) keeps what was
    /// made of it.
    pub fn seed(&self) -> u64 {
        self.surroundings.seed
    }

    /// A setting of this stack that is no text, such as a number.
    ///
    /// ```
    /// # use devopsflow::{Result, Scope};
    /// # fn declare(scope: &mut Scope) -> Result<()> {
    /// let port: u16 = scope.config_as("port")?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The stack does not have it, or it cannot be read as a `T`; the message says which setting and what it is.
    pub fn config_as<T: FromStr<Err: Display>>(&self, key: &str) -> crate::Result<T> {
        let text = self.config(key)?;
        let unexpected = |error| format!("setting {key:?} of stack {} is {text:?}: {error}", self.surroundings.id);
        Ok(text.parse().map_err(unexpected)?)
    }
}
