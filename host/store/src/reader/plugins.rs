//! Versions of plugins, what tenants want of them, and the audit log.

use rusqlite::{OptionalExtension, Row, params};

use super::{Page, Reader, page, rows_of};
use crate::error::{Fault, StoreError};
use crate::plugin::{AuditEntry, AuditOutcome, AuditRow, PluginFit, PluginVersion};
use crate::{cursor, row};

/// What [`version`] reads.
const VERSION_COLUMNS: &str =
    "name, version, digest, kind, bytes, signed_by, pushed_ms, pushed_by, inspection";

/// Which versions to list; what is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PluginQuery {
    /// Name of the plugin.
    pub name: Option<String>,
    /// Rows of a page, at least 1 and at most [`PAGE_ROWS_MAX`](super::PAGE_ROWS_MAX).
    pub limit: u32,
    /// Of the page before.
    pub cursor: Option<String>,
}

/// Which entries of the audit log to list; what is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// The tenant; what is the matter of all tenants is listed as well.
    pub tenant: Option<String>,
    /// Name of the plugin.
    pub plugin: Option<String>,
    /// Rows of a page, at least 1 and at most [`PAGE_ROWS_MAX`](super::PAGE_ROWS_MAX).
    pub limit: u32,
    /// Of the page before.
    pub cursor: Option<String>,
}

impl Reader {
    /// Versions by name, in the order in which they were pushed.
    pub fn plugin_versions(&self, query: &PluginQuery) -> Result<Page<PluginVersion>, StoreError> {
        let limit = rows_of(query.limit);
        let place = |one: &PluginVersion| cursor::seal(&(&one.name, one.pushed_ms, &one.version));
        self.read(|connection| {
            let last: Option<(String, u64, String)> = cursor::open(query.cursor.as_deref())?;
            let (name, pushed_ms, version) = last.unwrap_or_default();
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {VERSION_COLUMNS} FROM plugin_version
                 WHERE (name, pushed_ms, version) > (?1, ?2, ?3) AND (?4 IS NULL OR name = ?4)
                 ORDER BY name, pushed_ms, version LIMIT ?5"
            ))?;
            let row = params![name, pushed_ms, version, query.name, limit + 1];
            let versions = statement.query_map(row, self::version)?;
            Ok(page(versions.collect::<Result<_, _>>()?, limit, place))
        })
    }

    /// One version.
    pub fn plugin_version(
        &self,
        name: &str,
        version: &str,
    ) -> Result<Option<PluginVersion>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {VERSION_COLUMNS} FROM plugin_version WHERE name = ?1 AND version = ?2"
            ))?;
            Ok(statement.query_row([name, version], self::version).optional()?)
        })
    }

    /// The digests of all versions, each once.
    pub fn plugin_digests(&self) -> Result<Vec<String>, StoreError> {
        self.read(|connection| {
            let sql = "SELECT DISTINCT digest FROM plugin_version ORDER BY digest";
            let mut statement = connection.prepare_cached(sql)?;
            let digests = statement.query_map([], |row| row.get(0))?;
            Ok(digests.collect::<Result<_, _>>()?)
        })
    }

    /// What all tenants want, by tenant and plugin; also those of which nothing else is known.
    pub fn plugin_fits(&self) -> Result<Vec<PluginFit>, StoreError> {
        self.fits(None)
    }

    /// What all tenants want of a plugin and of its further copies, `name#2` and so on, by tenant and plugin.
    pub fn plugin_fits_of(&self, plugin: &str) -> Result<Vec<PluginFit>, StoreError> {
        self.fits(Some(plugin))
    }

    fn fits(&self, plugin: Option<&str>) -> Result<Vec<PluginFit>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT tenant, plugin, fit, revision, changed_ms FROM plugin_fit
                 WHERE fit IS NOT NULL AND (?1 IS NULL OR plugin = ?1
                     OR substr(plugin, 1, length(?1) + 1) = ?1 || '#')
                 ORDER BY tenant, plugin",
            )?;
            let fits = statement.query_map([plugin], |row| {
                Ok(PluginFit {
                    tenant: row.get(0)?,
                    plugin: row.get(1)?,
                    fit: row.get(2)?,
                    revision: row.get(3)?,
                    changed_ms: row.get(4)?,
                })
            })?;
            Ok(fits.collect::<Result<_, _>>()?)
        })
    }

    /// The audit log, newest first.
    pub fn audits(&self, query: &AuditQuery) -> Result<Page<AuditEntry>, StoreError> {
        let limit = rows_of(query.limit);
        self.read(|connection| {
            let last: Option<u64> = cursor::open(query.cursor.as_deref())?;
            let last = last.unwrap_or(i64::MAX as u64);
            let mut statement = connection.prepare_cached(
                "SELECT id, at_ms, tenant, actor, action, plugin, version, digest, outcome, detail
                 FROM plugin_audit
                 WHERE id < ?1 AND (?2 IS NULL OR tenant IS NULL OR tenant = ?2)
                     AND (?3 IS NULL OR plugin = ?3)
                 ORDER BY id DESC LIMIT ?4",
            )?;
            let mut rows = statement.query(params![last, query.tenant, query.plugin, limit + 1])?;
            let mut entries = Vec::new();
            while let Some(row) = rows.next()? {
                entries.push(entry(row)?);
            }
            Ok(page(entries, limit, |one: &AuditEntry| cursor::seal(&one.id)))
        })
    }
}

fn version(row: &Row<'_>) -> rusqlite::Result<PluginVersion> {
    Ok(PluginVersion {
        name: row.get("name")?,
        version: row.get("version")?,
        digest: row.get("digest")?,
        kind: row.get("kind")?,
        bytes: row.get("bytes")?,
        signed_by: row.get("signed_by")?,
        pushed_ms: row.get("pushed_ms")?,
        pushed_by: row.get("pushed_by")?,
        inspection: row.get("inspection")?,
    })
}

fn entry(row: &Row<'_>) -> Result<AuditEntry, Fault> {
    let audit = AuditRow {
        at_ms: row.get("at_ms")?,
        tenant: row.get("tenant")?,
        actor: row.get("actor")?,
        action: row.get("action")?,
        plugin: row.get("plugin")?,
        version: row.get("version")?,
        digest: row.get("digest")?,
        outcome: row::enumerated(row, "outcome", AuditOutcome::WORDS)?,
        detail: row.get("detail")?,
    };
    Ok(AuditEntry { id: row.get("id")?, row: audit })
}
