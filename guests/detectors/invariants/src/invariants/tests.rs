//! Native tests of the detector, through the SDK's harness.

use super::*;
use bellwether_sdk::DetectorPlugin;
use bellwether_sdk::testing::{self, Column, Scores};

const TEXTS: [&str; 4] = ["received <*>", "stored <*>", "deleted <*>", "started"];
/// Windows after which relations are known.
const LEARNT: u32 = 300;

/// Three are received for each that is stored, deletions come as they like.
fn usual(window: u32) -> [u32; 4] {
    let stored = 2 + window * 7 % 5;
    [3 * stored, stored, window * 11 % 13, u32::from(window == 0)]
}

/// Shows a window of counts of the templates 1 to 4.
fn show(plugin: &mut DetectorPlugin<Invariants>, minute: u32, counts: [u32; 4]) -> Scores {
    let series =
        vec![Column::U32s(vec![1, 2, 3, 4]), Column::U32s(counts.to_vec()), testing::texts(TEXTS)];
    let lines = counts.iter().map(|count| u64::from(*count)).sum();
    plugin.close_window(&testing::window(1, u64::from(minute), lines, series))
}

fn learnt() -> DetectorPlugin<Invariants> {
    let mut plugin = testing::detector::<Invariants>("{}");
    (0..LEARNT).for_each(|minute| _ = show(&mut plugin, minute, usual(minute)));
    plugin
}

#[test]
fn what_breaks_a_relation_scores_on_its_side() {
    // Counts, and for the first two messages the side of the score that may speak.
    let cases: [(&str, [u32; 4], [f32; 2]); 7] = [
        ("as usual", [12, 4, 5, 0], [0.0, 0.0]),
        ("more of all", [60, 20, 12, 0], [0.0, 0.0]),
        ("nothing", [0, 0, 0, 0], [0.0, 0.0]),
        ("stored, not received", [6, 4, 5, 0], [-1.0, 1.0]),
        ("received, not stored", [12, 0, 5, 0], [1.0, -1.0]),
        ("one too few", [11, 4, 5, 0], [0.0, 0.0]),
        ("many deletions", [12, 4, 40, 0], [0.0, 0.0]),
    ];
    for (name, counts, sides) in cases {
        let mut plugin = learnt();
        let scores = show(&mut plugin, LEARNT, counts);
        for (row, side) in sides.into_iter().enumerate() {
            let (score, quiet) = (scores.rows[row], testing::contains(&scores.quiet, row));
            assert_eq!(quiet, side == 0.0, "{name}, row {row}: {score}");
            assert!(side == 0.0 || score * side > 3.0, "{name}, row {row}: {score}");
        }
        assert!(scores.rows[2].is_nan(), "{name}: what comes as it likes is related to nothing");
        assert!(scores.rows[3].is_nan(), "{name}: nor is what came once");
    }
}

#[test]
fn a_young_source_is_not_judged() {
    let mut plugin = testing::detector::<Invariants>("{}");
    for minute in 0..LEARNT {
        let scores = show(&mut plugin, minute, usual(minute));
        let known = minute >= SPARSE_FROM;
        assert_eq!(scores.rows[0].is_nan(), !known, "window {minute}");
    }
}

#[test]
fn models_must_agree() {
    let cases = [
        (4.0, 9.0, 4.0),
        (-9.0, -4.0, -4.0),
        (4.0, -9.0, 0.0),
        (0.0, 9.0, 0.0),
        (-1.0, -1.0, -1.0),
    ];
    for (left, right, expected) in cases {
        assert_eq!(agree(left, right), expected, "{left} and {right}");
    }
}

#[test]
fn the_explanation_names_the_others() {
    let mut plugin = learnt();
    let scores = show(&mut plugin, LEARNT, [12, 0, 5, 0]);
    let reason = scores.reasons.iter().find(|reason| reason.row == Some(1)).expect("a reason");
    assert_eq!(reason.code, 1);
    let explanation = plugin.explain(reason.token).expect("the note is kept");
    assert_eq!(explanation.summary, "0 lines, where 4.0 belong to those of `received <*>`");
}

#[test]
fn a_fault_does_not_become_the_rule() {
    let mut plugin = learnt();
    for minute in LEARNT..LEARNT + 10 {
        let [received, _, deleted, _] = usual(minute);
        let scores = show(&mut plugin, minute, [received, 0, deleted, 0]);
        assert!(scores.rows[1] < -3.0, "window {minute}: {}", scores.rows[1]);
    }
    let scores = show(&mut plugin, LEARNT + 10, usual(LEARNT + 10));
    assert!(testing::contains(&scores.quiet, 1), "and what is right stays right");
}

#[test]
fn saving_and_loading_does_not_show() {
    let mut first = testing::detector::<Invariants>("{}");
    let mut second = testing::detector::<Invariants>("{}");
    for minute in 0..200 {
        let (left, right) =
            (show(&mut first, minute, usual(minute)), show(&mut second, minute, usual(minute)));
        let bits =
            |scores: &Scores| scores.rows.iter().map(|score| score.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&left), bits(&right), "window {minute}");
        if minute % 7 == 0 {
            let saved = second.save(1).expect("it can be saved");
            second = testing::detector::<Invariants>("{}");
            second.load(1, &saved).expect("it can be loaded");
        }
    }
}

#[test]
fn state_and_templates_are_bounded() {
    let mut plugin = testing::detector::<Invariants>("{}");
    for minute in 0..400u32 {
        let templates: Vec<u32> = (1..=300).collect();
        let counts: Vec<u32> = templates.iter().map(|id| (minute * id) % 7).collect();
        let lines = counts.iter().map(|count| u64::from(*count)).sum();
        let texts = testing::texts(templates.iter().map(|_| "x"));
        let series = vec![Column::U32s(templates), Column::U32s(counts), texts];
        let scores = plugin.close_window(&testing::window(1, u64::from(minute), lines, series));
        let judged = scores.rows.iter().filter(|score| !score.is_nan()).count();
        assert!(judged <= 40, "{judged} templates are related");
        assert!(scores.rows.iter().all(|score| !score.is_infinite()));
    }
    let saved = plugin.save(1).expect("it can be saved");
    assert!(saved.bytes.len() < 64 << 10, "{} bytes", saved.bytes.len());
}

#[test]
fn settings_that_cannot_work_are_refused() {
    for config in [
        r#"{"templates_max":1}"#,
        r#"{"templates_max":61}"#,
        r#"{"memory_windows":99}"#,
        r#"{"ridge":0}"#,
        r#"{"lags":3}"#,
    ] {
        let mut plugin = DetectorPlugin::<Invariants>::default();
        assert!(plugin.configure(config).is_err(), "{config}");
    }
}
