//! What is done with plugins: each change and the entry of the audit log that tells of it are one transaction.

use rusqlite::{OptionalExtension, Transaction, params};

use super::Writer;
use super::people::limit;
use crate::error::{Fault, StoreError};
use crate::plugin::{
    AUDITS_MAX, AuditOutcome, AuditRow, FIT_BYTES_MAX, FITS_MAX, PluginVersion, Pushed,
    VERSIONS_MAX,
};
use crate::word;

/// Bytes that are kept of a detail.
const DETAIL_BYTES_MAX: usize = 4_000;

impl Writer {
    /// Takes a version in, unless its name and version are those of another component; that is noted as refused. Nothing
    /// changes, and nothing is noted, if it is there already.
    pub fn push_plugin(
        &mut self,
        new: &PluginVersion,
        audit: &AuditRow,
    ) -> Result<Pushed, StoreError> {
        self.write(|transaction| {
            let known = digest(transaction, &new.name, &new.version)?;
            if let Some(digest) = known {
                if digest == new.digest {
                    return Ok(Pushed::Known);
                }
                let detail = format!("this version is sha256:{digest} already");
                append(transaction, &refused(audit, detail))?;
                return Ok(Pushed::Taken { digest });
            }
            let sql = "SELECT count(*) FROM plugin_version";
            let count: u64 = transaction.query_row(sql, [], |row| row.get(0))?;
            limit("versions of plugins", count, VERSIONS_MAX)?;
            insert(transaction, new)?;
            append(transaction, audit)?;
            Ok(Pushed::New)
        })
    }

    /// Removes a version; `false` if there is none, which nobody notes.
    pub fn remove_plugin(
        &mut self,
        name: &str,
        version: &str,
        audit: &AuditRow,
    ) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let mut statement = transaction
                .prepare_cached("DELETE FROM plugin_version WHERE name = ?1 AND version = ?2")?;
            let was_there = statement.execute([name, version])? > 0;
            if was_there {
                append(transaction, audit)?;
            }
            Ok(was_there)
        })
    }

    /// Says what a tenant wants of a plugin, or that it wants nothing of it any more, and gives the new revision.
    ///
    /// `expected_revision` is the one that the caller has seen: 0 if there was nothing, `None` if it does not matter. If
    /// somebody else was faster, that is noted as refused, and the error names the revision of now.
    pub fn set_plugin_fit(
        &mut self,
        tenant: &str,
        plugin: &str,
        fit: Option<&str>,
        expected_revision: Option<u64>,
        audit: &AuditRow,
    ) -> Result<u64, StoreError> {
        let bytes = fit.map_or(0, str::len);
        if bytes > FIT_BYTES_MAX {
            let what = format!("what `{tenant}` wants of plugin `{plugin}`");
            return Err(StoreError::TooLarge { what, bytes, bytes_max: FIT_BYTES_MAX });
        }
        let changed = self.write(|transaction| {
            let (found, is_wanted) = revision(transaction, tenant, plugin)?;
            let visible = if is_wanted { found } else { 0 };
            if expected_revision.is_some_and(|expected| expected != visible) {
                let detail = format!("it is at revision {visible} by now");
                append(transaction, &refused(audit, detail))?;
                return Ok(Err(visible));
            }
            if fit.is_some() && !is_wanted {
                make_room(transaction, tenant)?;
            }
            let revision = found + 1;
            let mut statement = transaction.prepare_cached(
                "INSERT INTO plugin_fit (tenant, plugin, fit, revision, changed_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET
                     fit = excluded.fit, revision = excluded.revision,
                     changed_ms = excluded.changed_ms",
            )?;
            statement.execute(params![tenant, plugin, fit, revision, audit.at_ms])?;
            append(transaction, audit)?;
            Ok(Ok(revision))
        })?;
        let expected = expected_revision.unwrap_or_default();
        changed.map_err(|found| StoreError::Outrun { plugin: plugin.to_owned(), found, expected })
    }

    /// Notes what changed nothing in the store, such as a refusal, and gives the number of the entry.
    pub fn audit(&mut self, audit: &AuditRow) -> Result<u64, StoreError> {
        self.write(|transaction| append(transaction, audit))
    }
}

fn digest(
    transaction: &Transaction<'_>,
    name: &str,
    version: &str,
) -> Result<Option<String>, Fault> {
    let mut statement = transaction
        .prepare_cached("SELECT digest FROM plugin_version WHERE name = ?1 AND version = ?2")?;
    Ok(statement.query_row([name, version], |row| row.get(0)).optional()?)
}

fn insert(transaction: &Transaction<'_>, new: &PluginVersion) -> Result<(), Fault> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO plugin_version
             (name, version, digest, kind, bytes, signed_by, pushed_ms, pushed_by, inspection)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    statement.execute(params![
        new.name,
        new.version,
        new.digest,
        new.kind,
        new.bytes,
        new.signed_by,
        new.pushed_ms,
        new.pushed_by,
        new.inspection,
    ])?;
    Ok(())
}

/// The last revision of a fit, and whether anything is wanted at present.
fn revision(
    transaction: &Transaction<'_>,
    tenant: &str,
    plugin: &str,
) -> Result<(u64, bool), Fault> {
    let mut statement = transaction.prepare_cached(
        "SELECT revision, fit IS NOT NULL FROM plugin_fit WHERE tenant = ?1 AND plugin = ?2",
    )?;
    let found = statement.query_row([tenant, plugin], |row| Ok((row.get(0)?, row.get(1)?)));
    Ok(found.optional()?.unwrap_or_default())
}

/// Refuses a fit too many, and forgets the revisions of the plugins that have been unwanted for longest.
fn make_room(transaction: &Transaction<'_>, tenant: &str) -> Result<(), Fault> {
    let sql = "SELECT count(*) FROM plugin_fit WHERE tenant = ?1 AND fit IS NOT NULL";
    let count = transaction.query_row(sql, [tenant], |row| row.get(0))?;
    limit("plugins of this tenant", count, FITS_MAX)?;
    let mut statement = transaction.prepare_cached(
        "DELETE FROM plugin_fit WHERE rowid IN (
             SELECT rowid FROM plugin_fit WHERE tenant = ?1 AND fit IS NULL
             ORDER BY changed_ms DESC, plugin LIMIT -1 OFFSET ?2)",
    )?;
    statement.execute(params![tenant, FITS_MAX])?;
    Ok(())
}

fn refused(audit: &AuditRow, detail: String) -> AuditRow {
    AuditRow { outcome: AuditOutcome::Refused, detail, ..audit.clone() }
}

/// Appends to the log, and lets go of what is beyond its length.
fn append(transaction: &Transaction<'_>, audit: &AuditRow) -> Result<u64, Fault> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO plugin_audit
             (id, at_ms, tenant, actor, action, plugin, version, digest, outcome, detail)
         VALUES ((SELECT coalesce(max(id), 0) + 1 FROM plugin_audit),
             ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         RETURNING id",
    )?;
    let row = params![
        audit.at_ms,
        audit.tenant,
        audit.actor,
        audit.action,
        audit.plugin,
        audit.version,
        audit.digest,
        word::of(AuditOutcome::WORDS, audit.outcome),
        word::cut(&audit.detail, DETAIL_BYTES_MAX),
    ];
    let id: u64 = statement.query_row(row, |row| row.get(0))?;
    transaction
        .prepare_cached("DELETE FROM plugin_audit WHERE id <= ?1")?
        .execute([id.saturating_sub(AUDITS_MAX)])?;
    Ok(id)
}
