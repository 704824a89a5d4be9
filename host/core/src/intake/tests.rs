//! Tests of the way from bytes to batches and ticks.

mod account;
mod forget;
mod several;
mod time;

use super::*;
use crate::form::Form;
use std::collections::BTreeMap;

/// 2026-03-02T00:00:00Z, at the beginning of a window.
const BEGIN_MS: i64 = 1_772_409_600_000;
const NOW_MS: i64 = BEGIN_MS + 30 * 86_400_000;

/// What lanes see, in the order in which they see it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    Row { source: String, time_ms: i64, position: u64, text: String },
    Tick(i64),
}

/// An intake whose outputs are collected, relative to `BEGIN_MS`.
struct Bench {
    intake: Intake,
    out: Vec<Routed>,
}

impl Bench {
    fn new(settings: Settings) -> Self {
        Bench { intake: Intake::new(settings, NOW_MS), out: Vec::new() }
    }

    fn open(&mut self, source: &str, routing: Routing) -> InputId {
        self.intake.open(InputOptions {
            source: source.into(),
            routing,
            reference_ms: NOW_MS,
            labels: Vec::new(),
            follows: false,
        })
    }

    fn push(&mut self, input: InputId, text: &str) {
        self.intake.push(input, text.as_bytes(), &mut self.out);
    }

    fn finish(&mut self, input: InputId) {
        self.intake.finish(input, &mut self.out);
    }

    /// Keys of the sources, by number.
    fn keys(&self) -> BTreeMap<u32, String> {
        self.intake.sources().into_iter().map(|(number, form)| (number, form.key)).collect()
    }

    fn seen(&self) -> Vec<Seen> {
        let keys = self.keys();
        let mut seen = Vec::new();
        for routed in &self.out {
            match routed {
                Routed::Close { .. } => {}
                Routed::Tick(time_ms) => seen.push(Seen::Tick(*time_ms as i64 - BEGIN_MS)),
                Routed::Records { batch, .. } => seen.extend(rows(batch, &keys)),
            }
        }
        seen
    }

    /// The seen rows as `text@seconds`, and ticks as `|seconds`; those before the beginning close nothing.
    fn shown(&self) -> String {
        let show = |seen: &Seen| match seen {
            Seen::Row { time_ms, text, .. } => Some(format!("{}@{}", word(text), time_ms / 1000)),
            Seen::Tick(time_ms) => (*time_ms > 0).then(|| format!("|{}", time_ms / 1000)),
        };
        self.seen().iter().filter_map(show).collect::<Vec<_>>().join(" ")
    }

    fn delivered(&self) -> u64 {
        self.seen().iter().filter(|seen| matches!(seen, Seen::Row { .. })).count() as u64
    }

    /// Every record read is delivered, late or quarantined, and no row comes after the tick that closed its window.
    fn check_account(&self, name: &str) {
        let counters = self.intake.counters();
        let accounted = self.delivered() + counters.late + counters.quarantined;
        assert_eq!(counters.records, accounted, "{name}: {counters:?}");
        let mut ticked_ms = i64::MIN;
        for seen in self.seen() {
            match seen {
                Seen::Tick(time_ms) => ticked_ms = ticked_ms.max(time_ms),
                Seen::Row { time_ms, .. } => {
                    let end_ms = (time_ms.div_euclid(60_000) + 1) * 60_000;
                    assert!(end_ms > ticked_ms, "{name}: a row of {time_ms} after {ticked_ms}");
                }
            }
        }
    }
}

fn rows(batch: &Batch, keys: &BTreeMap<u32, String>) -> Vec<Seen> {
    let mut rows = Vec::new();
    for run in batch.runs() {
        for row in rows.len()..rows.len() + run.rows as usize {
            rows.push(Seen::Row {
                source: keys[&run.source].clone(),
                time_ms: batch.time_ms(row) - BEGIN_MS,
                position: batch.position(row),
                text: String::from_utf8_lossy(batch.text(row)).into_owned(),
            });
        }
    }
    rows
}

/// The last word of a record's first line names it in the cases.
fn word(text: &str) -> &str {
    text.lines().next().and_then(|line| line.split(' ').next_back()).unwrap_or_default()
}

/// A line stamped so many seconds after the beginning.
fn stamped(seconds: i64, text: &str) -> String {
    let time = jiff::Timestamp::from_second(BEGIN_MS / 1000 + seconds).unwrap();
    format!("{time} INFO {text}\n")
}

/// Reads one input to its end and compares what the lane sees.
fn check(name: &str, text: &str, routing: Routing, expected: &str) -> IntakeCounters {
    let mut bench = Bench::new(Settings { lanes: 1, ..Settings::default() });
    let input = bench.open("file:all", routing);
    bench.push(input, text);
    bench.finish(input);
    assert_eq!(bench.shown(), expected, "{name}");
    bench.check_account(name);
    *bench.intake.counters()
}

#[test]
fn where_the_bytes_are_cut_does_not_show() {
    let text = [
        "web | banner\n",
        &format!("web | {}", stamped(0, "a")),
        &format!("db  | {}", stamped(5, "b")),
        "db  |   at frame\n",
        &format!("web | {}", stamped(75, "c")),
        &format!("db  | {}", stamped(76, "d")),
        "no prefix\r\n",
    ]
    .concat();
    let read = |chunks: &[&str]| {
        let mut bench = Bench::new(Settings { lanes: 2, ..Settings::default() });
        let input = bench.open("file:all", Routing::Prefixed);
        chunks.iter().for_each(|chunk| bench.push(input, chunk));
        bench.finish(input);
        (bench.seen(), *bench.intake.counters(), bench.intake.sources())
    };
    let whole = read(&[&text]);
    assert_eq!(whole.1.records, 6);
    for at in 0..=text.len() {
        assert_eq!(read(&[&text[..at], &text[at..]]), whole, "cut at {at}");
    }
    let bytes: Vec<&str> = (0..text.len()).map(|at| &text[at..=at]).collect();
    assert_eq!(read(&bytes), whole, "byte by byte");
}

#[test]
fn prefixes_name_sources_and_rows_keep_their_position() {
    let mut bench = Bench::new(Settings::default());
    let input = bench.open("docker:all", Routing::Prefixed);
    let line = stamped(0, "x");
    bench.push(input, &format!("web | {line}db-1 | {line}{line}web | {line}"));
    bench.finish(input);
    let sources = bench.intake.sources();
    let found: Vec<_> =
        sources.values().map(|source| (source.key.as_str(), source.records)).collect();
    assert_eq!(found, [("docker:web", 2), ("docker:db-1", 1), ("docker:all", 1)]);
    assert!(sources.values().all(|source| source.form.form == Form::Iso));
    let length = line.len() as u64;
    let mut places: Vec<(String, u64)> = Vec::new();
    for seen in bench.seen() {
        if let Seen::Row { source, position, .. } = seen {
            places.push((source, position));
        }
    }
    places.sort();
    let expected = [
        ("docker:all", 2 * length + 13),
        ("docker:db-1", length + 6),
        ("docker:web", 0),
        ("docker:web", 3 * length + 13),
    ];
    assert_eq!(places, expected.map(|(key, position)| (key.to_string(), position)));
}

#[test]
fn a_lane_is_chosen_by_the_key_alone() {
    let lane_of = |names: &[&str], wanted: &str| {
        let mut bench = Bench::new(Settings::default());
        let input = bench.open("file:all", Routing::Prefixed);
        for name in names {
            bench.push(input, &format!("{name} | {}", stamped(0, name)));
        }
        bench.finish(input);
        let found = bench.out.iter().find_map(|routed| match routed {
            Routed::Records { lane, batch } => (0..batch.len())
                .any(|row| batch.text(row).ends_with(wanted.as_bytes()))
                .then_some(*lane),
            Routed::Close { .. } | Routed::Tick(_) => None,
        });
        found.expect("it was delivered")
    };
    for name in ["web", "db", "cache"] {
        let alone = lane_of(&[name], name);
        assert!(alone < Settings::default().lanes);
        assert_eq!(alone, lane_of(&["cache", "other", "db", "web"], name), "{name}");
    }
}

#[test]
fn batches_are_bounded_by_rows_and_by_bytes() {
    let cases = [
        ("rows", Settings { batch_rows_max: 4, ..Settings::default() }, 4),
        ("one row", Settings { batch_rows_max: 1, ..Settings::default() }, 1),
        ("bytes", Settings { batch_bytes_max: 1, ..Settings::default() }, 1),
        ("neither", Settings::default(), 10),
    ];
    for (name, settings, rows_max) in cases {
        let mut bench = Bench::new(settings);
        let input = bench.open("file:all", Routing::Whole);
        (0..10).for_each(|second| bench.push(input, &stamped(second, "x")));
        bench.finish(input);
        let sizes: Vec<usize> = bench
            .out
            .iter()
            .filter_map(|routed| match routed {
                Routed::Records { batch, .. } => Some(batch.len()),
                Routed::Close { .. } | Routed::Tick(_) => None,
            })
            .collect();
        assert_eq!(sizes.iter().max(), Some(&rows_max), "{name}");
        assert_eq!(sizes.iter().sum::<usize>(), 10, "{name}");
    }
}
