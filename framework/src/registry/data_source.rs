//! A typed data source behind dynamic requests.

use futures_core::future::BoxFuture;

use super::stages::{Draft, INPUTS};
use super::{merge, undecodable};
use crate::attributes::Attributes;
use crate::provider::DataRead;
use crate::resource::{Context, DataSource};
use crate::{Diagnostics, Path, Schema, Value};

/// What the registry asks of a data source.
pub(super) trait AnyDataSource: Send + Sync {
    fn schema(&self) -> &Schema;
    fn read<'a>(&'a self, cx: &'a Context, config: Value) -> BoxFuture<'a, DataRead>;
}

pub(super) struct Entry<D> {
    source: D,
    schema: Schema,
}

impl<D: DataSource> Entry<D> {
    pub(super) fn new(source: D) -> Self {
        Self { source, schema: merge::<D::Inputs>() }
    }

    async fn state(&self, cx: &Context, config: &Value) -> Result<Value, Diagnostics> {
        let mut draft = Draft::new(&self.schema.block.attributes, &Value::Null, config);
        draft.run(INPUTS);
        let inputs = D::Inputs::from_object(&Value::Map(draft.planned.clone()), &Path::root())
            .map_err(|errors| undecodable("The configuration cannot be read", errors))?;
        let outputs = self.source.read(cx, inputs).await?;
        draft.planned.extend(outputs.to_members());
        Ok(Value::Map(draft.planned))
    }
}

impl<D: DataSource> AnyDataSource for Entry<D> {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn read<'a>(&'a self, cx: &'a Context, config: Value) -> BoxFuture<'a, DataRead> {
        Box::pin(async move {
            let (state, errors) = match self.state(cx, &config).await {
                Ok(state) => (state, Diagnostics::new()),
                Err(errors) => (Value::Null, errors),
            };
            let mut diagnostics = cx.take_warnings();
            diagnostics.extend(errors);
            DataRead { state, diagnostics }
        })
    }
}
