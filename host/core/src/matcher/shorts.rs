//! The lane of needles too short, or of too many bytes, for grams: every place is tried against four sets of bytes.

use super::bytes::{ByteSet, ClassString};
use super::frequency::Frequencies;
use crate::simd::Level;
use crate::simd::shorts::{BYTES, Buckets};

/// Buckets that needles are spread over.
const BUCKETS: usize = 8;

/// How often two or three bytes may be found for the others to be left out, per byte of text.
const RATE_MAX: f64 = 1e-3;

/// Needles in buckets.
#[derive(Debug)]
pub(super) struct Shorts {
    buckets: Buckets,
    /// Needles of each bucket, with the places of their windows.
    members: [Vec<(u32, u32)>; BUCKETS],
}

impl Shorts {
    /// Takes needles with their numbers and the places of their windows.
    ///
    /// A bucket fires on all mixtures of what is in it, so each needle goes where it adds least to that.
    pub(super) fn new(needles: &[(u32, &ClassString, usize)], frequencies: &Frequencies) -> Shorts {
        let mut own = Shorts { buckets: Buckets::new(), members: Default::default() };
        let mut sets = [[ByteSet::EMPTY; BYTES]; BUCKETS];
        let mut rates = [0.0; BUCKETS];
        let window = |string: &ClassString, first: usize| -> [ByteSet; BYTES] {
            std::array::from_fn(|byte| *string.get(first + byte).unwrap_or(&ByteSet::ALL))
        };
        let mut order: Vec<_> = needles
            .iter()
            .map(|&(needle, string, first)| {
                let window = window(string, first);
                (frequencies.chain(&window), needle, first, window)
            })
            .collect();
        order.sort_by(|one, other| other.0.total_cmp(&one.0));
        for (_, needle, first, window) in order {
            let joined = |bucket: usize| -> [ByteSet; BYTES] {
                std::array::from_fn(|byte| sets[bucket][byte].union(&window[byte]))
            };
            let added = (0..BUCKETS).map(|bucket| {
                let rate = frequencies.chain(&joined(bucket));
                (rate - rates[bucket], bucket, rate)
            });
            let least = added.min_by(|one, other| one.0.total_cmp(&other.0));
            let (_, bucket, rate) = least.expect("there are buckets");
            sets[bucket] = joined(bucket);
            rates[bucket] = rate;
            own.members[bucket].push((needle, first as u32));
            for (byte, set) in window.iter().enumerate() {
                set.iter().for_each(|value| own.buckets.insert(byte, value, bucket as u32));
            }
        }
        // The fewer bytes are looked at, the faster, as long as they rule out enough.
        let rate =
            |depth: usize| sets.iter().map(|sets| frequencies.chain(&sets[..depth])).sum::<f64>();
        own.buckets.set_depth((2..BYTES).find(|&depth| rate(depth) < RATE_MAX).unwrap_or(BYTES));
        own
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.iter().all(Vec::is_empty)
    }

    /// Appends the places at which a needle may stand.
    pub(super) fn scan(
        &self,
        level: Level,
        text: &[u8],
        range: (usize, usize),
        found: &mut Vec<u32>,
    ) {
        self.buckets.scan(level, text, range, found);
    }

    /// The needles that may stand at a place, with where their windows lie in them.
    pub(super) fn members(&self, text: &[u8], place: usize) -> impl Iterator<Item = (u32, u32)> {
        let bytes = text[place..].first_chunk::<BYTES>();
        let mut bits = bytes.map_or(0, |bytes| self.buckets.of(bytes));
        let buckets = std::iter::from_fn(move || {
            let bucket = (bits != 0).then(|| bits.trailing_zeros() as usize)?;
            bits &= bits - 1;
            Some(bucket)
        });
        buckets.flat_map(|bucket| self.members[bucket].iter().copied())
    }
}
