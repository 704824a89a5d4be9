//! Words of a message, with what is obviously variable masked.
//!
//! A word without a digit stands for itself, unless it is a hash that happens to have none. In other words, the parts
//! between delimiters that hold a digit become `<*>`, so that `took=12ms,` is `took=<*>,` and `(10.0.0.1:443)` is `(<*>)`: equal messages then have equal words
//! before anything was learnt.

use xxhash_rust::xxh3::xxh3_64;

/// Words beyond this are one variable.
pub(super) const WORDS_MAX: usize = 64;
/// Bytes of a message that are looked at.
const MESSAGE_BYTES_MAX: usize = 4096;
/// Letters from which a word of `a` to `f` alone is a number in hexadecimal.
const HEX_LETTERS_MIN: usize = 8;
/// What a variable looks like in a template.
pub(super) const VARIABLE: &[u8] = b"<*>";

/// Calls back with each word in its masked form, and its hash.
pub(super) fn each_word(text: &[u8], scratch: &mut Vec<u8>, mut each: impl FnMut(&[u8], u64)) {
    let text = &text[..text.len().min(MESSAGE_BYTES_MAX)];
    let words = text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    for (place, word) in words.enumerate() {
        if place == WORDS_MAX {
            each(VARIABLE, xxh3_64(VARIABLE));
            return;
        }
        if is_variable(word) {
            scratch.clear();
            mask(word, scratch);
            each(scratch, xxh3_64(scratch));
        } else {
            each(word, xxh3_64(word));
        }
    }
}

/// Folds the next word's hash into the hash of a sequence.
pub(super) fn fold(sequence: u64, word: u64) -> u64 {
    (sequence.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Whether a word or a part of one holds a digit or a run of hexadecimal letters that is no English word.
fn is_variable(word: &[u8]) -> bool {
    word.iter().any(u8::is_ascii_digit)
        || word.len() >= HEX_LETTERS_MIN
            && word
                .split(|byte| !byte.is_ascii_alphanumeric())
                .any(|part| part.len() >= HEX_LETTERS_MIN && part.iter().all(u8::is_ascii_hexdigit))
}

/// Replaces parts with a digit; a variable swallows `:`, `,` and `/` towards the next variable (`10.0.0.1:443`).
fn mask(word: &[u8], out: &mut Vec<u8>) {
    let mut rest = word;
    loop {
        let end = rest.iter().position(|byte| is_delimiter(*byte)).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        mask_part(part, out);
        let Some((delimiter, next)) = after.split_first() else { return };
        let joins = matches!(delimiter, b':' | b',') && out.ends_with(VARIABLE);
        let next_end = next.iter().position(|byte| is_delimiter(*byte)).unwrap_or(next.len());
        if joins && is_variable(&next[..next_end]) {
            out.truncate(out.len() - VARIABLE.len());
        } else {
            out.push(*delimiter);
        }
        rest = next;
    }
}

/// A full stop at the end belongs to the sentence, not to the value.
fn mask_part(part: &[u8], out: &mut Vec<u8>) {
    if !is_variable(part) {
        out.extend_from_slice(part);
        return;
    }
    out.extend_from_slice(VARIABLE);
    if part.ends_with(b".") {
        out.push(b'.');
    }
}

fn is_delimiter(byte: u8) -> bool {
    matches!(
        byte,
        b'=' | b','
            | b';'
            | b':'
            | b'('
            | b')'
            | b'['
            | b']'
            | b'{'
            | b'}'
            | b'"'
            | b'\''
            | b'<'
            | b'>'
            | b'|'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        let mut words = Vec::new();
        each_word(text.as_bytes(), &mut Vec::new(), |word, _| {
            words.push(String::from_utf8_lossy(word).into_owned());
        });
        words.join(" ")
    }

    #[test]
    fn parts_with_digits_become_variables_and_their_labels_stay() {
        let cases = [
            ("no digits at all", "no digits at all"),
            ("took=12ms, ok", "took=<*>, ok"),
            ("from (10.0.0.1:443)", "from (<*>)"),
            ("blk_-42 of /a/b1/c.", "<*> of <*>."),
            ("at 12:03:11", "at <*>"),
            ("1,024 bytes", "<*> bytes"),
            ("id=a1b2 user=bob", "id=<*> user=bob"),
            ("onExtend:1514 14 0", "onExtend:<*> <*> <*>"),
            ("[worker-3] {\"n\":7}", "[<*>] {\"n\":<*>}"),
            ("cart c-feafbcefcb facade", "cart <*> facade"),
            ("  spaced\tout ", "spaced out"),
            ("", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(masked(text), expected, "{text}");
        }
    }

    #[test]
    fn long_messages_end_in_one_variable() {
        let text = "word ".repeat(500);
        assert_eq!(masked(&text).split(' ').count(), WORDS_MAX + 1);
    }
}
