//! Fine templates: a template together with the words in front of it.

use crate::miner::{Join, Spoken};
use crate::state::sorted;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use xxhash_rust::xxh3::xxh3_64;

/// Share of agreeing words, those of the message among them, from which two heads are one.
const SHARE_MIN: f32 = 0.9;
/// Words of a head that are compared.
const HEAD_WORDS_MAX: usize = 64;

/// A word of a head by its hash; 0 where it varies.
type HeadWord = u32;

/// A template with its head.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Fine {
    template: u32,
    last_use: u32,
    lines: u64,
    head: Box<[HeadWord]>,
}

/// All fine templates of a source. Ids count up and are never reused.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct FineTemplates {
    #[serde(with = "sorted")]
    by_id: HashMap<u32, Fine, foldhash::fast::FixedState>,
    /// Template and id of each: those of one template are neighbours, the oldest first.
    by_template: BTreeSet<(u32, u32)>,
    last_id: u32,
    /// Number of the last search, which is what age is counted in.
    searches: u32,
}

/// How far the words of a message agree with its template, in halves, of how many.
#[derive(Debug, Clone, Copy)]
pub(super) struct BodyShare {
    pub(super) halves: usize,
    pub(super) words: usize,
}

impl FineTemplates {
    /// The id of a template behind that head, new if no head of it is near enough.
    pub(super) fn id(
        &mut self,
        (template, body): (u32, BodyShare),
        head: &[Spoken<'_>],
        templates_max: usize,
    ) -> u32 {
        let head = head.iter().take(HEAD_WORDS_MAX);
        let head: Box<[HeadWord]> = head.map(|spoken| xxh3_64(spoken.text) as u32 | 1).collect();
        self.searches = self.searches.saturating_add(1);
        let own = self.of(template).filter(|(_, fine)| fine.head.len() == head.len());
        let shares = own.map(|(id, fine)| (body.share(&fine.head, &head), id));
        let nearest = shares.reduce(|best, next| if next.0 > best.0 { next } else { best });
        let near = nearest.filter(|(share, _)| *share >= SHARE_MIN);
        if let Some((_, id)) = near
            && let Some(fine) = self.by_id.get_mut(&id)
        {
            fine.last_use = self.searches;
            fine.head.iter_mut().zip(&head).filter(|(a, b)| a != b).for_each(|(word, _)| *word = 0);
            return id;
        }
        if self.by_id.len() >= templates_max {
            self.make_room();
        }
        self.last_id += 1;
        self.insert(self.last_id, Fine { template, head, lines: 0, last_use: self.searches });
        self.last_id
    }

    /// Those of a template, the oldest first.
    fn of(&self, template: u32) -> impl Iterator<Item = (u32, &Fine)> {
        let own = self.by_template.range((template, 0)..=(template, u32::MAX));
        own.filter_map(|(_, id)| self.by_id.get(id).map(|fine| (*id, fine)))
    }

    fn insert(&mut self, id: u32, fine: Fine) {
        self.by_template.insert((fine.template, id));
        self.by_id.insert(id, fine);
    }

    fn remove(&mut self, id: u32) -> Option<Fine> {
        let fine = self.by_id.remove(&id)?;
        self.by_template.remove(&(fine.template, id));
        Some(fine)
    }

    /// The lines of a fine template so far; `None` where it is no more.
    pub(super) fn lines_mut(&mut self, id: u32) -> Option<&mut u64> {
        self.by_id.get_mut(&id).map(|fine| &mut fine.lines)
    }

    /// Follows a template that became part of another: with equal heads, the older fine template stays.
    pub(super) fn join(&mut self, join: &Join) {
        if join.old == join.new {
            return;
        }
        let moved: Vec<u32> = self.of(join.old).map(|(id, _)| id).collect();
        for id in moved {
            let Some(fine) = self.remove(id) else { continue };
            let same = self.of(join.new).find(|(_, other)| other.head == fine.head);
            let known = same.map(|(id, _)| id);
            let other = known.and_then(|known| self.remove(known));
            let lines = fine.lines + other.map_or(0, |other| other.lines);
            let oldest = known.map_or(id, |known| known.min(id));
            self.insert(oldest, Fine { template: join.new, lines, ..fine });
        }
    }

    /// Keeps those of living templates; how many went.
    pub(super) fn retain(&mut self, is_alive: impl Fn(u32) -> bool) -> u64 {
        let before = self.by_id.len();
        self.by_id.retain(|_, fine| is_alive(fine.template));
        self.by_template.retain(|(template, _)| is_alive(*template));
        (before - self.by_id.len()) as u64
    }

    fn make_room(&mut self) {
        let mut order: Vec<(u32, u32)> =
            self.by_id.iter().map(|(id, fine)| (fine.last_use, *id)).collect();
        order.sort_unstable();
        for (_, id) in order.iter().take((order.len() / 8).max(1)) {
            self.remove(*id);
        }
    }
}

impl BodyShare {
    /// The share of words that agree in message and head; one that varies agrees by half.
    fn share(self, known: &[HeadWord], head: &[HeadWord]) -> f32 {
        let agreement = known.iter().zip(head).map(|(known, word)| match known {
            0 => 1,
            known if known == word => 2,
            _ => 0,
        });
        let halves = self.halves + agreement.sum::<usize>();
        let is_equal = known == head;
        if is_equal { 1.0 } else { halves as f32 / (2 * (self.words + head.len())).max(1) as f32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoken(head: &str) -> Vec<Spoken<'_>> {
        head.split(' ').map(|word| Spoken { text: word.as_bytes(), word: None }).collect()
    }

    #[test]
    fn heads_of_long_messages_are_one_and_those_of_short_ones_are_not() {
        let mut fine = FineTemplates::default();
        let (short, long) =
            (BodyShare { halves: 4, words: 2 }, BodyShare { halves: 20, words: 10 });
        let cases = [
            (1, short, "web", 1),
            (1, short, "db", 2),
            (1, short, "web", 1),
            (1, short, "web api", 3),
            (2, long, "web", 4),
            (2, long, "db", 4),
            (2, long, "mail", 4),
            (1, short, "db", 2),
        ];
        for (template, body, head, expected) in cases {
            assert_eq!(
                fine.id((template, body), &spoken(head), 100),
                expected,
                "{template} {head}"
            );
        }
    }

    #[test]
    fn what_became_one_template_is_one_behind_each_head() {
        let mut fine = FineTemplates::default();
        let body = BodyShare { halves: 4, words: 2 };
        for (template, head) in [(1, "web"), (2, "web"), (2, "db")] {
            let id = fine.id((template, body), &spoken(head), 100);
            *fine.lines_mut(id).expect("it was just made") += 1;
        }
        fine.join(&Join { old: 2, new: 1, places: Box::default() });
        assert_eq!(fine.lines_mut(1), Some(&mut 2));
        assert_eq!(fine.lines_mut(2), None);
        assert_eq!(fine.id((1, body), &spoken("db"), 100), 3);
        assert_eq!(fine.by_template, BTreeSet::from([(1, 1), (1, 3)]));
        assert_eq!(fine.retain(|template| template != 1), 2);
        assert!(fine.by_template.is_empty());
    }

    #[test]
    fn there_is_an_end_to_them() {
        let mut fine = FineTemplates::default();
        let body = BodyShare { halves: 4, words: 2 };
        let ids: Vec<u32> = (0..100).map(|template| fine.id((template, body), &[], 16)).collect();
        assert!(ids.is_sorted() && ids[99] == 100);
        assert!(fine.by_id.len() <= 16 && fine.lines_mut(100).is_some());
        assert_eq!(fine.by_template.len(), fine.by_id.len());
    }
}
