//! A reworded message is no news; one that fails while another begins is.

use super::*;
use crate::calibrate::Side;
use crate::lane::renaming::forgive;
use crate::lane::source::Candidate;
use crate::record::severity::{ERROR, INFO};
use std::collections::BTreeSet;

/// The window that is judged; the old message comes from the beginning until it stops.
const JUDGED: u64 = 40;
const OLD: &str = "worker finished the nightly import";
const REWORDED: &str = "worker completed the nightly import run";
const UNRELATED: &str = "certificate of upstream expires soon";
/// Templates are numbered in the order in which they come.
const OLD_TEMPLATE: u32 = 1;
const NEW_TEMPLATE: u32 = 2;

/// A message that comes in every window of a span, so many times.
#[derive(Clone, Copy)]
struct Spoken {
    text: &'static str,
    severity: u8,
    windows: (u64, u64),
    count: u64,
}

impl Spoken {
    fn lines(self, window: u64) -> impl Iterator<Item = (u64, Self)> {
        let (first, last) = self.windows;
        let count = if (first..=last).contains(&window) { self.count } else { 0 };
        (0..count).map(move |line| (window * MINUTE + 1_000 + line * (50_000 / self.count), self))
    }
}

/// Bits that are left of a surprise about the old message and of one about the new.
fn left(spoken: &[Spoken], (old_bits, new_bits): (f32, f32)) -> (f32, f32) {
    let mut lane = lane_of(vec![]);
    for window in 0..=JUDGED {
        let mut builder = BatchBuilder::default();
        for (after_ms, message) in spoken.iter().flat_map(|message| message.lines(window)) {
            let severity = message.severity;
            let record = Record { severity, ..record(message.text, after_ms) };
            builder.push(0, (BEGIN_MS + after_ms) as i64, &record);
        }
        lane.step(Input::Records(builder.seal()));
        if window < JUDGED {
            tick(&mut lane, window);
        }
    }
    let end_ms = BEGIN_MS + (JUDGED + 1) * MINUTE;
    let source = lane.sources.of(0);
    let known = (1..).take_while(|template| source.counts.life(*template).is_some());
    let texts: BTreeSet<&str> = spoken.iter().map(|message| message.text).collect();
    assert_eq!(known.count(), texts.len(), "each message has a template of its own");
    let series = source.counts.series(WindowSpan { size_ms: MINUTE, step_ms: MINUTE }, end_ms);
    let mut candidates = [
        candidate(Side::Less, Some(OLD_TEMPLATE), old_bits),
        candidate(Side::More, Some(NEW_TEMPLATE), new_bits),
        candidate(Side::More, None, old_bits),
    ];
    forgive(&mut candidates, source, (&series, end_ms), MINUTE);
    assert_eq!(candidates[2].bits, old_bits, "the window as a whole was not reworded");
    (candidates[0].bits, candidates[1].bits)
}

fn candidate(side: Side, template: Option<u32>, bits: f32) -> Candidate {
    Candidate {
        detector: 0,
        channel: 0,
        side,
        template,
        bits,
        severity: WARN,
        code: 0,
        position: None,
        example: None,
        said: None,
        explanation: None,
    }
}

/// The old message until some windows before the judged one, five times in each.
fn old(windows_ago: u64) -> Spoken {
    Spoken { text: OLD, severity: WARN, windows: (0, JUDGED - windows_ago), count: 5 }
}

/// A warning that began some windows before the judged one.
fn new(text: &'static str, windows_ago: u64, count: u64) -> Spoken {
    Spoken { text, severity: WARN, windows: (JUDGED - windows_ago, JUDGED), count }
}

fn check(name: &str, spoken: &[Spoken], forgiven: bool) {
    let expected = if forgiven { (3.0, 3.0) } else { (11.0, 11.0) };
    assert_eq!(left(spoken, (11.0, 11.0)), expected, "{name}");
}

#[test]
fn what_takes_over_the_pace_is_forgiven() {
    let cases: [(&str, Spoken, bool); 10] = [
        ("other words, same pace", new(UNRELATED, 5, 5), true),
        ("half as often", new(UNRELATED, 5, 3), true),
        ("twice as often", new(UNRELATED, 5, 10), true),
        ("a fifth as often", new(UNRELATED, 5, 1), false),
        ("four times as often", new(UNRELATED, 5, 20), false),
        ("less severe", Spoken { severity: INFO, ..new(UNRELATED, 5, 5) }, true),
        ("an error", Spoken { severity: ERROR, ..new(UNRELATED, 5, 5) }, false),
        ("one by one, while the old one still came", new(UNRELATED, 7, 5), true),
        ("long before the old one stopped", new(UNRELATED, 10, 5), false),
        ("long after the old one stopped", new(UNRELATED, 2, 5), false),
    ];
    for (name, new, forgiven) in cases {
        check(name, &[old(6), new], forgiven);
    }
    check("after a long silence, at its former pace", &[old(20), new(UNRELATED, 19, 5)], true);
    check("after a long silence, more often", &[old(20), new(UNRELATED, 19, 20)], false);
    check("after so long that no pace is known", &[old(26), new(UNRELATED, 25, 20)], true);
}

#[test]
fn what_shares_its_words_is_forgiven_from_its_first_window() {
    let error = Spoken { severity: ERROR, ..new(REWORDED, 0, 5) };
    let short = Spoken { text: "nightly import", ..old(1) };
    let little = "the nightly import was skipped for once";
    let cases: [(&str, &[Spoken], bool); 11] = [
        ("reworded, and a flood", &[old(1), new(REWORDED, 0, 100)], false),
        ("reworded", &[old(1), new(REWORDED, 0, 5)], true),
        ("and said once so far", &[old(1), new(REWORDED, 0, 1)], true),
        ("after some windows", &[old(6), new(REWORDED, 5, 5)], true),
        ("other words", &[old(1), new(UNRELATED, 0, 5)], false),
        ("too few words", &[short, new("nightly import done today", 0, 5)], false),
        ("too little of it", &[old(1), new(little, 0, 5)], false),
        ("an error of those words", &[old(1), error], false),
        ("the old one still comes", &[old(0), new(REWORDED, 0, 5)], false),
        ("the old one still came", &[old(6), new(REWORDED, 7, 20)], false),
        (
            "the old one was not due yet",
            &[Spoken { count: 1, ..old(1) }, new(REWORDED, 0, 1)],
            false,
        ),
    ];
    for (name, spoken, forgiven) in cases {
        check(name, spoken, forgiven);
    }
}

#[test]
fn a_stop_without_successor_is_not_forgiven() {
    let usual = Spoken { text: UNRELATED, severity: WARN, windows: (0, JUDGED), count: 5 };
    for (name, spoken) in [("alone", &[old(6)][..]), ("beside the usual", &[old(6), usual])] {
        check(name, spoken, false);
    }
}

#[test]
fn what_comes_in_bursts_is_about_to_come_again() {
    let burst = |first_ago: u64, last_ago: u64| Spoken {
        windows: (JUDGED - first_ago, JUDGED - last_ago),
        ..old(0)
    };
    let cases: [(&str, Spoken, bool); 3] = [
        ("silent for less than before its last burst", burst(40, 20), false),
        ("for as long", burst(40, 13), false),
        ("for longer", burst(40, 12), true),
    ];
    for (name, before, forgiven) in cases {
        check(name, &[before, burst(6, 6), new(UNRELATED, 5, 5)], forgiven);
    }
}

#[test]
fn what_is_left_is_neither_silence_nor_an_alarm() {
    let cases = [(5.0, 0.0), (8.0, 0.0), (11.0, 3.0), (16.0, 8.0), (31.0, 8.0)];
    for (bits, expected) in cases {
        let spoken = [old(6), new(UNRELATED, 5, 5)];
        assert_eq!(left(&spoken, (bits, bits)), (expected, expected), "of {bits} bits");
    }
}
