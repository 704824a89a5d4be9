//! A line before it is written: when, where, what and whose.

/// A line to come. Its text depends on these fields and the seed alone, so that what goes wrong
/// elsewhere does not change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Event {
    /// When it is written; the first field, since it orders.
    pub(crate) time_ms: i64,
    /// Who writes it.
    pub(crate) service: usize,
    /// Place of the message in the catalogue.
    pub(crate) message: usize,
    /// The request it belongs to; see [`request_at`].
    pub(crate) request: u64,
    /// Tells lines of one message and request apart.
    pub(crate) copy: u32,
    /// The route and the hop of it that cause the line, if a request does.
    pub(crate) hop: Option<(usize, usize)>,
    /// The disturbance that added the line.
    pub(crate) disturbance: Option<usize>,
}

/// How long before the start of a plan requests are counted from.
const BEFORE_MS: i64 = 600_000;

/// The number of a request of a visit that begins at a time: milliseconds, then one byte for the
/// place of the request in the visit.
pub(crate) fn request_at(start_ms: i64, time_ms: i64, place: u64) -> u64 {
    (((time_ms - start_ms + BEFORE_MS).max(0) as u64) << 8) | (place & 0xFF)
}
