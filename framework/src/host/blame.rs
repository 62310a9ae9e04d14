//! How breaches of the rules reach the user.

use super::{Error, Host};
use crate::conformance::Violation;
use crate::{Diagnostic, Diagnostics};

impl Host {
    /// The violations as errors that name the provider as the one at fault. `doing` says what was asked of it, as in
    /// `planning devopsflow_pipeline`. Those that `legacy` answers are forgiven are only logged.
    pub(super) fn blame(&self, doing: &str, violations: Vec<Violation>, legacy: bool) -> Diagnostics {
        let (forgiven, blamed): (Vec<_>, Vec<_>) =
            violations.into_iter().partition(|violation| legacy && violation.rule.is_waived_for_legacy());
        for violation in forgiven {
            tracing::warn!(provider = self.name, doing, %violation, "tolerated, for the provider is built on an old SDK");
        }
        let diagnostic = |violation: Violation| {
            let detail = format!(
                "In {doing}, provider {} broke {}.\n{}: {}.",
                self.name, violation.rule, violation.path, violation.message
            );
            Diagnostic::bug(detail).at(violation.path)
        };
        blamed.into_iter().map(diagnostic).collect()
    }

    /// Refuses an answer that breaks a rule.
    pub(super) fn hold(&self, doing: &str, violations: Vec<Violation>, legacy: bool) -> Result<(), Error> {
        let blamed = self.blame(doing, violations, legacy);
        if blamed.is_empty() { Ok(()) } else { Err(Error::Refused(blamed)) }
    }
}
