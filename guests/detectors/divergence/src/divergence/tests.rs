//! Native tests of the detector, through the SDK's harness.

use super::*;
use bellwether_sdk::DetectorPlugin;
use bellwether_sdk::testing::{self, Column, Scores};

/// Feeds windows of counts of the templates 1, 2, 3 and returns what was said about the last.
fn last(
    config: &str,
    windows: impl IntoIterator<Item = [u32; 3]>,
) -> (Scores, DetectorPlugin<Divergence>) {
    let mut plugin = testing::detector::<Divergence>(config);
    let mut last = None;
    for (minute, counts) in windows.into_iter().enumerate() {
        let series = vec![
            Column::U32s(vec![1, 2, 3]),
            Column::U32s(counts.to_vec()),
            testing::texts(["user <*> logged in", "user <*> logged out", "disk <*> is full"]),
        ];
        let lines = counts.iter().map(|count| u64::from(*count)).sum();
        last = Some(plugin.close_window(&testing::window(1, minute as u64, lines, series)));
    }
    (last.expect("at least one window"), plugin)
}

/// An hour of the same, then some windows.
fn after_an_hour(now: [u32; 3], windows: usize) -> Vec<[u32; 3]> {
    let usual = std::iter::repeat_n([60, 40, 0], 60);
    usual.chain(std::iter::repeat_n(now, windows)).collect()
}

#[test]
fn shares_that_shift_are_told_and_chance_is_not() {
    let cases: [(&str, [u32; 3], bool); 8] = [
        ("the same", [60, 40, 0], false),
        ("ten times as many lines", [600, 400, 0], false),
        ("a tenth of the lines", [6, 4, 0], false),
        ("chance", [57, 43, 0], false),
        ("significant and small", [5300, 4700, 0], false),
        ("turned round", [25, 75, 0], true),
        ("a new message", [50, 30, 20], true),
        ("silence", [0, 0, 0], false),
    ];
    for (name, now, told) in cases {
        let (scores, _) = last("{}", after_an_hour(now, 5));
        assert_eq!(!scores.whole.is_nan(), told, "{name}: {}", scores.whole);
        assert!(!told || scores.whole > 3.0, "{name}: {}", scores.whole);
    }
}

#[test]
fn the_same_shift_weighs_more_with_more_lines() {
    let z = |lines: u32| {
        let before = std::iter::repeat_n([6 * lines, 4 * lines, 0], 60);
        let now = std::iter::repeat_n([3 * lines, 7 * lines, 0], 5);
        last("{}", before.chain(now).collect::<Vec<_>>()).0.whole
    };
    assert!(z(10) > 2.0 * z(1) && z(1) > 3.0, "{} and {}", z(10), z(1));
}

#[test]
fn a_young_or_nearly_empty_source_is_not_judged() {
    let odd = || std::iter::repeat_n([0, 0, 100], 5);
    let young = std::iter::repeat_n([60, 40, 0], 59).chain(odd());
    assert!(last("{}", young).0.whole.is_nan(), "59 windows before");
    let old = std::iter::repeat_n([60, 40, 0], 60).chain(odd());
    assert!(last("{}", old).0.whole > 10.0, "60 windows before");
    let sparse = std::iter::repeat_n([60, 40, 0], 60).chain(std::iter::repeat_n([0, 0, 3], 5));
    assert!(last("{}", sparse).0.whole.is_nan(), "15 lines");
}

#[test]
fn the_explanation_names_what_is_new_gone_up_and_down() {
    let cases: [(&[[u32; 3]; 2], &[&str]); 2] = [
        (
            &[[60, 40, 0], [60, 0, 40]],
            &[
                "gone `user <*> logged out` from 40.0 to 0.0 %",
                "new `disk <*> is full` from 0.0 to 40.0 %",
            ],
        ),
        (
            &[[60, 40, 0], [20, 80, 0]],
            &[
                "down `user <*> logged in` from 60.0 to 20.0 %",
                "up `user <*> logged out` from 40.0 to 80.0 %",
            ],
        ),
    ];
    for ([before, now], expected) in cases {
        let windows = std::iter::repeat_n(*before, 60).chain(std::iter::repeat_n(*now, 5));
        let (scores, mut plugin) = last("{}", windows);
        let token = scores.reasons.first().expect("a reason").token;
        let explanation = plugin.explain(token).expect("the note is kept");
        let told: Vec<&str> = explanation
            .evidence
            .iter()
            .filter(|(name, _)| name == "message")
            .map(|(_, told)| told.as_str())
            .collect();
        assert_eq!(&told[..2], expected);
        assert_eq!(explanation.summary, format!("messages changed their shares: {}", expected[0]));
        let names: Vec<&str> = explanation.evidence.iter().map(|(name, _)| name.as_str()).collect();
        assert!(names.starts_with(&["Jensen-Shannon divergence", "Kullback-Leibler divergence"]));
    }
}

#[test]
fn settings_count() {
    let shift = || {
        let now = std::iter::repeat_n([50, 50, 0], 1);
        std::iter::repeat_n([60, 40, 0], 60).chain(now)
    };
    let cases = [
        (r#"{"current_windows":1}"#, false),
        (r#"{"current_windows":1,"divergence_min":0}"#, false),
        (r#"{"current_windows":1,"divergence_min":0,"z_min":1}"#, true),
    ];
    for (config, told) in cases {
        assert_eq!(!last(config, shift()).0.whole.is_nan(), told, "{config}");
    }
    for config in [
        r#"{"current_windows":0}"#,
        r#"{"baseline_windows":1441}"#,
        r#"{"templates_max":0}"#,
        r#"{"windows":3}"#,
    ] {
        let mut plugin = DetectorPlugin::<Divergence>::default();
        assert!(plugin.configure(config).is_err(), "{config}");
    }
}

#[test]
fn saving_and_loading_does_not_show() {
    let windows = after_an_hour([25, 75, 0], 5);
    let mut first = testing::detector::<Divergence>("{}");
    let mut second = testing::detector::<Divergence>("{}");
    for (minute, counts) in windows.iter().enumerate() {
        let series = || {
            vec![
                Column::U32s(vec![1, 2, 3]),
                Column::U32s(counts.to_vec()),
                testing::texts(["a"; 3]),
            ]
        };
        let window = |series| testing::window(1, minute as u64, 100, series);
        let left = first.close_window(&window(series()));
        let right = second.close_window(&window(series()));
        assert_eq!(left.whole.to_bits(), right.whole.to_bits(), "window {minute}");
        let saved = second.save(1).expect("it can be saved");
        second = testing::detector::<Divergence>("{}");
        second.load(1, &saved).expect("it can be loaded");
    }
}
