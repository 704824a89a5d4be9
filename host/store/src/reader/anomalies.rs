//! Anomalies, newest first, and one with everything about it.

use rusqlite::{OptionalExtension, params};

use super::{Page, Reader, containing, page, rows_of};
use crate::anomaly::{AnomalyDetail, AnomalyState, AnomalySummary, Severity};
use crate::error::{Fault, StoreError};
use crate::silence::Silence;
use crate::{cursor, row, word};

/// Which anomalies of a tenant to list; what is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AnomalyQuery {
    /// The tenant.
    pub tenant: String,
    /// Opened at or after.
    pub from_ms: Option<u64>,
    /// Opened before.
    pub to_ms: Option<u64>,
    /// Key of the source.
    pub source: Option<String>,
    /// The least severity.
    pub severity: Option<Severity>,
    /// Whether it goes on.
    pub state: Option<AnomalyState>,
    /// A part of the sentence or the template; small and capital ASCII letters are the same.
    pub text: Option<String>,
    /// Whether somebody looks after it.
    pub acknowledged: Option<bool>,
    /// Rows of a page, at least 1 and at most [`PAGE_ROWS_MAX`](super::PAGE_ROWS_MAX).
    pub limit: u32,
    /// Of the page before.
    pub cursor: Option<String>,
}

impl Reader {
    /// Anomalies, newest first.
    pub fn anomalies(&self, query: &AnomalyQuery) -> Result<Page<AnomalySummary>, StoreError> {
        let limit = rows_of(query.limit);
        let place = |one: &AnomalySummary| cursor::seal(&(one.opened_ms, &one.id));
        self.read(|connection| {
            let (last_ms, last_id): (Option<u64>, Option<String>) =
                cursor::open::<(u64, String)>(query.cursor.as_deref())?.unzip();
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {} FROM anomaly
                 WHERE tenant = ?1 AND opened_ms >= ?2 AND opened_ms < ?3
                     AND (?4 IS NULL OR (opened_ms, id) < (?4, ?5))
                     AND (?6 IS NULL OR source = ?6)
                     AND (?7 IS NULL OR severity IN (SELECT value FROM json_each(?7)))
                     AND (?8 IS NULL OR state_now = ?8)
                     AND (?9 IS NULL OR sentence LIKE ?9 ESCAPE '\\' OR template LIKE ?9 ESCAPE '\\')
                     AND (?10 IS NULL OR (acknowledged_by IS NOT NULL) = ?10)
                 ORDER BY opened_ms DESC, id DESC LIMIT ?11",
                row::ANOMALY_COLUMNS
            ))?;
            let mut rows = statement.query(params![
                query.tenant,
                query.from_ms.unwrap_or(0),
                to_limit(query.to_ms, last_ms),
                last_ms,
                last_id,
                query.source,
                query.severity.map(at_least),
                query.state.map(|state| word::of(AnomalyState::WORDS, state)),
                query.text.as_deref().map(containing),
                query.acknowledged,
                limit + 1,
            ])?;
            let mut anomalies = Vec::new();
            while let Some(row) = rows.next()? {
                anomalies.push(row::anomaly(row)?);
            }
            Ok(page(anomalies, limit, place))
        })
    }

    /// One anomaly with everything that is kept about it; `None` if there is no such anomaly.
    pub fn anomaly(&self, tenant: &str, id: &str) -> Result<Option<AnomalyDetail>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {}, evidence, examples FROM anomaly WHERE tenant = ?1 AND id = ?2",
                row::ANOMALY_COLUMNS
            ))?;
            let read = |row: &rusqlite::Row<'_>| {
                let parts = || -> Result<_, Fault> {
                    Ok((
                        row::anomaly(row)?,
                        row::list(row, "evidence")?,
                        row::list(row, "examples")?,
                    ))
                };
                Ok(parts())
            };
            let Some(parts) = statement.query_row([tenant, id], read).optional()? else {
                return Ok(None);
            };
            let (summary, evidence, examples) = parts?;
            let covers = |silence: &Silence| {
                silence.source.as_ref().is_none_or(|source| *source == summary.source)
                    && silence.template_id.as_ref().is_none_or(|id| *id == summary.template_id)
            };
            let mut silences = row::silences(connection, tenant)?;
            silences.retain(covers);
            Ok(Some(AnomalyDetail {
                findings: row::findings(connection, tenant, id)?,
                notes: row::notes(connection, tenant, id)?,
                summary,
                evidence,
                examples,
                silences,
            }))
        })
    }
}

/// The end of the stretch of the index to search: the place of the cursor is a better one than the end of the query.
fn to_limit(to_ms: Option<u64>, last_ms: Option<u64>) -> i64 {
    let last = last_ms.map_or(u64::MAX, |last_ms| last_ms.saturating_add(1));
    i64::try_from(to_ms.unwrap_or(u64::MAX).min(last)).unwrap_or(i64::MAX)
}

/// The words of all severities from this one on, as JSON.
fn at_least(severity: Severity) -> String {
    let words = Severity::WORDS.iter().filter(|(one, _)| *one >= severity);
    word::list(&words.map(|(_, word)| *word).collect::<Vec<_>>())
}
