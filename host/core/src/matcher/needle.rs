//! Needles, ready to be compared: most of their bytes as words with masks, the rest as sets.

use super::bytes::{ByteSet, ClassString};
use super::prefix::NEEDLE_BYTES_MAX;

/// Bytes of a word.
const WORD_BYTES: usize = 8;

/// What stands in a text at the places where matches may begin, and what is confirmed there. All of it lies close
/// together: every place that a lane finds touches some of it.
#[derive(Debug)]
pub(super) struct Needles {
    /// In the order of their numbers, and one more where the parts of the last one end.
    all: Box<[Needle]>,
    words: Box<[Word]>,
    /// Places whose sets are not a matter of bits.
    sets: Box<[(u8, ByteSet)]>,
    units: Box<[u32]>,
}

/// A needle, by where its parts begin.
#[derive(Debug, Default)]
struct Needle {
    words: u32,
    sets: u32,
    units: u32,
    len: u8,
}

/// Eight bytes of a needle.
#[derive(Debug, Clone, Copy, Default)]
struct Word {
    /// Bits that are compared.
    mask: u64,
    /// What they are; the others are clear.
    value: u64,
}

impl Needles {
    /// Takes needles, each with its units; at most `NEEDLE_BYTES_MAX` bytes of each are compared.
    pub(super) fn new(needles: Vec<(ClassString, Vec<u32>)>) -> Needles {
        let mut all = Vec::with_capacity(needles.len() + 1);
        let (mut words, mut sets, mut units) = (Vec::new(), Vec::new(), Vec::new());
        let begin = |words: &Vec<Word>, sets: &Vec<_>, units: &Vec<u32>, len| Needle {
            words: words.len() as u32,
            sets: sets.len() as u32,
            units: units.len() as u32,
            len,
        };
        for (string, own_units) in needles {
            let len = string.len().min(NEEDLE_BYTES_MAX);
            all.push(begin(&words, &sets, &units, len as u8));
            for (number, part) in string[..len].chunks(WORD_BYTES).enumerate() {
                let mut word = Word::default();
                for (byte, set) in part.iter().enumerate() {
                    let (bits, shift) = (Bits::of(set), 8 * byte);
                    if bits.exact {
                        word.mask |= u64::from(!bits.free) << shift;
                        word.value |= u64::from(bits.value & !bits.free) << shift;
                    } else {
                        sets.push(((number * WORD_BYTES + byte) as u8, *set));
                    }
                }
                words.push(word);
            }
            units.extend(own_units);
        }
        all.push(begin(&words, &sets, &units, 0));
        let (words, sets, units) = (words.into(), sets.into(), units.into());
        Needles { all: all.into(), words, sets, units }
    }

    /// Bytes of a needle.
    pub(super) fn len(&self, needle: u32) -> usize {
        usize::from(self.all[needle as usize].len)
    }

    /// What is confirmed where a needle stands.
    pub(super) fn units(&self, needle: u32) -> &[u32] {
        let (own, next) = self.ends(needle);
        &self.units[own.units as usize..next.units as usize]
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&self.all[..])
            + size_of_val(&self.words[..])
            + size_of_val(&self.sets[..])
            + size_of_val(&self.units[..])
    }

    /// Whether a needle stands at the beginning of these bytes.
    pub(super) fn begins(&self, needle: u32, bytes: &[u8; NEEDLE_BYTES_MAX]) -> bool {
        let (own, next) = self.ends(needle);
        let words = &self.words[own.words as usize..next.words as usize];
        let (texts, _) = bytes.as_chunks::<WORD_BYTES>();
        let is_equal = |(word, text): (&Word, &[u8; WORD_BYTES])| {
            u64::from_le_bytes(*text) & word.mask == word.value
        };
        words.iter().zip(texts).all(is_equal)
            && self.sets[own.sets as usize..next.sets as usize]
                .iter()
                .all(|(place, set)| set.contains(bytes[usize::from(*place)]))
    }

    fn ends(&self, needle: u32) -> (&Needle, &Needle) {
        (&self.all[needle as usize], &self.all[needle as usize + 1])
    }
}

/// A set of bytes as bits that are the same in all of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bits {
    /// Bits that differ between some of them, as ones.
    pub(super) free: u8,
    /// One of them, with the free bits as ones.
    pub(super) value: u8,
    /// Whether the set is all bytes that have the other bits.
    pub(super) exact: bool,
}

impl Bits {
    pub(super) fn of(set: &ByteSet) -> Bits {
        let first = set.iter().next().unwrap_or(0);
        let free = set.iter().fold(0, |free, byte| free | (byte ^ first));
        Bits { free, value: first | free, exact: set.len() == 1 << free.count_ones() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_needle_compares_every_byte_with_its_set() {
        let sets = ["aA", "b", "01", "0123456789", "xyz", " ", "?", "\0\x01\x02\x03"];
        let string: ClassString = (0..20)
            .map(|place| {
                let mut set = ByteSet::EMPTY;
                sets[place % sets.len()].bytes().for_each(|byte| set.insert(byte));
                set
            })
            .collect();
        for len in 1..=string.len() {
            let needles = Needles::new(vec![
                (vec![ByteSet::of(b'!'); 9], vec![7]),
                (string[..len].to_vec(), vec![3, 4]),
            ]);
            assert_eq!((needles.len(1), needles.units(1)), (len, &[3, 4][..]));
            for place in 0..len {
                for byte in 0..=255 {
                    let mut text = [b'#'; NEEDLE_BYTES_MAX];
                    for (other, set) in string.iter().enumerate().take(len) {
                        text[other] = set.iter().last().unwrap();
                    }
                    text[place] = byte;
                    assert_eq!(
                        needles.begins(1, &text),
                        string[place].contains(byte),
                        "{len} {place}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_set_without_a_byte_is_nowhere() {
        let needles = Needles::new(vec![(vec![ByteSet::of(b'a'), ByteSet::EMPTY], vec![0])]);
        let begins = |byte: u8| needles.begins(0, &[byte; NEEDLE_BYTES_MAX]);
        assert!(!begins(b'a') && !begins(0));
    }
}
