//! Everything the store knows of a tenant, as lines of JSON that can be compared byte by byte.
//!
//! Two databases with the same content give the same bytes, however it came in: in one checkpoint or in many, with
//! housekeeping or without. So there are no numbers of rows, no moments of the wall clock and nothing of how far alerts
//! have come; states of sources are named by a hash, how files are found again
//! is not in it; counts are given in the grain that is due at the watermark, and what is due to
//! be deleted for its age is left out.

mod counts;

use std::io::{self, Write};

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use serde_json::json;
use xxhash_rust::xxh3::xxh3_128;

use crate::anomaly::AnomalyRow;
use crate::error::{Fault, StoreError};
use crate::pack::Unpacker;
use crate::reader::Reader;
use crate::retention::{Horizon, Retention};
use crate::row;

/// Writes a tenant as lines of JSON: the tenant, inputs, sources, templates, counts, anomalies, dead letters, alerts,
/// silences, what is normal; nothing for an unknown tenant. `retention` should be that of the writer.
///
/// What is gone for another reason than its age in event time is missing: counts and anomalies that the size of the file
/// has crowded out, dead letters beyond as many as are kept, and alerts that were settled long ago.
pub fn export(
    reader: &Reader,
    tenant: &str,
    retention: &Retention,
    output: &mut dyn Write,
) -> Result<(), StoreError> {
    reader.read(|connection| {
        let watermark: Option<u64> = connection
            .query_row("SELECT watermark_ms FROM tenant WHERE tenant = ?1", [tenant], |row| {
                row.get(0)
            })
            .optional()?;
        let Some(watermark_ms) = watermark else { return Ok(()) };
        let horizon = Horizon::of(watermark_ms, retention);
        let mut lines = Lines { connection, tenant, horizon, output, unpacker: Unpacker::new() };
        lines.states()?;
        lines.sources()?;
        lines.templates()?;
        lines.counts()?;
        lines.anomalies()?;
        lines.dead_letters()?;
        lines.alerts()?;
        lines.people()
    })
}

struct Lines<'a> {
    connection: &'a Connection,
    tenant: &'a str,
    horizon: Horizon,
    output: &'a mut dyn Write,
    unpacker: Unpacker,
}

impl Lines<'_> {
    fn line(&mut self, kind: &str, value: &impl Serialize) -> Result<(), Fault> {
        let mut write = || -> io::Result<()> {
            write!(self.output, "{{\"{kind}\":")?;
            serde_json::to_writer(&mut self.output, value)?;
            self.output.write_all(b"}\n")
        };
        write().map_err(|error| StoreError::Output(error).into())
    }

    fn hash(&mut self, packed: &[u8]) -> Result<String, Fault> {
        let is_forgotten = packed.is_empty();
        let bytes = if is_forgotten { Vec::new() } else { self.unpacker.unpack(packed)? };
        Ok(format!("{:032x}", xxh3_128(&bytes)))
    }

    fn states(&mut self) -> Result<(), Fault> {
        let sql = "SELECT watermark_ms FROM tenant WHERE tenant = ?1";
        let watermark_ms: u64 = self.connection.query_row(sql, [self.tenant], |row| row.get(0))?;
        self.line("tenant", &json!({ "tenant": self.tenant, "watermark_ms": watermark_ms }))?;
        let sql = "SELECT name, position FROM input WHERE tenant = ?1 ORDER BY name";
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query([self.tenant])?;
        while let Some(row) = rows.next()? {
            let (name, position): (String, u64) = (row.get(0)?, row.get(1)?);
            let value = json!({ "name": name, "position": position });
            self.line("input", &value)?;
        }
        Ok(())
    }

    fn sources(&mut self) -> Result<(), Fault> {
        let mut statement = self.connection.prepare(
            "SELECT source, form, lines, first_ms, last_ms, templates, state FROM source
             WHERE tenant = ?1 AND last_ms >= ?2 ORDER BY source",
        )?;
        let mut plugins = self.connection.prepare(
            "SELECT plugin, digest, version, state FROM plugin_state
             WHERE tenant = ?1 AND source = ?2 ORDER BY plugin",
        )?;
        let mut rows = statement.query(params![self.tenant, self.horizon.sources_ms])?;
        while let Some(row) = rows.next()? {
            let source: String = row.get(0)?;
            let mut states = Vec::new();
            let mut saved = plugins.query([self.tenant, &source])?;
            while let Some(row) = saved.next()? {
                states.push(json!({
                    "plugin": row.get::<_, String>(0)?, "digest": row.get::<_, String>(1)?,
                    "version": row.get::<_, u32>(2)?,
                    "state": self.hash(&row.get::<_, Vec<u8>>(3)?)?,
                }));
            }
            let value = json!({
                "source": source, "form": row.get::<_, String>(1)?,
                "lines": row.get::<_, u64>(2)?, "first_ms": row.get::<_, i64>(3)?,
                "last_ms": row.get::<_, i64>(4)?, "templates": row.get::<_, u32>(5)?,
                "state": self.hash(&row.get::<_, Vec<u8>>(6)?)?, "plugins": states,
            });
            self.line("source", &value)?;
        }
        Ok(())
    }

    fn templates(&mut self) -> Result<(), Fault> {
        let mut statement = self.connection.prepare(
            "SELECT source, template, message, text, lines, template.first_ms AS first_ms,
                 template_use.last_ms AS last_ms, severity, examples
             FROM template JOIN template_use USING (tenant, source, template)
             WHERE tenant = ?1 AND template_use.last_ms >= ?2
                 AND NOT EXISTS (SELECT 1 FROM source WHERE source.tenant = template.tenant
                     AND source.source = template.source AND source.last_ms < ?3)
             ORDER BY source, template",
        )?;
        let Horizon { templates_ms, sources_ms, .. } = self.horizon;
        let mut rows = statement.query(params![self.tenant, templates_ms, sources_ms])?;
        while let Some(row) = rows.next()? {
            self.line("template", &row::template(row)?)?;
        }
        Ok(())
    }

    fn anomalies(&mut self) -> Result<(), Fault> {
        let mut statement = self.connection.prepare(&format!(
            "SELECT {}, evidence, examples FROM anomaly
             WHERE tenant = ?1 AND (updated_ms >= ?2 OR (state = 'open' AND normal_by IS NULL))
             ORDER BY opened_ms, id",
            row::ANOMALY_COLUMNS
        ))?;
        let mut rows = statement.query(params![self.tenant, self.horizon.anomalies_ms])?;
        while let Some(row) = rows.next()? {
            let line = anomaly_line(self.connection, self.tenant, row)?;
            self.line("anomaly", &line)?;
        }
        Ok(())
    }

    fn dead_letters(&mut self) -> Result<(), Fault> {
        let mut statement = self.connection.prepare(&format!(
            "SELECT {} FROM dead_letter WHERE tenant = ?1 AND at_ms >= ?2
             ORDER BY at_ms, source, position, plugin, during, number",
            row::DEAD_LETTER_COLUMNS
        ))?;
        let mut rows = statement.query(params![self.tenant, self.horizon.dead_letters_ms])?;
        while let Some(row) = rows.next()? {
            let one = row::dead_letter(row)?;
            let value = json!({
                "source": one.source, "plugin": one.plugin, "during": one.during,
                "position": one.position, "at_ms": one.at_ms, "text": one.text, "cause": one.cause,
            });
            self.line("dead_letter", &value)?;
        }
        Ok(())
    }

    fn alerts(&mut self) -> Result<(), Fault> {
        let mut statement = self.connection.prepare(&format!(
            "SELECT {} FROM alert WHERE tenant = ?1 ORDER BY key, sink",
            row::ALERT_COLUMNS
        ))?;
        let mut rows = statement.query([self.tenant])?;
        while let Some(row) = rows.next()? {
            let one = row::alert(row)?;
            let value = json!({
                "key": one.key, "sink": one.sink, "anomaly": one.anomaly, "source": one.source,
                "cause": one.cause, "kind": one.kind, "severity": one.severity, "at_ms": one.at_ms,
                "body": one.body,
            });
            self.line("alert", &value)?;
        }
        Ok(())
    }

    fn people(&mut self) -> Result<(), Fault> {
        for one in row::silences(self.connection, self.tenant)? {
            if one.ended_by.is_none() {
                let value = json!({
                    "source": one.source, "template_id": one.template_id, "by": one.by,
                    "reason": one.reason,
                });
                self.line("silence", &value)?;
            }
        }
        for one in row::normals(self.connection, self.tenant)? {
            let value = json!({
                "source": one.source, "template_id": one.template_id, "by": one.by,
                "hits": one.hits,
            });
            self.line("normal", &value)?;
        }
        Ok(())
    }
}

/// What the pipeline says of an anomaly, and what people say.
#[derive(Serialize)]
struct AnomalyLine {
    anomaly: AnomalyRow,
    findings_total: u64,
    acknowledged_by: Option<String>,
    normal_by: Option<String>,
    /// By whom, and the words.
    notes: Vec<(String, String)>,
}

fn anomaly_line(
    connection: &Connection,
    tenant: &str,
    row: &Row<'_>,
) -> Result<AnomalyLine, Fault> {
    let one = row::anomaly(row)?;
    let notes = row::notes(connection, tenant, &one.id)?;
    let findings = row::findings(connection, tenant, &one.id)?;
    Ok(AnomalyLine {
        findings_total: one.findings_total,
        acknowledged_by: one.acknowledged.map(|said| said.by),
        normal_by: one.normal.map(|said| said.by),
        notes: notes.into_iter().map(|note| (note.by, note.text)).collect(),
        anomaly: AnomalyRow {
            id: one.id,
            source: one.source,
            state: one.state,
            severity: one.severity,
            opened_ms: one.opened_ms,
            updated_ms: one.updated_ms,
            resolved_ms: one.resolved_ms,
            bits: one.bits,
            template: one.template,
            template_id: one.template_id,
            sentence: one.sentence,
            detectors: one.detectors,
            pattern: one.pattern,
            before_per_minute: one.before_per_minute,
            now_per_minute: one.now_per_minute,
            evidence: row::list(row, "evidence")?,
            examples: row::list(row, "examples")?,
            findings,
        },
    })
}
