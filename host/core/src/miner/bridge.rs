//! Bridges between shapes: a value of several words, or with delimiters in it, where another template has a value.
//!
//! `user=bob in` and `user=(null) in`, `search for "tent"` and `search for "red shoes"` are of two shapes, yet one
//! message. Where values are known to vary, whatever is one piece may stand: text without a blank; and text with blanks
//! where something says how far it goes, a key in front, quotes or brackets around it, a label before the end. After a
//! key and between quotes nothing but values stand, so two different texts there are enough.

use super::place::Place;
use super::token::Kind;
use super::weights::{AGREEING_SHARE_MIN, Context, Weight};
use super::words::Words;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use xxhash_rust::xxh3::xxh3_64;

/// Places of one value.
const VALUE_PLACES_MAX: usize = 24;
/// Values that are bridged at once.
const VALUES_MAX: usize = 3;
/// Steps after which two templates are taken for different.
const STEPS_MAX: usize = 200;

/// How two templates are one.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Bridge {
    /// Places of the first that are found to be values.
    pub(super) own: Vec<usize>,
    /// Places of the other that stand where the first has values.
    pub(super) other: Vec<usize>,
}

/// A value of both, of which at least one has another shape.
type Value = (Range<usize>, Range<usize>);

/// How another template is the same as this one but for the shape of values; `None` unless all else agrees.
pub(super) fn bridge(template: &[Place], other: &[Place], words: &Words) -> Option<Bridge> {
    let mut walk = Walk { template, other, words, steps: 0, told: None, values: Vec::new() };
    if !walk.goes_on(0, 0) || walk.values.is_empty() || !walk.is_sure() {
        return None;
    }
    let open = |places: &[Place], at: &usize| {
        !places[*at].kind.is_structure() && places[*at].kind != Kind::Learnt
    };
    let own = walk.values.iter().flat_map(|(own, _)| own.clone());
    let own = own.filter(|at| open(template, at) && template[*at].kind != Kind::Masked).collect();
    let other_places = walk.values.iter().flat_map(|(_, places)| places.clone());
    Some(Bridge { own, other: other_places.filter(|at| open(other, at)).collect() })
}

/// Which words a template has, a bit for each by its hash.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Marks {
    all: u64,
    /// Those neither after a key nor between quotes, where any text may stand.
    frame: u64,
}

impl Marks {
    pub(super) fn of(places: &[Place], words: &Words) -> Self {
        let (mut marks, mut told) = (Marks { all: 0, frame: 0 }, None);
        for (at, place) in places.iter().enumerate() {
            let mark = place.structure(words);
            told = match told {
                None if matches!(mark, b'=' | b'"' | b'\'') => Some(mark),
                Some(b'=') if ends_text(&places[at..], words) => None,
                Some(quote) if quote == mark => None,
                told => told,
            };
            if let (true, Some(word)) = (place.kind.is_text(), place.word()) {
                let bit = 1 << (xxh3_64(words.text(word)) >> 58);
                marks.all |= bit;
                marks.frame |= if told.is_none() { bit } else { 0 };
            }
        }
        marks
    }

    /// Whether another template may have values where this one has them.
    pub(super) fn may_bridge(&self, other: &Marks) -> bool {
        self.frame != 0 && self.frame & !other.all == 0
    }
}

struct Walk<'a> {
    template: &'a [Place],
    other: &'a [Place],
    words: &'a Words,
    steps: usize,
    /// Where in both the last keyed or quoted text begins.
    told: Option<(usize, usize)>,
    values: Vec<Value>,
}

impl Walk<'_> {
    /// Whether the template from there on is the other from there on.
    fn goes_on(&mut self, mut at: usize, mut from: usize) -> bool {
        loop {
            let (Some(place), Some(own)) = (self.template.get(at), self.other.get(from)) else {
                return at == self.template.len() && from == self.other.len()
                    || self.takes_text(at, from);
            };
            if at > 0 && [b'=', b'"', b'\''].iter().any(|mark| self.template[at - 1].is(*mark)) {
                self.told = Some((at, from));
            }
            let is_alike = place.blank == own.blank || at == 0;
            if is_alike && place.kind.is_value() {
                return self.takes_value(at, from);
            }
            if !is_alike || !place.fits(own) {
                return self.takes_text(at, from);
            }
            (at, from) = (at + 1, from + 1);
        }
    }

    /// Whether the values that begin here stand for places of the other.
    fn takes_value(&mut self, at: usize, from: usize) -> bool {
        self.steps += 1;
        if self.steps > STEPS_MAX {
            return false;
        }
        let told = self.told;
        let is_plain = self.template[at].fits(&self.other[from]);
        if is_plain && self.goes_on(at + 1, from + 1) {
            return true;
        }
        if self.values.len() == VALUES_MAX || at > 0 && self.is_next_value(at) {
            return false;
        }
        let end = (at + 1..self.template.len()).find(|next| !self.is_next_value(*next));
        let slot = at..end.unwrap_or(self.template.len());
        let ends = from + 1..=self.other.len().min(from + VALUE_PLACES_MAX);
        for end in ends.skip(usize::from(is_plain && slot.len() == 1)) {
            self.steps += 1;
            if self.is_value(&slot, from..end) {
                self.told = told;
                self.values.push((slot.clone(), from..end));
                if self.goes_on(slot.end, end) {
                    return true;
                }
                self.values.pop();
            }
        }
        false
    }

    /// Whether a value of the template is part of the one in front of it.
    fn is_next_value(&self, at: usize) -> bool {
        let is_value = |at: usize| self.template[at].kind.is_value();
        self.template[at].blank && is_value(at) && is_value(at - 1)
    }

    /// Whether places may be one value in that slot.
    fn is_value(&self, slot: &Range<usize>, places: Range<usize>) -> bool {
        let value = &self.other[places];
        let before = slot.start.checked_sub(1).map(|before| &self.template[before]);
        let mark = before.map_or(0, |before| before.structure(self.words));
        // Between quotes stands whatever there is, up to the next one.
        let is_quoted = matches!(mark, b'"' | b'\'' | b'`');
        let is_one = if is_quoted {
            !value.iter().any(|own| own.is(mark))
        } else {
            is_whole(value, self.words)
        };
        if !is_one {
            return false;
        }
        let has_key = value.iter().any(|place| place.is(b'='));
        let context = self.context(slot, before, mark);
        if value[1..].iter().all(|place| !place.blank) {
            return !has_key || !matches!(context, Context::Plain | Context::Preposition);
        }
        match context {
            Context::Quoted => !self.is_message(slot.start),
            Context::Bracketed => true,
            Context::Key | Context::Labelled => {
                !has_key && ends_text(&self.template[slot.end..], self.words)
            }
            Context::Plain | Context::Preposition | Context::Outcome => {
                slot.len() > 1 && is_name(&self.template[slot.clone()]) && is_name(value)
            }
        }
    }

    fn context(&self, slot: &Range<usize>, before: Option<&Place>, mark: u8) -> Context {
        let after = self.template.get(slot.end).map(|after| after.structure(self.words));
        let word = before.and_then(Place::word).map_or(&[][..], |word| self.words.text(word));
        Context::of(mark, after, self.template[slot.start].blank, word)
    }

    /// Whether both are different texts where a key or quotes say that any text may stand, and go on alike behind them.
    fn takes_text(&mut self, at: usize, from: usize) -> bool {
        let Some((start, other_start)) = self.told.take() else { return false };
        let is_sound = at >= start && from >= other_start && self.values.is_empty();
        if !is_sound || self.is_message(start) {
            return false;
        }
        let mark = self.template[start - 1];
        let end = |places: &[Place], start: usize| {
            let mut ends = start..=places.len();
            if mark.is(b'=') {
                ends.find(|end| ends_text(&places[*end..], self.words))
            } else {
                let quotes = places[..start].iter().filter(|place| place.is_same(&mark)).count();
                ends.find(|end| places.get(*end).is_some_and(|place| place.is_same(&mark)))
                    .filter(|_| quotes % 2 == 1)
            }
        };
        let ends = (end(self.template, start), end(self.other, other_start));
        let (Some(own_end), Some(other_end)) = ends else { return false };
        let (own, other) = (start..own_end, other_start..other_end);
        let is_text = |places: &[Place]| {
            (1..VALUE_PLACES_MAX).contains(&places.len())
                && (!mark.is(b'=') || is_whole(places, self.words))
                && !places.iter().any(|place| place.is(b'=') || is_part(place))
        };
        if own_end < at || other_end < from {
            return false;
        }
        if !is_text(&self.template[own.clone()]) || !is_text(&self.other[other.clone()]) {
            return false;
        }
        self.values.push((own, other));
        let goes_on = self.goes_on(own_end, other_end);
        if !goes_on {
            self.values.pop();
        }
        goes_on
    }

    /// Whether a quote is the message itself, by the key in front of it.
    fn is_message(&self, at: usize) -> bool {
        let Some(key) = at.checked_sub(3).map(|key| &self.template[key]) else { return false };
        let text = key.word().map_or(&[][..], |word| self.words.text(word));
        matches!(text, b"msg" | b"message")
    }

    /// Whether enough of the template is text: two words, or one where keys and quotes say what is a value.
    fn is_sure(&self) -> bool {
        let is_bridged = |at: usize| self.values.iter().any(|(own, _)| own.contains(&at));
        let rest = self.template.iter().enumerate().filter(|(at, _)| !is_bridged(*at));
        let count = |is: fn(&Place) -> bool| rest.clone().filter(|(_, place)| is(place)).count();
        let text = count(|place| place.kind.is_text());
        let learnt = count(|place| place.kind == Kind::Learnt) + self.values.len();
        let is_told = |(own, _): &Value| {
            let mark = own.start.checked_sub(1).map(|before| self.template[before]);
            mark.is_some_and(|mark| [b'=', b'"', b'\''].iter().any(|told| mark.is(*told)))
        };
        let wanted = self.values.len() + usize::from(!self.values.iter().all(is_told));
        text >= wanted && text as f64 >= AGREEING_SHARE_MIN * (text + learnt) as f64
    }
}

/// Whether brackets and quotes are closed where they are opened.
fn is_whole(value: &[Place], words: &Words) -> bool {
    let (mut depth, mut quotes) = (0, 0);
    for byte in value.iter().map(|place| place.structure(words)) {
        match byte {
            b'(' | b'[' | b'{' | b'<' => depth += 1,
            b')' | b']' | b'}' | b'>' => depth -= 1,
            b'"' | b'\'' | b'`' => quotes += 1,
            _ => (),
        }
        if depth < 0 {
            return false;
        }
    }
    depth == 0 && quotes % 2 == 0
}

/// Whether text ends in front of these places: with the line, at a delimiter, or before the next key.
fn ends_text(rest: &[Place], words: &Words) -> bool {
    let Some(next) = rest.first() else { return true };
    matches!(next.structure(words), b',' | b';' | b')' | b']' | b'}')
        || next.kind.is_text() && next.blank && rest.get(1).is_some_and(|next| next.is(b'='))
}

/// Whether a text with this in it has parts, as requests do, each of which may mean something.
fn is_part(place: &Place) -> bool {
    place.kind.is_value() || place.weight == Weight::Route
}

/// Whether words begin and end with what is known to vary, as names of persons do.
fn is_name(places: &[Place]) -> bool {
    const NAME_PLACES_MAX: usize = 5;
    let is_learnt = |place: Option<&Place>| place.is_some_and(|place| place.kind == Kind::Learnt);
    places.len() <= NAME_PLACES_MAX && is_learnt(places.first()) && is_learnt(places.last())
}
