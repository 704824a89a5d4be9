//! How often stretches of bytes occur in logs, which decides where a pattern is looked for first.
//!
//! Counts never decide what matches. They are kept in a fixed number of counters that several stretches share, so a
//! stretch is never thought rarer than it is.

use super::bytes::{ByteSet, FOLD};

/// Counters of four bytes, as a power of two.
const GRAMS_LOG2: u32 = 17;
/// Bytes that are told apart: those with the case bit set.
const FOLDED: usize = 128;
/// Counters of two bytes.
const PAIRS: usize = FOLDED * FOLDED;
/// Windows counted before all counts are halved, so that old traffic fades.
const TOTAL_MAX: u64 = 1 << 26;
/// What a stretch nobody has seen counts for.
const UNSEEN: f64 = 0.02;
/// From one packed count to the next; fifteen of them reach beyond a third of a million.
const PACKED_STEP: f64 = 2.5;

/// Counts over the lines of four log systems and of a made-up web shop, made by `Frequencies::pack`.
const SHIPPED: &[u8] = include_bytes!("frequency.bin");

/// Counts of stretches of two and four bytes, without regard to case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frequencies {
    grams: Box<[u32]>,
    pairs: Box<[u32]>,
    singles: Box<[u32]>,
    total: u64,
}

impl Default for Frequencies {
    /// What is known before any traffic was seen.
    fn default() -> Self {
        Frequencies::unpack(SHIPPED).expect("the shipped counts have the length of packed ones")
    }
}

impl Frequencies {
    /// Counts of nothing.
    pub fn empty() -> Frequencies {
        Frequencies {
            grams: vec![0; 1 << GRAMS_LOG2].into(),
            pairs: vec![0; PAIRS].into(),
            singles: vec![0; FOLDED].into(),
            total: 0,
        }
    }

    /// Counts the stretches of some text.
    pub fn observe(&mut self, text: &[u8]) {
        for window in text.windows(4) {
            let gram = u32::from_le_bytes([window[0], window[1], window[2], window[3]]);
            let gram = gram | u32::from_le_bytes([FOLD; 4]);
            let (first, second) = (place(window[0]), place(window[1]));
            bump(&mut self.grams[bucket(gram)]);
            bump(&mut self.pairs[first * FOLDED + second]);
            bump(&mut self.singles[first]);
        }
        self.total += text.len().saturating_sub(3) as u64;
        while self.total > TOTAL_MAX {
            self.halve();
        }
    }

    /// Share of the places where these four folded bytes stand.
    pub(super) fn gram(&self, gram: u32) -> f64 {
        (f64::from(self.grams[bucket(gram)]) + UNSEEN) / (self.total as f64 + 1.0)
    }

    /// Share of the places where some bytes of these sets follow one another, judged by pairs.
    pub(super) fn chain(&self, sets: &[ByteSet]) -> f64 {
        let Some((first, rest)) = sets.split_first() else { return 1.0 };
        let share = |count: u32| (f64::from(count) + UNSEEN) / (self.total as f64 + 1.0);
        let mut here: Vec<(usize, f64)> =
            places(first).map(|byte| (byte, share(self.singles[byte]))).collect();
        for set in rest {
            if set.folded() == ByteSet::ALL.folded() {
                // Whatever follows is allowed, and what follows that is guessed from all bytes.
                let all: f64 = here.iter().map(|(_, share)| share).sum();
                here = (0..FOLDED).map(|byte| (byte, all * share(self.singles[byte]))).collect();
                continue;
            }
            here = places(set)
                .map(|to| {
                    let steps = here.iter().map(|&(from, reached)| {
                        let pairs = f64::from(self.pairs[from * FOLDED + to]) + UNSEEN;
                        reached * pairs / (f64::from(self.singles[from]) + 1.0)
                    });
                    (to, steps.sum())
                })
                .collect();
        }
        here.iter().map(|(_, share)| share).sum::<f64>().min(1.0)
    }

    /// The counts in few bytes, each to its order of magnitude.
    pub fn pack(&self) -> Vec<u8> {
        let counts = self.grams.iter().chain(&self.pairs);
        let codes: Vec<u8> = counts.map(|&count| code(count)).collect();
        codes.chunks_exact(2).map(|two| two[0] | two[1] << 4).collect()
    }

    /// The counts from what `pack` made of them; `None` where the length is another.
    pub fn unpack(bytes: &[u8]) -> Option<Frequencies> {
        let mut own = Frequencies::empty();
        if bytes.len() * 2 != own.grams.len() + PAIRS {
            return None;
        }
        let codes = bytes.iter().flat_map(|byte| [byte & 15, byte >> 4]);
        for (count, code) in own.grams.iter_mut().chain(&mut own.pairs).zip(codes) {
            *count = if code == 0 { 0 } else { PACKED_STEP.powi(i32::from(code) - 1) as u32 };
        }
        for (single, pairs) in own.singles.iter_mut().zip(own.pairs.chunks_exact(FOLDED)) {
            *single = pairs.iter().sum();
        }
        own.total = own.singles.iter().map(|&count| u64::from(count)).sum();
        Some(own)
    }

    fn halve(&mut self) {
        for list in [&mut self.grams, &mut self.pairs, &mut self.singles] {
            list.iter_mut().for_each(|count| *count /= 2);
        }
        self.total /= 2;
    }
}

fn bump(count: &mut u32) {
    *count = count.saturating_add(1);
}

/// Squeezes the case bit out of a byte.
fn place(byte: u8) -> usize {
    usize::from(byte >> 6 << 5 | byte & 31)
}

fn places(set: &ByteSet) -> impl Iterator<Item = usize> + use<> {
    set.folded().iter().map(place)
}

fn bucket(gram: u32) -> usize {
    (gram.wrapping_mul(0x9E37_79B1) >> (32 - GRAMS_LOG2)) as usize
}

/// Zero, or one more than the logarithm, in four bits.
fn code(count: u32) -> u8 {
    if count == 0 {
        return 0;
    }
    (f64::from(count).log(PACKED_STEP).round() as u8 + 1).min(15)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sets(text: &[u8]) -> Vec<ByteSet> {
        text.iter().map(|&byte| ByteSet::of(byte)).collect()
    }

    #[test]
    fn packed_counts_keep_their_order_of_magnitude() {
        let mut counts = Frequencies::empty();
        (0..1000).for_each(|_| counts.observe(b"failed to connect "));
        counts.observe(b"quux");
        let again = Frequencies::unpack(&counts.pack()).unwrap();
        assert_eq!(again.pack(), counts.pack());
        let gram = |counts: &Frequencies, text: [u8; 4]| counts.gram(u32::from_le_bytes(text));
        for text in [*b"fail", *b"quux", *b"zzzz"] {
            let ratio = gram(&again, text) / gram(&counts, text);
            assert!((0.4..2.5).contains(&ratio), "{text:?} {ratio}");
        }
        assert_eq!(Frequencies::unpack(&[0; 100]), None);
    }

    #[test]
    fn what_is_frequent_is_told_from_what_is_rare() {
        let mut counts = Frequencies::default();
        (0..100).for_each(|_| counts.observe(b"session opened for user root by (uid=0)"));
        assert!(counts.chain(&sets(b"SESSion")) > 100.0 * counts.chain(&sets(b"xylophone")));
        let mut vowel = ByteSet::EMPTY;
        b"aeiou".iter().for_each(|&byte| vowel.insert(byte));
        let (one, any) = (sets(b"use"), vec![ByteSet::of(b'u'), ByteSet::of(b's'), vowel]);
        assert!(counts.chain(&any) >= counts.chain(&one));
        assert!(counts.chain(&[ByteSet::ALL, ByteSet::ALL]) > 0.9);
    }
}
