//! The template miner: a message in, template ids and what was new about it out.
//!
//! Every source has a miner of its own. It knows each message at two grains: the *template* is the message alone, one
//! channel per message for counts; the *fine template* is the message together with the words in front of it (host,
//! component), for rarity. Sequences of masked words that were seen before are answered by one look-up; only unheard-of
//! ones are compared, and only those can be novel.

mod cache;
mod columns;
mod grain;
mod odd;
mod token;
mod vocabulary;
mod words;

use crate::batch::Batch;
use crate::record::QUERY;
use crate::state::sorted;
use cache::Cache;
pub use columns::MinedColumns;
use grain::{Grain, Match, render};
use odd::OddTokens;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use token::{each_word, fold};
use vocabulary::Vocabulary;
use words::{WordId, Words};

/// Words in front of the message whose vocabulary is followed.
const HEAD_WORDS_MAX: usize = 8;
/// Share of agreeing words from which two messages are one.
const SHARE_MIN: f32 = 0.75;
/// The same with the words in front of the message, at the fine grain.
const FINE_SHARE_MIN: f32 = 0.9;
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

/// Bounds of a miner.
#[derive(Debug, Clone, Copy, Default)]
pub struct MinerLimits {
    /// Templates per source and grain.
    pub templates_max: usize,
    /// Length of the windows in which age is counted, in milliseconds.
    pub window_ms: u64,
}

/// A template as users see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateInfo {
    /// Id within the source.
    pub id: u32,
    /// Name across sources.
    pub message: u32,
    /// Lines so far.
    pub lines: u64,
    /// Text, variables as `<*>`.
    pub text: String,
}

/// The miner of one source.
#[derive(Debug, Serialize, Deserialize)]
pub struct Templates {
    #[serde(skip)]
    limits: MinerLimits,
    words: Words,
    coarse: Grain,
    fine: Grain,
    /// Of messages that varied, or that words stand in front of.
    #[serde(with = "sorted")]
    vocabularies: HashMap<u32, Vocabulary, foldhash::fast::FixedState>,
    odd: OddTokens,
    cache: Cache,
    lines: u64,
    first_window: Option<u32>,
    #[serde(skip)]
    scratch: Vec<u8>,
}

impl Templates {
    /// An empty miner.
    pub fn new(limits: MinerLimits) -> Self {
        Templates {
            limits,
            words: Words::default(),
            coarse: Grain::new(SHARE_MIN, limits.templates_max),
            fine: Grain::new(FINE_SHARE_MIN, limits.templates_max),
            vocabularies: HashMap::default(),
            odd: OddTokens::default(),
            cache: Cache::default(),
            lines: 0,
            first_window: None,
            scratch: Vec::new(),
        }
    }

    /// Goes on under these limits, which are not part of a saved miner.
    pub fn limit(&mut self, limits: MinerLimits) {
        self.limits = limits;
        self.coarse.limit(limits.templates_max);
        self.fine.limit(limits.templates_max);
    }

    /// Mines rows of one source and appends a value per row to every column.
    pub fn assign(&mut self, batch: &Batch, rows: Range<usize>, columns: &mut MinedColumns) {
        for row in rows {
            let window = (batch.time_ms(row).max(0) as u64 / self.limits.window_ms) as u32;
            let query = batch.attribute(row, QUERY).unwrap_or_default();
            let texts = [batch.head(row), batch.body(row), query];
            let (template, fine, novelty) = self.mine(texts, window);
            columns.template.push(template);
            columns.fine_template.push(fine);
            columns.message.push(self.coarse.get(template).map_or(0, |template| template.message));
            columns.novelty_kind.push(novelty.kind as u8);
            columns.novelty_bits.push(novelty.bits);
            columns.novelty_words.push(&novelty.words);
        }
    }

    /// Template, fine template, and what was new. The query tells no messages apart; secrets are looked for in it.
    fn mine(&mut self, [head, body, query]: [&[u8]; 3], window: u32) -> (u32, u32, Novelty) {
        self.lines += 1;
        let first = *self.first_window.get_or_insert(window);
        let mut key = 0;
        each_word(head, &mut self.scratch, |_, hash| key = fold(key, hash));
        key = fold(key, 1);
        each_word(body, &mut self.scratch, |_, hash| key = fold(key, hash));
        let known = self.cache.get(key).filter(|(coarse, fine)| {
            self.coarse.get(*coarse).is_some() && self.fine.get(*fine).is_some()
        });
        let (coarse, fine, mut novelty) = match known {
            Some((coarse, fine)) => (coarse, fine, Novelty::default()),
            None => self.learn(key, head, body),
        };
        self.coarse.touch(coarse);
        self.fine.touch(fine);
        let lines = self.fine.get(fine).map_or(0, |template| template.lines);
        let age = (window, window.saturating_sub(first));
        if let Some(odd) = self.odd.meet([body, query], (fine, lines), age)
            && odd.bits > novelty.bits
        {
            novelty = Novelty { kind: NoveltyKind::Odd, bits: odd.bits, words: odd.words.into() };
        }
        (coarse, fine, novelty)
    }

    /// The slow path: a sequence of words that no line had before, or none that is still remembered.
    fn learn(&mut self, key: u64, head: &[u8], body: &[u8]) -> (u32, u32, Novelty) {
        let mut all = self.sentence(head);
        let body_begins = all.len();
        all.extend(self.sentence(body));
        let (coarse, novelty) = self.learn_coarse(&all[..body_begins], &all[body_begins..]);
        let fine = match self.fine.most_similar(&all).filter(|found| self.fine.accepts(*found)) {
            Some(found) => {
                self.fine.merge(found.id, &all);
                found.id
            }
            None => self.fine.insert(&all, &self.words),
        };
        self.cache.insert(key, (coarse, fine));
        if self.words.wants_sweep() {
            self.sweep_words();
        }
        (coarse, fine, novelty)
    }

    /// Lets go of words that nothing speaks of any more.
    fn sweep_words(&mut self) {
        let Templates { words, coarse, fine, vocabularies, .. } = self;
        vocabularies.retain(|id, _| coarse.get(*id).is_some());
        let mut vocabularies: Vec<(&u32, &mut Vocabulary)> = vocabularies.iter_mut().collect();
        vocabularies.sort_unstable_by_key(|(id, _)| **id);
        words.sweep(|each| {
            coarse.each_word(each);
            fine.each_word(each);
            vocabularies.into_iter().for_each(|(_, vocabulary)| vocabulary.each_word(each));
        });
    }

    fn learn_coarse(&mut self, head: &[WordId], body: &[WordId]) -> (u32, Novelty) {
        let found = self.coarse.most_similar(body).filter(|found| self.coarse.accepts(*found));
        let near = self.near_miss(body);
        let (id, novelty, mut vocabulary) = match found {
            Some(Match { id, .. }) => {
                let vocabulary = self.vocabulary(id).into_owned();
                let novelty = self.escape(id, &vocabulary, places_of(head, body), near);
                self.coarse.merge(id, body);
                (id, novelty, vocabulary)
            }
            None => {
                let (id, novelty) = self.new_message(body, near);
                (id, novelty, Vocabulary::new(body.iter().copied()))
            }
        };
        if self.vocabularies.len() > 2 * self.coarse.len() + 16 {
            self.vocabularies.retain(|id, _| self.coarse.get(*id).is_some());
        }
        places_of(head, body).for_each(|(place, word)| vocabulary.learn(place, word));
        if vocabulary.has_more_than(body.len()) {
            self.vocabularies.insert(id, vocabulary);
        }
        (id, novelty)
    }

    /// The words of a message: of one that never varied, those of its template.
    fn vocabulary(&self, id: u32) -> Cow<'_, Vocabulary> {
        let known = self.vocabularies.get(&id).map(Cow::Borrowed);
        known.unwrap_or_else(|| {
            let places = self.coarse.get(id).map(|template| &*template.places);
            let words = places.into_iter().flatten().copied().map_while(|place| place);
            Cow::Owned(Vocabulary::new(words))
        })
    }

    fn new_message(&mut self, body: &[WordId], near: Option<Vec<u8>>) -> (u32, Novelty) {
        let extra = self.extra_word(body).map(|word| self.words.text(word).to_vec());
        let id = self.coarse.insert(body, &self.words);
        let bits = (2.0 * (self.lines as f32 + 1.0) / self.coarse.len() as f32).log2();
        let (kind, words) = match (near, extra) {
            (Some(words), _) => (NoveltyKind::Near, words),
            (None, Some(word)) => (NoveltyKind::Extension, word),
            (None, None) => (NoveltyKind::New, Vec::new()),
        };
        (id, Novelty { kind, bits, words })
    }

    /// The most surprising unseen word of a known message.
    fn escape(
        &self,
        id: u32,
        vocabulary: &Vocabulary,
        places: impl Iterator<Item = (usize, WordId)>,
        near: Option<Vec<u8>>,
    ) -> Novelty {
        let lines = self.coarse.get(id).map_or(0, |template| template.lines);
        let mut most = Novelty::default();
        for (place, word) in places {
            let bits = vocabulary.escape_bits(place, lines);
            if bits > most.bits && !vocabulary.knows(place, word) {
                let words = self.words.text(word).to_vec();
                most = Novelty { kind: NoveltyKind::Slot, bits, words };
            }
        }
        match near {
            Some(words) if most.bits >= NEAR_BITS_MIN => {
                Novelty { kind: NoveltyKind::Near, words, ..most }
            }
            _ => most,
        }
    }

    /// The words by which this is almost a known message: among those that agree enough, the one that agrees most.
    fn near_miss(&self, body: &[WordId]) -> Option<Vec<u8>> {
        let mut similar = self.coarse.similar(body, NEAR_SHARE_MIN);
        similar.sort_by(|a, b| b.share.total_cmp(&a.share).then(a.id.cmp(&b.id)));
        similar
            .iter()
            .take(NEAR_CANDIDATES_MAX)
            .find_map(|found| self.misspelt_words(found.id, body))
    }

    /// `unseen TAB known` when every unknown word of the body is a misspelling of one known in its place.
    fn misspelt_words(&self, id: u32, body: &[WordId]) -> Option<Vec<u8>> {
        let vocabulary = self.vocabulary(id);
        let (mut unseen, mut known) = (Vec::new(), Vec::new());
        for (place, word) in places_of(&[], body) {
            if !vocabulary.knows(place, word) {
                known.push(vocabulary.misspelt(place, word, &self.words)?);
                unseen.push(self.words.text(word));
            }
        }
        let few = (1..=NEAR_WORDS_MAX).contains(&unseen.len());
        few.then(|| [unseen.join(&b' '), known.join(&b' ')].join(&b'\t'))
    }

    /// The word that makes this a known message with one word more.
    fn extra_word(&self, body: &[WordId]) -> Option<WordId> {
        let shorter = body.len().checked_sub(1).filter(|length| *length > 1)?;
        self.coarse.of_length(shorter).find_map(|template| {
            let fits = |place: usize, word: usize| {
                template.places[place].is_none_or(|known| known == body[word])
            };
            let same = (0..shorter).take_while(|place| fits(*place, *place)).count();
            (same..shorter).all(|place| fits(place, place + 1)).then(|| body[same])
        })
    }

    fn sentence(&mut self, text: &[u8]) -> Vec<WordId> {
        let Templates { words, scratch, .. } = self;
        let mut sentence = Vec::new();
        each_word(text, scratch, |word, _| sentence.push(words.number(word)));
        sentence
    }

    /// The text of a template; empty where it was evicted.
    pub fn text(&self, template: u32) -> Vec<u8> {
        self.coarse
            .get(template)
            .map(|template| render(&template.places, &self.words))
            .unwrap_or_default()
    }

    /// Lines of a template so far.
    pub fn lines(&self, template: u32) -> u64 {
        self.coarse.get(template).map_or(0, |template| template.lines)
    }

    /// The name of a template across sources.
    pub fn message(&self, template: u32) -> u32 {
        self.coarse.get(template).map_or(0, |template| template.message)
    }

    /// All templates in the order of their creation.
    pub fn list(&self) -> Vec<TemplateInfo> {
        let info = |(id, template): (u32, &grain::Template)| TemplateInfo {
            id,
            message: template.message,
            lines: template.lines,
            text: String::from_utf8_lossy(&render(&template.places, &self.words)).into_owned(),
        };
        self.coarse.iter().map(info).collect()
    }

    /// Lets go of templates that had a single line, for want of memory; how many.
    pub fn evict_rare(&mut self) -> u64 {
        let evicted = self.coarse.evict_rare() + self.fine.evict_rare();
        self.vocabularies.retain(|id, _| self.coarse.get(*id).is_some());
        evicted
    }

    /// Number of templates.
    pub fn len(&self) -> usize {
        self.coarse.len()
    }

    /// Whether nothing was mined.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Templates that had to make room.
    pub fn evicted(&self) -> u64 {
        self.coarse.evicted()
    }
}

/// Places of a message with their words: those in front of it come first, and are numbered after its own.
fn places_of(head: &[WordId], body: &[WordId]) -> impl Iterator<Item = (usize, WordId)> {
    let own = body.iter().copied().enumerate();
    let in_front = head.iter().copied().take(HEAD_WORDS_MAX).enumerate();
    in_front.map(|(place, word)| (body.len() + place, word)).chain(own)
}

#[cfg(test)]
mod tests;
