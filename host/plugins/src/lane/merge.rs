//! Answers to pieces of a batch, put together to one.

use std::collections::BTreeMap;

use bellwether_core::column::Bitmap;
use bellwether_core::plugin::{Explanation, Mark, Reason, Rows, Scores, Verdicts};

use super::bisect::Piece;

/// The token of what has no explanation.
const UNEXPLAINED: u32 = u32::MAX;

/// Scores of all rows; those that no piece has cannot be said. Tokens are places in the list of explanations.
pub(super) fn scores(pieces: Vec<Piece<Scores>>, rows: usize) -> (Scores, Vec<Explanation>) {
    let dense = pieces.iter().any(|piece| !piece.reply.rows.is_empty());
    let named = pieces.iter().any(|piece| !piece.reply.channels.is_empty());
    let mut merged = Scores {
        rows: if dense { vec![f32::NAN; rows] } else { Vec::new() },
        channels: if named { vec![0; rows] } else { Vec::new() },
        marks: Vec::new(),
        quiet: Rows::None,
        whole: f32::NAN,
        reasons: Vec::new(),
    };
    let mut quiet = Bitmap::new(rows);
    let mut explained = Vec::new();
    for Piece { rows, reply, explanations } in pieces {
        let first = rows.start as u32;
        let mut places = BTreeMap::new();
        for (token, explanation) in explanations {
            places.insert(token, explained.len() as u32);
            explained.push(explanation);
        }
        let renamed = |token: u32| places.get(&token).copied().unwrap_or(UNEXPLAINED);
        // Without channels, rows are compared by template; both at once cannot be said, and no plugin does so.
        if !reply.rows.is_empty() && reply.channels.is_empty() != named {
            merged.rows[rows.clone()].copy_from_slice(&reply.rows);
            let reasons = reply.reasons.iter().filter_map(|reason| {
                let row = Some(reason.row? + first);
                Some(Reason { row, code: reason.code, token: renamed(reason.token) })
            });
            merged.reasons.extend(reasons);
        }
        if !reply.channels.is_empty() {
            merged.channels[rows.clone()].copy_from_slice(&reply.channels);
        }
        merged.marks.extend(reply.marks.iter().map(|mark| Mark {
            row: mark.row + first,
            token: renamed(mark.token),
            ..*mark
        }));
        place(&reply.quiet, rows, &mut quiet);
    }
    if quiet.count() > 0 {
        merged.quiet = Rows::Some(quiet);
    }
    (merged, explained)
}

/// Verdicts over all rows; those that no piece has are undecided.
pub(super) fn verdicts(pieces: Vec<Piece<Verdicts>>, rows: usize) -> Verdicts {
    let (mut drop, mut decided) = (Bitmap::new(rows), Bitmap::new(rows));
    let mut tags = Vec::new();
    for Piece { rows: range, reply, .. } in pieces {
        place(&Rows::All, range.clone(), &mut decided);
        place(&reply.drop, range.clone(), &mut drop);
        for (tag, tagged) in reply.tags {
            let mut bits = Bitmap::new(rows);
            place(&tagged, range.clone(), &mut bits);
            tags.push((tag, Rows::Some(bits)));
        }
    }
    let undecided = Rows::Some(decided.complement());
    Verdicts { drop: Rows::Some(drop), tags, undecided }
}

fn place(rows: &Rows, range: std::ops::Range<usize>, bits: &mut Bitmap) {
    let chosen = range.clone().filter(|row| rows.contains(row - range.start));
    chosen.for_each(|row| bits.insert(row));
}
