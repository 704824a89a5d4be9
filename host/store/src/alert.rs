//! Alerts as they are kept: an outbox with one row for each sink.

use serde::Serialize;

use crate::anomaly::Severity;
use crate::word;

/// The most alerts that wait for a sink; the oldest beyond are given up.
pub const PENDING_MAX: u32 = 10_000;

/// What happened to the anomaly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertKind {
    /// It began.
    Opened,
    /// It became much stronger.
    Updated,
    /// It is over.
    Resolved,
}

impl AlertKind {
    pub(crate) const WORDS: word::Words<Self> = &[
        (AlertKind::Opened, "opened"),
        (AlertKind::Updated, "updated"),
        (AlertKind::Resolved, "resolved"),
    ];
}

/// How far an alert has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertState {
    /// To be sent.
    Pending,
    /// The sink has taken it.
    Sent,
    /// Nobody tries any more.
    Dead,
    /// Somebody did not want to hear of it.
    Suppressed,
}

impl AlertState {
    pub(crate) const WORDS: word::Words<Self> = &[
        (AlertState::Pending, "pending"),
        (AlertState::Sent, "sent"),
        (AlertState::Dead, "dead"),
        (AlertState::Suppressed, "suppressed"),
    ];
}

/// Something that people are to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAlert {
    /// Names it within the tenant: anomaly, kind and time.
    pub key: String,
    /// Id of the anomaly.
    pub anomaly: String,
    /// Key of the source.
    pub source: String,
    /// Name of the message that the anomaly is about.
    pub cause: String,
    /// What happened.
    pub kind: AlertKind,
    /// How much the anomaly matters.
    pub severity: Severity,
    /// When it happened, by event time.
    pub at_ms: u64,
    /// The event as JSON.
    pub body: String,
    /// Names of the sinks to tell.
    pub sinks: Vec<String>,
}

/// An alert to one sink.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlertRow {
    /// Names the row in this file, in the order in which alerts came.
    pub number: u64,
    /// The tenant.
    pub tenant: String,
    /// As in [`NewAlert`].
    pub key: String,
    /// The sink.
    pub sink: String,
    /// As in [`NewAlert`].
    pub anomaly: String,
    /// As in [`NewAlert`].
    pub source: String,
    /// As in [`NewAlert`].
    pub cause: String,
    /// As in [`NewAlert`].
    pub kind: AlertKind,
    /// As in [`NewAlert`].
    pub severity: Severity,
    /// As in [`NewAlert`].
    pub at_ms: u64,
    /// As in [`NewAlert`].
    pub body: String,
    /// How far it has come.
    pub state: AlertState,
    /// Attempts that failed.
    pub attempts: u32,
    /// When the next one is due, by the wall clock.
    pub next_ms: u64,
    /// When it was sent, died or was suppressed, by the wall clock.
    pub settled_ms: Option<u64>,
    /// Why the last attempt failed, or why it was suppressed.
    pub reason: Option<String>,
}

/// What waits for a sink.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SinkDepth {
    /// The tenant.
    pub tenant: String,
    /// The sink.
    pub sink: String,
    /// Alerts to be sent.
    pub pending: u64,
    /// Alerts given up.
    pub dead: u64,
}

/// Which alerts are to be sent now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueQuery {
    /// The sink.
    pub sink: String,
    /// What time it is by the wall clock.
    pub now_ms: u64,
    /// How long a sink hears nothing further of a cause that it was told of, unless it matters more now; 0 for no such
    /// rest.
    pub cooldown_ms: u64,
    /// The most alerts to hand out.
    pub limit: u32,
}

/// What is to be sent to a sink, and when to ask again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Due {
    /// The alerts, in the order in which they came.
    pub alerts: Vec<DueAlert>,
    /// When the first of those that had failed is to be tried again.
    pub next_ms: Option<u64>,
}

/// An alert to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueAlert {
    /// The alert.
    pub row: AlertRow,
    /// Anomalies of the same cause that the sink was spared since it was last told of one.
    pub suppressed: u64,
}
