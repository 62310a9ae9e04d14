//! What is kept of a stack, held to the rules at every prefix.

use crate::state;
use crate::store::Contents;

/// Every rule that a state breaks at any prefix of what is kept, and whether a whole write of the last state reads back as
/// the same; nothing for what is kept as it should be.
pub fn check(contents: &Contents) -> Vec<String> {
    let mut broken = Vec::new();
    for records in 0..=contents.records.len() {
        let prefix = Contents { records: contents.records[..records].to_vec(), ..contents.clone() };
        match state::load(&prefix) {
            Ok(loaded) => {
                let rules = loaded.state.verify().into_iter();
                broken.extend(rules.map(|rule| format!("after {records} records: {rule}")));
                let whole = Contents { snapshot: Some(state::snapshot(&loaded)), ..Contents::default() };
                if state::load(&whole).as_ref() != Ok(&loaded) {
                    broken
                        .push(format!("after {records} records: the state does not survive being written as a whole"));
                }
            }
            Err(error) => broken.push(format!("after {records} records: {error}")),
        }
    }
    broken
}
