//! Rarity with a learnt rate, persistence, and what the miner noticed about single words.
//!
//! A fine template begins an *episode* when it was silent for more than `gap_windows`. With `t` windows since the source
//! began and `e` earlier episodes, that is worth `log2((t + 1) / (e + 1/2))` bits: first seen and long absent are one
//! thing. Half a bit is added for each doubling of its lines in the first window. A rare episode that stays active gains `1.5 log2(active windows)` for a few windows, which tells a new message
//! that keeps coming from a one-off. Near misses, unseen words, extensions and odd tokens come with the miner's bits.
//! Each kind is a channel; the host learns how often this source shows each at that strength.

use bellwether_sdk::{
    Descriptor, Detector, Explanation, LineColumn, Lines, Scale, Scorer, Span, descriptor, evidence,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const WINDOW: usize = 0;
const FINE: usize = 1;
const KIND: usize = 2;
const BITS: usize = 3;
const WORDS: usize = 4;

/// Channels and reasons at once. From `NEAR` on they are the miner's kinds less one.
const RARE: u32 = 0;
const NEAR: u32 = 1;
const PERSISTENT: u32 = 5;
const REASONS: [&str; 6] =
    ["rare message", "near miss", "unseen word", "extension", "odd token", "keeps coming"];

/// Fewer bits than this are everyday.
const BITS_MIN: f32 = 5.0;
/// An episode must begin with this many bits for its persistence to count.
const PERSISTENT_BITS_MIN: f32 = 8.0;
/// Twice in a row is no habit yet.
const PERSISTENT_WINDOWS_MIN: u32 = 3;

/// What the user may set.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// A message silent for longer begins a new episode.
    gap_windows: u32,
    /// Windows during which a rare message that stays gains bits.
    persistence_windows: u32,
    /// Messages remembered per source; the longest unseen goes first.
    messages_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        Config { gap_windows: 10, persistence_windows: 4, messages_max: 8192 }
    }
}

/// The episodes of one fine template.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Message {
    episodes: u32,
    last: u32,
    begin: u32,
    /// Lines in the first window of the episode.
    lines: u32,
    active: u32,
    bits: f32,
}

/// What is known of one source.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct State {
    first_window: Option<u32>,
    messages: BTreeMap<u32, Message>,
}

/// What was noticed.
#[derive(Debug, Clone)]
pub(crate) enum Note {
    /// An episode begins after so many earlier ones.
    Rare { episodes: u32, windows: u32 },
    /// A rare message stays.
    Persistent { active: u32 },
    /// A miner's kind, with `unseen TAB known`.
    Words { code: u32, words: String },
}

/// The detector.
#[derive(Debug)]
pub(crate) struct Novelty {
    config: Config,
}

impl Detector for Novelty {
    type Config = Config;
    type State = State;
    type Note = Note;

    fn describe(&self) -> Descriptor {
        Descriptor {
            lines: vec![
                LineColumn::Window,
                LineColumn::FineTemplate,
                LineColumn::NoveltyKind,
                LineColumn::NoveltyBits,
                LineColumn::NoveltyWords,
            ],
            window: Some(Span { size_ms: 60_000, step_ms: 60_000 }),
            scale: Scale::Bits,
            reasons: REASONS.map(String::from).to_vec(),
            config_schema: include_str!("config.schema.json").into(),
            ..descriptor("novelty", env!("CARGO_PKG_VERSION"))
        }
    }

    fn new(config: Config) -> Result<Self, String> {
        if config.messages_max == 0 {
            return Err("messages_max must be at least 1".into());
        }
        Ok(Novelty { config })
    }

    fn observe(&self, state: &mut State, lines: &Lines<'_>, scores: &mut Scorer<'_, Note>) {
        let (windows, fine) = (lines.u32s(WINDOW), lines.u32s(FINE));
        let (kinds, bits) = (lines.u8s(KIND), lines.f32s(BITS));
        for row in 0..lines.len() {
            if let Some((code, bits, note)) = self.meet(state, windows[row], fine[row]) {
                scores.mark(row, code, bits, code, note);
            }
            if kinds[row] > 1 && bits[row] >= BITS_MIN {
                let code = u32::from(kinds[row]) - 1;
                let words = String::from_utf8_lossy(lines.text(WORDS, row)).into_owned();
                scores.mark(row, code, bits[row], code, Note::Words { code, words });
            }
        }
    }

    fn explain(&self, note: &Note) -> Explanation {
        match note {
            Note::Rare { episodes: 0, windows } => Explanation {
                summary: "a message never seen before".into(),
                evidence: vec![evidence("windows before it", windows)],
            },
            Note::Rare { episodes, windows } => Explanation {
                summary: "a rare message came back".into(),
                evidence: vec![evidence("times before", episodes), evidence("in windows", windows)],
            },
            Note::Persistent { active } => Explanation {
                summary: "a rare message keeps coming".into(),
                evidence: vec![evidence("active windows", active)],
            },
            Note::Words { code, words } => explain_words(*code, words),
        }
    }
}

fn explain_words(code: u32, words: &str) -> Explanation {
    let (unseen, known) = words.split_once('\t').unwrap_or((words, ""));
    let summary = match code {
        NEAR => format!("almost a known message: `{unseen}` where `{known}` is usual"),
        2 => format!("`{unseen}` was never seen in this place"),
        3 => format!("a known message with `{unseen}` added"),
        _ => format!("a random-looking token `{unseen}` in a message that has none"),
    };
    let mut facts = vec![evidence("unseen", unseen)];
    if !known.is_empty() {
        facts.push(evidence("usual", known));
    }
    Explanation { summary, evidence: facts }
}

impl Novelty {
    /// Takes note of a message; returns channel, bits and note where it is remarkable.
    fn meet(&self, state: &mut State, window: u32, fine: u32) -> Option<(u32, f32, Note)> {
        let first = *state.first_window.get_or_insert(window);
        let windows = window.saturating_sub(first);
        let Some(message) = state.messages.get_mut(&fine) else {
            let bits = surprise(windows, 0);
            let message =
                Message { episodes: 1, last: window, begin: window, lines: 1, active: 1, bits };
            state.messages.insert(fine, message);
            self.forget_longest_unseen(state);
            return remarkable(RARE, bits, Note::Rare { episodes: 0, windows });
        };
        if window <= message.last {
            message.lines = message.lines.saturating_add(1);
            // Only now and then, since the host asks for the highest anyway.
            let beginning = window == message.begin && message.lines.is_power_of_two();
            let bits = message.bits + 0.5 * (message.lines as f32).log2();
            let note = Note::Rare { episodes: message.episodes - 1, windows };
            return beginning.then(|| remarkable(RARE, bits, note)).flatten();
        }
        let absent = window - message.last;
        message.last = window;
        if absent > self.config.gap_windows {
            let episodes = message.episodes;
            let bits = surprise(windows, episodes);
            *message = Message {
                episodes: episodes + 1,
                begin: window,
                lines: 1,
                active: 1,
                bits,
                ..*message
            };
            return remarkable(RARE, bits, Note::Rare { episodes, windows });
        }
        message.active += 1;
        let young = window - message.begin <= self.config.persistence_windows;
        let stays = message.active >= PERSISTENT_WINDOWS_MIN;
        if !young || !stays || message.bits < PERSISTENT_BITS_MIN {
            return None;
        }
        let bits = message.bits + 1.5 * (message.active as f32).log2();
        remarkable(PERSISTENT, bits, Note::Persistent { active: message.active })
    }

    fn forget_longest_unseen(&self, state: &mut State) {
        if state.messages.len() > self.config.messages_max {
            let oldest = state.messages.iter().min_by_key(|(id, message)| (message.last, **id));
            if let Some(id) = oldest.map(|(id, _)| *id) {
                state.messages.remove(&id);
            }
        }
    }
}

/// How improbable an episode is after so many windows with so many episodes.
fn surprise(windows: u32, episodes: u32) -> f32 {
    ((windows as f32 + 1.0) / (episodes as f32 + 0.5)).log2()
}

fn remarkable(code: u32, bits: f32, note: Note) -> Option<(u32, f32, Note)> {
    (bits >= BITS_MIN).then_some((code, bits, note))
}

#[cfg(test)]
mod tests;
