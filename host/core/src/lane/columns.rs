//! The columns that plugins asked for: each computed once per batch, shared by all.

use super::merging::Merged;
use super::source::Sources;
use crate::batch::Batch;
use crate::column::{Column, TextColumn};
use crate::entropy::highest_bits;
use crate::matcher::Hits;
use crate::plugin::LineColumn;
use crate::template::MinedColumns;
use std::sync::Arc;

/// A distinct column somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    column: LineColumn,
    /// Step of the windows, where the column is `Window`.
    step_ms: u64,
    /// Index of the pattern, where the column is `Pattern`.
    pattern: usize,
}

/// The distinct columns of several plugins.
#[derive(Debug, Default)]
pub(super) struct ColumnPlan {
    wanted: Vec<Wanted>,
}

/// What is known of a batch before plugins see it.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) batch: Batch,
    pub(super) mined: MinedColumns,
    /// Ids of templates that were given up, by source and row.
    pub(super) merged: Vec<Merged>,
    /// Rows of patterns.
    pub(super) hits: Hits,
    /// The library's pattern that matters most in each row, once filters have spoken.
    pub(super) best: Vec<Option<u16>>,
}

impl ColumnPlan {
    /// Adds a column and returns its place among the computed ones.
    pub(super) fn add(&mut self, column: &LineColumn, step_ms: u64, pattern: usize) -> usize {
        let step_ms = if *column == LineColumn::Window { step_ms } else { 0 };
        let wanted = Wanted { column: column.clone(), step_ms, pattern };
        let known = self.wanted.iter().position(|other| *other == wanted);
        known.unwrap_or_else(|| {
            self.wanted.push(wanted);
            self.wanted.len() - 1
        })
    }

    /// Computes all columns of a batch.
    pub(super) fn compute(&self, facts: &Facts, sources: &mut Sources) -> Vec<Arc<Column>> {
        self.wanted.iter().map(|wanted| Arc::new(column(wanted, facts, sources))).collect()
    }
}

fn column(wanted: &Wanted, facts: &Facts, sources: &mut Sources) -> Column {
    let Facts { batch, mined, hits, .. } = facts;
    let rows = 0..batch.len();
    let time = |row| batch.time_ms(row).max(0) as u64;
    match &wanted.column {
        LineColumn::Position => Column::U64s(rows.map(|row| batch.position(row)).collect()),
        LineColumn::Time => Column::U64s(rows.map(time).collect()),
        LineColumn::Window => Column::U32s(windows(batch, wanted.step_ms, sources)),
        LineColumn::Severity => Column::U8s(rows.map(|row| batch.severity(row)).collect()),
        LineColumn::Template => Column::U32s(mined.template.clone()),
        LineColumn::FineTemplate => Column::U32s(mined.fine_template.clone()),
        LineColumn::Message => Column::U32s(mined.message.clone()),
        LineColumn::NoveltyKind => Column::U8s(mined.novelty_kind.clone()),
        LineColumn::NoveltyBits => Column::F32s(mined.novelty_bits.clone()),
        LineColumn::NoveltyWords => Column::Text(mined.novelty_words.clone()),
        LineColumn::Length => Column::U32s(rows.map(|row| batch.text(row).len() as u32).collect()),
        LineColumn::Entropy => Column::F32s(rows.map(|row| highest_bits(batch, row)).collect()),
        LineColumn::Text => Column::Text(texts(rows.map(|row| batch.text(row)))),
        LineColumn::Pattern(_) => Column::Bits(hits.bitmap(wanted.pattern)),
        LineColumn::Key(name) => Column::U32s(keys(batch, name, sources)),
        LineColumn::Number(name) => {
            Column::F64s(rows.map(|row| number(batch.attribute(row, name.as_bytes()))).collect())
        }
        LineColumn::Field(name) => {
            let field = |row| batch.attribute(row, name.as_bytes()).unwrap_or_default();
            Column::Text(texts(rows.map(field)))
        }
    }
}

fn texts<'a>(rows: impl Iterator<Item = &'a [u8]>) -> TextColumn {
    let mut column = TextColumn::default();
    rows.for_each(|text| column.push(text));
    column
}

fn number(value: Option<&[u8]>) -> f64 {
    let text = value.and_then(|value| std::str::from_utf8(value).ok());
    text.and_then(|text| text.trim().parse().ok())
        .filter(|number: &f64| number.is_finite())
        .unwrap_or(f64::NAN)
}

fn windows(batch: &Batch, step_ms: u64, sources: &mut Sources) -> Vec<u32> {
    let mut windows = Vec::with_capacity(batch.len());
    for run in batch.runs() {
        let skipped_ms = sources.of(run.source).skipped_ms();
        for row in windows.len()..windows.len() + run.rows as usize {
            let time_ms = (batch.time_ms(row).max(0) as u64).saturating_sub(skipped_ms);
            windows.push((time_ms / step_ms) as u32);
        }
    }
    windows
}

fn keys(batch: &Batch, name: &str, sources: &mut Sources) -> Vec<u32> {
    let mut keys = Vec::with_capacity(batch.len());
    for run in batch.runs() {
        let dictionary = sources.of(run.source).dictionary(name);
        for row in keys.len()..keys.len() + run.rows as usize {
            keys.push(
                batch.attribute(row, name.as_bytes()).map_or(0, |value| dictionary.id(value)),
            );
        }
    }
    keys
}
