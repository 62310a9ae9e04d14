//! INI as Python's `configparser` and git write it: sections, keys, and values that continue on indented lines.

use super::lines;

/// The sections of a file, in order.
pub(in crate::project) struct Ini {
    sections: Vec<Section>,
}

/// A section with its entries.
pub(in crate::project) struct Section {
    /// Its name, as between the brackets.
    pub(in crate::project) name: String,
    /// Its line, counted from 1.
    pub(in crate::project) line: u32,
    pub(in crate::project) entries: Vec<Entry>,
}

/// A key with its value.
pub(in crate::project) struct Entry {
    pub(in crate::project) key: String,
    /// How far it is indented, in bytes.
    indent: usize,
    /// The lines of its value with their numbers, without empty ones.
    pub(in crate::project) values: Vec<(u32, String)>,
}

impl Ini {
    /// Reads a text. Lines that are neither section, entry nor continuation are passed over.
    pub(in crate::project) fn parse(text: &str) -> Self {
        let mut sections: Vec<Section> = Vec::new();
        for (line, content) in lines(text) {
            let trimmed = content.trim();
            if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
                continue;
            }
            if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'))
                && !content.starts_with(char::is_whitespace)
            {
                sections.push(Section { name: name.trim().to_owned(), line, entries: Vec::new() });
            } else if let Some(section) = sections.last_mut() {
                section.add(line, content);
            }
        }
        Self { sections }
    }

    /// The section of that name.
    pub(in crate::project) fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }

    /// All sections.
    pub(in crate::project) fn sections(&self) -> &[Section] {
        &self.sections
    }
}

impl Section {
    /// Takes in a line: `key = value`, or more of the value before when it is indented further than its key.
    fn add(&mut self, line: u32, content: &str) {
        let trimmed = content.trim();
        let indent = content.len() - content.trim_start().len();
        if let Some(last) = self.entries.last_mut()
            && indent > last.indent
        {
            last.values.push((line, trimmed.to_owned()));
        } else if let Some((key, value)) = trimmed.split_once(['=', ':']) {
            let value = value.trim();
            let values = if value.is_empty() { Vec::new() } else { vec![(line, value.to_owned())] };
            self.entries.push(Entry { key: key.trim().to_owned(), indent, values });
        }
    }

    /// The entry of that key.
    pub(in crate::project) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }
}

impl Entry {
    /// The first line of the value.
    pub(in crate::project) fn first(&self) -> Option<(u32, &str)> {
        self.values.first().map(|(line, value)| (*line, value.as_str()))
    }
}
