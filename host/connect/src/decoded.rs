//! Bytes as they were before compression, recognised by their first bytes and not by a name.

use flate2::bufread::MultiGzDecoder;
use std::io::{self, BufRead, Read};

/// First bytes of a gzip member.
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// First bytes of a Zstandard frame.
const ZSTANDARD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// A source of bytes, decompressed where it is compressed.
pub(crate) enum Decoded<R: BufRead> {
    /// Not compressed.
    Plain(R),
    /// Members of gzip, one after another.
    Gzip(MultiGzDecoder<R>),
    /// Frames of Zstandard, one after another.
    Zstandard(Box<zstd::stream::read::Decoder<'static, R>>),
}

impl<R: BufRead> Decoded<R> {
    /// Looks at the first bytes and chooses the decoder.
    pub(crate) fn new(mut source: R) -> io::Result<Self> {
        let head = source.fill_buf()?;
        if head.starts_with(&GZIP) {
            Ok(Decoded::Gzip(MultiGzDecoder::new(source)))
        } else if head.starts_with(&ZSTANDARD) {
            Ok(Decoded::Zstandard(Box::new(zstd::stream::read::Decoder::with_buffer(source)?)))
        } else {
            Ok(Decoded::Plain(source))
        }
    }

    /// Reads the next bytes; 0 at the end.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = match self {
                Decoded::Plain(source) => source.read(buffer),
                Decoded::Gzip(source) => source.read(buffer),
                Decoded::Zstandard(source) => source.read(buffer),
            };
            match read {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }
}

/// Whether a file that begins with these bytes is compressed.
pub(crate) fn is_compressed(head: &[u8]) -> bool {
    head.starts_with(&GZIP) || head.starts_with(&ZSTANDARD)
}
