//! A batch on a disk: small, and nothing of it is believed before it was looked at.
//!
//! Figures are written as differences to the row before and places as lengths, so that a compressor finds the same again
//! and again.

use super::{Batch, Row, Span, append};
use crate::state::raw;
use serde::{Deserialize, Serialize, Serializer};

/// What is written of a batch.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Stored {
    /// Sources, and how many rows they have.
    runs: Vec<(u32, u32)>,
    positions: Vec<i64>,
    times_ms: Vec<i64>,
    #[serde(with = "raw")]
    severities: Vec<u8>,
    /// Of each row: how many attributes it has, and how long its text and its head are.
    shapes: Vec<[u32; 3]>,
    /// Of each row: twice the length of its body, and one more where the text does not end with it.
    bodies: Vec<u64>,
    /// Lengths of names and values.
    attributes: Vec<[u32; 2]>,
    /// Row by row: names and values, text, head, and the body where the text does not end with it.
    #[serde(with = "raw")]
    bytes: Vec<u8>,
}

/// Why bytes are no batch.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum BatchError {
    /// The columns are not of equal length.
    #[error("the rows are not whole")]
    Rows,
    /// A row has parts that are not there.
    #[error("row {0} has parts that are not there")]
    Row(usize),
    /// The rows of a source are not adjacent.
    #[error("sources are not in order")]
    Order,
    /// There are more attributes or bytes than rows have.
    #[error("something is left over")]
    Rest,
}

impl Serialize for Batch {
    fn serialize<W: Serializer>(&self, writer: W) -> Result<W::Ok, W::Error> {
        let rows = self.rows.len();
        let mut stored = Stored {
            runs: self.runs.iter().map(|run| (run.source, run.rows)).collect(),
            positions: Vec::with_capacity(rows),
            times_ms: Vec::with_capacity(rows),
            severities: Vec::with_capacity(rows),
            shapes: Vec::with_capacity(rows),
            bodies: Vec::with_capacity(rows),
            attributes: Vec::with_capacity(self.attributes.len()),
            bytes: Vec::with_capacity(self.bytes()),
        };
        (0..rows).for_each(|row| stored.push(self, row));
        stored.serialize(writer)
    }
}

impl Stored {
    fn push(&mut self, batch: &Batch, row: usize) {
        let before = row.checked_sub(1).map(|before| batch.rows[before]);
        let (position, time_ms) = before.map_or((0, 0), |row| (row.position, row.time_ms));
        self.positions.push(batch.position(row).wrapping_sub(position) as i64);
        self.times_ms.push(batch.time_ms(row).wrapping_sub(time_ms));
        self.severities.push(batch.severity(row));
        let first = self.attributes.len();
        for (name, value) in batch.attributes(row) {
            self.attributes.push([name.len() as u32, value.len() as u32]);
            self.bytes.extend_from_slice(name);
            self.bytes.extend_from_slice(value);
        }
        let (text, head, body) = (batch.text(row), batch.head(row), batch.body(row));
        let attributes = self.attributes.len() - first;
        self.shapes.push([attributes as u32, text.len() as u32, head.len() as u32]);
        self.bytes.extend_from_slice(text);
        self.bytes.extend_from_slice(head);
        let apart = !text.ends_with(body);
        self.bodies.push((body.len() as u64) << 1 | u64::from(apart));
        if apart {
            self.bytes.extend_from_slice(body);
        }
    }
}

/// Takes bytes from the front.
struct Cut<'a>(&'a [u8]);

impl<'a> Cut<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (part, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(part)
    }
}

impl TryFrom<Stored> for Batch {
    type Error = BatchError;

    fn try_from(stored: Stored) -> Result<Self, BatchError> {
        let count: u64 = stored.runs.iter().map(|(_, rows)| u64::from(*rows)).sum();
        let Stored { positions, times_ms, severities, shapes, bodies, .. } = &stored;
        let columns =
            [positions.len(), times_ms.len(), severities.len(), shapes.len(), bodies.len()];
        if columns.iter().any(|length| *length as u64 != count) {
            return Err(BatchError::Rows);
        }
        if !stored.runs.is_sorted_by(|one, next| one.0 < next.0) {
            return Err(BatchError::Order);
        }
        let sources = stored
            .runs
            .iter()
            .flat_map(|(source, rows)| std::iter::repeat_n(*source, *rows as usize));
        let (mut batch, mut bytes) = (Batch::default(), Cut(&stored.bytes));
        let mut attributes = stored.attributes.iter();
        for (row, source) in sources.enumerate() {
            let taken = batch.take(&stored, (row, source), &mut attributes, &mut bytes);
            taken.ok_or(BatchError::Row(row))?;
        }
        if !bytes.0.is_empty() || attributes.next().is_some() {
            return Err(BatchError::Rest);
        }
        batch.seal();
        Ok(batch)
    }
}

impl Batch {
    /// Takes the next row; `None` where it has parts that are not there.
    fn take<'a>(
        &mut self,
        stored: &Stored,
        (row, source): (usize, u32),
        attributes: &mut impl Iterator<Item = &'a [u32; 2]>,
        bytes: &mut Cut<'_>,
    ) -> Option<()> {
        let before = row.checked_sub(1).map(|before| self.rows[before]);
        let (position, time_ms) = before.map_or((0, 0), |row| (row.position, row.time_ms));
        let [own, text, head] = stored.shapes[row];
        let first = self.attributes.len() as u32;
        for _ in 0..own {
            let [name, value] = *attributes.next()?;
            let name = append(&mut self.arena, bytes.take(name as usize)?);
            let value = append(&mut self.arena, bytes.take(value as usize)?);
            self.attributes.push((name, value));
        }
        let text = bytes.take(text as usize)?;
        let head = bytes.take(head as usize)?;
        let (length, apart) = ((stored.bodies[row] >> 1) as usize, stored.bodies[row] & 1 == 1);
        let body = match apart {
            true => bytes.take(length)?,
            false => &text[text.len().checked_sub(length)?..],
        };
        self.rows.push(Row {
            source,
            position: position.wrapping_add(stored.positions[row] as u64),
            time_ms: time_ms.wrapping_add(stored.times_ms[row]),
            severity: stored.severities[row],
            text: self.texts.push(text),
            head: append(&mut self.arena, head),
            body: append(&mut self.arena, body),
            attributes: Span { start: first, end: self.attributes.len() as u32 },
        });
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::BatchBuilder;
    use super::*;
    use crate::record::Record;

    fn batch() -> Batch {
        let mut builder = BatchBuilder::default();
        for (source, text, body) in [(2, "at a", "a"), (1, "bb", ""), (2, "ccc", "other")] {
            let mut record = Record {
                position: u64::from(source) << 60,
                severity: source as u8,
                text: text.into(),
                head: "head".into(),
                body: body.into(),
                ..Record::default()
            };
            record.attributes.push(b"word", text.as_bytes());
            record.attributes.push(b"body", body.as_bytes());
            builder.push(source, 7 - i64::from(source), &record);
        }
        builder.seal()
    }

    fn stored() -> Stored {
        let bytes = postcard::to_allocvec(&batch()).expect("plain data");
        postcard::from_bytes(&bytes).expect("it was just written")
    }

    #[test]
    fn a_batch_comes_back_as_it_was() {
        for batch in [batch(), Batch::default()] {
            let bytes = postcard::to_allocvec(&batch).expect("plain data");
            let back: Batch = postcard::from_bytes(&bytes).expect("it was just written");
            assert_eq!(back, batch);
            assert_eq!(back.runs(), batch.runs());
        }
    }

    /// What is done to a batch as it is stored.
    type Damage = fn(&mut Stored);

    #[test]
    fn what_is_no_batch_is_refused() {
        let cases: &[(Damage, BatchError)] = &[
            (|stored| stored.positions.truncate(2), BatchError::Rows),
            (|stored| stored.severities.push(1), BatchError::Rows),
            (|stored| stored.runs[1].1 = u32::MAX, BatchError::Rows),
            (|stored| stored.runs.swap(0, 1), BatchError::Order),
            (|stored| stored.runs = vec![(1, 1), (1, 2)], BatchError::Order),
            (|stored| stored.shapes[0][0] = u32::MAX, BatchError::Row(0)),
            (|stored| stored.shapes[1][1] = u32::MAX, BatchError::Row(1)),
            (|stored| stored.shapes[2][2] += 1, BatchError::Row(2)),
            (|stored| stored.bodies[1] = 5 << 1, BatchError::Row(1)),
            (|stored| stored.bodies[2] = u64::MAX, BatchError::Row(2)),
            (|stored| stored.attributes[0][0] = u32::MAX, BatchError::Row(0)),
            (|stored| stored.attributes.truncate(5), BatchError::Row(2)),
            (|stored| stored.attributes.push([0, 0]), BatchError::Rest),
            (|stored| stored.bytes.push(0), BatchError::Rest),
        ];
        for (number, (spoil, expected)) in cases.iter().enumerate() {
            let mut stored = stored();
            spoil(&mut stored);
            assert_eq!(Batch::try_from(stored).as_ref(), Err(expected), "case {number}");
        }
    }
}
