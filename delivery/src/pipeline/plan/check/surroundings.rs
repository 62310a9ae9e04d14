//! Looks at the project for what would keep the pipeline from doing what it says.

use framework::{Diagnostic, Path};

use super::super::Context;
use crate::pipeline::{file_name, location};
use crate::project::UpdaterKind;

/// Warns of what the user should see to.
pub(in crate::pipeline::plan) fn check(context: &mut Context<'_>) {
    let mut found = updaters(context);
    found.extend(default_branch(context));
    context.diagnostics.extend(found.into_iter().collect());
}

/// What keeps dependencies current must not touch the file: the next apply would undo it.
fn updaters(context: &Context<'_>) -> Vec<Diagnostic> {
    let file = format!(
        "{}/{}",
        location(context.options.platform),
        file_name(context.options.platform, &context.options.name)
    );
    let warning = |updater: &crate::project::Updater| {
        let how = match updater.kind {
            UpdaterKind::Dependabot => format!("to the `github-actions` entry: exclude-paths: [\"{file}\"]"),
            UpdaterKind::Renovate => format!("\"ignorePaths\": [\"{file}\"]"),
        };
        let detail = format!(
            "{} would change the versions of actions in {file}, which the next apply would change back. Pins are changed by `pins`. No \
             comment in the file can tell it so; add to {} {how}.",
            updater.kind, updater.path
        );
        Diagnostic::warning("The file is open to another program", detail).at(Path::of("pins"))
    };
    let open = context.detection.surface.updaters.iter().filter(|updater| !updater.spares(&file));
    open.map(warning).collect()
}

/// A repository whose default branch is another one would never run the pipeline.
fn default_branch(context: &Context<'_>) -> Option<Diagnostic> {
    let default = context.detection.surface.git.as_ref()?.default_branch.as_ref()?;
    let is_default = context.options.triggers.is_none() && !context.triggers.branches.contains(default);
    is_default.then(|| {
        let detail = format!("The repository's default branch is {default}, but the pipeline runs for main. Set `triggers = {{ branches = [\"{default}\"] }}`.");
        Diagnostic::warning("The default branch is not checked", detail).at(Path::of("triggers"))
    })
}
