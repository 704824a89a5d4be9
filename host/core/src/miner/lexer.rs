//! One walk over a line: split, classify, mask, hash.
//!
//! The *skeleton* of a line is the sequence of its tokens with values masked; lines with equal skeletons have equal
//! templates. The walk gives its hash, and the tokens themselves only where somebody wants them: nearly all lines have a
//! skeleton that is known.

mod slow;

use super::bitmaps::{self, BLOCK_BYTES, Bitmaps};
use super::byte::{self, DIGIT, LETTER};
use super::mask;
use super::outline::Outliner;
use super::token::{Kind, Token, fold, hash_word};
use crate::simd::Level;

/// Bytes of a line that are looked at.
const LINE_BYTES_MAX: usize = 16 << 10;
/// Tokens of a line; the rest is one value.
const TOKENS_MAX: usize = 192;
/// Longer words are values.
const WORD_BYTES_MAX: usize = 128;
/// Longest word of the short lists: literals, units, names of days and months.
const LISTED_BYTES_MAX: usize = 5;
/// Words from which one may look random.
pub(crate) const LONG_BYTES_MIN: usize = 16;
/// In place of a masked value.
const MASKED: u64 = 0x7777_7777_7777;
/// Where the hash of a token says that a blank stands in front.
const BLANK_BIT: u32 = 62;

/// Walks over lines; keeps nothing but memory to use again.
#[derive(Debug, Default)]
pub(crate) struct Lexer {
    level: Level,
    blocks: Vec<Bitmaps>,
    tokens: Vec<Token>,
    /// Where long words are; those without digits may be left out.
    long: Vec<(u32, u32)>,
    outliner: Outliner,
}

impl Lexer {
    /// A hash that lines have in common only if they have the same skeleton; `None` where only a walk can tell.
    #[inline]
    pub(crate) fn outline(&mut self, line: &[u8], seed: u64) -> Option<u64> {
        bitmaps::fill(self.level, line, &mut self.blocks);
        self.long.clear();
        self.outliner.hash(self.level, line, (&self.blocks, seed), &mut self.long)
    }

    /// The hash of a line's skeleton.
    pub(crate) fn skeleton(&mut self, line: &[u8], seed: u64) -> u64 {
        let mut walk = Walk::<false>::new(line, seed, self);
        walk.run();
        walk.hash
    }

    /// The same of a head, where whatever has a digit is a value: hosts and components are numbered.
    pub(crate) fn head_skeleton(&mut self, head: &[u8], seed: u64) -> u64 {
        let mut walk = Walk::<false>::new(head, seed, self);
        walk.doubtful = Kind::Masked;
        walk.run();
        walk.hash
    }

    /// The tokens of a line.
    pub(crate) fn tokens(&mut self, line: &[u8]) -> &mut Vec<Token> {
        Walk::<true>::new(line, 0, self).run();
        &mut self.tokens
    }

    /// The tokens of a head.
    pub(crate) fn head_tokens(&mut self, head: &[u8]) -> &mut Vec<Token> {
        let mut walk = Walk::<true>::new(head, 0, self);
        walk.doubtful = Kind::Masked;
        walk.run();
        &mut self.tokens
    }

    /// Whether the line that was looked at last has long words.
    pub(crate) fn has_long_words(&self) -> bool {
        !self.long.is_empty()
    }

    /// The long words of the line that was looked at last; those without digits may be left out.
    pub(crate) fn long_words<'a>(&self, line: &'a [u8]) -> impl Iterator<Item = &'a [u8]> + Clone {
        self.long.iter().map(|(start, end)| &line[*start as usize..*end as usize])
    }
}

/// A walk over one line; it keeps tokens if `KEEP`.
struct Walk<'a, const KEEP: bool> {
    line: &'a [u8],
    blocks: &'a [Bitmaps],
    tokens: &'a mut Vec<Token>,
    long: &'a mut Vec<(u32, u32)>,
    seed: u64,
    hash: u64,
    /// What text with a digit in it is.
    doubtful: Kind,
    /// Pieces and delimiters so far.
    count: usize,
    /// Blanks in front of the next token.
    blanks: u8,
    /// Where a value that runs over delimiters ends.
    skip_to: usize,
    /// Where a number ends that may be followed by its unit; 0 where there is none.
    number_end: usize,
    /// Where a date ends that may go on; 0 where there is none.
    date_end: usize,
}

impl<'a, const KEEP: bool> Walk<'a, KEEP> {
    fn new(line: &'a [u8], seed: u64, lexer: &'a mut Lexer) -> Self {
        let line = &line[..line.len().min(LINE_BYTES_MAX)];
        bitmaps::fill(lexer.level, line, &mut lexer.blocks);
        lexer.tokens.clear();
        lexer.long.clear();
        Walk {
            line,
            blocks: &lexer.blocks,
            tokens: &mut lexer.tokens,
            long: &mut lexer.long,
            seed,
            hash: seed,
            doubtful: Kind::Doubtful,
            count: 0,
            blanks: 0,
            skip_to: 0,
            number_end: 0,
            date_end: 0,
        }
    }

    fn run(&mut self) {
        let mut start = 0;
        for (number, block) in self.blocks.iter().enumerate() {
            let mut separators = block.separator;
            while separators != 0 {
                let at = number * BLOCK_BYTES + separators.trailing_zeros() as usize;
                separators &= separators - 1;
                if at < self.skip_to {
                    continue;
                }
                start = start.max(self.skip_to);
                if at > start {
                    if self.is_full(start) {
                        return;
                    }
                    self.piece(start, at);
                    if at < self.skip_to {
                        continue;
                    }
                }
                start = at + 1;
                if !self.separator(at) {
                    return;
                }
            }
        }
        start = start.max(self.skip_to);
        if self.line.len() > start && !self.is_full(start) {
            self.piece(start, self.line.len());
        }
    }

    /// Takes a blank or a delimiter; false where the line has too many tokens.
    #[inline(always)]
    fn separator(&mut self, at: usize) -> bool {
        let byte = self.line[at];
        if matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
            self.blanks = (self.blanks + 1).min(2);
            return true;
        }
        // In `<1 sec` the sign belongs to the quantity.
        let next_is_digit = || self.line.get(at + 1).is_some_and(u8::is_ascii_digit);
        if byte == b'<' && (self.blanks > 0 || at == 0) && next_is_digit() {
            return true;
        }
        if self.is_full(at) {
            return false;
        }
        self.push(at, at + 1, Kind::Delimiter);
        true
    }

    /// Counts a piece; from the last allowed one on, the line is one value.
    #[inline(always)]
    fn is_full(&mut self, start: usize) -> bool {
        self.count += 1;
        let is_full = self.count > TOKENS_MAX;
        if is_full {
            self.skip_to = self.line.len();
            self.push(start, self.skip_to, Kind::Masked);
        }
        is_full
    }

    #[inline(always)]
    fn push(&mut self, start: usize, end: usize, kind: Kind) {
        let word = match kind {
            Kind::Masked => MASKED,
            Kind::Delimiter => u64::from(self.line[start]),
            _ => hash_word(self.line, start, end, self.seed),
        };
        self.hash = fold(self.hash, word ^ u64::from(self.blanks > 0) << BLANK_BIT);
        if KEEP {
            let (start, end) = (start as u32, end as u32);
            self.tokens.push(Token { start, end, kind, blanks: self.blanks });
        }
        self.blanks = 0;
    }

    /// Lets the last token go on; its hash stays.
    fn extend(&mut self, end: usize) {
        self.blanks = 0;
        if KEEP && let Some(token) = self.tokens.last_mut() {
            token.end = end as u32;
        }
    }

    /// A piece between separators; nearly all are decided by their bitmaps.
    #[inline(always)]
    fn piece(&mut self, start: usize, end: usize) {
        if end - start > BLOCK_BYTES {
            return self.long_piece(start, end);
        }
        let maps = Bitmaps::piece(self.blocks, start, end - start);
        if maps.digit | maps.letter == 0 {
            return self.marks(start, end);
        }
        if end - start >= LONG_BYTES_MIN && maps.digit & maps.digit.wrapping_sub(1) != 0 {
            self.long_words(start, end, maps);
        }
        let own_end = self.without_stops(start, end);
        let length = own_end - start;
        let all = u64::MAX >> (BLOCK_BYTES - length);
        let (digit, letter) = (maps.digit & all, maps.letter & all);
        let (colon, path) = (maps.colon & all, maps.path & all);
        if digit | colon | path == 0 {
            self.word(start, own_end);
        } else if path & 1 != 0 && length > 1 && self.line[start] == b'/' {
            self.path(start, own_end);
        } else if path == 0 && self.date_end == 0 {
            // A time or an address in digits is a number to the bitmaps.
            let is_plain = colon == 0
                || letter == 0 && digit & 1 != 0 && digit | colon | (maps.point & all) == all;
            let piece = &self.line[start..own_end];
            if is_plain && mask::is_value(piece, digit, letter, maps.point & all) {
                self.push(start, own_end, Kind::Masked);
                if digit & 1 != 0 {
                    self.number_end = own_end;
                }
            } else {
                self.mixed(start, own_end);
            }
        } else {
            self.mixed(start, own_end);
        }
        self.stops(own_end, end);
    }

    #[cold]
    fn long_piece(&mut self, start: usize, end: usize) {
        let looked_at = &self.line[start..end.min(start + 4 * WORD_BYTES_MAX)];
        if byte::any(looked_at) & (DIGIT | LETTER) == 0 {
            return self.push(start, end, Kind::Punctuation);
        }
        self.split_long_words(start, end);
        let own_end = self.without_stops(start, end);
        if own_end - start > WORD_BYTES_MAX {
            self.push(start, own_end, Kind::Masked);
        } else {
            self.mixed(start, own_end);
        }
        self.stops(own_end, end);
    }

    /// Neither letter nor digit. A lone hyphen is an empty field as often as a dash, a lone slash a path.
    fn marks(&mut self, start: usize, end: usize) {
        let kind = match &self.line[start..end] {
            b"-" => Kind::Word,
            b"/" => mask::path(&self.line[..start], b"/"),
            _ => Kind::Punctuation,
        };
        self.push(start, end, kind);
    }

    /// Where the stops at the end of a piece begin: they belong to the sentence.
    #[inline(always)]
    fn without_stops(&self, start: usize, mut end: usize) -> usize {
        while end > start + 1 && matches!(self.line[end - 1], b'.' | b':' | b'!' | b'?') {
            end -= 1;
        }
        end
    }

    #[inline(always)]
    fn stops(&mut self, start: usize, end: usize) {
        if start < end && start >= self.skip_to {
            self.push(start, end, Kind::Punctuation);
        }
    }

    /// A word of letters.
    #[inline(always)]
    fn word(&mut self, start: usize, end: usize) {
        if end - start <= LISTED_BYTES_MAX && self.listed(start, end) {
            return;
        }
        let word = &self.line[start..end];
        let kind = if mask::is_hexadecimal(word) { Kind::Masked } else { Kind::Word };
        self.push(start, end, kind);
    }

    /// Takes literals, units, and names of days and months beside numbers; false where it is none of them.
    #[inline(always)]
    fn listed(&mut self, start: usize, end: usize) -> bool {
        let word = &self.line[start..end];
        if self.number_end > 0
            && self.number_end + 1 == start
            && self.blanks > 0
            && mask::is_unit(word)
        {
            self.extend(end);
            return true;
        }
        if word.len() >= 4 && mask::is_literal(word) {
            self.push(start, end, Kind::Masked);
            return true;
        }
        (3..=4).contains(&word.len()) && word[0].is_ascii_uppercase() && self.date_word(start, end)
    }

    /// Takes a name that begins a date or goes on with one.
    fn date_word(&mut self, start: usize, end: usize) -> bool {
        let word = &self.line[start..end];
        let goes_on = self.goes_on_with_date(start);
        let is_part = goes_on && mask::is_zone(word) || {
            let next = self.line[end..].trim_ascii_start();
            let next = next.strip_prefix(b",").map_or(next, <[u8]>::trim_ascii_start);
            let follows = next.len() < self.line.len() - end;
            let is_name = |next: &[u8]| next.get(..3).is_some_and(mask::is_day_or_month);
            let is_dated = next.first().is_some_and(u8::is_ascii_digit)
                || is_name(next) && next.get(3) == Some(&b' ');
            mask::is_day_or_month(word) && follows && is_dated
        };
        if is_part {
            self.date_end = end;
            if goes_on { self.extend(end) } else { self.push(start, end, Kind::Masked) }
        }
        is_part
    }

    fn goes_on_with_date(&self, start: usize) -> bool {
        self.date_end > 0 && self.date_end + 1 == start && self.blanks > 0
    }

    /// Takes a number that goes on with a date.
    fn dated(&mut self, start: usize, end: usize) -> bool {
        let goes_on = self.goes_on_with_date(start);
        if goes_on {
            self.date_end = end;
            self.extend(end);
        }
        goes_on
    }

    /// A file or address; with a query it goes on to the next blank, quote or closing bracket.
    #[inline(always)]
    fn path(&mut self, start: usize, end: usize) {
        let mut path_end = end;
        if self.line.get(end) == Some(&b'=') && self.line[start..end].contains(&b'?') {
            let is_end = |byte: &u8| b" \t\"'`)]}<>|".contains(byte);
            let rest = &self.line[end..];
            path_end = end + rest.iter().position(is_end).unwrap_or(rest.len());
            self.skip_to = path_end;
            self.split_long_words(end, path_end);
        }
        self.push(start, path_end, mask::path(&self.line[..start], &self.line[start..path_end]));
    }
}

#[cfg(test)]
mod tests;
