//! Templates that prove to be part of others: whoever goes by their ids follows at the row that proved it, so that it
//! does not show how lines were cut into batches.

use super::Lane;
use crate::column::Bitmap;
use crate::miner::Merge;

/// An id that was given up by a source.
#[derive(Debug, Clone, Copy)]
pub(super) struct Merged {
    /// Number of the source.
    pub(super) source: u32,
    /// The row that proved it: none from here on has the id.
    pub(super) row: usize,
    pub(super) merge: Merge,
}

impl Merged {
    /// What rows of a source have proved.
    pub(super) fn of(source: u32, merges: Vec<(usize, Merge)>) -> impl Iterator<Item = Merged> {
        merges.into_iter().map(move |(row, merge)| Merged { source, row, merge })
    }
}

impl Lane {
    /// Judges under one id what proved to be one template; of no matter is when, as long as no window closes.
    pub(super) fn rename(&mut self, merged: &[Merged]) {
        for Merged { source, merge, .. } in merged {
            self.sources.of(*source).rename(*merge);
        }
    }
}

/// Follows the rows that are kept: what a dropped row proved holds from the next one on.
pub(super) fn retain(merged: &mut [Merged], keep: &Bitmap) {
    let (mut seen, mut kept) = (0, 0);
    for own in merged {
        kept += (seen..own.row).filter(|row| keep.contains(*row)).count();
        (seen, own.row) = (own.row, kept);
    }
}

/// The id by which a template is known at the end of the batch.
pub(super) fn successor(merged: &[Merged], source: u32, template: u32) -> u32 {
    let own = merged.iter().filter(|merged| merged.source == source);
    own.fold(template, |id, merged| if merged.merge.old == id { merged.merge.new } else { id })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_followed_and_so_are_ids() {
        let cases = [(1, 0, 5, 4), (1, 2, 4, 3), (1, 2, 9, 8), (2, 5, 4, 1)];
        let mut merged =
            cases.map(|(source, row, old, new)| Merged { source, row, merge: Merge { old, new } });
        let successors = [(1, 5, 3), (1, 9, 8), (1, 7, 7), (2, 5, 5), (2, 4, 1)];
        for (source, template, expected) in successors {
            assert_eq!(successor(&merged, source, template), expected, "{template} of {source}");
        }
        let mut keep = Bitmap::new(6);
        [1, 2, 4].into_iter().for_each(|row| keep.insert(row));
        retain(&mut merged, &keep);
        assert_eq!(merged.map(|merged| merged.row), [0, 1, 1, 3]);
    }
}
