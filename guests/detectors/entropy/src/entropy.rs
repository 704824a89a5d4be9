//! How random the tokens of a message are, against how random they usually are.
//!
//! The entropy of a token is `-sum p log2 p` over the shares of its bytes (Shannon 1948); the host gives the highest of any
//! token of a line that has at least 16 bytes. For each template the detector counts how many of its `n` lines had at
//! least that entropy, less a margin: `k` of them make a line worth `log2((n + 1) / (k + 1/2))` bits. So ids, hashes and
//! keys that belong to a message are worth nothing, however random they are, and a key in a message that never had one is
//! worth more the longer that has been so. No level decides alone; below `entropy_min` nothing looks random.
//!
//! `novelty` tells a random-looking token of an alphabet that a message did not have for a while, by its letters; this
//! detector tells a level that it did not have, whatever the alphabet. A host that runs both takes the higher.

use super::levels::Levels;
use bellwether_sdk::{
    Descriptor, Detector, Explanation, LineColumn, Lines, Scale, Scorer, descriptor, evidence,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const TEMPLATE: usize = 0;
const ENTROPY: usize = 1;
/// The one channel and reason.
const RANDOM: u32 = 0;
const REASONS: [&str; 1] = ["random token"];
/// Lines from which a message is judged by its own past; a younger one is held against all lines of its source, or a key
/// that makes a message a new one would never be seen.
const ESTABLISHED_LINES: u32 = 500;
/// Fewer bits than this are everyday.
const BITS_MIN: f32 = 5.0;

/// What the user may set.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// Entropy below which no token looks random, in bits a byte.
    entropy_min: f32,
    /// Lines count as equal down to so much less entropy.
    margin: f32,
    /// Templates remembered per source; the longest unseen goes first.
    templates_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        Config { entropy_min: 3.5, margin: 0.25, templates_max: 4096 }
    }
}

/// One template.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Message {
    levels: Levels,
    /// The source's line in which it was last seen, by number.
    last: u64,
}

/// What is known of one source.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct State {
    lines: u64,
    /// Of all lines.
    levels: Levels,
    messages: BTreeMap<u32, Message>,
}

/// A token that is more random than usual.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Note {
    entropy: f32,
    highest: f32,
    as_random: u32,
    lines: u32,
}

/// The detector.
#[derive(Debug)]
pub(crate) struct Entropy {
    config: Config,
}

impl Detector for Entropy {
    type Config = Config;
    type State = State;
    type Note = Note;

    fn describe(&self) -> Descriptor {
        Descriptor {
            lines: vec![LineColumn::Template, LineColumn::Entropy],
            scale: Scale::Bits,
            reasons: REASONS.map(String::from).to_vec(),
            config_schema: include_str!("config.schema.json").into(),
            ..descriptor("entropy", env!("CARGO_PKG_VERSION"))
        }
    }

    fn new(config: Config) -> Result<Self, String> {
        let bits = |value: f32| (0.0..=8.0).contains(&value);
        if !bits(config.entropy_min) || !bits(config.margin) {
            return Err("entropy_min and margin must be from 0 to 8 bits".into());
        }
        if config.templates_max == 0 {
            return Err("templates_max must be at least 1".into());
        }
        Ok(Entropy { config })
    }

    fn observe(&self, state: &mut State, lines: &Lines<'_>, scores: &mut Scorer<'_, Note>) {
        let rows = lines.u32s(TEMPLATE).iter().zip(lines.f32s(ENTROPY)).enumerate();
        for (row, (template, entropy)) in rows {
            if let Some((bits, note)) = self.meet(state, *template, *entropy) {
                scores.mark(row, RANDOM, bits, RANDOM, note);
            }
        }
    }

    fn explain(&self, note: &Note) -> Explanation {
        let Note { entropy, highest, as_random, lines } = *note;
        Explanation {
            summary: format!("a token of {entropy:.1} bits a byte where {highest:.1} are the most"),
            evidence: vec![
                evidence("bits a byte", format!("{entropy:.2}")),
                evidence("most before", format!("{highest:.2}")),
                evidence("lines as random before", as_random),
                evidence("of lines", lines),
            ],
        }
    }
}

impl Entropy {
    /// Takes note of a line; its bits where it is remarkable.
    fn meet(&self, state: &mut State, template: u32, entropy: f32) -> Option<(f32, Note)> {
        state.lines += 1;
        let message = state.messages.entry(template).or_default();
        message.last = state.lines;
        let levels = &mut message.levels;
        let judged = (entropy >= self.config.entropy_min).then(|| {
            let established = levels.lines() >= ESTABLISHED_LINES;
            let levels = if established { &*levels } else { &state.levels };
            let as_random = levels.at_least(entropy - self.config.margin);
            let lines = levels.lines();
            let bits = ((lines as f32 + 1.0) / (as_random as f32 + 0.5)).log2();
            (bits, Note { entropy, highest: levels.highest(), as_random, lines })
        });
        levels.push(entropy);
        state.levels.push(entropy);
        if state.messages.len() > self.config.templates_max {
            state.forget_longest_unseen();
        }
        judged.filter(|(bits, _)| *bits >= BITS_MIN)
    }
}

impl State {
    fn forget_longest_unseen(&mut self) {
        let oldest = self.messages.iter().min_by_key(|(_, message)| message.last);
        if let Some(template) = oldest.map(|(template, _)| *template) {
            self.messages.remove(&template);
        }
    }
}

#[cfg(test)]
mod tests;
