//! Cuts a stream of bytes into lines.
//!
//! A line ends with LF or CRLF; what the bytes mean is not looked at. The stream may arrive in chunks cut anywhere,
//! even between CR and LF: the lines are the same.

use memchr::memchr;
use serde::{Deserialize, Serialize};

/// Limits of cutting bytes into lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameLimits {
    /// Longest line; what lies beyond is skipped.
    pub line_bytes_max: usize,
}

impl Default for FrameLimits {
    fn default() -> Self {
        FrameLimits { line_bytes_max: 1 << 20 }
    }
}

/// One line of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// Offset of its first byte in the stream.
    pub position: u64,
    /// Its bytes without the line end.
    pub bytes: &'a [u8],
    /// Whether bytes beyond the limit were skipped.
    pub cut: bool,
}

/// Finds the lines of one stream; copies only those that do not lie within one chunk.
#[derive(Debug, Serialize, Deserialize)]
pub struct LineSplitter {
    #[serde(skip)]
    limits: FrameLimits,
    /// Offset of the first byte of the line under way.
    position: u64,
    /// Beginning of the line under way, at most one byte more than a line may have: that byte may be the CR of a CRLF.
    carried: Vec<u8>,
    /// Bytes of the line under way, with those that were not kept.
    length: u64,
    skipped_bytes: u64,
}

impl LineSplitter {
    /// Begins at the start of a stream.
    pub fn new(limits: FrameLimits) -> Self {
        Self::starting_at(limits, 0)
    }

    /// Begins at the start of a line within a stream.
    pub fn starting_at(limits: FrameLimits, position: u64) -> Self {
        LineSplitter { limits, position, carried: Vec::new(), length: 0, skipped_bytes: 0 }
    }

    /// Goes on under these limits, which are not part of a saved splitter.
    pub fn limit(&mut self, limits: FrameLimits) {
        self.limits = limits;
    }

    /// Takes the next bytes and hands out the lines that end in them.
    pub fn push(&mut self, chunk: &[u8], sink: &mut dyn FnMut(Line<'_>)) {
        let mut rest = chunk;
        while let Some(end) = memchr(b'\n', rest) {
            let (head, tail) = (&rest[..end], &rest[end + 1..]);
            rest = tail;
            if self.length == 0 {
                self.hand_out(head, head.len() as u64, true, sink);
                continue;
            }
            self.carry(head);
            let carried = std::mem::take(&mut self.carried);
            self.hand_out(&carried, self.length, true, sink);
            self.carried = carried;
            self.carried.clear();
        }
        self.carry(rest);
    }

    /// Ends the stream and hands out a last line that has no line end.
    pub fn finish(&mut self, sink: &mut dyn FnMut(Line<'_>)) {
        if self.length > 0 {
            let carried = std::mem::take(&mut self.carried);
            self.hand_out(&carried, self.length, false, sink);
        }
    }

    /// Bytes skipped so far because their lines were too long.
    pub fn skipped_bytes(&self) -> u64 {
        self.skipped_bytes
    }

    /// Offset of the first byte of the line under way.
    pub fn position(&self) -> u64 {
        self.position
    }

    fn carry(&mut self, bytes: &[u8]) {
        let room = (self.limits.line_bytes_max + 1).saturating_sub(self.carried.len());
        self.carried.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.length += bytes.len() as u64;
    }

    /// Hands out a line of `length` bytes before its LF, of which `kept` is the beginning.
    fn hand_out(&mut self, kept: &[u8], length: u64, ended: bool, sink: &mut dyn FnMut(Line<'_>)) {
        let whole = kept.len() as u64 == length;
        let bytes = match kept.strip_suffix(b"\r") {
            Some(text) if ended && whole => text,
            _ => kept,
        };
        let max = self.limits.line_bytes_max;
        let cut = !whole || bytes.len() > max;
        let bytes = &bytes[..bytes.len().min(max)];
        if cut {
            self.skipped_bytes += length - bytes.len() as u64;
        }
        sink(Line { position: self.position, bytes, cut });
        self.position += length + u64::from(ended);
        self.length = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Owned = (u64, Vec<u8>, bool);

    fn split(line_bytes_max: usize, chunks: &[&[u8]]) -> (Vec<Owned>, u64) {
        let mut splitter = LineSplitter::new(FrameLimits { line_bytes_max });
        let mut lines = Vec::new();
        let mut sink = |line: Line<'_>| lines.push((line.position, line.bytes.to_vec(), line.cut));
        for chunk in chunks {
            splitter.push(chunk, &mut sink);
        }
        splitter.finish(&mut sink);
        (lines, splitter.skipped_bytes())
    }

    fn check(text: &[u8], expected: &[(u64, &[u8], bool)], skipped_bytes: u64) {
        let expected: Vec<Owned> = expected.iter().map(|(p, b, c)| (*p, b.to_vec(), *c)).collect();
        for first in 0..=text.len() {
            for second in first..=text.len() {
                let chunks = [&text[..first], &text[first..second], &text[second..]];
                assert_eq!(
                    split(4, &chunks),
                    (expected.clone(), skipped_bytes),
                    "{first} {second}"
                );
            }
        }
        let bytes: Vec<_> = text.chunks(1).collect();
        assert_eq!(split(4, &bytes), (expected, skipped_bytes), "byte by byte");
    }

    #[test]
    fn lines_do_not_depend_on_how_the_stream_is_cut() {
        check(b"", &[], 0);
        check(b"ab\ncd", &[(0, b"ab", false), (3, b"cd", false)], 0);
        check(b"ab\r\n\ncd\n", &[(0, b"ab", false), (4, b"", false), (5, b"cd", false)], 0);
        check(b"\r\n\n", &[(0, b"", false), (2, b"", false)], 0);
        check(b"a\rb\r\r\nc\r", &[(0, b"a\rb\r", false), (6, b"c\r", false)], 0);
        check(b"\0\xff\n\xc3", &[(0, b"\0\xff", false), (3, b"\xc3", false)], 0);
    }

    #[test]
    fn long_lines_are_cut_and_their_bytes_counted() {
        check(
            b"abcd\nabcd\r\nabcde\n",
            &[(0, b"abcd", false), (5, b"abcd", false), (11, b"abcd", true)],
            1,
        );
        check(b"abcde\r\nx\n", &[(0, b"abcd", true), (7, b"x", false)], 2);
        check(b"abcdefghij\nx", &[(0, b"abcd", true), (11, b"x", false)], 6);
        check(b"abcdefghij", &[(0, b"abcd", true)], 6);
        check(b"abcd\r", &[(0, b"abcd", true)], 1);
    }

    #[test]
    fn a_line_within_one_chunk_is_not_copied() {
        let chunk = b"one\ntwo\n";
        let mut splitter = LineSplitter::starting_at(FrameLimits::default(), 100);
        let mut seen = Vec::new();
        splitter.push(chunk, &mut |line| seen.push((line.position, line.bytes.as_ptr())));
        assert_eq!(seen, [(100, chunk.as_ptr()), (104, chunk[4..].as_ptr())]);
        assert_eq!(splitter.position(), 108);
    }
}
