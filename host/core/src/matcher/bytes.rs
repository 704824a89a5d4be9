//! Sets of bytes, and strings of such sets.

use regex_syntax::hir::Class;

/// What each byte of a needle may be.
pub(super) type ClassString = Vec<ByteSet>;

/// Case of ASCII letters is one bit; with it set, upper case becomes lower case.
pub(super) const FOLD: u8 = 0x20;

/// A set of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ByteSet([u64; 4]);

impl ByteSet {
    /// No byte.
    pub(super) const EMPTY: ByteSet = ByteSet([0; 4]);
    /// Every byte.
    pub(super) const ALL: ByteSet = ByteSet([u64::MAX; 4]);

    /// One byte.
    pub(super) fn of(byte: u8) -> ByteSet {
        let mut set = ByteSet::EMPTY;
        set.insert(byte);
        set
    }

    /// The bytes of a class; `None` where a member of it takes more than one byte.
    pub(super) fn of_class(class: &Class) -> Option<ByteSet> {
        let mut set = ByteSet::EMPTY;
        match class {
            Class::Bytes(class) => {
                class.ranges().iter().for_each(|range| set.insert_all(range.start(), range.end()));
            }
            Class::Unicode(class) => {
                for range in class.ranges() {
                    if !range.end().is_ascii() {
                        return None;
                    }
                    set.insert_all(range.start() as u8, range.end() as u8);
                }
            }
        }
        Some(set)
    }

    pub(super) fn insert(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    /// Inserts all bytes from the first to the last one.
    fn insert_all(&mut self, first: u8, last: u8) {
        for (word, bits) in (0..).step_by(64).zip(&mut self.0) {
            let from = u32::from(first).saturating_sub(word);
            let to = u32::from(last) + 1;
            let below = |bit: u32| if bit < 64 { (1u64 << bit) - 1 } else { u64::MAX };
            *bits |= below(to.saturating_sub(word)) & !below(from);
        }
    }

    pub(super) fn contains(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
    }

    /// Its only byte, if it has but one.
    pub(super) fn single(&self) -> Option<u8> {
        self.iter().next().filter(|_| self.len() == 1)
    }

    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub(super) fn union(&self, other: &ByteSet) -> ByteSet {
        ByteSet(std::array::from_fn(|word| self.0[word] | other.0[word]))
    }

    /// Whether it has every byte of the other.
    pub(super) fn covers(&self, other: &ByteSet) -> bool {
        (0..4).all(|word| other.0[word] & !self.0[word] == 0)
    }

    /// Its bytes in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = u8> + use<> {
        let words = self.0;
        (0..4u8).flat_map(move |word| {
            let mut bits = words[usize::from(word)];
            std::iter::from_fn(move || {
                let bit = (bits != 0).then(|| bits.trailing_zeros() as u8)?;
                bits &= bits - 1;
                Some(word << 6 | bit)
            })
        })
    }

    /// The bytes with the case bit set: what is looked for where case is not looked at.
    pub(super) fn folded(&self) -> ByteSet {
        // Bytes 32 apart are neighbours of one word, half a word away.
        ByteSet(self.0.map(|word| (word | word << 32) & 0xffff_ffff_0000_0000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_sets_the_case_bit_of_every_byte() {
        for bytes in [&b"aZ09 \x00\x1f"[..], b"\xff\x80@`", b""] {
            let mut set = ByteSet::EMPTY;
            let mut expected = ByteSet::EMPTY;
            bytes.iter().for_each(|&byte| set.insert(byte));
            bytes.iter().for_each(|&byte| expected.insert(byte | FOLD));
            assert_eq!(set.folded(), expected, "{bytes:?}");
            assert_eq!(expected.len(), expected.iter().count());
            assert!(expected.iter().all(|byte| expected.contains(byte)));
        }
        assert_eq!(ByteSet::ALL.folded().len(), 128);
    }
}
