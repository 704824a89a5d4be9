//! What is new about a line whose skeleton was never seen: an unseen word in its place, a misspelt one, one more, or all
//! of it.

use super::vocabulary::Vocabulary;
use crate::miner::words::{WordId, Words};
use crate::miner::{Groups, Join, Place, Sentence, Spoken};
use crate::state::sorted;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// Words in front of the message whose vocabulary is followed.
const HEAD_WORDS_MAX: usize = 8;
/// Share of agreeing words from which a line is a known message with an unseen word.
const KIN_SHARE_MIN: f32 = 0.75;
/// Share from which it is also as rare as the known message.
const CLOSE_SHARE_MIN: f32 = 0.9;
/// Share from which a message may be another with misspelt words.
const NEAR_SHARE_MIN: f32 = 0.4;
/// Messages that are compared letter by letter with an unheard-of one.
const NEAR_CANDIDATES_MAX: usize = 64;
/// Misspelt words in a near miss.
const NEAR_WORDS_MAX: usize = 4;
/// Bits from which an unseen word that is a misspelling makes a near miss.
const NEAR_BITS_MIN: f32 = 3.0;

/// What the miner noticed about a line; the numbers are those of `wit/types.wit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum NoveltyKind {
    /// Nothing.
    #[default]
    None = 0,
    /// A message unlike any other.
    New = 1,
    /// A known message with misspelt words.
    Near = 2,
    /// A word never seen in its place.
    Slot = 3,
    /// A known message with one word more.
    Extension = 4,
    /// A random-looking token where there was none.
    Odd = 5,
}

/// What was new about a line, and how surprising that was.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Novelty {
    /// Its kind.
    pub kind: NoveltyKind,
    /// Surprise in bits.
    pub bits: f32,
    /// The unseen words, then, after a tab, the known ones.
    pub words: Vec<u8>,
}

/// A line whose skeleton was never seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unheard<'a> {
    pub(super) sentence: &'a Sentence,
    pub(super) body: &'a [Spoken<'a>],
    pub(super) head: &'a [Spoken<'a>],
    /// Lines of the source so far.
    pub(super) lines: u64,
}

impl<'a> Unheard<'a> {
    /// Places with their words: those in front of the message come first, and are numbered after its own.
    fn places(&self) -> impl Iterator<Item = (usize, &'a Spoken<'a>)> {
        let own = self.body.iter().enumerate();
        let in_front = self.head.iter().take(HEAD_WORDS_MAX).enumerate();
        let behind = self.body.len();
        in_front.map(move |(place, word)| (behind + place, word)).chain(own)
    }

    fn teach(&self, vocabulary: &mut Vocabulary, groups: &mut Groups) {
        for (place, word) in self.places() {
            vocabulary.learn(place, word, &mut groups.words);
        }
    }
}

/// The words that messages were seen with.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Known {
    /// Of messages that varied, or that words stand in front of.
    #[serde(with = "sorted")]
    vocabularies: HashMap<u32, Vocabulary, foldhash::fast::FixedState>,
    /// Templates that are the same message as another with other words.
    homes: BTreeMap<u32, Kin>,
}

/// The template whose words are known in place of another's.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Kin {
    home: u32,
    /// Whether it also stands for the other where rarity is counted.
    is_close: bool,
}

impl Known {
    /// What is new about a line of a known template.
    pub(super) fn judge(&self, template: u32, unheard: Unheard<'_>, groups: &Groups) -> Novelty {
        self.escape(self.home(template, groups), unheard, groups)
    }

    /// What is new about a line without a template, and the template that is the same message but for some words.
    pub(super) fn judge_new(
        &self,
        unheard: Unheard<'_>,
        line: &[u8],
        groups: &Groups,
    ) -> (Novelty, Option<Kin>) {
        let similar = groups.similar(unheard.sentence, KIN_SHARE_MIN);
        let kin = similar.first().map(|(share, id)| Kin {
            home: self.home(*id, groups),
            is_close: *share >= CLOSE_SHARE_MIN,
        });
        match kin {
            Some(kin) => (self.escape(kin.home, unheard, groups), Some(kin)),
            None => {
                let near = self.near_miss(unheard, groups);
                (new_message(unheard, line, near, groups), None)
            }
        }
    }

    /// Learns the words of a line of a template, which may be kin to another.
    pub(super) fn learn(
        &mut self,
        (template, kin): (u32, Option<Kin>),
        unheard: Unheard<'_>,
        groups: &mut Groups,
    ) {
        // A template that took its kin in, or lost it to others while it was made, is at home in itself.
        let kin = kin.filter(|kin| kin.home != template && groups.get(kin.home).is_some());
        if let Some(kin) = kin {
            self.homes.entry(template).or_insert(kin);
        }
        let home = self.home(template, groups);
        if let Some(vocabulary) = self.vocabularies.get_mut(&home) {
            unheard.teach(vocabulary, groups);
        } else {
            let mut vocabulary = self.vocabulary(home, groups).into_owned();
            unheard.teach(&mut vocabulary, groups);
            if vocabulary.has_more_than(unheard.body.len()) {
                self.vocabularies.insert(home, vocabulary);
            }
        }
        if self.vocabularies.len() + self.homes.len() > 3 * groups.len() + 16 {
            self.retain(groups);
        }
    }

    /// Follows a template that became part of another.
    pub(super) fn join(&mut self, join: &Join, groups: &Groups) {
        let own = || vocabulary_of(&join.places, &groups.words);
        let (home, own) = if join.old == join.new {
            // Whatever was taken in from others by now, what it looked like itself is known too.
            (self.home(join.new, groups), own())
        } else {
            let own = self.vocabularies.remove(&join.old).unwrap_or_else(own);
            self.homes.remove(&join.old);
            for kin in self.homes.values_mut().filter(|kin| kin.home == join.old) {
                kin.home = join.new;
            }
            self.homes.retain(|id, kin| *id != kin.home);
            (self.home(join.new, groups), own)
        };
        match self.vocabularies.get_mut(&home) {
            Some(vocabulary) => vocabulary.absorb(&own),
            None => drop(self.vocabularies.insert(home, own)),
        }
    }

    /// Forgets what is known of templates that are no more.
    pub(super) fn retain(&mut self, groups: &Groups) {
        self.vocabularies.retain(|id, _| groups.get(*id).is_some());
        self.homes.retain(|id, kin| groups.get(*id).is_some() && groups.get(kin.home).is_some());
    }

    /// Hands on every word, in the order of the templates' creation.
    pub(super) fn each_word(&mut self, each: &mut dyn FnMut(&mut WordId)) {
        let mut all: Vec<(&u32, &mut Vocabulary)> = self.vocabularies.iter_mut().collect();
        all.sort_unstable_by_key(|(id, _)| **id);
        all.into_iter().for_each(|(_, vocabulary)| vocabulary.each_word(each));
    }

    /// Number of messages whose words are kept.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.vocabularies.len()
    }

    /// The template under which the rarity of this one is counted.
    pub(super) fn close_home(&self, template: u32, groups: &Groups) -> u32 {
        let kin = self.kin(template, groups).filter(|kin| kin.is_close);
        kin.map_or(template, |kin| kin.home)
    }

    fn home(&self, template: u32, groups: &Groups) -> u32 {
        self.kin(template, groups).map_or(template, |kin| kin.home)
    }

    /// The kin of a template, unless it had to make room.
    fn kin(&self, template: u32, groups: &Groups) -> Option<&Kin> {
        self.homes.get(&template).filter(|kin| groups.get(kin.home).is_some())
    }

    /// The words of a message: of one that never varied, those of its template.
    fn vocabulary(&self, id: u32, groups: &Groups) -> Cow<'_, Vocabulary> {
        let known = self.vocabularies.get(&id).map(Cow::Borrowed);
        known.unwrap_or_else(|| {
            let places = groups.get(id).map_or(&[][..], |template| &template.places);
            Cow::Owned(vocabulary_of(places, &groups.words))
        })
    }

    /// The most surprising unseen word of a known message.
    fn escape(&self, id: u32, unheard: Unheard<'_>, groups: &Groups) -> Novelty {
        let vocabulary = self.vocabulary(id, groups);
        let lines = groups.get(id).map_or(0, |template| template.lines);
        let mut most = Novelty::default();
        for (place, spoken) in unheard.places() {
            let is_open = place < unheard.body.len() && !vocabulary.has(place);
            let bits = vocabulary.escape_bits(place, lines);
            if bits > most.bits && !is_open && !vocabulary.knows(place, spoken.word) {
                most = Novelty { kind: NoveltyKind::Slot, bits, words: spoken.text.to_vec() };
            }
        }
        let is_loud = most.bits >= NEAR_BITS_MIN;
        match if is_loud { self.near_miss(unheard, groups) } else { None } {
            Some(words) => Novelty { kind: NoveltyKind::Near, words, ..most },
            None => most,
        }
    }

    /// The words by which this is almost a known message: among those that agree enough, the one that agrees most.
    fn near_miss(&self, unheard: Unheard<'_>, groups: &Groups) -> Option<Vec<u8>> {
        let similar = groups.similar(unheard.sentence, NEAR_SHARE_MIN);
        let candidates = similar.iter().take(NEAR_CANDIDATES_MAX);
        candidates
            .map(|(_, id)| self.home(*id, groups))
            .find_map(|id| self.misspelt_words(id, unheard, groups))
    }

    /// `unseen TAB known` when every unknown word of the body is a misspelling of one known in its place.
    fn misspelt_words(&self, id: u32, unheard: Unheard<'_>, groups: &Groups) -> Option<Vec<u8>> {
        let vocabulary = self.vocabulary(id, groups);
        let (mut unseen, mut known) = (Vec::new(), Vec::new());
        for (place, spoken) in unheard.body.iter().enumerate() {
            if !vocabulary.knows(place, spoken.word) {
                known.push(vocabulary.misspelt(place, spoken.text, &groups.words)?);
                unseen.push(spoken.text);
            }
        }
        let few = (1..=NEAR_WORDS_MAX).contains(&unseen.len());
        few.then(|| [unseen.join(&b' '), known.join(&b' ')].join(&b'\t'))
    }
}

/// The words of a template up to the first that was learnt to vary.
fn vocabulary_of(places: &[Place], words: &Words) -> Vocabulary {
    Vocabulary::new(places.iter().filter_map(|place| place.open_word(words)).map_while(|word| word))
}

fn new_message(
    unheard: Unheard<'_>,
    line: &[u8],
    near: Option<Vec<u8>>,
    groups: &Groups,
) -> Novelty {
    let messages = groups.len() as f32 + 1.0;
    let bits = (2.0 * (unheard.lines as f32 + 1.0) / messages).log2();
    if let Some(words) = near {
        return Novelty { kind: NoveltyKind::Near, bits, words };
    }
    match groups.extra_places(unheard.sentence) {
        Some(places) => {
            let words = unheard.sentence.text(places, line);
            Novelty { kind: NoveltyKind::Extension, bits, words }
        }
        None => Novelty { kind: NoveltyKind::New, bits, words: Vec::new() },
    }
}
