//! Deleting what is too old, or too much. Every function deletes some rows, and says how many.

use rusqlite::{OptionalExtension, Params, Transaction, params};

use crate::error::Fault;
use crate::retention::{Grain, Horizon, Retention};

const DAY_MS: u64 = 86_400_000;

/// Deletes the oldest counts of one grain that start before a moment.
pub(super) fn counts(
    transaction: &Transaction<'_>,
    tenant: &str,
    grain: Grain,
    before_ms: u64,
    rows_max: u64,
) -> Result<u64, Fault> {
    execute(
        transaction,
        "DELETE FROM counts WHERE (tenant, grain, start_ms, source_id) IN (
             SELECT tenant, grain, start_ms, source_id FROM counts
             WHERE tenant = ?1 AND grain = ?2 AND start_ms < ?3
             ORDER BY start_ms, source_id LIMIT ?4)",
        params![tenant, grain.code(), before_ms, rows_max],
    )
}

/// Deletes anomalies that are over and whose last window ended before a moment, with all that was said about them.
pub(super) fn anomalies(
    transaction: &Transaction<'_>,
    tenant: &str,
    before_ms: u64,
    rows_max: u64,
) -> Result<u64, Fault> {
    let mut statement = transaction.prepare_cached(
        "SELECT id FROM anomaly WHERE tenant = ?1 AND opened_ms < ?2 AND updated_ms < ?2
             AND (state = 'resolved' OR normal_by IS NOT NULL)
         ORDER BY opened_ms, id LIMIT ?3",
    )?;
    let ids = statement.query_map(params![tenant, before_ms, rows_max], |row| row.get(0))?;
    let ids: Vec<String> = ids.collect::<Result<_, _>>()?;
    for id in &ids {
        let key = [tenant, id];
        execute(transaction, "DELETE FROM finding WHERE tenant = ?1 AND anomaly = ?2", key)?;
        execute(transaction, "DELETE FROM note WHERE tenant = ?1 AND anomaly = ?2", key)?;
        execute(transaction, "DELETE FROM anomaly WHERE tenant = ?1 AND id = ?2", key)?;
    }
    Ok(ids.len() as u64)
}

/// Deletes templates that were not seen since a moment.
pub(super) fn templates(
    transaction: &Transaction<'_>,
    tenant: &str,
    horizon: &Horizon,
    rows_max: u64,
) -> Result<u64, Fault> {
    let mut statement = transaction.prepare_cached(
        "SELECT source, template FROM template_use WHERE tenant = ?1 AND last_ms < ?2 LIMIT ?3",
    )?;
    let old = statement.query_map(params![tenant, horizon.templates_ms, rows_max], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    let old: Vec<(String, u32)> = old.collect::<Result<_, _>>()?;
    for (source, template) in &old {
        for table in ["template", "template_use"] {
            let sql =
                format!("DELETE FROM {table} WHERE tenant = ?1 AND source = ?2 AND template = ?3");
            execute(transaction, &sql, params![tenant, source, template])?;
        }
    }
    Ok(old.len() as u64)
}

/// Deletes sources that were not seen since a moment, with their state and their templates, whose ids begin anew should
/// the source come back.
pub(super) fn sources(
    transaction: &Transaction<'_>,
    tenant: &str,
    horizon: &Horizon,
    rows_max: u64,
) -> Result<u64, Fault> {
    let mut statement = transaction
        .prepare_cached("SELECT source FROM source WHERE tenant = ?1 AND last_ms < ?2 LIMIT ?3")?;
    let old =
        statement.query_map(params![tenant, horizon.sources_ms, rows_max], |row| row.get(0))?;
    let old: Vec<String> = old.collect::<Result<_, _>>()?;
    for source in &old {
        for table in ["source", "plugin_state", "template", "template_use"] {
            let sql = format!("DELETE FROM {table} WHERE tenant = ?1 AND source = ?2");
            execute(transaction, &sql, [tenant, source])?;
        }
    }
    Ok(old.len() as u64)
}

/// Deletes alerts that were settled long ago. Those of an open anomaly stay, for they say who must hear of its end; so
/// does the last one, lest its number be given again.
pub(super) fn alerts(
    transaction: &Transaction<'_>,
    retention: &Retention,
    now_ms: u64,
    rows_max: u64,
) -> Result<u64, Fault> {
    let before = |days: u32| now_ms.saturating_sub(u64::from(days) * DAY_MS);
    let (sent_ms, quiet_ms) = (before(retention.alerts_days), before(retention.quiet_days));
    execute(
        transaction,
        "DELETE FROM alert WHERE number IN (
             SELECT number FROM alert
             WHERE settled_ms < max(?1, ?2)
                 AND settled_ms < CASE state WHEN 'sent' THEN ?1 ELSE ?2 END
                 AND number < (SELECT max(number) FROM alert)
                 AND NOT EXISTS (SELECT 1 FROM anomaly WHERE anomaly.tenant = alert.tenant
                     AND anomaly.id = alert.anomaly AND anomaly.state = 'open')
             LIMIT ?3)",
        params![sent_ms, quiet_ms, rows_max],
    )
}

/// Deletes silences that ended long ago, but for the last one of each tenant, lest its number be given again.
pub(super) fn silences(
    transaction: &Transaction<'_>,
    retention: &Retention,
    now_ms: u64,
) -> Result<u64, Fault> {
    let before_ms = now_ms.saturating_sub(u64::from(retention.quiet_days) * DAY_MS);
    execute(
        transaction,
        "DELETE FROM silence WHERE until_ms < ?1 AND id < (
             SELECT max(id) FROM silence AS other WHERE other.tenant = silence.tenant)",
        params![before_ms],
    )
}

/// Deletes entries of the audit log that are too old, but for the last one, lest its number be given again.
pub(super) fn audits(
    transaction: &Transaction<'_>,
    retention: &Retention,
    now_ms: u64,
    rows_max: u64,
) -> Result<u64, Fault> {
    let before_ms = now_ms.saturating_sub(u64::from(retention.audit_days) * DAY_MS);
    execute(
        transaction,
        "DELETE FROM plugin_audit WHERE id IN (
             SELECT id FROM plugin_audit
             WHERE at_ms < ?1 AND id < (SELECT max(id) FROM plugin_audit) LIMIT ?2)",
        params![before_ms, rows_max],
    )
}

/// Deletes dead letters of before a moment, but for the last one, lest its number be given again.
pub(super) fn dead_letters(
    transaction: &Transaction<'_>,
    tenant: &str,
    before_ms: u64,
) -> Result<u64, Fault> {
    execute(
        transaction,
        "DELETE FROM dead_letter WHERE tenant = ?1 AND at_ms < ?2
             AND number < (SELECT max(number) FROM dead_letter WHERE tenant = ?1)",
        params![tenant, before_ms],
    )
}

/// When the oldest counts of a tenant and grain start.
pub(super) fn oldest_counts(
    transaction: &Transaction<'_>,
    tenant: &str,
    grain: Grain,
) -> Result<Option<u64>, Fault> {
    let oldest = transaction
        .prepare_cached("SELECT min(start_ms) FROM counts WHERE tenant = ?1 AND grain = ?2")?
        .query_row(params![tenant, grain.code()], |row| row.get(0))
        .optional()?;
    Ok(oldest.flatten())
}

fn execute(transaction: &Transaction<'_>, sql: &str, values: impl Params) -> Result<u64, Fault> {
    Ok(transaction.prepare_cached(sql)?.execute(values)? as u64)
}
