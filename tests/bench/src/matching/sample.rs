//! Texts that an expression matches, drawn from its own syntax tree.

use super::chance::Chance;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

/// Repetitions above the least number.
const MORE_MAX: usize = 3;

/// The tree of an expression, read as the matcher reads it.
pub(super) fn syntax(source: &str) -> Result<Hir, Box<regex_syntax::Error>> {
    let mut parser = ParserBuilder::new().unicode(false).utf8(false).multi_line(true).build();
    parser.parse(source).map_err(Box::new)
}

/// A text. What looks around itself may still keep it from matching.
pub(super) fn sample(hir: &Hir, chance: &mut Chance, text: &mut Vec<u8>) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.extend_from_slice(&literal.0),
        HirKind::Class(class) => text.extend(byte_of(class, chance)),
        HirKind::Repetition(repetition) => {
            let least = repetition.min as usize;
            let most = repetition.max.map_or(usize::MAX, |most| most as usize);
            let most = most.min(least + MORE_MAX);
            for _ in 0..least + chance.up_to(most - least + 1) - 1 {
                sample(&repetition.sub, chance, text);
            }
        }
        HirKind::Capture(capture) => sample(&capture.sub, chance, text),
        HirKind::Concat(parts) => parts.iter().for_each(|part| sample(part, chance, text)),
        HirKind::Alternation(branches) => {
            sample(&branches[chance.up_to(branches.len()) - 1], chance, text);
        }
    }
}

/// A byte that can stand in a line, rather a letter or a digit than a sign.
fn byte_of(class: &Class, chance: &mut Chance) -> Option<u8> {
    let Class::Bytes(class) = class else { return None };
    let all = || class.ranges().iter().flat_map(|range| range.start()..=range.end());
    let plain: Vec<u8> = all().filter(|byte| byte.is_ascii_alphanumeric()).collect();
    let bytes = match plain.is_empty() {
        true => all().filter(|byte| (b' '..0x7f).contains(byte) || *byte == b'\t').collect(),
        false => plain,
    };
    (!bytes.is_empty()).then(|| bytes[chance.up_to(bytes.len()) - 1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex::bytes::RegexBuilder;

    #[test]
    fn samples_match_what_they_were_drawn_from() {
        let sources =
            [r"(?i)failed (?:to|in) \d{3,}", r"^[A-Z]{2}-\d+: .*end$", r"(a|b)?[^\s]+\sx"];
        let mut chance = Chance::new(7);
        for source in sources {
            let hir = syntax(source).expect("it can be read");
            let regex = RegexBuilder::new(source).unicode(false).build().expect("it compiles");
            for _ in 0..50 {
                let mut text = Vec::new();
                sample(&hir, &mut chance, &mut text);
                assert!(regex.is_match(&text), "{source}: {}", text.escape_ascii());
            }
        }
    }
}
