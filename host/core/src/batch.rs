//! Records of one lane, as columns over one byte arena.

mod stored;
mod texts;

use crate::column::Bitmap;
use crate::record::Record;
use serde::Deserialize;
use texts::Texts;

/// A stretch of rows of one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Number of the source within its tenant.
    pub source: u32,
    /// Adjacent rows of it.
    pub rows: u32,
}

/// A range of the arena, or of the texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Span {
    start: u32,
    end: u32,
}

/// Where the parts of a row lie.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Row {
    source: u32,
    position: u64,
    time_ms: i64,
    severity: u8,
    text: Span,
    head: Span,
    body: Span,
    attributes: Span,
}

/// Up to some thousand records; the rows of one source are adjacent and in the order of their arrival.
#[derive(Debug, Default, Deserialize)]
#[serde(try_from = "stored::Stored")]
pub struct Batch {
    texts: Texts,
    /// All else that has bytes.
    arena: Vec<u8>,
    rows: Vec<Row>,
    runs: Vec<Run>,
    attributes: Vec<(Span, Span)>,
}

impl Batch {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.texts.bytes().len() + self.arena.len() + self.rows.len() * size_of::<Row>()
    }

    /// The sources of the rows, in order.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// Where the record stands in its input.
    pub fn position(&self, row: usize) -> u64 {
        self.rows[row].position
    }

    /// Event time in milliseconds since 1970.
    pub fn time_ms(&self, row: usize) -> i64 {
        self.rows[row].time_ms
    }

    /// OpenTelemetry severity number.
    pub fn severity(&self, row: usize) -> u8 {
        self.rows[row].severity
    }

    /// The whole record.
    pub fn text(&self, row: usize) -> &[u8] {
        self.texts.text(self.rows[row].text)
    }

    /// The texts of all rows, and of others that were dropped, with room around them.
    pub(crate) fn texts(&self) -> &[u8] {
        self.texts.bytes()
    }

    /// Where in `texts` the text of a row starts and ends.
    pub(crate) fn text_bounds(&self, row: usize) -> (u32, u32) {
        (self.rows[row].text.start, self.rows[row].text.end)
    }

    /// The nearly constant words in front of the message.
    pub fn head(&self, row: usize) -> &[u8] {
        self.slice(self.rows[row].head)
    }

    /// The message.
    pub fn body(&self, row: usize) -> &[u8] {
        self.slice(self.rows[row].body)
    }

    /// An attribute of the record.
    pub fn attribute(&self, row: usize, name: &[u8]) -> Option<&[u8]> {
        self.attributes(row).find(|(own, _)| *own == name).map(|(_, value)| value)
    }

    /// Keeps only the rows whose bit is set; the arena stays as it is.
    pub fn retain(&mut self, keep: &Bitmap) {
        debug_assert_eq!(keep.rows(), self.rows.len());
        let mut row = 0;
        self.rows.retain(|_| {
            row += 1;
            keep.contains(row - 1)
        });
        self.runs = runs_of(&self.rows);
    }

    /// The rows of one source alone; `None` where there are none.
    pub fn of_source(&self, source: u32) -> Option<Batch> {
        let mut batch = Batch::default();
        for row in self.rows.iter().filter(|row| row.source == source) {
            let first = batch.attributes.len() as u32;
            let Span { start, end } = row.attributes;
            for (name, value) in &self.attributes[start as usize..end as usize] {
                let name = append(&mut batch.arena, self.slice(*name));
                let value = append(&mut batch.arena, self.slice(*value));
                batch.attributes.push((name, value));
            }
            batch.rows.push(Row {
                text: batch.texts.push(self.texts.text(row.text)),
                head: append(&mut batch.arena, self.slice(row.head)),
                body: append(&mut batch.arena, self.slice(row.body)),
                attributes: Span { start: first, end: batch.attributes.len() as u32 },
                ..*row
            });
        }
        batch.seal();
        (!batch.is_empty()).then_some(batch)
    }

    /// Says that all rows are there.
    fn seal(&mut self) {
        self.texts.seal();
        self.runs = runs_of(&self.rows);
    }

    fn attributes(&self, row: usize) -> impl Iterator<Item = (&[u8], &[u8])> {
        let Span { start, end } = self.rows[row].attributes;
        let list = self.attributes[start as usize..end as usize].iter();
        list.map(|(name, value)| (self.slice(*name), self.slice(*value)))
    }

    fn slice(&self, span: Span) -> &[u8] {
        &self.arena[span.start as usize..span.end as usize]
    }
}

/// Equal batches have equal rows, wherever in the arena their texts lie.
impl PartialEq for Batch {
    fn eq(&self, other: &Self) -> bool {
        let same = |row: usize| {
            let about = |batch: &Batch| {
                let Row { source, position, time_ms, severity, .. } = batch.rows[row];
                (source, position, time_ms, severity)
            };
            about(self) == about(other)
                && self.text(row) == other.text(row)
                && self.head(row) == other.head(row)
                && self.body(row) == other.body(row)
                && self.attributes(row).eq(other.attributes(row))
        };
        self.len() == other.len() && (0..self.len()).all(same)
    }
}

/// Collects records of many sources until a batch is full.
#[derive(Debug, Default)]
pub struct BatchBuilder {
    batch: Batch,
    /// Rows, attributes, bytes of texts and of all else in the batch before, since the next one is mostly like it.
    before: [usize; 4],
}

impl BatchBuilder {
    /// Adds a record with the time it counts under.
    pub fn push(&mut self, source: u32, time_ms: i64, record: &Record) {
        let batch = &mut self.batch;
        if batch.rows.is_empty() {
            let [rows, attributes, texts, bytes] = self.before;
            batch.rows.reserve(rows);
            batch.attributes.reserve(attributes);
            batch.texts.reserve(texts);
            batch.arena.reserve(bytes);
        }
        let first = batch.attributes.len() as u32;
        for (name, value) in record.attributes.iter() {
            let name = append(&mut batch.arena, name);
            let value = append(&mut batch.arena, value);
            batch.attributes.push((name, value));
        }
        batch.rows.push(Row {
            source,
            position: record.position,
            time_ms,
            severity: record.severity,
            text: batch.texts.push(&record.text),
            head: append(&mut batch.arena, &record.head),
            body: append(&mut batch.arena, &record.body),
            attributes: Span { start: first, end: batch.attributes.len() as u32 },
        });
    }

    /// Rows collected so far.
    pub fn len(&self) -> usize {
        self.batch.len()
    }

    /// Whether nothing was collected.
    pub fn is_empty(&self) -> bool {
        self.batch.is_empty()
    }

    /// Bytes collected so far.
    pub fn bytes(&self) -> usize {
        self.batch.bytes()
    }

    /// Hands the rows over, those of one source adjacent, and begins anew.
    pub fn seal(&mut self) -> Batch {
        let mut batch = std::mem::take(&mut self.batch);
        batch.rows.sort_by_key(|row| row.source);
        batch.seal();
        let texts = batch.texts.bytes().len();
        self.before = [batch.rows.len(), batch.attributes.len(), texts, batch.arena.len()];
        batch
    }
}

fn append(arena: &mut Vec<u8>, bytes: &[u8]) -> Span {
    let start = arena.len() as u32;
    arena.extend_from_slice(bytes);
    Span { start, end: arena.len() as u32 }
}

fn runs_of(rows: &[Row]) -> Vec<Run> {
    rows.chunk_by(|a, b| a.source == b.source)
        .map(|run| Run { source: run[0].source, rows: run.len() as u32 })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(text: &str) -> Record {
        let mut record = Record { text: text.into(), body: text.into(), ..Record::default() };
        record.attributes.push(b"word", text.as_bytes());
        record
    }

    #[test]
    fn rows_of_one_source_become_adjacent_and_keep_their_order() {
        let mut builder = BatchBuilder::default();
        for (source, text) in [(2, "a"), (1, "b"), (2, "c"), (1, "d")] {
            builder.push(source, 0, &record(text));
        }
        let batch = builder.seal();
        assert_eq!(batch.runs(), [Run { source: 1, rows: 2 }, Run { source: 2, rows: 2 }]);
        let texts: Vec<_> = (0..4).map(|row| batch.text(row)).collect();
        assert_eq!(texts, [b"b", b"d", b"a", b"c"]);
        assert_eq!(batch.attribute(3, b"word"), Some(&b"c"[..]));
        assert!(builder.is_empty());
    }

    #[test]
    fn the_rows_of_a_source_can_be_taken_out() {
        let mut builder = BatchBuilder::default();
        for (source, text) in [(2, "a"), (1, "bb"), (2, "ccc")] {
            builder.push(source, 7, &record(text));
        }
        let batch = builder.seal();
        let own = batch.of_source(2).expect("it has rows");
        let mut alone = BatchBuilder::default();
        ["a", "ccc"].iter().for_each(|text| alone.push(2, 7, &record(text)));
        assert_eq!(own, alone.seal());
        assert_eq!(batch.of_source(3), None);
    }

    #[test]
    fn dropped_rows_leave_their_runs() {
        let mut builder = BatchBuilder::default();
        for (source, text) in [(1, "a"), (2, "b"), (2, "c")] {
            builder.push(source, 0, &record(text));
        }
        let mut batch = builder.seal();
        let mut keep = Bitmap::new(3);
        keep.insert(2);
        batch.retain(&keep);
        assert_eq!(batch.runs(), [Run { source: 2, rows: 1 }]);
        assert_eq!(batch.text(0), b"c");
    }
}
