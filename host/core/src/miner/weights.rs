//! The weights: how much a distinct value, and the place where it stands, say that values vary there.
//!
//! Templates of one shape become one when at every place where they differ the evidence is enough: the sum over the
//! distinct values of their weights, times the weight of the place. The rows were chosen so that neither public logs nor
//! sets made from format strings of other programs lose much when one of them changes.

use super::token::Kind;
use serde::{Deserialize, Serialize};

/// Evidence wanted at a place: two plain words are none yet, four are.
pub(super) const WANTED: f64 = 2.0;
/// Few agreeing words make chance likely: wanted times `1 + LONELY / agreeing words`.
pub(super) const LONELY: f64 = 0.5;
/// Each further place has chance on its side too.
pub(super) const FURTHER_PLACE: f64 = 1.2;
/// The first word names what happens, unless it is a label.
pub(super) const FIRST_WORD: f64 = 2.0;
/// Least share of text that agrees.
pub(super) const AGREEING_SHARE_MIN: f64 = 0.5;
/// Where values vary, new ones keep coming: at most so many lines for each value, times all the evidence. `ON` and
/// `OFF` in thousands of lines are two messages, and so is a constant that was misspelt once.
pub(super) const LINES_PER_EVIDENCE: f64 = 20.0;
/// Evidence that is enough whatever the lines: over millions of them new values become rare.
pub(super) const PROVEN: f64 = 12.0;
/// Evidence of what is known to vary already.
const KNOWN: f64 = 100.0;

/// What a distinct value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub(crate) enum Weight {
    /// A word; two of them are two messages as often as two values.
    Plain,
    /// A masked value: where one is, others will be.
    Masked,
    /// Nothing at all or a lone hyphen: what fields hold that hold nothing.
    Empty,
    /// A word with a digit: names of things that are numbered.
    Numbered,
    /// `a-b`, `a.b`, `a_b` in lower case: names that somebody gave.
    Joined,
    /// Capitals: states and levels, of which there are few and each means something else.
    Capitals,
    /// camelCase: names of functions and fields.
    Camel,
    /// A name glued to a value or to a bracket: a field or a function.
    Glued,
    /// What a request asks for: each route is a message of its own, however many there are.
    Route,
    /// A learnt value, which needs no evidence any more.
    Learnt,
}

impl Weight {
    /// The table.
    pub(super) fn value(self) -> f64 {
        match self {
            Weight::Plain => 1.0,
            Weight::Masked | Weight::Empty => 4.0,
            Weight::Numbered => 1.8,
            Weight::Joined => 1.7,
            Weight::Capitals => 0.3,
            Weight::Camel | Weight::Glued => 0.5,
            Weight::Route => 0.0,
            Weight::Learnt => KNOWN,
        }
    }

    /// Of a token, with whether it is glued to a value or bracket behind it.
    pub(super) fn of(kind: Kind, text: &[u8], is_glued: bool) -> Self {
        match kind {
            Kind::Masked => Weight::Masked,
            Kind::Learnt => Weight::Learnt,
            Kind::Doubtful => Weight::Numbered,
            _ if text.is_empty() || text == b"-" => Weight::Empty,
            _ if text.starts_with(b"/") => Weight::Route,
            _ if is_glued => Weight::Glued,
            _ if is_in_capitals(text) => Weight::Capitals,
            _ if is_joined(text) => Weight::Joined,
            _ if is_camel_case(text) => Weight::Camel,
            _ => Weight::Plain,
        }
    }
}

/// Also where only the part after the last point is.
fn is_in_capitals(text: &[u8]) -> bool {
    let last = text.rsplit(|byte| *byte == b'.').next().unwrap_or(text);
    !last.iter().any(u8::is_ascii_lowercase)
}

fn is_joined(text: &[u8]) -> bool {
    let [_, inner @ .., last] = text else { return false };
    last.is_ascii_lowercase() && inner.iter().any(|byte| b"-_.@$/".contains(byte))
}

fn is_camel_case(text: &[u8]) -> bool {
    let rises = |pair: &[u8]| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase();
    text.iter().all(u8::is_ascii_alphabetic) && text.windows(2).any(rises)
}

/// What a place looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub(crate) enum Context {
    /// Among words.
    Plain,
    /// After `=`: nothing but values stand there.
    Key,
    /// Alone between quotes: programs quote what they were given.
    Quoted,
    /// Alone in brackets.
    Bracketed,
    /// After a label and a colon, with nothing after it.
    Labelled,
    /// After a preposition: `from`, `to`, `user`.
    Preposition,
    /// After a route: what came of the request, of which there are few and each means something else.
    Outcome,
}

impl Context {
    /// The table.
    pub(super) fn value(self) -> f64 {
        match self {
            Context::Plain => 1.0,
            Context::Key => 3.0,
            Context::Quoted => 2.5,
            Context::Bracketed => 1.7,
            Context::Labelled => 1.5,
            Context::Preposition => 1.2,
            Context::Outcome => 0.25,
        }
    }

    /// Of a place between these bytes of structure (0 where there is none), after that word.
    pub(super) fn of(before: u8, after: Option<u8>, has_blank: bool, word_before: &[u8]) -> Self {
        match (before, after) {
            (b'=', _) => Context::Key,
            (b'\'', Some(b'\'')) | (b'"', Some(b'"')) | (b'`', Some(b'`' | b'\'')) => {
                Context::Quoted
            }
            (b'(', Some(b')')) | (b'[', Some(b']')) | (b'<', Some(b'>')) | (b'{', Some(b'}')) => {
                Context::Bracketed
            }
            (0, _) if has_blank && is_preposition(word_before) => Context::Preposition,
            (0, _) if has_blank && word_before.starts_with(b"/") => Context::Outcome,
            (b':', None | Some(1..)) if has_blank => Context::Labelled,
            _ => Context::Plain,
        }
    }
}

fn is_preposition(word: &[u8]) -> bool {
    const WORDS: [&[u8]; 16] = [
        b"for", b"from", b"to", b"by", b"on", b"at", b"in", b"of", b"with", b"via", b"into",
        b"using", b"user", b"host", b"name", b"named",
    ];
    WORDS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_weighed_by_its_looks() {
        let cases = [
            ("alice", Weight::Plain),
            ("-", Weight::Empty),
            ("", Weight::Empty),
            ("disk-full", Weight::Joined),
            ("org.example.server", Weight::Joined),
            ("SCREEN_ON", Weight::Capitals),
            ("state.RUNNING", Weight::Capitals),
            ("onReceive", Weight::Camel),
            ("/cart/*/items", Weight::Route),
        ];
        for (text, expected) in cases {
            assert_eq!(Weight::of(Kind::Word, text.as_bytes(), false), expected, "{text}");
        }
        assert_eq!(Weight::of(Kind::Word, b"alice", true), Weight::Glued);
        assert_eq!(Weight::of(Kind::Doubtful, b"eth0", true), Weight::Numbered);
        assert_eq!(Weight::of(Kind::Masked, b"12", false), Weight::Masked);
        assert_eq!(Weight::of(Kind::Learnt, b"", false), Weight::Learnt);
    }

    #[test]
    fn a_place_is_weighed_by_what_stands_around_it() {
        let cases = [
            ((b'=', Some(b','), false, ""), Context::Key),
            ((b'\'', Some(b'\''), false, ""), Context::Quoted),
            ((b'`', Some(b'\''), false, ""), Context::Quoted),
            ((b'[', Some(b']'), false, ""), Context::Bracketed),
            ((b'[', Some(0), false, ""), Context::Plain),
            ((b':', None, true, ""), Context::Labelled),
            ((b':', Some(0), true, ""), Context::Plain),
            ((0, Some(0), true, "from"), Context::Preposition),
            ((0, Some(0), true, "form"), Context::Plain),
            // `stored as bytes` and `stored as values` are two messages.
            ((0, Some(0), true, "as"), Context::Plain),
            ((0, None, true, "/cart"), Context::Outcome),
        ];
        for ((before, after, has_blank, word), expected) in cases {
            let context = Context::of(before, after, has_blank, word.as_bytes());
            assert_eq!(context, expected, "{before} {after:?} {word}");
        }
    }
}
