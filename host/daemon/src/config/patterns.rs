//! Pattern files: those that ship and those of the user.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use bellwether_core::pattern::{Pattern, PatternSpec};
use serde_json::Value;

use super::files;
use super::mistake::{Mistake, Mistakes};
use super::table::{Notes, Table, read_document};
use super::tree::Node;

/// The patterns that ship: name of the file and its text.
pub(super) const BUILTIN: [(&str, &str); 22] = [
    ("application.yaml", include_str!("../../../../patterns/application.yaml")),
    ("attack.yaml", include_str!("../../../../patterns/attack.yaml")),
    ("authentication.yaml", include_str!("../../../../patterns/authentication.yaml")),
    ("cloud.yaml", include_str!("../../../../patterns/cloud.yaml")),
    ("container.yaml", include_str!("../../../../patterns/container.yaml")),
    ("database.yaml", include_str!("../../../../patterns/database.yaml")),
    ("disk.yaml", include_str!("../../../../patterns/disk.yaml")),
    ("dns.yaml", include_str!("../../../../patterns/dns.yaml")),
    ("kernel.yaml", include_str!("../../../../patterns/kernel.yaml")),
    ("kubernetes.yaml", include_str!("../../../../patterns/kubernetes.yaml")),
    ("mail.yaml", include_str!("../../../../patterns/mail.yaml")),
    ("media.yaml", include_str!("../../../../patterns/media.yaml")),
    ("memory.yaml", include_str!("../../../../patterns/memory.yaml")),
    ("network.yaml", include_str!("../../../../patterns/network.yaml")),
    ("privilege.yaml", include_str!("../../../../patterns/privilege.yaml")),
    ("process.yaml", include_str!("../../../../patterns/process.yaml")),
    ("queue.yaml", include_str!("../../../../patterns/queue.yaml")),
    ("runtime.yaml", include_str!("../../../../patterns/runtime.yaml")),
    ("security.yaml", include_str!("../../../../patterns/security.yaml")),
    ("system.yaml", include_str!("../../../../patterns/system.yaml")),
    ("tls.yaml", include_str!("../../../../patterns/tls.yaml")),
    ("web.yaml", include_str!("../../../../patterns/web.yaml")),
];

/// The patterns that ship, proven once more; a user who asks for a proof gets one.
pub(crate) fn shipped_patterns() -> Result<Vec<Pattern>, Mistakes> {
    let mut library = Library::default();
    for (file, text) in BUILTIN {
        library.add_text(format!("built-in patterns/{file}"), text);
    }
    library.finish()
}

/// Loads and proves the patterns of some files; all mistakes of all files are reported together.
pub(crate) fn load_patterns(paths: &[PathBuf]) -> Result<Vec<Pattern>, Mistakes> {
    let mut library = Library::default();
    for path in paths {
        if let Err(message) = library.add_file(path) {
            library.mistakes.push(Mistake::of_file(path, message));
        }
    }
    library.finish()
}

/// Patterns of many files, each name once.
#[derive(Debug, Default)]
pub(super) struct Library {
    patterns: Vec<Pattern>,
    /// File, line and column by the name of a pattern.
    places: HashMap<String, String>,
    files: HashSet<PathBuf>,
    /// What is added now was proven by a test.
    is_proven: bool,
    pub(super) mistakes: Vec<Mistake>,
}

impl Library {
    /// Adds the patterns that ship; proving them takes longer than all else at the start, and a test does so.
    pub(super) fn add_builtin(&mut self) {
        self.is_proven = true;
        for (file, text) in BUILTIN {
            self.add_text(format!("built-in patterns/{file}"), text);
        }
        self.is_proven = false;
    }

    /// Adds the patterns of a file, once; an error says why the file cannot be read.
    pub(super) fn add_file(&mut self, path: &Path) -> Result<(), String> {
        let text = files::read(path)?;
        let identity = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if self.files.insert(identity) {
            self.add_text(path.display().to_string(), &text);
        }
        Ok(())
    }

    /// The patterns, in the order in which they were added.
    pub(super) fn finish(self) -> Result<Vec<Pattern>, Mistakes> {
        Mistakes::none_or(self.mistakes)?;
        Ok(self.patterns)
    }

    fn add_text(&mut self, file: String, text: &str) {
        match Node::parse(text) {
            Ok(document) => self.add_document(file, &document),
            Err(error) => self.mistakes.push(Mistake::of_syntax(file, &error)),
        }
    }

    pub(super) fn add_document(&mut self, file: String, document: &Node) {
        let mut notes = Notes { file, ..Notes::default() };
        read_document(document, &mut notes, |table| {
            table.require("patterns", "a list of patterns");
            let patterns = table.sections("patterns", "[]", "", |entry| self.read_pattern(entry));
            self.patterns.extend(patterns);
        });
        notes.mistakes.sort_by_key(|mistake| mistake.place);
        self.mistakes.append(&mut notes.mistakes);
    }

    /// Reads one pattern; one with a mistake in a side matter is proven all the same, so that all mistakes show.
    fn read_pattern(&mut self, table: &mut Table<'_>) -> Option<Pattern> {
        let name = table.required_text("name", "disk-full");
        let category = table.required_text("category", "disk");
        let expressions = table.texts("expressions", "['no space left', 'quota exceeded']", "");
        let expression = match expressions[..] {
            [] => table.required_text("expression", "'(?i)no space left'"),
            _ => {
                table.optional_text("expression", "'(?i)no space left'", "").or(Some(String::new()))
            }
        };
        let kind = table.optional_text("kind", "literal", "");
        let ignore = table.flag("ignore", false, "");
        let is_needed = |table: &Table<'_>, key| !ignore || table.has(key);
        let score = match is_needed(table, "score") {
            true => table.required_integer("score", 50),
            false => Some(0),
        };
        let severity = match is_needed(table, "severity") {
            true => table.required_text("severity", "error"),
            false => Some("info".to_owned()),
        };
        let description = table.required_text("description", "A file system is full.");
        let matches = table.texts("matches", "[a line that must match, another]", "");
        let rejects = table.texts("rejects", "[a near miss, another]", "");
        let unless = table.texts("unless", "['(?i)dry run']", "");
        let unproven = table.flag("unproven", false, "");
        let conditions = read_conditions(table);
        if let Some(name) = &name {
            self.claim(name, table);
        }
        let spec = PatternSpec {
            name: name.unwrap_or_else(|| "unnamed".to_owned()),
            category: category.unwrap_or_else(|| "none".to_owned()),
            expression: expression?,
            kind: kind.unwrap_or_else(|| "regex".to_owned()),
            score: score.unwrap_or_default(),
            severity: severity.unwrap_or_else(|| "info".to_owned()),
            description: description.unwrap_or_default(),
            matches: matches.into_iter().map(|(_, line)| line).collect(),
            rejects: rejects.into_iter().map(|(_, line)| line).collect(),
            expressions: expressions.into_iter().map(|(_, expression)| expression).collect(),
            conditions,
            ignore,
            unproven,
            unless: unless.into_iter().map(|(_, expression)| expression).collect(),
        };
        let pattern = if self.is_proven { Pattern::shipped(&spec) } else { Pattern::new(&spec) };
        match pattern {
            Ok(pattern) => Some(pattern),
            Err(errors) => {
                for error in errors {
                    table.complain_at(error.key, error.index, &error.to_string());
                }
                None
            }
        }
    }

    fn claim(&mut self, name: &str, table: &mut Table<'_>) {
        if let Some(other) = self.places.get(name) {
            let message =
                format!("{name:?} is already the name of the pattern at {other}; rename one");
            table.complain(&["name"], &message);
            return;
        }
        self.places.insert(name.to_owned(), table.whereabouts("name"));
    }
}

/// What `where` asks of the fields of a record; each value counts as the text that a log would have.
fn read_conditions(table: &mut Table<'_>) -> Vec<(String, Vec<String>)> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let texts = |value: &Value| match value {
        Value::Array(values) => values.iter().map(text).collect(),
        one => vec![text(one)],
    };
    let written = table.free("where", "");
    let entries = written.as_object().into_iter().flatten();
    entries.map(|(key, value)| (key.clone(), texts(value))).collect()
}
