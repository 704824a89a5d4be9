//! What surrounds a needle, as a table that one byte at a time is looked up in.

use std::sync::{Arc, OnceLock};

use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_automata::{Anchored, MatchKind};
use regex_syntax::hir::{Hir, HirKind, Repetition};

use super::automata::Automata;
use super::reach::{RUN_BYTES, Reach};

/// Largest table of another kind that is made on the way, in bytes.
const DENSE_BYTES_MAX: usize = 1 << 18;
/// Most states of such a table: from more of them no minimizing makes few enough in a time worth spending.
const DENSE_STATES_MAX: usize = 1024;
/// Most states, so that each fits a byte: what surrounds a needle is small, or as well left to the expression itself.
const STATES_MAX: usize = 256;
/// Repetitions counted further than this are not counted where a side is too large otherwise.
const REPETITIONS_MAX: u32 = 16;
/// As many of them must still be there.
const REPETITIONS_MIN: u32 = 4;
/// Bytes in front of the states, a class for each value of a byte.
const CLASSES: usize = 256;
/// The state from which nothing matches.
const DEAD: u8 = 0;
/// The state that has matched.
const MATCHED: u8 = 1;
/// Kinds of neighbours that decide where to begin, each with a byte that is one.
const NEIGHBOURS: [Option<u8>; 5] = [None, Some(b'\n'), Some(b'a'), Some(b'\r'), Some(b' ')];

/// One side of a needle; its table is made when it is needed first, as most never are.
#[derive(Debug)]
pub(super) struct Side {
    syntax: Hir,
    backwards: bool,
    automaton: OnceLock<Option<Arc<Automaton>>>,
}

/// A table of classes and states, in one piece as it is mostly not in the cache.
#[derive(Debug)]
pub(super) struct Automaton {
    /// The class of each byte, then for each state the next one by class.
    table: Box<[u8]>,
    /// States are this far apart.
    width: usize,
    starts: [u8; NEIGHBOURS.len()],
    /// Class of the end of a text.
    end: u8,
    /// How far a match can go.
    reach: Reach,
    /// Whether it has no more matches than the side, as it has where repetitions were loosened.
    exact: bool,
    /// A state that few bytes leave, as that of `.*` does in front of a word, and these bytes.
    gap: Option<(u8, [u8; 3])>,
}

/// What a walk says, and how many bytes it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Walk {
    /// `None` where the side is too large for a table that could say so.
    pub(super) matches: Option<bool>,
    pub(super) bytes: usize,
}

impl Side {
    /// What must follow from a place on.
    pub(super) fn forwards(syntax: Hir) -> Side {
        Side::new(syntax, false)
    }

    /// What must end at a place.
    pub(super) fn backwards(syntax: Hir) -> Side {
        Side::new(syntax, true)
    }

    fn new(syntax: Hir, backwards: bool) -> Side {
        Side { syntax, backwards, automaton: OnceLock::new() }
    }

    /// How far it can go.
    pub(super) fn reach(&self) -> Reach {
        Reach::new(&self.syntax)
    }

    /// Makes ready for walks.
    pub(super) fn prepare(&self, automata: &Automata) {
        self.automaton(automata);
    }

    /// What it is walked by; without one, a walk says nothing.
    fn automaton(&self, automata: &Automata) -> Option<&Automaton> {
        let find = || automata.of(&self.syntax, self.backwards);
        self.automaton.get_or_init(find).as_deref()
    }

    /// Whether the text before or behind a place is as it must be.
    pub(super) fn walk(&self, automata: &Automata, text: &[u8], at: usize) -> Walk {
        let Some(automaton) = self.automaton(automata) else {
            return Walk { matches: None, bytes: 0 };
        };
        // One byte more decides whether a word or a line ends there.
        let most = automaton.reach.bytes(RUN_BYTES).saturating_add(1);
        let (part, neighbour) = if self.backwards {
            (at.saturating_sub(most)..at, text.get(at))
        } else {
            (at..text.len().min(at.saturating_add(most)), at.checked_sub(1).map(|at| &text[at]))
        };
        let is_cut = if self.backwards { part.start > 0 } else { part.end < text.len() };
        let part = &text[part];
        let (matches, bytes) = automaton.walk(neighbour.copied(), part, (self.backwards, is_cut));
        let is_known = if matches {
            automaton.exact
        } else {
            !is_cut || bytes < part.len() || automaton.reach.holds(RUN_BYTES, part)
        };
        Walk { matches: is_known.then_some(matches), bytes }
    }
}

impl Automaton {
    /// Bytes that it holds.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Automaton>() + self.table.len()
    }

    /// A table for a side, or one that matches wherever the side does.
    pub(super) fn of(syntax: &Hir, backwards: bool) -> Option<Automaton> {
        let exact = Automaton::new(syntax, backwards);
        let own = exact.or_else(|| {
            let loose = Automaton::new(&loosened(syntax), backwards)?;
            Some(Automaton { exact: false, ..loose })
        })?;
        // Where repetitions were loosened, it is the side that says how far they go.
        Some(Automaton { reach: Reach::new(syntax), ..own })
    }

    fn new(syntax: &Hir, backwards: bool) -> Option<Automaton> {
        Automaton::flatten(&dense(syntax, backwards)?)
    }

    /// Numbers the states anew: the first is dead, the second has matched, and no byte leaves either.
    fn flatten(dense: &dense::DFA<Vec<u32>>) -> Option<Automaton> {
        let classes = dense.byte_classes();
        let end = u8::try_from(classes.eoi().as_usize()).ok()?;
        let width = usize::from(end) + 1;
        let mut states: Vec<StateID> = Vec::new();
        let number = |state: StateID, states: &mut Vec<StateID>| {
            if dense.is_dead_state(state) {
                return Some(DEAD);
            }
            if dense.is_match_state(state) {
                return Some(MATCHED);
            }
            let known = states.iter().position(|&known| known == state);
            let place = known.unwrap_or_else(|| {
                states.push(state);
                states.len() - 1
            });
            (place + 2 < STATES_MAX).then(|| (place + 2) as u8)
        };
        let mut starts = [DEAD; NEIGHBOURS.len()];
        for (start, neighbour) in starts.iter_mut().zip(NEIGHBOURS) {
            let config = start::Config::new().anchored(Anchored::Yes).look_behind(neighbour);
            *start = number(dense.start_state(&config).ok()?, &mut states)?;
        }
        let mut table: Vec<u8> = (0..=255).map(|byte| classes.get(byte)).collect();
        table.resize(CLASSES + width, DEAD);
        table.resize(CLASSES + 2 * width, MATCHED);
        let mut done = 0;
        while done < states.len() {
            let state = states[done];
            let row = table.len();
            table.resize(row + width, DEAD);
            for byte in classes.representatives(0..=255).filter_map(|unit| unit.as_u8()) {
                let next = number(dense.next_state(state, byte), &mut states)?;
                table[row + usize::from(classes.get(byte))] = next;
            }
            table[row + usize::from(end)] = number(dense.next_eoi_state(state), &mut states)?;
            done += 1;
        }
        let (table, reach) = (table.into(), Reach::EVERYTHING);
        let mut own = Automaton { table, width, starts, end, reach, exact: true, gap: None };
        let mut states = (0..states.len()).map(|place| place as u8 + 2);
        own.gap = states.find_map(|state| Some((state, own.few_exits(state)?)));
        Some(own)
    }

    /// The bytes that leave a state, if they are one to three; one of them more than once if they are fewer.
    fn few_exits(&self, state: u8) -> Option<[u8; 3]> {
        let leaves = |byte: &u8| self.next(state, *byte) != state;
        let exits: Vec<u8> = (0..=255).filter(leaves).take(4).collect();
        match exits[..] {
            [one] => Some([one; 3]),
            [one, two] => Some([one, two, two]),
            [one, two, three] => Some([one, two, three]),
            _ => None,
        }
    }

    fn next(&self, state: u8, byte: u8) -> u8 {
        self.table[self.row(state) + usize::from(self.table[usize::from(byte)])]
    }

    fn row(&self, state: u8) -> usize {
        CLASSES + usize::from(state) * self.width
    }

    /// Whether it matches, and how many bytes that took; a text that is cut has no end that could match.
    fn walk(
        &self,
        neighbour: Option<u8>,
        text: &[u8],
        (backwards, is_cut): (bool, bool),
    ) -> (bool, usize) {
        let mut state = self.starts[kind(neighbour)];
        let mut left = text;
        while state > MATCHED {
            let row = self.row(state);
            if let Some((gap, exits)) = self.gap
                && gap == state
            {
                left = leap(left, exits, backwards);
            }
            // A state that stays is left by a branch and not by looking up the next one: so the processor goes on
            // before it knows.
            state = loop {
                let step = if backwards { left.split_last() } else { left.split_first() };
                let Some((&byte, rest)) = step else {
                    let ends = !is_cut && self.table[row + usize::from(self.end)] == MATCHED;
                    return (ends, text.len());
                };
                left = rest;
                let next = self.table[row + usize::from(self.table[usize::from(byte)])];
                if next != state {
                    break next;
                }
            };
        }
        (state == MATCHED, text.len() - left.len())
    }
}

/// The same without long counted repetitions, each of which takes a state: `x{0,300}` becomes `x*`.
fn loosened(syntax: &Hir) -> Hir {
    let each = |parts: &[Hir]| parts.iter().map(loosened).collect();
    match syntax.kind() {
        HirKind::Repetition(repetition) => {
            let (min, max) = (repetition.min, repetition.max);
            let sub = Box::new(loosened(&repetition.sub));
            let short = max.unwrap_or(min) <= REPETITIONS_MAX;
            let (min, max) = if short { (min, max) } else { (min.min(REPETITIONS_MIN), None) };
            Hir::repetition(Repetition { min, max, sub, greedy: repetition.greedy })
        }
        HirKind::Capture(capture) => loosened(&capture.sub),
        HirKind::Concat(parts) => Hir::concat(each(parts)),
        HirKind::Alternation(branches) => Hir::alternation(each(branches)),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => {
            syntax.clone()
        }
    }
}

/// A table of the other kind with as few states as there can be; `None` where it would be too large on the way.
fn dense(syntax: &Hir, backwards: bool) -> Option<dense::DFA<Vec<u32>>> {
    let nfa = thompson::Compiler::new()
        .configure(
            thompson::Config::new()
                .utf8(false)
                .reverse(backwards)
                .which_captures(WhichCaptures::None)
                .nfa_size_limit(Some(DENSE_BYTES_MAX)),
        )
        .build_from_hir(syntax)
        .ok()?;
    let row_bytes = nfa.byte_classes().alphabet_len().next_power_of_two() * size_of::<StateID>();
    let config = dense::Config::new()
        .match_kind(MatchKind::All)
        .start_kind(StartKind::Anchored)
        // It is minimized only once all its states are there, and within the limit.
        .minimize(true)
        .dfa_size_limit(Some(DENSE_BYTES_MAX.min(DENSE_STATES_MAX * row_bytes)))
        .determinize_size_limit(Some(DENSE_BYTES_MAX * 4));
    dense::Builder::new().configure(config).build_from_nfa(&nfa).ok()
}

/// What is left of a text from the next of three bytes on.
fn leap(text: &[u8], [one, two, three]: [u8; 3], backwards: bool) -> &[u8] {
    if backwards {
        let place = memchr::memrchr3(one, two, three, text);
        &text[..place.map_or(0, |place| place + 1)]
    } else {
        let place = memchr::memchr3(one, two, three, text);
        &text[place.unwrap_or(text.len())..]
    }
}

/// Which of `NEIGHBOURS` a byte is like.
fn kind(neighbour: Option<u8>) -> usize {
    match neighbour {
        None => 0,
        Some(b'\n') => 1,
        Some(byte) if byte.is_ascii_alphanumeric() || byte == b'_' => 2,
        Some(b'\r') => 3,
        Some(_) => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::Expression;
    use crate::plugin::PatternKind;

    /// Compares both directions at all places with the expression, held to the place by `^` and `$` of a text alone.
    fn check(source: &str, text: &[u8]) {
        let syntax =
            |source: &str| Expression::new(PatternKind::Regex, source).unwrap().syntax().clone();
        let (forwards, backwards) =
            (Side::forwards(syntax(source)), Side::backwards(syntax(source)));
        let automata = Automata::default();
        let spans = |at: usize, backwards: bool| {
            (0..=text.len()).any(|other| {
                let (start, end) = if backwards { (other, at) } else { (at, other) };
                start <= end && spans_exactly(source, text, start, end)
            })
        };
        for at in 0..=text.len() {
            assert_eq!(
                forwards.walk(&automata, text, at).matches,
                Some(spans(at, false)),
                "{source} {at}"
            );
            assert_eq!(
                backwards.walk(&automata, text, at).matches,
                Some(spans(at, true)),
                "{source} {at}"
            );
        }
    }

    fn spans_exactly(source: &str, text: &[u8], start: usize, end: usize) -> bool {
        let inner = format!(r"\A(?s:.{{{start}}})(?:{source})(?s:.{{{}}})\z", text.len() - end);
        Expression::new(PatternKind::Regex, &inner).unwrap().matches(text)
    }

    #[test]
    fn sides_match_where_the_expression_does() {
        let texts: [&[u8]; 4] = [b"foo bar\nfoo", b"a-foo_foo \r\nfo", b"\xfffoo", b"xfoox fo\nx"];
        for text in texts {
            for source in [
                "foo",
                r"\bfoo\b",
                "^fo+",
                "foo$",
                r"(?s)o.*f",
                r"\Bo",
                "o+x|f..",
                "f.*x",
                "(?s)o.*b",
            ] {
                check(source, text);
            }
        }
    }

    #[test]
    fn what_is_counted_far_is_loosened() {
        let side = |source: &str| {
            let syntax = Expression::new(PatternKind::Regex, source).unwrap();
            Side::forwards(syntax.syntax().clone())
        };
        for (source, text, says) in [
            ("[^ ]{0,400}(a|bc)", &b"xxxx xa"[..], Some(false)),
            ("[^ ]{0,400}(a|bc)", b"xxxxxxa", None),
            ("[ab]*a(a|b){20}x", b"aababx", None),
            ("[ab]*a(a|b){20}x", b"abx", Some(false)),
        ] {
            assert_eq!(side(source).walk(&Automata::default(), text, 0).matches, says, "{source}");
        }
    }

    #[test]
    fn what_has_too_many_states_is_given_up_before_it_is_minimized() {
        for (source, is_made) in [("[ab]*a(a|b){6}x", true), ("[ab]*a(a|b){11}x", false)] {
            let syntax = Expression::new(PatternKind::Regex, source).unwrap();
            assert_eq!(dense(syntax.syntax(), false).is_some(), is_made, "{source}");
        }
    }

    #[test]
    fn what_is_too_large_is_left_alone() {
        let syntax = Expression::new(PatternKind::Regex, "[ab]*a(a|b){15}x").unwrap();
        let side = Side::forwards(syntax.syntax().clone());
        let walk = side.walk(&Automata::default(), b"abab", 0);
        assert_eq!(walk, Walk { matches: None, bytes: 0 });
    }
}
