//! The lane of long needles: every n-th place is tried against grams of which each needle has n in a row.

use super::bytes::{ByteSet, ClassString};
use super::needle::Bits;
use super::window::{around, each_gram};
use crate::simd::Level;
use crate::simd::grams::Filter;

/// Bytes before a gram that are looked at with it.
const BEFORE: usize = 2;
/// Bytes of a gram and around it.
const AROUND: usize = 8;
const FOLD: u64 = 0x2020_2020_2020_2020;
const MULTIPLIER: u32 = 0x85EB_CA6B;
/// Bits of the filter for each gram: few pass by chance then, and it stays in the nearest cache.
const FILTER_BITS: usize = 16;

/// A needle that may stand around a gram: its number, how many of its bytes and one more lie before the gram, and whether
/// it is the last of its slot, from the highest bits to the lowest one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry(u32);

impl Entry {
    const BEFORE_BITS: u32 = 6;
    /// Most needles: what is left of the bits.
    const NEEDLES_MAX: u32 = 1 << (31 - Entry::BEFORE_BITS);

    /// The needle may begin a byte behind the gram.
    fn new(needle: u32, before: isize) -> Entry {
        assert!(needle < Entry::NEEDLES_MAX, "there are fewer needles");
        Entry((needle << Entry::BEFORE_BITS | (before + 1) as u32) << 1)
    }

    fn is_last(self) -> bool {
        self.0 & 1 == 1
    }

    pub(super) fn needle(self) -> u32 {
        self.0 >> (Entry::BEFORE_BITS + 1)
    }

    /// Where the needle begins whose gram is at a place.
    pub(super) fn start(self, place: u32) -> u32 {
        place + 1 - (self.0 >> 1 & ((1 << Entry::BEFORE_BITS) - 1))
    }
}

/// Grams, and the needles they belong to.
#[derive(Debug)]
pub(super) struct Grams {
    filter: Filter,
    slots: Box<[Slot]>,
    entries: Box<[Entry]>,
    stride: usize,
}

/// What the grams with the same hash have in common. Packed, since it is the largest table and wants to be in a cache.
#[derive(Debug, Clone, Copy)]
#[repr(C, packed(4))]
struct Slot {
    mask: u64,
    value: u64,
    /// Its first entry.
    first: u32,
}

impl Slot {
    const EMPTY: Slot = Slot { mask: 0, value: 1, first: 0 };
}

/// One gram of a needle, with what is known of the bytes around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Gram {
    gram: u32,
    entry: Entry,
    mask: u64,
    value: u64,
}

impl Grams {
    /// Takes needles with their numbers and the places of their first grams.
    pub(super) fn new(needles: &[(u32, &ClassString, isize)], stride: usize) -> Grams {
        let mut grams = Vec::new();
        for &(needle, string, first) in needles {
            let folded: ClassString = string.iter().map(ByteSet::folded).collect();
            for place in first..first + stride as isize {
                let (mask, value) = context(&folded, place);
                let entry = Entry::new(needle, place);
                each_gram(&around(&folded, place), &mut |gram| {
                    grams.push(Gram::new(gram, entry, (mask, value)));
                });
            }
        }
        let mut distinct: Vec<u32> = grams.iter().map(|gram| gram.gram).collect();
        distinct.sort_unstable();
        distinct.dedup();
        let words = (distinct.len() * FILTER_BITS / 32).next_power_of_two();
        let mut filter = Filter::new(words.ilog2().clamp(8, 16));
        distinct.iter().for_each(|&gram| filter.insert(gram));
        let (slots, entries) = table(&mut grams, distinct.len().max(1));
        Grams { filter, slots, entries, stride }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.filter.bytes() + size_of_val(&self.slots[..]) + size_of_val(&self.entries[..])
    }

    /// Finds places where a gram stands with what belongs around it; says how many of `found` they are.
    pub(super) fn scan(
        &self,
        level: Level,
        text: &[u8],
        range: (usize, usize),
        found: &mut Vec<u32>,
    ) -> usize {
        let (first, end) = range;
        let count = self.filter.scan(level, text, (first - 1, end), self.stride, found);
        let mut kept = 0;
        for index in 0..count {
            let place = found[index];
            found[kept] = place;
            let (slot, word) = self.slot(text, place as usize);
            kept += usize::from(word & slot.mask == slot.value);
        }
        kept
    }

    /// The needles that may stand around a place that was found.
    pub(super) fn entries(&self, text: &[u8], place: usize) -> impl Iterator<Item = Entry> {
        let (slot, _) = self.slot(text, place);
        let mut is_over = false;
        let own = self.entries[slot.first as usize..].iter().copied();
        own.take_while(move |entry| !std::mem::replace(&mut is_over, entry.is_last()))
    }

    fn slot(&self, text: &[u8], place: usize) -> (&Slot, u64) {
        let mut around = [0; AROUND];
        around.copy_from_slice(&text[place - BEFORE..place - BEFORE + AROUND]);
        let word = u64::from_le_bytes(around) | FOLD;
        let gram = (word >> (8 * BEFORE)) as u32;
        (&self.slots[slot(gram, self.slots.len())], word)
    }
}

/// The slot of a gram among so many.
fn slot(gram: u32, slots: usize) -> usize {
    let hash = u64::from(gram.wrapping_mul(MULTIPLIER));
    ((hash * slots as u64) >> 32) as usize
}

/// What is known of the bytes around the gram at a place of a folded needle.
fn context(folded: &[ByteSet], place: isize) -> (u64, u64) {
    let (mut mask, mut value) = (0, 0);
    for byte in 0..AROUND {
        let place = usize::try_from(place + byte as isize - BEFORE as isize).ok();
        if let Some(set) = place.and_then(|place| folded.get(place)) {
            let bits = Bits::of(set);
            mask |= u64::from(!bits.free) << (8 * byte);
            value |= u64::from(bits.value & !bits.free) << (8 * byte);
        }
    }
    (mask, value)
}

impl Gram {
    /// Puts the bytes of the gram itself into what is known around it.
    fn new(gram: u32, entry: Entry, (mask, value): (u64, u64)) -> Gram {
        let whole = u64::from(u32::MAX) << (8 * BEFORE);
        let value = value & !whole | u64::from(gram) << (8 * BEFORE);
        Gram { gram, entry, mask: mask | whole, value }
    }
}

/// Gathers grams by the slot they fall into, of so many.
fn table(grams: &mut [Gram], count: usize) -> (Box<[Slot]>, Box<[Entry]>) {
    grams.sort_unstable_by_key(|gram| (slot(gram.gram, count), gram.entry));
    let mut slots = vec![Slot::EMPTY; count];
    let mut entries: Vec<Entry> = Vec::new();
    for alike in grams.chunk_by(|one, other| slot(one.gram, count) == slot(other.gram, count)) {
        let first = entries.len();
        let (mut mask, mut value) = (u64::MAX, alike[0].value);
        for gram in alike {
            mask &= gram.mask & !(value ^ gram.value);
            value &= mask;
            if entries[first..].last() != Some(&gram.entry) {
                entries.push(gram.entry);
            }
        }
        if let Some(last) = entries.last_mut() {
            last.0 |= 1;
        }
        slots[slot(alike[0].gram, count)] = Slot { mask, value, first: first as u32 };
    }
    (slots.into(), entries.into())
}
