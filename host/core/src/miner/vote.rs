//! The vote of a family: which templates of a shape are one message with values in it.
//!
//! A new template differs from each other one at some places. All templates that differ from it at no other places than
//! these are a family; it becomes one template if the evidence at every one of the places is enough. Values at two or
//! more places are found at once, which learning one place at a time never does when both always change.

use super::place::Place;
use super::weights::{
    AGREEING_SHARE_MIN, FIRST_WORD, FURTHER_PLACE, LINES_PER_EVIDENCE, LONELY, PROVEN, WANTED,
    Weight,
};
use super::words::Words;

/// Places at which templates of a family may differ; further ones must be equal.
const PLACES_MAX: usize = 128;

/// A template in a vote.
#[derive(Debug, Clone, Copy)]
pub(super) struct Voter<'a> {
    pub(super) id: u32,
    pub(super) lines: u64,
    pub(super) places: &'a [Place],
}

/// Templates that are one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Family {
    /// Ids without the new one's.
    pub(super) others: Vec<u32>,
    /// Places at which they differ.
    pub(super) differing: Vec<usize>,
}

/// A template's difference from the new one.
type Difference<'a> = (u128, Voter<'a>);

/// The family that a new template makes with others of its shape: the one with fewest differing places.
pub(super) fn vote(new: Voter<'_>, group: &[Voter<'_>], words: &Words) -> Option<Family> {
    let ballot = Ballot::new(new, group, words);
    let mut candidates: Vec<u128> = ballot.others.iter().map(|(places, _)| *places).collect();
    candidates.sort_unstable_by_key(|places| (places.count_ones(), *places));
    candidates.dedup();
    let mut best: Option<(f64, u128)> = None;
    for places in candidates {
        if best.is_some_and(|(_, best)| best.count_ones() < places.count_ones()) {
            break;
        }
        let share = ballot.evidence_share(places);
        if share >= 1.0 && best.is_none_or(|(most, _)| share > most) {
            best = Some((share, places));
        }
    }
    let (_, places) = best?;
    let others = ballot.family(places).map(|voter| voter.id).collect();
    Some(Family { others, differing: ballot.places_of(places).collect() })
}

/// Everything that a vote goes by.
struct Ballot<'a> {
    new: Voter<'a>,
    /// Places that hold words or values, by bit.
    places: Vec<usize>,
    /// Bits of constant text.
    text: u128,
    others: Vec<Difference<'a>>,
    /// Whether the first word is a label, which may as well be a name.
    is_labelled: bool,
}

impl<'a> Ballot<'a> {
    fn new(new: Voter<'a>, group: &[Voter<'a>], words: &Words) -> Self {
        let all = new.places;
        let open = (0..all.len()).filter(|place| !all[*place].kind.is_structure());
        let places: Vec<usize> = open.take(PLACES_MAX).collect();
        let is_text = |place: &Place| place.kind.is_text() && place.weight != Weight::Empty;
        let bits = places.iter().enumerate();
        let text = bits.filter(|(_, place)| is_text(&all[**place]));
        let text = text.fold(0, |text, (bit, _)| text | 1 << bit);
        let beyond = places.get(PLACES_MAX - 1).map_or(all.len(), |last| last + 1);
        let others =
            group.iter().filter(|other| other.id != new.id && other.places.len() == all.len());
        let others = others.filter(|other| {
            all[beyond..].iter().zip(&other.places[beyond..]).all(|(a, b)| a.is_same(b))
        });
        let others = others.map(|other| (difference(&places, all, other.places), *other)).collect();
        let is_labelled =
            all.get(1).is_some_and(|place| !place.blank && place.structure(words) == b':');
        Ballot { new, places, text, others, is_labelled }
    }

    fn family(&self, places: u128) -> impl Iterator<Item = Voter<'a>> {
        let within = self.others.iter().filter(move |(differing, _)| differing & !places == 0);
        within.map(|(_, voter)| *voter)
    }

    fn places_of(&self, places: u128) -> impl Iterator<Item = usize> {
        let bits = self.places.iter().enumerate();
        bits.filter(move |(bit, _)| places >> bit & 1 != 0).map(|(_, place)| *place)
    }

    /// The least share of the wanted evidence over all these places.
    fn evidence_share(&self, places: u128) -> f64 {
        let differing = f64::from(places.count_ones());
        let agreeing = f64::from((self.text & !places).count_ones());
        if agreeing < 1.0 || agreeing / (agreeing + differing) < AGREEING_SHARE_MIN {
            return 0.0;
        }
        let lines: u64 = self.family(places).map(|voter| voter.lines).sum();
        let wanted = WANTED * (1.0 + LONELY / agreeing) * FURTHER_PLACE.powf(differing - 1.0);
        let shares = self.places_of(places).map(|place| {
            let is_first = place == self.places[0] && !(place == 0 && self.is_labelled);
            let wanted = if is_first { wanted * FIRST_WORD } else { wanted };
            self.evidence(places, place, lines) / wanted
        });
        shares.fold(f64::INFINITY, f64::min)
    }

    /// What the family's values say for a variable; nothing where it has had too many lines for so few values.
    fn evidence(&self, places: u128, place: usize, lines: u64) -> f64 {
        let values = self.family(places).map(|voter| voter.places[place]);
        let mut values: Vec<Place> = values.chain([self.new.places[place]]).collect();
        values.sort_unstable_by_key(Place::value_order);
        values.dedup_by_key(|value| value.value_order());
        let evidence: f64 = values.iter().map(|value| value.weight.value()).sum();
        let evidence = evidence * self.new.places[place].context.value();
        // A value that is masked or learnt varies, whatever else turns up in its place.
        let varies = values.iter().any(|value| value.kind.is_value());
        let lines_max = LINES_PER_EVIDENCE * values.len() as f64 * evidence;
        if varies || evidence >= PROVEN || lines as f64 <= lines_max { evidence } else { 0.0 }
    }
}

fn difference(places: &[usize], a: &[Place], b: &[Place]) -> u128 {
    let bits = places.iter().enumerate();
    bits.fold(0, |bits, (bit, place)| bits | u128::from(!a[*place].is_same(&b[*place])) << bit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::miner::token::Kind;
    use crate::miner::weights::Context;

    fn places(text: &str, words: &mut Words) -> Vec<Place> {
        let mut place = |word: &str| match word {
            "*" => Place::new(Kind::Masked, true),
            "?" => Place::new(Kind::Word, true).learnt(),
            _ => {
                let weight = Weight::of(Kind::Word, word.as_bytes(), false);
                let place =
                    Place::new(Kind::Word, true).with_word(Some(words.number(word.as_bytes())));
                place.weighed(Context::Plain, weight)
            }
        };
        let mut places: Vec<Place> = Vec::new();
        for word in text.split(' ') {
            match word.strip_prefix('=') {
                Some(value) => {
                    let value = place(value);
                    places.push(value.weighed(Context::Key, value.weight));
                }
                None => places.push(place(word)),
            }
        }
        places
    }

    /// The new template comes last, each with its lines; then the differing places.
    fn check(group: &[(&str, u64)], expected: Option<(&[u32], &[usize])>) {
        let mut words = Words::default();
        let all: Vec<Vec<Place>> = group.iter().map(|(text, _)| places(text, &mut words)).collect();
        let voters = all.iter().zip(group).enumerate();
        let voters: Vec<Voter<'_>> = voters
            .map(|(id, (places, (_, lines)))| Voter { id: id as u32, lines: *lines, places })
            .collect();
        let family = vote(voters[voters.len() - 1], &voters, &words);
        let expected = expected.map(|(others, differing)| Family {
            others: others.to_vec(),
            differing: differing.to_vec(),
        });
        assert_eq!(family, expected, "{group:?}");
    }

    #[test]
    fn evidence_decides() {
        check(&[("user bob is in", 1), ("user ann is in", 0)], None);
        check(
            &[("user bob is in", 1), ("user ann is in", 1), ("user eve is in", 0)],
            Some((&[0, 1], &[1])),
        );
        check(&[("set =ann in", 1), ("set =bob in", 0)], Some((&[0], &[1])));
        check(&[("took * there", 1), ("took long there", 0)], Some((&[0], &[1])));
        check(&[("bob did it", 1), ("ann did it", 1), ("eve did it", 0)], None);
        check(&[("went ON now", 1), ("went OFF now", 1), ("went UP now", 0)], None);
        check(&[("a b", 1), ("c d", 1), ("e f", 0)], None);
    }

    #[test]
    fn values_at_two_places_are_found_at_once() {
        let lines = [
            ("mount disk of ann now", 1),
            ("mount tape of bob now", 1),
            ("mount cd of eve now", 1),
            ("mount film of kim now", 0),
        ];
        check(&lines, Some((&[0, 1, 2], &[1, 3])));
    }

    #[test]
    fn what_hardly_ever_changes_is_constant() {
        check(&[("user bob is in", 900), ("user ann is in", 1), ("user eve is in", 0)], None);
        // A masked or learnt value varies, however many lines it had.
        check(&[("port * is in", 1_000_000), ("port none is in", 0)], Some((&[0], &[1])));
        check(&[("port ? is =in", 1_000_000), ("port ann is =out", 0)], None);
        // And so does a place with many values, however slowly they came.
        let names: Vec<String> =
            (0..13u8).map(|n| format!("user {} is in", char::from(b'a' + n))).collect();
        let mut group: Vec<(&str, u64)> =
            names.iter().map(|name| (name.as_str(), 1_000_000)).collect();
        group[12].1 = 0;
        check(&group, Some(((0..12).collect::<Vec<u32>>().as_slice(), &[1])));
    }
}
