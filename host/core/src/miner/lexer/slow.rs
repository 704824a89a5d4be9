//! Pieces that their bitmaps do not decide: paths, addresses, times, names with numbers.

use super::LONG_BYTES_MIN;
use super::Walk;
use crate::miner::bitmaps::Bitmaps;
use crate::miner::byte::{self, AT, BACKSLASH, COLON, DIGIT, HARD, LETTER, SLASH};
use crate::miner::mask::{self, Looks};
use crate::miner::token::Kind;

impl<const KEEP: bool> Walk<'_, KEEP> {
    /// A piece that its bitmaps do not decide.
    #[inline(never)]
    pub(super) fn mixed(&mut self, start: usize, end: usize) {
        let (line, classes) = (self.line, byte::any(&self.line[start..end]));
        let piece = &line[start..end];
        if classes & (DIGIT | COLON | SLASH | BACKSLASH) == 0 {
            self.word(start, end);
        } else if classes & SLASH != 0 && mask::is_path(piece) {
            self.path(start, end);
        } else if classes & BACKSLASH != 0 && mask::is_backslash_path(piece) {
            self.push(start, end, Kind::Masked);
        } else if classes & COLON != 0 {
            self.with_colons(start, end);
        } else if classes & DIGIT == 0 {
            self.word(start, end);
        } else if classes & SLASH != 0 {
            let is_value = mask::is_named_address(piece);
            self.push(start, end, if is_value { Kind::Masked } else { self.doubtful });
        } else if classes & AT != 0 {
            self.with_at(start, end);
        } else {
            self.with_digit(start, end);
        }
    }

    /// A time or an address; else each part for itself.
    fn with_colons(&mut self, start: usize, end: usize) {
        let line = self.line;
        let piece = &line[start..end];
        if mask::is_time_or_address(piece) {
            if self.dated(start, end) {
                return;
            }
            self.push(start, end, Kind::Masked);
            // As where the bitmaps decide it, which see no piece of this length.
            if piece[0].is_ascii_digit() && byte::any(piece) & LETTER == 0 {
                self.number_end = end;
            }
            return;
        }
        if mask::is_endpoint(piece) {
            return self.push(start, end, Kind::Masked);
        }
        let mut at = start;
        for part in piece.split(|byte| *byte == b':') {
            if at > start {
                if self.is_full(at - 1) {
                    return;
                }
                self.push(at - 1, at, Kind::Delimiter);
                if !part.is_empty() && self.is_full(at) {
                    return;
                }
            }
            if byte::any(part) & (DIGIT | LETTER) != 0 {
                self.mixed(at, at + part.len());
            } else if !part.is_empty() {
                self.push(at, at + part.len(), Kind::Punctuation);
            }
            at += part.len() + 1;
        }
    }

    /// `name@value` keeps its name.
    fn with_at(&mut self, start: usize, end: usize) {
        let piece = &self.line[start..end];
        let at = piece.iter().rposition(|byte| *byte == b'@').unwrap_or(0);
        if at > 0 && byte::any(&piece[..at]) & DIGIT == 0 {
            self.push(start, start + at + 1, Kind::Word);
            if start + at + 1 < end {
                self.push(start + at + 1, end, Kind::Masked);
            }
            return;
        }
        self.push(start, end, Kind::Masked);
    }

    fn with_digit(&mut self, start: usize, end: usize) {
        let piece = &self.line[start..end];
        let points = piece.iter().take_while(|byte| **byte == b'.').count();
        if points > 1 && piece.len() > 2 {
            // A dotted leader in front of a value.
            self.push(start, start + points, Kind::Punctuation);
            return self.with_digit(start + points, end);
        }
        match mask::looks(piece) {
            Looks::Value => {
                let is_number = piece[0].is_ascii_digit();
                if self.dated(start, end) {
                    return;
                }
                self.push(start, end, Kind::Masked);
                if is_number {
                    self.number_end = end;
                }
            }
            Looks::Prefixed(prefix) => {
                self.push(start, start + prefix, Kind::Word);
                self.push(start + prefix, end, Kind::Masked);
            }
            Looks::Doubtful => self.push(start, end, self.doubtful),
        }
    }

    /// Notes the long words with digits of a piece.
    pub(super) fn long_words(&mut self, start: usize, end: usize, maps: Bitmaps) {
        let (mut cuts, mut from) = (maps.colon | maps.path, 0);
        loop {
            let to = (cuts.trailing_zeros() as usize).min(end - start);
            let digits = maps.digit & !u64::MAX.checked_shl(to as u32).unwrap_or(0);
            let digits = digits.checked_shr(from as u32).unwrap_or(0);
            if to - from >= LONG_BYTES_MIN && digits & digits.wrapping_sub(1) != 0 {
                self.long.push(((start + from) as u32, (start + to) as u32));
            }
            if cuts == 0 {
                return;
            }
            cuts &= cuts - 1;
            from = to + 1;
        }
    }

    /// The same of a piece that has no bitmaps of its own.
    pub(super) fn split_long_words(&mut self, start: usize, end: usize) {
        let is_cut = |byte: &u8| byte::is(*byte, HARD | COLON | SLASH | BACKSLASH | AT);
        let mut from = start;
        for word in self.line[start..end].split(is_cut) {
            if word.len() >= LONG_BYTES_MIN {
                self.long.push((from as u32, (from + word.len()) as u32));
            }
            from += word.len() + 1;
        }
    }
}
