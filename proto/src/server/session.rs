//! What all calls share: the provider, its schemas, and how errors become diagnostics.

use std::sync::Arc;

use framework::provider::Subject;
use framework::{Diagnostic, Diagnostics, Fault, Provider, Reply, Type, Value};
use tokio::sync::OnceCell;

use crate::catalogue::Catalogue;
use crate::codec;
use crate::generated::tfplugin6::DynamicValue;

/// A provider that is being served.
pub(super) struct Session {
    provider: Arc<dyn Provider>,
    catalogue: OnceCell<Catalogue>,
}

impl Session {
    pub(super) fn new(provider: Arc<dyn Provider>) -> Self {
        Self { provider, catalogue: OnceCell::new() }
    }

    pub(super) fn provider(&self) -> &dyn Provider {
        self.provider.as_ref()
    }

    /// The provider's schemas. The first call makes them, whichever it is: hosts that know them do not ask.
    pub(super) async fn catalogue(&self) -> Result<&Catalogue, Diagnostics> {
        let make = || async { answer("GetProviderSchema", self.provider.schemas()).await.map(Catalogue::new) };
        self.catalogue.get_or_try_init(make).await
    }

    /// The type of the values of a resource, data source or the provider.
    pub(super) async fn ty(&self, subject: &Subject) -> Result<&Type, Diagnostics> {
        self.catalogue().await?.ty(subject).ok_or_else(|| unknown(subject).into())
    }
}

/// Waits for the provider's answer to the call `rpc`.
pub(super) async fn answer<T>(rpc: &str, reply: Reply<'_, T>) -> Result<T, Diagnostics> {
    reply.await.map_err(|fault| fault_diagnostic(rpc, &fault).into())
}

/// What the user is told when the provider has no answer to the call `rpc`.
pub(super) fn fault_diagnostic(rpc: &str, fault: &Fault) -> Diagnostic {
    let detail = format!("{rpc}: {fault}.");
    match fault {
        Fault::Panicked(_) => Diagnostic::bug(detail),
        Fault::Transport { .. } => Diagnostic::error("The provider cannot be reached", detail),
        Fault::Unsupported(_) => Diagnostic::error("Not supported by the provider", detail),
    }
}

fn unknown(subject: &Subject) -> Diagnostic {
    let (kind, name) = match subject {
        Subject::Provider => ("configuration", "provider"),
        Subject::Resource(name) => ("resource type", name.as_str()),
        Subject::DataSource(name) => ("data source", name.as_str()),
    };
    let detail = format!(
        "This version of the provider has no {kind} `{name}`. Use a version that has it, or remove what is declared of it."
    );
    Diagnostic::error(format!("Unknown {kind} {name}"), detail)
}

/// Reads a value that the host sent as `field` of its request.
pub(super) fn read(field: &str, value: Option<&DynamicValue>, ty: &Type) -> Result<Value, Diagnostics> {
    codec::from_wire(value, ty).map_err(|error| {
        let detail = format!(
            "The value `{field}` that Terraform sent does not match the provider's schema: {error}.\n\nThe plan may have \
             been made with another version of the provider: plan again."
        );
        Diagnostic::error("A value cannot be read", detail).at(error.path()).into()
    })
}

/// Writes a value that the provider answered. One that cannot be written is left out, and `diagnostics` say so.
pub(super) fn write(value: &Value, ty: &Type, diagnostics: &mut Diagnostics) -> Option<DynamicValue> {
    match codec::to_wire(value, ty) {
        Ok(value) => Some(value),
        Err(error) => {
            let detail = format!("The provider answered a value that does not match its own schema: {error}.");
            diagnostics.push(Diagnostic::bug(detail).at(error.path()));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_says_what_it_means_for_the_user() {
        let faults = [
            Fault::Panicked("index out of bounds".into()),
            Fault::Transport { sent: true, reason: "broken pipe".into() },
            Fault::Unsupported("moving objects of other resource types".into()),
        ];
        let said: Diagnostics = faults.iter().map(|fault| fault_diagnostic("PlanResourceChange", fault)).collect();
        insta::assert_snapshot!(said, @"
        error: The provider is at fault
        PlanResourceChange: the provider panicked: index out of bounds.

        This is a defect of the provider, not of the configuration: please report it.
        error: The provider cannot be reached
        PlanResourceChange: the connection to the provider failed after the request was sent: broken pipe.
        error: Not supported by the provider
        PlanResourceChange: the provider does not support moving objects of other resource types.
        ");
    }

    #[test]
    fn an_answer_that_does_not_match_the_schema_is_left_out() {
        let (mut diagnostics, ty) = (Diagnostics::new(), Type::object([("a", Type::Bool)]));
        assert_eq!(write(&Value::map([("a", Value::from(1))]), &ty, &mut diagnostics), None);
        let said = diagnostics.to_string();
        assert!(said.contains("does not match its own schema: a: bool expected, not a number"), "{said}");
        assert!(write(&Value::Null, &ty, &mut Diagnostics::new()).is_some());
    }
}
