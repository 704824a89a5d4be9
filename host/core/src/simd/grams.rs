//! Every n-th place of a text, tried against a set of four-byte grams.

use super::Level;
#[cfg(target_arch = "x86_64")]
use avx2::scan as scan_wide;
#[cfg(target_arch = "x86_64")]
use avx512::scan as scan_widest;

/// Bytes that must lie beyond the places that are tried, so that no load leaves the text.
pub(crate) const PADDING: usize = 128;
/// Places that one step may write beyond those it found.
const SLACK: usize = 16;
/// Case bits of four bytes.
const FOLD: u32 = 0x2020_2020;
const MULTIPLIER: u32 = 0x9E37_79B1;

/// A blocked Bloom filter: a gram sets two bits of one word.
#[derive(Debug)]
pub(crate) struct Filter {
    words: Box<[u32]>,
    shift: u32,
}

impl Filter {
    /// An empty filter of `2^words_log2` words, at least two and at most four million.
    pub(crate) fn new(words_log2: u32) -> Filter {
        let log2 = words_log2.clamp(1, 22);
        Filter { words: vec![0; 1 << log2].into(), shift: 32 - log2 }
    }

    /// Adds a gram whose bytes have the case bit set.
    pub(crate) fn insert(&mut self, gram: u32) {
        let hash = gram.wrapping_mul(MULTIPLIER);
        self.words[(hash >> self.shift) as usize] |= bits(hash);
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.words.len() * 4
    }

    /// Tries every `stride`-th place from `first` on and before `end`; the places that pass are at the beginning of
    /// `found`, which grows if need be, and their number is returned.
    ///
    /// The stride is 1 to 4, and the text must reach `PADDING` bytes beyond `end`.
    pub(crate) fn scan(
        &self,
        level: Level,
        text: &[u8],
        (first, end): (usize, usize),
        stride: usize,
        found: &mut Vec<u32>,
    ) -> usize {
        assert!((1..=4).contains(&stride) && end + PADDING <= text.len(), "the text has padding");
        let room = end.saturating_sub(first) / stride + 1 + 2 * SLACK;
        if found.len() < room {
            found.resize(room, 0);
        }
        match level {
            Level::Scalar => self.scan_scalar(text, (first, end), stride, found),
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "calls what needs AVX2")]
            // SAFETY: a level is asked for only where `Level::available` has it.
            Level::Wide => unsafe { scan_wide(self, text, (first, end), stride, found) },
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "calls what needs AVX-512")]
            // SAFETY: a level is asked for only where `Level::available` has it.
            Level::Widest => unsafe { scan_widest(self, text, (first, end), stride, found) },
            #[cfg(not(target_arch = "x86_64"))]
            _ => self.scan_scalar(text, (first, end), stride, found),
        }
    }

    fn scan_scalar(
        &self,
        text: &[u8],
        (first, end): (usize, usize),
        stride: usize,
        found: &mut [u32],
    ) -> usize {
        let mut count = 0;
        let mut place = first as u32;
        for window in text[first..end.max(first) + 3].array_windows().step_by(stride) {
            let gram = u32::from_le_bytes(*window);
            found[count] = place;
            place += stride as u32;
            count += usize::from(self.passes(gram | FOLD));
        }
        count
    }

    fn passes(&self, gram: u32) -> bool {
        let hash = gram.wrapping_mul(MULTIPLIER);
        let wanted = bits(hash);
        self.words[(hash >> self.shift) as usize] & wanted == wanted
    }
}

/// The two bits of a gram within its word.
fn bits(hash: u32) -> u32 {
    1 << (hash & 31) | 1 << (hash >> 5 & 31)
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use super::{FOLD, Filter, MULTIPLIER, SLACK};
    use std::arch::x86_64::*;

    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,popcnt")]
    pub(super) fn scan(
        filter: &Filter,
        text: &[u8],
        (first, end): (usize, usize),
        stride: usize,
        found: &mut [u32],
    ) -> usize {
        let step = 16 * stride;
        let spread: [u8; 64] = std::array::from_fn(|byte| (byte / 4 * stride + byte % 4) as u8);
        let lanes: [u32; 16] = std::array::from_fn(|lane| (first + lane * stride) as u32);
        let (spread, mut places) = (load(&spread), load_places(&lanes));
        let (fold, ones) = (_mm512_set1_epi32(FOLD as i32), _mm512_set1_epi32(1));
        let multiplier = _mm512_set1_epi32(MULTIPLIER as i32);
        let shift = _mm_cvtsi32_si128(filter.shift as i32);
        let low = _mm512_set1_epi32(31);
        let next = _mm512_set1_epi32(step as i32);
        let (mut place, mut count) = (first, 0);
        while place < end {
            let Some(block) = text[place..].first_chunk::<64>() else { break };
            let grams = _mm512_permutexvar_epi8(spread, load(block));
            let hash = _mm512_mullo_epi32(_mm512_or_si512(grams, fold), multiplier);
            let index = _mm512_srl_epi32(hash, shift);
            #[expect(unsafe_code, reason = "gathers words of the filter")]
            // SAFETY: a hash shifted right is below the number of words.
            let words = unsafe { _mm512_i32gather_epi32::<4>(index, filter.words.as_ptr().cast()) };
            let one = _mm512_sllv_epi32(ones, _mm512_and_si512(hash, low));
            let other =
                _mm512_sllv_epi32(ones, _mm512_and_si512(_mm512_srli_epi32::<5>(hash), low));
            let wanted = _mm512_or_si512(one, other);
            let passed = _mm512_cmpeq_epi32_mask(_mm512_and_si512(words, wanted), wanted);
            let Some(room) = found[count..].first_chunk_mut::<SLACK>() else { break };
            store(room, _mm512_maskz_compress_epi32(passed, places));
            count += passed.count_ones() as usize;
            places = _mm512_add_epi32(places, next);
            place += step;
        }
        // The last step may have looked beyond the end.
        while count > 0 && found[count - 1] as usize >= end {
            count -= 1;
        }
        count
    }

    #[target_feature(enable = "avx512f")]
    fn load(bytes: &[u8; 64]) -> __m512i {
        #[expect(unsafe_code, reason = "loads 64 bytes")]
        // SAFETY: the array has 64 bytes, and the load needs no alignment.
        unsafe {
            _mm512_loadu_si512(bytes.as_ptr().cast())
        }
    }

    #[target_feature(enable = "avx512f")]
    fn load_places(places: &[u32; 16]) -> __m512i {
        #[expect(unsafe_code, reason = "loads 64 bytes")]
        // SAFETY: the array has 64 bytes, and the load needs no alignment.
        unsafe {
            _mm512_loadu_si512(places.as_ptr().cast())
        }
    }

    #[target_feature(enable = "avx512f")]
    fn store(room: &mut [u32; SLACK], places: __m512i) {
        #[expect(unsafe_code, reason = "stores 64 bytes")]
        // SAFETY: the array has 64 bytes, and the store needs no alignment.
        unsafe {
            _mm512_storeu_si512(room.as_mut_ptr().cast(), places);
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::{FOLD, Filter, MULTIPLIER, SLACK};
    use std::arch::x86_64::*;

    #[target_feature(enable = "avx2,popcnt")]
    pub(super) fn scan(
        filter: &Filter,
        text: &[u8],
        (first, end): (usize, usize),
        stride: usize,
        found: &mut [u32],
    ) -> usize {
        let step = 8 * stride;
        let spread: [u8; 16] = std::array::from_fn(|byte| (byte / 4 * stride + byte % 4) as u8);
        let spread = _mm256_broadcastsi128_si256(load(&spread));
        let (fold, ones) = (_mm256_set1_epi32(FOLD as i32), _mm256_set1_epi32(1));
        let multiplier = _mm256_set1_epi32(MULTIPLIER as i32);
        let shift = _mm_cvtsi32_si128(filter.shift as i32);
        let low = _mm256_set1_epi32(31);
        let (mut place, mut count) = (first, 0);
        while place < end {
            let halves =
                (text[place..].first_chunk::<16>(), text[place + 4 * stride..].first_chunk::<16>());
            let (Some(front), Some(back)) = halves else { break };
            let both = _mm256_set_m128i(load(back), load(front));
            let grams = _mm256_shuffle_epi8(both, spread);
            let hash = _mm256_mullo_epi32(_mm256_or_si256(grams, fold), multiplier);
            let index = _mm256_srl_epi32(hash, shift);
            #[expect(unsafe_code, reason = "gathers words of the filter")]
            // SAFETY: a hash shifted right is below the number of words.
            let words = unsafe { _mm256_i32gather_epi32::<4>(filter.words.as_ptr().cast(), index) };
            let one = _mm256_sllv_epi32(ones, _mm256_and_si256(hash, low));
            let other =
                _mm256_sllv_epi32(ones, _mm256_and_si256(_mm256_srli_epi32::<5>(hash), low));
            let wanted = _mm256_or_si256(one, other);
            let equal = _mm256_cmpeq_epi32(_mm256_and_si256(words, wanted), wanted);
            let mut passed = _mm256_movemask_ps(_mm256_castsi256_ps(equal)) as u32;
            let Some(room) = found[count..].first_chunk_mut::<SLACK>() else { break };
            count += passed.count_ones() as usize;
            for slot in room {
                if passed == 0 {
                    break;
                }
                *slot = (place + passed.trailing_zeros() as usize * stride) as u32;
                passed &= passed - 1;
            }
            place += step;
        }
        // The last step may have looked beyond the end.
        while count > 0 && found[count - 1] as usize >= end {
            count -= 1;
        }
        count
    }

    #[target_feature(enable = "avx2")]
    fn load(bytes: &[u8; 16]) -> __m128i {
        #[expect(unsafe_code, reason = "loads 16 bytes")]
        // SAFETY: the array has 16 bytes, and the load needs no alignment.
        unsafe {
            _mm_loadu_si128(bytes.as_ptr().cast())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_finds_the_same_places() {
        let mut filter = Filter::new(9);
        for word in [b"fail", b"erro", b"time", b"0123"] {
            filter.insert(u32::from_le_bytes(*word) | FOLD);
        }
        let mut state = 1_u64;
        let words = ["fail", "ERROR ", "Time", "x", "0123456", "\u{e9}", "\n"];
        let mut text = Vec::new();
        for _ in 0..500 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            text.extend_from_slice(words[(state >> 33) as usize % words.len()].as_bytes());
        }
        let end = text.len();
        text.resize(end + PADDING, 0);
        for stride in 1..=4 {
            for (first, end) in [(0, end), (3, end - 1), (5, 70), (9, 9), (0, 1)] {
                let found = |level| {
                    let mut found = Vec::new();
                    let count = filter.scan(level, &text, (first, end), stride, &mut found);
                    found[..count].to_vec()
                };
                let plain = found(Level::Scalar);
                assert!(plain.len() > 20 || end < 100, "the words are found");
                for level in Level::available() {
                    assert_eq!(found(level), plain, "{level:?} stride {stride} to {end}");
                }
            }
        }
    }
}
