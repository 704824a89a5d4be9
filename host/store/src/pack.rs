//! Blobs of state, compressed, with a checksum that SQLite's pages do not have.

use std::fmt;

use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe;

use crate::error::{Fault, StoreError};

/// The fastest level: a commit must not wait for the last percent.
const LEVEL: i32 = 1;

/// The largest blob; a lane's state per source is some ten kilobytes.
pub(crate) const BYTES_MAX: usize = 64 << 20;

/// Compresses blobs one after the other.
pub(crate) struct Packer(Compressor<'static>);

impl Packer {
    pub(crate) fn new() -> Self {
        let mut compressor =
            Compressor::new(LEVEL).expect("zstd accepts its own lowest level at any time");
        compressor
            .set_parameter(zstd_safe::CParameter::ChecksumFlag(true))
            .expect("zstd accepts a checksum before the first frame");
        Packer(compressor)
    }

    /// Compresses a blob; `what` names it if it is too large.
    pub(crate) fn pack(&mut self, bytes: &[u8], what: &str) -> Result<Vec<u8>, Fault> {
        let too_large = || StoreError::TooLarge {
            what: what.to_owned(),
            bytes: bytes.len(),
            bytes_max: BYTES_MAX,
        };
        if bytes.len() > BYTES_MAX {
            return Err(too_large().into());
        }
        self.0.compress(bytes).map_err(|_| too_large().into())
    }
}

impl fmt::Debug for Packer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Packer").finish_non_exhaustive()
    }
}

/// Restores blobs one after the other.
pub(crate) struct Unpacker(Decompressor<'static>);

impl Unpacker {
    pub(crate) fn new() -> Self {
        Unpacker(Decompressor::new().expect("zstd needs nothing but memory to start"))
    }

    pub(crate) fn unpack(&mut self, packed: &[u8]) -> Result<Vec<u8>, Fault> {
        let unreadable =
            |what: String| Fault::Unreadable(format!("a state cannot be unpacked: {what}"));
        let size = match zstd_safe::get_frame_content_size(packed) {
            Ok(Some(size)) if size <= BYTES_MAX as u64 => size as usize,
            _ => return Err(unreadable("no credible size".into())),
        };
        self.0.decompress(packed, size).map_err(|error| unreadable(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::Chance;

    #[test]
    fn any_bytes_come_back_and_any_flipped_bit_is_told() {
        let (mut packer, mut unpacker) = (Packer::new(), Unpacker::new());
        let mut chance = Chance(7);
        for length in [0, 1, 100, 70_000] {
            for bytes in [vec![b'a'; length], chance.bytes(length)] {
                let packed = packer.pack(&bytes, "a state").unwrap();
                assert_eq!(unpacker.unpack(&packed).unwrap(), bytes);
                for _ in 0..50 {
                    let mut flipped = packed.clone();
                    flipped[chance.next(packed.len() as u64) as usize] ^= 1 << chance.next(8);
                    // A frame has a bit without meaning.
                    match unpacker.unpack(&flipped) {
                        Ok(unpacked) => assert_eq!(unpacked, bytes),
                        Err(fault) => assert!(matches!(fault, Fault::Unreadable(_))),
                    }
                }
            }
        }
    }

    #[test]
    fn a_state_beyond_the_limit_is_refused() {
        let fault = Packer::new().pack(&vec![0; BYTES_MAX + 1], "the state of a").unwrap_err();
        let Fault::Told(error) = fault else { panic!("{fault:?}") };
        let expected = "the state of a has 67108865 bytes, at most 67108864 can be kept; lower the \
            limits of state";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn foreign_bytes_are_refused() {
        let mut unpacker = Unpacker::new();
        let endless = [0x28, 0xb5, 0x2f, 0xfd, 0xc4, 0, 0, 0, 0, 0, 0, 0, 0x7f];
        for bytes in [&b""[..], b"a", b"not a frame of zstd", &endless] {
            assert!(unpacker.unpack(bytes).is_err(), "{bytes:?}");
        }
    }
}
