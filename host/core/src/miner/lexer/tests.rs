//! Tests of the walk.

use super::*;
use crate::chance::{Chance, seeds};
use crate::miner::mask::Looks;

/// The tokens of a line, values as `*`.
fn lex(line: &str) -> String {
    let mut lexer = Lexer::default();
    let tokens: Vec<Token> = lexer.tokens(line.as_bytes()).clone();
    let mut text = String::new();
    for (place, token) in tokens.iter().enumerate() {
        let joint = if token.blanks > 0 { " " } else { "|" };
        text.push_str(if place > 0 { joint } else { "" });
        match token.kind {
            Kind::Masked => text.push('*'),
            Kind::Doubtful => {
                text.push('?');
                text.push_str(&String::from_utf8_lossy(token.text(line.as_bytes())));
            }
            _ => text.push_str(&String::from_utf8_lossy(token.text(line.as_bytes()))),
        }
    }
    text
}

#[test]
fn lines_become_tokens() {
    let cases = [
        ("", ""),
        ("no digits at all", "no digits at all"),
        ("took=12ms, ok", "took|=|*|, ok"),
        ("from (10.0.0.1:443).", "from (|*|)|."),
        ("1,024 bytes", "*|,|*"),
        ("took 12 ms again", "took * again"),
        ("took 12  ms", "took * ms"),
        ("lifetime <1 sec", "lifetime *"),
        ("a <b> c", "a <|b|> c"),
        ("core.2275 of core-3", "core.|* of core-|*"),
        ("user@10.0.0.1 root@", "user@|* root@"),
        ("GET /a/b?q=1,2;3 HTTP", "GET * HTTP"),
        ("open C:\\x\\y now", "open * now"),
        ("on Sat Jun 11 03:28:22 2005 it", "on * it"),
        ("May be", "May be"),
        ("is true or false", "is * or *"),
        ("key:value and key:12", "key|:|value and key|:|*"),
        ("ssh2 eth0", "?ssh2 ?eth0"),
        ("state - /", "state - *"),
        ("wait... 5", "wait|... *"),
        ("total......17", "total......|*"),
        ("::", "::"),
        ("x:: y", "x|:: y"),
        ("host/1 a1/b", "?host/1 *"),
        ("deadbeef facade", "* facade"),
        ("  spaced\tout ", "spaced out"),
    ];
    for (line, expected) in cases {
        assert_eq!(lex(line), expected, "{line}");
    }
}

#[test]
fn lines_are_as_long_as_they_are() {
    let words = "word ".repeat(TOKENS_MAX + 100);
    assert_eq!(lex(&words).matches("word").count(), TOKENS_MAX);
    assert!(lex(&words).ends_with('*'));
    // Parts between colons count as well, whatever stands behind the last one.
    for piece in ["x:y:x:y ", "x:y: ", "a::b ", "x:y:12.\n", "x:y:.\n"] {
        let mut lexer = Lexer::default();
        let line = piece.repeat(1000);
        let tokens = lexer.tokens(line.as_bytes()).clone();
        assert!(tokens.len() <= 2 * TOKENS_MAX, "{piece:?} makes {} tokens", tokens.len());
        assert!(tokens.is_sorted_by(|one, next| one.end <= next.start), "{piece:?}");
        assert_eq!(tokens.last().map(|last| last.end as usize), Some(line.len()));
    }
    assert_eq!(lex(&"x".repeat(1 << 20)), "*");
    assert_eq!(lex(&"-".repeat(1 << 20)).len(), LINE_BYTES_MAX);
}

#[test]
fn a_long_word_has_its_own_digits() {
    let mut lexer = Lexer::default();
    for (line, expected) in [
        ("abcdefghijklmnopqrst/x12", &[][..]),
        ("abcdefghijklmnopqr12/x12", &["abcdefghijklmnopqr12"]),
        ("x12/abcdefghijklmnopqrst", &[]),
        ("x12/abcdefghijklmnopqr12", &["abcdefghijklmnopqr12"]),
    ] {
        lexer.skeleton(line.as_bytes(), 0);
        let long: Vec<&[u8]> = lexer.long_words(line.as_bytes()).collect();
        assert_eq!(long, expected.iter().map(|word| word.as_bytes()).collect::<Vec<_>>(), "{line}");
    }
}

#[test]
fn skeletons_are_equal_where_templates_must_be() {
    let cases = [
        ("took 12 ms", "took 7 ms", true),
        ("took 12 ms", "took 7 s", true),
        ("took  12 ms", "took 12 ms", true),
        ("took 12", "took12", false),
        ("a =b", "a= b", false),
        ("a b", "a c", false),
        ("blk_-1608999687919862906 terminating", "blk_7503483334202473044 terminating", true),
        ("abcdefghij x", "abcdefghik x", false),
    ];
    let mut lexer = Lexer::default();
    for (a, b, equal) in cases {
        let (a, b) = (lexer.skeleton(a.as_bytes(), 5), lexer.skeleton(b.as_bytes(), 5));
        assert_eq!(a == b, equal);
    }
}

/// The bitmaps may only decide what the bytes would decide as well.
#[test]
fn bitmaps_and_bytes_agree() {
    let pieces = [
        "a-1",
        "a.1",
        "ab..12",
        "a1.2.3",
        "abc123",
        "abc123x",
        "blk_-12",
        "a-b-123",
        "1a",
        "-1",
        "x123.",
        "a.123",
        "a_123",
        "node12345",
        "a-12-34",
        "ab.12.34",
        "0x12",
        "v1.2",
        "x-1.2.3",
        "a---123",
        "a:1",
        "blk_-123",
        "blk_123",
        "a1-123",
        "--123",
    ];
    for piece in pieces {
        let mut blocks = Vec::new();
        bitmaps::fill(Level::default(), piece.as_bytes(), &mut blocks);
        let maps = Bitmaps::piece(&blocks, 0, piece.len());
        let is_value = mask::is_value(piece.as_bytes(), maps.digit, maps.letter, maps.point);
        if maps.colon == 0 && is_value {
            assert_eq!(mask::looks(piece.as_bytes()), Looks::Value, "{piece}");
        }
    }
}

#[test]
fn a_unit_belongs_to_a_number_of_any_length() {
    for digits in [1, 31, 32, 40] {
        let number = "1".repeat(digits);
        assert_eq!(lex(&format!("took {number}:{number} ms in all")), "took * in all", "{digits}");
    }
}

/// Numbers of one line, for others of the same outline or nearly so.
fn renumbered(line: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut other = Vec::new();
    for run in line.chunk_by(|a, b| a.is_ascii_digit() && b.is_ascii_digit()) {
        if run[0].is_ascii_digit() && chance.below(3) > 0 {
            let length = if chance.below(2) == 0 { run.len() } else { 1 + chance.below(20) };
            other.extend((0..length).map(|_| b'0' + chance.below(10) as u8));
        } else {
            other.extend_from_slice(run);
        }
    }
    other
}

/// A line of words, numbers and marks in any order.
fn line_by_chance(chance: &mut Chance) -> Vec<u8> {
    const PARTS: [&str; 40] = [
        " ",
        " ",
        " ",
        "=",
        ",",
        "(",
        ")",
        "<",
        "\"",
        "#",
        ".",
        "..",
        ":",
        "::",
        "/",
        "/",
        "\\",
        "@",
        "-",
        "_",
        "+",
        "%",
        "?",
        "*",
        "ab",
        "x",
        "GET ",
        "failed",
        "blk_",
        "MonT",
        "Jan ",
        " ms",
        "null",
        "0x",
        "deadbeefcafe",
        "é",
        "http://",
        "eth",
        "C:\\",
        "abcdefghijklmnopqr",
    ];
    let mut line = Vec::new();
    for _ in 0..1 + chance.below(30) {
        if chance.below(3) == 0 {
            let most = [1, 2, 3, 4, 24][chance.below(5)];
            let digits = 1 + chance.below(most);
            line.extend((0..digits).map(|_| b'0' + chance.below(10) as u8));
        } else {
            line.extend_from_slice(PARTS[chance.below(PARTS.len())].as_bytes());
        }
    }
    line
}

#[test]
fn lines_of_one_outline_have_one_skeleton_and_are_mined_alike() {
    let mut lexer = Lexer::default();
    let (seeds, mut shared) = (seeds(), 0);
    let cases = seeds.end - seeds.start;
    let digits = |word: &&[u8]| word.iter().filter(|byte| byte.is_ascii_digit()).count() > 1;
    for seed in seeds {
        let chance = &mut Chance::new(seed);
        for _ in 0..20 {
            let first = line_by_chance(chance);
            let mut known = std::collections::HashMap::new();
            for _ in 0..8 {
                let line = renumbered(&first, chance);
                let Some(outline) = lexer.outline(&line, 7) else { continue };
                let long = |lexer: &Lexer| -> Vec<Vec<u8>> {
                    lexer.long_words(&line).filter(digits).map(<[u8]>::to_vec).collect()
                };
                let words = long(&lexer);
                let skeleton = lexer.skeleton(&line, 7);
                let text = String::from_utf8_lossy(&line).into_owned();
                assert_eq!(words, long(&lexer), "seed {seed} {text:?}");
                if let Some((other, before)) = known.insert(outline, (skeleton, text.clone())) {
                    assert_eq!(skeleton, other, "seed {seed}\n{before:?}\n{text:?}");
                    shared += u64::from(before != text);
                }
            }
        }
    }
    let has_outlines = lexer.outline(b"one line", 7).is_some();
    assert!(shared > 10 * cases || !has_outlines, "only {shared} lines shared an outline");
}
