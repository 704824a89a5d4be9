//! Native tests of the detector, through the SDK's harness.

use super::*;
use bellwether_sdk::DetectorPlugin;
use bellwether_sdk::testing::{self, Column, Scores};

/// Feeds one template's counts, a window each, and returns what was said about the last.
fn last_score(counts: impl IntoIterator<Item = u32>) -> (Scores, DetectorPlugin<Rate>) {
    let mut plugin = testing::detector::<Rate>("{}");
    let mut last = None;
    for (minute, count) in counts.into_iter().enumerate() {
        let series = vec![Column::U32s(vec![7]), Column::U32s(vec![count]), Column::U8s(vec![9])];
        let window = testing::window(1, minute as u64, u64::from(count), series);
        last = Some(plugin.close_window(&window));
    }
    (last.expect("at least one count"), plugin)
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
    let cases: [(&str, Vec<u32>, std::ops::Range<f32>, bool); 10] = [
        ("steady", steady().chain([100]).collect(), -2.5..2.5, true),
        ("one window of five times as many", steady().chain([500]).collect(), 8.0..20.0, false),
        ("two of them", steady().chain([500, 500]).collect(), 15.0..40.0, false),
        ("one window of a tenth", steady().chain([10]).collect(), -1.0..0.1, true),
        ("two of them", steady().chain([10, 10]).collect(), -810.0..-8.0, false),
        ("silence", steady().chain([0, 0]).collect(), -810.0..-10.0, false),
        ("silence of a sparse one", noisy(2, 200).chain([0, 0]).collect(), -4.0..0.1, true),
        ("for 20 windows", noisy(2, 200).chain([0; 20]).collect(), -810.0..-6.0, false),
        ("three where one is usual", noisy(1, 200).chain([3]).collect(), 0.0..4.0, true),
        ("double for ten windows", steady().chain([200; 10]).collect(), 3.0..30.0, false),
    ];
    for (name, counts, range, quiet) in cases {
        let (scores, _) = last_score(counts);
        assert!(range.contains(&scores.rows[0]), "{name}: {}", scores.rows[0]);
        assert_eq!(testing::contains(&scores.quiet, 0), quiet, "{name}: quiet");
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
    assert!(scores[2] > 3.0 * scores[0].max(scores[1]), "{scores:?}");
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
    assert!(plugin.save(1).expect("saved").bytes.len() < 11 * 120);
}
