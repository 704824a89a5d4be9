//! A needle, ready to be compared: most of its bytes as words with masks, the rest as sets.

use super::bytes::{ByteSet, ClassString};
use super::prefix::NEEDLE_BYTES_MAX;

/// Words of a needle.
const WORDS: usize = NEEDLE_BYTES_MAX / 8;

/// What stands in a text at the place where a match may begin.
#[derive(Debug)]
pub(super) struct Needle {
    /// Bits that may be either way, as ones.
    free: [u64; WORDS],
    /// Bits that are compared.
    masks: [u64; WORDS],
    /// What they are.
    values: [u64; WORDS],
    /// Places whose sets are not a matter of bits.
    sets: Box<[(u8, ByteSet)]>,
    len: u8,
}

impl Needle {
    /// At most `NEEDLE_BYTES_MAX` bytes are compared.
    pub(super) fn new(string: &ClassString) -> Needle {
        let len = string.len().min(NEEDLE_BYTES_MAX);
        let (mut free, mut masks, mut values) = ([0; WORDS], [0; WORDS], [0; WORDS]);
        let mut sets = Vec::new();
        for (place, set) in string.iter().enumerate().take(len) {
            let (word, shift) = (place / 8, 8 * (place % 8));
            let bits = Bits::of(set);
            if bits.exact {
                free[word] |= u64::from(bits.free) << shift;
                masks[word] |= 0xff << shift;
                values[word] |= u64::from(bits.value) << shift;
            } else {
                sets.push((place as u8, *set));
            }
        }
        Needle { free, masks, values, sets: sets.into(), len: len as u8 }
    }

    pub(super) fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Needle>() + size_of_val(&self.sets[..])
    }

    /// Whether it stands at the beginning of these bytes.
    pub(super) fn begins(&self, bytes: &[u8; NEEDLE_BYTES_MAX]) -> bool {
        let (words, _) = bytes.as_chunks::<8>();
        let differs = |word: usize| {
            (u64::from_le_bytes(words[word]) | self.free[word]) & self.masks[word]
                != self.values[word]
        };
        if differs(0) || differs(1) || differs(2) || differs(3) {
            return false;
        }
        self.sets.iter().all(|(place, set)| set.contains(bytes[usize::from(*place)]))
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
            let needle = Needle::new(&string[..len].to_vec());
            assert_eq!(needle.len(), len);
            for place in 0..len {
                for byte in 0..=255 {
                    let mut text = [b'#'; NEEDLE_BYTES_MAX];
                    for (other, set) in string.iter().enumerate().take(len) {
                        text[other] = set.iter().last().unwrap();
                    }
                    text[place] = byte;
                    assert_eq!(needle.begins(&text), string[place].contains(byte), "{len} {place}");
                }
            }
        }
    }

    #[test]
    fn a_set_without_a_byte_is_nowhere() {
        let needle = Needle::new(&vec![ByteSet::of(b'a'), ByteSet::EMPTY]);
        assert!(
            !needle.begins(&[b'a'; NEEDLE_BYTES_MAX]) && !needle.begins(&[0; NEEDLE_BYTES_MAX])
        );
    }
}
