//! A place within a line, and the small steps that all forms are read with.
//!
//! A step that does not fit answers `None`; the caller gives up the line then, so the cursor need not stand anywhere
//! in particular. Who wants to try something and go back copies the cursor before.

/// What is left of a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) fn new(rest: &'a [u8]) -> Self {
        Cursor { rest }
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Whether a blank or nothing comes next.
    pub(super) fn at_blank(&self) -> bool {
        self.peek().is_none_or(is_blank)
    }

    /// Steps over the next byte, whatever it is.
    pub(super) fn step(&mut self) {
        self.rest = self.rest.get(1..).unwrap_or_default();
    }

    /// Steps over exactly this byte.
    pub(super) fn eat(&mut self, byte: u8) -> Option<()> {
        self.eat_all(&[byte])
    }

    /// Steps over exactly these bytes.
    pub(super) fn eat_all(&mut self, bytes: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(bytes)?;
        Some(())
    }

    /// Reads a number of exactly `count` digits, at most nine.
    pub(super) fn digits(&mut self, count: usize) -> Option<u32> {
        let (digits, rest) = self.rest.split_at_checked(count)?;
        let mut value = 0;
        for digit in digits {
            if !digit.is_ascii_digit() {
                return None;
            }
            value = value * 10 + u32::from(digit - b'0');
        }
        self.rest = rest;
        Some(value)
    }

    /// Reads all digits that follow, at least one.
    pub(super) fn digit_run(&mut self) -> Option<&'a [u8]> {
        let end = self.rest.iter().position(|byte| !byte.is_ascii_digit());
        self.split(end.unwrap_or(self.rest.len()))
    }

    /// Reads up to the next blank, at least one byte.
    pub(super) fn word(&mut self) -> Option<&'a [u8]> {
        let end = self.rest.iter().position(|byte| is_blank(*byte));
        self.split(end.unwrap_or(self.rest.len()))
    }

    /// Reads up to this byte, which must come, and steps over it.
    pub(super) fn until(&mut self, byte: u8) -> Option<&'a [u8]> {
        let end = memchr::memchr(byte, self.rest)?;
        let (before, after) = self.rest.split_at(end);
        self.rest = &after[1..];
        Some(before)
    }

    /// Reads a text in double quotes, within which a backslash takes the next byte's meaning away.
    pub(super) fn quoted(&mut self) -> Option<&'a [u8]> {
        self.eat(b'"')?;
        let mut from = 0;
        loop {
            let at = from + memchr::memchr2(b'"', b'\\', &self.rest[from..])?;
            if self.rest[at] == b'"' {
                let text = &self.rest[..at];
                self.rest = &self.rest[at + 1..];
                return Some(text);
            }
            from = at + 2;
            if from > self.rest.len() {
                return None;
            }
        }
    }

    pub(super) fn skip_blanks(&mut self) {
        let end = self.rest.iter().position(|byte| !is_blank(*byte));
        self.rest = &self.rest[end.unwrap_or(self.rest.len())..];
    }

    fn split(&mut self, end: usize) -> Option<&'a [u8]> {
        let (before, after) = self.rest.split_at(end);
        self.rest = after;
        (!before.is_empty()).then_some(before)
    }
}

/// Whether a byte separates words.
pub(super) fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// Adds a word to a list of words with one space between them.
pub(super) fn push_word(words: &mut Vec<u8>, word: &[u8]) {
    if !words.is_empty() && !word.is_empty() {
        words.push(b' ');
    }
    words.extend_from_slice(word);
}
