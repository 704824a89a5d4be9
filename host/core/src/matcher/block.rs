//! The texts of a batch in one piece, with room around them, so that they are searched without looking at rows.

use crate::batch::Batch;
use crate::simd::grams::PADDING;

/// Bytes in front of the first text, so that what lies before a place can be looked at without asking.
const FRONT: usize = 64;
/// Stands between two texts. A match never reaches over it, as the bounds of rows are looked at.
const SEPARATOR: u8 = b'\n';

/// Texts of rows.
#[derive(Debug, Default)]
pub(super) struct Block {
    bytes: Vec<u8>,
    /// Where each row starts, and where one more would.
    starts: Vec<u32>,
}

impl Block {
    /// Takes the texts of a batch.
    pub(super) fn fill(&mut self, batch: &Batch) {
        self.bytes.clear();
        self.bytes.resize(FRONT, 0);
        self.starts.clear();
        for row in 0..batch.len() {
            self.starts.push(self.bytes.len() as u32);
            self.bytes.extend_from_slice(batch.text(row));
            self.bytes.push(SEPARATOR);
        }
        self.starts.push(self.bytes.len() as u32);
        self.bytes.resize(self.bytes.len() + PADDING, 0);
    }

    /// Everything, with the room around it.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where texts lie in it.
    pub(super) fn range(&self) -> (usize, usize) {
        (FRONT, self.bytes.len() - PADDING)
    }

    /// Number of rows.
    pub(super) fn rows(&self) -> usize {
        self.starts.len() - 1
    }

    /// Start and end of a row.
    pub(super) fn bounds(&self, row: usize) -> (usize, usize) {
        (self.starts[row] as usize, self.starts[row + 1] as usize - 1)
    }

    /// The text of a row.
    pub(super) fn text(&self, row: usize) -> &[u8] {
        let (start, end) = self.bounds(row);
        &self.bytes[start..end]
    }

    /// The row that a place lies in or behind, looked for from a row nearby.
    pub(super) fn row(&self, place: usize, nearby: usize) -> usize {
        let mut row = nearby;
        while row > 0 && self.starts[row] as usize > place {
            row -= 1;
        }
        while row + 2 < self.starts.len() && self.starts[row + 1] as usize <= place {
            row += 1;
        }
        row
    }
}
