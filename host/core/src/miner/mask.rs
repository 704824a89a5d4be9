//! Masks: what of a line is a value by its looks, whatever the system.
//!
//! | mask | what it takes | why |
//! |---|---|---|
//! | number | no letter beside its digits; a digit (after a sign) at its front | nobody names things so |
//! | hexadecimal | `0x...`; hexadecimal letters and digits alone, six or more | hashes and addresses |
//! | id | three digits in a row, a part that is all digits, long with four digits | counters in names |
//! | prefix kept | letters, one `.` or `-`, a number | the letters say what is counted |
//! | host | two points and a digit, or a name with a port | there are many hosts |
//! | path | slashes and backslashes, but no route after `GET` and the like | there are many files |
//! | literal | true, false, null | values of a type with two |
//! | unit, date | see the lexer: they depend on their neighbours | |
//!
//! Not masked on purpose: quoted text, which may be the message itself; names with points; words in capitals.

use super::bitmaps::BLOCK_BYTES;
use super::byte::{self, ALPHA, COLON, DIGIT, HEX, JOIN, LETTER, POINT};
use super::token::Kind;

/// Letters of `a` to `f` alone, from which a word is a number.
const HEX_LETTERS_MIN: usize = 8;
/// Hexadecimal letters and digits alone, from which a word is a number.
const HEX_BYTES_MIN: usize = 6;
/// Digits in a row from which a word is an id.
const DIGIT_RUN_MIN: usize = 3;
/// A long word with so many digits is an id.
const LONG_BYTES_MIN: usize = 16;
const LONG_DIGITS_MIN: usize = 4;

/// What the looks of a word with a digit say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Looks {
    /// A value.
    Value,
    /// A value after so many bytes of text.
    Prefixed(usize),
    /// Text that may vary.
    Doubtful,
}

/// The looks of a word with a digit and without `: / \ @`.
pub(super) fn looks(word: &[u8]) -> Looks {
    let sum = byte::any(word);
    let digits = word.iter().filter(|byte| byte.is_ascii_digit()).count();
    if sum & LETTER == 0 || is_number_at_front(word) {
        return Looks::Value;
    }
    if let Some(prefix) = prefix(word) {
        return Looks::Prefixed(prefix);
    }
    let letters = word.iter().filter(|byte| byte::is(**byte, HEX)).count();
    let is_hexadecimal = sum & ALPHA == 0 && digits + letters >= HEX_BYTES_MIN;
    let is_long = word.len() >= LONG_BYTES_MIN && digits >= LONG_DIGITS_MIN;
    if is_hexadecimal
        || is_long
        || has_digit_run(word)
        || has_digit_part(word)
        || is_host_name(word)
    {
        return Looks::Value;
    }
    Looks::Doubtful
}

/// Whether bitmaps alone say that a piece with a digit and without `/ \ @` is a value.
#[inline(always)]
pub(super) fn is_value(piece: &[u8], digit: u64, letter: u64, point: u64) -> bool {
    // A dotted leader is split off elsewhere.
    if point & 3 == 3 {
        return false;
    }
    if letter == 0 || digit & 1 != 0 {
        return true;
    }
    let run = digit & digit >> 1 & digit >> 2 != 0;
    let ends_in_number = digit >> (piece.len() - 1) & 1 != 0;
    // Where a number ends the piece, text in front may have to be kept.
    run && !(ends_in_number && may_keep_prefix(piece, digit | point, letter, point))
}

/// Whether text in front of the number at the end may be of the kind that is kept: letters and a hyphen, or a leader.
#[inline(always)]
fn may_keep_prefix(piece: &[u8], number: u64, letter: u64, point: u64) -> bool {
    let unused = BLOCK_BYTES - piece.len();
    let tail = (!(number << unused)).leading_zeros() as usize;
    let front = piece.len() - tail.min(piece.len());
    let Some(last) = front.checked_sub(1) else { return false };
    let name = u64::MAX >> (BLOCK_BYTES - front) >> 1;
    let is_leader = front > 1 && matches!(piece[front - 2], b'-' | b'.');
    point >> front & 1 != 0 || piece[last] == b'-' && (is_leader || letter & name == name)
}

fn is_number_at_front(word: &[u8]) -> bool {
    let unsigned = word.strip_prefix(b"-").or_else(|| word.strip_prefix(b"+")).unwrap_or(word);
    unsigned.first().is_some_and(u8::is_ascii_digit)
}

/// Bytes of text in front of a number: letters and one separator, or a dotted leader.
fn prefix(word: &[u8]) -> Option<usize> {
    let is_number = |byte: &u8| byte::is(*byte, DIGIT | POINT);
    let number = word.len() - word.iter().rev().take_while(|byte| is_number(byte)).count();
    let points = word[number..].iter().take_while(|byte| **byte == b'.').count();
    let end = number + points;
    if end == word.len() || end == 0 || !matches!(word[end - 1], b'.' | b'-') {
        return None;
    }
    let separators =
        word[..end].iter().rev().take_while(|byte| matches!(byte, b'.' | b'-')).count();
    let name = &word[..end - separators];
    let is_leader = separators > 1;
    let is_name = |byte: &u8| byte::is(*byte, LETTER) || is_leader && *byte == b'-';
    (!name.is_empty() && name.iter().all(is_name)).then_some(end)
}

fn has_digit_run(word: &[u8]) -> bool {
    word.windows(DIGIT_RUN_MIN).any(|run| byte::all(run, DIGIT))
}

fn has_digit_part(word: &[u8]) -> bool {
    let mut parts = word.split(|byte| byte::is(*byte, JOIN | POINT));
    byte::any(word) & (JOIN | POINT) != 0
        && parts.any(|part| !part.is_empty() && byte::all(part, DIGIT))
}

/// A name of three parts or more, the last of them in lower case.
fn is_host_name(word: &[u8]) -> bool {
    let last = word.rsplit(|byte| *byte == b'.').next().unwrap_or(word);
    word.iter().filter(|byte| **byte == b'.').count() >= 2
        && (2..=6).contains(&last.len())
        && last.iter().all(u8::is_ascii_lowercase)
}

/// What may stand in front of a port: a name with a digit, a point or a hyphen.
pub(super) fn is_host(word: &[u8]) -> bool {
    byte::any(word) & (DIGIT | POINT | JOIN) != 0 && is_name(word)
}

fn is_name(word: &[u8]) -> bool {
    byte::all(word, DIGIT | LETTER | JOIN | POINT)
}

/// `name/address`, where either can be nothing else.
pub(super) fn is_named_address(word: &[u8]) -> bool {
    let Some(slash) = word.iter().position(|byte| *byte == b'/') else { return false };
    let (name, address) = (&word[..slash], &word[slash + 1..]);
    let points = address.iter().filter(|byte| **byte == b'.').count();
    is_host(name) || is_name(name) && points >= 2 && byte::all(address, DIGIT | POINT)
}

/// `host:port`, also with a name and a slash in front.
pub(super) fn is_endpoint(word: &[u8]) -> bool {
    let Some(colon) = word.iter().rposition(|byte| *byte == b':') else { return false };
    let (host, port) = (&word[..colon], &word[colon + 1..]);
    let name = host.iter().position(|byte| *byte == b'/').filter(|slash| is_name(&host[..*slash]));
    !port.is_empty()
        && byte::all(port, DIGIT)
        && is_host(&host[name.map_or(0, |slash| slash + 1)..])
}

/// Times, and addresses of networks and their cards.
pub(super) fn is_time_or_address(word: &[u8]) -> bool {
    let sum = byte::any(word);
    let colons = word.iter().filter(|byte| **byte == b':').count();
    sum & DIGIT != 0
        && byte::all(word, DIGIT | HEX | COLON | POINT)
        && (sum & HEX == 0 || colons >= 2)
}

/// Whether a word with a slash names a file.
pub(super) fn is_path(word: &[u8]) -> bool {
    let begins = [&b"/"[..], b"./", b"../", b"~/"].iter().any(|front| word.starts_with(front));
    begins && word.len() > 1 || word.iter().filter(|byte| **byte == b'/').count() >= 2
}

/// Of a word that begins with a slash, by what stands in front of it: a file is a value, but a route is what a request
/// asks for, and says what is done. One with digits has values in it; forms that know routes put `*` in their place.
pub(super) fn path(before: &[u8], word: &[u8]) -> Kind {
    const METHODS: [&[u8]; 7] =
        [b"GET ", b"POST ", b"PUT ", b"DELETE ", b"PATCH ", b"HEAD ", b"OPTIONS "];
    // Most stand behind something else than capitals.
    let [.., capital, b' '] = before else { return Kind::Masked };
    let is_plain = || !word.iter().any(|byte| byte.is_ascii_digit() || *byte == b'?');
    let is_asked_for = capital.is_ascii_uppercase()
        && METHODS.iter().any(|method| before.ends_with(method))
        && is_plain();
    if is_asked_for { Kind::Word } else { Kind::Masked }
}

/// Whether a word with a backslash names a file.
pub(super) fn is_backslash_path(word: &[u8]) -> bool {
    word.get(1..3) == Some(br":\") || word.iter().filter(|byte| **byte == b'\\').count() >= 2
}

/// A word of letters that is a number all the same.
pub(super) fn is_hexadecimal(word: &[u8]) -> bool {
    word.len() >= HEX_LETTERS_MIN && byte::all(word, HEX)
}

/// Values of types with two or three.
pub(super) fn is_literal(word: &[u8]) -> bool {
    matches!(word, b"true" | b"false" | b"null" | b"True" | b"False" | b"TRUE" | b"FALSE" | b"NULL")
}

/// Units that belong to the number in front of them.
pub(super) fn is_unit(word: &[u8]) -> bool {
    const UNITS: [&[u8]; 18] = [
        b"B", b"s", b"ms", b"us", b"ns", b"KB", b"MB", b"GB", b"TB", b"kB", b"KiB", b"MiB", b"GiB",
        b"sec", b"min", b"secs", b"byte", b"bytes",
    ];
    UNITS.contains(&word)
}

/// Short names of days and months.
pub(super) fn is_day_or_month(word: &[u8]) -> bool {
    const NAMES: &[u8] = b"MonTueWedThuFriSatSunJanFebMarAprMayJunJulAugSepOctNovDec";
    word.len() == 3 && NAMES.as_chunks::<3>().0.iter().any(|name| name == word)
}

/// Short names of time zones, where a date goes on.
pub(super) fn is_zone(word: &[u8]) -> bool {
    word.iter().all(u8::is_ascii_uppercase) && (word.ends_with(b"T") || word.ends_with(b"C"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_with_digits() {
        let cases = [
            ("-17", Looks::Value),
            ("50%", Looks::Value),
            ("65020ms", Looks::Value),
            ("0xdeadbeef", Looks::Value),
            ("3ab4f1", Looks::Value),
            ("blk_-12", Looks::Value),
            ("msra-sa-41", Looks::Value),
            ("worker123", Looks::Value),
            ("node7.rack.example.org", Looks::Value),
            ("core.2275", Looks::Prefixed(5)),
            ("jetty-6", Looks::Prefixed(6)),
            ("space......0", Looks::Prefixed(11)),
            ("ssh2", Looks::Doubtful),
            ("L3", Looks::Doubtful),
            ("eth0", Looks::Doubtful),
        ];
        for (word, expected) in cases {
            assert_eq!(looks(word.as_bytes()), expected, "{word}");
        }
    }

    type Is = fn(&[u8]) -> bool;
    type Case<'a> = (Is, &'a [&'a str], &'a [&'a str]);

    #[test]
    fn words_with_marks() {
        let cases: [Case<'_>; 5] = [
            (is_named_address, &["localhost/127.0.0.1", "a1/b"], &["host/1", "read/write"]),
            (
                is_endpoint,
                &["10.0.0.1:443", "web-1:80", "node/10.0.0.1:9"],
                &["localhost:1", "a.b:", "x"],
            ),
            (
                is_time_or_address,
                &["00:01", "fe80::1", "00:1a:2b:3c:4d:5e"],
                &["ab:cd", "a1:b2", "x:1"],
            ),
            (is_path, &["/etc", "./a", "a/b/c", "http://a"], &["/", "a/b"]),
            (is_backslash_path, &[r"C:\x", r"\\a\b"], &[r"a\b"]),
        ];
        for (is, yes, no) in cases {
            yes.iter().for_each(|word| assert!(is(word.as_bytes()), "{word}"));
            no.iter().for_each(|word| assert!(!is(word.as_bytes()), "{word}"));
        }
    }

    #[test]
    fn routes_are_no_files() {
        let cases = [
            ("GET ", "/cart/*/items", Kind::Word),
            ("GET ", "/", Kind::Word),
            ("request POST ", "/login", Kind::Word),
            ("GET ", "/items/17", Kind::Masked),
            ("GET ", "/search?q=tent", Kind::Masked),
            ("opened ", "/etc/passwd", Kind::Masked),
            ("", "/etc/passwd", Kind::Masked),
        ];
        for (before, word, expected) in cases {
            assert_eq!(path(before.as_bytes(), word.as_bytes()), expected, "{before}{word}");
        }
    }

    #[test]
    fn words_from_lists() {
        let cases: [(Is, &str, &str); 5] = [
            (is_hexadecimal, "deadbeef", "facade"),
            (is_literal, "false", "falsely"),
            (is_unit, "KB", "kbit"),
            (is_day_or_month, "Oct", "Occ"),
            (is_zone, "CEST", "EDIT."),
        ];
        for (is, yes, no) in cases {
            assert!(is(yes.as_bytes()), "{yes}");
            assert!(!is(no.as_bytes()), "{no}");
        }
    }
}
