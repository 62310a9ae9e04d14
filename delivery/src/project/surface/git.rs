//! The git repository: its branches and where it comes from, without any credential.

use super::{Git, Remote};
use crate::project::Note;
use crate::project::text::Ini;
use crate::project::walk::Tree;

/// Reads the repository in the root.
pub(super) fn read(tree: &Tree, notes: &mut Vec<Note>) -> Option<Git> {
    if tree.points_to_git() {
        notes.push(Note::new(".git", None, "points to a repository outside; its branches and remotes are not read"));
        return None;
    }
    let head = tree.git_text("HEAD")?;
    let branch = head.trim().strip_prefix("ref: refs/heads/").map(str::to_owned);
    let origin_head = tree.git_text("refs/remotes/origin/HEAD");
    let default_branch =
        origin_head.and_then(|text| text.trim().strip_prefix("ref: refs/remotes/origin/").map(str::to_owned));
    let config = Ini::parse(&tree.git_text("config").unwrap_or_default());
    let url = config.section("remote \"origin\"").and_then(|section| section.get("url")?.first());
    let origin = url.and_then(|(_, url)| remote(url));
    Some(Git { branch, default_branch, origin })
}

/// The host, owner and name in an address such as `https://user:secret@host/owner/name.git` or `git@host:owner/name`.
/// None for a path on this machine.
fn remote(url: &str) -> Option<Remote> {
    let (authority, path) = match url.split_once("://") {
        Some(("file", _)) => return None,
        Some((_, rest)) => rest.split_once('/')?,
        None => url.split_once(':').filter(|(host, _)| !host.contains('/'))?,
    };
    // A password can itself hold an `@`, so only what follows the last one is the host.
    let host = authority.rsplit('@').next()?;
    let host = host
        .rsplit_once(':')
        .map_or(host, |(host, port)| if port.bytes().all(|byte| byte.is_ascii_digit()) { host } else { authority });
    let path = path.split(['?', '#']).next()?.trim_matches('/');
    let (owner, name) = path.trim_end_matches(".git").rsplit_once('/')?;
    let is_plain = !host.is_empty() && !owner.is_empty() && !name.is_empty() && !host.contains('@');
    is_plain.then(|| Remote { host: host.to_owned(), owner: owner.to_owned(), name: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected: Option<(&str, &str, &str)>) {
        let found = remote(url);
        assert_eq!(found.as_ref().map(|r| (r.host.as_str(), r.owner.as_str(), r.name.as_str())), expected, "{url}");
    }

    #[test]
    fn addresses_lose_their_credentials() {
        check("https://user:p@ss@example.com/shop/api.git", Some(("example.com", "shop", "api")));
        check("https://token@example.com:8443/shop/api", Some(("example.com", "shop", "api")));
        check("ssh://git@example.com:22/group/sub/api.git", Some(("example.com", "group/sub", "api")));
        check("git@example.com:shop/api.git", Some(("example.com", "shop", "api")));
        check("https://example.com/shop/api?access_token=secret", Some(("example.com", "shop", "api")));
    }

    #[test]
    fn paths_and_nonsense_are_no_remotes() {
        for url in [
            "/srv/git/api.git",
            "../api",
            "file:///srv/git/api",
            "https://example.com",
            "",
            "https://a:b@/x/y",
            "https://example.com/x",
        ] {
            check(url, None);
        }
    }
}
