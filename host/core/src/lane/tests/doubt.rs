//! A novel error that nobody repeats is doubted a little.

use super::*;
use crate::record::severity::{ERROR, FATAL, INFO};

/// Age of the source at which something unheard-of has exactly eleven bits.
const OLD: u64 = 1022;
/// What a detector says of something unheard-of.
const STRENGTH: f32 = 5.0;

/// A record of that severity.
fn push_as(lane: &mut Lane, severity: u8, after_ms: u64, text: &str) {
    let mut builder = BatchBuilder::default();
    let record = Record { severity, ..record(text, after_ms) };
    builder.push(0, (BEGIN_MS + after_ms) as i64, &record);
    lane.step(Input::Records(builder.seal()));
}

/// A detector that marks lines of the judged window that begin with `odd`.
fn marking() -> Fake {
    Fake::observing(|lines| {
        let (Column::Text(texts), Column::U32s(templates)) =
            (&*lines.columns[0], &*lines.columns[1])
        else {
            panic!("text and template were wanted")
        };
        let judged = lines.watermark_ms == BEGIN_MS + OLD * MINUTE;
        let odd = (0..lines.rows()).filter(|row| judged && texts.row(*row).starts_with(b"odd"));
        let mark = |row: usize| {
            let channel = templates[row];
            Mark { row: row as u32, channel, score: STRENGTH, code: 0, token: 0 }
        };
        Some(Scores { marks: odd.map(mark).collect(), ..silence()? })
    })
}

/// A detector that finds every message odd that has a line in the judged window.
fn closing() -> Fake {
    Fake::closing(|window| {
        let judged = window.end_ms == BEGIN_MS + (OLD + 1) * MINUTE;
        let Column::U32s(counts) = &*window.columns[1] else { panic!("counts were wanted") };
        let odd = |count: &u32| if judged && *count > 0 { STRENGTH } else { 0.0 };
        Some(Scores { rows: counts.iter().map(odd).collect(), ..silence()? })
    })
}

/// Bits of a message that came so many windows before the judged one, if ever, and in that one so many times.
fn bits(fake: Fake, (text, severity): (&str, u8), before: Option<u64>, count: u64) -> f32 {
    let mut lane = lane_of(vec![fake]);
    age(&mut lane, 0, OLD - 20);
    push(&mut lane, &[said(0, (OLD - 20) * MINUTE, "usual line")]);
    for window in OLD - 20..OLD {
        if before == Some(OLD - window) {
            push_as(&mut lane, severity, window * MINUTE + 1, text);
        }
        tick(&mut lane, window);
    }
    for line in 0..count {
        push_as(&mut lane, severity, OLD * MINUTE + line, text);
    }
    let reports = tick(&mut lane, OLD);
    let [report] = &reports[..] else { panic!("one window is odd: {reports:?}") };
    let [finding] = &report.findings[..] else { panic!("one message is odd: {report:?}") };
    finding.bits
}

/// Name, message with its severity, when it came before, lines in the judged window, bits.
type Case<'a> = (&'a str, (&'a str, u8), Option<u64>, u64, f32);

#[test]
fn only_a_single_novel_error_is_doubted() {
    const SAID: &str = "odd shard lost its leader";
    const KNOWN: &str = "odd no space left here";
    // Ten bits, those of severity (errors 2, fatal ones 3) and pattern (2.5), less those of doubt (1.5).
    let cases: [Case<'_>; 10] = [
        ("a single error", (SAID, ERROR), None, 1, 10.5),
        ("the most severe of errors", (SAID, FATAL - 1), None, 1, 10.5),
        ("two lines of it", (SAID, ERROR), None, 2, 12.0),
        ("one that came in the window before", (SAID, ERROR), Some(1), 1, 12.0),
        ("one that came earlier", (SAID, ERROR), Some(15), 1, 12.0),
        ("a fatal one", (SAID, FATAL), None, 1, 13.0),
        ("one that a pattern knows", (KNOWN, ERROR), None, 1, 14.5),
        ("information that a pattern knows to be an error", (KNOWN, INFO), None, 1, 14.5),
        ("a warning", (SAID, WARN), None, 1, 10.0),
        ("information", (SAID, INFO), None, 1, 9.5),
    ];
    for (name, message, before, count, expected) in cases {
        let bits = bits(marking(), message, before, count);
        assert!((bits - expected).abs() < 0.01, "{name}: {bits}, not {expected}");
    }
}

#[test]
fn the_count_of_a_window_is_not_doubted() {
    let bits = bits(closing(), ("odd shard lost its leader", ERROR), None, 1);
    assert!((bits - 10.0).abs() < 0.01, "severity is no part of it: {bits}");
}
