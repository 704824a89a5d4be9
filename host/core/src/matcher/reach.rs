//! How far a match can go: so that of a row of a megabyte no more is looked at than what may matter.
//!
//! `\[\d+\]: .{0,80}` has no longest match. Yet a match of more than some hundred bytes has a long run of digits in it,
//! and whether there is one is seen at once.

use regex_syntax::hir::{Hir, HirKind};

use super::bytes::ByteSet;

/// Bytes of a run that is called long: at first, and where that says nothing.
pub(super) const RUN_BYTES: usize = 256;
pub(super) const LONG_RUN_BYTES: usize = 4096;

/// How many bytes a match takes at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reach {
    /// Most bytes without the loops.
    bytes: usize,
    /// How many there are.
    loops: usize,
    /// What can go on for ever.
    looped: ByteSet,
}

impl Reach {
    /// No byte.
    pub(super) const NOTHING: Reach = Reach::of(0);
    /// No end is known.
    pub(super) const EVERYTHING: Reach = Reach::of(usize::MAX);

    const fn of(bytes: usize) -> Reach {
        Reach { bytes, loops: 0, looped: ByteSet::EMPTY }
    }

    /// How far a match of an expression can go.
    pub(super) fn new(syntax: &Hir) -> Reach {
        if let Some(bytes) = syntax.properties().maximum_len() {
            return Reach::of(bytes);
        }
        match syntax.kind() {
            HirKind::Capture(capture) => Reach::new(&capture.sub),
            // Alternatives are added up as well: that is too much, and simple.
            HirKind::Concat(parts) | HirKind::Alternation(parts) => {
                parts.iter().map(Reach::new).fold(Reach::NOTHING, Reach::and)
            }
            HirKind::Repetition(repetition) => match (repetition.max, repetition.sub.kind()) {
                (Some(max), _) => Reach::new(&repetition.sub).times(max as usize),
                (None, HirKind::Class(class)) => ByteSet::of_class(class)
                    .map_or(Reach::EVERYTHING, |looped| Reach { bytes: 0, loops: 1, looped }),
                (None, _) => Reach::EVERYTHING,
            },
            _ => Reach::EVERYTHING,
        }
    }

    fn and(self, other: Reach) -> Reach {
        Reach {
            bytes: self.bytes.saturating_add(other.bytes),
            loops: self.loops.saturating_add(other.loops),
            looped: self.looped.union(&other.looped),
        }
    }

    fn times(self, count: usize) -> Reach {
        let (bytes, loops) = (self.bytes.saturating_mul(count), self.loops.saturating_mul(count));
        Reach { bytes, loops, ..self }
    }

    /// Most bytes of a match in which no loop has a run of so many bytes.
    pub(super) fn bytes(&self, run_bytes: usize) -> usize {
        self.bytes.saturating_add(self.loops.saturating_mul(run_bytes))
    }

    /// Whether no loop can have a run of so many of these bytes.
    pub(super) fn holds(&self, run_bytes: usize, bytes: &[u8]) -> bool {
        let mut run = 0;
        bytes.iter().all(|byte| {
            run = if self.looped.contains(*byte) { run + 1 } else { 0 };
            run < run_bytes
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::Expression;
    use crate::plugin::PatternKind;

    fn reach(source: &str) -> Reach {
        Reach::new(Expression::new(PatternKind::Regex, source).unwrap().syntax())
    }

    #[test]
    fn what_goes_on_for_ever_is_what_loops() {
        assert_eq!(reach("abc.{0,80}"), Reach::of(83));
        let looped = reach("\\[\\d+\\]: .{0,80}(x|[0-4]*y)");
        assert_eq!(looped.bytes(100), 2 * 100 + 86);
        assert!(looped.looped.contains(b'7') && !looped.looped.contains(b'x'));
        assert_eq!(reach("(ab)+"), Reach::EVERYTHING);
        assert_eq!(reach("a(\\d+ ){2}").bytes(100), 2 * 100 + 3);
    }

    #[test]
    fn long_runs_of_it_reach_beyond() {
        let reach = reach("\\d+x");
        for (digits, holds) in [(RUN_BYTES - 1, true), (RUN_BYTES, false)] {
            let bytes = ["1".repeat(digits), "1".repeat(digits)].join("-");
            assert_eq!(reach.holds(RUN_BYTES, bytes.as_bytes()), holds);
        }
    }
}
