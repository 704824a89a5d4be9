//! Classes of bytes: what a lexer may know of a byte without its neighbours.

/// Blanks, which separate and leave no token.
pub(super) const BLANK: u16 = 1;
/// Delimiters, which separate and are tokens.
pub(super) const HARD: u16 = 1 << 1;
/// Decimal digits.
pub(super) const DIGIT: u16 = 1 << 2;
/// Letters that are hexadecimal digits.
pub(super) const HEX: u16 = 1 << 3;
/// All other letters, and everything beyond ASCII.
pub(super) const ALPHA: u16 = 1 << 4;
/// The full stop.
pub(super) const POINT: u16 = 1 << 5;
/// The colon.
pub(super) const COLON: u16 = 1 << 6;
/// The slash.
pub(super) const SLASH: u16 = 1 << 7;
/// The backslash.
pub(super) const BACKSLASH: u16 = 1 << 8;
/// The at sign.
pub(super) const AT: u16 = 1 << 9;
/// What joins the parts of a word: hyphen and underscore.
pub(super) const JOIN: u16 = 1 << 10;

/// Letters of any kind.
pub(super) const LETTER: u16 = HEX | ALPHA;

pub(super) static CLASSES: [u16; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = class(byte as u8);
        byte += 1;
    }
    classes
};

const fn class(byte: u8) -> u16 {
    match byte {
        b' ' | b'\t' | b'\r' | b'\n' => BLANK,
        b'=' | b',' | b';' | b'|' | b'#' | b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'<'
        | b'>' | b'"' | b'\'' | b'`' => HARD,
        b'0'..=b'9' => DIGIT,
        b'a'..=b'f' | b'A'..=b'F' => HEX,
        b'g'..=b'z' | b'G'..=b'Z' | 0x80.. => ALPHA,
        b'.' => POINT,
        b':' => COLON,
        b'/' => SLASH,
        b'\\' => BACKSLASH,
        b'@' => AT,
        b'-' | b'_' => JOIN,
        _ => 0,
    }
}

/// The class of a byte.
pub(super) fn of(byte: u8) -> u16 {
    CLASSES[byte as usize]
}

/// Whether the byte is of one of these classes.
pub(super) fn is(byte: u8, classes: u16) -> bool {
    of(byte) & classes != 0
}

/// Whether all bytes are of these classes.
pub(super) fn all(bytes: &[u8], classes: u16) -> bool {
    bytes.iter().all(|byte| is(*byte, classes))
}

/// The classes that occur.
pub(super) fn any(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |classes, byte| classes | of(*byte))
}
