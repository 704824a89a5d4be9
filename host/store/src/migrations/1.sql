-- The first schema; schema.md says what the columns mean. A tenant stands first in every primary key.

CREATE TABLE tenant (
    tenant TEXT NOT NULL,
    watermark_ms INTEGER NOT NULL,
    intake BLOB NOT NULL,
    PRIMARY KEY (tenant)
) STRICT;

CREATE TABLE input (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    position INTEGER NOT NULL,
    state BLOB NOT NULL,
    PRIMARY KEY (tenant, name)
) STRICT;

CREATE TABLE source (
    tenant TEXT NOT NULL,
    source TEXT NOT NULL,
    id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    form TEXT NOT NULL,
    lines INTEGER NOT NULL,
    first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    templates INTEGER NOT NULL,
    state BLOB NOT NULL,
    PRIMARY KEY (tenant, source)
) STRICT;
CREATE UNIQUE INDEX source_id ON source (tenant, id);

CREATE TABLE plugin_state (
    tenant TEXT NOT NULL,
    source TEXT NOT NULL,
    plugin TEXT NOT NULL,
    digest TEXT NOT NULL,
    version INTEGER NOT NULL,
    state BLOB NOT NULL,
    PRIMARY KEY (tenant, source, plugin)
) STRICT;

-- What changes with every line of a template is kept apart from its texts, so that a commit writes few pages.
CREATE TABLE template (
    tenant TEXT NOT NULL,
    source TEXT NOT NULL,
    template INTEGER NOT NULL,
    message TEXT NOT NULL,
    text TEXT NOT NULL,
    severity INTEGER NOT NULL,
    first_ms INTEGER NOT NULL,
    examples TEXT NOT NULL,
    PRIMARY KEY (tenant, source, template)
) STRICT;

CREATE TABLE template_use (
    tenant TEXT NOT NULL,
    source TEXT NOT NULL,
    template INTEGER NOT NULL,
    lines INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant, source, template)
) STRICT, WITHOUT ROWID;

-- Time stands before the source: commits append, roll-up and retention work on neighbours.
CREATE TABLE counts (
    tenant TEXT NOT NULL,
    grain INTEGER NOT NULL,
    start_ms INTEGER NOT NULL,
    source_id INTEGER NOT NULL,
    lines INTEGER NOT NULL,
    counts BLOB NOT NULL,
    PRIMARY KEY (tenant, grain, start_ms, source_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE anomaly (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    source TEXT NOT NULL,
    state TEXT NOT NULL,
    severity TEXT NOT NULL,
    opened_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    resolved_ms INTEGER,
    bits REAL NOT NULL,
    template TEXT NOT NULL,
    template_id TEXT NOT NULL,
    sentence TEXT NOT NULL,
    detectors TEXT NOT NULL,
    pattern TEXT,
    before_per_minute REAL NOT NULL,
    now_per_minute REAL NOT NULL,
    evidence TEXT NOT NULL,
    examples TEXT NOT NULL,
    findings INTEGER NOT NULL,
    acknowledged_by TEXT,
    acknowledged_ms INTEGER,
    normal_by TEXT,
    normal_ms INTEGER,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX anomaly_opened ON anomaly (tenant, opened_ms, id);
CREATE INDEX anomaly_open ON anomaly (tenant, source, template_id) WHERE state = 'open';

CREATE TABLE finding (
    tenant TEXT NOT NULL,
    anomaly TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    end_ms INTEGER NOT NULL,
    detector TEXT NOT NULL,
    bits REAL NOT NULL,
    reason TEXT NOT NULL,
    template TEXT NOT NULL,
    position INTEGER,
    summary TEXT,
    PRIMARY KEY (tenant, anomaly, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE note (
    tenant TEXT NOT NULL,
    anomaly TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    text TEXT NOT NULL,
    by TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant, anomaly, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE silence (
    tenant TEXT NOT NULL,
    id INTEGER NOT NULL,
    source TEXT,
    template_id TEXT,
    until_ms INTEGER NOT NULL,
    by TEXT NOT NULL,
    reason TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    ended_by TEXT,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE normal (
    tenant TEXT NOT NULL,
    source TEXT NOT NULL,
    template_id TEXT NOT NULL,
    by TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    hits INTEGER NOT NULL,
    hit_ms INTEGER,
    PRIMARY KEY (tenant, source, template_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE alert (
    tenant TEXT NOT NULL,
    key TEXT NOT NULL,
    sink TEXT NOT NULL,
    number INTEGER NOT NULL,
    anomaly TEXT NOT NULL,
    source TEXT NOT NULL,
    cause TEXT NOT NULL,
    kind TEXT NOT NULL,
    severity TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_ms INTEGER NOT NULL,
    settled_ms INTEGER,
    reason TEXT,
    PRIMARY KEY (tenant, key, sink)
) STRICT;
CREATE UNIQUE INDEX alert_number ON alert (number);
CREATE INDEX alert_anomaly ON alert (tenant, anomaly, sink);
CREATE INDEX alert_cause ON alert (tenant, sink, source, cause, number);
CREATE INDEX alert_pending ON alert (next_ms) WHERE state = 'pending';
CREATE INDEX alert_settled ON alert (settled_ms) WHERE settled_ms IS NOT NULL;

CREATE TABLE dead_letter (
    tenant TEXT NOT NULL,
    number INTEGER NOT NULL,
    source TEXT NOT NULL,
    plugin TEXT NOT NULL,
    during TEXT NOT NULL,
    position INTEGER,
    at_ms INTEGER NOT NULL,
    text TEXT NOT NULL,
    cause TEXT NOT NULL,
    PRIMARY KEY (tenant, number)
) STRICT;

CREATE TABLE counter (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;

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
