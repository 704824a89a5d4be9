//! The settings as they are asked for, to be printed as a file with comments.

/// Widest line.
const COLUMNS_MAX: usize = 118;
/// What stands before the settings of an entry of a list, which are shown but not set.
const ENTRY_MARGIN: &str = "#   ";

/// Collects settings in the order in which they are read.
#[derive(Debug, Default)]
pub(super) struct Outline {
    text: String,
    /// What every line begins with.
    margin: String,
}

impl Outline {
    /// Adds a setting with its default.
    pub(super) fn setting(&mut self, key: &str, value: &str, doc: &str) {
        self.document(doc);
        self.line(&format!("{key}: {value}"));
    }

    /// Adds a setting that is left out by default, with an example.
    pub(super) fn optional(&mut self, key: &str, example: &str, doc: &str) {
        self.document(doc);
        let sign = if self.margin.ends_with(ENTRY_MARGIN) { "" } else { "# " };
        self.line(&format!("{sign}{key}: {example}"));
    }

    /// Begins a group of settings.
    pub(super) fn open(&mut self, key: &str, doc: &str) {
        self.separate();
        self.document(doc);
        self.line(&format!("{key}:"));
        self.margin.push_str("  ");
    }

    /// Ends a group of settings.
    pub(super) fn close(&mut self) {
        self.margin.truncate(self.margin.len() - 2);
    }

    /// Begins the settings of an entry of a list.
    pub(super) fn open_entry(&mut self, doc: &str) {
        self.separate();
        self.document(doc);
        self.margin.push_str(ENTRY_MARGIN);
    }

    /// Ends them and adds the list's default.
    pub(super) fn close_entry(&mut self, key: &str, value: &str) {
        self.margin.truncate(self.margin.len() - ENTRY_MARGIN.len());
        self.line(&format!("{key}: {value}"));
    }

    /// The whole file.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    fn separate(&mut self) {
        if self.margin.is_empty() && !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(&format!("{}{line}\n", self.margin));
    }

    fn document(&mut self, doc: &str) {
        let mut line = "#".to_owned();
        for word in doc.split_whitespace() {
            if self.margin.len() + line.len() + 1 + word.len() > COLUMNS_MAX {
                self.line(&std::mem::replace(&mut line, "#".to_owned()));
            }
            line.push(' ');
            line.push_str(word);
        }
        self.line(&line);
    }
}
