//! The reduced form of a template: what is left of it without units and remarks about values.
//!
//! `lifetime 00:01` and `lifetime <1 sec`, `12 bytes sent` and `12 bytes (1 KB) sent` are of two shapes, yet one
//! message. Templates of different shapes and equal reduced forms share an id.

use super::place::Place;
use super::token::{Kind, fold};
use super::weights::Weight;
use super::words::Words;
use xxhash_rust::xxh3::xxh3_64;

/// Words from which a reduced form says enough.
const WORDS_MIN: usize = 2;
/// Longest word after a value that may be a unit.
const UNIT_BYTES_MAX: usize = 5;
/// Places within which a remark in brackets ends.
const REMARK_PLACES_MAX: usize = 5;
/// In place of a value.
const VALUE: u64 = 7;

/// The hash of the reduced form; `None` where little is left.
pub(super) fn reduced(places: &[Place], words: &Words) -> Option<u64> {
    let is_value = |at: usize| places.get(at).is_some_and(|place| place.kind.is_value());
    let (mut hash, mut count, mut after_value, mut at) = (0, 0, false, 0);
    while let Some(place) = places.get(at) {
        let value_before = at > 0 && is_value(at - 1);
        let is_around_value = place.is(b'<') && is_value(at + 1) || place.is(b'>') && value_before;
        let remark = if after_value && place.is(b'(') { remark(&places[at..]) } else { None };
        let text = place.word().map_or(&[][..], |word| words.text(word));
        at += 1;
        if is_around_value {
            continue;
        } else if let Some(length) = remark {
            at += length - 1;
        } else if place.kind.is_value() || is_glued_name(places, at - 1) {
            at += if place.kind.is_value() { 0 } else { 2 };
            // Values in a row are one of several words.
            if !(after_value && value_before && place.blank) {
                hash = fold(hash, VALUE);
            }
            after_value = true;
        } else if value_before && is_unit(place, text) {
            continue;
        } else {
            after_value = false;
            count += usize::from(place.kind.is_text());
            let delimiter = u64::from(place.structure(words));
            hash =
                fold(hash, if place.kind == Kind::Delimiter { delimiter } else { xxh3_64(text) });
        }
    }
    (count >= WORDS_MIN).then_some(hash)
}

fn is_unit(place: &Place, text: &[u8]) -> bool {
    place.blank
        && place.kind == Kind::Word
        && place.weight == Weight::Plain
        && text.len() <= UNIT_BYTES_MAX
}

/// In `localhost:8080` the name belongs to the value.
fn is_glued_name(places: &[Place], at: usize) -> bool {
    let Some([name, colon, value]) = places[at..].first_chunk() else { return false };
    name.kind == Kind::Word
        && colon.is(b':')
        && !colon.blank
        && value.kind.is_value()
        && !value.blank
}

/// Places of a short remark in brackets, if it holds a value.
fn remark(places: &[Place]) -> Option<usize> {
    let close = places.iter().take(REMARK_PLACES_MAX + 1).position(|place| place.is(b')'))?;
    places[..close].iter().any(|place| place.kind.is_value()).then_some(close + 1)
}
