//! The settings of a stack in `devopsflow.<stack>.toml` of the current directory.

use std::collections::BTreeMap;

use disk::{Artifact, Artifacts, Digest, Expect, Folder, RelativePath};
use serde_json::{Value as Json, json};
use toml_edit::{DocumentMut, InlineTable, Item, Value};

use crate::Error;
use crate::program::Setting;
use crate::secrets::{KeyId, MARK, Sealed};

/// The file, as it was read and then changed. Comments and order stay as they are.
pub(super) struct SettingsFile {
    folder: Folder,
    name: RelativePath,
    /// What was read; none when there was no file.
    found: Option<Digest>,
    document: DocumentMut,
}

impl SettingsFile {
    /// Reads the settings of a stack; none when there is no file.
    pub(super) fn read(stack: &str) -> Result<Self, Error> {
        Self::named(&format!("devopsflow.{stack}.toml"))
    }

    /// Where a rotation of the key keeps the settings, sealed with the new key, until the state has it.
    fn staged(stack: &str) -> Result<Self, Error> {
        Self::named(&format!("devopsflow.{stack}.toml.rotated"))
    }

    fn named(name: &str) -> Result<Self, Error> {
        let folder = Folder::new(".");
        let name: RelativePath = name.parse().map_err(|error| Error::Edit(format!("{name}: {error}")))?;
        let unreadable = |why: &dyn std::fmt::Display| Error::Edit(format!("cannot read {name}: {why}"));
        let artifact = folder.read(&name).map_err(|error| unreadable(&error))?;
        let bytes = artifact.as_ref().map(|artifact| artifact.bytes.as_slice()).unwrap_or_default();
        let text = str::from_utf8(bytes).map_err(|error| unreadable(&error))?;
        let document = text.parse::<DocumentMut>().map_err(|error| unreadable(&error))?;
        Ok(Self { folder, found: artifact.map(|artifact| artifact.digest()), document, name })
    }

    /// The settings.
    pub(super) fn settings(&self) -> Result<BTreeMap<String, Setting>, Error> {
        let setting = |(key, item): (&str, &Item)| {
            let wrong = |why: String| Error::Edit(format!("{}: {key}: {why}", self.name));
            let expected = || wrong("a text, number or boolean expected, or a sealed secret".to_owned());
            let setting = match item {
                Item::Value(Value::String(text)) => Setting::Plain(text.value().clone()),
                Item::Value(Value::Integer(number)) => Setting::Plain(number.value().to_string()),
                Item::Value(Value::Float(number)) => Setting::Plain(number.value().to_string()),
                Item::Value(Value::Boolean(value)) => Setting::Plain(value.value().to_string()),
                table => {
                    let table = table.as_table_like().filter(|table| table.len() == 1).ok_or_else(expected)?;
                    let text = table.get(MARK).and_then(Item::as_str).ok_or_else(expected)?;
                    let sealed: Json = json!({ MARK: text });
                    let sealed = Sealed::from_json(&sealed).map_err(|error| wrong(error.to_string()))?;
                    Setting::Sealed(sealed.ok_or_else(expected)?)
                }
            };
            Ok((key.to_owned(), setting))
        };
        self.document.iter().map(setting).collect()
    }

    /// Gives a setting a value.
    pub(super) fn set(&mut self, key: &str, setting: &Setting) {
        let value = match setting {
            Setting::Plain(text) => Value::from(text.as_str()),
            Setting::Sealed(sealed) => Value::from([(MARK, sealed.to_string())].into_iter().collect::<InlineTable>()),
        };
        match self.document.get_mut(key) {
            // What stands around the old value, such as a comment, stays.
            Some(Item::Value(old)) => {
                let decor = old.decor().clone();
                *old = value;
                *old.decor_mut() = decor;
            }
            _ => drop(self.document.insert(key, Item::Value(value))),
        }
    }

    /// Takes a setting away, and says whether it was there.
    pub(super) fn remove(&mut self, key: &str) -> bool {
        self.document.remove(key).is_some()
    }

    /// Writes the file, if nobody else changed it since it was read.
    pub(super) fn write(&self) -> Result<(), Error> {
        let artifacts = Artifacts::from([(self.name.clone(), Artifact::text(self.document.to_string()))]);
        let expect = self.found.map_or(Expect::Absent, Expect::Digest);
        let written = self.folder.publish(&artifacts, |_, _| expect);
        written.map_err(|error| Error::Edit(format!("cannot write {}: {error}", self.name)))
    }

    fn delete(&self) -> Result<(), Error> {
        let Some(found) = self.found else { return Ok(()) };
        let removed = self.folder.remove(&self.name, found);
        removed.map_err(|error| Error::Edit(format!("cannot remove {}: {error}", self.name)))
    }
}

/// Keeps settings that were sealed with a new key aside, until the state has that key.
pub(super) fn stage(stack: &str, settings: &BTreeMap<String, Sealed>) -> Result<(), Error> {
    if settings.is_empty() {
        return Ok(());
    }
    let mut staged = SettingsFile::staged(stack)?;
    staged.document = DocumentMut::new();
    for (key, sealed) in settings {
        staged.set(key, &Setting::Sealed(sealed.clone()));
    }
    staged.write()
}

/// Puts settings that a rotation kept aside in their place, if the state has got the key they are sealed with. What a killed
/// rotation left is finished by whoever reads the settings next.
pub(super) fn finish_rotation(stack: &str, key: impl FnOnce() -> Result<Option<KeyId>, Error>) -> Result<(), Error> {
    let staged = SettingsFile::staged(stack)?;
    if staged.found.is_none() {
        return Ok(());
    }
    let (Some(key), resealed) = (key()?, staged.settings()?) else { return Ok(()) };
    let has_key = |setting: &Setting| matches!(setting, Setting::Sealed(sealed) if sealed.key() == key);
    if !resealed.values().all(has_key) {
        return Ok(());
    }
    let mut file = SettingsFile::read(stack)?;
    for (name, setting) in file.settings()? {
        if let (Setting::Sealed(_), false, Some(new)) = (&setting, has_key(&setting), resealed.get(&name)) {
            file.set(&name, new);
        }
    }
    file.write()?;
    staged.delete()
}
