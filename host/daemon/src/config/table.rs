//! Reads settings out of a table of a YAML document.
//!
//! Each call names a setting once, with its default, range and description; from that come the value, the messages, the
//! list of allowed keys and the printed default file. A wrong value is noted and its default used, so that one reading
//! finds all mistakes.

use std::collections::HashMap;

use super::mistake::{Mistake, nearest};
use super::outline::Outline;
use super::tree::{Key, Node, Place, Value};

/// What reading a file brings besides the values.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// The file, as the user named it.
    pub(super) file: String,
    /// What is wrong in it.
    pub(super) mistakes: Vec<Mistake>,
    /// The settings, where they are to be printed.
    pub(super) outline: Option<Outline>,
}

/// A table that is being read.
pub(super) struct Table<'a> {
    entries: &'a [(Key, Node)],
    place: Place,
    path: String,
    known: Vec<&'static str>,
    notes: &'a mut Notes,
}

/// Reads a whole document, which must be a table; an empty document is an empty table.
pub(super) fn read_document<T>(
    document: &Node,
    notes: &mut Notes,
    read: impl FnOnce(&mut Table<'_>) -> T,
) -> T {
    note_repeated(document, "", notes);
    read_table(document, String::new(), notes, read)
}

/// Notes all keys that stand in one table twice, in free settings as well.
fn note_repeated(node: &Node, path: &str, notes: &mut Notes) {
    match &node.value {
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                note_repeated(item, &format!("{path}{}", label(item, index)), notes);
            }
        }
        Value::Table(entries) => {
            let mut lines = HashMap::new();
            for (key, node) in entries {
                let path = join(path, &key.text);
                if let Some(line) = lines.insert(&key.text, key.place.line) {
                    let message = format!("repeated key, it is also in line {line}; remove one");
                    notes.add(key.place, path.clone(), message);
                }
                note_repeated(node, &path, notes);
            }
        }
        _ => {}
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn read_table<T>(
    node: &Node,
    path: String,
    notes: &mut Notes,
    read: impl FnOnce(&mut Table<'_>) -> T,
) -> T {
    let entries = entries_of(node, &path, notes).unwrap_or_default();
    let mut table = Table { entries, place: node.place, path, known: Vec::new(), notes };
    let result = read(&mut table);
    table.refuse_unknown();
    result
}

/// The entries of a table; anything else is a mistake.
fn entries_of<'a>(node: &'a Node, path: &str, notes: &mut Notes) -> Option<&'a [(Key, Node)]> {
    match &node.value {
        Value::Table(entries) => Some(entries),
        Value::Null => Some(&[]),
        other => {
            let message = format!("expected a table, found {other}; write e.g. key: value");
            notes.add(node.place, path.to_owned(), message);
            None
        }
    }
}

impl Notes {
    fn add(&mut self, place: Place, path: String, message: String) {
        self.mistakes.push(Mistake { file: self.file.clone(), place, path, message });
    }
}

impl<'a> Table<'a> {
    /// A group of settings.
    pub(super) fn section<T>(
        &mut self,
        key: &'static str,
        doc: &str,
        read: impl FnOnce(&mut Table<'_>) -> T,
    ) -> T {
        if let Some(outline) = &mut self.notes.outline {
            outline.open(key, doc);
        }
        let absent = Node { place: Place::default(), value: Value::Null };
        let node = self.find(key).unwrap_or(&absent);
        let result = read_table(node, self.path_of(key), self.notes, read);
        if let Some(outline) = &mut self.notes.outline {
            outline.close();
        }
        result
    }

    /// A list of groups of settings, with the default written as in a file.
    pub(super) fn sections<T>(
        &mut self,
        key: &'static str,
        text: &str,
        doc: &str,
        mut read: impl FnMut(&mut Table<'_>) -> Option<T>,
    ) -> Vec<T> {
        self.outline_entry(key, text, doc, &mut read);
        let default = Node::parse(text).expect("the default is written in the code and tested");
        let example = if text == "[]" { "[{ key: value }]" } else { text };
        let items = match (self.read_list(key, example), &default.value) {
            (Some(items), _) => items,
            (None, Value::List(items)) if self.peek(key).is_none() => items,
            (None, _) => &[],
        };
        let outline = self.notes.outline.take();
        let mut results = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let path = format!("{}{}", self.path_of(key), label(item, index));
            if entries_of(item, &path, self.notes).is_some() {
                results.extend(read_table(item, path, self.notes, &mut read));
            }
        }
        self.notes.outline = outline;
        results
    }

    /// Reads an empty entry only to learn which settings there are.
    fn outline_entry<T>(
        &mut self,
        key: &'static str,
        default: &str,
        doc: &str,
        read: &mut impl FnMut(&mut Table<'_>) -> Option<T>,
    ) {
        let Some(mut outline) = self.notes.outline.take() else {
            return;
        };
        outline.open_entry(doc);
        let mut notes = Notes { outline: Some(outline), ..Notes::default() };
        let absent = Node { place: Place::default(), value: Value::Null };
        read_table(&absent, String::new(), &mut notes, read);
        if let Some(mut outline) = notes.outline {
            outline.close_entry(key, default);
            self.notes.outline = Some(outline);
        }
    }

    /// Names the table in messages that come later: file, line, column and path.
    pub(super) fn here(&self) -> String {
        let Place { line, column } = self.place;
        format!("{}:{line}:{column}: {}", self.notes.file, self.path)
    }

    /// The same for a setting.
    pub(super) fn whereabouts(&self, key: &str) -> String {
        let Place { line, column } = self.place(key, None);
        format!("{}:{line}:{column}", self.notes.file)
    }

    /// Whether a setting is given, rightly or wrongly.
    pub(super) fn has(&self, key: &str) -> bool {
        self.peek(key).is_some()
    }

    /// Whether no setting of this table is wrong so far, so that they may be compared with one another.
    pub(super) fn is_sound(&self) -> bool {
        let start = self.path_of("");
        !self.notes.mistakes.iter().any(|mistake| mistake.path.starts_with(&start))
    }

    /// Where a setting stands, or an entry of it, or else the table.
    fn place(&self, key: &str, index: Option<usize>) -> Place {
        let node = self.peek(key);
        let entry = node.zip(index).and_then(|(node, index)| match &node.value {
            Value::List(items) => items.get(index),
            _ => None,
        });
        entry.or(node).map_or(self.place, |node| node.place)
    }

    /// Notes a mistake at the first of these settings that is present.
    pub(super) fn complain(&mut self, keys: &[&'static str], message: &str) {
        let key = keys.iter().copied().find(|key| self.peek(key).is_some());
        let path = key.map_or_else(|| self.path.clone(), |key| self.path_of(key));
        let place = key.map_or(self.place, |key| self.place(key, None));
        self.notes.add(place, path, message.to_owned());
    }

    /// Notes a mistake in an entry of a list or in the list.
    pub(super) fn complain_at(&mut self, key: &'static str, index: Option<usize>, message: &str) {
        let entry = index.map(|index| format!("[{index}]")).unwrap_or_default();
        let path = format!("{}{entry}", self.path_of(key));
        self.notes.add(self.place(key, index), path, message.to_owned());
    }

    pub(super) fn path_of(&self, key: &str) -> String {
        join(&self.path, key)
    }

    /// The value of a setting; a key without a value counts as left out.
    fn peek(&self, key: &str) -> Option<&'a Node> {
        let entry = self.entries.iter().find(|(name, _)| name.text == key);
        entry.map(|(_, node)| node).filter(|node| !matches!(node.value, Value::Null))
    }

    pub(super) fn find(&mut self, key: &'static str) -> Option<&'a Node> {
        self.known.push(key);
        self.peek(key)
    }

    pub(super) fn read<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        example: &str,
        accept: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<T> {
        let node = self.find(key)?;
        let accepted = accept(&node.value);
        if accepted.is_none() {
            let found = &node.value;
            let message = format!("expected {expected}, found {found}; write e.g. {example}");
            self.complain(&[key], &message);
        }
        accepted
    }

    pub(super) fn read_list(&mut self, key: &'static str, example: &str) -> Option<&'a [Node]> {
        self.read(key, "a list", example, |value| match value {
            Value::List(items) => Some(items.as_slice()),
            _ => None,
        })
    }

    /// Notes a mistake where a setting is absent.
    pub(super) fn require(&mut self, key: &'static str, example: &str) {
        if self.peek(key).is_none() {
            let message = format!("`{key}` is missing; write e.g. {key}: {example}");
            self.notes.add(self.place, self.path.clone(), message);
        }
    }

    fn refuse_unknown(&mut self) {
        for (key, _) in self.entries {
            if self.known.contains(&key.text.as_str()) {
                continue;
            }
            let mend = match nearest(&key.text, &self.known) {
                Some(candidate) => format!("did you mean `{candidate}`?"),
                None => format!("allowed are {}", self.known.join(", ")),
            };
            let path = self.path_of(&key.text);
            self.notes.add(key.place, path, format!("unknown key; {mend}"));
        }
    }

    pub(super) fn note_setting(&mut self, key: &str, value: &str, doc: &str) {
        if let Some(outline) = &mut self.notes.outline {
            outline.setting(key, value, doc);
        }
    }

    pub(super) fn note_optional(&mut self, key: &str, example: &str, doc: &str) {
        if let Some(outline) = &mut self.notes.outline {
            outline.optional(key, example, doc);
        }
    }
}

/// Names an entry of a list in a path by its own name, if it has one.
fn label(item: &Node, index: usize) -> String {
    if let Value::Table(entries) = &item.value {
        for (key, node) in entries {
            if let (true, Value::Text(text)) = (key.text == "name", &node.value) {
                return format!(".{text}");
            }
        }
    }
    format!("[{index}]")
}
