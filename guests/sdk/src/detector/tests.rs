//! What becomes of the scores of several sources in one batch, and of mistakes.

use super::*;
use crate::testing::{self, Batch, Column, Run};
use crate::{LineColumn, descriptor};
use std::panic::catch_unwind;

/// Does with each row what its number asks for.
struct Obedient;

const PUSH: u32 = 1;
const PUSH_ON: u32 = 2;
const QUIET: u32 = 3;
const BEYOND: u32 = 4;
const WRONG_TYPE: u32 = 5;
const NO_COLUMN: u32 = 6;

impl Detector for Obedient {
    type Config = ();
    type State = ();
    type Note = ();

    fn describe(&self) -> Descriptor {
        Descriptor { lines: vec![LineColumn::Length], ..descriptor("obedient", "1") }
    }

    fn new(_: ()) -> Result<Self, String> {
        Ok(Obedient)
    }

    fn observe(&self, _: &mut (), lines: &Lines<'_>, scores: &mut Scorer<'_, ()>) {
        for (row, deed) in lines.u32s(0).iter().enumerate() {
            match *deed {
                PUSH => scores.push(1.0),
                PUSH_ON => scores.push_on(7, 2.0),
                QUIET => scores.quiet(row),
                BEYOND => scores.mark(lines.len(), 0, 1.0, 0, ()),
                WRONG_TYPE => drop(lines.u8s(0)),
                NO_COLUMN => drop(lines.u32s(1)),
                _ => {}
            }
        }
    }

    fn explain(&self, (): &()) -> Explanation {
        Explanation { summary: String::new(), evidence: Vec::new() }
    }
}

/// The scores of a batch with a run for each list of deeds.
fn observe(sources: &[&[u32]]) -> Scores {
    let runs =
        sources.iter().zip(0..).map(|(rows, source)| Run { source, rows: rows.len() as u32 });
    let batch = Batch {
        runs: runs.collect(),
        columns: vec![Column::U32s(sources.concat())],
        ..testing::batch(0, 0, vec![])
    };
    testing::detector::<Obedient>("null").observe(&batch)
}

#[test]
fn sources_without_a_score_keep_the_places_of_the_others() {
    type Case<'a> = (&'a [&'a [u32]], &'a [f32], &'a [u32]);
    let nan = f32::NAN;
    let cases: [Case<'_>; 5] = [
        (&[&[0, 0], &[0]], &[], &[]),
        (&[&[PUSH, PUSH]], &[1.0, 1.0], &[]),
        (&[&[0, 0], &[PUSH], &[0]], &[nan, nan, 1.0, nan], &[]),
        (&[&[PUSH], &[0], &[PUSH]], &[1.0, nan, 1.0], &[]),
        (&[&[0], &[PUSH_ON, PUSH_ON], &[0]], &[nan, 2.0, 2.0, nan], &[0, 7, 7, 0]),
    ];
    for (sources, rows, channels) in cases {
        let scores = observe(sources);
        let bits = |rows: &[f32]| rows.iter().map(|score| score.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&scores.rows), bits(rows), "{sources:?}");
        assert_eq!(scores.channels, channels, "{sources:?}");
    }
}

#[test]
fn quiet_rows_count_from_the_batch() {
    let quiet = observe(&[&[0; 7], &[0, QUIET]]).quiet;
    let rows: Vec<usize> = (0..9).filter(|row| testing::contains(&quiet, *row)).collect();
    assert_eq!(rows, [8]);
}

#[test]
fn mistakes_are_told_in_words() {
    let cases: [(&[u32], &str); 4] = [
        (&[PUSH, 0], "1 scores were pushed for 2 rows"),
        (&[BEYOND], "row 1 was scored, of 1"),
        (&[WRONG_TYPE], "column 0 arrives as u32s"),
        (&[NO_COLUMN], "there is no column 1: the descriptor asks for 1"),
    ];
    for (deeds, part) in cases {
        let panic = catch_unwind(|| observe(&[deeds])).expect_err("a mistake");
        let words = panic.downcast_ref::<String>().cloned().unwrap_or_default();
        assert!(words.contains(part), "{deeds:?}: {words}");
    }
}
