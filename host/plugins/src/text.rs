//! Text from outside, made safe to print.

/// Escapes what could steer a terminal or break a line, and cuts the text to about `bytes_max` bytes.
pub(crate) fn clean(text: &str, bytes_max: usize) -> String {
    let mut clean = String::with_capacity(text.len().min(bytes_max));
    for character in text.chars() {
        if clean.len() + character.len_utf8() > bytes_max {
            clean.push('…');
            break;
        }
        if steers(character) {
            clean.extend(character.escape_default());
        } else {
            clean.push(character);
        }
    }
    clean
}

/// Control characters, line separators and marks that turn the direction of writing.
fn steers(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_cut() {
        let cases = [
            ("plain", 80, "plain"),
            ("a\nb\r\u{1b}[31m", 80, "a\\nb\\r\\u{1b}[31m"),
            ("\u{202e}evil", 80, "\\u{202e}evil"),
            ("größer", 80, "größer"),
            ("abcdef", 3, "abc…"),
            ("äöü", 3, "ä…"),
            ("", 0, ""),
        ];
        for (text, bytes_max, expected) in cases {
            assert_eq!(clean(text, bytes_max), expected, "{text:?}");
        }
    }
}
