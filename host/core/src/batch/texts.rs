//! The texts of all rows in one piece, with room around them, so that they can be searched without looking at rows.

use super::Span;
use crate::simd::grams::PADDING;

/// Bytes in front of the first text, so that what lies before a place can be looked at without asking.
const FRONT: usize = 64;
/// Stands behind every text.
const SEPARATOR: u8 = b'\n';

/// Texts, one behind the other in the order of their arrival.
#[derive(Debug, Default)]
pub(super) struct Texts {
    /// Nothing, or room and texts; then, once all are there, `PADDING` bytes of room.
    bytes: Vec<u8>,
}

impl Texts {
    /// Makes room for so many bytes.
    pub(super) fn reserve(&mut self, bytes: usize) {
        self.bytes.reserve(bytes);
    }

    pub(super) fn push(&mut self, text: &[u8]) -> Span {
        if self.bytes.is_empty() {
            self.bytes.resize(FRONT, 0);
        }
        let start = self.bytes.len();
        self.bytes.extend_from_slice(text);
        self.bytes.push(SEPARATOR);
        Span { start: start as u32, end: (start + text.len()) as u32 }
    }

    /// Puts the room behind the last text; nothing is pushed after it.
    pub(super) fn seal(&mut self) {
        if !self.bytes.is_empty() {
            self.bytes.resize(self.bytes.len() + PADDING, 0);
        }
    }

    /// All texts with the room around them.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn text(&self, span: Span) -> &[u8] {
        &self.bytes[span.start as usize..span.end as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stand_apart_with_room_around_them() {
        let mut texts = Texts::default();
        let spans: Vec<Span> =
            [&b"ab"[..], b"", b"c"].iter().map(|text| texts.push(text)).collect();
        texts.seal();
        let found: Vec<_> = spans.iter().map(|span| texts.text(*span)).collect();
        assert_eq!(found, [&b"ab"[..], b"", b"c"]);
        let (front, rest) = texts.bytes().split_at(FRONT);
        assert_eq!(
            (front, rest.split_at(6)),
            (&[0; FRONT][..], (&b"ab\n\nc\n"[..], &[0; PADDING][..]))
        );
    }
}
