//! Which words each place of a message was seen with, and what that says about an unseen one.

use crate::miner::Spoken;
use crate::miner::words::{WordId, Words};
use serde::{Deserialize, Serialize};

/// Words remembered of a place; more are only counted.
const WORDS_MAX: usize = 64;
/// Places with more words than this are open, and no word is a misspelling of another there.
const CLOSED_WORDS_MAX: usize = 20;
/// Shorter words are not compared letter by letter.
const COMPARED_LETTERS_MIN: usize = 4;

/// The words of all places of one message. Most places have one word.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(super) struct Vocabulary {
    first: Box<[WordId]>,
    more: Box<[More]>,
}

/// The words of a place after its first.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct More {
    place: u16,
    words: Vec<WordId>,
    /// Sightings of words beyond those remembered.
    unremembered: u32,
}

impl Vocabulary {
    pub(super) fn knows(&self, place: usize, word: Option<WordId>) -> bool {
        word.is_some_and(|word| self.words_of(place).any(|known| known == word))
    }

    /// Whether it was ever seen with a word there.
    pub(super) fn has(&self, place: usize) -> bool {
        self.words_of(place).next().is_some()
    }

    /// A message that was just met, with its words.
    pub(super) fn new(words: impl Iterator<Item = WordId>) -> Self {
        Vocabulary { first: words.collect(), more: Box::default() }
    }

    /// Whether it knows more than one word for each of so many places.
    pub(super) fn has_more_than(&self, places: usize) -> bool {
        self.first.len() > places || !self.more.is_empty()
    }

    /// Takes a word of a place, which is kept where there is room.
    pub(super) fn learn(&mut self, place: usize, spoken: &Spoken<'_>, words: &mut Words) {
        if !self.knows(place, spoken.word) {
            let is_full = self.more_of(place).is_some_and(|more| more.words.len() + 1 >= WORDS_MAX);
            // A word that is only counted needs no number.
            let word = if is_full { None } else { Some(words.number(spoken.text)) };
            self.take(place, word);
        }
    }

    /// Takes all words that another one knows.
    pub(super) fn absorb(&mut self, other: &Vocabulary) {
        let first = other.first.iter().enumerate().map(|(place, word)| (place, *word));
        let more = other
            .more
            .iter()
            .flat_map(|more| more.words.iter().map(|word| (usize::from(more.place), *word)));
        for (place, word) in first.chain(more) {
            if !self.knows(place, Some(word)) {
                self.take(place, Some(word));
            }
        }
    }

    fn take(&mut self, place: usize, word: Option<WordId>) {
        if let (true, Some(word)) = (place == self.first.len(), word) {
            self.first = self.first.iter().copied().chain([word]).collect();
            return;
        }
        let at = self.more.partition_point(|more| usize::from(more.place) < place);
        if self.more_of(place).is_none() {
            let mut more = std::mem::take(&mut self.more).into_vec();
            more.insert(at, More { place: place as u16, words: Vec::new(), unremembered: 0 });
            self.more = more.into();
        }
        let more = &mut self.more[at];
        match word.filter(|_| more.words.len() + 1 < WORDS_MAX) {
            Some(word) => more.words.push(word),
            None => more.unremembered = more.unremembered.saturating_add(1),
        }
    }

    fn more_of(&self, place: usize) -> Option<&More> {
        let found = self.more.binary_search_by_key(&place, |more| usize::from(more.place));
        found.ok().map(|at| &self.more[at])
    }

    /// Words remembered of a place, in the order of their coming.
    fn words_of(&self, place: usize) -> impl Iterator<Item = WordId> {
        let more = self.more_of(place).into_iter().flat_map(|more| more.words.iter().copied());
        self.first.get(place).copied().into_iter().chain(more)
    }

    /// Hands on every word.
    pub(super) fn each_word(&mut self, each: &mut dyn FnMut(&mut WordId)) {
        self.first.iter_mut().for_each(&mut *each);
        self.more.iter_mut().flat_map(|more| &mut more.words).for_each(each);
    }

    /// Bits of surprise at a word never seen there: lines over distinct words.
    pub(super) fn escape_bits(&self, place: usize, lines: u64) -> f32 {
        let unremembered = self.more_of(place).map_or(0, |more| more.unremembered);
        let distinct = self.words_of(place).count() as f32 + unremembered as f32;
        ((lines as f32 + 1.0) / (distinct - 0.5).max(0.5)).log2()
    }

    /// A known word of which this may be a misspelling.
    pub(super) fn misspelt<'a>(
        &self,
        place: usize,
        word: &[u8],
        words: &'a Words,
    ) -> Option<&'a [u8]> {
        if self.words_of(place).count() > CLOSED_WORDS_MAX
            || word.len() < COMPARED_LETTERS_MIN
            || word.contains(&b'*')
        {
            return None;
        }
        let mut known = self.words_of(place).map(|known| words.text(known));
        known.find(|known| !known.contains(&b'*') && is_small_edit(known, word))
    }
}

/// Optimal string alignment distance of at most 2, or 1 for words under six letters.
fn is_small_edit(a: &[u8], b: &[u8]) -> bool {
    let limit = if a.len().min(b.len()) < 6 { 1 } else { 2 };
    if a.len().abs_diff(b.len()) > limit || a.len() > 128 {
        return false;
    }
    let (mut before, mut row) = (vec![0; b.len() + 1], (0..=b.len()).collect::<Vec<usize>>());
    for (i, x) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut cost = (row[j + 1] + 1).min(next[j] + 1).min(row[j] + usize::from(x != y));
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                cost = cost.min(before[j - 1] + 1);
            }
            next.push(cost);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[b.len()] <= limit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_edits() {
        let cases = [
            ("receiving", "recieving", true),
            ("receiving", "recving", true),
            ("receiving", "sending", false),
            ("open", "opne", true),
            ("open", "pone", false),
            ("block", "clock", true),
            ("block", "clack", false),
            ("same", "same", true),
        ];
        for (a, b, expected) in cases {
            assert_eq!(is_small_edit(a.as_bytes(), b.as_bytes()), expected, "{a} {b}");
        }
    }
}
