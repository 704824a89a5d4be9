//! Tokens, and the hashes that stand for them.

use serde::{Deserialize, Serialize};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u8)]
pub(crate) enum Kind {
    /// A byte of structure, which is never a value.
    Delimiter,
    /// Text without a letter or digit, which is never a value either.
    Punctuation,
    /// Text.
    Word,
    /// Text with a digit in it: it takes little to believe that it varies.
    Doubtful,
    /// A value by its looks.
    Masked,
    /// A value by experience; in templates alone.
    Learnt,
}

impl Kind {
    /// Whether it is part of the shape, and no place for a word.
    pub(crate) fn is_structure(self) -> bool {
        matches!(self, Kind::Delimiter | Kind::Punctuation)
    }

    /// Whether it is text that may differ from template to template.
    pub(super) fn is_text(self) -> bool {
        matches!(self, Kind::Word | Kind::Doubtful)
    }

    /// Whether it stands for many values.
    pub(super) fn is_value(self) -> bool {
        matches!(self, Kind::Masked | Kind::Learnt)
    }
}

/// A token of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) kind: Kind,
    /// Blanks in front of it, up to two: more tell nothing more.
    pub(crate) blanks: u8,
}

impl Token {
    pub(crate) fn text<'a>(&self, line: &'a [u8]) -> &'a [u8] {
        &line[self.start as usize..self.end as usize]
    }
}

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
const SHORT_WORD: u64 = 0xa076_1d64_78bd_642f;

/// Folds a number into a hash: both halves of the product count.
#[inline(always)]
pub(crate) fn fold(hash: u64, number: u64) -> u64 {
    let product = u128::from(hash ^ number) * u128::from(MULTIPLIER);
    product as u64 ^ (product >> 64) as u64
}

/// Hash of a word of a line; what follows the word is read along where that is faster, and left out.
#[inline(always)]
pub(super) fn hash_word(line: &[u8], start: usize, end: usize, seed: u64) -> u64 {
    let length = end - start;
    let seed = seed ^ length as u64;
    if length <= 8 {
        let Some(bytes) = line[start..].first_chunk::<8>() else {
            let mut bytes = [0; 8];
            bytes[..length].copy_from_slice(&line[start..end]);
            return fold(u64::from_le_bytes(bytes), SHORT_WORD ^ seed);
        };
        let keep = u64::MAX >> (64 - 8 * length);
        return fold(u64::from_le_bytes(*bytes) & keep, SHORT_WORD ^ seed);
    }
    let word = &line[start..end];
    let (pairs, _) = word.as_chunks::<8>();
    // The last eight bytes overlap those before, so that there is no rest.
    let last = word.last_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let pairs = pairs.iter().take((length - 1) / 8);
    let hash = pairs.fold(seed, |hash, bytes| fold(hash, u64::from_le_bytes(*bytes)));
    fold(hash, last.rotate_left(23))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_a_word_is_of_its_bytes_alone() {
        let line = b"prefix-abcdefghijklmnopqrstuvwxyz";
        for length in 1..=26 {
            let start = 7;
            let within = hash_word(line, start, start + length, 3);
            let alone = hash_word(&line[start..start + length], 0, length, 3);
            assert_eq!(within, alone, "{length}");
            assert_ne!(within, hash_word(line, start, start + length, 4), "{length}");
            assert_ne!(within, hash_word(line, start - 1, start + length - 1, 3), "{length}");
        }
    }
}
