//! The words of one source: each is kept once, and everything else speaks of it by its number.

use hashbrown::HashTable;
use serde::{Deserialize, Serialize, Serializer};
use std::num::NonZeroU32;
use xxhash_rust::xxh3::xxh3_64;

/// What stands for a word where there are too many.
const VARIABLE: &[u8] = b"<*>";

/// Words that agree in so many bytes are one.
const WORD_BYTES_MAX: usize = 256;
/// Bytes of all words together; further words are taken for variables.
const BYTES_MAX: usize = 2 << 20;
/// Words beyond twice those that were in use, from which it is worth looking for those that no longer are.
const SWEEP_WORDS: usize = 1024;
/// Bytes beyond those that were in use, from which that is worth it where there is no room for more.
const SWEEP_BYTES: usize = BYTES_MAX / 8;

/// Number of a word within its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WordId(NonZeroU32);

impl WordId {
    /// The number itself, which is not 0.
    pub(crate) fn number(self) -> u32 {
        self.0.get()
    }

    /// `None` for 0.
    pub(crate) fn from_number(number: u32) -> Option<Self> {
        NonZeroU32::new(number).map(WordId)
    }
}

/// All words that are in use, and some that were.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Texts")]
pub(crate) struct Words {
    texts: Texts,
    numbers: HashTable<NonZeroU32>,
}

/// Texts by number: the first has number 1 and begins at 0, each other begins where the one before ends.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Texts {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    /// Number of words from which to look for unused ones.
    sweep_at: usize,
    /// Bytes that were in use when this was last looked for.
    swept_bytes: usize,
    /// Whether something that spoke of words has gone since.
    released: bool,
}

impl Words {
    /// The number of a word, which is kept if it was not known.
    pub(crate) fn number(&mut self, word: &[u8]) -> WordId {
        let word = &word[..word.len().min(WORD_BYTES_MAX)];
        let Words { texts, numbers } = self;
        let hash = xxh3_64(word);
        if let Some(known) = numbers.find(hash, |number| texts.get(*number) == word) {
            return WordId(*known);
        }
        if texts.bytes.len() + word.len() > BYTES_MAX && word != VARIABLE {
            return self.number(VARIABLE);
        }
        let number = texts.push(word);
        numbers.insert_unique(hash, number, |number| xxh3_64(texts.get(*number)));
        WordId(number)
    }

    /// The number of a word, if it is kept.
    pub(crate) fn find(&self, word: &[u8]) -> Option<WordId> {
        let word = &word[..word.len().min(WORD_BYTES_MAX)];
        let known = self.numbers.find(xxh3_64(word), |number| self.texts.get(*number) == word);
        known.copied().map(WordId)
    }

    pub(crate) fn text(&self, word: WordId) -> &[u8] {
        self.texts.get(word.0)
    }

    /// Takes note that something that spoke of words is gone.
    pub(crate) fn release(&mut self) {
        self.texts.released = true;
    }

    /// Whether so many words have come that it is worth looking for unused ones, or there is no room for more and some
    /// may have become unused.
    pub(crate) fn wants_sweep(&self) -> bool {
        let Texts { bytes, ends, sweep_at, swept_bytes, released } = &self.texts;
        let is_full = bytes.len() + WORD_BYTES_MAX > BYTES_MAX;
        ends.len() >= *sweep_at.max(&SWEEP_WORDS)
            || is_full && (*released || bytes.len() >= swept_bytes + SWEEP_BYTES)
    }

    /// Keeps only the words that `each_in_use` hands on, and gives them new numbers.
    pub(crate) fn sweep(&mut self, each_in_use: impl FnOnce(&mut dyn FnMut(&mut WordId))) {
        let mut kept = Words::default();
        each_in_use(&mut |word| *word = kept.number(self.text(*word)));
        kept.texts.sweep_at = 2 * kept.texts.ends.len() + SWEEP_WORDS;
        kept.texts.swept_bytes = kept.texts.bytes.len();
        kept.texts.bytes.shrink_to_fit();
        *self = kept;
    }
}

impl Texts {
    /// Empty where a damaged state names a word that it does not hold.
    fn get(&self, number: NonZeroU32) -> &[u8] {
        let place = number.get() as usize - 1;
        let begin = place.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied());
        let span = begin.zip(self.ends.get(place).copied());
        let text = span.and_then(|(begin, end)| self.bytes.get(begin as usize..end as usize));
        text.unwrap_or_default()
    }

    fn push(&mut self, word: &[u8]) -> NonZeroU32 {
        self.bytes.extend_from_slice(word);
        self.ends.push(self.bytes.len() as u32);
        NonZeroU32::new(self.ends.len() as u32).expect("it was just pushed")
    }
}

impl From<Texts> for Words {
    fn from(texts: Texts) -> Self {
        let mut numbers = HashTable::with_capacity(texts.ends.len());
        for number in (1..=texts.ends.len() as u32).filter_map(NonZeroU32::new) {
            let hash = |number: &NonZeroU32| xxh3_64(texts.get(*number));
            numbers.insert_unique(hash(&number), number, hash);
        }
        Words { texts, numbers }
    }
}

impl Serialize for Words {
    fn serialize<W: Serializer>(&self, writer: W) -> Result<W::Ok, W::Error> {
        self.texts.serialize(writer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_has_one_number_and_keeps_it_when_saved() {
        let mut words = Words::default();
        let numbers = [&b"disk"[..], b"", b"full", b"disk"].map(|word| words.number(word));
        assert_eq!(numbers[0], numbers[3]);
        assert_ne!(numbers[0], numbers[2]);
        let saved = crate::state::to_bytes(&words);
        let mut words: Words = crate::state::from_bytes(&saved).expect("it was just written");
        assert_eq!(
            numbers.map(|number| words.text(number).to_vec())[..3],
            [b"disk".to_vec(), b"".to_vec(), b"full".to_vec()]
        );
        assert_eq!(words.number(b"full"), numbers[2]);
    }

    #[test]
    fn unused_words_are_swept_and_memory_is_bounded() {
        let mut words = Words::default();
        let mut used = words.number(b"used");
        for number in 0..10_000 {
            words.number(format!("word{number}").as_bytes());
            if words.wants_sweep() {
                words.sweep(|each| each(&mut used));
            }
        }
        assert_eq!(words.text(used), b"used");
        assert!(words.texts.ends.len() <= 2 * SWEEP_WORDS);
    }

    #[test]
    fn there_is_an_end_to_words() {
        let mut words = Words::default();
        let long = [b'x'; WORD_BYTES_MAX];
        let number_of = |words: &mut Words, number: u32| {
            words.number(&[&number.to_le_bytes(), &long[..]].concat())
        };
        let is_variable = |words: &Words, word: WordId| words.text(word) == VARIABLE;
        let last = (0..100_000).map(|number| number_of(&mut words, number)).last();
        assert!(last.is_some_and(|word| is_variable(&words, word)));
        assert!(words.texts.bytes.len() <= BYTES_MAX + VARIABLE.len());
        // With most words in use there never are twice as many; there is room again all the same.
        let mut used: Vec<WordId> = (0..5000).map(|number| number_of(&mut words, number)).collect();
        for round in 1..4 {
            assert!(words.wants_sweep());
            words.sweep(|each| used.iter_mut().for_each(each));
            assert!(!words.wants_sweep());
            let fresh = (0..10_000).map(|number| number_of(&mut words, 10_000 * round + number));
            let fresh: Vec<WordId> = fresh.collect();
            assert!(!is_variable(&words, fresh[0]) && is_variable(&words, fresh[9999]));
        }
        // With all words in use, there is nothing to be found until something goes.
        used = (1..=words.texts.ends.len() as u32).filter_map(WordId::from_number).collect();
        words.sweep(|each| used.iter_mut().for_each(each));
        assert!(!words.wants_sweep());
        words.release();
        assert!(words.wants_sweep());
        words.sweep(|each| used.iter_mut().for_each(each));
        assert!(!words.wants_sweep());
    }
}
