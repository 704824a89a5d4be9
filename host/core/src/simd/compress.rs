//! A line without some of its bytes, for the template miner.

use super::Level;

/// What becomes of each byte of a line, one bit for each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts<'a> {
    /// Bytes that stay.
    pub(crate) kept: &'a [u64],
    /// Bytes that are `0` if they stay.
    pub(crate) zeros: &'a [u64],
}

/// Puts what stays of a line into `bytes`, in place of what was there; false, with nothing done, at levels where that
/// would take longer than it saves.
#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "calls a function that needs AVX-512")]
pub(crate) fn into(level: Level, line: &[u8], parts: Parts<'_>, bytes: &mut Vec<u8>) -> bool {
    if level < Level::Widest {
        return false;
    }
    // SAFETY: a level is asked for only where `Level::available` has it, with what this needs.
    unsafe { avx512::into(line, parts, bytes) };
    true
}

/// False: there is no such level here.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn into(_: Level, _: &[u8], _: Parts<'_>, _: &mut Vec<u8>) -> bool {
    false
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use super::Parts;
    use std::arch::x86_64::{
        _mm512_mask_set1_epi8, _mm512_maskz_compress_epi8, _mm512_maskz_loadu_epi8,
        _mm512_storeu_si512,
    };

    const BLOCK_BYTES: usize = 64;

    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi2,popcnt")]
    pub(super) fn into(line: &[u8], Parts { kept, zeros }: Parts<'_>, bytes: &mut Vec<u8>) {
        bytes.clear();
        // Whole blocks are stored, whatever of them counts.
        bytes.reserve(line.len() + BLOCK_BYTES);
        let mut length = 0;
        for (block, (kept, zeros)) in line.chunks(BLOCK_BYTES).zip(kept.iter().zip(zeros)) {
            let within = u64::MAX >> (BLOCK_BYTES - block.len());
            let kept = kept & within;
            #[expect(unsafe_code, reason = "loads and stores 64 bytes")]
            // SAFETY: the load touches only bytes of the block. As no block adds more than its length, 64 bytes behind
            // what was stored before are within what was reserved.
            unsafe {
                let all = _mm512_maskz_loadu_epi8(within, block.as_ptr().cast());
                let all = _mm512_mask_set1_epi8(all, *zeros, b'0' as i8);
                let stays = _mm512_maskz_compress_epi8(kept, all);
                _mm512_storeu_si512(bytes.as_mut_ptr().add(length).cast(), stays);
            }
            length += kept.count_ones() as usize;
        }
        #[expect(unsafe_code, reason = "sets the length")]
        // SAFETY: so many bytes were stored, which is at most the length of the line.
        unsafe {
            bytes.set_len(length);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_is_what_bits_say() {
        let line: Vec<u8> = (0..200).map(|at| b'a' + (at % 26) as u8).collect();
        let (kept, zeros) = ([0x9249_2492_4924_9249; 4], [0xf0f0_0f0f_3c3c_c3c3; 4]);
        let bit = |bits: &[u64; 4], at: usize| bits[at / 64] >> (at % 64) & 1 == 1;
        for length in [0, 1, 63, 64, 65, 128, 130, 200] {
            let stays = (0..length).filter(|at| bit(&kept, *at));
            let expected: Vec<u8> =
                stays.map(|at| if bit(&zeros, at) { b'0' } else { line[at] }).collect();
            for level in Level::available() {
                let mut bytes = b"before".to_vec();
                let parts = Parts { kept: &kept, zeros: &zeros };
                if into(level, &line[..length], parts, &mut bytes) {
                    assert_eq!(bytes, expected, "{level:?} {length}");
                }
            }
        }
    }
}
