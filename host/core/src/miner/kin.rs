//! Templates that a line is not of, and nearly is.

use super::groups::Groups;
use super::normal::Sentence;
use super::place::Place;
use super::token::Kind;
use std::ops::Range;

/// Places of a word, as `key=value` has three.
const EXTRA_PLACES_MAX: usize = 8;

impl Groups {
    /// Templates of a line's shape of which at least that share of words agrees, with the share: most first, then the
    /// oldest. A learnt value agrees by half, and whatever has digits with all others.
    pub(crate) fn similar(&self, sentence: &Sentence, share_min: f32) -> Vec<(f32, u32)> {
        let all = self.templates.of_shape(sentence.shape);
        let shares = all.map(|(id, template)| (agreement(&template.places, &sentence.places), id));
        let mut similar: Vec<(f32, u32)> =
            shares.filter(|(share, _)| *share >= share_min).collect();
        similar.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        similar
    }

    /// The places that make this the message of a template with one word more, up to the next blank; of several templates,
    /// the oldest counts.
    pub(crate) fn extra_places(&self, sentence: &Sentence) -> Option<Range<usize>> {
        let line = &sentence.places;
        let shorter = 1..=EXTRA_PLACES_MAX.min(line.len().saturating_sub(2));
        let found = shorter.filter_map(|shorter| {
            let mut all = self.templates.of_length(line.len() - shorter);
            all.find_map(|(id, template)| Some((id, extra(&template.places, line)?)))
        });
        found.min_by_key(|(id, _)| *id).map(|(_, places)| places)
    }
}

/// The places of a line that make one word which a template of fewer places does not have.
fn extra(places: &[Place], line: &[Place]) -> Option<Range<usize>> {
    let longer = line.len().checked_sub(places.len())?;
    let same = places.iter().zip(line).take_while(|(a, b)| a.fits(b)).count();
    let extra = same..same + longer;
    let is_word = line[extra.clone()].iter().skip(1).all(|place| !place.blank)
        && line[extra.clone()].iter().any(|place| !place.kind.is_structure())
        && (line[same].blank || same == 0)
        && line.get(extra.end).is_none_or(|next| next.blank || next.kind.is_structure());
    let rest = places[same..].iter().zip(&line[extra.end..]);
    (is_word && { rest }.all(|(a, b)| a.fits(b))).then_some(extra)
}

/// The share of words that agree, of all that are no structure.
fn agreement(template: &[Place], line: &[Place]) -> f32 {
    let open = template.iter().zip(line).filter(|(place, _)| !place.kind.is_structure());
    let halves = open.map(|(place, own)| match place.kind {
        Kind::Learnt => (1, 2),
        _ if place.fits(own) || place.has_digits() && own.has_digits() => (2, 2),
        _ => (0, 2),
    });
    let (agreeing, all) = halves.fold((0, 0), |sum, halves| (sum.0 + halves.0, sum.1 + halves.1));
    if template.len() == line.len() { agreeing as f32 / all.max(1) as f32 } else { 0.0 }
}
