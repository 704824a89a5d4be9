//! Text from logs, made harmless: no byte of it may steer a terminal.

use std::fmt::Write;

/// Replaces control characters and those that turn the direction of writing by visible escapes.
pub(crate) fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character == '\n' {
            out.push_str("\\n");
        } else if steers(character) {
            // Writing to a string cannot fail.
            let _ = write!(out, "\\u{{{:x}}}", u32::from(character));
        } else {
            out.push(character);
        }
    }
    out
}

/// Whether a terminal may take the character for a command.
pub(crate) fn steers(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal() {
        let cases = [
            ("plain täxt", "plain täxt"),
            ("\x1b[2Jgone", "\\u{1b}[2Jgone"),
            ("a\u{9b}31m", "a\\u{9b}31m"),
            ("nul\0 tab\t bell\x07", "nul\\u{0} tab\\u{9} bell\\u{7}"),
            ("\u{202e}evil", "\\u{202e}evil"),
            ("fault\n at rate", "fault\\n at rate"),
        ];
        for (text, expected) in cases {
            assert_eq!(safe(text), expected);
        }
    }
}
