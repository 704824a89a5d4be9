//! What a line of a known form says: time, severity, head, message and fields.
//!
//! One file per form. A form answers whether a line is of its kind, on any bytes, and fills a record if it is.

mod access;
mod apache;
mod bgl;
mod cursor;
mod epoch;
mod front;
mod hdfs;
mod iso;
mod json;
mod level;
mod nginx;
mod plain;
mod recognizer;
mod stamp;
mod syslog;
#[cfg(test)]
mod tests;

pub use recognizer::{Recognizer, RecognizerLimits, Verdict};

use crate::record::Record;

/// What the time of a source is told by where its stamps do not tell all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Reference {
    /// A moment near the end of the source, milliseconds since 1970: stamps without a year lie at most a day after it.
    pub time_ms: i64,
}

/// A way in which lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// One JSON object per line.
    Json,
    /// Syslog with a version, RFC 5424.
    Rfc5424,
    /// Traditional syslog, RFC 3164, with or without a priority.
    Rfc3164,
    /// Access logs of Apache and nginx, common and combined.
    Combined,
    /// Blue Gene/L.
    Bgl,
    /// HDFS.
    Hdfs,
    /// Error logs of Apache, before and since 2.4.
    ApacheError,
    /// Error logs of nginx.
    NginxError,
    /// A date that begins with the year.
    Iso,
    /// Seconds or milliseconds since 1970.
    Epoch,
    /// No stamp.
    Plain,
}

impl Form {
    /// All forms, the most specific first.
    pub const ALL: [Form; 11] = [
        Form::Json,
        Form::Rfc5424,
        Form::Rfc3164,
        Form::Combined,
        Form::Bgl,
        Form::Hdfs,
        Form::ApacheError,
        Form::NginxError,
        Form::Iso,
        Form::Epoch,
        Form::Plain,
    ];

    /// The name users know the form by.
    pub fn name(self) -> &'static str {
        match self {
            Form::Json => "json",
            Form::Rfc5424 => "rfc5424",
            Form::Rfc3164 => "rfc3164",
            Form::Combined => "combined",
            Form::Bgl => "bgl",
            Form::Hdfs => "hdfs",
            Form::ApacheError => "apache-error",
            Form::NginxError => "nginx-error",
            Form::Iso => "iso",
            Form::Epoch => "epoch",
            Form::Plain => "plain",
        }
    }

    /// Fills time, severity, head, body and attributes from a line of this form.
    ///
    /// Answers `false` for a line of another form; what those parts hold is unspecified then. The other parts of the
    /// record are not touched.
    pub fn parse(self, line: &[u8], clock: &Reference, record: &mut Record) -> bool {
        record.time_ms = None;
        record.severity = 0;
        record.head.clear();
        record.body.clear();
        record.attributes.clear();
        let fits = match self {
            Form::Json => json::parse(line, record),
            Form::Rfc5424 => syslog::parse_rfc5424(line, record),
            Form::Rfc3164 => syslog::parse_rfc3164(line, clock, record),
            Form::Combined => access::parse(line, record),
            Form::Bgl => bgl::parse(line, record),
            Form::Hdfs => hdfs::parse(line, record),
            Form::ApacheError => apache::parse(line, record),
            Form::NginxError => nginx::parse(line, record),
            Form::Iso => iso::parse(line, record),
            Form::Epoch => epoch::parse(line, record),
            Form::Plain => {
                plain::parse(line, record);
                Some(())
            }
        };
        fits.is_some()
    }
}
