//! `secrets`: shows and changes who can open a stack's secrets.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use serde::Serialize;

use super::args::{NewHolder, SecretsVerb};
use super::output::Output;
use super::settings;
use crate::render::clean;
use crate::secrets::{Error as SecretsError, Passphrase, Secret, Wrapped, ask_new_passphrase, find_passphrase};
use crate::{Error, Stack};

/// What `secrets holders` gives of one.
#[derive(Serialize)]
struct Holder {
    kind: String,
    /// Whom it is for.
    #[serde(rename = "for")]
    public: Vec<String>,
}

pub(super) async fn run(stack: &Stack, verb: &SecretsVerb, output: &Output) -> Result<ExitCode, Error> {
    match verb {
        SecretsVerb::Holders => {
            let holder = |copy: Wrapped| Holder { kind: copy.kind().to_owned(), public: copy.public().to_vec() };
            let holders: Vec<Holder> = stack.secrets_holders()?.into_iter().map(holder).collect();
            output.data(&holders, |holders| {
                let line = |(number, Holder { kind, public }): (usize, &Holder)| {
                    clean(&format!("{number} {kind} {}", public.join(" "))) + "\n"
                };
                (1..).zip(holders).map(line).collect()
            });
        }
        SecretsVerb::Add { holder } => add(stack, holder, output).await?,
        SecretsVerb::Remove { number } => stack.secrets_remove(*number).await?,
        SecretsVerb::Rotate => {
            let name = stack.id().stack().to_owned();
            stack.secrets_rotate(move |resealed| settings::stage(&name, resealed)).await?;
            finish_rotation(stack)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Puts the settings that a rotation sealed anew in their place.
pub(super) fn finish_rotation(stack: &Stack) -> Result<(), Error> {
    settings::finish_rotation(stack.id().stack(), || Ok(stack.state()?.secrets.map(|header| header.key())))
}

async fn add(stack: &Stack, holder: &NewHolder, output: &Output) -> Result<(), Error> {
    if let Some(file) = &holder.passphrase_file {
        return stack.secrets_add(Passphrase::new(from_file(file)?)).await;
    }
    #[cfg(feature = "age")]
    if !holder.age_recipient.is_empty() {
        let kind = crate::secrets::Age::KIND.to_owned();
        let age = crate::secrets::Age::recipients(&holder.age_recipient);
        let age = age.map_err(|source| Arc::new(SecretsError::Holder { kind, source }))?;
        return stack.secrets_add(age).await;
    }
    if !io::stdin().is_terminal() {
        return Err(Error::Edit("nobody can be asked here: give --passphrase-file".to_owned()));
    }
    let question = format!("Further passphrase for the secrets of {}", stack.id());
    let passphrase = ask_new_passphrase(&question, &mut |question: &str| output.ask_hidden(question));
    stack.secrets_add(Passphrase::new(passphrase.map_err(|error| Arc::new(error.into()))?)).await
}

fn from_file(path: &Path) -> Result<Secret<String>, Error> {
    let environment = |name: &str| (name == crate::secrets::PASSPHRASE_FILE).then(|| path.as_os_str().to_owned());
    Ok(find_passphrase("", &environment, None).map_err(|error| Arc::new(SecretsError::from(error)))?)
}
