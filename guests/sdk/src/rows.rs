//! Views of the rows of one source.

use bellwether_world_detector::bellwether::plugin::types::{self, Column};
use std::ops::Range;

/// Rows that are looked at together where only bits are wanted: a word of them.
pub const BLOCK: usize = 64;

/// The bits of so many rows from the lowest, of all if there are more.
pub(crate) fn first_rows(rows: usize) -> u64 {
    if rows >= BLOCK { u64::MAX } else { (1 << rows) - 1 }
}

/// The rows of one source in a batch. Columns go by their place in `Descriptor::lines`.
pub struct Lines<'a> {
    columns: &'a [Column],
    range: Range<usize>,
}

/// The bits of the rows of one source.
#[derive(Debug, Clone, Copy)]
pub struct Bits<'a> {
    bytes: &'a [u8],
    first: usize,
    rows: usize,
}

/// A closed window of one source. Columns go by their place in `Descriptor::series`.
pub struct Window<'a> {
    /// First millisecond since 1970.
    pub start_ms: u64,
    /// First millisecond after it.
    pub end_ms: u64,
    /// Lines of the source in it.
    pub lines: u64,
    /// Its embedding, or empty.
    pub vector: &'a [f32],
    series: Lines<'a>,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(columns: &'a [Column], range: Range<usize>) -> Self {
        Lines { columns, range }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.range.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.range.is_empty()
    }

    /// A column of bytes.
    pub fn u8s(&self, column: usize) -> &'a [u8] {
        match self.column(column) {
            Column::U8s(values) => &values[self.range.clone()],
            other => wrong(column, other),
        }
    }

    /// A column of ids or counts.
    pub fn u32s(&self, column: usize) -> &'a [u32] {
        match self.column(column) {
            Column::U32s(values) => &values[self.range.clone()],
            other => wrong(column, other),
        }
    }

    /// A column of times or positions.
    pub fn u64s(&self, column: usize) -> &'a [u64] {
        match self.column(column) {
            Column::U64s(values) => &values[self.range.clone()],
            other => wrong(column, other),
        }
    }

    /// A column of small numbers.
    pub fn f32s(&self, column: usize) -> &'a [f32] {
        match self.column(column) {
            Column::F32s(values) => &values[self.range.clone()],
            other => wrong(column, other),
        }
    }

    /// A column of numeric fields.
    pub fn f64s(&self, column: usize) -> &'a [f64] {
        match self.column(column) {
            Column::F64s(values) => &values[self.range.clone()],
            other => wrong(column, other),
        }
    }

    /// A column of bits. Fetch it once, not for each row.
    pub fn bits(&self, column: usize) -> Bits<'a> {
        match self.column(column) {
            Column::Bits(bytes) => Bits { bytes, first: self.range.start, rows: self.len() },
            other => wrong(column, other),
        }
    }

    /// The first row of each [`BLOCK`] of rows, in order; the last may have fewer.
    pub fn blocks(&self) -> impl Iterator<Item = usize> + use<> {
        (0..self.len()).step_by(BLOCK)
    }

    /// A text of a column; its bytes need not be UTF-8.
    pub fn text(&self, column: usize, row: usize) -> &'a [u8] {
        let row = self.range.start + row;
        match self.column(column) {
            Column::Text(text) => {
                let start = if row == 0 { 0 } else { text.ends[row - 1] as usize };
                &text.bytes[start..text.ends[row] as usize]
            }
            other => wrong(column, other),
        }
    }

    fn column(&self, column: usize) -> &'a Column {
        let asked = self.columns.len();
        self.columns.get(column).unwrap_or_else(|| {
            panic!("there is no column {column}: the descriptor asks for {asked}, counted from 0")
        })
    }
}

impl Bits<'_> {
    /// Whether the bit of a row is set.
    pub fn contains(&self, row: usize) -> bool {
        let row = self.first + row;
        self.bytes[row / 8] >> (row % 8) & 1 == 1
    }

    /// The bits of [`BLOCK`] rows, that of `row` lowest; there are none beyond the last row.
    #[inline]
    pub fn block(&self, row: usize) -> u64 {
        let start = self.first + row;
        let bytes = self.bytes.get(start / 8..).unwrap_or_default();
        let (low, high) = match bytes.split_first_chunk::<8>() {
            Some((low, rest)) => (u64::from_le_bytes(*low), rest.first().copied().unwrap_or(0)),
            None => {
                let mut low = [0; 8];
                low[..bytes.len()].copy_from_slice(bytes);
                (u64::from_le_bytes(low), 0)
            }
        };
        let shift = (start % 8) as u32;
        let bits = u128::from(low) | u128::from(high) << 64;
        (bits >> shift) as u64 & first_rows(self.rows.saturating_sub(row))
    }
}

impl<'a> Window<'a> {
    pub(crate) fn new(window: &'a types::Window) -> Self {
        let rows = window.series.first().map_or(0, rows_of);
        Window {
            start_ms: window.start,
            end_ms: window.end,
            lines: window.lines,
            vector: &window.vector,
            series: Lines::new(&window.series, 0..rows),
        }
    }

    /// The rows, one per template, in the order of their ids.
    pub fn series(&self) -> &Lines<'a> {
        &self.series
    }
}

fn rows_of(column: &Column) -> usize {
    match column {
        Column::Bits(bytes) => bytes.len() * 8,
        Column::U8s(values) => values.len(),
        Column::U32s(values) => values.len(),
        Column::U64s(values) => values.len(),
        Column::F32s(values) => values.len(),
        Column::F64s(values) => values.len(),
        Column::Text(text) => text.ends.len(),
    }
}

/// The host sends what the descriptor asked for; asking for another type is a mistake in the plugin.
fn wrong<T>(column: usize, got: &Column) -> T {
    let got = match got {
        Column::Bits(_) => "bits",
        Column::U8s(_) => "u8s",
        Column::U32s(_) => "u32s",
        Column::U64s(_) => "u64s",
        Column::F32s(_) => "f32s",
        Column::F64s(_) => "f64s",
        Column::Text(_) => "text",
    };
    panic!("column {column} arrives as {got}: see the order and the types in the descriptor")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::put;

    /// Bits that follow no rule; enough rows for a block and more on each side.
    fn bytes() -> Vec<u8> {
        (0..40u32).map(|place| (place * place * 37 % 251) as u8).collect()
    }

    #[test]
    fn a_block_has_the_bits_of_its_rows_alone() {
        let columns = [Column::Bits(bytes())];
        for (first, rows) in
            [(0, 320), (0, 64), (3, 64), (7, 65), (8, 5), (61, 130), (319, 1), (5, 0)]
        {
            let lines = Lines::new(&columns, first..first + rows);
            let bits = lines.bits(0);
            for row in lines.blocks() {
                let plain = (row..rows.min(row + BLOCK)).filter(|row| bits.contains(*row));
                let expected = plain.fold(0, |block, own| block | 1 << (own - row));
                assert_eq!(bits.block(row), expected, "rows {first} to {}, {row}", first + rows);
            }
        }
    }

    #[test]
    fn a_block_is_put_where_it_belongs() {
        for first in [0, 1, 7, 8, 250, 256] {
            let mut rows = vec![0; 40];
            put(&mut rows, first, 1 | 1 << 63);
            let set = (0..320).filter(|row| rows[row / 8] >> (row % 8) & 1 == 1);
            assert_eq!(set.collect::<Vec<_>>(), [first, first + 63]);
        }
    }
}
