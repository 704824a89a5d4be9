//! `bellwether dead-letters`: what plugins could not bear.

use std::io::Write;
use std::path::PathBuf;

use bellwether_store::{DeadLetterQuery, DeadLetterRow, PAGE_ROWS_MAX, Reader};

use super::alerts::tenants;
use super::{Failure, Format, load_config, moment, stdout};
use crate::output::{json, table::Table};

/// Most characters of a record and of a cause in a table.
const LETTERS_MAX: usize = 80;

/// Options of `dead-letters`.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// The configuration file
    #[arg(short, long, value_name = "FILE")]
    config: PathBuf,
    /// Only those of this tenant
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Most dead letters of a tenant that are listed
    #[arg(long, value_name = "N", default_value_t = 50,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(PAGE_ROWS_MAX)))]
    limit: u32,
    /// How to write them; JSON has whole records and backtraces
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let mut out = stdout();
    list(options, &mut out)?;
    Ok(out.flush()?)
}

fn list(options: &Options, out: &mut dyn Write) -> Result<(), Failure> {
    let config = load_config(Some(&options.config))?;
    let reader = Reader::open(&config.store.path)?;
    let (mut letters, mut ever) = (Vec::new(), 0);
    for tenant in tenants(&reader, options.tenant.as_deref())? {
        let counters = reader.counters(&tenant)?;
        let counted = counters.iter().find(|(name, _)| name == "poisoned");
        ever += counted.map_or(0, |(_, count)| *count);
        let query = DeadLetterQuery { tenant, limit: options.limit, cursor: None };
        letters.extend(reader.dead_letters(&query)?.rows);
    }
    match options.format {
        Format::Json => letters.iter().try_for_each(|letter| json::write(out, letter))?,
        Format::Table if letters.is_empty() => writeln!(out, "no dead letters")?,
        Format::Table => {
            table(&letters).write(out)?;
            writeln!(out, "{} listed, of {ever} that there ever were", letters.len())?;
        }
    }
    Ok(())
}

fn table(letters: &[DeadLetterRow]) -> Table {
    let mut table = Table::new(&[
        "tenant", "number", "happened", "plugin", "during", "source", "position", "cause", "record",
    ]);
    for letter in letters {
        let cause = letter.cause.lines().next().unwrap_or_default();
        table.push(&[
            letter.tenant.clone(),
            letter.number.to_string(),
            u64::try_from(letter.at_ms).map(moment).unwrap_or_default(),
            letter.plugin.clone(),
            letter.during.clone(),
            letter.source.clone(),
            letter.position.map(|position| position.to_string()).unwrap_or_default(),
            cause.chars().take(LETTERS_MAX).collect(),
            letter.text.chars().take(LETTERS_MAX).collect(),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use bellwether_store::{Checkpoint, NewDeadLetter, StoreOptions, Writer};

    use super::*;

    fn listed(limit: u32, format: Format) -> String {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("b.yaml");
        std::fs::write(&config, "builtin_patterns: false\nstore: {path: state.db}\n").unwrap();
        let letter = |position: u64| NewDeadLetter {
            source: "file:web".into(),
            plugin: "novelty".into(),
            during: "observe".into(),
            position: Some(position),
            at_ms: 1_700_000_000_000,
            text: "GET /\u{1b}[2J".into(),
            cause: "the plugin trapped: unreachable\n  at novelty::observe".into(),
        };
        let checkpoint = Checkpoint {
            tenant: "default".into(),
            dead_letters: vec![letter(5), letter(9)],
            counters: vec![("poisoned".into(), 7)],
            ..Checkpoint::default()
        };
        let database = folder.path().join("state.db");
        Writer::open(&database, StoreOptions::default()).unwrap().commit(&checkpoint).unwrap();
        let mut out = Vec::new();
        list(&Options { config, tenant: None, limit, format }, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn dead_letters_are_listed_for_people_and_programs() {
        let table = listed(50, Format::Table);
        let row = "default  2       2023-11-14 22:13:20  novelty  observe  file:web  9         the plugin trapped: unreachable  GET /\\u{1b}[2J\n";
        assert!(table.contains(row), "{table}");
        assert!(table.ends_with("2 listed, of 7 that there ever were\n"), "{table}");
        let lines = listed(1, Format::Json);
        let letters: Vec<serde_json::Value> =
            lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((letters.len(), &letters[0]["position"]), (1, &9.into()));
        let cause = "the plugin trapped: unreachable\n  at novelty::observe";
        assert_eq!(letters[0]["cause"], cause, "with its backtrace");
    }
}
