//! Tokens that look random: hashes, keys, base64. Where they belong they are an ordinary channel of their message and
//! cost nothing; where one appears for the first time in a long while, that is worth a word.

use crate::entropy::shannon_bits;
use crate::state::sorted;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Shorter tokens do not look random, whatever they hold.
const TOKEN_BYTES_MIN: usize = 16;
/// Bits per byte from which a token looks random.
const ENTROPY_MIN: f32 = 3.2;
/// Lines from which a message has a channel of its own; young ones share one.
const ESTABLISHED_LINES: u64 = 500;
/// In place of a template: all young messages together. Ids begin at 1.
const YOUNG: u32 = 0;
/// A channel silent for longer begins a new episode.
const GAP_WINDOWS: u32 = 10;
/// Channels per source; the longest unseen makes room.
const CHANNELS_MAX: usize = 1024;

/// The alphabet of a random-looking token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Alphabet {
    Hex,
    Mixed,
    Upper,
    Lower,
}

impl Alphabet {
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
}

impl OddTokens {
    /// Looks for random tokens in the texts of a line; `windows` have passed since the source began, now is `window`.
    pub(super) fn meet(
        &mut self,
        texts: [&[u8]; 2],
        (template, lines): (u32, u64),
        (window, windows): (u32, u32),
    ) -> Option<OddToken> {
        let random = texts.into_iter().filter_map(longest_random);
        let (alphabet, length) = random.max_by_key(|(_, length)| *length)?;
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

    /// Counts a sighting; whether it begins an episode, and how many there were before.
    fn note(&mut self, channel: (Alphabet, u32), window: u32) -> (bool, u32) {
        let known = self.channels.get(&channel).copied();
        let before = known.map_or(0, |channel| channel.count);
        let begins = known.is_none_or(|channel| window > channel.last.saturating_add(GAP_WINDOWS));
        if known.is_none() {
            self.make_room();
        }
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

/// Alphabet and length of the longest part of any token that looks random.
fn longest_random(text: &[u8]) -> Option<(Alphabet, usize)> {
    let parts =
        text.split(|byte| byte.is_ascii_whitespace() || b"=:,;()[]\"'<>|/\\&?".contains(byte));
    let random = parts
        .filter(|part| part.len() >= TOKEN_BYTES_MIN)
        .filter_map(|part| alphabet(part).map(|alphabet| (alphabet, part.len())));
    random.max_by_key(|(_, length)| *length)
}

fn alphabet(part: &[u8]) -> Option<Alphabet> {
    let count = |is: fn(&u8) -> bool| part.iter().filter(|byte| is(byte)).count();
    let digits = count(u8::is_ascii_digit);
    let (upper, lower) = (count(u8::is_ascii_uppercase), count(u8::is_ascii_lowercase));
    let other = part.len() - digits - upper - lower;
    if digits < 2
        || upper + lower == 0
        || other * 5 > part.len()
        || shannon_bits(part) < ENTROPY_MIN
    {
        return None;
    }
    Some(match (upper > 0, lower > 0) {
        _ if part.iter().all(u8::is_ascii_hexdigit) => Alphabet::Hex,
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
            assert_eq!(longest_random(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn tokens_that_belong_become_ordinary() {
        let mut odd = OddTokens::default();
        let line = b"request 9f86d081884c7d659a2feaa0c55ad015 done";
        let first = odd.meet([line, b""], (1, 600), (1000, 1000)).expect("new after 1,000 windows");
        assert!(first.bits > 10.0);
        let again = |n: u32| odd.meet([line, b""], (1, 600), (1000 + n, 1000 + n));
        assert!((0..20).map(again).all(|odd| odd.is_none()));
    }

    #[test]
    fn tokens_in_queries_count() {
        let check = |query: &[u8], expected: Option<&str>| {
            let odd = OddTokens::default().meet([b"GET / ok", query], (1, 600), (1000, 1000));
            assert_eq!(odd.map(|odd| odd.words).as_deref(), expected);
        };
        check(b"q=rain+jacket&page=2", None);
        check(b"page=2&key=9f86d081884c7d659a2feaa0c55ad015", Some("hexadecimal of 32 characters"));
    }
}
