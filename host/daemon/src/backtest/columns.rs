//! Log lines from a table: each row becomes a line by a template such as `{time} {host} {text}`.

use super::sheet::{Mistakes, Sheet};

/// Why no lines can be made.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum ColumnsError {
    /// The template names no column.
    #[error("--columns: no column is named; write e.g. --columns '{{time}} {{host}} {{text}}'")]
    NoColumn,
    /// A brace without its other half.
    #[error("--columns: a brace has no other half in `{0}`; write columns as {{name}}")]
    Brace(String),
    /// The table lacks a column.
    #[error("line 1: no column `{name}`; name some of {known} in --columns")]
    Unknown {
        /// The one that is named.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// Rows are wrong.
    #[error("{0}")]
    Rows(Mistakes),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Column(String),
}

/// How a row becomes a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LineTemplate {
    parts: Vec<Part>,
}

impl LineTemplate {
    /// Reads a template; the first column that it names is the time.
    pub(crate) fn parse(text: &str) -> Result<Self, ColumnsError> {
        let broken = || ColumnsError::Brace(text.to_owned());
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some((before, after)) = rest.split_once('{') {
            let (name, next) = after.split_once('}').ok_or_else(broken)?;
            if before.contains('}') || name.contains('{') {
                return Err(broken());
            }
            parts.push(Part::Text(before.to_owned()));
            parts.push(Part::Column(name.to_owned()));
            rest = next;
        }
        if rest.contains('}') {
            return Err(broken());
        }
        if parts.is_empty() {
            return Err(ColumnsError::NoColumn);
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(LineTemplate { parts })
    }

    /// The lines of a table with a head line, in the order of their time: rows of several origins often follow each
    /// other in blocks.
    pub(crate) fn lines(&self, table: &[u8]) -> Result<Vec<u8>, ColumnsError> {
        let sheet = Sheet::parse(table).map_err(ColumnsError::Rows)?;
        let mut places = Vec::new();
        for part in &self.parts {
            let Part::Column(name) = part else { continue };
            let unknown =
                || ColumnsError::Unknown { name: name.clone(), known: sheet.columns.join(", ") };
            places.push(sheet.column(name).ok_or_else(unknown)?);
        }
        let (mut lines, mut mistakes) = (Vec::new(), Mistakes::default());
        for row in &sheet.rows {
            let time = row.field(places[0]);
            match time_ms(time) {
                Some(time_ms) => lines.push((time_ms, row)),
                None => mistakes.push(
                    row.line,
                    format!("expected seconds since 1970 or a date as in RFC 3339, found `{time}`"),
                ),
            }
        }
        let mut lines = mistakes.or(lines).map_err(ColumnsError::Rows)?;
        lines.sort_by_key(|(time_ms, _)| *time_ms);
        let mut text = String::new();
        for (_, row) in lines {
            let mut columns = places.iter();
            for part in &self.parts {
                match part {
                    Part::Text(constant) => text.push_str(constant),
                    Part::Column(_) => {
                        let field = columns.next().map_or("", |place| row.field(*place));
                        text.extend(field.chars().map(|letter| match letter {
                            '\n' | '\r' => ' ',
                            other => other,
                        }));
                    }
                }
            }
            text.push('\n');
        }
        Ok(text.into_bytes())
    }
}

fn time_ms(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return (seconds.is_finite() && seconds >= 0.0).then_some((seconds * 1e3) as i64);
    }
    text.parse::<jiff::Timestamp>().ok().map(|time| time.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(template: &str, table: &str) -> Result<String, String> {
        let made = LineTemplate::parse(template).and_then(|made| made.lines(table.as_bytes()));
        made.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn rows_become_lines_in_the_order_of_time() {
        let cases = [
            ("{time} {text}", "text,time\nb,20\na,10\nc,20\n", "10 a\n20 b\n20 c\n"),
            ("<{t}> x{a}{a}y", "t,a\n5,\"1,\n2\"\n", "<5> x1, 21, 2y\n"),
            (
                "{t}",
                "t\n2026-03-02T00:00:01Z\n2026-03-02T00:00:00.5Z\n",
                "2026-03-02T00:00:00.5Z\n2026-03-02T00:00:01Z\n",
            ),
            ("{t}", "t\n", ""),
        ];
        for (template, table, expected) in cases {
            assert_eq!(lines(template, table), Ok(expected.to_owned()), "{template}");
        }
    }

    #[test]
    fn mistakes_name_place_and_mend() {
        let cases = [
            ("", "t\n", "no column is named"),
            ("time", "t\n", "no column is named; write e.g. --columns '{time}"),
            ("{t", "t\n", "a brace has no other half in `{t`"),
            ("t} {a}", "t\n", "a brace"),
            ("{a} t}", "t\n", "a brace"),
            ("{a{b}}", "t\n", "a brace"),
            ("{t} {x}", "t,a\n", "line 1: no column `x`; name some of t, a in --columns"),
            ("{t}", "t,a\n1,2\nnoon,2\n", "line 3: expected seconds since 1970"),
            ("{t}", "t,a\n1\n", "line 2: expected 2 fields, found 1"),
        ];
        for (template, table, part) in cases {
            let told = lines(template, table).expect_err(template);
            assert!(told.contains(part), "`{part}` in `{told}`");
        }
    }
}
