//! Every place of a text, tried against sets of bytes for four bytes in a row.

use super::Level;
use super::grams::PADDING;
#[cfg(target_arch = "x86_64")]
use avx2::scan as scan_wide;
#[cfg(target_arch = "x86_64")]
use avx512::scan as scan_widest;

/// Bytes in a row that are looked at.
pub(crate) const BYTES: usize = 4;

/// For each of four bytes in a row, the buckets (bits) that each value is in.
#[derive(Debug)]
pub(crate) struct Buckets {
    tables: [[u8; 256]; BYTES],
    /// Buckets by the lower seven bits of a value.
    seven: [[u8; 128]; BYTES],
    /// Buckets by the lower and by the upper half of a value.
    halves: [[[u8; 16]; 2]; BYTES],
    /// How many of the bytes are looked at, two to four.
    depth: usize,
}

impl Buckets {
    /// Buckets without any value.
    pub(crate) fn new() -> Buckets {
        Buckets {
            depth: BYTES,
            tables: [[0; 256]; BYTES],
            seven: [[0; 128]; BYTES],
            halves: [[[0; 16]; 2]; BYTES],
        }
    }

    /// Puts a value into a bucket, for one of the four bytes.
    pub(crate) fn insert(&mut self, byte: usize, value: u8, bucket: u32) {
        let bit = 1 << bucket;
        self.tables[byte][usize::from(value)] |= bit;
        self.seven[byte][usize::from(value & 127)] |= bit;
        self.halves[byte][0][usize::from(value & 15)] |= bit;
        self.halves[byte][1][usize::from(value >> 4)] |= bit;
    }

    /// Looks at fewer bytes from now on, which takes less time and finds more.
    pub(crate) fn set_depth(&mut self, depth: usize) {
        self.depth = depth.clamp(2, BYTES);
    }

    /// The buckets that four bytes are in.
    pub(crate) fn of(&self, bytes: &[u8; BYTES]) -> u8 {
        let table = |byte: usize| self.tables[byte][usize::from(bytes[byte])];
        (0..self.depth).map(table).fold(u8::MAX, |all, buckets| all & buckets)
    }

    /// Appends every place from `first` on and before `end` whose four bytes share a bucket, and sometimes others.
    ///
    /// The text must reach `PADDING` bytes beyond `end`.
    pub(crate) fn scan(
        &self,
        level: Level,
        text: &[u8],
        (first, end): (usize, usize),
        found: &mut Vec<u32>,
    ) {
        assert!(end + PADDING <= text.len(), "the text has padding");
        match level {
            Level::Scalar => self.scan_plain(text, (first, end), found),
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "calls what needs AVX2")]
            // SAFETY: a level is asked for only where `Level::available` has it.
            Level::Wide => unsafe {
                match self.depth {
                    2 => scan_wide::<2>(self, text, (first, end), found),
                    3 => scan_wide::<3>(self, text, (first, end), found),
                    _ => scan_wide::<BYTES>(self, text, (first, end), found),
                }
            },
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "calls what needs AVX-512")]
            // SAFETY: a level is asked for only where `Level::available` has it.
            Level::Widest => unsafe {
                match self.depth {
                    2 => scan_widest::<2>(self, text, (first, end), found),
                    3 => scan_widest::<3>(self, text, (first, end), found),
                    _ => scan_widest::<BYTES>(self, text, (first, end), found),
                }
            },
            #[cfg(not(target_arch = "x86_64"))]
            _ => self.scan_plain(text, (first, end), found),
        }
    }

    fn scan_plain(&self, text: &[u8], range: (usize, usize), found: &mut Vec<u32>) {
        match self.depth {
            2 => self.scan_scalar::<2>(text, range, found),
            3 => self.scan_scalar::<3>(text, range, found),
            _ => self.scan_scalar::<BYTES>(text, range, found),
        }
    }

    fn scan_scalar<const DEPTH: usize>(
        &self,
        text: &[u8],
        (first, end): (usize, usize),
        found: &mut Vec<u32>,
    ) {
        for (place, window) in text[first..end + DEPTH - 1].array_windows::<DEPTH>().enumerate() {
            let mut all = u8::MAX;
            for (table, &value) in self.tables.iter().zip(window) {
                all &= table[usize::from(value)];
            }
            if all != 0 {
                found.push((first + place) as u32);
            }
        }
    }
}

/// Appends the places of set bits, those before the end.
#[cfg(target_arch = "x86_64")]
fn append(mut bits: u64, place: usize, end: usize, found: &mut Vec<u32>) {
    while bits != 0 {
        let at = place + bits.trailing_zeros() as usize;
        bits &= bits - 1;
        if at < end {
            found.push(at as u32);
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use super::{BYTES, Buckets, append};
    use std::arch::x86_64::*;

    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,bmi1")]
    pub(super) fn scan<const DEPTH: usize>(
        buckets: &Buckets,
        text: &[u8],
        (first, end): (usize, usize),
        found: &mut Vec<u32>,
    ) {
        let halves = buckets.seven.each_ref().map(|table| table.as_chunks::<64>().0);
        let low = halves.map(|halves| load(&halves[0]));
        let high = halves.map(|halves| load(&halves[1]));
        for place in (first..end).step_by(64) {
            let Some(blocks) = text[place..].first_chunk::<{ 64 + BYTES - 1 }>() else { break };
            let table = |byte: usize| {
                let Some(block) = blocks[byte..].first_chunk::<64>() else { return low[byte] };
                _mm512_permutex2var_epi8(low[byte], load(block), high[byte])
            };
            let mut all = _mm512_and_si512(table(0), table(1));
            for byte in 2..DEPTH {
                all = _mm512_and_si512(all, table(byte));
            }
            append(_mm512_test_epi8_mask(all, all), place, end, found);
        }
    }

    #[target_feature(enable = "avx512f")]
    fn load(bytes: &[u8; 64]) -> __m512i {
        #[expect(unsafe_code, reason = "loads 64 bytes")]
        // SAFETY: the array has 64 bytes, and the load needs no alignment.
        unsafe {
            _mm512_loadu_si512(bytes.as_ptr().cast())
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::{BYTES, Buckets, append};
    use std::arch::x86_64::*;

    #[target_feature(enable = "avx2")]
    pub(super) fn scan<const DEPTH: usize>(
        buckets: &Buckets,
        text: &[u8],
        (first, end): (usize, usize),
        found: &mut Vec<u32>,
    ) {
        let both = |half: usize| {
            buckets.halves.each_ref().map(|halves| {
                let [front, back] = [halves[half]; 2];
                let mut twice = [0; 32];
                twice[..16].copy_from_slice(&front);
                twice[16..].copy_from_slice(&back);
                load(&twice)
            })
        };
        let (low, high, nibble) = (both(0), both(1), _mm256_set1_epi8(15));
        for place in (first..end).step_by(32) {
            let Some(blocks) = text[place..].first_chunk::<{ 32 + BYTES - 1 }>() else { break };
            let mut all = _mm256_set1_epi8(-1);
            for byte in 0..DEPTH {
                let Some(block) = blocks[byte..].first_chunk::<32>() else { break };
                let block = load(block);
                let lower = _mm256_shuffle_epi8(low[byte], _mm256_and_si256(block, nibble));
                let upper = _mm256_and_si256(_mm256_srli_epi16::<4>(block), nibble);
                let upper = _mm256_shuffle_epi8(high[byte], upper);
                all = _mm256_and_si256(all, _mm256_and_si256(lower, upper));
            }
            let none = _mm256_cmpeq_epi8(all, _mm256_setzero_si256());
            append(u64::from(!_mm256_movemask_epi8(none) as u32), place, end, found);
        }
    }

    #[target_feature(enable = "avx2")]
    fn load(bytes: &[u8; 32]) -> __m256i {
        #[expect(unsafe_code, reason = "loads 32 bytes")]
        // SAFETY: the array has 32 bytes, and the load needs no alignment.
        unsafe {
            _mm256_loadu_si256(bytes.as_ptr().cast())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_finds_what_shares_a_bucket() {
        let mut buckets = Buckets::new();
        for (bucket, word) in [b"ORA-", b"\xe9 x,", b"p99 "].iter().enumerate() {
            let sets = word.iter().enumerate();
            sets.for_each(|(byte, &value)| buckets.insert(byte, value, bucket as u32));
        }
        let mut text = b"xORA-ORA-1 p99 \xe9 x,, p99 p95 i x,".repeat(20);
        let end = text.len();
        text.resize(end + PADDING, 0);
        for depth in 2..=BYTES {
            buckets.set_depth(depth);
            for (first, end) in [(0, end), (7, 300), (1, 2), (40, 40)] {
                let words = [&b"ORA-"[..depth], &b"\xe9 x,"[..depth], &b"p99 "[..depth]];
                let plain = (first..end).filter(|&at| words.contains(&&text[at..at + depth]));
                let plain: Vec<u32> = plain.map(|place| place as u32).collect();
                for level in Level::available() {
                    let mut found = Vec::new();
                    buckets.scan(level, &text, (first, end), &mut found);
                    found.retain(|&place| {
                        buckets.of(text[place as usize..].first_chunk().unwrap()) != 0
                    });
                    assert_eq!(found, plain, "{level:?} {first} to {end} by {depth}");
                }
            }
        }
    }
}
