//! The bytes an expression cannot do without.
//!
//! If an expression matches a text, then the text contains at least one of the literals found here, whatever the case
//! of ASCII letters. Only that direction holds: a literal in the text proves nothing.

use std::cmp::Reverse;

use regex_syntax::hir::literal::{Extractor, Seq};
use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, Dot, Hir, HirKind, Repetition};

/// Shorter literals occur in too many lines to save anything.
const LITERAL_BYTES_MIN: usize = 3;
/// Beyond this length a literal is not better than another.
const LITERAL_BYTES_ENOUGH: usize = 8;
/// Most literals one expression may bring.
const LITERALS_MAX: usize = 64;
/// Most parts of a sequence that are looked at together.
const PARTS_MAX: usize = 16;

/// Finds lower-case literals of which every match contains at least one; `None` where there are no useful ones.
pub(super) fn required(syntax: &Hir) -> Option<Vec<Vec<u8>>> {
    search(&fold(syntax))
}

/// Rewrites an expression so that it accepts the lower-cased form of all that it accepted.
///
/// Assertions hold everywhere in the result, so it accepts more; that is the safe side. Folding first is what makes
/// long literals of `(?i)` expressions: each letter is one letter again instead of a choice of two.
fn fold(syntax: &Hir) -> Hir {
    match syntax.kind() {
        HirKind::Empty | HirKind::Look(_) => Hir::empty(),
        HirKind::Literal(literal) => Hir::literal(literal.0.to_ascii_lowercase()),
        HirKind::Class(Class::Bytes(class)) => Hir::class(Class::Bytes(fold_class(class))),
        // Only expressions that ask for Unicode have these; they stand for one to four bytes.
        HirKind::Class(Class::Unicode(_)) => Hir::repetition(Repetition {
            min: 1,
            max: Some(4),
            greedy: true,
            sub: Box::new(Hir::dot(Dot::AnyByte)),
        }),
        HirKind::Repetition(repetition) => {
            Hir::repetition(Repetition { sub: Box::new(fold(&repetition.sub)), ..*repetition })
        }
        HirKind::Capture(capture) => fold(&capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(fold).collect()),
        HirKind::Alternation(branches) => Hir::alternation(branches.iter().map(fold).collect()),
    }
}

fn fold_class(class: &ClassBytes) -> ClassBytes {
    let bytes = class.ranges().iter().flat_map(|range| range.start()..=range.end());
    ClassBytes::new(bytes.map(|byte| {
        let byte = byte.to_ascii_lowercase();
        ClassBytesRange::new(byte, byte)
    }))
}

/// The best set among those of the expression itself and of all parts that every match must pass.
fn search(syntax: &Hir) -> Option<Vec<Vec<u8>>> {
    let mut best = prefixes(syntax);
    match syntax.kind() {
        HirKind::Concat(parts) => {
            for (index, part) in parts.iter().enumerate() {
                let end = parts.len().min(index + PARTS_MAX);
                let rest = Hir::concat(parts[index..end].to_vec());
                best = better(best, prefixes(&rest));
                best = better(best, search(part));
            }
        }
        HirKind::Repetition(repetition) if repetition.min > 0 => {
            best = better(best, search(&repetition.sub));
        }
        HirKind::Alternation(branches) => {
            let sets: Option<Vec<_>> = branches.iter().map(search).collect();
            best = better(best, sets.and_then(|sets| usable(sets.into_iter().flatten().collect())));
        }
        _ => {}
    }
    best
}

fn prefixes(syntax: &Hir) -> Option<Vec<Vec<u8>>> {
    let sequence: Seq = Extractor::new().limit_total(LITERALS_MAX).extract(syntax);
    usable(sequence.literals()?.iter().map(|literal| literal.as_bytes().to_vec()).collect())
}

fn usable(mut literals: Vec<Vec<u8>>) -> Option<Vec<Vec<u8>>> {
    literals.sort_unstable();
    literals.dedup();
    let good = (1..=LITERALS_MAX).contains(&literals.len())
        && literals.iter().all(|literal| literal.len() >= LITERAL_BYTES_MIN);
    good.then_some(literals)
}

fn better(one: Option<Vec<Vec<u8>>>, other: Option<Vec<Vec<u8>>>) -> Option<Vec<Vec<u8>>> {
    let worth = |literals: &Vec<Vec<u8>>| {
        let shortest = literals.iter().map(Vec::len).min().unwrap_or(0);
        (shortest.min(LITERAL_BYTES_ENOUGH), Reverse(literals.len()))
    };
    match (one, other) {
        (Some(one), Some(other)) => Some(if worth(&other) > worth(&one) { other } else { one }),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::Expression;
    use crate::plugin::PatternKind;

    fn check(source: &str, expected: &[&str]) {
        let expression = Expression::new(PatternKind::Regex, source).unwrap();
        let found = required(expression.syntax()).unwrap_or_default();
        let found: Vec<_> = found.iter().map(|literal| String::from_utf8_lossy(literal)).collect();
        assert_eq!(found, expected, "{source}");
    }

    #[test]
    fn literals_are_the_longest_that_every_match_contains() {
        check("Out of memory", &["out of memory"]);
        check("(?i)OUT OF memory", &["out of memory"]);
        check(r"\w+\[\d+\]: segfault at", &["]: segfault at"]);
        check(r"(?i)\b(failed|refused)\b", &["failed", "refused"]);
        check(r"\d+ (read|write) error", &[" read error", " write error"]);
        check(r"(a.*failure|[0-9]+ errors)", &[" errors", "failure"]);
        check(r"(no space left)+", &["no space left"]);
        check(r"disk (full)?", &["disk "]);
        check(r"x{3}yz", &["xxxyz"]);
    }

    #[test]
    fn expressions_without_a_useful_literal_have_none() {
        for source in [r"\d{7,}ms?", r"[A-Z]{2,5}-\d+", r"(failed)?.", r"foo|.", r"(?u)\pL+", "xy"]
        {
            check(source, &[]);
        }
    }
}
