//! Classes of 64 bytes at once, for the template miner.

use super::Level;
use crate::miner::bitmaps::Bitmaps;

/// Appends the bitmaps of a line; false, with nothing appended, at the plain level.
#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "calls functions that need AVX2 and AVX-512")]
pub(crate) fn fill(level: Level, line: &[u8], blocks: &mut Vec<Bitmaps>) -> bool {
    // SAFETY: a level is asked for only where `Level::available` has it, with what each of these needs.
    match level {
        Level::Scalar => return false,
        Level::Wide => unsafe { avx2::fill(line, blocks) },
        Level::Widest => unsafe { avx512::fill(line, blocks) },
    }
    true
}

/// Appends the bitmaps of a line; false, with nothing appended, at the plain level, which others do not exceed here.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn fill(_: Level, _: &[u8], _: &mut Vec<Bitmaps>) -> bool {
    false
}

/// Sets of separators by the two halves of a byte: it is one where its rows share a bit. There is a bit for each set that
/// is a product of low and high halves: 1 for tab and line ends; 2 for the blank and `" # ' ( ) ,`; 4 for `; < = >`; 8 for
/// brackets and braces; 16 for the grave accent; 32 for the bar.
#[cfg(target_arch = "x86_64")]
const LOW: [i8; 16] = [18, 0, 2, 2, 0, 0, 0, 2, 2, 3, 1, 12, 38, 13, 4, 0];
#[cfg(target_arch = "x86_64")]
const HIGH: [i8; 16] = [1, 0, 2, 4, 0, 8, 16, 40, 0, 0, 0, 0, 0, 0, 0, 0];

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use super::{HIGH, LOW};
    use crate::miner::bitmaps::{BLOCK_BYTES, Bitmaps, fill_with};
    use std::arch::x86_64::{
        __m128i, __m512i, _mm_loadu_si128, _mm512_and_si512, _mm512_broadcast_i32x4,
        _mm512_cmpeq_epi8_mask, _mm512_cmplt_epu8_mask, _mm512_loadu_si512, _mm512_movepi8_mask,
        _mm512_or_si512, _mm512_set1_epi8, _mm512_shuffle_epi8, _mm512_srli_epi16, _mm512_sub_epi8,
        _mm512_test_epi8_mask,
    };

    #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
    pub(super) fn fill(line: &[u8], blocks: &mut Vec<Bitmaps>) {
        let (low, high) = (table(&LOW), table(&HIGH));
        fill_with(line, blocks, |bytes| block(bytes, low, high));
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
    fn table(rows: &[i8; 16]) -> __m512i {
        #[expect(unsafe_code, reason = "loads 16 bytes")]
        // SAFETY: the array has 16 bytes, and the load needs no alignment.
        let rows: __m128i = unsafe { _mm_loadu_si128(rows.as_ptr().cast()) };
        _mm512_broadcast_i32x4(rows)
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
    fn block(bytes: &[u8; BLOCK_BYTES], low: __m512i, high: __m512i) -> Bitmaps {
        #[expect(unsafe_code, reason = "loads 64 bytes")]
        // SAFETY: the array has 64 bytes, and the load needs no alignment.
        let bytes = unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) };
        let nibble = _mm512_set1_epi8(15);
        let halves = (
            _mm512_and_si512(bytes, nibble),
            _mm512_and_si512(_mm512_srli_epi16(bytes, 4), nibble),
        );
        let (low, high) = (_mm512_shuffle_epi8(low, halves.0), _mm512_shuffle_epi8(high, halves.1));
        let lower = _mm512_or_si512(bytes, _mm512_set1_epi8(0x20));
        Bitmaps {
            separator: _mm512_test_epi8_mask(low, high),
            digit: within(bytes, b'0', 10),
            // The sign bit of a byte beyond ASCII is set already.
            letter: _mm512_movepi8_mask(bytes) | within(lower, b'a', 26),
            colon: equal(bytes, b':'),
            path: equal(bytes, b'/') | equal(bytes, b'\\') | equal(bytes, b'@'),
            point: equal(bytes, b'.'),
        }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
    fn equal(bytes: __m512i, byte: u8) -> u64 {
        _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(byte as i8))
    }

    /// Bytes from `first` on, of which there are `count`.
    #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
    fn within(bytes: __m512i, first: u8, count: u8) -> u64 {
        let from_first = _mm512_sub_epi8(bytes, _mm512_set1_epi8(first as i8));
        _mm512_cmplt_epu8_mask(from_first, _mm512_set1_epi8(count as i8))
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::{HIGH, LOW};
    use crate::miner::bitmaps::{BLOCK_BYTES, Bitmaps, fill_with};
    use std::arch::x86_64::{
        __m128i, __m256i, _mm_loadu_si128, _mm256_and_si256, _mm256_broadcastsi128_si256,
        _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_min_epu8, _mm256_movemask_epi8,
        _mm256_or_si256, _mm256_set1_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8,
        _mm256_srli_epi16, _mm256_sub_epi8,
    };
    use std::hint::black_box;

    #[target_feature(enable = "avx2")]
    pub(super) fn fill(line: &[u8], blocks: &mut Vec<Bitmaps>) {
        let tables = Tables::new();
        fill_with(line, blocks, |block| tables.block(block));
    }

    /// The sets of separators, in both halves of a register.
    struct Tables {
        low: __m256i,
        high: __m256i,
    }

    impl Tables {
        #[target_feature(enable = "avx2")]
        fn new() -> Self {
            Tables { low: table(&LOW), high: table(&HIGH) }
        }

        #[target_feature(enable = "avx2")]
        fn block(&self, block: &[u8; BLOCK_BYTES]) -> Bitmaps {
            let (halves, _) = block.as_chunks::<32>();
            let (first, second) = (self.half(&halves[0]), self.half(&halves[1]));
            let both = |map: usize| u64::from(first[map]) | u64::from(second[map]) << 32;
            Bitmaps {
                separator: both(0),
                digit: both(1),
                letter: both(2),
                colon: both(3),
                path: both(4),
                point: both(5),
            }
        }

        #[target_feature(enable = "avx2")]
        fn half(&self, bytes: &[u8; 32]) -> [u32; 6] {
            #[expect(unsafe_code, reason = "loads 32 bytes")]
            // SAFETY: the array has 32 bytes, and the load needs no alignment.
            let bytes = unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) };
            let nibble = _mm256_set1_epi8(15);
            let low = _mm256_shuffle_epi8(self.low, _mm256_and_si256(bytes, nibble));
            let high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble);
            let sets = _mm256_and_si256(low, _mm256_shuffle_epi8(self.high, high));
            let no_separator = _mm256_cmpeq_epi8(sets, _mm256_setzero_si256());
            let lower = _mm256_or_si256(bytes, _mm256_set1_epi8(0x20));
            let slash = _mm256_or_si256(equal(bytes, b'/'), equal(bytes, b'\\'));
            let maps = [
                !mask(no_separator),
                mask(within(bytes, b'0', 9)),
                // The sign bit of a byte beyond ASCII is set already.
                mask(_mm256_or_si256(bytes, within(lower, b'a', 25))),
                mask(equal(bytes, b':')),
                mask(_mm256_or_si256(slash, equal(bytes, b'@'))),
                mask(equal(bytes, b'.')),
            ];
            // Else the compiler takes the masks apart again, and works bit by bit.
            maps.map(black_box)
        }
    }

    #[target_feature(enable = "avx2")]
    fn table(rows: &[i8; 16]) -> __m256i {
        #[expect(unsafe_code, reason = "loads 16 bytes")]
        // SAFETY: the array has 16 bytes, and the load needs no alignment.
        let rows: __m128i = unsafe { _mm_loadu_si128(rows.as_ptr().cast()) };
        _mm256_broadcastsi128_si256(rows)
    }

    #[target_feature(enable = "avx2")]
    fn mask(bytes: __m256i) -> u32 {
        _mm256_movemask_epi8(bytes) as u32
    }

    #[target_feature(enable = "avx2")]
    fn equal(bytes: __m256i, byte: u8) -> __m256i {
        _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(byte as i8))
    }

    /// Bytes from `first` to `span` beyond it.
    #[target_feature(enable = "avx2")]
    fn within(bytes: __m256i, first: u8, span: u8) -> __m256i {
        let from_first = _mm256_sub_epi8(bytes, _mm256_set1_epi8(first as i8));
        let least = _mm256_min_epu8(from_first, _mm256_set1_epi8(span as i8));
        _mm256_cmpeq_epi8(least, from_first)
    }
}
