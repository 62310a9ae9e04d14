//! Who may open a stack's data key.

use std::io;
use std::sync::Arc;

use crate::secrets::{
    self, Error, Header, KeyHolder, Passphrase, PassphraseError, Prompt, Sealer, Secret, ask_new_passphrase,
    find_passphrase,
};

/// Asks somebody for a passphrase: shows the question, and gives the answer.
pub(crate) type Ask = Arc<dyn Fn(&str) -> io::Result<Secret<String>> + Send + Sync>;

/// What may open a stack's data key: holders that the program gives, the environment, and somebody to ask.
#[derive(Clone, Default)]
pub(crate) struct Keyring {
    pub(crate) holders: Vec<Arc<dyn KeyHolder>>,
    pub(crate) ask: Option<Ask>,
}

/// Gives the prompt to `work`.
fn prompting<T>(ask: Option<&Ask>, work: impl FnOnce(Prompt<'_>) -> T) -> T {
    match ask {
        Some(ask) => work(Some(&mut |question: &str| ask(question))),
        None => work(None),
    }
}

fn as_refs(holders: &[Arc<dyn KeyHolder>]) -> Vec<&dyn KeyHolder> {
    holders.iter().map(AsRef::as_ref).collect()
}

impl Keyring {
    pub(super) fn unlock(&self, header: &Header, stack: &str) -> Result<Sealer, Error> {
        let holders = as_refs(&self.holders);
        let environment = |name: &str| std::env::var_os(name);
        prompting(self.ask.as_ref(), |prompt| secrets::unlock(header, stack, &holders, &environment, prompt))
    }

    /// All holders that are at hand without asking anybody.
    fn at_hand(&self) -> Result<Vec<Arc<dyn KeyHolder>>, Error> {
        let mut holders = self.holders.clone();
        #[cfg(feature = "age")]
        if let Some(path) = std::env::var_os(secrets::AGE_IDENTITY) {
            let age = secrets::Age::from_file(path.as_ref());
            let age = age.map_err(|source| Error::Holder { kind: secrets::Age::KIND.to_owned(), source })?;
            holders.push(Arc::new(age));
        }
        match find_passphrase("", &|name| std::env::var_os(name), None) {
            Ok(passphrase) => holders.push(Arc::new(Passphrase::new(passphrase))),
            Err(PassphraseError::Missing) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(holders)
    }

    /// A new key in place of the one that `header` holds, for the same holders; with both sealers, the old one first.
    pub(crate) fn rotate(&self, header: &Header, stack: &str) -> Result<(Header, Sealer, Sealer), Error> {
        let mut holders = self.at_hand()?;
        if let Some(ask) = &self.ask
            && header.kinds().iter().any(|kind| kind == Passphrase::KIND)
            && !holders.iter().any(|holder| holder.kind() == Passphrase::KIND)
        {
            let question = format!("Passphrase for the secrets of {stack}");
            let passphrase = find_passphrase(&question, &|_| None, Some(&mut |question: &str| ask(question)))?;
            holders.push(Arc::new(Passphrase::new(passphrase)));
        }
        let old = header.open(stack, &as_refs(&holders))?;
        let copies = (1..).zip(header.copies());
        let carried = copies.map(|(number, copy)| {
            let holder = copy.again(&holders);
            holder.ok_or_else(|| Error::NotRewrapped { number, kind: copy.kind().to_owned() })
        });
        let carried = carried.collect::<Result<Vec<_>, _>>()?;
        let (header, new) = Header::create(stack, &as_refs(&carried))?;
        Ok((header, old, new))
    }

    /// A new key for a stack that has none, for all holders at hand; without any, somebody is asked for a passphrase.
    pub(super) fn create(&self, stack: &str) -> Result<(Header, Sealer), Error> {
        let mut holders = self.at_hand()?;
        if holders.is_empty() {
            let ask = self.ask.as_ref().ok_or_else(|| Error::NoKey { stack: stack.to_owned() })?;
            let passphrase =
                ask_new_passphrase(&format!("New passphrase for the secrets of {stack}"), &mut |text| ask(text))?;
            holders.push(Arc::new(Passphrase::new(passphrase)));
        }
        Header::create(stack, &as_refs(&holders))
    }
}
