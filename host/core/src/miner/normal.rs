//! The normal form of a line: what the walk keeps simple for speed is put right here, for new skeletons alone.
//!
//! A quantity with its repetition in brackets is one value, so is quoted text with delimiters inside, and so are masked
//! values in a row. Where a value is missing, an empty word takes its place, so that the line keeps its shape.

use super::place::{List, Place, VARIABLE};
use super::token::{Kind, Token};
use super::weights::{Context, Weight};
use super::words::{WordId, Words};
use std::ops::Range;
use xxhash_rust::xxh3::xxh3_64;

/// A line as places.
#[derive(Debug, Default)]
pub(crate) struct Sentence {
    pub(super) places: Vec<Place>,
    /// Where in the line each place is.
    pub(super) spans: Vec<Range<usize>>,
    /// Hash of what is not a word: lines are compared within a shape.
    pub(super) shape: u64,
}

/// A word of a line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spoken<'a> {
    /// As it stands there, or in place of what has a digit what people see.
    pub(crate) text: &'a [u8],
    /// Its number, if it is kept.
    pub(crate) word: Option<WordId>,
}

/// Takes tokens apart and together until values stand where values belong.
pub(super) fn normalize(tokens: &mut Vec<Token>, line: &[u8]) {
    join_quantities(tokens, line);
    join_quoted(tokens, line);
    fill_empty(tokens, line);
}

fn delimiter(token: Option<&Token>, line: &[u8]) -> u8 {
    token
        .filter(|token| token.kind == Kind::Delimiter)
        .map_or(0, |token| line[token.start as usize])
}

/// In `12 bytes (1 KB)` the brackets repeat the quantity.
fn join_quantities(tokens: &mut Vec<Token>, line: &[u8]) {
    for at in 0..tokens.len() {
        let Some([first, open, second, close]) = tokens[at..].first_chunk() else { return };
        let is_repeated = first.kind == Kind::Masked
            && second.kind == Kind::Masked
            && first.text(line).contains(&b' ')
            && delimiter(Some(open), line) == b'('
            && delimiter(Some(close), line) == b')';
        if is_repeated {
            tokens[at].end = close.end;
            tokens.drain(at + 1..at + 4);
        }
    }
}

/// Quoted text with delimiters inside is one value, a browser's name say, unless a key in front tells that it is more;
/// where it opens the line, it is the message.
fn join_quoted(tokens: &mut Vec<Token>, line: &[u8]) {
    let mut at = 0;
    while at < tokens.len() {
        let is_more = at == 0 || matches!(line[tokens[at - 1].start as usize], b'=' | b':');
        if delimiter(tokens.get(at), line) != b'"' || is_more {
            at += 1;
            continue;
        }
        let inner = at + 1..tokens.len();
        let closing = |token: &Token| delimiter(Some(token), line) == b'"';
        let Some(length) = tokens[inner].iter().position(closing) else { return };
        let inner = at + 1..at + 1 + length;
        let is_list = |token: &Token| matches!(delimiter(Some(token), line), b'(' | b';' | b',');
        at += 2;
        if length > 3 && tokens[inner.clone()].iter().any(is_list) {
            tokens[inner.start].end = tokens[inner.end - 1].end;
            tokens[inner.start].kind = Kind::Masked;
            tokens.drain(inner.start + 1..inner.end);
            at += 1;
        } else {
            at += length;
        }
    }
}

/// Puts an empty word after `key=` without a value, and between brackets and quotes without one.
fn fill_empty(tokens: &mut Vec<Token>, line: &[u8]) {
    let mut at = 0;
    while at < tokens.len() {
        let token = tokens[at];
        let next = tokens.get(at + 1);
        at += 1;
        if lacks_value(token, next, line) {
            let empty = Token { start: token.end, end: token.end, kind: Kind::Word, blanks: 0 };
            tokens.insert(at, empty);
            at += 1;
        }
    }
}

fn lacks_value(token: Token, next: Option<&Token>, line: &[u8]) -> bool {
    let glued = next.filter(|next| next.blanks == 0);
    let after = delimiter(glued, line);
    match delimiter(Some(&token), line) {
        b'=' if token.blanks == 0 => {
            next.is_none_or(|next| next.blanks > 0)
                || matches!(after, b',' | b';' | b')' | b']' | b'}')
        }
        b'(' => after == b')',
        b'[' => after == b']',
        b'{' => after == b'}',
        b'<' => after == b'>',
        quote @ (b'"' | b'\'') => after == quote && opens(token, line),
        _ => false,
    }
}

/// A quote that closes is not followed by a value.
fn opens(token: Token, line: &[u8]) -> bool {
    let before = (token.start as usize).checked_sub(1).map(|at| line[at]);
    before.is_none_or(|before| b" \t=:,;([{".contains(&before))
}

/// Puts an empty word where exactly two blanks stand, as where a value between them is missing; false if there are none.
pub(super) fn fill_gaps(tokens: &mut Vec<Token>) -> bool {
    let before = tokens.len();
    let mut at = 1;
    while at < tokens.len() {
        if tokens[at].blanks > 1 {
            let start = tokens[at].start - 1;
            tokens.insert(at, Token { start, end: start, kind: Kind::Word, blanks: 1 });
            at += 1;
        }
        at += 1;
    }
    tokens.len() > before
}

impl Sentence {
    /// The places of a line in normal form; words that are not kept have no number yet.
    pub(super) fn new(tokens: &[Token], line: &[u8], words: &Words) -> Self {
        let mut sentence = Sentence::default();
        let mut at = 0;
        while at < tokens.len() {
            let token = tokens[at];
            let place = place(tokens, at, line, words);
            let (list, last) =
                if token.kind == Kind::Masked { list(tokens, at, line) } else { (List::ONE, at) };
            let place = if token.kind == Kind::Masked { place.with_list(list) } else { place };
            sentence.push(place, token.start as usize..tokens[last].end as usize, line);
            at = last + 1;
        }
        sentence
    }

    /// The words of all places that are open to words, in their order; whatever has a digit is one word.
    pub(crate) fn words<'a>(&self, line: &'a [u8], words: &Words) -> Vec<Spoken<'a>> {
        let open =
            self.places.iter().zip(&self.spans).filter(|(place, _)| !place.kind.is_structure());
        open.map(|(place, span)| {
            let text = if place.has_digits() { VARIABLE } else { &line[span.clone()] };
            Spoken { text, word: words.find(text) }
        })
        .collect()
    }

    /// Some places as people see them; nothing with a digit is shown, which may be a secret.
    pub(crate) fn text(&self, places: Range<usize>, line: &[u8]) -> Vec<u8> {
        let parts = self.places[places.clone()].iter().zip(&self.spans[places]);
        let texts = parts.map(
            |(place, span)| {
                if place.has_digits() { VARIABLE } else { &line[span.clone()] }
            },
        );
        texts.collect::<Vec<&[u8]>>().concat()
    }

    fn push(&mut self, place: Place, span: Range<usize>, line: &[u8]) {
        let text = if place.kind.is_structure() { xxh3_64(&line[span.clone()]) } else { 3 };
        let step = text ^ u64::from(place.blank) << 7;
        self.shape = (self.shape.rotate_left(29) ^ step).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.places.push(place);
        self.spans.push(span);
    }

    /// Keeps its words.
    pub(super) fn keep_words(&mut self, line: &[u8], words: &mut Words) {
        for (place, span) in self.places.iter_mut().zip(&self.spans) {
            if place.kind.is_text() || place.kind == Kind::Punctuation {
                *place = place.with_word(Some(words.number(&line[span.clone()])));
            }
        }
    }
}

fn place(tokens: &[Token], at: usize, line: &[u8], words: &Words) -> Place {
    let token = tokens[at];
    let blank = token.blanks > 0;
    let text = token.text(line);
    if token.kind == Kind::Delimiter {
        return Place::delimiter(text[0], blank);
    }
    let place = Place::new(token.kind, blank);
    if token.kind == Kind::Punctuation {
        return place.with_word(words.find(text));
    }
    let structure =
        |token: &Token| if token.kind.is_structure() { line[token.start as usize] } else { 0 };
    let before = at.checked_sub(1).map(|before| tokens[before]);
    let next = tokens.get(at + 1);
    let context = Context::of(
        before.as_ref().map_or(0, structure),
        next.map(structure),
        blank && before.is_some(),
        before.map_or(&[], |before| before.text(line)),
    );
    let is_glue = |next: &Token| {
        next.blanks == 0 && (next.kind == Kind::Masked || delimiter(Some(next), line) == b'(')
    };
    let weight = Weight::of(token.kind, text, next.is_some_and(is_glue));
    let word = if token.kind.is_text() { words.find(text) } else { None };
    place.with_word(word).weighed(context, weight)
}

/// The masked values from here on that one separator divides, and the place of the last.
fn list(tokens: &[Token], first: usize, line: &[u8]) -> (List, usize) {
    let (mut list, mut last, mut separator) = (List::ONE, first, None);
    loop {
        let next = tokens.get(last + 1);
        let after_next = tokens.get(last + 2);
        let is_masked =
            |token: Option<&Token>| token.is_some_and(|token| token.kind == Kind::Masked);
        let mark = delimiter(next.filter(|next| next.blanks == 0), line);
        if is_masked(next)
            && next.is_some_and(|next| next.blanks > 0)
            && separator.is_none_or(|known| known == 0)
        {
            separator = Some(0);
            list.blank = true;
            last += 1;
        } else if matches!(mark, b',' | b';' | b'|')
            && is_masked(after_next)
            && separator.is_none_or(|known| known == mark)
        {
            separator = Some(mark);
            list.blank = after_next.is_some_and(|value| value.blanks > 0);
            last += 2;
        } else {
            break;
        }
        list.most = list.most.saturating_add(1);
    }
    list.least = list.most;
    list.separator = separator.unwrap_or(0);
    (list, last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::miner::lexer::Lexer;
    use crate::miner::place::render;

    fn sentence(line: &str, gaps: bool) -> (String, u64) {
        let (mut lexer, mut words) = (Lexer::default(), Words::default());
        let mut tokens = lexer.tokens(line.as_bytes()).clone();
        normalize(&mut tokens, line.as_bytes());
        if gaps {
            fill_gaps(&mut tokens);
        }
        let mut sentence = Sentence::new(&tokens, line.as_bytes(), &words);
        sentence.keep_words(line.as_bytes(), &mut words);
        let text = render(&sentence.places, &words);
        (String::from_utf8_lossy(&text).into_owned(), sentence.shape)
    }

    #[test]
    fn values_become_one() {
        let cases = [
            ("12 bytes (1.2 KB) sent", "<*> sent"),
            ("1,024 bytes", "<*>,<*>"),
            ("values 1 2 3 end", "values <*> <*> <*> end"),
            ("values 1, 2, 3 end", "values <*>, <*>, <*> end"),
            ("by \"Mozilla 5 (X11; Linux) x\" at", "by \"<*>\" at"),
            ("msg=\"a (b; c) d\" x", "msg=\"a (b; c) d\" x"),
            ("\"a (b; c) d\" k=x", "\"a (b; c) d\" k=x"),
            ("said \"a word\" x", "said \"a word\" x"),
        ];
        for (line, expected) in cases {
            assert_eq!(sentence(line, false).0, expected, "{line}");
        }
    }

    #[test]
    fn lines_without_a_value_keep_their_shape() {
        let cases = [
            ("user= host=x", "user=bob host=x", true),
            ("user=, host", "user=bob, host", true),
            ("end user=", "end user=bob", true),
            ("names [] end", "names [bob] end", true),
            ("name '' end", "name 'bob' end", true),
            ("name 'bob' end", "name 'bob','' end", false),
            ("a = b", "a = bob", true),
            ("user bob", "user", false),
        ];
        for (a, b, equal) in cases {
            assert_eq!(sentence(a, false).1 == sentence(b, false).1, equal, "{a} | {b}");
        }
        let equal = sentence("user  from here", true).1 == sentence("user bob from here", false).1;
        assert!(equal, "two blanks may stand around a missing value");
    }
}
