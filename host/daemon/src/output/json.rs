//! One JSON object per line, for programs. The objects are stable: fields are only ever added.

use super::terminal::steers;
use crate::pipeline::Totals;
use bellwether_core::intake::IntakeCounters;
use bellwether_core::lane::LaneCounters;
use serde::Serialize;
use std::fmt::Write as _;
use std::io::{self, Write};

/// A source at the end of a run.
#[derive(Serialize)]
struct SourceLine<'a> {
    event: &'static str,
    source: &'a str,
    form: &'static str,
    form_votes: u32,
    form_lines: u32,
    records: u64,
    templates: usize,
    templates_evicted: u64,
}

/// Where all records went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Account {
    pub(crate) read: u64,
    pub(crate) kept: u64,
    pub(crate) dropped: u64,
    pub(crate) late: u64,
    pub(crate) quarantined: u64,
    pub(crate) dead: u64,
}

#[derive(Serialize)]
struct AccountLine {
    event: &'static str,
    #[serde(rename = "account")]
    account: Account,
}

impl Account {
    pub(crate) fn new(intake: &IntakeCounters, lanes: &LaneCounters) -> Self {
        Account {
            read: intake.records,
            kept: lanes.kept,
            dropped: lanes.dropped,
            late: intake.late,
            quarantined: intake.quarantined,
            dead: lanes.dead,
        }
    }

    /// Whether nothing was lost.
    pub(crate) fn adds_up(&self) -> bool {
        let Account { read, kept, dropped, late, quarantined, dead } = *self;
        read == kept + dropped + late + quarantined + dead
    }
}

/// Writes an object and a line end. JSON escapes most control characters; the rest of those that could steer a terminal
/// are escaped too, which leaves the value the same.
pub(crate) fn write(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_string(value).map_err(io::Error::other)?;
    let mut line = String::with_capacity(text.len() + 1);
    for character in text.chars() {
        if steers(character) {
            // Writing to a string cannot fail.
            let _ = write!(line, "\\u{:04x}", u32::from(character));
        } else {
            line.push(character);
        }
    }
    line.push('\n');
    out.write_all(line.as_bytes())
}

/// Writes what is known of each source at the end, by key, and the account.
pub(crate) fn write_totals(out: &mut dyn Write, totals: &Totals) -> io::Result<()> {
    let mut sources: Vec<_> = totals.forms.iter().collect();
    sources.sort_by_key(|(_, source)| &source.key);
    for (number, form) in sources {
        let info = totals.sources.get(number);
        let line = SourceLine {
            event: "source",
            source: &form.key,
            form: form.form.form.name(),
            form_votes: form.form.votes,
            form_lines: form.form.lines,
            records: form.records,
            templates: info.map_or(0, |info| info.templates.len()),
            templates_evicted: info.map_or(0, |info| info.templates_evicted),
        };
        write(out, &line)?;
    }
    write(
        out,
        &AccountLine { event: "account", account: Account::new(&totals.intake, &totals.lanes) },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_json_and_harmless() {
        let mut out = Vec::new();
        write(&mut out, &"\x1b[2J \u{9b} \u{202e} ä").expect("written");
        let line = String::from_utf8(out).expect("text");
        assert_eq!(line, "\"\\u001b[2J \\u009b \\u202e ä\"\n");
        let back: String = serde_json::from_str(&line).expect("JSON");
        assert_eq!(back, "\x1b[2J \u{9b} \u{202e} ä");
    }
}
