//! Tokens that look random: hashes, keys, base64. Where they belong they are an ordinary channel of their message and
//! cost nothing; where one appears for the first time in a long while, that is worth a word.

use crate::entropy::{TOKEN_BYTES_MIN, shannon_bits};
use crate::state::sorted;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Bits per byte from which a token looks random.
const ENTROPY_MIN: f32 = 3.2;
/// Lines from which a message has a channel of its own; young ones share one.
pub(super) const ESTABLISHED_LINES: u64 = 500;
/// In place of a template: all young messages together. Ids begin at 1.
const YOUNG: u32 = 0;
/// A channel silent for longer begins a new episode.
const GAP_WINDOWS: u32 = 10;
/// Channels per source; the longest unseen makes room.
const CHANNELS_MAX: usize = 1024;

/// Templates of which it is remembered whether they were heard in the current window.
const HEARD_SLOTS: usize = 64;

/// The alphabet of a random-looking token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Alphabet {
    Hex,
    Mixed,
    Upper,
    Lower,
}

impl Alphabet {
    const ALL: [Alphabet; 4] = [Alphabet::Hex, Alphabet::Mixed, Alphabet::Upper, Alphabet::Lower];

    /// A bit of its own.
    fn bit(self) -> u8 {
        1 << self as u8
    }

    fn name(self) -> &'static str {
        match self {
            Alphabet::Hex => "hexadecimal",
            Alphabet::Mixed => "mixed-case",
            Alphabet::Upper => "upper-case",
            Alphabet::Lower => "lower-case",
        }
    }
}

/// A random-looking token that is unusual where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct OddToken {
    pub(super) bits: f32,
    /// Alphabet and length; never the token itself, which may be a secret.
    pub(super) words: String,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Episodes {
    count: u32,
    last: u32,
}

/// The channels of one source.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct OddTokens {
    #[serde(with = "sorted")]
    channels: HashMap<(Alphabet, u32), Episodes, foldhash::fast::FixedState>,
    #[serde(skip)]
    heard: Heard,
}

/// Channels that were heard in the current window, of some templates: what nearly every line asks for.
#[derive(Debug, Default)]
struct Heard {
    window: u32,
    /// Templates with their alphabets by the lowest bits of their ids; nothing before the first is put.
    slots: Box<[(u32, u8)]>,
}

impl Heard {
    fn get(&mut self, template: u32, window: u32) -> Option<u8> {
        if self.window != window {
            self.clear();
            self.window = window;
        }
        let (known, alphabets) = *self.slots.get(template as usize % HEARD_SLOTS)?;
        (known == template).then_some(alphabets)
    }

    fn put(&mut self, template: u32, alphabets: u8) {
        if self.slots.is_empty() {
            self.slots = [(u32::MAX, 0); HEARD_SLOTS].into();
        }
        self.slots[template as usize % HEARD_SLOTS] = (template, alphabets);
    }

    fn clear(&mut self) {
        self.slots.fill((u32::MAX, 0));
    }
}

/// The long values of a query.
pub(super) fn values(query: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    let values = query.split(|byte| b"=&;,/+:%".contains(byte));
    values.filter(|value| value.len() >= TOKEN_BYTES_MIN)
}

impl OddTokens {
    /// Looks for random tokens among the long words of a message; `windows` have passed since the source began, now is
    /// `window`.
    pub(super) fn meet<'a>(
        &mut self,
        words: impl Iterator<Item = &'a [u8]> + Clone,
        (template, lines): (u32, u64),
        (window, windows): (u32, u32),
    ) -> Option<OddToken> {
        let alphabets = words.clone().filter_map(alphabet).fold(0, |all, one| all | one.bit());
        if alphabets == 0 {
            return None;
        }
        // A channel that was heard in this window learns nothing more from it, so that randomness need not be computed.
        let mut heard = self.heard_by(template, window);
        if lines < ESTABLISHED_LINES {
            heard &= self.heard_by(YOUNG, window);
        }
        if alphabets & !heard == 0 {
            return None;
        }
        let (alphabet, length) = longest_random(words)?;
        // An established message is judged by its own past; young ones share theirs, yet each keeps its own as well.
        let own = self.note((alphabet, template), window);
        let (begins, episodes) =
            if lines >= ESTABLISHED_LINES { own } else { self.note((alphabet, YOUNG), window) };
        let bits = ((windows as f32 + 1.0) / (episodes as f32 + 0.5)).log2();
        begins.then(|| OddToken {
            bits,
            words: format!("{} of {length} characters", alphabet.name()),
        })
    }

    /// The alphabets whose channels were heard in this window.
    fn heard_by(&mut self, template: u32, window: u32) -> u8 {
        if let Some(alphabets) = self.heard.get(template, window) {
            return alphabets;
        }
        let is_heard = |alphabet: &Alphabet| {
            let episodes = self.channels.get(&(*alphabet, template));
            episodes.is_some_and(|episodes| episodes.last == window)
        };
        let heard = Alphabet::ALL.into_iter().filter(is_heard).fold(0, |all, one| all | one.bit());
        self.heard.put(template, heard);
        heard
    }

    /// Counts a sighting; whether it begins an episode, and how many there were before.
    fn note(&mut self, channel: (Alphabet, u32), window: u32) -> (bool, u32) {
        let known = self.channels.get(&channel).copied();
        let before = known.map_or(0, |channel| channel.count);
        let begins = known.is_none_or(|channel| window > channel.last.saturating_add(GAP_WINDOWS));
        if known.is_none() {
            self.make_room();
        }
        self.heard.clear();
        let now = Episodes { count: before + u32::from(begins), last: window };
        self.channels.insert(channel, now);
        (begins, before)
    }

    fn make_room(&mut self) {
        if self.channels.len() >= CHANNELS_MAX {
            let oldest = self.channels.iter().min_by_key(|(key, episodes)| (episodes.last, **key));
            if let Some(key) = oldest.map(|(key, _)| *key) {
                self.channels.remove(&key);
            }
        }
    }
}

/// Alphabet and length of the longest word that looks random.
fn longest_random<'a>(words: impl Iterator<Item = &'a [u8]>) -> Option<(Alphabet, usize)> {
    let random = words.filter(|word| shannon_bits(word) >= ENTROPY_MIN);
    let known = random.filter_map(|word| alphabet(word).map(|alphabet| (alphabet, word.len())));
    known.max_by_key(|(_, length)| *length)
}

/// Bytes of a word that are counted: a count is a byte.
const COUNTED_BYTES_MAX: usize = 255;

/// What a byte adds to the counts of digits, capitals, small letters and hexadecimal digits, each in a byte of its own.
static COUNTS: [u32; 256] = {
    let mut counts = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let letter = byte as u8;
        counts[byte] = letter.is_ascii_digit() as u32
            | (letter.is_ascii_uppercase() as u32) << 8
            | (letter.is_ascii_lowercase() as u32) << 16
            | (letter.is_ascii_hexdigit() as u32) << 24;
        byte += 1;
    }
    counts
};

/// The alphabet of a word that may be random, whatever the order of its letters.
fn alphabet(word: &[u8]) -> Option<Alphabet> {
    let word = &word[..word.len().min(COUNTED_BYTES_MAX)];
    let counts = word.iter().fold(0, |counts, byte| counts + COUNTS[*byte as usize]);
    let [digits, upper, lower, hexadecimal] = counts.to_le_bytes().map(usize::from);
    let other = word.len() - digits - upper - lower;
    if digits < 2 || upper + lower == 0 || other * 5 > word.len() {
        return None;
    }
    Some(match (upper > 0, lower > 0) {
        _ if hexadecimal == word.len() => Alphabet::Hex,
        (true, true) => Alphabet::Mixed,
        (true, false) => Alphabet::Upper,
        _ => Alphabet::Lower,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_random_tokens_count() {
        let cases = [
            ("key=9f86d081884c7d659a2feaa0c55ad015", Some((Alphabet::Hex, 32))),
            ("token dGhpcyBpcyBhIHRlc3Q0Mg and more", Some((Alphabet::Mixed, 22))),
            // An id is random too; it is ordinary where it belongs.
            ("blk_4394112519745907149", Some((Alphabet::Lower, 23))),
            ("internationalisation", None),
            ("aaaaaaaaaaaaaaaaaaaa11", None),
            ("short1a2b3c", None),
        ];
        for (text, expected) in cases {
            let words = text.as_bytes().split(|byte| b" =".contains(byte));
            let words = words.filter(|word| word.len() >= 16);
            assert_eq!(longest_random(words), expected, "{text}");
        }
    }

    #[test]
    fn tokens_that_belong_become_ordinary() {
        let mut odd = OddTokens::default();
        let line = std::iter::once(&b"9f86d081884c7d659a2feaa0c55ad015"[..]);
        let first =
            odd.meet(line.clone(), (1, 600), (1000, 1000)).expect("new after 1,000 windows");
        assert!(first.bits > 10.0);
        assert!((0..20).all(|n| odd.meet(line.clone(), (1, 600), (1000 + n, 1000 + n)).is_none()));
    }

    #[test]
    fn tokens_in_queries_count() {
        let check = |query: &[u8], expected: Option<&str>| {
            let odd = OddTokens::default().meet(values(query), (1, 600), (1000, 1000));
            assert_eq!(odd.map(|odd| odd.words).as_deref(), expected);
        };
        check(b"q=rain+jacket&page=2", None);
        check(b"page=2&key=9f86d081884c7d659a2feaa0c55ad015", Some("hexadecimal of 32 characters"));
    }
}
