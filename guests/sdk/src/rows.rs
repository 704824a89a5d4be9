//! Views of the rows of one source.

use bellwether_world_detector::bellwether::plugin::types::{self, Column};
use std::ops::Range;

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
            Column::Bits(bytes) => Bits { bytes, first: self.range.start },
            other => wrong(column, other),
        }
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
