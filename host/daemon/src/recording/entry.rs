//! What a segment says: a head, then entries in the order in which they were dispatched.

use bellwether_core::batch::Batch;
use bellwether_core::lane::{Relief, Snapshot};
use bellwether_core::settings::Settings;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// The head of a segment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// Counts up, over restarts as well.
    pub number: u64,
    /// When it was begun, in milliseconds since 1970 by the clock.
    pub begun_ms: u64,
    /// Whether it goes on exactly where the segment before it ends.
    pub continues: bool,
    /// Version of the program.
    pub program: String,
    /// Who worked, and how.
    pub makeup: Makeup,
}

/// Everything beside its lines and states that decides what a lane says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Makeup {
    /// Settings of the pipeline.
    pub settings: Settings,
    /// The plugins.
    pub members: Vec<Seating>,
    /// A digest of all patterns.
    pub patterns: u64,
}

/// Where an edition of a plugin counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Seating {
    /// Name of the plugin.
    pub name: String,
    /// What sits there.
    pub edition: String,
    /// The lanes in which it counts; in all others it is a shadow.
    pub lanes: Range<u32>,
}

impl Makeup {
    /// Those that count in a lane, in their order.
    pub fn live_in(&self, lane: u32) -> impl Iterator<Item = &Seating> {
        self.members.iter().filter(move |own| own.lanes.contains(&lane))
    }

    /// Why a lane cannot be worked out again with what is there now; empty if all are there that counted in it, in whatever
    /// roles. Shadows change nothing.
    pub fn differences(&self, now: &Makeup, lane: u32) -> Vec<String> {
        let mut differences = Vec::new();
        for Seating { name, edition, .. } in self.live_in(lane) {
            let mut theirs = now.members.iter().filter(|own| own.name == *name).peekable();
            match theirs.peek().map(|own| &own.edition) {
                _ if theirs.any(|own| own.edition == *edition) => {}
                Some(own) => {
                    differences.push(format!("plugin `{name}` was {edition} and is {own} now"));
                }
                None => differences.push(format!("plugin `{name}` ({edition}) is not there")),
            }
        }
        if self.patterns != now.patterns {
            differences.push("the patterns are others".into());
        }
        differences
    }
}

/// What was handed to a lane, or what a lane answered about itself.
#[derive(Debug, PartialEq, Deserialize)]
pub enum Entry {
    /// Whose number it is from here on; said in each segment before the number is spoken of, and again when the source was
    /// forgotten or slept meanwhile.
    Source {
        /// Number of the source.
        number: u32,
        /// Its lane.
        lane: u32,
        /// Its key.
        key: String,
        /// Whether it was met just now, so that nothing is known of it.
        born: bool,
    },
    /// A source as it was before the first that a segment says of it once it is named. It comes later than that, sometimes
    /// only in the next segment; where a source is named again, each has its own, in that order.
    Snapshot {
        /// Number of that segment.
        segment: u64,
        /// Number of the source.
        number: u32,
        /// Its key.
        key: String,
        /// What was known of it; nothing if its lane had never met it.
        snapshot: Option<Snapshot>,
    },
    /// Records of a lane.
    Records {
        /// The lane.
        lane: u32,
        /// The records.
        batch: Batch,
    },
    /// Windows of some sources of a lane are complete.
    Close {
        /// The lane.
        lane: u32,
        /// Numbers of the sources.
        sources: Vec<u32>,
        /// Milliseconds since 1970.
        until_ms: u64,
    },
    /// Event time of the tenant.
    Tick(u64),
    /// All lanes let go of something.
    Relieve(Relief),
}

/// The same, for writing what belongs to somebody else. The forms are equal: the variants and their parts come in the same
/// order.
#[derive(Debug, Serialize)]
pub(crate) enum Said<'a> {
    /// As [`Entry::Source`].
    Source { number: u32, lane: u32, key: &'a str, born: bool },
    /// As [`Entry::Snapshot`].
    Snapshot { segment: u64, number: u32, key: &'a str, snapshot: Option<&'a Snapshot> },
    /// As [`Entry::Records`].
    Records { lane: u32, batch: &'a Batch },
    /// As [`Entry::Close`].
    Close { lane: u32, sources: &'a [u32], until_ms: u64 },
    /// As [`Entry::Tick`].
    Tick(u64),
    /// As [`Entry::Relieve`].
    Relieve(Relief),
}

impl Entry {
    /// For writing it again.
    pub(crate) fn said(&self) -> Said<'_> {
        match self {
            Entry::Source { number, lane, key, born } => {
                Said::Source { number: *number, lane: *lane, key, born: *born }
            }
            Entry::Snapshot { segment, number, key, snapshot } => Said::Snapshot {
                segment: *segment,
                number: *number,
                key,
                snapshot: snapshot.as_ref(),
            },
            Entry::Records { lane, batch } => Said::Records { lane: *lane, batch },
            Entry::Close { lane, sources, until_ms } => {
                Said::Close { lane: *lane, sources, until_ms: *until_ms }
            }
            Entry::Tick(watermark_ms) => Said::Tick(*watermark_ms),
            Entry::Relieve(relief) => Said::Relieve(*relief),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use bellwether_core::batch::BatchBuilder;
    use bellwether_core::plugin::PluginState;
    use bellwether_core::record::Record;

    /// Lines of some sources, a second apart.
    pub(in crate::recording) fn batch(sources: &[u32], from_ms: i64) -> Batch {
        let mut builder = BatchBuilder::default();
        for (place, source) in (0..).zip(sources) {
            let text = format!("line {place} of {source}");
            let record =
                Record { text: text.clone().into(), body: text.into(), ..Record::default() };
            builder.push(*source, from_ms + 1000 * place, &record);
        }
        builder.seal()
    }

    pub(in crate::recording) fn snapshot(newest_ms: i64) -> Snapshot {
        let plugin = PluginState { version: 3, bytes: vec![4; 5] };
        Snapshot {
            state: newest_ms.to_le_bytes().to_vec(),
            plugins: vec![("rate".into(), plugin)],
            newest_ms,
            open_from_ms: newest_ms as u64 / 60_000 * 60_000,
        }
    }

    pub(in crate::recording) fn makeup() -> Makeup {
        Makeup {
            settings: Settings::default(),
            members: vec![seating("rate", "1", 0..16), seating("novelty", "2", 0..16)],
            patterns: 7,
        }
    }

    fn seating(name: &str, edition: &str, lanes: Range<u32>) -> Seating {
        Seating { name: name.into(), edition: edition.into(), lanes }
    }

    #[test]
    fn what_is_said_is_read() {
        let entries = [
            Entry::Source { number: 1, lane: 2, key: "file:a".into(), born: true },
            Entry::Snapshot {
                segment: 3,
                number: 4,
                key: "file:b".into(),
                snapshot: Some(snapshot(70_000)),
            },
            Entry::Snapshot { segment: 3, number: 5, key: String::new(), snapshot: None },
            Entry::Records { lane: 6, batch: batch(&[1, 2], 7) },
            Entry::Close { lane: 7, sources: vec![8, 9], until_ms: 10 },
            Entry::Tick(11),
            Entry::Relieve(Relief::RareTemplates),
        ];
        for entry in entries {
            let bytes = postcard::to_allocvec(&entry.said()).expect("plain data");
            assert_eq!(postcard::from_bytes::<Entry>(&bytes).as_ref(), Ok(&entry));
        }
    }

    #[test]
    fn differences_are_named() {
        let with = |members: &[(&str, &str, Range<u32>)], patterns| Makeup {
            members: members
                .iter()
                .map(|(name, edition, lanes)| seating(name, edition, lanes.clone()))
                .collect(),
            patterns,
            ..makeup()
        };
        let all = 0..16;
        let rate = |edition, lanes| ("rate", edition, lanes);
        let novelty = || ("novelty", "2", all.clone());
        let then = makeup();
        let canary = with(&[rate("1", 4..16), rate("9", 0..4), novelty()], 7);
        let cases: &[(&Makeup, u32, Makeup, &[&str])] = &[
            (&then, 3, then.clone(), &[]),
            (&then, 3, with(&[novelty(), rate("1", all.clone())], 7), &[]),
            // The one that counted stands by.
            (&then, 3, with(&[rate("9", all.clone()), rate("1", 0..0), novelty()], 7), &[]),
            (
                &then,
                3,
                with(&[rate("9", all.clone()), novelty()], 7),
                &["plugin `rate` was 1 and is 9 now"],
            ),
            (&then, 3, with(&[rate("1", all.clone())], 7), &["plugin `novelty` (2) is not there"]),
            // One that came since is left out.
            (
                &then,
                3,
                with(&[rate("1", all.clone()), novelty(), ("dmd", "3", all.clone())], 8),
                &["the patterns are others"],
            ),
            // A shadow that is gone changed nothing; in the other lanes it counted.
            (&canary, 4, then.clone(), &[]),
            (&canary, 3, then.clone(), &["plugin `rate` was 9 and is 1 now"]),
        ];
        for (then, lane, now, expected) in cases {
            assert_eq!(then.differences(now, *lane), *expected, "lane {lane}: {now:?}");
        }
    }
}
