//! Bitmaps of a line: for every 64 bytes, which of them are of which class.
//!
//! The walk over a line then asks words of 64 bits instead of bytes.

use super::byte::{ALPHA, AT, BACKSLASH, BLANK, COLON, DIGIT, HARD, HEX, POINT, SLASH};
use crate::simd::{Level, classes};

/// Bytes of a block, one bit for each.
pub(crate) const BLOCK_BYTES: usize = 64;

/// The bitmaps of one block; bit 0 is its first byte, and bits beyond the line are clear.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Bitmaps {
    /// Blanks and delimiters.
    pub(crate) separator: u64,
    /// Decimal digits.
    pub(crate) digit: u64,
    /// Letters, with everything beyond ASCII.
    pub(crate) letter: u64,
    /// Colons.
    pub(crate) colon: u64,
    /// Slashes, backslashes and at signs.
    pub(crate) path: u64,
    /// Full stops.
    pub(crate) point: u64,
}

impl Bitmaps {
    #[inline(always)]
    fn each(self, change: impl Fn(u64) -> u64) -> Self {
        Bitmaps {
            separator: change(self.separator),
            digit: change(self.digit),
            letter: change(self.letter),
            colon: change(self.colon),
            path: change(self.path),
            point: change(self.point),
        }
    }

    fn shifted(self, bits: usize) -> Self {
        self.each(|map| map >> bits)
    }

    /// The bits of a piece of 1 to 64 bytes that begins in the first of two blocks.
    #[inline(always)]
    pub(super) fn piece(blocks: &[Bitmaps], start: usize, length: usize) -> Self {
        let (block, bit) = (start / BLOCK_BYTES, start % BLOCK_BYTES);
        let keep = u64::MAX >> (BLOCK_BYTES - length);
        let first = &blocks[block];
        if bit + length <= BLOCK_BYTES {
            return first.each(|map| map >> bit & keep);
        }
        let next = &blocks[block + 1];
        let both = |first: u64, next: u64| (first >> bit | next << (BLOCK_BYTES - bit)) & keep;
        Bitmaps {
            separator: 0,
            digit: both(first.digit, next.digit),
            letter: both(first.letter, next.letter),
            colon: both(first.colon, next.colon),
            path: both(first.path, next.path),
            point: both(first.point, next.point),
        }
    }
}

/// Fills in the bitmaps of a line, a block for every 64 bytes and one more for the rest.
pub(super) fn fill(level: Level, line: &[u8], blocks: &mut Vec<Bitmaps>) {
    blocks.clear();
    if !classes::fill(level, line, blocks) {
        fill_with(line, blocks, scalar);
    }
}

/// The blocks of a line, by what one block costs; the last 64 bytes stand for an incomplete block where there are so
/// many, which saves a copy.
#[inline(always)]
pub(crate) fn fill_with(
    line: &[u8],
    blocks: &mut Vec<Bitmaps>,
    block_of: impl Fn(&[u8; BLOCK_BYTES]) -> Bitmaps,
) {
    let (whole, rest) = line.as_chunks::<BLOCK_BYTES>();
    blocks.extend(whole.iter().map(&block_of));
    if rest.is_empty() {
        return;
    }
    let missing = BLOCK_BYTES - rest.len();
    match line.last_chunk::<BLOCK_BYTES>() {
        Some(last) => blocks.push(block_of(last).shifted(missing)),
        None => {
            // Zero is of no class.
            let mut padded = [0; BLOCK_BYTES];
            padded[..rest.len()].copy_from_slice(rest);
            blocks.push(block_of(&padded));
        }
    }
}

/// What the six bitmaps ask of a byte, one bit for each.
static QUESTIONS: [u8; 256] = {
    let mut questions = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        questions[byte] = question(byte as u8);
        byte += 1;
    }
    questions
};

const fn question(byte: u8) -> u8 {
    let class = super::byte::CLASSES[byte as usize];
    let sets = [BLANK | HARD, DIGIT, HEX | ALPHA, COLON, SLASH | BACKSLASH | AT, POINT];
    let (mut bits, mut set) = (0, 0);
    while set < sets.len() {
        if class & sets[set] != 0 {
            bits |= 1 << set;
        }
        set += 1;
    }
    bits
}

/// Eight bytes at a time: their answers in one word, and a multiplication that gathers one bit of each.
fn scalar(block: &[u8; BLOCK_BYTES]) -> Bitmaps {
    const LOWEST_BITS: u64 = 0x0101_0101_0101_0101;
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let mut maps = [0u64; 6];
    for (eighth, bytes) in block.as_chunks::<8>().0.iter().enumerate() {
        let answers = u64::from_le_bytes(bytes.map(|byte| QUESTIONS[byte as usize]));
        for (bit, map) in maps.iter_mut().enumerate() {
            let gathered = (answers >> bit & LOWEST_BITS).wrapping_mul(GATHER) >> 56;
            *map |= gathered << (8 * eighth);
        }
    }
    let [separator, digit, letter, colon, path, point] = maps;
    Bitmaps { separator, digit, letter, colon, path, point }
}

#[cfg(test)]
mod tests {
    use super::super::byte::of;
    use super::*;

    fn expected(line: &[u8]) -> Vec<Bitmaps> {
        let map = |block: &[u8], classes: u16| {
            let bits = block.iter().enumerate();
            bits.fold(0, |map, (bit, byte)| map | u64::from(of(*byte) & classes != 0) << bit)
        };
        let block = |block: &[u8]| Bitmaps {
            separator: map(block, BLANK | HARD),
            digit: map(block, DIGIT),
            letter: map(block, HEX | ALPHA),
            colon: map(block, COLON),
            path: map(block, SLASH | BACKSLASH | AT),
            point: map(block, POINT),
        };
        line.chunks(BLOCK_BYTES).map(block).collect()
    }

    #[test]
    fn every_byte_has_its_bits_wherever_it_stands() {
        let bytes: Vec<u8> = (0..=255).chain((0..=255).rev()).collect();
        for start in [0, 1, 63, 64, 100] {
            for length in [0, 1, 7, 63, 64, 65, 128, 200, 300] {
                let line = &bytes[start..start + length];
                for level in Level::available() {
                    let mut filled = Vec::new();
                    fill(level, line, &mut filled);
                    assert_eq!(filled, expected(line), "{level:?} {start} {length}");
                }
            }
        }
    }

    #[test]
    fn a_piece_may_lie_in_two_blocks() {
        let line = b"0123456789".repeat(20);
        let mut blocks = Vec::new();
        fill(
            Level::default(),
            &line.iter().map(|byte| if *byte == b'5' { b':' } else { *byte }).collect::<Vec<u8>>(),
            &mut blocks,
        );
        for (start, length) in [(0, 64), (60, 10), (63, 2), (100, 28), (120, 64)] {
            let piece = Bitmaps::piece(&blocks, start, length);
            let colons = (start..start + length).filter(|at| at % 10 == 5);
            let map = colons.fold(0, |map, at| map | 1u64 << (at - start));
            assert_eq!(piece.colon, map, "{start} {length}");
        }
    }
}
