//! Tests of counting.

use super::*;

const LIMITS: CountLimits = CountLimits {
    pane_ms: 10_000,
    window_ms: 60_000,
    span_ms_max: 120_000,
    templates_max: 100,
    examples_max: 2,
};
const MINUTE: WindowSpan = WindowSpan { size_ms: 60_000, step_ms: 60_000 };

fn line(time_ms: i64, template: u32) -> CountedLine<'static> {
    CountedLine {
        time_ms,
        template,
        severity: 9,
        entropy: 0.0,
        repeat: false,
        pattern: None,
        text: b"x",
    }
}

/// Span, end, expected templates with counts, expected lines.
type Case<'a> = (WindowSpan, u64, &'a [(u32, u32)], u64);

#[test]
fn panes_sum_to_windows_of_any_size_and_silence_has_a_row() {
    let mut counts = Counts::new(LIMITS);
    for (time_ms, template) in
        [(0, 1), (9_999, 1), (10_000, 1), (59_999, 2), (60_000, 1), (119_000, 3)]
    {
        counts.push(&line(time_ms, template));
    }
    let two = WindowSpan { size_ms: 120_000, step_ms: 60_000 };
    let cases: [Case<'_>; 3] = [
        (MINUTE, 60_000, &[(1, 3), (2, 1)], 4),
        (MINUTE, 120_000, &[(1, 1), (2, 0), (3, 1)], 2),
        (two, 120_000, &[(1, 4), (2, 1), (3, 1)], 6),
    ];
    for (span, end_ms, rows, lines) in cases {
        let series = counts.series(span, end_ms);
        let got: Vec<_> =
            series.templates.iter().enumerate().map(|(row, id)| (*id, series.count(row))).collect();
        assert_eq!((got.as_slice(), series.lines), (rows, lines), "{span:?} to {end_ms}");
    }
}

#[test]
fn what_no_window_needs_is_dropped_and_the_usual_count_stays() {
    let mut counts = Counts::new(LIMITS);
    for minute in 0..100u64 {
        for _ in 0..4 {
            counts.push(&line(minute as i64 * 60_000, 1));
        }
        let series = counts.series(MINUTE, (minute + 1) * 60_000);
        counts.pass(&series, (minute + 1) * 60_000);
        assert!(counts.panes.len() <= 2);
    }
    let life = counts.life(1).expect("alive");
    assert_eq!(life.usual(), 4.0);
    assert_eq!(life.example(), Some(&b"x"[..]));
    assert_eq!(counts.take_met()[0].1.len(), 2);
    assert!(counts.take_met().is_empty());
}

#[test]
fn templates_that_prove_to_be_one_are_counted_as_one() {
    let mut counts = Counts::new(LIMITS);
    for (time_ms, template) in [(0, 1), (1, 2), (70_000, 2), (70_001, 3)] {
        counts.push(&line(time_ms, template));
    }
    counts.merge(Merge { old: 2, new: 1 });
    counts.merge(Merge { old: 3, new: 4 });
    let series = counts.series(MINUTE, 60_000);
    assert_eq!((series.templates.as_slice(), series.count(0)), ([1].as_slice(), 2));
    let series = counts.series(MINUTE, 120_000);
    assert_eq!(series.templates, [1, 4]);
    let life = counts.life(1).expect("alive");
    assert_eq!((life.first_ms, life.last_ms), (0, 70_000));
    assert_eq!(counts.take_met().iter().map(|(id, _)| *id).collect::<Vec<u32>>(), [1, 4]);
}

#[test]
fn templates_remembered_are_bounded() {
    let mut counts = Counts::new(LIMITS);
    (0..1000).for_each(|id| counts.push(&line(i64::from(id), id)));
    assert!(counts.lives.len() <= 100);
    assert!(counts.life(999).is_some());
}

#[test]
fn what_nobody_asks_for_is_bounded() {
    let mut counts = Counts::new(LIMITS);
    for id in 2..1000 {
        counts.push(&line(i64::from(id), id));
        assert!(counts.fresh.len() <= 100);
    }
    for old in 2..1000 {
        counts.push(&line(i64::from(old), old));
        counts.merge(Merge { old, new: 1 });
    }
    let given_up = counts.take_given_up();
    assert_eq!((given_up.len(), given_up.last()), (100, Some(&999)));
}
