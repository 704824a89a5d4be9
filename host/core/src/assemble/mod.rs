//! Joins lines into records: a stack trace is one record, and so is a stamped line with the lines below it.
//!
//! A record is handed out when the line after it has shown that it is complete. Blank lines make no record; inside a
//! trace they are kept if the trace goes on behind them.

#[cfg(test)]
mod tests;
mod trace;

use crate::envelope::Opened;
use crate::form::{Form, Recognizer, RecognizerLimits, Reference, Verdict};
use crate::frame::Line;
use crate::record::Record;
use serde::{Deserialize, Serialize};
use trace::Trace;

/// Limits of joining lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AssemblerLimits {
    /// Longest text of a record, and longest message.
    pub record_bytes_max: usize,
    /// Most lines in the text of a record; what comes after is still part of it, but not kept.
    pub record_lines_max: u32,
    /// Limits of recognition.
    pub recognizer: RecognizerLimits,
}

impl Default for AssemblerLimits {
    fn default() -> Self {
        AssemblerLimits {
            record_bytes_max: 256 << 10,
            record_lines_max: 1_000,
            recognizer: RecognizerLimits::default(),
        }
    }
}

/// Joins the lines of one source.
#[derive(Debug, Serialize, Deserialize)]
pub struct Assembler {
    #[serde(skip)]
    limits: AssemblerLimits,
    reference: Reference,
    recognizer: Recognizer,
    /// The record under way, if it has lines.
    pending: Record,
    /// What the current line would be as a record of its own.
    #[serde(skip)]
    fresh: Record,
    trace: Trace,
    /// Blank lines since the last line of the record under way.
    blanks: u32,
    /// What is known of all records beside their text.
    labels: Vec<(String, String)>,
}

impl Assembler {
    /// Begins at the start of a record.
    pub fn new(limits: AssemblerLimits, reference: Reference) -> Self {
        Assembler {
            limits,
            reference,
            recognizer: Recognizer::new(limits.recognizer),
            pending: Record::default(),
            fresh: Record::default(),
            trace: Trace::Outside,
            blanks: 0,
            labels: Vec::new(),
        }
    }

    /// Gives every record these attributes from now on.
    pub fn label(&mut self, labels: &[(String, String)]) {
        self.labels = labels.to_vec();
    }

    /// Goes on under these limits, which are not part of a saved assembler.
    pub fn limit(&mut self, limits: AssemblerLimits) {
        self.limits = limits;
        self.recognizer.limit(limits.recognizer);
    }

    /// Takes the next line and hands out the record that it shows to be complete.
    pub fn line(&mut self, line: Line<'_>, sink: &mut dyn FnMut(&Record)) {
        self.opened(Opened { line, time_ms: None }, sink);
    }

    /// The same of a line out of an envelope, whose time counts where the line has none.
    pub fn opened(&mut self, opened: Opened<'_>, sink: &mut dyn FnMut(&Record)) {
        let Opened { line, time_ms } = opened;
        let bytes = line.bytes;
        let Some(&first) = bytes.trim_ascii().first() else {
            self.blanks = self.blanks.saturating_add(1);
            return;
        };
        let pending = self.pending.lines > 0;
        let indented = first != bytes[0];
        if pending && (indented || self.trace.continues(bytes, self.blanks)) {
            self.extend(line);
            return;
        }
        let form = self.recognizer.take(bytes, &self.reference, &mut self.fresh);
        if pending && form == Form::Plain && self.takes_unstamped(first) {
            self.extend(line);
            self.trace.enter(bytes);
            return;
        }
        self.flush(sink);
        std::mem::swap(&mut self.pending, &mut self.fresh);
        self.trace = Trace::begin(&self.pending.body);
        self.begin(line, time_ms);
    }

    /// Hands out the record under way, at the end of the input or after a long silence.
    pub fn flush(&mut self, sink: &mut dyn FnMut(&Record)) {
        if self.pending.lines > 0 {
            sink(&self.pending);
        }
        self.pending.clear();
        self.trace = Trace::Outside;
        self.blanks = 0;
    }

    /// The time of the record under way: `None` without such a record, `Some(None)` when it has no stamp.
    pub fn pending_time_ms(&self) -> Option<Option<i64>> {
        (self.pending.lines > 0).then_some(self.pending.time_ms)
    }

    /// The form of the source, as far as it is known.
    pub fn form(&self) -> Form {
        self.verdict().form
    }

    /// The form of the source and how sure it is.
    pub fn verdict(&self) -> Verdict {
        self.recognizer.verdict()
    }

    /// Whether an unindented line without a stamp, beginning with this byte, belongs to the record under way.
    fn takes_unstamped(&mut self, first: u8) -> bool {
        match self.form() {
            Form::Plain => self.trace.take_message(),
            // A broken object is a record of its own, not the end of the object before.
            Form::Json => first != b'{',
            _ => true,
        }
    }

    /// Completes the parsed record with what is the same for every form.
    fn begin(&mut self, line: Line<'_>, time_ms: Option<i64>) {
        let record = &mut self.pending;
        record.time_ms = record.time_ms.or(time_ms);
        for (name, value) in &self.labels {
            record.attributes.push(name.as_bytes(), value.as_bytes());
        }
        let max = self.limits.record_bytes_max;
        record.position = line.position;
        record.lines = 1;
        record.cut = line.cut || line.bytes.len() > max;
        record.body.truncate(max);
        record.text.clear();
        record.text.extend_from_slice(&line.bytes[..line.bytes.len().min(max)]);
    }

    /// Adds a line, and the blank ones before it if they stand within a trace, to the record under way.
    fn extend(&mut self, line: Line<'_>) {
        if self.trace != Trace::Outside {
            for _ in 0..self.blanks.min(self.limits.record_lines_max) {
                self.append(b"");
            }
        }
        self.blanks = 0;
        self.append(line.bytes);
        self.pending.cut |= line.cut;
    }

    fn append(&mut self, bytes: &[u8]) {
        let record = &mut self.pending;
        record.lines = record.lines.saturating_add(1);
        let room = self.limits.record_bytes_max.saturating_sub(record.text.len());
        if room == 0 || record.lines > self.limits.record_lines_max {
            record.cut = true;
            return;
        }
        record.text.push(b'\n');
        record.text.extend_from_slice(&bytes[..bytes.len().min(room - 1)]);
        record.cut |= bytes.len() > room - 1;
    }
}
