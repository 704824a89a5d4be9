//! The other lists: tenants, sources, templates, alerts, silences, what is normal, counters.

use rusqlite::params;
use serde::Serialize;

use super::{Page, Reader, containing, page, rows_of};
use crate::alert::{AlertRow, AlertState, SinkDepth};
use crate::checkpoint::TemplateRow;
use crate::error::StoreError;
use crate::silence::{Normal, Silence};
use crate::{cursor, row, word};

/// A tenant and how far its event time has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TenantSummary {
    /// The tenant.
    pub tenant: String,
    /// Event time that is complete.
    pub watermark_ms: u64,
}

/// A source without its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceSummary {
    /// Key such as `file:nginx`.
    pub source: String,
    /// Number within the tenant.
    pub number: u32,
    /// The way in which its lines are written.
    pub form: String,
    /// Lines so far.
    pub lines: u64,
    /// Event time of the first line.
    pub first_ms: i64,
    /// Event time of the last line.
    pub last_ms: i64,
    /// Templates known.
    pub templates: u32,
}

/// Which templates of a tenant to list; what is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TemplateQuery {
    /// The tenant.
    pub tenant: String,
    /// Key of the source.
    pub source: Option<String>,
    /// Name of the message.
    pub message: Option<String>,
    /// A part of the template; small and capital ASCII letters are the same.
    pub text: Option<String>,
    /// Rows of a page, at least 1 and at most [`PAGE_ROWS_MAX`](super::PAGE_ROWS_MAX).
    pub limit: u32,
    /// Of the page before.
    pub cursor: Option<String>,
}

/// Which alerts of a tenant to list; what is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AlertQuery {
    /// The tenant.
    pub tenant: String,
    /// How far they have come.
    pub state: Option<AlertState>,
    /// The sink.
    pub sink: Option<String>,
    /// Id of the anomaly.
    pub anomaly: Option<String>,
    /// Rows of a page, at least 1 and at most [`PAGE_ROWS_MAX`](super::PAGE_ROWS_MAX).
    pub limit: u32,
    /// Of the page before.
    pub cursor: Option<String>,
}

impl Reader {
    /// All tenants, by name.
    pub fn tenants(&self) -> Result<Vec<TenantSummary>, StoreError> {
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT tenant, watermark_ms FROM tenant ORDER BY tenant")?;
            let tenants = statement.query_map([], |row| {
                Ok(TenantSummary { tenant: row.get(0)?, watermark_ms: row.get(1)? })
            })?;
            Ok(tenants.collect::<Result<_, _>>()?)
        })
    }

    /// The sources of a tenant, by key.
    pub fn sources(&self, tenant: &str) -> Result<Vec<SourceSummary>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT source, number, form, lines, first_ms, last_ms, templates
                 FROM source WHERE tenant = ?1 ORDER BY source",
            )?;
            let sources = statement.query_map([tenant], |row| {
                Ok(SourceSummary {
                    source: row.get(0)?,
                    number: row.get(1)?,
                    form: row.get(2)?,
                    lines: row.get(3)?,
                    first_ms: row.get(4)?,
                    last_ms: row.get(5)?,
                    templates: row.get(6)?,
                })
            })?;
            Ok(sources.collect::<Result<_, _>>()?)
        })
    }

    /// Templates, by source and id.
    pub fn templates(&self, query: &TemplateQuery) -> Result<Page<TemplateRow>, StoreError> {
        let limit = rows_of(query.limit);
        let place = |one: &TemplateRow| cursor::seal(&(&one.source, one.template));
        self.read(|connection| {
            let last: Option<(String, u32)> = cursor::open(query.cursor.as_deref())?;
            let (source, template) = last.unzip();
            let mut statement = connection.prepare_cached(
                "SELECT source, template, message, text, lines, first_ms, last_ms, severity, examples
                 FROM template JOIN template_use USING (tenant, source, template)
                 WHERE tenant = ?1 AND (source, template) > (coalesce(?2, ''), coalesce(?3, -1))
                     AND (?4 IS NULL OR source = ?4)
                     AND (?5 IS NULL OR text LIKE ?5 ESCAPE '\\')
                     AND (?6 IS NULL OR message = ?6)
                 ORDER BY source, template LIMIT ?7",
            )?;
            let text = query.text.as_deref().map(containing);
            let mut rows = statement.query(params![
                query.tenant,
                source,
                template,
                query.source,
                text,
                query.message,
                limit + 1
            ])?;
            let mut templates = Vec::new();
            while let Some(row) = rows.next()? {
                templates.push(row::template(row)?);
            }
            Ok(page(templates, limit, place))
        })
    }

    /// Alerts, newest first.
    pub fn alerts(&self, query: &AlertQuery) -> Result<Page<AlertRow>, StoreError> {
        let limit = rows_of(query.limit);
        self.read(|connection| {
            let last: Option<u64> = cursor::open(query.cursor.as_deref())?;
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {} FROM alert
                 WHERE tenant = ?1 AND number < ?2 AND (?3 IS NULL OR state = ?3)
                     AND (?4 IS NULL OR anomaly = ?4) AND (?5 IS NULL OR sink = ?5)
                 ORDER BY number DESC LIMIT ?6",
                row::ALERT_COLUMNS
            ))?;
            let state = query.state.map(|state| word::of(AlertState::WORDS, state));
            let last = last.unwrap_or(i64::MAX as u64);
            let mut rows = statement.query(params![
                query.tenant,
                last,
                state,
                query.anomaly,
                query.sink,
                limit + 1
            ])?;
            let mut alerts = Vec::new();
            while let Some(row) = rows.next()? {
                alerts.push(row::alert(row)?);
            }
            Ok(page(alerts, limit, |one: &AlertRow| cursor::seal(&one.number)))
        })
    }

    /// The silences of a tenant in their order, those that are over as well.
    pub fn silences(&self, tenant: &str) -> Result<Vec<Silence>, StoreError> {
        self.read(|connection| row::silences(connection, tenant))
    }

    /// What is said to be normal, by source and message.
    pub fn normals(&self, tenant: &str) -> Result<Vec<Normal>, StoreError> {
        self.read(|connection| row::normals(connection, tenant))
    }

    /// The counters of a tenant, by name.
    pub fn counters(&self, tenant: &str) -> Result<Vec<(String, u64)>, StoreError> {
        self.read(|connection| row::counters(connection, tenant))
    }

    /// What waits for delivery, by tenant and sink.
    pub fn outbox_depth(&self) -> Result<Vec<SinkDepth>, StoreError> {
        self.read(row::outbox_depth)
    }
}
