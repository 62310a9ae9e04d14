//! Takes an existing object into the state.

use std::collections::BTreeSet;

use framework::{Diagnostic, Diagnostics};

use super::operate::Stopped;
use super::subject::about;
use super::{Engine, Ledger};
use crate::providers::{Providers, diagnostics};
use crate::state::{Change, Operation, Resource};
use crate::vault::is_sealed;

impl Engine {
    /// Imports the object that `id` names as the resource at `address`, which the program must declare or a killed run
    /// have been making. The next plan compares it with what is declared. It says whether it did: a run that is asked to stop
    /// meanwhile records nothing.
    pub(crate) async fn import(&self, ledger: &Ledger, address: &str, id: &str) -> Result<bool, Stopped> {
        let refuse = |summary: String, detail: &str| Err(Diagnostics::from(Diagnostic::error(summary, detail)).into());
        let pending = self
            .base
            .pending
            .iter()
            .find(|(_, pending)| pending.address == address && pending.operation == Operation::Create);
        // What a killed run was making may replace what is recorded.
        if pending.is_none() && self.base.live(address).is_some_and(|resource| resource.object.is_some()) {
            return refuse(format!("{address} is recorded already"), "Run `state remove` on it first.");
        }
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
        let imported = async { instance.host.import(&type_name, id).await.map_err(diagnostics) };
        let answer = about(address, imported).await?;
        self.learn(&answer.value.value, &instance.resource(&type_name)?.1.sensitive);
        self.tell(Some(address), &answer.diagnostics);
        if let Some((operation, pending)) = pending {
            let inputs = pending.config.iter().chain(&pending.planned);
            let secrets = inputs.filter(|(_, value)| is_sealed(value)).map(|(name, _)| name.clone()).collect();
            let changes = self.located(pending, &answer.value, &secrets).await?;
            if self.stopper.is_stopping() {
                return Ok(false);
            }
            ledger.end(*operation, changes, None).await?;
            return Ok(true);
        }
        let mut resource = self
            .base
            .live(address)
            .cloned()
            .unwrap_or_else(|| Resource { provider, ..Resource::new(ledger.new_id(), address, &type_name) });
        resource.fingerprint.clear();
        self.drop_vanished(&mut resource);
        resource.object = Some(self.store(instance, resource.id, &type_name, &answer.value, &BTreeSet::new()).await?);
        if self.stopper.is_stopping() {
            return Ok(false);
        }
        ledger.change(vec![Change::Put(Box::new(resource))]).await?;
        Ok(true)
    }
}
