//! Rows of the database as values; what the writer and readers have in common.

use rusqlite::{Connection, Row};

use crate::alert::{AlertKind, AlertRow, AlertState, SinkDepth};
use crate::anomaly::{AnomalyState, AnomalySummary, FindingRow, Note, Said, Severity};
use crate::checkpoint::TemplateRow;
use crate::dead::DeadLetterRow;
use crate::error::Fault;
use crate::silence::{Normal, Silence};
use crate::word;

/// What [`alert`] reads.
pub(crate) const ALERT_COLUMNS: &str = "number, tenant, key, sink, anomaly, source, cause, kind,
    severity, at_ms, body, state, attempts, next_ms, settled_ms, reason";

/// What [`dead_letter`] reads.
pub(crate) const DEAD_LETTER_COLUMNS: &str =
    "number, tenant, source, plugin, during, position, at_ms, text, cause";

/// What [`anomaly`] reads.
pub(crate) const ANOMALY_COLUMNS: &str = "id, source,
    CASE WHEN normal_by IS NULL THEN state ELSE 'resolved' END AS state_now, severity, opened_ms,
    updated_ms, resolved_ms, bits, template, template_id, sentence, detectors, pattern,
    before_per_minute, now_per_minute, findings, acknowledged_by, acknowledged_ms, normal_by,
    normal_ms";

pub(crate) fn alert(row: &Row<'_>) -> Result<AlertRow, Fault> {
    Ok(AlertRow {
        number: row.get("number")?,
        tenant: row.get("tenant")?,
        key: row.get("key")?,
        sink: row.get("sink")?,
        anomaly: row.get("anomaly")?,
        source: row.get("source")?,
        cause: row.get("cause")?,
        kind: enumerated(row, "kind", AlertKind::WORDS)?,
        severity: enumerated(row, "severity", Severity::WORDS)?,
        at_ms: row.get("at_ms")?,
        body: row.get("body")?,
        state: enumerated(row, "state", AlertState::WORDS)?,
        attempts: row.get("attempts")?,
        next_ms: row.get("next_ms")?,
        settled_ms: row.get("settled_ms")?,
        reason: row.get("reason")?,
    })
}

pub(crate) fn dead_letter(row: &Row<'_>) -> rusqlite::Result<DeadLetterRow> {
    Ok(DeadLetterRow {
        number: row.get("number")?,
        tenant: row.get("tenant")?,
        source: row.get("source")?,
        plugin: row.get("plugin")?,
        during: row.get("during")?,
        position: row.get("position")?,
        at_ms: row.get("at_ms")?,
        text: row.get("text")?,
        cause: row.get("cause")?,
    })
}

pub(crate) fn anomaly(row: &Row<'_>) -> Result<AnomalySummary, Fault> {
    Ok(AnomalySummary {
        id: row.get("id")?,
        source: row.get("source")?,
        state: enumerated(row, "state_now", AnomalyState::WORDS)?,
        severity: enumerated(row, "severity", Severity::WORDS)?,
        opened_ms: row.get("opened_ms")?,
        updated_ms: row.get("updated_ms")?,
        resolved_ms: row.get("resolved_ms")?,
        bits: row.get("bits")?,
        template: row.get("template")?,
        template_id: row.get("template_id")?,
        sentence: row.get("sentence")?,
        detectors: list(row, "detectors")?,
        pattern: row.get("pattern")?,
        before_per_minute: row.get("before_per_minute")?,
        now_per_minute: row.get("now_per_minute")?,
        findings_total: row.get("findings")?,
        acknowledged: said(row, "acknowledged_by", "acknowledged_ms")?,
        normal: said(row, "normal_by", "normal_ms")?,
    })
}

/// A template joined with its use.
pub(crate) fn template(row: &Row<'_>) -> Result<TemplateRow, Fault> {
    Ok(TemplateRow {
        source: row.get("source")?,
        template: row.get("template")?,
        message: row.get("message")?,
        text: row.get("text")?,
        lines: row.get("lines")?,
        first_ms: row.get("first_ms")?,
        last_ms: row.get("last_ms")?,
        severity: row.get("severity")?,
        examples: list(row, "examples")?,
    })
}

/// A list that is stored as JSON.
pub(crate) fn list<T: serde::de::DeserializeOwned>(
    row: &Row<'_>,
    column: &str,
) -> Result<Vec<T>, Fault> {
    word::parse_list(
        row.get_ref(column)?
            .as_str()
            .map_err(|_| Fault::Unreadable(format!("column `{column}` is not a text")))?,
    )
}

fn said(row: &Row<'_>, by: &str, at_ms: &str) -> Result<Option<Said>, Fault> {
    let by: Option<String> = row.get(by)?;
    by.map(|by| Ok(Said { by, at_ms: row.get(at_ms)? })).transpose()
}

pub(crate) fn enumerated<T: Copy>(
    row: &Row<'_>,
    column: &str,
    words: word::Words<T>,
) -> Result<T, Fault> {
    let unreadable = |_| Fault::Unreadable(format!("column `{column}` has an unknown word"));
    word::parse(words, row.get_ref(column)?).map_err(unreadable)
}

pub(crate) fn findings(
    connection: &Connection,
    tenant: &str,
    anomaly: &str,
) -> Result<Vec<FindingRow>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT end_ms, detector, bits, reason, template, position, summary
         FROM finding WHERE tenant = ?1 AND anomaly = ?2 ORDER BY ordinal",
    )?;
    let found = statement.query_map([tenant, anomaly], |row| {
        Ok(FindingRow {
            end_ms: row.get(0)?,
            detector: row.get(1)?,
            bits: row.get(2)?,
            reason: row.get(3)?,
            template: row.get(4)?,
            position: row.get(5)?,
            summary: row.get(6)?,
        })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

pub(crate) fn notes(
    connection: &Connection,
    tenant: &str,
    anomaly: &str,
) -> Result<Vec<Note>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT text, by, at_ms FROM note WHERE tenant = ?1 AND anomaly = ?2 ORDER BY ordinal",
    )?;
    let notes = statement.query_map([tenant, anomaly], |row| {
        Ok(Note { text: row.get(0)?, by: row.get(1)?, at_ms: row.get(2)? })
    })?;
    Ok(notes.collect::<Result<_, _>>()?)
}

pub(crate) fn silences(connection: &Connection, tenant: &str) -> Result<Vec<Silence>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT id, source, template_id, until_ms, by, reason, at_ms, ended_by
         FROM silence WHERE tenant = ?1 ORDER BY id",
    )?;
    let silences = statement.query_map([tenant], |row| {
        Ok(Silence {
            id: row.get(0)?,
            source: row.get(1)?,
            template_id: row.get(2)?,
            until_ms: row.get(3)?,
            by: row.get(4)?,
            reason: row.get(5)?,
            at_ms: row.get(6)?,
            ended_by: row.get(7)?,
        })
    })?;
    Ok(silences.collect::<Result<_, _>>()?)
}

pub(crate) fn normals(connection: &Connection, tenant: &str) -> Result<Vec<Normal>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT source, template_id, by, at_ms, hits, hit_ms
         FROM normal WHERE tenant = ?1 ORDER BY source, template_id",
    )?;
    let normals = statement.query_map([tenant], |row| {
        Ok(Normal {
            source: row.get(0)?,
            template_id: row.get(1)?,
            by: row.get(2)?,
            at_ms: row.get(3)?,
            hits: row.get(4)?,
            hit_ms: row.get(5)?,
        })
    })?;
    Ok(normals.collect::<Result<_, _>>()?)
}

pub(crate) fn counters(connection: &Connection, tenant: &str) -> Result<Vec<(String, u64)>, Fault> {
    let mut statement = connection
        .prepare_cached("SELECT name, value FROM counter WHERE tenant = ?1 ORDER BY name")?;
    let counters = statement.query_map([tenant], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(counters.collect::<Result<_, _>>()?)
}

pub(crate) fn outbox_depth(connection: &Connection) -> Result<Vec<SinkDepth>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT tenant, sink, sum(state = 'pending'), sum(state = 'dead') FROM alert
         WHERE state IN ('pending', 'dead') GROUP BY tenant, sink ORDER BY tenant, sink",
    )?;
    let depths = statement.query_map([], |row| {
        Ok(SinkDepth {
            tenant: row.get(0)?,
            sink: row.get(1)?,
            pending: row.get(2)?,
            dead: row.get(3)?,
        })
    })?;
    Ok(depths.collect::<Result<_, _>>()?)
}
