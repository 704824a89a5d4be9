-- Plugins that were pushed, what each tenant wants of them, and who did what. Versions and the audit log belong to the
-- whole installation, so that no tenant stands in their keys.

CREATE TABLE plugin_version (
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    digest TEXT NOT NULL,
    kind TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    signed_by TEXT,
    pushed_ms INTEGER NOT NULL,
    pushed_by TEXT NOT NULL,
    inspection TEXT NOT NULL,
    PRIMARY KEY (name, version)
) STRICT;
CREATE INDEX plugin_version_digest ON plugin_version (digest);

-- A row whose fit is gone stays, so that no revision is given twice.
CREATE TABLE plugin_fit (
    tenant TEXT NOT NULL,
    plugin TEXT NOT NULL,
    fit TEXT,
    revision INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant, plugin)
) STRICT;

CREATE TABLE plugin_audit (
    id INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    tenant TEXT,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    plugin TEXT,
    version TEXT,
    digest TEXT,
    outcome TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (id)
) STRICT;
CREATE INDEX plugin_audit_at ON plugin_audit (at_ms);
