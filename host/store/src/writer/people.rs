//! What people say: written at once, in columns and tables that no checkpoint touches.

use rusqlite::{OptionalExtension, Transaction, params};

use super::Writer;
use crate::anomaly::NOTES_MAX;
use crate::error::{Fault, StoreError};
use crate::silence::{NORMALS_MAX, NewSilence, SILENCES_MAX};
use crate::word;

/// Bytes that are kept of a note, a reason.
const TEXT_BYTES_MAX: usize = 4_000;

impl Writer {
    /// Notes who looks after an anomaly, the last one to say so; `false` if there is no such anomaly.
    pub fn acknowledge(
        &mut self,
        tenant: &str,
        id: &str,
        by: &str,
        at_ms: u64,
    ) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let mut statement = transaction.prepare_cached(
                "UPDATE anomaly SET acknowledged_by = ?3, acknowledged_ms = ?4
                 WHERE tenant = ?1 AND id = ?2",
            )?;
            Ok(statement.execute(params![tenant, id, by, at_ms])? > 0)
        })
    }

    /// Adds a note to an anomaly; `false` if there is no such anomaly.
    pub fn note(
        &mut self,
        tenant: &str,
        id: &str,
        text: &str,
        by: &str,
        at_ms: u64,
    ) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT (SELECT count(*) FROM note WHERE tenant = ?1 AND anomaly = ?2)
                 FROM anomaly WHERE tenant = ?1 AND id = ?2",
            )?;
            let notes = statement.query_row([tenant, id], |row| row.get::<_, u64>(0)).optional()?;
            let Some(ordinal) = notes else { return Ok(false) };
            limit("notes", ordinal, NOTES_MAX)?;
            let text = word::cut(text, TEXT_BYTES_MAX);
            transaction
                .prepare_cached(
                    "INSERT INTO note (tenant, anomaly, ordinal, text, by, at_ms)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute(params![tenant, id, ordinal, text, by, at_ms])?;
            Ok(true)
        })
    }

    /// Begins a silence and says its number.
    pub fn silence(&mut self, silence: &NewSilence) -> Result<u64, StoreError> {
        let NewSilence { tenant, source, template_id, until_ms, by, reason, at_ms } = silence;
        self.write(|transaction| {
            let active = count(
                transaction,
                "SELECT count(*) FROM silence WHERE tenant = ?1 AND until_ms > ?2",
                params![tenant, at_ms],
            )?;
            limit("silences", active, SILENCES_MAX)?;
            let mut statement = transaction.prepare_cached(
                "INSERT INTO silence (tenant, id, source, template_id, until_ms, by, reason, at_ms)
                 VALUES (?1, (SELECT coalesce(max(id), 0) + 1 FROM silence WHERE tenant = ?1),
                     ?2, ?3, ?4, ?5, ?6, ?7)
                 RETURNING id",
            )?;
            let reason = word::cut(reason, TEXT_BYTES_MAX);
            let row = params![tenant, source, template_id, until_ms, by, reason, at_ms];
            Ok(statement.query_row(row, |row| row.get(0))?)
        })
    }

    /// Ends a silence before its time; `false` if there is none that goes on.
    pub fn unsilence(
        &mut self,
        tenant: &str,
        id: u64,
        by: &str,
        at_ms: u64,
    ) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let mut statement = transaction.prepare_cached(
                "UPDATE silence SET until_ms = ?4, ended_by = ?3
                 WHERE tenant = ?1 AND id = ?2 AND until_ms > ?4",
            )?;
            Ok(statement.execute(params![tenant, id, by, at_ms])? > 0)
        })
    }

    /// Takes note that a message of a source is normal: closes its open anomalies, whose ids are returned, and later ones as
    /// they open. Alerts about it are suppressed when they are due, but a sink that was told of an anomaly still hears that
    /// it is over.
    pub fn normal(
        &mut self,
        tenant: &str,
        source: &str,
        template_id: &str,
        by: &str,
        at_ms: u64,
    ) -> Result<Vec<String>, StoreError> {
        self.write(|transaction| {
            let normals = count(
                transaction,
                "SELECT count(*) FROM normal WHERE tenant = ?1",
                params![tenant],
            )?;
            limit("messages that are normal", normals, NORMALS_MAX)?;
            let mut statement = transaction.prepare_cached(
                "INSERT INTO normal (tenant, source, template_id, by, at_ms, hits)
                 VALUES (?1, ?2, ?3, ?4, ?5, 0) ON CONFLICT DO NOTHING",
            )?;
            statement.execute(params![tenant, source, template_id, by, at_ms])?;
            close_open(transaction, tenant, source, template_id, by, at_ms)
        })
    }

    /// Takes back that a message of a source is normal; `false` if nobody has said so. What was closed stays closed.
    pub fn unnormal(
        &mut self,
        tenant: &str,
        source: &str,
        template_id: &str,
    ) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let mut statement = transaction.prepare_cached(
                "DELETE FROM normal WHERE tenant = ?1 AND source = ?2 AND template_id = ?3",
            )?;
            Ok(statement.execute([tenant, source, template_id])? > 0)
        })
    }
}

fn close_open(
    transaction: &Transaction<'_>,
    tenant: &str,
    source: &str,
    template_id: &str,
    by: &str,
    at_ms: u64,
) -> Result<Vec<String>, Fault> {
    let mut statement = transaction.prepare_cached(
        "UPDATE anomaly SET normal_by = ?4, normal_ms = ?5
         WHERE tenant = ?1 AND source = ?2 AND template_id = ?3 AND state = 'open'
             AND normal_by IS NULL
         RETURNING id",
    )?;
    let mut rows = statement.query(params![tenant, source, template_id, by, at_ms])?;
    let mut closed = Vec::new();
    while let Some(row) = rows.next()? {
        closed.push(row.get(0)?);
    }
    closed.sort_unstable();
    Ok(closed)
}

fn count(
    transaction: &Transaction<'_>,
    sql: &str,
    values: &[&dyn rusqlite::ToSql],
) -> Result<u64, Fault> {
    Ok(transaction.prepare_cached(sql)?.query_row(values, |row| row.get(0))?)
}

/// Refuses one more where there are enough.
pub(super) fn limit(what: &'static str, count: u64, count_max: u64) -> Result<(), Fault> {
    if count < count_max { Ok(()) } else { Err(StoreError::TooMany { what, count_max }.into()) }
}
