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

/// Where a needle would start for a gram that is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) needle: u32,
    /// Bytes of the needle before the gram; it may begin a byte behind it.
    pub(super) before: i32,
}

/// Grams, and the needles they belong to.
#[derive(Debug)]
pub(super) struct Grams {
    filter: Filter,
    slots: Box<[Slot]>,
    shift: u32,
    entries: Box<[Entry]>,
    stride: usize,
}

/// What the grams with the same hash have in common.
#[derive(Debug, Clone, Copy)]
struct Slot {
    mask: u64,
    value: u64,
    first: u32,
    count: u32,
}

impl Slot {
    const EMPTY: Slot = Slot { mask: 0, value: 1, first: 0, count: 0 };
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
                let entry = Entry { needle, before: place as i32 };
                each_gram(&around(&folded, place), &mut |gram| {
                    grams.push(Gram { gram, entry, ..exact(gram, mask, value) });
                });
            }
        }
        let mut distinct: Vec<u32> = grams.iter().map(|gram| gram.gram).collect();
        distinct.sort_unstable();
        distinct.dedup();
        let words = (distinct.len() * FILTER_BITS / 32).next_power_of_two();
        let mut filter = Filter::new(words.ilog2().clamp(8, 16));
        distinct.iter().for_each(|&gram| filter.insert(gram));
        let shift = 32 - distinct.len().next_power_of_two().ilog2().clamp(4, 20);
        let (slots, entries) = table(&mut grams, shift);
        Grams { filter, slots, shift, entries, stride }
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
    pub(super) fn entries(&self, text: &[u8], place: usize) -> &[Entry] {
        let (slot, _) = self.slot(text, place);
        &self.entries[slot.first as usize..][..slot.count as usize]
    }

    fn slot(&self, text: &[u8], place: usize) -> (&Slot, u64) {
        let mut around = [0; AROUND];
        around.copy_from_slice(&text[place - BEFORE..place - BEFORE + AROUND]);
        let word = u64::from_le_bytes(around) | FOLD;
        let gram = (word >> (8 * BEFORE)) as u32;
        (&self.slots[slot(gram, self.shift)], word)
    }
}

fn slot(gram: u32, shift: u32) -> usize {
    (gram.wrapping_mul(MULTIPLIER) >> shift) as usize
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

/// Puts the bytes of the gram itself into what is known around it.
fn exact(gram: u32, mask: u64, value: u64) -> Gram {
    let whole = u64::from(u32::MAX) << (8 * BEFORE);
    let value = value & !whole | u64::from(gram) << (8 * BEFORE);
    Gram { gram, entry: Entry { needle: 0, before: 0 }, mask: mask | whole, value }
}

/// Gathers grams by the slot they fall into.
fn table(grams: &mut [Gram], shift: u32) -> (Box<[Slot]>, Box<[Entry]>) {
    grams.sort_unstable_by_key(|gram| (slot(gram.gram, shift), gram.entry));
    let mut slots = vec![Slot::EMPTY; 1 << (32 - shift)];
    let mut entries: Vec<Entry> = Vec::new();
    for alike in grams.chunk_by(|one, other| slot(one.gram, shift) == slot(other.gram, shift)) {
        let first = entries.len();
        let mut own = Slot { mask: u64::MAX, value: alike[0].value, first: first as u32, count: 0 };
        for gram in alike {
            own.mask &= gram.mask & !(own.value ^ gram.value);
            own.value &= own.mask;
            if entries[first..].last() != Some(&gram.entry) {
                entries.push(gram.entry);
            }
        }
        own.count = (entries.len() - first) as u32;
        slots[slot(alike[0].gram, shift)] = own;
    }
    (slots.into(), entries.into())
}
