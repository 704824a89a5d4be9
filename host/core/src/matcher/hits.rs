//! What a scan found: pairs of a pattern and a row, which are few.

use crate::column::Bitmap;

/// The rows of each pattern.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hits {
    rows: usize,
    patterns: usize,
    /// Pattern and row, in their order, each pair once.
    pairs: Vec<(u32, u32)>,
}

impl Hits {
    /// Forgets everything; what follows is about so many patterns and rows.
    pub(super) fn begin(&mut self, patterns: usize, rows: usize) {
        self.pairs.clear();
        self.patterns = patterns;
        self.rows = rows;
    }

    pub(super) fn push(&mut self, pattern: u32, row: u32) {
        self.pairs.push((pattern, row));
    }

    /// Puts the pairs in order.
    pub(super) fn finish(&mut self) {
        self.pairs
            .sort_unstable_by_key(|&(pattern, row)| u64::from(pattern) << 32 | u64::from(row));
        self.pairs.dedup();
    }

    /// Number of patterns that were looked for.
    pub fn patterns(&self) -> usize {
        self.patterns
    }

    /// Number of rows that were looked at.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Pattern and row of all hits, in this order.
    pub fn pairs(&self) -> &[(u32, u32)] {
        &self.pairs
    }

    /// Hits of a pattern.
    pub fn of(&self, pattern: usize) -> &[(u32, u32)] {
        let first = self.pairs.partition_point(|&(other, _)| (other as usize) < pattern);
        let rest = &self.pairs[first..];
        &rest[..rest.partition_point(|&(other, _)| other as usize == pattern)]
    }

    /// Whether a pattern was found in a row.
    pub fn contains(&self, pattern: usize, row: usize) -> bool {
        self.of(pattern).binary_search(&(pattern as u32, row as u32)).is_ok()
    }

    /// Keeps the hits of which this is so, by pattern and row.
    pub fn retain(&mut self, stays: impl Fn(usize, usize) -> bool) {
        self.pairs.retain(|&(pattern, row)| stays(pattern as usize, row as usize));
    }

    /// The rows of a pattern, as a column.
    pub fn bitmap(&self, pattern: usize) -> Bitmap {
        let mut bits = Bitmap::new(self.rows);
        self.of(pattern).iter().for_each(|&(_, row)| bits.insert(row as usize));
        bits
    }

    /// The hits in the rows that `keep` has, numbered anew.
    pub fn select(&self, keep: &Bitmap) -> Hits {
        let mut places = Vec::with_capacity(self.rows);
        let mut kept = 0;
        for row in 0..self.rows {
            places.push(kept);
            kept += u32::from(keep.contains(row));
        }
        let pairs = self.pairs.iter().filter(|(_, row)| keep.contains(*row as usize));
        let pairs = pairs.map(|&(pattern, row)| (pattern, places[row as usize])).collect();
        Hits { rows: kept as usize, patterns: self.patterns, pairs }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_are_ordered_and_follow_the_rows_that_are_kept() {
        let mut hits = Hits::default();
        hits.begin(4, 10);
        for (pattern, row) in [(2, 9), (0, 3), (2, 1), (0, 3), (2, 4)] {
            hits.push(pattern, row);
        }
        hits.finish();
        assert_eq!(hits.pairs(), [(0, 3), (2, 1), (2, 4), (2, 9)]);
        assert!(hits.contains(2, 4) && !hits.contains(1, 4) && hits.of(3).is_empty());
        assert_eq!(hits.bitmap(2).bytes(), [0b10010, 0b10]);
        let mut keep = Bitmap::full(10);
        keep = {
            let mut dropped = Bitmap::new(10);
            [0, 4].into_iter().for_each(|row| dropped.insert(row));
            keep.union(&dropped);
            dropped.complement()
        };
        let kept = hits.select(&keep);
        assert_eq!((kept.rows(), kept.pairs()), (8, &[(0, 2), (2, 0), (2, 7)][..]));
    }
}
