//! States that do not come from apply: stored, read, imported and moved ones, and what data sources give.

use super::config::check_known;
use super::object::without_removed;
use super::{Error, Host, Object, Stored, accepted};
use crate::conformance;
use crate::provider::{Import, ImportedObject, Locate, Move, Read, ReadData, Upgrade};
use crate::schema::{Block, BlockNesting};
use crate::{Diagnostic, Diagnostics, Schema, Value, json};

/// What was asked for, with the warnings that came with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<T> {
    /// What was asked for.
    pub value: T,
    /// Warnings.
    pub diagnostics: Diagnostics,
}

/// What became of a creation whose answer was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Located {
    /// It made this.
    Found(Object),
    /// It made nothing, or only parts that making it again takes over.
    Absent,
    /// The provider cannot tell.
    Unsupported,
}

impl Host {
    /// Finds out what became of a creation whose answer was lost, from its wholly known `config` and what was planned.
    pub async fn locate(&self, type_name: &str, config: &Value, planned: &Value) -> Result<Located, Error> {
        let schema = self.resource(type_name)?;
        let Some(locates) = self.provider.locates() else { return Ok(Located::Unsupported) };
        let (config, planned) = (config.clone(), planned.clone());
        let answer = locates.locate(Locate { type_name: type_name.to_owned(), planned, config }).await?;
        if !answer.supported {
            return Ok(Located::Unsupported);
        }
        accepted(answer.diagnostics)?;
        if answer.state.is_null() {
            return Ok(Located::Absent);
        }
        self.hold(&format!("locating {type_name}"), conformance::read(schema, &answer.state), false)?;
        Ok(Located::Found(Object { value: answer.state, private: answer.private, tainted: false }))
    }

    /// The form in which an object is stored, under the current schema.
    ///
    /// # Errors
    /// Its state is not wholly known.
    pub fn store(&self, type_name: &str, object: &Object) -> Result<Stored, Error> {
        let version = self.resource(type_name)?.version;
        let Some(json) = json::to_json(&object.value) else {
            let detail = format!("The state of a {type_name} holds unknown values.");
            return Err(Diagnostic::error("The state cannot be stored", detail).into());
        };
        let (private, tainted) = (object.private.clone(), object.tainted);
        Ok(Stored { version, json: json.to_string().into_bytes(), private, tainted })
    }

    /// Brings a stored object to the current schema. Done before any other use of it, at equal versions too.
    ///
    /// # Errors
    /// Also when the object was stored under a newer schema.
    pub async fn upgrade(&self, type_name: &str, stored: &Stored) -> Result<Answer<Object>, Error> {
        let schema = self.resource(type_name)?;
        if stored.version > schema.version {
            let detail = format!(
                "The object was stored under version {} of {type_name}, and this release of provider {} knows \
                 version {}. Use the release that stored it, or a newer one.",
                stored.version, self.name, schema.version
            );
            return Err(Diagnostic::error("Stored by a newer provider", detail).into());
        }
        let mut json = stored.json.clone();
        if stored.version == schema.version {
            json = without_removed(json, &schema.ty());
        }
        let request = Upgrade { type_name: type_name.to_owned(), version: stored.version, json };
        let answer = self.provider.upgrade(request).await?;
        let diagnostics = accepted(answer.diagnostics)?;
        let violations = conformance::upgraded(schema, &answer.state);
        self.hold(&format!("upgrading the stored state of {type_name}"), violations, false)?;
        let object = Object { value: answer.state, private: stored.private.clone(), tainted: stored.tainted };
        Ok(Answer { value: object, diagnostics })
    }

    /// Looks at the world: the object as it is now, or nothing when it is gone.
    pub async fn refresh(&self, type_name: &str, object: &Object) -> Result<Answer<Option<Object>>, Error> {
        let schema = self.resource(type_name)?;
        let request =
            Read { type_name: type_name.to_owned(), state: object.value.clone(), private: object.private.clone() };
        let answer = self.provider.read(request).await?;
        let diagnostics = accepted(answer.diagnostics)?;
        self.hold(&format!("reading {type_name}"), conformance::read(schema, &answer.state), false)?;
        let value = self.with_blocks(schema, type_name, answer.state);
        let object = Object { value, private: answer.private, tainted: object.tainted };
        Ok(Answer { value: Some(object).filter(|object| !object.value.is_null()), diagnostics })
    }

    /// Takes the existing object that `id` names into management: imports it and reads it.
    ///
    /// # Errors
    /// Also when there is no such object.
    pub async fn import(&self, type_name: &str, id: &str) -> Result<Answer<Object>, Error> {
        let schema = self.resource(type_name)?;
        let request = Import { type_name: type_name.to_owned(), id: id.to_owned() };
        let answer = self.provider.import(request).await?;
        let mut diagnostics = accepted(answer.diagnostics)?;
        let violations = conformance::imported(schema, type_name, &answer.objects);
        self.hold(&format!("importing {type_name}"), violations, false)?;
        // There is exactly one, by the rule.
        let mut found = None;
        for ImportedObject { state, private, .. } in answer.objects {
            let answer = self.refresh(type_name, &Object { value: state, private, tainted: false }).await?;
            diagnostics.extend(answer.diagnostics);
            found = answer.value;
        }
        let detail = format!("There is no {type_name} {id:?} to import. Check the id, or create it instead.");
        let value = found.ok_or_else(|| Diagnostic::error("Nothing to import", detail))?;
        Ok(Answer { value, diagnostics })
    }

    /// Takes over an object of another resource type, perhaps of another provider, as a `type_name`.
    /// `source_provider` is the address of that provider, such as `registry.terraform.io/hashicorp/local`.
    ///
    /// # Errors
    /// Also when the provider cannot take over objects at all.
    pub async fn move_state(
        &self,
        type_name: &str,
        source_provider: &str,
        source_type: &str,
        stored: &Stored,
    ) -> Result<Answer<Object>, Error> {
        let schema = self.resource(type_name)?;
        let Some(moves) = self.provider.moves() else {
            let detail = format!(
                "Provider {} cannot take over objects of other types, so a {source_type} cannot become a {type_name}. \
                 Import the object instead.",
                self.name
            );
            return Err(Diagnostic::error("Moving between resource types is not supported", detail).into());
        };
        let request = Move {
            source_provider: source_provider.to_owned(),
            source_type: source_type.to_owned(),
            source_version: stored.version,
            source_json: stored.json.clone(),
            source_private: stored.private.clone(),
            type_name: type_name.to_owned(),
        };
        let answer = moves.move_state(request).await?;
        let diagnostics = accepted(answer.diagnostics)?;
        let violations = conformance::moved(schema, &answer.state);
        self.hold(&format!("making a {type_name} of a {source_type}"), violations, false)?;
        let object = Object { value: answer.state, private: answer.private, tainted: stored.tainted };
        Ok(Answer { value: object, diagnostics })
    }

    /// Reads a data source. The configuration is validated first.
    ///
    /// # Errors
    /// Also when `config` is not wholly known.
    pub async fn read_data(&self, type_name: &str, config: &Value) -> Result<Answer<Value>, Error> {
        let schema = self.data_source(type_name)?;
        check_known(schema, config)?;
        let mut diagnostics = self.validate_data_source(type_name, config).await?;
        let request = ReadData { type_name: type_name.to_owned(), config: config.clone() };
        let answer = self.provider.read_data(request).await?;
        diagnostics.extend(accepted(answer.diagnostics)?);
        let violations = conformance::data_read(schema, &answer.state);
        self.hold(&format!("reading data source {type_name}"), violations, false)?;
        Ok(Answer { value: answer.state, diagnostics })
    }

    /// The state with empty collections of blocks where old SDKs give null, which no rule forbids when reading.
    fn with_blocks(&self, schema: &Schema, type_name: &str, state: Value) -> Value {
        let normal = without_null_blocks(&schema.block, state.clone());
        if normal != state {
            tracing::warn!(provider = self.name, type_name, "null in place of blocks was read as no blocks");
        }
        normal
    }
}

fn without_null_blocks(block: &Block, value: Value) -> Value {
    let Value::Map(mut members) = value else { return value };
    for (name, nested) in &block.blocks {
        let Some(value) = members.remove(name) else { continue };
        let inner = |object| without_null_blocks(&nested.block, object);
        let value = match (nested.nesting, value) {
            (BlockNesting::Group, Value::Null) => super::config::empty(&nested.block),
            (BlockNesting::Single | BlockNesting::Group, value) => inner(value),
            (BlockNesting::List, Value::Null) => Value::List(Vec::new()),
            (BlockNesting::Set, Value::Null) => Value::Set(Vec::new()),
            (BlockNesting::Map, Value::Null) => Value::map::<&str>([]),
            (_, Value::List(blocks)) => Value::List(blocks.into_iter().map(inner).collect()),
            (_, Value::Set(blocks)) => Value::set(blocks.into_iter().map(inner)),
            (_, Value::Map(blocks)) => Value::Map(blocks.into_iter().map(|(key, block)| (key, inner(block))).collect()),
            (_, value) => value,
        };
        members.insert(name.clone(), value);
    }
    Value::Map(members)
}
