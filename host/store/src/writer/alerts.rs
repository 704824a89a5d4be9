//! The outbox: alerts come with a checkpoint, and leave it one sink at a time.

use rusqlite::{Transaction, params};

use super::Writer;
use super::due::UNTOLD;
use crate::alert::{AlertKind, NewAlert, SinkDepth};
use crate::anomaly::Severity;
use crate::error::{Fault, StoreError};
use crate::row;
use crate::word;

/// Bytes that are kept of why an attempt failed.
const REASON_BYTES_MAX: usize = 1_000;

/// Writes an alert for each of its sinks, unless it is there already.
pub(super) fn put(
    transaction: &Transaction<'_>,
    tenant: &str,
    alert: &NewAlert,
) -> Result<(), Fault> {
    let mut insert = transaction.prepare_cached(
        "INSERT INTO alert (tenant, key, sink, number, anomaly, source, cause, kind, severity,
             at_ms, body, state, attempts, next_ms)
         VALUES (?1, ?2, ?3, (SELECT coalesce(max(number), 0) + 1 FROM alert),
             ?4, ?5, ?6, ?7, ?8, ?9, ?10, 'pending', 0, 0)
         ON CONFLICT (tenant, key, sink) DO NOTHING",
    )?;
    for sink in &alert.sinks {
        insert.execute(params![
            tenant,
            alert.key,
            sink,
            alert.anomaly,
            alert.source,
            alert.cause,
            word::of(AlertKind::WORDS, alert.kind),
            word::of(Severity::WORDS, alert.severity),
            alert.at_ms,
            alert.body,
        ])?;
    }
    Ok(())
}

impl Writer {
    /// Notes that a sink has taken these alerts.
    pub fn delivered(&mut self, numbers: &[u64], now_ms: u64) -> Result<(), StoreError> {
        self.write(|transaction| {
            let mut statement = transaction.prepare_cached(
                "UPDATE alert SET state = 'sent', settled_ms = ?2, reason = NULL WHERE number = ?1",
            )?;
            for number in numbers {
                statement.execute([*number, now_ms])?;
            }
            Ok(())
        })
    }

    /// Notes that an attempt has failed, and when to try again.
    pub fn failed(&mut self, number: u64, error: &str, next_ms: u64) -> Result<(), StoreError> {
        let error = word::cut(error, REASON_BYTES_MAX);
        self.write(|transaction| {
            let mut statement = transaction.prepare_cached(
                "UPDATE alert SET attempts = attempts + 1, next_ms = ?2, reason = ?3
                 WHERE number = ?1 AND state = 'pending'",
            )?;
            statement.execute(params![number, next_ms, error])?;
            Ok(())
        })
    }

    /// Notes that nobody tries any more.
    pub fn dead(&mut self, number: u64, error: &str, now_ms: u64) -> Result<(), StoreError> {
        let error = word::cut(error, REASON_BYTES_MAX);
        self.write(|transaction| {
            let mut statement = transaction.prepare_cached(
                "UPDATE alert SET state = 'dead', attempts = attempts + 1, settled_ms = ?2, reason = ?3
                 WHERE number = ?1 AND state = 'pending'",
            )?;
            statement.execute(params![number, now_ms, error])?;
            Ok(())
        })
    }

    /// Lets dead alerts of a tenant be tried again, those of one sink or all; says how many. Whoever then hears that
    /// something began must also hear that it is over.
    pub fn retry_dead(
        &mut self,
        tenant: &str,
        sink: Option<&str>,
        now_ms: u64,
    ) -> Result<u64, StoreError> {
        self.write(|transaction| {
            let mut revive = transaction.prepare_cached(
                "UPDATE alert SET state = 'pending', attempts = 0, next_ms = ?3, settled_ms = NULL
                 WHERE tenant = ?1 AND (?2 IS NULL OR sink = ?2) AND state = 'dead'",
            )?;
            let revived = revive.execute(params![tenant, sink, now_ms])? as u64;
            let mut follow = transaction.prepare_cached(
                "UPDATE alert SET state = 'pending', next_ms = ?3, settled_ms = NULL, reason = NULL
                 WHERE tenant = ?1 AND (?2 IS NULL OR sink = ?2)
                     AND state = 'suppressed' AND reason = ?4
                     AND EXISTS (SELECT 1 FROM alert AS earlier
                         WHERE earlier.tenant = alert.tenant AND earlier.anomaly = alert.anomaly
                             AND earlier.sink = alert.sink AND earlier.state = 'pending')",
            )?;
            follow.execute(params![tenant, sink, now_ms, UNTOLD])?;
            Ok(revived)
        })
    }

    /// Gives up what waits for a sink that is no more; says how many.
    pub fn abandon_alerts(
        &mut self,
        sink: &str,
        reason: &str,
        now_ms: u64,
    ) -> Result<u64, StoreError> {
        let reason = word::cut(reason, REASON_BYTES_MAX);
        self.write(|transaction| {
            let mut statement = transaction.prepare_cached(
                "UPDATE alert SET state = 'dead', settled_ms = ?2, reason = ?3
                 WHERE sink = ?1 AND state = 'pending'",
            )?;
            Ok(statement.execute(params![sink, now_ms, reason])? as u64)
        })
    }

    /// What waits, by tenant and sink; sinks for which nothing waits and nothing died are left out.
    pub fn outbox_depth(&mut self) -> Result<Vec<SinkDepth>, StoreError> {
        self.write(|transaction| row::outbox_depth(transaction))
    }
}
