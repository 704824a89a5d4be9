//! The outline of a line: the line without the digits that cannot matter to its skeleton.
//!
//! Lines with equal outlines have equal skeletons, and an outline is had from bitmaps alone, in a fraction of the time of
//! a walk. Most lines of a busy message differ from each other in nothing but numbers, and so share a few outlines.
//!
//! | digits | in the outline | since |
//! |---|---|---|
//! | in a piece without letters, or with a slash in front | each run is one `0` | it is a value, or values between marks |
//! | in any other piece with a slash | as they are | `name/12` may be text |
//! | three or more in a row | `000` | the word is a value, but for text that is kept in front |
//! | others | as they are | `ssh2` is text |

use super::bitmaps::{BLOCK_BYTES, Bitmaps};
use super::lexer::LONG_BYTES_MIN;
use crate::simd::Level;
use crate::simd::compress::{self, Parts};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Blocks of the longest line that has an outline.
const BLOCKS_MAX: usize = 16;
/// Blanks, delimiters and colons of a line that has one: fewer than half of the tokens that a walk takes.
const CUTS_MAX: u32 = 90;

/// A bit for each byte of a line of `N` blocks.
type Bits<const N: usize> = [u64; N];

/// Makes outlines; keeps nothing but memory to use again.
#[derive(Debug, Default)]
pub(super) struct Outliner {
    bytes: Vec<u8>,
}

impl Outliner {
    /// The hash of a line's outline, with its long words; `None` for lines and machines that want a walk.
    pub(super) fn hash(
        &mut self,
        level: Level,
        line: &[u8],
        (blocks, seed): (&[Bitmaps], u64),
        long: &mut Vec<(u32, u32)>,
    ) -> Option<u64> {
        if level < Level::Widest || line.is_empty() || blocks.len() > BLOCKS_MAX {
            return None;
        }
        let mut cuts = 0;
        for (number, block) in blocks.iter().enumerate() {
            // A word of more than 128 bytes, which is a value for its length alone, has a block to itself.
            if block.separator == 0 && within(line.len(), number) == u64::MAX {
                return None;
            }
            cuts += (block.separator | block.colon).count_ones();
        }
        if cuts > CUTS_MAX {
            return None;
        }
        let is_made = match blocks.len() {
            1 => self.make::<1>(level, line, blocks),
            2 => self.make::<2>(level, line, blocks),
            3..=4 => self.make::<4>(level, line, blocks),
            _ => self.make::<BLOCKS_MAX>(level, line, blocks),
        };
        if !is_made {
            return None;
        }
        long_words(line.len(), blocks, long);
        Some(xxh3_64_with_seed(&self.bytes, seed))
    }

    fn make<const N: usize>(&mut self, level: Level, line: &[u8], blocks: &[Bitmaps]) -> bool {
        let (mut zeros, mut kept) = ([0; N], [0; N]);
        outline(line, blocks, &mut zeros, &mut kept);
        compress::into(level, line, Parts { kept: &kept, zeros: &zeros }, &mut self.bytes)
    }
}

/// Which bytes are zeros in the outline, and which are in it at all.
fn outline<const N: usize>(
    line: &[u8],
    blocks: &[Bitmaps],
    zeros: &mut Bits<N>,
    kept: &mut Bits<N>,
) {
    let digits = |number: usize| blocks.get(number).map_or(0, |block| block.digit);
    let (numbers, texts) = pieces::<N>(line, blocks);
    let mut before = 0;
    for number in 0..blocks.len() {
        let own = digits(number);
        // Bit 3 is the first digit of the block.
        let row = u128::from(before >> 61)
            | u128::from(own) << 3
            | u128::from(digits(number + 1)) << (BLOCK_BYTES + 3);
        let second = row & row << 1;
        let third = second & row << 2;
        let fourth = third & row << 3;
        let in_three = third | third >> 1 | third >> 2;
        let at = |bits: u128| (bits >> 3) as u64 & own & !texts[number];
        zeros[number] = at(in_three) | own & numbers[number];
        let dropped = at(fourth) | at(second) & numbers[number];
        kept[number] = within(line.len(), number) & !dropped;
        before = own;
    }
}

/// The pieces whose digits can be any, and those whose digits can be text; no piece is both.
fn pieces<const N: usize>(line: &[u8], blocks: &[Bitmaps]) -> (Bits<N>, Bits<N>) {
    let mut runs = [0; N];
    let (mut letters, mut paths, mut slashes) = (runs, runs, runs);
    let (mut before, mut any_slash) = (0, 0);
    for (number, block) in blocks.iter().enumerate() {
        runs[number] = !block.separator & within(line.len(), number);
        letters[number] = block.letter & runs[number];
        let starts = runs[number] & !(runs[number] << 1 | before);
        before = runs[number] >> (BLOCK_BYTES - 1);
        let mut fronts = block.path & starts;
        while fronts != 0 {
            let at = number * BLOCK_BYTES + fronts.trailing_zeros() as usize;
            paths[number] |= if line[at] == b'/' { fronts & fronts.wrapping_neg() } else { 0 };
            fronts &= fronts - 1;
        }
        slashes[number] = block.path & !starts;
        any_slash |= slashes[number];
    }
    let mut numbers = flooded(&runs, &letters);
    // A piece with a slash in front is a path, and a value whatever else it has.
    let paths = flooded_up(&runs, &paths);
    let mut texts = [0; N];
    if any_slash != 0 {
        (0..N).for_each(|number| slashes[number] &= !paths[number]);
        texts = flooded(&runs, &slashes);
    }
    for number in 0..N {
        numbers[number] = runs[number] & (!numbers[number] | paths[number]) & !texts[number];
    }
    (numbers, texts)
}

/// The bits of a block that are bytes of the line.
fn within(length: usize, number: usize) -> u64 {
    let rest = length - (number * BLOCK_BYTES).min(length);
    if rest >= BLOCK_BYTES { u64::MAX } else { (1 << rest) - 1 }
}

/// All bits of the runs in which there is a mark.
fn flooded<const N: usize>(runs: &Bits<N>, marks: &Bits<N>) -> Bits<N> {
    let mut all = flooded_up(runs, marks);
    let mut carry = false;
    for number in (0..N).rev() {
        let (run, mark) = (runs[number].reverse_bits(), marks[number].reverse_bits());
        let down;
        (down, carry) = flood(run, mark, carry);
        all[number] |= down.reverse_bits();
    }
    all
}

/// The bits from the first mark of a run on.
fn flooded_up<const N: usize>(runs: &Bits<N>, marks: &Bits<N>) -> Bits<N> {
    let (mut all, mut carry) = ([0; N], false);
    for number in 0..N {
        (all[number], carry) = flood(runs[number], marks[number], carry);
    }
    all
}

/// From each mark to the end of its run: an addition carries as far as there are ones.
#[inline(always)]
fn flood(runs: u64, marks: u64, carry: bool) -> (u64, bool) {
    let (sum, carry) = runs.carrying_add(marks, carry);
    (((sum ^ runs) | marks) & runs, carry)
}

/// Where the words are that are long enough to look random: between separators, colons, slashes and at signs.
fn long_words(length: usize, blocks: &[Bitmaps], long: &mut Vec<(u32, u32)>) {
    let inside = |number: usize| {
        let cuts = blocks.get(number).map_or(0, |b| b.separator | b.colon | b.path);
        !cuts & within(length, number)
    };
    let mut before = 0;
    let mut own = inside(0);
    for number in 0..blocks.len() {
        let next = inside(number + 1);
        let mut run = u128::from(own) | u128::from(next) << BLOCK_BYTES;
        for step in [1, 2, 4, 8] {
            run &= run >> step;
        }
        let mut starts = run as u64 & !(own << 1 | before >> (BLOCK_BYTES - 1));
        while starts != 0 {
            let start = number * BLOCK_BYTES + starts.trailing_zeros() as usize;
            starts &= starts - 1;
            let end = end_of(start + LONG_BYTES_MIN, &inside);
            long.push((start as u32, end as u32));
        }
        (before, own) = (own, next);
    }
}

/// The first place from which on no more of these bits are set.
fn end_of(from: usize, inside: &impl Fn(usize) -> u64) -> usize {
    let (mut number, bit) = (from / BLOCK_BYTES, from % BLOCK_BYTES);
    let mut rest = !inside(number) >> bit << bit;
    while rest == 0 {
        number += 1;
        rest = !inside(number);
    }
    number * BLOCK_BYTES + rest.trailing_zeros() as usize
}
