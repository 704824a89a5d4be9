//! `bellwether plugin audit`, which reads the store itself: it must answer when nothing else does.

use std::io::Write;
use std::path::PathBuf;

use bellwether_store::{AuditEntry, AuditOutcome, AuditQuery, AuditRow, PAGE_ROWS_MAX, Reader};

use super::super::load_config;
use super::super::moment;
use super::Failure;
use crate::cli::{Format, stdout};
use crate::output::{json, table::Table};

/// Digits of a digest in a table.
const DIGEST_DIGITS: usize = 12;

/// Options of `plugin audit`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Options {
    /// The configuration
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: PathBuf,
    /// Only what concerns this tenant
    #[arg(long, value_name = "NAME")]
    pub(super) tenant: Option<String>,
    /// Only what concerns this plugin
    #[arg(long, value_name = "NAME")]
    pub(super) plugin: Option<String>,
    /// Most entries that are shown
    #[arg(long, value_name = "N", default_value_t = 50,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(PAGE_ROWS_MAX)))]
    pub(super) limit: u32,
    /// How to write them
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(super) format: Format,
}

/// Runs the command.
pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let mut out = stdout();
    audit(options, &mut out)?;
    Ok(out.flush()?)
}

pub(super) fn audit(options: &Options, out: &mut dyn Write) -> Result<(), Failure> {
    let config = load_config(Some(&options.config))?;
    let reader = Reader::open(&config.store.path)?;
    let query = AuditQuery {
        tenant: options.tenant.clone(),
        plugin: options.plugin.clone(),
        limit: options.limit,
        cursor: None,
    };
    let entries = reader.audits(&query)?.rows;
    match options.format {
        Format::Json => {
            entries.iter().try_for_each(|AuditEntry { row, .. }| json::write(out, row))?
        }
        Format::Table if entries.is_empty() => writeln!(out, "nobody did anything to plugins")?,
        Format::Table => table(&entries).write(out)?,
    }
    Ok(())
}

fn table(entries: &[AuditEntry]) -> Table {
    let mut table = Table::new(&[
        "at", "who", "did", "outcome", "plugin", "version", "tenant", "digest", "detail",
    ]);
    for AuditEntry { row, .. } in entries {
        let AuditRow { tenant, plugin, version, digest, .. } = row.clone();
        let outcome = match row.outcome {
            AuditOutcome::Done => "done",
            AuditOutcome::Refused => "refused",
            AuditOutcome::Failed => "failed",
        };
        table.push(&[
            moment(row.at_ms),
            row.actor.clone(),
            row.action.clone(),
            outcome.into(),
            plugin.unwrap_or_default(),
            version.unwrap_or_default(),
            tenant.unwrap_or_else(|| "all".into()),
            digest.unwrap_or_default().chars().take(DIGEST_DIGITS).collect(),
            row.detail.clone(),
        ]);
    }
    table
}
