//! A checkpoint into the database: state, templates, panes, counters.

use rusqlite::{OptionalExtension, Transaction, params};

use super::{Writer, alerts, anomalies, dead, transact};
use crate::checkpoint::{Checkpoint, InputRow, PaneRow, SourceRow, TemplateRow};
use crate::error::{Fault, StoreError};
use crate::pack::Packer;
use crate::retention::Grain;
use crate::sparse::{self, Counts};
use crate::word;

/// Bytes of an example that are kept.
const EXAMPLE_BYTES_MAX: usize = 500;

/// Bytes of a template that are kept.
const TEXT_BYTES_MAX: usize = 4_000;

impl Writer {
    /// Writes a checkpoint, whole or not at all.
    pub fn commit(&mut self, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        let Writer { connection, packer, path, .. } = self;
        transact(connection, |transaction| put(transaction, packer, checkpoint))
            .map_err(|fault| fault.at(path))
    }
}

pub(super) fn put(
    transaction: &Transaction<'_>,
    packer: &mut Packer,
    checkpoint: &Checkpoint,
) -> Result<(), Fault> {
    let tenant = checkpoint.tenant.as_str();
    let mut statement = transaction.prepare_cached(
        "INSERT INTO tenant (tenant, watermark_ms, intake) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET watermark_ms = excluded.watermark_ms, intake = excluded.intake",
    )?;
    let intake = packer.pack(&checkpoint.intake, "the state of the intake")?;
    statement.execute(params![tenant, checkpoint.watermark_ms, intake])?;
    put_inputs(transaction, packer, tenant, &checkpoint.inputs)?;
    for source in &checkpoint.forgotten {
        forget_source(transaction, tenant, source)?;
    }
    for source in &checkpoint.sources {
        put_source(transaction, packer, tenant, source)?;
    }
    for template in &checkpoint.templates {
        put_template(transaction, tenant, template)?;
    }
    put_panes(transaction, tenant, &checkpoint.panes)?;
    for anomaly in &checkpoint.anomalies {
        anomalies::put(transaction, tenant, anomaly)?;
    }
    for alert in &checkpoint.alerts {
        alerts::put(transaction, tenant, alert)?;
    }
    dead::put(transaction, tenant, &checkpoint.dead_letters)?;
    let mut statement = transaction.prepare_cached(
        "INSERT INTO counter (tenant, name, value) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET value = excluded.value",
    )?;
    for (name, value) in &checkpoint.counters {
        statement.execute(params![tenant, name, value])?;
    }
    Ok(())
}

fn put_inputs(
    transaction: &Transaction<'_>,
    packer: &mut Packer,
    tenant: &str,
    inputs: &[InputRow],
) -> Result<(), Fault> {
    transaction.prepare_cached("DELETE FROM input WHERE tenant = ?1")?.execute([tenant])?;
    let mut statement = transaction.prepare_cached(
        "INSERT OR REPLACE INTO input (tenant, name, position, state) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for InputRow { name, position, state } in inputs {
        let state = packer.pack(state, &format!("the state of input `{name}`"))?;
        statement.execute(params![tenant, name, position, state])?;
    }
    Ok(())
}

/// What was counted of a source goes on to be read, and ages.
fn forget_source(transaction: &Transaction<'_>, tenant: &str, source: &str) -> Result<(), Fault> {
    for sql in [
        "UPDATE source SET state = x'' WHERE tenant = ?1 AND source = ?2",
        "DELETE FROM plugin_state WHERE tenant = ?1 AND source = ?2",
    ] {
        transaction.prepare_cached(sql)?.execute([tenant, source])?;
    }
    Ok(())
}

/// A source that was forgotten begins anew: ids of its templates do, so that older counts are not its own any more.
fn begin_anew(transaction: &Transaction<'_>, tenant: &str, source: &str) -> Result<(), Fault> {
    let renumbered = transaction
        .prepare_cached(
            "UPDATE source SET id = (SELECT max(id) + 1 FROM source WHERE tenant = ?1)
             WHERE tenant = ?1 AND source = ?2 AND length(state) = 0",
        )?
        .execute([tenant, source])?;
    if renumbered > 0 {
        for table in ["template", "template_use"] {
            let sql = format!("DELETE FROM {table} WHERE tenant = ?1 AND source = ?2");
            transaction.prepare_cached(&sql)?.execute([tenant, source])?;
        }
    }
    Ok(())
}

fn put_source(
    transaction: &Transaction<'_>,
    packer: &mut Packer,
    tenant: &str,
    row: &SourceRow,
) -> Result<(), Fault> {
    let source = row.source.as_str();
    let state = if row.state.is_empty() {
        Vec::new()
    } else {
        begin_anew(transaction, tenant, source)?;
        packer.pack(&row.state, &format!("the state of source `{source}`"))?
    };
    let mut statement = transaction.prepare_cached(
        "INSERT INTO source
             (tenant, source, id, number, form, lines, first_ms, last_ms, templates, state)
         VALUES (?1, ?2, (SELECT coalesce(max(id), 0) + 1 FROM source WHERE tenant = ?1),
             ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (tenant, source) DO UPDATE SET number = excluded.number, form = excluded.form,
             lines = excluded.lines, first_ms = excluded.first_ms, last_ms = excluded.last_ms,
             templates = excluded.templates, state = excluded.state",
    )?;
    let SourceRow { number, form, lines, first_ms, last_ms, templates, .. } = row;
    statement.execute(params![
        tenant, source, number, form, lines, first_ms, last_ms, templates, state
    ])?;
    transaction
        .prepare_cached("DELETE FROM plugin_state WHERE tenant = ?1 AND source = ?2")?
        .execute([tenant, source])?;
    let mut statement = transaction.prepare_cached(
        "INSERT OR REPLACE INTO plugin_state (tenant, source, plugin, digest, version, state)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for one in &row.plugins {
        let what = format!("the state of plugin `{}` for source `{source}`", one.plugin);
        let state = packer.pack(&one.bytes, &what)?;
        statement.execute(params![tenant, source, one.plugin, one.digest, one.version, state])?;
    }
    Ok(())
}

fn put_template(
    transaction: &Transaction<'_>,
    tenant: &str,
    row: &TemplateRow,
) -> Result<(), Fault> {
    if row.lines == 0 {
        return drop_template(transaction, tenant, row);
    }
    let TemplateRow { source, template, message, text, lines, first_ms, last_ms, severity, .. } =
        row;
    let examples = examples(transaction, tenant, row)?;
    let text = word::cut(text, TEXT_BYTES_MAX);
    let mut statement = transaction.prepare_cached(
        "INSERT INTO template
             (tenant, source, template, message, text, severity, first_ms, examples)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT DO UPDATE SET message = excluded.message, text = excluded.text,
             severity = excluded.severity, first_ms = excluded.first_ms, examples = excluded.examples
         WHERE (message, text, severity, first_ms, examples) <>
             (excluded.message, excluded.text, excluded.severity, excluded.first_ms, excluded.examples)",
    )?;
    statement
        .execute(params![tenant, source, template, message, text, severity, first_ms, examples])?;
    let mut statement = transaction.prepare_cached(
        "INSERT INTO template_use (tenant, source, template, lines, last_ms)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET lines = excluded.lines, last_ms = excluded.last_ms",
    )?;
    statement.execute(params![tenant, source, template, lines, last_ms])?;
    Ok(())
}

/// Forgets a template that became part of another.
fn drop_template(
    transaction: &Transaction<'_>,
    tenant: &str,
    row: &TemplateRow,
) -> Result<(), Fault> {
    for table in ["template", "template_use"] {
        let statement =
            format!("DELETE FROM {table} WHERE tenant = ?1 AND source = ?2 AND template = ?3");
        let mut statement = transaction.prepare_cached(&statement)?;
        statement.execute(params![tenant, row.source, row.template])?;
    }
    Ok(())
}

/// The newest examples, those of earlier checkpoints among them, as they are stored.
fn examples(
    transaction: &Transaction<'_>,
    tenant: &str,
    row: &TemplateRow,
) -> Result<String, Fault> {
    let known: Option<String> = transaction
        .prepare_cached(
            "SELECT examples FROM template WHERE tenant = ?1 AND source = ?2 AND template = ?3",
        )?
        .query_row(params![tenant, row.source, row.template], |row| row.get(0))
        .optional()?;
    match known {
        Some(known) if row.examples.is_empty() => Ok(known),
        known => {
            let examples = row.examples.iter().map(|one| word::cut(one, EXAMPLE_BYTES_MAX).into());
            let mut row = TemplateRow { examples: examples.collect(), ..TemplateRow::default() };
            row.keep_examples(known.map_or(Ok(Vec::new()), |known| word::parse_list(&known))?);
            Ok(word::list(&row.examples))
        }
    }
}

fn put_panes(transaction: &Transaction<'_>, tenant: &str, panes: &[PaneRow]) -> Result<(), Fault> {
    // In the order of the table, so that neighbouring rows are written together.
    let mut rows = Vec::with_capacity(panes.len());
    for pane in panes {
        rows.push((pane.start_ms, source_id(transaction, tenant, &pane.source)?, pane));
    }
    rows.sort_unstable_by_key(|(start_ms, source_id, _)| (*start_ms, *source_id));
    let mut statement = transaction.prepare_cached(
        "INSERT OR REPLACE INTO counts (tenant, grain, start_ms, source_id, lines, counts)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (start_ms, source_id, pane) in rows {
        let mut counts = Counts::new();
        for (template, count) in &pane.counts {
            *counts.entry(*template).or_default() += u64::from(*count);
        }
        let (grain, counts) = (Grain::Pane.code(), sparse::encode(&counts));
        statement.execute(params![tenant, grain, start_ms, source_id, pane.lines, counts])?;
    }
    Ok(())
}

fn source_id(transaction: &Transaction<'_>, tenant: &str, source: &str) -> Result<i64, Fault> {
    let mut statement =
        transaction.prepare_cached("SELECT id FROM source WHERE tenant = ?1 AND source = ?2")?;
    let mut rows = statement.query([tenant, source])?;
    match rows.next()? {
        Some(row) => Ok(row.get(0)?),
        None => Err(StoreError::UnknownSource { source_key: source.to_owned() }.into()),
    }
}
