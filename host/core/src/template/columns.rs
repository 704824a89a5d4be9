//! What mining tells of each line, as columns.

use super::novelty::{Novelty, NoveltyKind};
use super::tally::Mined;
use crate::column::{Bitmap, TextColumn};

/// Columns that mining fills, a value per row.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(missing_docs, reason = "each is described in wit/types.wit")]
pub struct MinedColumns {
    pub template: Vec<u32>,
    pub fine_template: Vec<u32>,
    pub message: Vec<u32>,
    pub novelty_kind: Vec<u8>,
    pub novelty_bits: Vec<f32>,
    pub novelty_words: TextColumn,
}

impl MinedColumns {
    /// Makes room for so many more rows.
    pub(super) fn reserve(&mut self, rows: usize) {
        self.template.reserve(rows);
        self.fine_template.reserve(rows);
        self.message.reserve(rows);
        self.novelty_kind.reserve(rows);
        self.novelty_bits.reserve(rows);
        self.novelty_words.ends.reserve(rows);
    }

    /// Appends a row.
    #[inline]
    pub(super) fn push(&mut self, mined: Mined, novelty: Option<&Novelty>) {
        self.template.push(mined.template);
        self.fine_template.push(mined.fine);
        self.message.push(mined.message);
        self.novelty_kind.push(novelty.map_or(NoveltyKind::None, |novelty| novelty.kind) as u8);
        self.novelty_bits.push(novelty.map_or(0.0, |novelty| novelty.bits));
        self.novelty_words.push(novelty.map_or(&[], |novelty| &novelty.words));
    }

    /// Keeps only the rows whose bit is set.
    pub fn retain(&mut self, keep: &Bitmap) {
        retain(&mut self.template, keep);
        retain(&mut self.fine_template, keep);
        retain(&mut self.message, keep);
        retain(&mut self.novelty_kind, keep);
        retain(&mut self.novelty_bits, keep);
        let mut words = TextColumn::default();
        let kept = (0..keep.rows()).filter(|row| keep.contains(*row));
        kept.for_each(|row| words.push(self.novelty_words.row(row)));
        self.novelty_words = words;
    }
}

fn retain<T>(values: &mut Vec<T>, keep: &Bitmap) {
    let mut row = 0;
    values.retain(|_| {
        row += 1;
        keep.contains(row - 1)
    });
}
