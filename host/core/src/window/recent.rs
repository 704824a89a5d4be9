//! The counts of the last windows in as few bytes as they need: there is one of these for each of many templates.

use serde::{Deserialize, Serialize};

/// Windows remembered.
const WINDOWS_MAX: usize = 30;
/// Set in each byte of a count but its last, as in LEB128.
const GOES_ON: u8 = 0x80;

/// Counts by window, the newest last: seven bits in each byte, the lowest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Recent(Box<[u8]>);

impl Recent {
    /// Takes the count of the next window, and forgets that of the longest passed one.
    pub(super) fn push(&mut self, mut count: u32) {
        let ends = |byte: &u8| *byte < GOES_ON;
        let mut bytes = std::mem::take(&mut self.0).into_vec();
        if bytes.iter().filter(|byte| ends(byte)).count() == WINDOWS_MAX {
            let first = bytes.iter().position(ends).map_or(0, |end| end + 1);
            bytes.drain(..first);
        }
        while count >= u32::from(GOES_ON) {
            bytes.push(count as u8 | GOES_ON);
            count >>= 7;
        }
        bytes.push(count as u8);
        self.0 = bytes.into();
    }

    /// Adds other counts, the newest to the newest.
    pub(super) fn add(&mut self, other: &Recent) {
        let (own, others): (Vec<u64>, Vec<u64>) =
            (self.counts().collect(), other.counts().collect());
        *self = Recent::default();
        let windows = own.len().max(others.len());
        for back in (1..=windows).rev() {
            let count = |counts: &[u64]| counts.len().checked_sub(back).map_or(0, |at| counts[at]);
            self.push((count(&own) + count(&others)).min(u64::from(u32::MAX)) as u32);
        }
    }

    /// The counts, newest last.
    pub(super) fn counts(&self) -> impl Iterator<Item = u64> {
        self.0.split_inclusive(|byte| *byte < GOES_ON).map(|bytes| {
            bytes.iter().rev().fold(0, |count, byte| count << 7 | u64::from(byte & !GOES_ON))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_any_size_come_back() {
        let counts = [0, 1, 127, 128, 300, 16_384, u32::MAX, 0, 5];
        let mut recent = Recent::default();
        counts.iter().for_each(|count| recent.push(*count));
        assert!(recent.counts().eq(counts.map(u64::from)));
    }

    #[test]
    fn sums_are_by_window() {
        let (mut recent, mut other) = (Recent::default(), Recent::default());
        [1, 2, 300].iter().for_each(|count| recent.push(*count));
        [5, 7].iter().for_each(|count| other.push(*count));
        recent.add(&other);
        assert!(recent.counts().eq([1, 7, 307]));
        other.add(&recent);
        assert!(other.counts().eq([1, 12, 314]));
    }

    #[test]
    fn the_longest_passed_window_is_forgotten() {
        let mut recent = Recent::default();
        (0..1000).for_each(|count| recent.push(count));
        assert!(recent.counts().eq(970..1000));
    }
}
