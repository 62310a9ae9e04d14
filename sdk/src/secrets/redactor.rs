//! Taking known secrets out of texts.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use serde_json::Value;

use super::{Secret, Wipe as _};
use crate::sync::lock;

/// The shortest secret that is looked for, in bytes: `no` or `8080` in a text is rarely the secret, and blotting out each would
/// make every message useless and point at the value. Shorter secrets are protected by never being put in a text.
pub const MIN_SECRET: usize = 5;

/// The shortest single line of a secret of several lines that is looked for, in bytes.
pub const MIN_LINE: usize = 8;

/// What stands in place of a secret.
pub(crate) const HIDDEN: &str = "(secret)";

/// The secrets that a run knows, to be taken out of every text that leaves it: logs, errors, events. It can be shared between
/// threads, and learns secrets as they become known.
///
/// Looked for are, of each secret of at least [`MIN_SECRET`] bytes: itself, without white space around it, as JSON and as `{:?}` write it inside quotes;
/// and of each of its lines of at least [`MIN_LINE`] bytes the same. Where secrets overlap in a text, all they cover goes at once. Not found is a
/// secret that was encoded otherwise (base64, percent signs, JSON within JSON) or that is spread over several texts: a text is redacted before it is
/// encoded or cut. It keeps all secrets in memory, in a form that is not overwritten at the end.
#[derive(Default)]
pub struct Redactor(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// All that is looked for, each once.
    forms: HashSet<String>,
    /// What came since the last search.
    fresh: Vec<Secret<String>>,
    /// What was built from the others, each level less than half of the one before. One automaton for all would be built again for each
    /// secret of a run that learns them one by one.
    levels: Vec<Level>,
}

struct Level {
    forms: Vec<Secret<String>>,
    /// None when there are more than can be looked for.
    search: Option<Arc<AhoCorasick>>,
}

impl Redactor {
    /// A redactor that knows no secret.
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks for `secret` from now on. Of a secret with structure, [`Redactor::add_all`] adds each text in it.
    pub fn add(&self, secret: &str) {
        if secret.len() < MIN_SECRET {
            return;
        }
        let mut known = lock(&self.0);
        known.add(secret, MIN_SECRET);
        if secret.trim_end().contains(['\n', '\r']) {
            secret.split(['\n', '\r']).for_each(|line| known.add(line, MIN_LINE));
        }
    }

    /// Looks for each text and number in `secret` from now on.
    pub fn add_all(&self, secret: &Value) {
        match secret {
            Value::String(text) => self.add(text),
            Value::Number(number) => self.add(&number.to_string()),
            Value::Array(elements) => elements.iter().for_each(|element| self.add_all(element)),
            Value::Object(members) => members.values().for_each(|member| self.add_all(member)),
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// Whether `text` holds a secret.
    pub fn finds(&self, text: &str) -> bool {
        self.redact(text) != text
    }

    /// Whether it knows no secret, so that every text stays as it is.
    pub fn is_empty(&self) -> bool {
        lock(&self.0).forms.is_empty()
    }

    /// `text` with `(secret)` in place of every secret.
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let Some(searches) = lock(&self.0).searches() else {
            return Cow::Borrowed("(withheld: there are too many secrets to look for)");
        };
        let found = searches.iter().flat_map(|search| search.find_overlapping_iter(text));
        let mut found = found.map(|found| (found.start(), found.end())).collect::<Vec<_>>();
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        found.sort_unstable();
        found.dedup_by(|(start, end), (_, before)| {
            let overlap = *start < *before;
            *before = if overlap { *end.max(before) } else { *before };
            overlap
        });
        let mut redacted = String::with_capacity(text.len());
        let mut rest = 0;
        for (start, end) in found {
            redacted.push_str(&text[rest..start]);
            redacted.push_str(HIDDEN);
            rest = end;
        }
        redacted.push_str(&text[rest..]);
        Cow::Owned(redacted)
    }
}

impl Known {
    fn add(&mut self, text: &str, least: usize) {
        for text in [text, text.trim()] {
            if text.len() < least {
                continue;
            }
            let debug = format!("{text:?}");
            let json = serde_json::to_string(text).expect("a text is JSON");
            for form in [text, &debug[1..debug.len() - 1], &json[1..json.len() - 1]] {
                if !self.forms.contains(form) {
                    self.forms.insert(form.to_owned());
                    self.fresh.push(Secret::new(form.to_owned()));
                }
            }
        }
    }

    /// The automata of all levels, after what is fresh has become one; None when one could not be built.
    fn searches(&mut self) -> Option<Vec<Arc<AhoCorasick>>> {
        if !self.fresh.is_empty() {
            let mut forms = mem::take(&mut self.fresh);
            while let Some(level) = self.levels.pop_if(|level| level.forms.len() / 2 <= forms.len()) {
                forms.extend(level.forms);
            }
            // The kind that is quickest to build: levels are built often, and the texts are short.
            let search = AhoCorasick::builder()
                .kind(Some(AhoCorasickKind::NoncontiguousNFA))
                .prefilter(false)
                .build(forms.iter().map(Secret::expose));
            let search = search.ok().map(Arc::new);
            self.levels.push(Level { forms, search });
        }
        self.levels.iter().map(|level| level.search.clone()).collect()
    }
}

impl Drop for Known {
    fn drop(&mut self) {
        self.forms.drain().for_each(|mut form| form.wipe());
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor")
    }
}

#[cfg(test)]
mod tests;
