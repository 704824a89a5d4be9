//! Tables of comma-separated values with a head line, and what is wrong with them.

use std::fmt;

/// Mistakes told at once; whoever has more has one cause.
const MISTAKES_MAX: usize = 20;

/// A table in memory.
pub(super) struct Sheet {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Row>,
}

/// A row with as many fields as there are columns.
pub(super) struct Row {
    /// Where it begins, counted from 1.
    pub(super) line: u64,
    fields: csv::StringRecord,
}

/// What is wrong in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    line: u64,
    problem: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "line {}: {}", self.line, self.problem)
    }
}

/// All mistakes of a table, one a line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Mistakes {
    first: Vec<Mistake>,
    further: usize,
}

impl Mistakes {
    pub(super) fn push(&mut self, line: u64, problem: String) {
        if self.first.len() < MISTAKES_MAX {
            self.first.push(Mistake { line, problem });
        } else {
            self.further += 1;
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.first.len() + self.further
    }

    /// What was read, unless something is wrong with it.
    pub(super) fn or<T>(self, value: T) -> Result<T, Self> {
        if self.first.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.first.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(out, "{separator}{mistake}")?;
        }
        if self.further > 0 {
            write!(out, "\nand {} mistakes more", self.further)?;
        }
        Ok(())
    }
}

impl Sheet {
    /// Reads a table; rows with too few or too many fields are mistakes.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Mistakes> {
        let text = String::from_utf8_lossy(bytes);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
        let mut mistakes = Mistakes::default();
        let heads = reader.headers().map(|heads| heads.iter().map(|head| head.trim().into()));
        let columns: Vec<String> = heads.map(Iterator::collect).unwrap_or_default();
        let mut rows = Vec::new();
        for record in reader.records() {
            let Ok(fields) = record else { continue };
            let line = fields.position().map_or(0, |begin| line_of(text.as_bytes(), begin));
            if fields.len() == columns.len() {
                rows.push(Row { line, fields });
                continue;
            }
            let (found, expected) = (fields.len(), columns.len());
            let mend = "put fields that hold commas into double quotes";
            mistakes.push(line, format!("expected {expected} fields, found {found}; {mend}"));
        }
        mistakes.or(Sheet { columns, rows })
    }

    /// The place of a column.
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }
}

impl Row {
    pub(super) fn field(&self, column: usize) -> &str {
        self.fields.get(column).unwrap_or_default()
    }
}

/// The line on which a record begins: the reader counts empty lines before it as part of it.
fn line_of(text: &[u8], begin: &csv::Position) -> u64 {
    let rest = text.get(begin.byte() as usize..).unwrap_or_default();
    let empty = rest.iter().take_while(|byte| matches!(byte, b'\n' | b'\r'));
    begin.line() + empty.filter(|byte| **byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_know_their_lines() {
        let sheet =
            Sheet::parse(b"\xef\xbb\xbfa, b\n1,2\n\n\"x\ny\",\"1,5\"\n3,4").expect("a table");
        assert_eq!(sheet.columns, ["a", "b"]);
        assert_eq!((sheet.column("b"), sheet.column("c")), (Some(1), None));
        let rows: Vec<(u64, &str)> =
            sheet.rows.iter().map(|row| (row.line, row.field(1))).collect();
        assert_eq!(rows, [(2, "2"), (4, "1,5"), (6, "4")]);
    }

    #[test]
    fn mistakes_are_told_by_line_and_not_without_end() {
        let told = |bytes: &[u8]| Sheet::parse(bytes).err().map(|mistakes| mistakes.to_string());
        assert_eq!(told(b""), None);
        let mend = "put fields that hold commas into double quotes";
        assert_eq!(
            told(b"a,b\n1\n2,3\n4,5,6\n"),
            Some(format!(
                "line 2: expected 2 fields, found 1; {mend}\nline 4: expected 2 fields, found 3; {mend}"
            ))
        );
        let many = told("a,b\n".repeat(2).replace("\na,b", &"\n1".repeat(25)).as_bytes());
        assert!(many.is_some_and(|text| text.ends_with("\nand 5 mistakes more")));
    }
}
