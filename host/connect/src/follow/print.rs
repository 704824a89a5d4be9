//! How the content of a generation is known again: by its first bytes and by the last ones handed out.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// Bytes at the beginning of a generation that tell it from others.
pub(super) const HEAD_BYTES: usize = 1024;
/// Bytes before the offset that must be the same: beginnings repeat, such as banners and column names.
pub(super) const TAIL_BYTES: usize = 256;

/// Hashes of the first and of the last bytes before an offset; the offset says how many they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Print {
    head: u64,
    tail: u64,
}

impl Print {
    /// Whether both have the same first bytes.
    pub(super) fn has_head_of(self, other: Print) -> bool {
        self.head == other.head
    }
}

/// The first and the last bytes that were handed out of a generation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Trail {
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl Trail {
    /// A trail of bytes that were read elsewhere; see [`head_length`] and [`tail_length`].
    pub(super) fn new(head: Vec<u8>, tail: Vec<u8>) -> Self {
        Trail { head, tail }
    }

    /// Takes the next bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let missing = HEAD_BYTES - self.head.len();
        self.head.extend_from_slice(&bytes[..missing.min(bytes.len())]);
        if bytes.len() >= TAIL_BYTES {
            self.tail.clear();
        }
        self.tail.extend_from_slice(&bytes[bytes.len().saturating_sub(TAIL_BYTES)..]);
        self.tail.drain(..self.tail.len().saturating_sub(TAIL_BYTES));
    }

    /// The first bytes.
    pub(super) fn head(&self) -> &[u8] {
        &self.head
    }

    /// The trail in short.
    pub(super) fn print(&self) -> Print {
        Print { head: xxh3_64(&self.head), tail: xxh3_64(&self.tail) }
    }
}

/// Bytes of the head at an offset.
pub(super) fn head_length(offset: u64) -> usize {
    offset.min(HEAD_BYTES as u64) as usize
}

/// Bytes of the tail at an offset.
pub(super) fn tail_length(offset: u64) -> usize {
    offset.min(TAIL_BYTES as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cutting_of_bytes_does_not_show() {
        let bytes: Vec<u8> = (0..3000u32).map(|n| n.wrapping_mul(n).to_le_bytes()[1]).collect();
        for length in [0, 1, 255, 256, 257, 1023, 1024, 1025, 3000] {
            let bytes = &bytes[..length];
            let offset = length as u64;
            let head = bytes[..head_length(offset)].to_vec();
            let tail = bytes[length - tail_length(offset)..].to_vec();
            let whole = Trail::new(head, tail);
            for piece in [1, 7, 256, 300, 5000] {
                let mut trail = Trail::default();
                bytes.chunks(piece).for_each(|piece| trail.push(piece));
                assert_eq!(trail, whole, "{length} bytes in pieces of {piece}");
                assert_eq!(trail.print(), whole.print());
            }
        }
    }
}
