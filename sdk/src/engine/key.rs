//! The key of the stack, before anything is sealed with it.

use std::collections::BTreeMap;

use framework::{Diagnostic, Diagnostics};

use super::export::Export;
use super::{Engine, Problem};
use crate::secrets::Header;

impl Engine {
    /// Makes sure of a key if something of these resources (address and attribute) or exports has to be sealed. Gives the header
    /// that has to be recorded first when the key is new.
    ///
    /// # Errors
    /// All that would have to be sealed.
    pub(crate) async fn key_for(
        &self,
        secrets: &BTreeMap<String, String>,
        exports: &[Export],
    ) -> Result<Option<Header>, Vec<Problem>> {
        let secret = secrets.iter().map(|(address, name)| (Some(address.clone()), format!("`{name}`")));
        let hidden = exports.iter().filter(|export| export.secret && !export.value.is_null());
        let hidden = hidden.map(|export| (None, format!("the export {:?}", export.name)));
        let secret: Vec<_> = secret.chain(hidden).collect();
        if secret.is_empty() {
            return Ok(None);
        }
        let error = match self.vault.ready().await {
            Ok(header) => return Ok(header),
            Err(error) => error,
        };
        let problem = |(address, place): (Option<String>, String)| {
            let diagnostics: Diagnostics = Diagnostic::error(format!("{place} is secret"), error.to_string()).into();
            self.tell(address.as_deref(), &diagnostics);
            let location = address.as_deref().and_then(|address| self.location(address));
            Problem { address, location, diagnostics }
        };
        Err(secret.into_iter().map(problem).collect())
    }
}
