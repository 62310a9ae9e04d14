//! The secrets of one run: opened and sealed with a key that is unlocked at most once, and only when it is needed.

mod keyring;
mod places;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use serde_json::Value as Json;
use tokio::sync::OnceCell;

use crate::secrets::{Error, Header, HolderError, MARK, Place, Redactor, Sealed, Sealer, Secret};
use crate::sync::lock;

pub(crate) use keyring::Keyring;
pub(crate) use places::{Group, INPUTS, OBJECT, PENDING_CONFIG, PENDING_PLANNED, PRIVATE, each_sealed};

/// Why a secret was neither opened nor sealed. Every value of a run gets the same one when the key does not open.
pub(crate) type VaultError = Arc<Error>;

type Members = BTreeMap<String, Json>;

/// The secrets of one run on one stack.
pub(crate) struct Vault {
    stack: String,
    keyring: Keyring,
    redactor: Arc<Redactor>,
    header: Mutex<Option<Header>>,
    /// What unlocking gave, be it an error: nobody is asked twice.
    sealer: OnceCell<Result<Arc<Sealer>, VaultError>>,
}

impl Vault {
    /// The secrets of `stack`, whose state is not read yet.
    pub(crate) fn new(stack: String, keyring: Keyring, redactor: Arc<Redactor>) -> Self {
        Self { stack, keyring, redactor, header: Mutex::default(), sealer: OnceCell::new() }
    }

    fn header(&self) -> Option<Header> {
        lock(&self.header).clone()
    }

    /// Whether the stack has a key, as far as its state was seen.
    pub(crate) fn has_key(&self) -> bool {
        self.header().is_some()
    }

    /// Takes what the state holds of the key.
    pub(crate) fn see(&self, header: Option<&Header>) {
        *lock(&self.header) = header.cloned();
    }

    /// The key, unlocked now if it was not.
    pub(crate) async fn sealer(&self) -> Result<Arc<Sealer>, VaultError> {
        if let Some(unlocked) = self.sealer.get() {
            return unlocked.clone();
        }
        let Some(header) = self.header() else { return Err(Arc::new(Error::NoKey { stack: self.stack.clone() })) };
        let unlocked = self.sealer.get_or_init(|| async {
            let (keyring, stack) = (self.keyring.clone(), self.stack.clone());
            blocking(move || keyring.unlock(&header, &stack)).await.map(Arc::new)
        });
        unlocked.await.clone()
    }

    /// Makes sure that secrets can be sealed. Gives the header that has to be recorded when the key is new.
    pub(crate) async fn ready(&self) -> Result<Option<Header>, VaultError> {
        if self.header().is_some() {
            return self.sealer().await.map(|_| None);
        }
        let (keyring, stack) = (self.keyring.clone(), self.stack.clone());
        let (header, sealer) = blocking(move || keyring.create(&stack)).await?;
        self.see(Some(&header));
        // Nothing was unlocked before, for there was no key.
        let _ = self.sealer.set(Ok(Arc::new(sealer)));
        Ok(Some(header))
    }

    /// Takes this out of all texts from now on.
    pub(crate) fn learn(&self, value: &Json) {
        self.redactor.add_all(value);
    }

    /// The text without the secrets of the run.
    pub(crate) fn redact(&self, text: &str) -> String {
        self.redactor.redact(text).into_owned()
    }

    /// Seals a value. If `recorded` holds the same, sealed for the same place, it is kept as it is.
    pub(crate) async fn seal(
        &self,
        group: Group<'_>,
        name: &str,
        value: &Json,
        recorded: Option<&Json>,
    ) -> Result<Json, VaultError> {
        let key = self.sealer().await?;
        let plain = Secret::new(value.to_string().into_bytes());
        let sealed = group.place(name, |place| {
            if let Some(recorded) = recorded
                && let Some(sealed) = Sealed::from_json(recorded)?
                && sealed.key() == key.id()
                && key.matches(place, &sealed, plain.expose())?
            {
                return Ok(recorded.clone());
            }
            key.seal(place, plain.expose()).map(|sealed| sealed.to_json())
        });
        sealed.map_err(Arc::new)
    }

    /// Opens a value if it is sealed, and says whether it was.
    pub(crate) async fn open(&self, group: Group<'_>, name: &str, value: Json) -> Result<(Json, bool), VaultError> {
        let Some(sealed) = Sealed::from_json(&value).map_err(Arc::new)? else { return Ok((value, false)) };
        let key = self.sealer().await?;
        let opened = group.place(name, |place| open_json(&key, place, &sealed)).map_err(Arc::new)?;
        Ok((opened, true))
    }

    /// Opens a setting.
    pub(crate) async fn open_setting(&self, name: &str, sealed: &Sealed) -> Result<String, VaultError> {
        let key = self.sealer().await?;
        let opened = open_json(&key, Place::configuration(name), sealed).map_err(Arc::new)?;
        self.learn(&opened);
        let Json::String(text) = opened else { return Err(Arc::new(Error::Damaged { what: "a setting is a text" })) };
        Ok(text)
    }

    /// Seals a setting.
    pub(crate) async fn seal_setting(&self, name: &str, value: &str) -> Result<Sealed, VaultError> {
        let plain = Secret::new(Json::from(value).to_string().into_bytes());
        self.sealer().await?.seal(Place::configuration(name), plain.expose()).map_err(Arc::new)
    }

    /// Whether the recorded value is this one, without opening it.
    pub(crate) async fn matches(
        &self,
        group: Group<'_>,
        name: &str,
        recorded: &Json,
        value: &Json,
    ) -> Result<bool, VaultError> {
        let Some(sealed) = Sealed::from_json(recorded).map_err(Arc::new)? else { return Ok(recorded == value) };
        let key = self.sealer().await?;
        let plain = Secret::new(value.to_string().into_bytes());
        group.place(name, |place| key.matches(place, &sealed, plain.expose())).map_err(Arc::new)
    }

    /// Seals those of the members that are secret; `recorded` ones that are the same stay as they are.
    pub(crate) async fn seal_members(
        &self,
        group: Group<'_>,
        mut members: Members,
        secrets: &BTreeSet<String>,
        recorded: Option<&Members>,
    ) -> Result<Members, VaultError> {
        for (name, value) in &mut members {
            if secrets.contains(name) && !value.is_null() {
                let recorded = recorded.and_then(|recorded| recorded.get(name));
                *value = self.seal(group, name, value, recorded).await?;
            } else if reserved(value) {
                return Err(Arc::new(Error::Reserved { place: group.place(name, |place| place.to_string()) }));
            }
        }
        Ok(members)
    }

    /// Opens what is sealed of the members that are wanted, and names all that is sealed. What is not opened is left out.
    pub(crate) async fn open_members(
        &self,
        group: Group<'_>,
        members: &Members,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<(Members, BTreeSet<String>), VaultError> {
        let (mut opened, mut secrets) = (Members::new(), BTreeSet::new());
        for (name, value) in members {
            if is_sealed(value) {
                secrets.insert(name.clone());
                if !wanted(name) {
                    continue;
                }
            }
            opened.insert(name.clone(), self.open(group, name, value.clone()).await?.0);
        }
        Ok((opened, secrets))
    }
}

/// Whether a recorded value is sealed.
pub(crate) fn is_sealed(value: &Json) -> bool {
    matches!(Sealed::from_json(value), Ok(Some(_)) | Err(_))
}

/// Whether a value looks like a sealed one, here or anywhere in it.
pub(crate) fn reserved(value: &Json) -> bool {
    match value {
        Json::Object(members) => (members.len() == 1 && members.contains_key(MARK)) || members.values().any(reserved),
        Json::Array(elements) => elements.iter().any(reserved),
        _ => false,
    }
}

pub(crate) fn open_json(key: &Sealer, place: Place<'_>, sealed: &Sealed) -> Result<Json, Error> {
    let plain = key.open(place, sealed)?;
    serde_json::from_slice(plain.expose()).map_err(|_| Error::Damaged { what: "it holds JSON" })
}

/// Does what may take long, or wait for somebody, beside everything else.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, VaultError> {
    let panicked = |_| {
        let source = HolderError::Unavailable("it panicked".to_owned());
        Err(Error::Holder { kind: "a key holder".to_owned(), source })
    };
    tokio::task::spawn_blocking(work).await.unwrap_or_else(panicked).map_err(Arc::new)
}
