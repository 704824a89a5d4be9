//! Native tests of the three tasks, through the SDK's harness.

use super::*;
use bellwether_sdk::testing::{self, Column, Scores};

/// Sends one batch to the detector under that task.
fn observed(task: &str, rows: u32, columns: Vec<Column>) -> Scores {
    let mut plugin = testing::detector::<Probe>(&format!(r#"{{"task":"{task}"}}"#));
    plugin.observe(&testing::batch(1, rows, columns))
}

/// Row and score of every mark.
fn marks(scores: &Scores) -> Vec<(u32, f32)> {
    scores.marks.iter().map(|mark| (mark.row, mark.score)).collect()
}

#[test]
fn bits_and_severity_are_combined() {
    // Timed out, retried, refused, severity, marked.
    let cases = [
        (0, 0, 0, 17, false),
        (1, 0, 0, 9, true),
        (1, 1, 0, 21, false),
        (0, 0, 1, 16, false),
        (0, 0, 1, 17, true),
        (1, 1, 1, 17, true),
    ];
    for (timed_out, retried, refused, severity, marked) in cases {
        let bits = [timed_out, retried, refused].map(|bit| Column::Bits(vec![bit]));
        let columns = bits.into_iter().chain([Column::U8s(vec![severity])]).collect();
        let expected = if marked { vec![(0, 1.0)] } else { Vec::new() };
        let context = format!("{timed_out} {retried} {refused} {severity}");
        assert_eq!(marks(&observed("bits", 1, columns)), expected, "{context}");
    }
}

#[test]
fn numbers_are_held_against_their_own_template() {
    // Template 1 swings between 9 and 11, template 2 between 90 and 110; then both get the same value.
    let templates = (0..400).map(|row| 1 + row % 2).chain([1, 2]);
    let swing = |row: u32| if row % 4 < 2 { -1.0 } else { 1.0 };
    let values = (0..400)
        .map(|row| if row % 2 == 0 { 10.0 + swing(row) } else { 100.0 + 10.0 * swing(row) });
    let columns = vec![
        Column::U32s(templates.collect()),
        Column::F64s(values.chain([100.0, 100.0]).collect()),
    ];
    let scores = observed("z-score", 402, columns).rows;
    assert!(scores[400] > 50.0, "far from what template 1 has: {}", scores[400]);
    assert!(scores[401].abs() < 1.0, "usual for template 2: {}", scores[401]);
}

#[test]
fn what_cannot_be_judged_is_not() {
    let templates = vec![0, 0, 4095, 4096, u32::MAX];
    let values = vec![1.0, f64::NAN, 1.0, 1.0, 1.0];
    let scores = observed("z-score", 5, vec![Column::U32s(templates), Column::F64s(values)]).rows;
    let judged: Vec<bool> = scores.iter().map(|score| !score.is_nan()).collect();
    assert_eq!(judged, [true, false, true, false, false]);
}

#[test]
fn texts_with_the_word_are_counted() {
    let cases: [(&[&str], f32); 3] = [
        (&["a timeout", "time out", "timeouttimeout", ""], 2.0),
        (&["timeou", "t"], 0.0),
        (&["Timeout", "timeout"], 1.0),
    ];
    for (lines, count) in cases {
        let rows = lines.len() as u32;
        let scores = observed("text", rows, vec![testing::texts(lines.iter().copied())]);
        let expected = if count > 0.0 { vec![(rows - 1, count)] } else { Vec::new() };
        assert_eq!(marks(&scores), expected, "{lines:?}");
    }
}
