//! A batch as it comes from a disk: nothing of it is believed before it was looked at.

use super::{Batch, Row, Span, runs_of};
use crate::state::raw;
use serde::Deserialize;

/// What was written of a batch.
#[derive(Deserialize)]
pub(super) struct Stored {
    #[serde(with = "raw")]
    arena: Vec<u8>,
    rows: Vec<Row>,
    attributes: Vec<(Span, Span)>,
}

/// Why bytes are no batch.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum BatchError {
    /// A part of a row lies outside of the texts.
    #[error("row {0} has parts that are not there")]
    Row(usize),
    /// The rows of a source are not adjacent.
    #[error("row {0} is not beside the others of its source")]
    Order(usize),
    /// An attribute lies outside of the texts.
    #[error("attribute {0} is not there")]
    Attribute(usize),
}

impl TryFrom<Stored> for Batch {
    type Error = BatchError;

    fn try_from(stored: Stored) -> Result<Self, BatchError> {
        let Stored { arena, rows, attributes } = stored;
        let fits =
            |span: &Span, length: usize| span.start <= span.end && span.end as usize <= length;
        for (place, (name, value)) in attributes.iter().enumerate() {
            if !fits(name, arena.len()) || !fits(value, arena.len()) {
                return Err(BatchError::Attribute(place));
            }
        }
        for (place, row) in rows.iter().enumerate() {
            let texts = [&row.text, &row.head, &row.body];
            let inside = texts.into_iter().all(|span| fits(span, arena.len()));
            if !inside || !fits(&row.attributes, attributes.len()) {
                return Err(BatchError::Row(place));
            }
            if place > 0 && rows[place - 1].source > row.source {
                return Err(BatchError::Order(place));
            }
        }
        let runs = runs_of(&rows);
        Ok(Batch { arena, rows, runs, attributes })
    }
}

#[cfg(test)]
mod tests {
    use super::super::BatchBuilder;
    use super::*;
    use crate::record::Record;

    fn batch() -> Batch {
        let mut builder = BatchBuilder::default();
        for (source, text) in [(2, "a"), (1, "bb"), (2, "ccc")] {
            let mut record = Record { text: text.into(), body: text.into(), ..Record::default() };
            record.attributes.push(b"word", text.as_bytes());
            builder.push(source, 7, &record);
        }
        builder.seal()
    }

    fn through_bytes(batch: &Batch) -> Option<Batch> {
        let bytes = postcard::to_allocvec(batch).expect("plain data");
        postcard::from_bytes(&bytes).ok()
    }

    #[test]
    fn a_batch_comes_back_as_it_was() {
        let batch = batch();
        assert_eq!(through_bytes(&batch), Some(batch));
    }

    #[test]
    fn what_is_no_batch_is_refused() {
        let beyond = Span { start: 0, end: 1000 };
        let turned = Span { start: 2, end: 1 };
        let cases: &[fn(&mut Batch, Span)] = &[
            |batch, wrong| batch.rows[0].text = wrong,
            |batch, wrong| batch.rows[1].head = wrong,
            |batch, wrong| batch.rows[2].body = wrong,
            |batch, wrong| batch.rows[0].attributes = wrong,
            |batch, wrong| batch.attributes[1].0 = wrong,
            |batch, wrong| batch.attributes[2].1 = wrong,
        ];
        for (number, spoil) in cases.iter().enumerate() {
            for wrong in [beyond, turned] {
                let mut batch = batch();
                spoil(&mut batch, wrong);
                assert_eq!(through_bytes(&batch), None, "case {number} with {wrong:?}");
            }
        }
        let mut batch = batch();
        batch.rows.swap(0, 2);
        assert_eq!(through_bytes(&batch), None, "sources that are not adjacent");
    }
}
