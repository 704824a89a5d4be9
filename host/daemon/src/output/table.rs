//! Tables for people.

use super::terminal::safe;
use bellwether_core::correlate::{Alarm, Event, EventKind};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Rows of text under a head, padded to the widest cell; the last column is left as it is.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(head: &[&str]) -> Self {
        Table { rows: vec![head.iter().map(|cell| (*cell).to_string()).collect()] }
    }

    pub(crate) fn push(&mut self, row: &[String]) {
        self.rows.push(row.iter().map(|cell| safe(cell)).collect());
    }

    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let columns = self.rows[0].len();
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in &self.rows {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                let pad = if column + 1 == columns { 0 } else { widths[column] };
                line.push_str(&format!("{cell:pad$}  "));
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// What became of the anomalies of a run: one row each, in the order of their opening.
pub(crate) fn write_anomalies(out: &mut dyn Write, events: &[Event]) -> io::Result<()> {
    let mut ends: BTreeMap<&str, &Event> = BTreeMap::new();
    for event in events.iter().filter(|event| event.event == EventKind::Resolved) {
        ends.insert(&event.id, event);
    }
    let opened: Vec<&Event> =
        events.iter().filter(|event| event.event == EventKind::Opened).collect();
    if opened.is_empty() {
        return writeln!(out, "nothing stood out");
    }
    let mut table = Table::new(&["opened", "resolved", "severity", "bits", "detectors", "what"]);
    for event in opened {
        let end = ends.get(event.id.as_str());
        let last = end.copied().unwrap_or(event);
        table.push(&[
            event.opened.replace('T', " ").trim_end_matches('Z').to_string(),
            end.map_or("open".into(), |end| {
                end.at.split('T').nth(1).unwrap_or("").trim_end_matches('Z').into()
            }),
            alarm(last.severity).into(),
            format!("{:.1}", last.bits),
            last.detectors.join("+"),
            event.sentence.clone(),
        ]);
    }
    table.write(out)
}

pub(crate) fn alarm(alarm: Alarm) -> &'static str {
    match alarm {
        Alarm::Notice => "notice",
        Alarm::Warning => "warning",
        Alarm::Critical => "critical",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_cells_are_harmless() {
        let mut table = Table::new(&["a", "long head", "end"]);
        table.push(&["wide cell".into(), "x".into(), "\x1b[31m".into()]);
        let mut out = Vec::new();
        table.write(&mut out).expect("written");
        let text = String::from_utf8(out).expect("text");
        assert_eq!(text, "a          long head  end\nwide cell  x          \\u{1b}[31m\n");
    }
}
