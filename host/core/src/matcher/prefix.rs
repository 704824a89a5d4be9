//! How a match must begin: a set of needles of which every match starts with one.

use regex_syntax::hir::{Hir, HirKind, Repetition};

use super::bytes::{ByteSet, ClassString};

/// Most needles of one set.
const NEEDLES_MAX: usize = 32;
/// Longest needle.
pub(super) const NEEDLE_BYTES_MAX: usize = 32;
/// Repetitions of more bytes than these tell nothing about what follows them.
const NARROW: usize = 16;

/// Needles, and whether a needle is all that the rest of a match needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Prefixes {
    pub(super) needles: Vec<ClassString>,
    /// Whether nothing but the needle is left to be looked at.
    pub(super) complete: bool,
}

impl Prefixes {
    /// What is left at the end of an expression: nothing.
    pub(super) fn end() -> Prefixes {
        Prefixes { needles: vec![ClassString::new()], complete: true }
    }

    /// Nothing is known.
    fn unknown() -> Prefixes {
        Prefixes { complete: false, ..Prefixes::end() }
    }

    /// How a match of `syntax` begins that is followed by a match of what `self` says.
    pub(super) fn before(self, syntax: &Hir) -> Prefixes {
        match syntax.kind() {
            HirKind::Empty => self,
            HirKind::Look(_) => Prefixes { complete: false, ..self },
            HirKind::Literal(literal) => {
                let literal: ClassString = literal.0.iter().map(|&b| ByteSet::of(b)).collect();
                self.behind(&literal)
            }
            HirKind::Class(class) => match ByteSet::of_class(class) {
                Some(set) => self.behind(&[set]),
                None => Prefixes::unknown(),
            },
            HirKind::Capture(capture) => self.before(&capture.sub),
            HirKind::Concat(parts) => parts.iter().rev().fold(self, Prefixes::before),
            HirKind::Alternation(branches) => {
                let mut all = Prefixes { needles: Vec::new(), complete: true };
                branches.iter().for_each(|branch| all.join(self.clone().before(branch)));
                all.limit();
                all
            }
            HirKind::Repetition(repetition) => self.before_repetition(repetition),
        }
    }

    fn before_repetition(self, repetition: &Repetition) -> Prefixes {
        let sub = &repetition.sub;
        let mut rest = self;
        if repetition.max != Some(repetition.min) {
            let broad = match sub.kind() {
                HirKind::Class(class) => {
                    ByteSet::of_class(class).is_none_or(|set| set.len() > NARROW)
                }
                _ => false,
            };
            let once = repetition.max == Some(repetition.min + 1);
            if broad && !once {
                rest = Prefixes::unknown();
            } else {
                let follows = if once { rest.clone() } else { Prefixes::unknown() };
                rest.join(follows.before(sub));
                rest.limit();
            }
        }
        for _ in 0..(repetition.min as usize).min(NEEDLE_BYTES_MAX) {
            rest = rest.before(sub);
        }
        Prefixes { complete: rest.complete && repetition.min as usize <= NEEDLE_BYTES_MAX, ..rest }
    }

    /// Puts some bytes in front of every needle.
    fn behind(mut self, front: &[ByteSet]) -> Prefixes {
        let mut cut = false;
        for needle in &mut self.needles {
            needle.splice(0..0, front.iter().copied());
            cut |= needle.len() > NEEDLE_BYTES_MAX;
            needle.truncate(NEEDLE_BYTES_MAX);
        }
        self.complete &= !cut;
        // What was told apart by its end may be the same now.
        if cut {
            self.limit();
        }
        self
    }

    /// Takes in what another branch says. Far too many are limited at once: each is compared with all others.
    fn join(&mut self, other: Prefixes) {
        self.needles.extend(other.needles);
        self.complete &= other.complete;
        if self.needles.len() > 2 * NEEDLES_MAX {
            self.limit();
        }
    }

    /// Drops what others say already, and shortens needles until they are few enough.
    fn limit(&mut self) {
        self.drop_covered();
        let mut len = NEEDLE_BYTES_MAX;
        while self.needles.len() > NEEDLES_MAX {
            len /= 2;
            self.needles.iter_mut().for_each(|needle| needle.truncate(len));
            self.complete = false;
            self.drop_covered();
        }
    }

    /// A needle that begins as a shorter and wider one says nothing new.
    fn drop_covered(&mut self) {
        self.needles.sort_by_key(Vec::len);
        let mut kept: Vec<ClassString> = Vec::new();
        for needle in self.needles.drain(..) {
            let known = kept.iter().any(|other| {
                other.len() <= needle.len()
                    && other.iter().zip(&needle).all(|(wide, narrow)| wide.covers(narrow))
            });
            if !known {
                kept.push(needle);
            }
        }
        self.needles = kept;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_branches_before_many_others_stay_few() {
        let words = |count: usize| {
            let all = (b'a'..=b'z').flat_map(|one| (b'a'..=b'z').map(move |two| [one, two]));
            all.take(count).map(|word| Prefixes::end().behind(&word.map(ByteSet::of)))
        };
        let mut all = Prefixes { needles: Vec::new(), complete: true };
        for (joined, branch) in words(600).enumerate() {
            all.join(branch);
            assert!(all.needles.len() <= 2 * NEEDLES_MAX, "{} of {joined}", all.needles.len());
        }
        all.limit();
        assert!((1..=NEEDLES_MAX).contains(&all.needles.len()) && !all.complete);
        // What is left says of each branch how it begins.
        for branch in words(600) {
            let begins = |needle: &ClassString| branch.needles[0].starts_with(needle);
            assert!(all.needles.iter().any(begins), "{branch:?}");
        }
    }
}
