//! One log event, as the intake hands it on.

use serde::{Deserialize, Serialize};

/// The attribute with what follows the `?` of a path. It is no part of the message, or every search would be one of its
/// own; yet secrets end up there.
pub const QUERY: &[u8] = b"query";

/// A log event with its text and what recognition found in it.
///
/// The buffers are reused from record to record, so that the intake allocates nothing per line.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Where the record begins in its input: a byte offset for files.
    pub position: u64,
    /// Event time in milliseconds since 1970; `None` where the text has no time stamp.
    pub time_ms: Option<i64>,
    /// OpenTelemetry severity number, 0 = unknown.
    pub severity: u8,
    /// The whole record as it was written, without the last line end.
    pub text: Vec<u8>,
    /// Nearly constant words in front of the message: host, component, process.
    pub head: Vec<u8>,
    /// The message, first line only: what templates are mined from.
    pub body: Vec<u8>,
    /// Parsed fields.
    pub attributes: Attributes,
    /// Lines that make up the record.
    pub lines: u32,
    /// Whether text beyond the limit was cut off.
    pub cut: bool,
}

impl Record {
    /// Empties the record for reuse and keeps its buffers.
    pub fn clear(&mut self) {
        self.position = 0;
        self.time_ms = None;
        self.severity = 0;
        self.text.clear();
        self.head.clear();
        self.body.clear();
        self.attributes.clear();
        self.lines = 0;
        self.cut = false;
    }
}

/// Named values of one record, in one buffer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Attributes {
    bytes: Vec<u8>,
    ends: Vec<(u32, u32)>,
}

impl Attributes {
    /// Adds a value; names may repeat, the first one counts.
    pub fn push(&mut self, name: &[u8], value: &[u8]) {
        self.bytes.extend_from_slice(name);
        let middle = self.bytes.len() as u32;
        self.bytes.extend_from_slice(value);
        self.ends.push((middle, self.bytes.len() as u32));
    }

    /// Empties the list and keeps its buffers.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// The value of the first attribute of that name.
    pub fn find(&self, name: &[u8]) -> Option<&[u8]> {
        self.iter().find(|(n, _)| *n == name).map(|(_, value)| value)
    }

    /// All attributes, in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|(_, end)| *end));
        starts.zip(&self.ends).map(|(start, &(middle, end))| {
            (
                &self.bytes[start as usize..middle as usize],
                &self.bytes[middle as usize..end as usize],
            )
        })
    }
}

/// OpenTelemetry severity numbers for the usual words; the lowest of each range.
pub mod severity {
    /// No severity known.
    pub const UNKNOWN: u8 = 0;
    /// Finest.
    pub const TRACE: u8 = 1;
    /// For developers.
    pub const DEBUG: u8 = 5;
    /// Normal operation.
    pub const INFO: u8 = 9;
    /// Odd but handled.
    pub const WARN: u8 = 13;
    /// Something failed.
    pub const ERROR: u8 = 17;
    /// The program cannot go on.
    pub const FATAL: u8 = 21;

    /// The short name people use for a number.
    pub fn name(number: u8) -> &'static str {
        match number {
            0 => "unknown",
            1..=4 => "trace",
            5..=8 => "debug",
            9..=12 => "info",
            13..=16 => "warn",
            17..=20 => "error",
            _ => "fatal",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_keep_order_and_the_first_of_a_name_counts() {
        let mut attributes = Attributes::default();
        attributes.push(b"status", b"200");
        attributes.push(b"path", b"");
        attributes.push(b"status", b"500");
        assert_eq!(attributes.find(b"status"), Some(&b"200"[..]));
        assert_eq!(attributes.find(b"path"), Some(&b""[..]));
        assert_eq!(attributes.find(b"none"), None);
        assert_eq!(attributes.iter().count(), 3);
    }
}
