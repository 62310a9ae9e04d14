//! How a planned artifact differs from what is there.

use std::fmt;

use similar::TextDiff;

use crate::{Artifact, Mode, RelativePath};

/// One artifact that is not in place as planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference<'a> {
    /// Where, below the folder.
    pub path: &'a RelativePath,
    /// What was planned.
    pub planned: &'a Artifact,
    /// What is there, `None` when nothing is.
    pub found: Option<Artifact>,
}

impl Difference<'_> {
    /// The way from what is there to what is planned as a unified diff. `None` when either is not UTF-8 text.
    ///
    /// Empty when only the mode differs.
    pub fn unified(&self) -> Option<String> {
        let found = self.found.as_ref().map_or(&[][..], |found| &found.bytes);
        let (old, new) = (str::from_utf8(found).ok()?, str::from_utf8(&self.planned.bytes).ok()?);
        let before = self.found.as_ref().map_or("/dev/null".to_owned(), |_| format!("a/{}", self.path));
        let after = format!("b/{}", self.path);
        Some(TextDiff::from_lines(old, new).unified_diff().header(&before, &after).to_string())
    }
}

/// One line: `ci.yml is missing`, `ci.yml differs`, `run.sh is not executable`.
impl fmt::Display for Difference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match &self.found {
            None => "is missing",
            Some(found) if found.bytes != self.planned.bytes => "differs",
            Some(_) if self.planned.mode == Mode::Executable => "is not executable",
            Some(_) => "is executable",
        };
        write!(f, "{} {what}", self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(found: Option<Artifact>, planned: &Artifact, line: &str, unified: Option<&str>) {
        let path = "a/run.sh".parse().unwrap();
        let difference = Difference { path: &path, planned, found };
        assert_eq!(difference.to_string(), line);
        assert_eq!(difference.unified().as_deref(), unified);
    }

    #[test]
    fn says_what_differs_and_how() {
        let text = Artifact::text("one\ntwo\n");
        let edited = Artifact::text("one\n2\n");
        let diff = "--- a/a/run.sh\n+++ b/a/run.sh\n@@ -1,2 +1,2 @@\n one\n-2\n+two\n";
        check(Some(edited), &text, "a/run.sh differs", Some(diff));
        let diff = "--- /dev/null\n+++ b/a/run.sh\n@@ -0,0 +1,2 @@\n+one\n+two\n";
        check(None, &text, "a/run.sh is missing", Some(diff));
    }

    #[test]
    fn the_mode_alone_has_no_text() {
        let (text, script) = (Artifact::text("x"), Artifact::script("x"));
        check(Some(text.clone()), &script, "a/run.sh is not executable", Some(""));
        check(Some(script), &text, "a/run.sh is executable", Some(""));
    }

    #[test]
    fn binary_content_has_no_diff() {
        let binary = Artifact { bytes: vec![0xff], mode: Mode::Regular };
        check(Some(binary), &Artifact::text("x"), "a/run.sh differs", None);
    }
}
