//! Runs a plugin natively, as the host would: for unit tests, without WebAssembly.

use crate::detector::{Detector, DetectorPlugin};
use crate::filter::{Filter, FilterPlugin};
pub use bellwether_world_detector::bellwether::plugin::types::{
    Batch, Column, Rows, Run, SavedState, Scores, TextColumn, Verdicts, Window,
};

/// A configured detector; panics where the configuration is refused.
pub fn detector<D: Detector>(config: &str) -> DetectorPlugin<D> {
    let mut plugin = DetectorPlugin::default();
    plugin.configure(config).expect("a valid configuration");
    plugin
}

/// A configured filter; panics where the configuration is refused.
pub fn filter<F: Filter>(config: &str) -> FilterPlugin<F> {
    let mut plugin = FilterPlugin::default();
    plugin.configure(config).expect("a valid configuration");
    plugin
}

/// A batch of rows of one source.
pub fn batch(source: u32, rows: u32, columns: Vec<Column>) -> Batch {
    Batch { seq: 0, watermark: 0, runs: vec![Run { source, rows }], columns }
}

/// A window of one minute of one source.
pub fn window(source: u32, minute: u64, lines: u64, series: Vec<Column>) -> Window {
    Window {
        source,
        start: minute * 60_000,
        end: (minute + 1) * 60_000,
        lines,
        series,
        vector: Vec::new(),
    }
}

/// A column of texts.
pub fn texts<'a>(rows: impl IntoIterator<Item = &'a str>) -> Column {
    let mut text = TextColumn { bytes: Vec::new(), ends: Vec::new() };
    for row in rows {
        text.bytes.extend_from_slice(row.as_bytes());
        text.ends.push(text.bytes.len() as u32);
    }
    Column::Text(text)
}

/// A column of bits.
pub fn bits(rows: impl IntoIterator<Item = bool>) -> Column {
    let mut bytes = Vec::new();
    for (row, is_set) in rows.into_iter().enumerate() {
        bytes.resize(row / 8 + 1, 0);
        bytes[row / 8] |= u8::from(is_set) << (row % 8);
    }
    Column::Bits(bytes)
}

/// Whether a row is among the rows.
pub fn contains(rows: &Rows, row: usize) -> bool {
    match rows {
        Rows::None => false,
        Rows::All => true,
        Rows::Bits(bits) => bits[row / 8] >> (row % 8) & 1 == 1,
    }
}
