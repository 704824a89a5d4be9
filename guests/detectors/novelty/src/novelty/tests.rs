//! Native tests of the detector, through the SDK's harness.

use super::*;
use bellwether_sdk::DetectorPlugin;
use bellwether_sdk::testing::{self, Batch, Column};

/// A row: window, fine template, kind, bits, words.
type Row = (u32, u32, u8, f32, &'static str);

fn batch(rows: &[Row]) -> Batch {
    let columns = vec![
        Column::U32s(rows.iter().map(|row| row.0).collect()),
        Column::U32s(rows.iter().map(|row| row.1).collect()),
        Column::U8s(rows.iter().map(|row| row.2).collect()),
        Column::F32s(rows.iter().map(|row| row.3).collect()),
        testing::texts(rows.iter().map(|row| row.4)),
    ];
    testing::batch(1, rows.len() as u32, columns)
}

/// Name, windows before, rows, and what is to be said of the last: code, bits, part of the summary.
type Case<'a> = (&'a str, u32, &'a [Row], &'a [(u32, f32, &'a str)]);

/// What is said about the last row after a quiet beginning of one known message.
fn marks(after: u32, rows: &[Row]) -> Vec<(u32, f32, String)> {
    let mut plugin: DetectorPlugin<Novelty> = testing::detector("{}");
    let known: Vec<Row> = (0..after).map(|window| (window, 1, 0, 0.0, "")).collect();
    plugin.observe(&batch(&known));
    let mut last = Vec::new();
    for row in rows {
        let scores = plugin.observe(&batch(&[*row]));
        last = scores
            .marks
            .iter()
            .map(|mark| {
                let explanation = plugin.explain(mark.token).expect("an explanation");
                (mark.code, mark.score, explanation.summary)
            })
            .collect();
    }
    last
}

#[test]
fn each_kind_of_novelty_has_its_bits_and_its_words() {
    let cases: [Case<'_>; 7] = [
        ("first seen early", 10, &[(10, 2, 1, 3.0, "")], &[]),
        ("first seen late", 1023, &[(1023, 2, 1, 3.0, "")], &[(0, 11.0, "never seen before")]),
        ("known", 1023, &[(1023, 1, 0, 0.0, "")], &[]),
        (
            "came back",
            1023,
            &[(500, 2, 0, 0.0, ""), (1023, 2, 0, 0.0, "")],
            &[(0, 9.42, "came back")],
        ),
        (
            "keeps coming",
            1023,
            &[(1023, 2, 1, 3.0, ""), (1024, 2, 0, 0.0, ""), (1025, 2, 0, 0.0, "")],
            &[(5, 13.38, "keeps coming")],
        ),
        (
            "near miss",
            1023,
            &[(1023, 1, 2, 9.0, "recieving\treceiving")],
            &[(1, 9.0, "`recieving` where `receiving`")],
        ),
        ("too few bits", 1023, &[(1023, 1, 3, 4.0, "eve")], &[]),
    ];
    for (name, after, rows, expected) in cases {
        let said = marks(after, rows);
        assert_eq!(said.len(), expected.len(), "{name}: {said:?}");
        for ((code, bits, summary), (want_code, want_bits, part)) in said.iter().zip(expected) {
            assert_eq!(code, want_code, "{name}");
            assert!((bits - want_bits).abs() < 0.01, "{name}: {bits}");
            assert!(summary.contains(part), "{name}: {summary}");
        }
    }
}

#[test]
fn cutting_into_batches_changes_nothing() {
    let rows: Vec<Row> = (0..600)
        .map(|n| (n / 3, if n % 97 == 0 { n } else { n % 5 }, u8::from(n % 7 == 0) * 3, 6.0, "x"))
        .collect();
    let run = |size: usize| {
        let mut plugin: DetectorPlugin<Novelty> = testing::detector("{}");
        let mut said = Vec::new();
        for (first, chunk) in rows.chunks(size).enumerate().map(|(n, chunk)| (n * size, chunk)) {
            let scores = plugin.observe(&batch(chunk));
            said.extend(
                scores.marks.iter().map(|mark| (first as u32 + mark.row, mark.code, mark.score)),
            );
        }
        (said, plugin.save(1).expect("saved").bytes)
    };
    let whole = run(600);
    assert!(whole.0.len() > 50);
    for size in [1, 7, 64] {
        assert_eq!(run(size), whole);
    }
}

#[test]
fn the_number_of_messages_is_bounded() {
    let mut plugin: DetectorPlugin<Novelty> = testing::detector(r#"{"messages_max": 10}"#);
    let rows: Vec<Row> = (0..1000).map(|n| (n, n, 0, 0.0, "")).collect();
    plugin.observe(&batch(&rows));
    assert!(plugin.save(1).expect("saved").bytes.len() < 200);
}
