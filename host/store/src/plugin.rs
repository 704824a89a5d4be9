//! Plugins as they are kept: versions that were pushed, what each tenant wants of them, and who did what.

use serde::Serialize;

use crate::word;

/// The most versions of all plugins together.
pub const VERSIONS_MAX: u64 = 10_000;

/// The most plugins of which a tenant may want something.
pub const FITS_MAX: u64 = 1_000;

/// The most bytes of what a tenant may want of a plugin.
pub const FIT_BYTES_MAX: usize = 512 << 10;

/// The most entries of the audit log; the oldest go first.
pub const AUDITS_MAX: u64 = 100_000;

/// A version of a plugin. What it is never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PluginVersion {
    /// Name of the plugin.
    pub name: String,
    /// The version.
    pub version: String,
    /// SHA-256 of the component, in hexadecimal.
    pub digest: String,
    /// What it does: `detector` or `filter`.
    pub kind: String,
    /// Size of the component.
    pub bytes: u64,
    /// Name of the key that signed it.
    pub signed_by: Option<String>,
    /// When it was pushed, by the wall clock.
    pub pushed_ms: u64,
    /// Who pushed it.
    pub pushed_by: String,
    /// What it says of itself, as JSON, which the store does not read.
    pub inspection: String,
}

/// What became of a version that was pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pushed {
    /// It is there from now on.
    New,
    /// It was there already, and nothing has changed.
    Known,
    /// Its name and version belong to another component.
    Taken {
        /// Digest of that component.
        digest: String,
    },
}

/// What a tenant wants of a plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PluginFit {
    /// The tenant.
    pub tenant: String,
    /// Name of the plugin.
    pub plugin: String,
    /// What is wanted, as JSON, which the store does not read.
    pub fit: String,
    /// Rises by one with every change.
    pub revision: u64,
    /// When it was changed last, by the wall clock.
    pub changed_ms: u64,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AuditOutcome {
    /// It was done.
    Done,
    /// It was refused, and nothing has changed.
    Refused,
    /// It was begun and did not succeed.
    Failed,
}

impl AuditOutcome {
    pub(crate) const WORDS: word::Words<Self> = &[
        (AuditOutcome::Done, "done"),
        (AuditOutcome::Refused, "refused"),
        (AuditOutcome::Failed, "failed"),
    ];
}

/// Something that somebody did to plugins, or tried to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditRow {
    /// When, by the wall clock.
    pub at_ms: u64,
    /// Whose plugins; `None` if it is the matter of all tenants.
    pub tenant: Option<String>,
    /// Who did it.
    pub actor: String,
    /// What was done, a word such as `push`.
    pub action: String,
    /// Name of the plugin, as far as it was known.
    pub plugin: Option<String>,
    /// Its version, as far as it was known.
    pub version: Option<String>,
    /// Digest of its component, as far as it was known.
    pub digest: Option<String>,
    /// How it ended.
    pub outcome: AuditOutcome,
    /// Why, or whatever else there is to say.
    pub detail: String,
}

/// An entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditEntry {
    /// Names it, in the order in which things happened.
    pub id: u64,
    /// What happened.
    pub row: AuditRow,
}
