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
    /// Nothing, or room, texts, and `PADDING` bytes of room.
    bytes: Vec<u8>,
}

impl Texts {
    pub(super) fn push(&mut self, text: &[u8]) -> Span {
        let end = self.bytes.len().saturating_sub(PADDING).max(FRONT);
        self.bytes.resize(end, 0);
        self.bytes.extend_from_slice(text);
        self.bytes.push(SEPARATOR);
        self.bytes.resize(self.bytes.len() + PADDING, 0);
        Span { start: end as u32, end: (end + text.len()) as u32 }
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
        let found: Vec<_> = spans.iter().map(|span| texts.text(*span)).collect();
        assert_eq!(found, [&b"ab"[..], b"", b"c"]);
        let (front, rest) = texts.bytes().split_at(FRONT);
        assert_eq!(
            (front, rest.split_at(6)),
            (&[0; FRONT][..], (&b"ab\n\nc\n"[..], &[0; PADDING][..]))
        );
    }
}
