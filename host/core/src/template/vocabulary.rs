//! Which words each place of a message was seen with, and what that says about an unseen one.

use super::grain::Word;
use serde::{Deserialize, Serialize};

/// Words remembered by hash; more are only counted.
const WORDS_MAX: usize = 64;
/// Places with more words than this are open, and no word is a misspelling of another there.
const CLOSED_WORDS_MAX: usize = 20;
/// Shorter words are not compared letter by letter.
const COMPARED_LETTERS_MIN: usize = 4;

/// The words of one place. Most places have one word, which is kept without a list.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(super) struct Vocabulary {
    first: Option<Word>,
    more: Option<Box<More>>,
}

/// Words after the first.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct More {
    hashes: Vec<u64>,
    /// Texts of the first of them, so that there are `CLOSED_WORDS_MAX` in all.
    texts: Vec<Box<[u8]>>,
    /// Sightings of words beyond those remembered.
    unremembered: u32,
}

impl Vocabulary {
    pub(super) fn knows(&self, word: &Word) -> bool {
        self.first.as_ref().is_some_and(|first| first.hash == word.hash)
            || self.more.as_ref().is_some_and(|more| more.hashes.contains(&word.hash))
    }

    pub(super) fn learn(&mut self, word: &Word) {
        if self.knows(word) {
            return;
        }
        if self.first.is_none() {
            self.first = Some(word.clone());
            return;
        }
        let more = self.more.get_or_insert_default();
        if more.hashes.len() + 1 == WORDS_MAX {
            more.unremembered = more.unremembered.saturating_add(1);
            return;
        }
        more.hashes.push(word.hash);
        if more.texts.len() + 1 < CLOSED_WORDS_MAX {
            more.texts.push(word.text.clone());
        }
    }

    /// Words remembered.
    fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.more.as_ref().map_or(0, |more| more.hashes.len())
    }

    /// Bits of surprise at a word never seen here: lines over distinct words.
    pub(super) fn escape_bits(&self, lines: u64) -> f32 {
        let unremembered = self.more.as_ref().map_or(0, |more| more.unremembered);
        let distinct = self.len() as f32 + unremembered as f32;
        ((lines as f32 + 1.0) / (distinct - 0.5).max(0.5)).log2()
    }

    /// A known word of which this may be a misspelling.
    pub(super) fn misspelt(&self, word: &Word) -> Option<&[u8]> {
        let comparable = self.len() <= CLOSED_WORDS_MAX
            && word.text.len() >= COMPARED_LETTERS_MIN
            && !word.text.contains(&b'*');
        let first = self.first.iter().map(|first| &first.text);
        let more = self.more.iter().flat_map(|more| &more.texts);
        let mut texts = first.chain(more).filter(|_| comparable);
        texts
            .find(|known| !known.contains(&b'*') && is_small_edit(known, &word.text))
            .map(|known| &**known)
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
