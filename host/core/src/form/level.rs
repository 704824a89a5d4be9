//! Words for severity.
//!
//! A word means the same in every form: what a system calls critical, alert or emergency is fatal.

use super::cursor::is_blank;
use crate::record::severity;

/// How far into a message a level word is looked for.
const TOKENS_MAX: usize = 5;
const LONGEST: usize = 12;

/// The severity of a word in capitals, as messages use them.
pub(super) fn of_word(word: &[u8]) -> Option<u8> {
    match word {
        b"TRACE" => Some(severity::TRACE),
        b"DEBUG" => Some(severity::DEBUG),
        b"INFO" | b"NOTICE" => Some(severity::INFO),
        b"WARN" | b"WARNING" => Some(severity::WARN),
        b"ERROR" | b"ERR" | b"SEVERE" => Some(severity::ERROR),
        b"FATAL" | b"CRITICAL" | b"PANIC" | b"ALERT" | b"EMERG" => Some(severity::FATAL),
        _ => None,
    }
}

/// The severity of a word in a place where only a level can stand: any case, and some more words.
pub(super) fn of_field(word: &[u8]) -> Option<u8> {
    let mut capitals = [0; LONGEST];
    let capitals = capitals.get_mut(..word.len())?;
    capitals.copy_from_slice(word);
    capitals.make_ascii_uppercase();
    match &*capitals {
        b"FINEST" | b"FINER" | b"VERBOSE" | b"SILLY" => Some(severity::TRACE),
        b"FINE" | b"CONFIG" => Some(severity::DEBUG),
        b"INFORMATION" => Some(severity::INFO),
        b"FAILURE" => Some(severity::ERROR),
        b"CRIT" | b"EMERGENCY" => Some(severity::FATAL),
        // Apache has trace1 to trace8.
        [b'T', b'R', b'A', b'C', b'E', digit] if digit.is_ascii_digit() => Some(severity::TRACE),
        capitals => of_word(capitals),
    }
}

/// The severity of a syslog priority, whose lowest three bits are the level.
pub(super) fn of_priority(priority: u32) -> u8 {
    match priority & 7 {
        0..=2 => severity::FATAL,
        3 => severity::ERROR,
        4 => severity::WARN,
        5 | 6 => severity::INFO,
        _ => severity::DEBUG,
    }
}

/// The severity of a level as pino and bunyan number them, 10 to 60.
pub(super) fn of_number(digits: &[u8]) -> Option<u8> {
    match digits {
        b"10" => Some(severity::TRACE),
        b"20" => Some(severity::DEBUG),
        b"30" => Some(severity::INFO),
        b"40" => Some(severity::WARN),
        b"50" => Some(severity::ERROR),
        b"60" => Some(severity::FATAL),
        _ => None,
    }
}

/// Looks for a level among the first words of a message: `ERROR`, `ERROR:`, `[error]` or `level=error`.
pub(super) fn find(message: &[u8]) -> u8 {
    let tokens = message.split(|byte| is_blank(*byte)).filter(|token| !token.is_empty());
    tokens.take(TOKENS_MAX).find_map(of_token).unwrap_or(severity::UNKNOWN)
}

fn of_token(token: &[u8]) -> Option<u8> {
    match token {
        [b'[', inner @ .., b']'] | [b'[', inner @ .., b']', b':'] => of_field(inner),
        [b'l', b'e', b'v', b'e', b'l', b'=', value @ ..] | [b'l', b'v', b'l', b'=', value @ ..] => {
            let value = value.strip_prefix(b"\"").unwrap_or(value);
            of_field(value.strip_suffix(b"\"").unwrap_or(value))
        }
        [first, ..] if first.is_ascii_uppercase() => {
            let end = token.iter().position(|byte| *byte == b':').unwrap_or(token.len());
            of_word(&token[..end])
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_whole_words_near_the_front() {
        let cases: [(&str, u8); 18] = [
            ("ERROR disk full", severity::ERROR),
            ("a b c WARNING: low", severity::WARN),
            ("a b c d e FATAL", severity::UNKNOWN),
            ("[error] x", severity::ERROR),
            ("[Warn]: x", severity::WARN),
            ("x  level=debug", severity::DEBUG),
            ("x lvl=\"crit\"", severity::FATAL),
            ("WARNING:root:text", severity::WARN),
            ("error x", severity::UNKNOWN),
            ("ERRORS x", severity::UNKNOWN),
            ("NO_ERROR x", severity::UNKNOWN),
            ("(ERROR) x", severity::UNKNOWN),
            ("sublevel=error", severity::UNKNOWN),
            ("[trace3] x", severity::TRACE),
            ("[]", severity::UNKNOWN),
            ("", severity::UNKNOWN),
            ("NOTICE", severity::INFO),
            ("[averyveryverylongword]", severity::UNKNOWN),
        ];
        for (message, expected) in cases {
            assert_eq!(find(message.as_bytes()), expected, "{message}");
        }
    }
}
