//! What plugins could not bear.

use serde::Serialize;

/// Dead letters of a tenant that are kept; the oldest beyond go.
pub const DEAD_LETTERS_MAX: u32 = 1_000;

/// Bytes of a record, and of a cause, that are kept.
const TEXT_BYTES_MAX: usize = 4_000;
const CAUSE_BYTES_MAX: usize = 8_000;

/// A record, a window or a state that a plugin could not bear.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct NewDeadLetter {
    /// Key of the source.
    pub source: String,
    /// Name of the plugin.
    pub plugin: String,
    /// What the plugin was to do, such as `observe`.
    pub during: String,
    /// Where the record stands in its input; `None` for a window or a state.
    pub position: Option<u64>,
    /// Event time.
    pub at_ms: i64,
    /// The beginning of the record; empty for a window or a state.
    pub text: String,
    /// How the plugin failed, with the names of functions.
    pub cause: String,
}

/// A dead letter as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeadLetterRow {
    /// Names it within the tenant, in the order in which dead letters came.
    pub number: u64,
    /// The tenant.
    pub tenant: String,
    /// As in [`NewDeadLetter`].
    pub source: String,
    /// As in [`NewDeadLetter`].
    pub plugin: String,
    /// As in [`NewDeadLetter`].
    pub during: String,
    /// As in [`NewDeadLetter`].
    pub position: Option<u64>,
    /// As in [`NewDeadLetter`].
    pub at_ms: i64,
    /// As in [`NewDeadLetter`].
    pub text: String,
    /// As in [`NewDeadLetter`].
    pub cause: String,
}

impl NewDeadLetter {
    /// What is kept of the record.
    pub(crate) fn kept_text(&self) -> &str {
        crate::word::cut(&self.text, TEXT_BYTES_MAX)
    }

    /// What is kept of the cause.
    pub(crate) fn kept_cause(&self) -> &str {
        crate::word::cut(&self.cause, CAUSE_BYTES_MAX)
    }
}
