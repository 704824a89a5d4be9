//! What people do not want to hear of: for a while, or because it is normal.

use serde::Serialize;

/// The most silences of a tenant that have not ended.
pub const SILENCES_MAX: u64 = 1_000;

/// The most messages of a tenant that are said to be normal.
pub const NORMALS_MAX: u64 = 10_000;

/// An order to keep quiet about something for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSilence {
    /// The tenant.
    pub tenant: String,
    /// Key of the source; `None` for all of them.
    pub source: Option<String>,
    /// Name of the message; `None` for all of them.
    pub template_id: Option<String>,
    /// When it ends, by the wall clock.
    pub until_ms: u64,
    /// Who ordered it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When it was ordered, by the wall clock.
    pub at_ms: u64,
}

/// A silence as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Silence {
    /// Names it within the tenant.
    pub id: u64,
    /// As in [`NewSilence`].
    pub source: Option<String>,
    /// As in [`NewSilence`].
    pub template_id: Option<String>,
    /// As in [`NewSilence`], or when it was ended.
    pub until_ms: u64,
    /// As in [`NewSilence`].
    pub by: String,
    /// As in [`NewSilence`].
    pub reason: String,
    /// As in [`NewSilence`].
    pub at_ms: u64,
    /// Who ended it before its time.
    pub ended_by: Option<String>,
}

/// A message that somebody has said to be normal: its anomalies are closed as they open, and nobody is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Normal {
    /// Key of the source.
    pub source: String,
    /// Name of the message; empty for the source as a whole.
    pub template_id: String,
    /// Who said so.
    pub by: String,
    /// When, by the wall clock.
    pub at_ms: u64,
    /// Anomalies that it has closed as they opened.
    pub hits: u64,
    /// When the last of them opened, by event time.
    pub hit_ms: Option<u64>,
}
