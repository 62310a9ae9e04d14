//! Takes an existing object into the state.

use std::collections::{BTreeMap, BTreeSet};

use framework::{Diagnostic, Diagnostics};

use super::{Engine, Ledger};
use crate::engine::operate::Stopped;
use crate::providers::{Providers, diagnostics};
use crate::state::{Change, Operation, Resource};

impl Engine {
    /// Imports the object that `id` names as the resource at `address`, which the program must declare or a killed run
    /// have been making. The next plan compares it with what is declared.
    pub(crate) async fn import(&self, ledger: &Ledger, address: &str, id: &str) -> Result<(), Stopped> {
        let refuse = |summary: String, detail: &str| Err(Diagnostics::from(Diagnostic::error(summary, detail)).into());
        if self.base.live(address).is_some_and(|resource| resource.object.is_some()) {
            return refuse(format!("{address} is recorded already"), "Run `state remove` on it first.");
        }
        let pending = self
            .base
            .pending
            .iter()
            .find(|(_, pending)| pending.address == address && pending.operation == Operation::Create);
        let declared = self
            .graph
            .declaration(address)
            .map(|declaration| (declaration.type_name.to_owned(), Providers::name_of(declaration).to_owned()));
        let known = pending.map(|(_, pending)| (pending.type_name.clone(), pending.provider.clone())).or(declared);
        let Some((type_name, provider)) = known else {
            return refuse(
                format!("{address} is not declared"),
                "Declare it first; addresses are as `preview` shows them.",
            );
        };
        let instance = self.providers.get(&provider)?;
        let answer = instance.host.import(&type_name, id).await.map_err(diagnostics)?;
        self.tell(Some(address), &answer.diagnostics);
        let recorded = self.base.live(address).cloned();
        let made = pending.and_then(|(_, pending)| pending.goal.as_deref().cloned());
        let mut resource = recorded.or(made).unwrap_or_else(|| Resource {
            id: ledger.new_id(),
            address: address.to_owned(),
            type_name: type_name.clone(),
            provider,
            component: false,
            inputs: BTreeMap::new(),
            fingerprint: String::new(),
            dependencies: Vec::new(),
            deleted_with: None,
            protect: false,
            retain_on_delete: false,
            delete_timeout: None,
            delete_hooks: false,
            outgoing: false,
            object: None,
            location: String::new(),
        });
        resource.fingerprint.clear();
        resource.dependencies.retain(|id| self.base.resources.contains_key(id));
        resource.object = Some(self.store(instance, resource.id, &type_name, &answer.value, &BTreeSet::new())?);
        let changes = vec![Change::Put(Box::new(resource))];
        match pending {
            Some((operation, _)) => ledger.end(*operation, changes, None).await?,
            None => ledger.change(changes).await?,
        }
        Ok(())
    }
}
