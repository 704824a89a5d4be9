//! Which bytes of a needle are looked for first: the rarest ones, by what is known of the traffic.

use std::cell::RefCell;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::bytes::{ByteSet, ClassString};
use super::frequency::Frequencies;
use super::prefix::NEEDLE_BYTES_MAX;

/// Bytes of a gram.
pub(super) const GRAM_BYTES: usize = 4;
/// Most grams that one window of classes may stand for.
const GRAMS_MAX: usize = 512;
/// Beyond this many grams their frequency is judged by pairs of bytes.
const GRAMS_COUNTED: usize = 32;
/// What each gram in the table costs, as it makes others pass by chance.
const GRAM_COST: f64 = 2e-7;
/// What the lane of short needles costs beside what it finds.
const SHORT_COST: f64 = 1e-4;
/// Short needles that are found more often than this are not looked for.
const SHORT_RATE_MAX: f64 = 0.01;

/// Where a needle is looked for, and how often something will be found there, per byte of text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Window {
    /// By `stride` adjacent grams, the first of them at this place of the needle; it may lie a byte before it.
    Grams { first: isize, rate: f64 },
    /// By four adjacent bytes from this place on, which may lie beyond its end.
    Short { first: usize, rate: f64 },
    /// Nowhere: it is too common.
    Nowhere,
}

impl Window {
    /// Share of the places where it is found.
    pub(super) fn rate(self) -> f64 {
        match self {
            Window::Grams { rate, .. } | Window::Short { rate, .. } => rate,
            Window::Nowhere => 1.0,
        }
    }

    /// What looking for the needle costs, as a rate of finds.
    pub(super) fn cost(self) -> f64 {
        match self {
            Window::Grams { rate, .. } => rate,
            Window::Short { rate, .. } => rate + SHORT_COST,
            Window::Nowhere => f64::INFINITY,
        }
    }
}

/// A gram nobody has seen yet is taken to be this frequent, as tomorrow's logs may have it.
const RATE_MIN: f64 = 1e-6;

/// Chooses windows for one stride.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chooser<'a> {
    pub(super) frequencies: &'a Frequencies,
    pub(super) stride: usize,
    pub(super) rates: &'a Rates,
}

/// How often four sets are found, as far as it was asked already: most needles begin as others go on.
pub(super) type Rates = RefCell<HashMap<[ByteSet; GRAM_BYTES], Option<f64>, FixedState>>;

impl Chooser<'_> {
    /// What looking for any of some needles costs, if that is below `limit`.
    pub(super) fn cost(&self, needles: &[ClassString], limit: f64) -> Option<f64> {
        let mut costs = needles.iter().map(|needle| self.window(needle).cost());
        costs.try_fold(0.0, |sum, cost| Some(sum + cost).filter(|sum| *sum < limit))
    }

    /// The best window of a needle.
    pub(super) fn window(&self, needle: &[ByteSet]) -> Window {
        match self.grams(needle) {
            Some((first, rate)) => Window::Grams { first, rate },
            None => self.short(needle),
        }
    }

    fn grams(&self, needle: &[ByteSet]) -> Option<(isize, f64)> {
        let mut buffer = [ByteSet::EMPTY; NEEDLE_BYTES_MAX];
        let mut singles = [None; NEEDLE_BYTES_MAX];
        let folded = &mut buffer[..needle.len()];
        for ((set, single), own) in folded.iter_mut().zip(&mut singles).zip(needle) {
            *set = own.folded();
            *single = set.single();
        }
        let singles = &singles[..needle.len()];
        // One byte on either side may be any.
        let last = folded.len() as isize + 1 - GRAM_BYTES as isize;
        let rate = |place: isize| match exact_gram(singles, place) {
            Some(gram) => Some(self.frequencies.gram(gram) + GRAM_COST),
            None => self.rate(folded, place),
        };
        let mut rates = [None; NEEDLE_BYTES_MAX];
        let count = usize::try_from(last + 2).unwrap_or(0);
        (-1..).zip(&mut rates[..count]).for_each(|(place, own)| *own = rate(place));
        let mut best: Option<(isize, f64)> = None;
        for (place, rates) in rates[..count].windows(self.stride).enumerate() {
            let Some(sum) = rates.iter().copied().sum::<Option<f64>>() else { continue };
            let rate = sum / self.stride as f64 + RATE_MIN;
            if best.is_none_or(|(_, least)| rate < least) {
                best = Some((place as isize - 1, rate));
            }
        }
        best.filter(|&(_, rate)| rate <= SHORT_RATE_MAX)
    }

    /// How often the gram at a place of a folded needle is found; `None` where it stands for too many.
    fn rate(&self, folded: &[ByteSet], place: isize) -> Option<f64> {
        let sets = around(folded, place);
        *self.rates.borrow_mut().entry(sets).or_insert_with(|| self.rate_of(&sets))
    }

    fn rate_of(&self, sets: &[ByteSet; GRAM_BYTES]) -> Option<f64> {
        let count = sets.iter().map(ByteSet::len).product::<usize>();
        if count > GRAMS_MAX {
            return None;
        }
        let rate = if count <= GRAMS_COUNTED {
            let mut rate = 0.0;
            each_gram(sets, &mut |gram| rate += self.frequencies.gram(gram));
            rate
        } else {
            self.frequencies.chain(sets)
        };
        Some(rate + count as f64 * GRAM_COST)
    }

    fn short(&self, needle: &[ByteSet]) -> Window {
        let last = needle.len().saturating_sub(GRAM_BYTES);
        let rates = (0..=last).map(|first| {
            let end = needle.len().min(first + GRAM_BYTES);
            (first, self.frequencies.chain(&needle[first..end]))
        });
        match rates.min_by(|(_, one), (_, other)| one.total_cmp(other)) {
            Some((first, rate)) if rate <= SHORT_RATE_MAX => Window::Short { first, rate },
            _ => Window::Nowhere,
        }
    }
}

/// The only gram that can stand at a place, if there is but one.
fn exact_gram(singles: &[Option<u8>], place: isize) -> Option<u32> {
    let place = usize::try_from(place).ok()?;
    match singles.get(place..)?.first_chunk::<GRAM_BYTES>()? {
        &[Some(first), Some(second), Some(third), Some(fourth)] => {
            Some(u32::from_le_bytes([first, second, third, fourth]))
        }
        _ => None,
    }
}

/// The four sets from a place on; beyond the ends of the needle any folded byte may stand.
pub(super) fn around(folded: &[ByteSet], place: isize) -> [ByteSet; GRAM_BYTES] {
    std::array::from_fn(|byte| {
        let place = usize::try_from(place + byte as isize).ok();
        place.and_then(|place| folded.get(place)).copied().unwrap_or(ByteSet::ALL.folded())
    })
}

/// Calls back with every gram of four sets.
pub(super) fn each_gram(sets: &[ByteSet; GRAM_BYTES], found: &mut impl FnMut(u32)) {
    for first in sets[0].iter() {
        for second in sets[1].iter() {
            for third in sets[2].iter() {
                for fourth in sets[3].iter() {
                    found(u32::from_le_bytes([first, second, third, fourth]));
                }
            }
        }
    }
}
