//! What a sink is to be sent now: nothing overtakes, nothing is said twice, and nobody hears what he does not want to.

use std::collections::{HashMap, HashSet};

use rusqlite::types::FromSqlError;
use rusqlite::{OptionalExtension, Transaction, params};

use super::Writer;
use crate::alert::{AlertKind, Due, DueAlert, DueQuery, PENDING_MAX};
use crate::anomaly::Severity;
use crate::error::{Fault, StoreError};
use crate::row;
use crate::word;

/// Why the end of something is not told: the sink never heard of its beginning.
pub(super) const UNTOLD: &str = "untold";

/// Why a further anomaly of the same cause is not told.
const COOLDOWN: &str = "cooldown";

/// What must be known of an alert to see whether its time has come.
struct Waiting {
    number: u64,
    tenant: String,
    anomaly: String,
    source: String,
    cause: String,
    kind: AlertKind,
    severity: Severity,
    next_ms: u64,
}

/// Whose later alerts must wait, since an earlier one does.
#[derive(Default)]
struct Queues {
    /// Tenant and anomaly.
    anomalies: HashSet<(String, String)>,
    /// Tenant, source and cause, with the highest severity that waits.
    causes: HashMap<(String, String, String), Severity>,
}

impl Queues {
    /// Whether an earlier alert must be settled first: one of the same anomaly, or one that may spare the sink this one.
    fn hold(&self, one: &Waiting, is_resting: bool) -> bool {
        if self.anomalies.contains(&(one.tenant.clone(), one.anomaly.clone())) {
            return true;
        }
        let cause = (one.tenant.clone(), one.source.clone(), one.cause.clone());
        is_resting
            && one.kind != AlertKind::Resolved
            && self.causes.get(&cause).is_some_and(|severity| *severity >= one.severity)
    }

    fn join(&mut self, one: Waiting) {
        self.anomalies.insert((one.tenant.clone(), one.anomaly));
        if one.kind != AlertKind::Resolved {
            let highest =
                self.causes.entry((one.tenant, one.source, one.cause)).or_insert(one.severity);
            *highest = one.severity.max(*highest);
        }
    }
}

impl Writer {
    /// The alerts to send to a sink now: of each anomaly only the first that waits. What is due and unwanted is suppressed
    /// on the way: silenced or normal, of a cause that the sink was told of a short while ago, or the end of something
    /// whose beginning it was never told. A sink that was told of an anomaly hears that it is over, whatever is silenced.
    pub fn due_alerts(&mut self, query: &DueQuery) -> Result<Due, StoreError> {
        self.write(|transaction| {
            give_up_the_oldest(transaction, query)?;
            let mut due = Due::default();
            let mut queues = Queues::default();
            for one in waiting(transaction, &query.sink)? {
                if due.alerts.len() >= query.limit as usize {
                    break;
                }
                if queues.hold(&one, query.cooldown_ms > 0) {
                    queues.join(one);
                } else if one.next_ms > query.now_ms {
                    due.next_ms = Some(due.next_ms.map_or(one.next_ms, |ms| ms.min(one.next_ms)));
                    queues.join(one);
                } else if let Some(reason) = unwanted(transaction, query, &one)? {
                    suppress(transaction, one.number, reason, query.now_ms)?;
                } else {
                    due.alerts.push(alert(transaction, &query.sink, &one)?);
                    queues.join(one);
                }
            }
            Ok(due)
        })
    }
}

/// A sink that is down for weeks must not fill the disk.
fn give_up_the_oldest(transaction: &Transaction<'_>, query: &DueQuery) -> Result<(), Fault> {
    let mut statement = transaction.prepare_cached(
        "UPDATE alert SET state = 'dead', settled_ms = ?2, reason = 'too many wait for this sink'
         WHERE sink = ?1 AND state = 'pending' AND number <= (
             SELECT number FROM alert WHERE sink = ?1 AND state = 'pending'
             ORDER BY number DESC LIMIT 1 OFFSET ?3)",
    )?;
    statement.execute(params![query.sink, query.now_ms, PENDING_MAX])?;
    Ok(())
}

/// All that waits for a sink, in the order in which it came.
fn waiting(transaction: &Transaction<'_>, sink: &str) -> Result<Vec<Waiting>, Fault> {
    let mut statement = transaction.prepare_cached(
        "SELECT number, tenant, anomaly, source, cause, kind, severity, next_ms
         FROM alert INDEXED BY alert_pending WHERE state = 'pending' AND sink = ?1 ORDER BY number",
    )?;
    let unreadable = |_: FromSqlError| Fault::Unreadable("an alert has an unknown word".into());
    let mut rows = statement.query([sink])?;
    let mut waiting = Vec::new();
    while let Some(row) = rows.next()? {
        waiting.push(Waiting {
            number: row.get("number")?,
            tenant: row.get("tenant")?,
            anomaly: row.get("anomaly")?,
            source: row.get("source")?,
            cause: row.get("cause")?,
            kind: word::parse(AlertKind::WORDS, row.get_ref("kind")?).map_err(unreadable)?,
            severity: word::parse(Severity::WORDS, row.get_ref("severity")?).map_err(unreadable)?,
            next_ms: row.get("next_ms")?,
        });
    }
    Ok(waiting)
}

/// Why nobody is to hear of it, if so.
fn unwanted(
    transaction: &Transaction<'_>,
    query: &DueQuery,
    one: &Waiting,
) -> Result<Option<&'static str>, Fault> {
    let is_told = is_told(transaction, &query.sink, one)?;
    if one.kind == AlertKind::Resolved {
        return Ok(if is_told { None } else { Some(UNTOLD) });
    }
    if is_normal(transaction, one)? {
        return Ok(Some("normal"));
    }
    if is_silenced(transaction, query.now_ms, one)? {
        return Ok(Some("silenced"));
    }
    let is_resting = !is_told && query.cooldown_ms > 0 && is_resting(transaction, query, one)?;
    Ok(is_resting.then_some(COOLDOWN))
}

/// Whether the sink was told of the anomaly.
fn is_told(transaction: &Transaction<'_>, sink: &str, one: &Waiting) -> Result<bool, Fault> {
    let mut statement = transaction.prepare_cached(
        "SELECT 1 FROM alert
         WHERE tenant = ?1 AND anomaly = ?2 AND sink = ?3 AND state = 'sent'",
    )?;
    Ok(statement.exists(params![one.tenant, one.anomaly, sink])?)
}

fn is_normal(transaction: &Transaction<'_>, one: &Waiting) -> Result<bool, Fault> {
    let mut statement = transaction.prepare_cached(
        "SELECT 1 FROM normal WHERE tenant = ?1 AND source = ?2 AND template_id = ?3",
    )?;
    Ok(statement.exists(params![one.tenant, one.source, one.cause])?)
}

fn is_silenced(transaction: &Transaction<'_>, now_ms: u64, one: &Waiting) -> Result<bool, Fault> {
    let mut statement = transaction.prepare_cached(
        "SELECT 1 FROM silence WHERE tenant = ?1 AND until_ms > ?2
             AND (source IS NULL OR source = ?3) AND (template_id IS NULL OR template_id = ?4)",
    )?;
    Ok(statement.exists(params![one.tenant, now_ms, one.source, one.cause])?)
}

/// Whether the sink was told of another anomaly of this cause a short while ago, and that mattered as much.
fn is_resting(
    transaction: &Transaction<'_>,
    query: &DueQuery,
    one: &Waiting,
) -> Result<bool, Fault> {
    let mut statement = transaction.prepare_cached(
        "SELECT severity FROM alert
         WHERE tenant = ?1 AND sink = ?2 AND source = ?3 AND cause = ?4
             AND state = 'sent' AND kind <> 'resolved' AND settled_ms > ?5",
    )?;
    let since_ms = query.now_ms.saturating_sub(query.cooldown_ms);
    let mut rows =
        statement.query(params![one.tenant, query.sink, one.source, one.cause, since_ms])?;
    while let Some(row) = rows.next()? {
        let severity = word::parse(Severity::WORDS, row.get_ref(0)?);
        if severity.is_ok_and(|severity| severity >= one.severity) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn suppress(
    transaction: &Transaction<'_>,
    number: u64,
    reason: &str,
    now_ms: u64,
) -> Result<(), Fault> {
    let mut statement = transaction.prepare_cached(
        "UPDATE alert SET state = 'suppressed', settled_ms = ?2, reason = ?3 WHERE number = ?1",
    )?;
    statement.execute(params![number, now_ms, reason])?;
    Ok(())
}

/// The whole alert, with what it has to make up for. Only what came before it counts, so that it says the same again
/// should it have to be sent twice.
fn alert(transaction: &Transaction<'_>, sink: &str, one: &Waiting) -> Result<DueAlert, Fault> {
    let mut statement = transaction
        .prepare_cached(&format!("SELECT {} FROM alert WHERE number = ?1", row::ALERT_COLUMNS))?;
    let mut rows = statement.query([one.number])?;
    let row = rows.next()?.ok_or_else(|| Fault::Unreadable("an alert has vanished".into()))?;
    let row = row::alert(row)?;
    if one.kind == AlertKind::Resolved {
        return Ok(DueAlert { row, suppressed: 0 });
    }
    let cause = params![one.tenant, sink, one.source, one.cause, one.number];
    let mut last = transaction.prepare_cached(
        "SELECT number FROM alert
         WHERE tenant = ?1 AND sink = ?2 AND source = ?3 AND cause = ?4 AND number < ?5
             AND state = 'sent' AND kind <> 'resolved' ORDER BY number DESC LIMIT 1",
    )?;
    let last: Option<u64> = last.query_row(cause, |row| row.get(0)).optional()?;
    let mut spared = transaction.prepare_cached(
        "SELECT count(DISTINCT anomaly) FROM alert
         WHERE tenant = ?1 AND sink = ?2 AND source = ?3 AND cause = ?4 AND number < ?5
             AND number > ?6 AND state = 'suppressed' AND reason = ?7",
    )?;
    let suppressed = spared.query_row(
        params![one.tenant, sink, one.source, one.cause, one.number, last.unwrap_or(0), COOLDOWN],
        |row| row.get(0),
    )?;
    Ok(DueAlert { row, suppressed })
}
