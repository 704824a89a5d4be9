//! What bellwether remembers, in one SQLite file; the only crate that knows a database.
//!
//! A [`Writer`] takes [`Checkpoint`]s, each one transaction: state, positions, anomalies and alerts are always of one
//! moment. It writes what people say, keeps the outbox of alerts, and rolls up and deletes what is old. [`Reader`]s answer
//! questions meanwhile, and [`export`] writes down everything that does not depend on how and when it was written.
//!
//! The store knows its own row types only, and reads no clock: whoever calls says what time it is. `schema.md` describes
//! the tables for people who query them.

mod alert;
mod anomaly;
mod checkpoint;
mod cursor;
mod dead;
mod error;
mod export;
mod lock;
mod open;
mod pack;
mod plugin;
mod reader;
mod retention;
mod row;
mod schema;
mod silence;
mod sparse;
mod word;
mod writer;

#[cfg(test)]
mod tests;

pub use alert::{
    AlertKind, AlertRow, AlertState, Due, DueAlert, DueQuery, NewAlert, PENDING_MAX, SinkDepth,
};
pub use anomaly::{
    ANOMALY_TEXT_BYTES_MAX, AnomalyDetail, AnomalyRow, AnomalyState, AnomalySummary, EXAMPLES_MAX,
    FACTS_MAX, FINDINGS_MAX, FindingRow, NOTES_MAX, Note, Said, Severity,
};
pub use checkpoint::{
    Checkpoint, InputRow, Loaded, PaneRow, PluginStateRow, SourceRow, TemplateRow,
};
pub use dead::{DEAD_LETTERS_MAX, DeadLetterRow, NewDeadLetter};
pub use error::StoreError;
pub use export::export;
pub use plugin::{
    AUDITS_MAX, AuditEntry, AuditOutcome, AuditRow, FIT_BYTES_MAX, FITS_MAX, PluginFit,
    PluginVersion, Pushed, VERSIONS_MAX,
};
pub use reader::{
    AlertQuery, AnomalyQuery, AuditQuery, CountPoint, CountsQuery, DeadLetterQuery, PAGE_ROWS_MAX,
    POINTS_MAX, Page, PluginQuery, Reader, SourceSummary, StoreSize, TemplateQuery, TenantSummary,
};
pub use retention::Retention;
pub use silence::{NORMALS_MAX, NewSilence, Normal, SILENCES_MAX, Silence};
pub use writer::{Maintained, StoreOptions, Writer, check_place};
