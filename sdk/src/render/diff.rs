//! What changes between two values, as a tree: attribute by attribute, with what stays only counted.

use std::collections::{BTreeMap, BTreeSet};

use framework::path::Step as PathStep;
use framework::{Path, Value};
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::tree::{Row, Sign};
use super::value::{attribute, is_text, parsed, scalar};
use super::{escape, text, value};

/// Lists with more elements than this are compared place by place, for finding what moved takes the square of their length.
const LONG_LIST: usize = 2_000;

/// Members that are shown though they stay, for they say what it is that changes.
const IDENTIFYING: [&str; 2] = ["id", "name"];

/// The rows for a change of the attributes of a resource. `secrets` are those that change unseen; `replace` are the paths
/// because of which it is replaced.
pub(super) fn changed(before: &Value, after: &Value, secrets: &BTreeSet<String>, replace: &[Path]) -> Vec<Row> {
    let mut tree = Tree { replace: replace.iter().map(segments).collect(), ..Tree::default() };
    if let (Value::Map(before), Value::Map(after)) = (before, after) {
        tree.members(0, before, after, secrets);
    } else if before != after {
        tree.change(0, "", before, after);
    }
    // What forces the replacement and is in no row, such as a part of something unknown.
    let rest = replace.iter().zip(&tree.replace).filter(|(_, segments)| !tree.marked.contains(*segments));
    let rest: Vec<String> = rest.map(|(path, _)| escape::one_line(&path.to_string())).collect();
    if !rest.is_empty() {
        let text = format!("{} forces replacement", rest.join(", "));
        tree.rows.push(Row { depth: 0, sign: Sign::Note, text, forces: false });
    }
    tree.rows
}

fn segments(path: &Path) -> Vec<String> {
    let segment = |step: &PathStep| match step {
        PathStep::Attribute(name) | PathStep::Key(name) => name.clone(),
        PathStep::Index(index) => index.to_string(),
        PathStep::Element(element) => format!("{element:?}"),
    };
    path.steps().iter().map(segment).collect()
}

#[derive(Default)]
struct Tree {
    rows: Vec<Row>,
    /// Where the value is that is looked at.
    at: Vec<String>,
    /// The paths that force a replacement.
    replace: Vec<Vec<String>>,
    /// Those of them that are shown.
    marked: BTreeSet<Vec<String>>,
}

impl Tree {
    fn row(&mut self, depth: usize, sign: Sign, text: impl Into<String>) {
        self.rows.push(Row { depth, sign, text: text.into(), forces: false });
    }

    fn hidden(&mut self, depth: usize, same: usize, what: &str) {
        if same > 0 {
            self.row(depth, Sign::Note, format!("({} hidden)", value::counted(same, what)));
        }
    }

    fn members(
        &mut self,
        depth: usize,
        before: &BTreeMap<String, Value>,
        after: &BTreeMap<String, Value>,
        secrets: &BTreeSet<String>,
    ) {
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let of = |members: &BTreeMap<String, Value>, name| members.get(name).cloned().unwrap_or(Value::Null);
        let all = names.into_iter().map(|name| (name, of(before, name), of(after, name)));
        let same = |name: &String, before: &Value, after: &Value| before == after && !secrets.contains(name);
        // A part of a list is told from the others by its name; a resource has its address.
        let names_it = |name: &String, value: &Value| {
            depth > 0 && IDENTIFYING.contains(&name.as_str()) && !value.is_null() && !value::has_parts(value)
        };
        let (hidden, shown): (Vec<_>, Vec<_>) =
            all.partition(|(name, before, after)| same(name, before, after) && !names_it(name, after));
        let width = value::width(shown.iter().map(|(name, ..)| name.as_str()));
        for (name, before, after) in shown {
            let label = attribute(name, width);
            if same(name, &before, &after) {
                self.row(depth, Sign::Context, format!("{label}{}", scalar(&after)));
                continue;
            }
            self.at.push(name.clone());
            self.change(depth, &label, &before, &after);
            self.at.pop();
        }
        self.hidden(depth, hidden.iter().filter(|(_, value, _)| !value.is_null()).count(), "unchanged attribute");
    }

    fn change(&mut self, depth: usize, label: &str, before: &Value, after: &Value) {
        let first = self.rows.len();
        self.differing(depth, label, before, after);
        if self.replace.contains(&self.at)
            && let Some(row) = self.rows.get_mut(first)
        {
            row.forces = true;
            self.marked.insert(self.at.clone());
        }
    }

    fn differing(&mut self, depth: usize, label: &str, before: &Value, after: &Value) {
        match (before, after) {
            // Only what may not be shown differs and looks the same.
            (old, new) if old == new => {
                self.row(depth, Sign::Changed, format!("{label}{} -> (another secret)", scalar(old)));
            }
            (Value::Dynamic(old), Value::Dynamic(new)) if old.1 == new.1 => {
                self.row(depth, Sign::Changed, format!("{label}({}) -> ({})", old.0, new.0));
            }
            (Value::Dynamic(old), new) => self.differing(depth, label, &old.1, new),
            (old, Value::Dynamic(new)) => self.differing(depth, label, old, &new.1),
            (Value::Null, new) => value::whole(&mut self.rows, depth, Sign::Added, label, new),
            (old, Value::Null) => value::whole(&mut self.rows, depth, Sign::Removed, label, old),
            (Value::Map(old), Value::Map(new)) => {
                self.row(depth, Sign::Changed, format!("{label}{{"));
                self.members(depth + 1, old, new, &BTreeSet::new());
                self.row(depth, Sign::Context, "}");
            }
            (Value::List(old), Value::List(new)) => {
                self.row(depth, Sign::Changed, format!("{label}["));
                self.elements(depth + 1, old, new);
                self.row(depth, Sign::Context, "]");
            }
            (Value::Set(old), Value::Set(new)) => {
                self.row(depth, Sign::Changed, format!("{label}["));
                self.set(depth + 1, old, new);
                self.row(depth, Sign::Context, "]");
            }
            (Value::String(old), Value::String(new)) => self.texts(depth, label, old, new),
            (old, new) if new.is_unknown() || !(value::has_parts(old) || value::has_parts(new)) => {
                self.row(depth, Sign::Changed, format!("{label}{} -> {}", scalar(old), scalar(new)));
            }
            (old, new) => {
                value::whole(&mut self.rows, depth, Sign::Removed, label, old);
                value::whole(&mut self.rows, depth, Sign::Added, label, new);
            }
        }
    }

    fn texts(&mut self, depth: usize, label: &str, before: &str, after: &str) {
        match (parsed(before), parsed(after)) {
            (Some(old), Some(new)) if old != new => {
                return self.differing(depth, &format!("{label}JSON "), &old, &new);
            }
            _ if is_text(before) || is_text(after) => {
                return text::changed(&mut self.rows, depth, label, before, after);
            }
            _ => {}
        }
        let (old, new) = value::scalar_pair(before, after);
        if label.len() + old.len() + new.len() <= 120 {
            self.row(depth, Sign::Changed, format!("{label}{old} -> {new}"));
        } else {
            let under = label.chars().count().saturating_sub(3);
            self.row(depth, Sign::Changed, format!("{label}{old}"));
            self.row(depth, Sign::Context, format!("{:under$}-> {new}", ""));
        }
    }

    fn elements(&mut self, depth: usize, before: &[Value], after: &[Value]) {
        for op in compared(before, after) {
            let (old, new) = (op.old_range(), op.new_range());
            if matches!(op, DiffOp::Equal { .. }) {
                self.hidden(depth, old.len(), "unchanged element");
                continue;
            }
            let both = old.len().min(new.len());
            for (old, new) in old.clone().zip(new.clone()) {
                self.at.push(new.to_string());
                self.change(depth, &format!("[{new}] = "), &before[old], &after[new]);
                self.at.pop();
            }
            for gone in old.skip(both) {
                value::whole(&mut self.rows, depth, Sign::Removed, "", &before[gone]);
            }
            for come in new.skip(both) {
                value::whole(&mut self.rows, depth, Sign::Added, "", &after[come]);
            }
        }
    }

    fn set(&mut self, depth: usize, before: &[Value], after: &[Value]) {
        let (old, new): (BTreeSet<_>, BTreeSet<_>) = (before.iter().collect(), after.iter().collect());
        for gone in old.difference(&new) {
            value::whole(&mut self.rows, depth, Sign::Removed, "", gone);
        }
        for come in new.difference(&old) {
            value::whole(&mut self.rows, depth, Sign::Added, "", come);
        }
        self.hidden(depth, old.intersection(&new).count(), "unchanged element");
    }
}

/// Which elements stay, go and come.
fn compared(before: &[Value], after: &[Value]) -> Vec<DiffOp> {
    if before.len() + after.len() <= LONG_LIST {
        return capture_diff_slices(Algorithm::Myers, before, after);
    }
    let mut ops: Vec<DiffOp> = Vec::new();
    let both = before.len().min(after.len());
    for place in 0..both {
        let equal = before[place] == after[place];
        match ops.last_mut() {
            Some(DiffOp::Equal { len, .. }) if equal => *len += 1,
            Some(DiffOp::Replace { old_len, new_len, .. }) if !equal => {
                *old_len += 1;
                *new_len += 1;
            }
            _ if equal => ops.push(DiffOp::Equal { old_index: place, new_index: place, len: 1 }),
            _ => ops.push(DiffOp::Replace { old_index: place, old_len: 1, new_index: place, new_len: 1 }),
        }
    }
    let (old_len, new_len) = (before.len() - both, after.len() - both);
    if old_len + new_len > 0 {
        ops.push(DiffOp::Replace { old_index: both, old_len, new_index: both, new_len });
    }
    ops
}
