//! Who can open a stack's secrets, and settings that are secret.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::run::ended;
use super::{Error, Stack};
use crate::engine::Ledger;
use crate::program::Setting;
use crate::secrets::{self, Header, KeyHolder, Place, Sealed, Sealer, Wrapped};
use crate::state::{Change, State};
use crate::vault::{Vault, blocking, each_sealed, open_json};

impl Stack {
    /// The copies of the key that its secrets are sealed with, one for each key holder; none when it has no key yet.
    pub fn secrets_holders(&self) -> Result<Vec<Wrapped>, Error> {
        Ok(self.look()?.secrets.map(|header| header.copies().to_vec()).unwrap_or_default())
    }

    /// Wraps the key for one holder more. A stack without a key gets one. No secret is sealed anew.
    pub async fn secrets_add(&self, holder: impl KeyHolder + 'static) -> Result<(), Error> {
        let holder: Arc<dyn KeyHolder> = Arc::new(holder);
        self.rewrap("secrets add", move |header, sealer, stack| match (header, sealer) {
            (Some(header), Some(sealer)) => header.rewrap(sealer, |_| true, &[&*holder]),
            _ => Header::create(stack, &[&*holder]).map(|(header, _)| header),
        })
        .await
    }

    /// Drops the copy of the key with this number, from 1, in the order of [`Stack::secrets_holders`]. Its holder may have kept
    /// the key, or earlier states: [`Stack::secrets_rotate`] shuts it out of what is sealed from then on.
    pub async fn secrets_remove(&self, number: usize) -> Result<(), Error> {
        let copies = self.secrets_holders()?;
        let Some(dropped) = number.checked_sub(1).and_then(|index| copies.get(index)).cloned() else {
            return Err(Error::Edit(format!("there is no key holder {number}; `secrets holders` shows them")));
        };
        self.rewrap("secrets remove", move |header, sealer, stack| match (header, sealer) {
            (Some(header), Some(sealer)) => header.rewrap(sealer, |copy| *copy != dropped, &[]),
            _ => Err(secrets::Error::NoKey { stack: stack.to_owned() }),
        })
        .await
    }

    /// Gives the stack a new key, for the same holders, and seals all of its secrets with it, in one durable change. Settings that
    /// are sealed are sealed anew too: `publish` is given them before the state is changed, to keep them where a kill leaves them,
    /// and puts them in their place when the state has the new key.
    ///
    /// # Errors
    /// Also when a holder cannot be given the new key, or operations never ended.
    pub async fn secrets_rotate(
        &self,
        publish: impl FnOnce(&BTreeMap<String, Sealed>) -> Result<(), Error> + Send,
    ) -> Result<(), Error> {
        let ledger = self.open("secrets rotate", None).await?;
        let rotated = self.rotate(&ledger, publish).await;
        ended(&ledger, rotated).await
    }

    async fn rotate(
        &self,
        ledger: &Ledger,
        publish: impl FnOnce(&BTreeMap<String, Sealed>) -> Result<(), Error> + Send,
    ) -> Result<(), Error> {
        let (before, stack) = (ledger.look(Clone::clone), self.id.to_string());
        if !before.pending.is_empty() {
            return Err(Error::Edit("operations never ended; run `up` first".to_owned()));
        }
        let header = before.secrets.clone().ok_or_else(|| Arc::new(secrets::Error::NoKey { stack: stack.clone() }))?;
        let keyring = self.keyring.clone();
        let (header, old, new) = blocking(move || keyring.rotate(&header, &stack)).await?;
        let mut after = before.clone();
        let reseal = |place: Place<'_>, value: &mut serde_json::Value| {
            if let Some(sealed) = Sealed::from_json(value)? {
                *value = new.reseal(place, &old, place, &sealed)?.to_json();
            }
            Ok(())
        };
        each_sealed(&mut after, reseal).map_err(Arc::new)?;
        publish(&self.reseal_settings(&old, &new).map_err(Arc::new)?)?;
        let mut changes = vec![Change::Exports(after.exports), Change::Providers(after.providers)];
        let resealed = after.resources.into_iter().filter(|(id, resource)| before.resources[id] != *resource);
        changes.extend(resealed.map(|(_, resource)| Change::Put(Box::new(resource))));
        // Last, for it takes away what earlier updates kept, which the new key does not open.
        changes.push(Change::Secrets(Box::new(header)));
        Ok(ledger.change(changes).await?)
    }

    fn reseal_settings(&self, old: &Sealer, new: &Sealer) -> Result<BTreeMap<String, Sealed>, secrets::Error> {
        let sealed = self.config.iter().filter_map(|(key, setting)| match setting {
            Setting::Sealed(sealed) => Some((key, sealed)),
            Setting::Plain(_) => None,
        });
        let reseal = |(key, sealed): (&String, &Sealed)| {
            let place = Place::configuration(key);
            Ok((key.clone(), new.reseal(place, old, place, sealed)?))
        };
        sealed.map(reseal).collect()
    }

    /// Seals a setting for [`Stack::sealed_config`]. A stack without a key gets one.
    pub async fn seal_setting(&self, key: &str, value: &str) -> Result<Sealed, Error> {
        let vault = self.vault();
        vault.see(self.look()?.secrets.as_ref());
        if !vault.has_key() {
            let ledger = self.open("config set", None).await?;
            let recorded = self.record_key(&ledger, &vault).await;
            ended(&ledger, recorded).await?;
        }
        Ok(vault.seal_setting(key, value).await?)
    }

    /// Gives the stack a key if it has none, and records it.
    pub(super) async fn record_key(&self, ledger: &Ledger, vault: &Vault) -> Result<(), Error> {
        vault.see(ledger.look(|state| state.secrets.clone()).as_ref());
        match vault.ready().await? {
            Some(header) => Ok(ledger.change(vec![Change::Secrets(Box::new(header))]).await?),
            None => Ok(()),
        }
    }

    /// The setting in plain, be it sealed or not; none when the stack does not have it.
    pub async fn open_setting(&self, key: &str) -> Result<Option<String>, Error> {
        match self.config.get(key) {
            None => Ok(None),
            Some(Setting::Plain(text)) => Ok(Some(text.clone())),
            Some(Setting::Sealed(sealed)) => {
                let vault = self.vault();
                vault.see(self.look()?.secrets.as_ref());
                Ok(Some(vault.open_setting(key, sealed).await?))
            }
        }
    }

    /// What is recorded, with every secret in plain: for those who must. Nothing of it may be kept.
    pub async fn state_with_secrets(&self) -> Result<State, Error> {
        let mut state = self.look()?;
        if state.secrets.is_some() {
            let vault = self.vault();
            vault.see(state.secrets.as_ref());
            let sealer = vault.sealer().await?;
            let open = |place: Place<'_>, value: &mut serde_json::Value| {
                if let Some(sealed) = Sealed::from_json(value)? {
                    *value = open_json(&sealer, place, &sealed)?;
                }
                Ok(())
            };
            each_sealed(&mut state, open).map_err(Arc::new)?;
        }
        Ok(state)
    }

    /// Changes for whom the key is wrapped. `header` is given the recorded header with its sealer, if there is one.
    async fn rewrap(
        &self,
        verb: &str,
        header: impl FnOnce(Option<&Header>, Option<&Sealer>, &str) -> Result<Header, secrets::Error> + Send + 'static,
    ) -> Result<(), Error> {
        let ledger = self.open(verb, None).await?;
        let changed = async {
            let vault = self.vault();
            let recorded = ledger.look(|state| state.secrets.clone());
            vault.see(recorded.as_ref());
            let sealer = if recorded.is_some() { Some(vault.sealer().await?) } else { None };
            let stack = self.id.to_string();
            let header = blocking(move || header(recorded.as_ref(), sealer.as_deref(), &stack)).await?;
            Ok(ledger.change(vec![Change::Secrets(Box::new(header))]).await?)
        };
        let changed = changed.await;
        ended(&ledger, changed).await
    }
}
