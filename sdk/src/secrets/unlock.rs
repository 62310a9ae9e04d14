//! Opening a stack's header with what the environment and the terminal give.

use super::passphrase::find;
use super::{Environment, Error, Header, KeyHolder, Passphrase, PassphraseError, Prompt, Sealer};

/// The sealer of `stack`, from `header`: tried are `others`, then the age identities of the file that `DEVOPSFLOW_AGE_IDENTITY` names (feature
/// `age`), then a passphrase. Each only if the header has a copy of its kind, so nobody is asked for what would not help.
pub fn unlock(
    header: &Header,
    stack: &str,
    others: &[&dyn KeyHolder],
    environment: Environment<'_>,
    prompt: Prompt<'_>,
) -> Result<Sealer, Error> {
    let kinds = header.kinds();
    let has = |kind: &str| kinds.iter().any(|other| other == kind);
    let first = match header.open(stack, others) {
        Err(error @ (Error::NoHolder { .. } | Error::Holder { .. })) => error,
        settled => return settled,
    };
    #[cfg(feature = "age")]
    let first = match identities(header, stack, environment) {
        Some(Err(error @ Error::Holder { .. })) => error,
        Some(settled) => return settled,
        None => first,
    };
    if !has(Passphrase::KIND) {
        return Err(first);
    }
    let question = format!("Passphrase for the secrets of {stack}");
    match find(&question, environment, prompt) {
        Ok(passphrase) => header.open(stack, &[&Passphrase::new(passphrase)]),
        // What was tried before says more than that there was nothing else to try.
        Err(PassphraseError::Missing) => Err(first),
        Err(error) => Err(error.into()),
    }
}

/// None when there are no identities, or no copy for any.
#[cfg(feature = "age")]
fn identities(header: &Header, stack: &str, environment: Environment<'_>) -> Option<Result<Sealer, Error>> {
    use super::{AGE_IDENTITY, Age};

    let path = environment(AGE_IDENTITY)?;
    header.kinds().iter().any(|kind| kind == Age::KIND).then(|| {
        let age =
            Age::from_file(path.as_ref()).map_err(|source| Error::Holder { kind: Age::KIND.to_owned(), source })?;
        header.open(stack, &[&age])
    })
}
