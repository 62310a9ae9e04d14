//! What a program exports.

use std::collections::BTreeSet;

use framework::declare::Resolved;
use framework::{Diagnostic, Diagnostics, Value, json};

use super::evaluate::reserved;
use super::load::vault_error;
use super::operate::Stopped;
use super::{Engine, Ledger, Problem, Results};
use crate::secrets::MARK;
use crate::state::Change;
use crate::vault::Group;

/// An exported value, as far as it is known.
#[derive(Debug, Clone)]
pub(crate) struct Export {
    pub(crate) name: String,
    pub(crate) value: Value,
    pub(crate) secret: bool,
}

impl Engine {
    /// What a program exports, with what the nodes gave; unknown where that is.
    pub(crate) fn exports(&self, results: &Results) -> (Vec<Export>, Vec<Problem>) {
        let (mut exports, mut problems) = (Vec::new(), Vec::new());
        for (name, expr) in &self.graph.exports {
            match Self::resolve(results, expr) {
                Ok(resolved) if reserved(&resolved.value) => {
                    let detail = "This is how sealed secrets are written in states. Give the member another name.";
                    let summary = format!("Export {name:?} holds a map with the single member `{MARK}`");
                    problems.push(self.export_problem(Diagnostic::error(summary, detail).into()));
                }
                Ok(Resolved { value, secret }) => exports.push(Export { name: name.clone(), value, secret }),
                Err(error) => {
                    let summary = format!("Export {name:?} has no value");
                    problems.push(self.export_problem(Diagnostic::error(summary, error.to_string()).into()));
                }
            }
        }
        (exports, problems)
    }

    /// A problem with an export, told to the user.
    fn export_problem(&self, diagnostics: Diagnostics) -> Problem {
        self.tell(None, &diagnostics);
        Problem { address: None, location: None, diagnostics }
    }

    /// Records what the program exports.
    pub(crate) async fn export(&self, ledger: &Ledger, results: &Results) -> (Vec<Export>, Vec<Problem>) {
        let (exports, mut problems) = self.exports(results);
        let mut recorded = ledger.look(|state| state.exports.clone());
        let before = recorded.clone();
        recorded.retain(|name, _| self.graph.exports.contains_key(name));
        for Export { name, value, secret } in &exports {
            let Some(value) = json::to_json(value) else { continue };
            let members = [(name.clone(), value)].into();
            let secrets = if *secret { [name.clone()].into() } else { BTreeSet::new() };
            let sealed = self.vault.seal_members(Group::Exports, members, &secrets, Some(&recorded)).await;
            match sealed.map_err(vault_error) {
                Ok(sealed) => recorded.extend(sealed),
                Err(diagnostics) => problems.push(self.export_problem(diagnostics)),
            }
        }
        if recorded != before
            && let Err(error) = ledger.change(vec![Change::Exports(recorded)]).await
        {
            problems.push(self.export_problem(Stopped::Record(error).diagnostics()));
        }
        (exports, problems)
    }
}
