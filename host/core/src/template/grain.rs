//! Templates of one source at one grain: messages of equal length merge when they share enough words.
//!
//! Drain's idea (He et al. 2017) without its tree: exact repetitions are answered by a cache in front of this, so that
//! only unheard-of word sequences get here, and those are compared with all templates of their length.

use super::token::VARIABLE;
use super::words::{WordId, Words};
use crate::state::sorted;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use xxhash_rust::xxh3::xxh3_64;

/// Templates of equal length; the longest unseen eighth makes room for more.
const PER_LENGTH_MAX: usize = 256;

/// A constant of a template, or `None` for a variable.
pub(super) type Place = Option<WordId>;

/// Lines of a step in which the order of uses is kept, as a power of two.
const USE_STEP_BITS: u32 = 4;

/// What one message looks like.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Template {
    pub(super) places: Box<[Place]>,
    pub(super) lines: u64,
    /// Name across sources: hash of the text at creation, below 2^31.
    pub(super) message: u32,
    /// In steps of some lines, so that four bytes last.
    last_use: u32,
}

/// All templates of one source at one grain. Ids count up and are never reused.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Grain {
    share_min: f32,
    #[serde(skip)]
    templates_max: usize,
    #[serde(with = "sorted")]
    templates: HashMap<u32, Template, foldhash::fast::FixedState>,
    #[serde(with = "sorted")]
    by_length: HashMap<usize, Vec<u32>, foldhash::fast::FixedState>,
    next_id: u32,
    uses: u64,
    evicted: u64,
}

/// The most similar template and how much of it agrees.
#[derive(Debug, Clone, Copy)]
pub(super) struct Match {
    pub(super) id: u32,
    pub(super) share: f32,
}

impl Grain {
    pub(super) fn new(share_min: f32, templates_max: usize) -> Self {
        Grain {
            share_min,
            templates_max,
            templates: HashMap::default(),
            by_length: HashMap::default(),
            next_id: 1,
            uses: 0,
            evicted: 0,
        }
    }

    /// Goes on under this limit, which is not part of a saved grain.
    pub(super) fn limit(&mut self, templates_max: usize) {
        self.templates_max = templates_max;
    }

    pub(super) fn len(&self) -> usize {
        self.templates.len()
    }

    pub(super) fn evicted(&self) -> u64 {
        self.evicted
    }

    pub(super) fn get(&self, id: u32) -> Option<&Template> {
        self.templates.get(&id)
    }

    /// Ids and templates in the order of their creation.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Template)> {
        let mut ids: Vec<u32> = self.templates.keys().copied().collect();
        ids.sort_unstable();
        ids.into_iter().map(|id| (id, &self.templates[&id]))
    }

    pub(super) fn of_length(&self, length: usize) -> impl Iterator<Item = &Template> {
        self.by_length.get(&length).into_iter().flatten().map(|id| &self.templates[id])
    }

    /// Counts a line of a template; false where it was evicted.
    pub(super) fn touch(&mut self, id: u32) -> bool {
        self.uses += 1;
        let Some(template) = self.templates.get_mut(&id) else { return false };
        template.lines += 1;
        template.last_use = step_of(self.uses);
        true
    }

    /// The template of that length with most agreeing words, the oldest of equals; a variable agrees by half.
    pub(super) fn most_similar(&self, words: &[WordId]) -> Option<Match> {
        let ids = self.by_length.get(&words.len())?;
        let matches = ids.iter().map(|id| self.compare(*id, words));
        matches.reduce(|best, next| if next.share > best.share { next } else { best })
    }

    /// All templates of that length of which at least that share agrees.
    pub(super) fn similar(&self, words: &[WordId], share_min: f32) -> Vec<Match> {
        let ids = self.by_length.get(&words.len()).into_iter().flatten();
        ids.map(|id| self.compare(*id, words)).filter(|found| found.share >= share_min).collect()
    }

    fn compare(&self, id: u32, words: &[WordId]) -> Match {
        let places = &self.templates[&id].places;
        let halves: u32 =
            places.iter().zip(words).map(|(place, word)| agreement(place, word)).sum();
        Match { id, share: halves as f32 / (2 * words.len()).max(1) as f32 }
    }

    /// Whether a match is good enough to be the same message.
    pub(super) fn accepts(&self, found: Match) -> bool {
        found.share >= self.share_min
    }

    /// Makes every place where the words differ a variable.
    pub(super) fn merge(&mut self, id: u32, words: &[WordId]) {
        if let Some(template) = self.templates.get_mut(&id) {
            for (place, word) in template.places.iter_mut().zip(words) {
                if place.is_some_and(|known| known != *word) {
                    *place = None;
                }
            }
        }
    }

    /// Makes the words a template of their own.
    pub(super) fn insert(&mut self, sentence: &[WordId], words: &Words) -> u32 {
        self.make_room(sentence.len());
        let id = self.next_id;
        self.next_id += 1;
        let places: Box<[Place]> = sentence.iter().copied().map(Some).collect();
        let message = (xxh3_64(&render(&places, words)) & 0x7fff_ffff) as u32;
        self.templates
            .insert(id, Template { places, lines: 0, message, last_use: step_of(self.uses) });
        self.by_length.entry(sentence.len()).or_default().push(id);
        id
    }

    fn make_room(&mut self, length: usize) {
        let of_length = self.by_length.get(&length).map_or(0, Vec::len);
        if of_length >= PER_LENGTH_MAX {
            let ids = self.by_length[&length].clone();
            self.evict_longest_unseen(ids);
        }
        if self.templates.len() >= self.templates_max {
            let ids = self.templates.keys().copied().collect();
            self.evict_longest_unseen(ids);
        }
    }

    /// Hands on every word, in the order of the templates' creation.
    pub(super) fn each_word(&mut self, each: &mut dyn FnMut(&mut WordId)) {
        let mut templates: Vec<(&u32, &mut Template)> = self.templates.iter_mut().collect();
        templates.sort_unstable_by_key(|(id, _)| **id);
        for (_, template) in templates {
            template.places.iter_mut().flatten().for_each(&mut *each);
        }
    }

    /// Lets go of templates that had a single line; how many.
    pub(super) fn evict_rare(&mut self) -> u64 {
        let rare = self.templates.iter().filter(|(_, template)| template.lines <= 1);
        let rare: Vec<u32> = rare.map(|(id, _)| *id).collect();
        for id in &rare {
            self.templates.remove(id);
        }
        for list in self.by_length.values_mut() {
            list.retain(|id| self.templates.contains_key(id));
        }
        self.evicted += rare.len() as u64;
        rare.len() as u64
    }

    fn evict_longest_unseen(&mut self, mut ids: Vec<u32>) {
        ids.sort_unstable_by_key(|id| (self.templates[id].last_use, *id));
        ids.truncate((ids.len() / 8).max(1));
        for id in &ids {
            self.templates.remove(id);
            self.evicted += 1;
        }
        for list in self.by_length.values_mut() {
            list.retain(|id| self.templates.contains_key(id));
        }
    }
}

fn step_of(uses: u64) -> u32 {
    u32::try_from(uses >> USE_STEP_BITS).unwrap_or(u32::MAX)
}

/// In halves: 2 for an equal word, 1 for a variable.
fn agreement(place: &Place, word: &WordId) -> u32 {
    match place {
        Some(known) if known == word => 2,
        Some(_) => 0,
        None => 1,
    }
}

/// The template as people see it.
pub(super) fn render(places: &[Place], words: &Words) -> Vec<u8> {
    let texts = places.iter().map(|place| place.map_or(VARIABLE, |word| words.text(word)));
    texts.collect::<Vec<&[u8]>>().join(&b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(grain: &mut Grain, words: &mut Words, text: &str) -> u32 {
        let sentence: Vec<WordId> =
            text.split(' ').map(|word| words.number(word.as_bytes())).collect();
        let id = match grain.most_similar(&sentence).filter(|found| grain.accepts(*found)) {
            Some(found) => {
                grain.merge(found.id, &sentence);
                found.id
            }
            None => grain.insert(&sentence, words),
        };
        grain.touch(id);
        id
    }

    #[test]
    fn messages_merge_when_enough_words_agree() {
        let (mut grain, mut words) = (Grain::new(0.75, 100), Words::default());
        let first = add(&mut grain, &mut words, "user alice logged in");
        assert_eq!(add(&mut grain, &mut words, "user bob logged in"), first);
        assert_ne!(add(&mut grain, &mut words, "user bob was refused"), first);
        assert_ne!(
            add(&mut grain, &mut words, "user bob logged in again"),
            first,
            "another length"
        );
        assert_eq!(render(&grain.get(first).expect("kept").places, &words), b"user <*> logged in");
    }

    #[test]
    fn the_longest_unseen_make_room_and_ids_are_not_reused() {
        let (mut grain, mut words) = (Grain::new(0.9, 16), Words::default());
        let keep = add(&mut grain, &mut words, "always here");
        let mut ids = vec![keep];
        for number in 0..200 {
            ids.push(add(&mut grain, &mut words, &format!("word{number} other{number}")));
            add(&mut grain, &mut words, "always here");
        }
        assert!(grain.len() <= 16);
        assert!(grain.get(keep).is_some());
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 201);
    }
}
