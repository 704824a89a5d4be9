//! The lane of long runs of one class, such as forty digits of hexadecimal: a few samples rule most places out.

use super::block::Block;
use super::bytes::ByteSet;
use crate::simd::grams::PADDING;

/// Shortest run worth a lane.
pub(super) const RUN_BYTES_MIN: usize = 16;
/// Samples of one stretch.
const SAMPLES: usize = 8;

/// A run of at least so many bytes of a class.
#[derive(Debug)]
pub(super) struct Run {
    members: Box<[bool; 256]>,
    len: usize,
}

impl Run {
    /// A run of `len` bytes, at least `RUN_BYTES_MIN`.
    pub(super) fn new(set: &ByteSet, len: usize) -> Run {
        let members = std::array::from_fn(|byte| set.contains(byte as u8));
        Run { members: Box::new(members), len: len.max(RUN_BYTES_MIN) }
    }

    /// Calls back with every row that has such a run, in their order.
    ///
    /// A run covers one of the stretches of at most half its length that the text is cut into, whole. None is longer
    /// than the room behind the texts, so that samples of the last one stay within it.
    pub(super) fn scan(&self, block: Block<'_>, mut found: impl FnMut(usize)) {
        let (first, end) = block.range();
        let bytes = block.bytes();
        let stretch = (self.len / 2).min(PADDING);
        let step = stretch / SAMPLES;
        let (mut row, mut next_row) = (0, 0);
        for place in (first..end).step_by(stretch) {
            let sampled =
                (0..SAMPLES).fold(true, |all, sample| all & self.has(bytes[place + sample * step]));
            if !sampled {
                continue;
            }
            row = block.row(place, row);
            if row >= next_row && self.is_in(block.text(row), place - block.bounds(row).0) {
                found(row);
                next_row = row + 1;
            }
        }
    }

    /// Whether the run around a place of a text is long enough.
    fn is_in(&self, text: &[u8], place: usize) -> bool {
        let Some((before, behind)) = text.split_at_checked(place) else { return false };
        let after = behind.iter().take(self.len).take_while(|&&byte| self.has(byte)).count();
        let front = before.iter().rev().take(self.len);
        after > 0 && after + front.take_while(|&&byte| self.has(byte)).count() >= self.len
    }

    fn has(&self, byte: u8) -> bool {
        self.members[usize::from(byte)]
    }
}
