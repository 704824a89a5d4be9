//! The texts of a batch as one piece, and where rows lie in it.

use crate::batch::Batch;

/// Where rows lie, in the order of their places; what one scan leaves is room for the next.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// Start, end and number of each row.
    rows: Vec<(u32, u32, u32)>,
}

/// Texts and rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block<'a> {
    bytes: &'a [u8],
    rows: &'a [(u32, u32, u32)],
}

impl Rows {
    /// Takes the texts of a batch.
    pub(super) fn block<'a>(&'a mut self, batch: &'a Batch) -> Block<'a> {
        let bounds = (0..batch.len()).map(|row| (batch.text_bounds(row), row as u32));
        self.rows.clear();
        self.rows.extend(bounds.map(|((start, end), row)| (start, end, row)));
        if !self.rows.is_sorted() {
            // The rows of each source are in order already, which a stable sort makes use of.
            self.rows.sort();
        }
        Block { bytes: batch.texts(), rows: &self.rows }
    }
}

impl<'a> Block<'a> {
    /// Everything, with the room around it.
    pub(super) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Where texts lie in it.
    pub(super) fn range(&self) -> (usize, usize) {
        let (first, last) = (self.rows.first(), self.rows.last());
        first.zip(last).map_or((0, 0), |(first, last)| (first.0 as usize, last.1 as usize))
    }

    /// Number of rows; they are counted from zero in the order of their places.
    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The number of a row in the batch.
    pub(super) fn number(&self, row: usize) -> u32 {
        self.rows[row].2
    }

    /// Start and end of a row.
    pub(super) fn bounds(&self, row: usize) -> (usize, usize) {
        (self.rows[row].0 as usize, self.rows[row].1 as usize)
    }

    /// The text of a row.
    pub(super) fn text(&self, row: usize) -> &'a [u8] {
        let (start, end) = self.bounds(row);
        &self.bytes[start..end]
    }

    /// The row that a place lies in or behind, looked for from a row nearby.
    pub(super) fn row(&self, place: usize, nearby: usize) -> usize {
        let mut row = nearby;
        while row > 0 && self.rows[row].0 as usize > place {
            row -= 1;
        }
        while self.rows.get(row + 1).is_some_and(|next| next.0 as usize <= place) {
            row += 1;
        }
        row
    }
}
