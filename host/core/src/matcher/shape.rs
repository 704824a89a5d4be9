//! An expression as a list of branches, each a list of parts in a row.
//!
//! What is asked of a text is whether there is a match, not which. So groups mean nothing, what a branch may have or
//! not at either end goes, and `x+` at an end is `x`.

use std::ops::Deref;
use std::rc::Rc;

use regex_syntax::hir::{Hir, HirKind, Repetition};

/// Most branches of one expression; beyond it, alternatives stay together.
const BRANCHES_MAX: usize = 64;

/// A part of an expression: as it was written, or made of what was.
#[derive(Debug, Clone)]
pub(super) enum Part<'a> {
    Written(&'a Hir),
    Made(Rc<Hir>),
}

impl Deref for Part<'_> {
    type Target = Hir;

    fn deref(&self) -> &Hir {
        match self {
            Part::Written(part) => part,
            Part::Made(part) => part,
        }
    }
}

/// Parts that a match has one after the other.
pub(super) type Parts<'a> = Vec<Part<'a>>;

/// The parts as one expression.
pub(super) fn joined(parts: &[Part<'_>]) -> Hir {
    Hir::concat(parts.iter().map(|part| (**part).clone()).collect())
}

/// The branches of an expression: it matches where any of them does.
pub(super) fn branches(syntax: &Hir) -> Vec<Parts<'_>> {
    let mut found = Vec::new();
    collect(syntax, &mut found);
    found
}

fn collect<'a>(syntax: &'a Hir, found: &mut Vec<Parts<'a>>) {
    let mut parts = Vec::new();
    flatten(syntax, &mut parts);
    trim(&mut parts);
    if let [Part::Written(only)] = parts[..]
        && let HirKind::Alternation(branches) = only.kind()
        && found.len() + branches.len() <= BRANCHES_MAX
    {
        branches.iter().for_each(|branch| collect(branch, found));
        return;
    }
    found.push(parts);
}

/// Splits one branch at the alternation at a place into several; `None` where there is none.
pub(super) fn distribute<'a>(parts: &Parts<'a>, place: usize) -> Option<Vec<Parts<'a>>> {
    let Part::Written(part) = parts[place] else { return None };
    let HirKind::Alternation(branches) = part.kind() else { return None };
    let joined = |branch: &'a Hir| {
        let mut one = parts[..place].to_vec();
        flatten(branch, &mut one);
        one.extend_from_slice(&parts[place + 1..]);
        trim(&mut one);
        one
    };
    (branches.len() <= BRANCHES_MAX).then(|| branches.iter().map(joined).collect())
}

/// Lists what stands in a row; of `x{2,}` the repetition comes first and then what must be there.
fn flatten<'a>(syntax: &'a Hir, parts: &mut Parts<'a>) {
    match syntax.kind() {
        HirKind::Empty => {}
        HirKind::Capture(capture) => flatten(&capture.sub, parts),
        HirKind::Concat(list) => list.iter().for_each(|part| flatten(part, parts)),
        HirKind::Repetition(repetition)
            if repetition.min > 0 && repetition.max != Some(repetition.min) =>
        {
            let rest = repetition.max.map(|max| max - repetition.min);
            parts.push(repeat(repetition, 0, rest));
            match repetition.min {
                1 => parts.push(Part::Written(&repetition.sub)),
                min => parts.push(repeat(repetition, min, Some(min))),
            }
        }
        _ => parts.push(Part::Written(syntax)),
    }
}

fn repeat<'a>(repetition: &Repetition, min: u32, max: Option<u32>) -> Part<'a> {
    Part::Made(Rc::new(Hir::repetition(Repetition { min, max, ..repetition.clone() })))
}

/// Takes from both ends what may as well be missing.
fn trim(parts: &mut Parts<'_>) {
    let needless_ones = parts.iter().take_while(|part| needless(part)).count();
    parts.drain(..needless_ones);
    loop {
        // At the end, what must be there comes first: `x*xx` is `xxx*`.
        if let [.., before, last] = &parts[..]
            && needless(before)
            && same(before, last)
        {
            let place = parts.len() - 2;
            parts.remove(place);
        } else if parts.last().is_some_and(|part| needless(part)) {
            parts.pop();
        } else {
            break;
        }
    }
}

/// Whether both repeat the same; a repetition of exactly one is the thing itself.
fn same(optional: &Hir, required: &Hir) -> bool {
    let HirKind::Repetition(optional) = optional.kind() else { return false };
    match required.kind() {
        HirKind::Repetition(required) => required.sub == optional.sub,
        _ => *required == *optional.sub,
    }
}

/// Whether a match with it is one without it too.
fn needless(part: &Hir) -> bool {
    let properties = part.properties();
    properties.minimum_len() == Some(0) && properties.look_set().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::Expression;
    use crate::plugin::PatternKind;

    fn check(source: &str, expected: &[&str]) {
        let expression = Expression::new(PatternKind::Regex, source).unwrap();
        let found: Vec<String> =
            branches(expression.syntax()).iter().map(|parts| joined(parts).to_string()).collect();
        let alike: Vec<String> = expected
            .iter()
            .map(|source| {
                let expression = Expression::new(PatternKind::Regex, source).unwrap();
                expression.syntax().to_string()
            })
            .collect();
        assert_eq!(found, alike, "{source}");
    }

    #[test]
    fn branches_have_no_needless_ends() {
        check("failed( at \\d+)?", &["failed"]);
        check("(a|b+x)?yy\\w*", &["yy"]);
        check("((foo)|(bar(baz|qux)))", &["foo", "bar(?:baz|qux)"]);
        check("exit \\d+", &["exit \\d"]);
        check("\\d{3,}", &["\\d{3}"]);
        check("\\d+ms", &["\\dms"]);
        check("x\\d{2,}ms", &["x\\d*\\d{2}ms"]);
        check("\\bfoo\\b", &["\\bfoo\\b"]);
        check("x(a|b)+", &["x(a|b)"]);
    }
}
