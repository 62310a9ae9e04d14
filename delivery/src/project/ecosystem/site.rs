//! Sites without code: an `index.html` that no component of a language stands over.

use crate::project::Evidence;
use crate::project::component::{Component, Language, Role};
use crate::project::walk::{Tree, ancestors, join};

/// The names of the pages that make a site, for people.
pub(super) const LOOKED_FOR: &str = "index.html";

/// Directories that hold a site by convention, beside the project's own directory.
const DIRECTORIES: &[&str] = &["public", "www", "html", "htdocs", "site"];

/// The sites of a project in `base`, which has the given components.
pub(super) fn read(tree: &Tree, base: &str, components: &[Component]) -> Vec<Component> {
    let directories = std::iter::once(base.to_owned()).chain(DIRECTORIES.iter().map(|name| join(base, name)));
    let is_site = |directory: &String| {
        let is_free = ancestors(directory).all(|above| components.iter().all(|component| component.directory != above));
        is_free && tree.has(&join(directory, "index.html"))
    };
    let site = |directory: String| Component {
        evidence: vec![Evidence::file(join(&directory, "index.html"), "page without code around it")],
        ..Component::new(&directory, Language::Static, Role::Application)
    };
    directories.filter(is_site).map(site).collect()
}
