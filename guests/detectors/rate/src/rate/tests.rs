//! Native tests of the detector, through the SDK's harness.

use super::*;
use bellwether_sdk::DetectorPlugin;
use bellwether_sdk::testing::{self, Column, Scores};

/// Severity of a line that tells nothing of importance.
const INFO: u8 = 9;

/// Feeds one template's counts, a window each, and returns what was said about the last.
fn last_score(counts: impl IntoIterator<Item = u32>) -> (Scores, DetectorPlugin<Rate>) {
    last_score_at(INFO, counts)
}

/// The same for lines of that severity.
fn last_score_at(
    severity: u8,
    counts: impl IntoIterator<Item = u32>,
) -> (Scores, DetectorPlugin<Rate>) {
    let mut plugin = testing::detector::<Rate>("{}");
    let mut last = None;
    for (minute, count) in counts.into_iter().enumerate() {
        let series =
            vec![Column::U32s(vec![7]), Column::U32s(vec![count]), Column::U8s(vec![severity])];
        let window = testing::window(1, minute as u64, u64::from(count), series);
        last = Some(plugin.close_window(&window));
    }
    (last.expect("at least one count"), plugin)
}

/// Compares a score with what is right, give or take a fifth.
fn check(context: &str, score: f32, expected: f32) {
    let tolerance = 0.2 * expected.abs() + 0.1;
    assert!((score - expected).abs() <= tolerance, "{context}: {score}, not {expected}");
}

/// A repeatable count around a rate, with the spread of a Poisson source.
fn noisy(rate: u32, minutes: u32) -> impl Iterator<Item = u32> {
    let spread = f64::from(rate).sqrt();
    (0..minutes).map(move |minute| {
        let noise = f64::from(minute.wrapping_mul(2_654_435_761) >> 16) / 65_536.0 - 0.5;
        (f64::from(rate) + noise * 3.4 * spread).round().max(0.0) as u32
    })
}

#[test]
fn scores_by_side_and_size() {
    let steady = || noisy(100, 200);
    let surest = -2.0 * STRETCH_MAX.exp_m1();
    let cases: [(&str, Vec<u32>, f32, bool); 12] = [
        ("steady", steady().chain([100]).collect(), 0.0, true),
        ("one window of five times as many", steady().chain([500]).collect(), 11.1, false),
        ("two of them", steady().chain([500, 500]).collect(), 20.8, false),
        ("one window of a tenth", steady().chain([10]).collect(), 0.0, true),
        ("two of them", steady().chain([10, 10]).collect(), surest, false),
        ("two of half", steady().chain([50, 50]).collect(), -28.0, false),
        ("two of two thirds", steady().chain([67, 67]).collect(), 0.0, true),
        ("silence", steady().chain([0, 0]).collect(), surest, false),
        ("silence of a sparse one", noisy(2, 200).chain([0, 0]).collect(), -2.4, true),
        ("for 20 windows", noisy(2, 200).chain([0; 20]).collect(), -102.0, false),
        ("three where one is usual", noisy(1, 200).chain([3]).collect(), 1.7, true),
        ("double for ten windows", steady().chain([200; 10]).collect(), 19.1, false),
    ];
    for (name, counts, expected, quiet) in cases {
        let (scores, _) = last_score(counts);
        check(name, scores.rows[0], expected);
        assert_eq!(testing::contains(&scores.quiet, 0), quiet, "{name}: quiet");
    }
}

#[test]
fn a_source_that_is_silent_is_missed_however_much_its_counts_vary() {
    let steady = || noisy(100, 200);
    let varying = || (0..200).map(|window| if window % 2 == 0 { 400 } else { 10 });
    let cases: [(&str, Vec<u32>, f32); 6] = [
        ("an empty window", steady().chain([0]).collect(), f32::NAN),
        ("nine", steady().chain([0; 9]).collect(), -158.0),
        ("of one that varies", varying().chain([0; 9]).collect(), -158.0),
        ("after a rise", steady().chain([2000; 3]).chain([0; 9]).collect(), -158.0),
        (
            "of one with too few lines to matter",
            vec![1; 200].into_iter().chain([0; 9]).collect(),
            f32::NAN,
        ),
        ("nine with a tenth of the lines", steady().chain([10; 9]).collect(), -22.9),
    ];
    for (name, counts, expected) in cases {
        let (scores, _) = last_score(counts);
        match expected.is_nan() {
            true => assert!(scores.whole.is_nan(), "{name}: {}", scores.whole),
            false => check(name, scores.whole, expected),
        }
    }
}

#[test]
fn an_echo_teaches_without_speaking() {
    let rise = || noisy(100, 200).chain([2000, 2000]);
    for (counts, quiet) in [(2000, false), (170, true)] {
        let (scores, _) = last_score(rise().chain([counts]));
        assert!(scores.rows[0] > 10.0, "the evidence is there: {}", scores.rows[0]);
        assert_eq!(testing::contains(&scores.quiet, 0), quiet, "{counts} lines after the rise");
    }
}

#[test]
fn a_change_must_be_large_and_for_errors_half_as_large() {
    // Counts after 200 windows of the same, and whether other lines and errors stay quiet. One window needs an
    // excess of 20 lines (`burst_lines_min`), several 10 (`lines_min`); errors always 5.
    let cases: [(u32, &[u32], bool, bool); 12] = [
        (1, &[5], true, true),
        (1, &[7], true, false),
        (1, &[20], true, false),
        (1, &[22], false, false),
        (5, &[24], true, false),
        (5, &[26], false, false),
        (20, &[55], true, true),
        (20, &[65], false, false),
        (1, &[3, 3], true, true),
        (1, &[4, 4], true, false),
        (1, &[7, 7], false, false),
        (5, &[0, 0], true, true),
    ];
    for (usual, counts, quiet, quiet_error) in cases {
        for (severity, quiet) in [(INFO, quiet), (ERROR - 1, quiet), (ERROR, quiet_error)] {
            let past = std::iter::repeat_n(usual, 200);
            let (scores, _) = last_score_at(severity, past.chain(counts.iter().copied()));
            let said = testing::contains(&scores.quiet, 0);
            assert_eq!(said, quiet, "{counts:?} after {usual}, severity {severity}");
        }
    }
}

#[test]
fn a_busy_minute_is_no_news_about_each_of_its_messages() {
    let mut plugin = testing::detector::<Rate>("{}");
    let mut last = None;
    for minute in 0..202u64 {
        let factor = if minute >= 200 { 3 } else { 1 };
        let counts = [50 * factor, 80 * factor, if minute >= 200 { 200 } else { 20 }];
        let columns = vec![
            Column::U32s(vec![1, 2, 3]),
            Column::U32s(counts.to_vec()),
            Column::U8s(vec![9; 3]),
        ];
        let lines = counts.iter().map(|count| u64::from(*count)).sum();
        last = Some(plugin.close_window(&testing::window(1, minute, lines, columns)));
    }
    let scores = last.expect("some windows").rows;
    for (name, score, expected) in [
        ("three times as many, as all", scores[0], 0.0),
        ("as the first", scores[1], 0.0),
        ("ten times as many", scores[2], 12.7),
    ] {
        check(name, score, expected);
    }
}

#[test]
fn a_young_template_is_not_judged() {
    let (scores, _) = last_score(vec![5; 30]);
    assert!(scores.rows[0].is_nan());
}

#[test]
fn what_never_was_a_habit_cannot_stop() {
    let (scores, _) = last_score([vec![0; 200], vec![50; 40], vec![0; 20]].concat());
    assert!(scores.rows[0].is_nan());
}

#[test]
fn the_reason_tells_what_happened() {
    for (counts, word) in [(500, "rose to 500"), (20, "fell to 20"), (0, "nothing for 2 windows")] {
        let (scores, mut plugin) = last_score(noisy(100, 200).chain([counts; 2]));
        let reason = scores.reasons.iter().find(|reason| reason.row == Some(0)).expect("a reason");
        let explanation = plugin.explain(reason.token).expect("an explanation");
        assert!(explanation.summary.starts_with(word), "{}", explanation.summary);
    }
}

#[test]
fn a_restored_state_says_the_same() {
    let (_, first) = last_score(noisy(50, 100));
    let mut second = testing::detector::<Rate>("{}");
    second.load(1, &first.save(1).expect("saved")).expect("loaded");
    let mut first = first;
    let series = vec![Column::U32s(vec![7]), Column::U32s(vec![300]), Column::U8s(vec![9])];
    let window = testing::window(1, 100, 300, series);
    assert_eq!(first.close_window(&window).rows, second.close_window(&window).rows);
}

#[test]
fn the_number_of_templates_is_bounded() {
    let mut plugin = testing::detector::<Rate>(r#"{"templates_max": 10}"#);
    for minute in 0..100 {
        let columns = vec![Column::U32s(vec![minute]), Column::U32s(vec![1]), Column::U8s(vec![9])];
        plugin.close_window(&testing::window(1, u64::from(minute), 1, columns));
    }
    let bytes = plugin.save(1).expect("saved").bytes.len();
    assert!((150..250).contains(&bytes), "ten templates and the whole: {bytes}");
}
