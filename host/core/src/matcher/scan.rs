//! One pass of the lanes over a block: needles are compared, sides walked, hits noted.

use std::ops::Range;
use std::sync::Arc;

use regex_automata::meta::Cache;

use super::automata::Automata;
use super::automaton::Side;
use super::block::{Block, Rows};
use super::effort::{Effort, Efforts};
use super::engine::Engine;
use super::hits::Hits;
use super::plan::Unit;
use super::prefix::NEEDLE_BYTES_MAX;
use super::reach::{LONG_RUN_BYTES, RUN_BYTES, Reach};
use super::{Program, Programs};
use crate::batch::Batch;
use crate::pattern::Expression;

/// A pattern may walk so many times the length of a row before it is run on the row as a whole instead.
const WALKS_MAX: usize = 4;
/// Bytes it may walk in any row.
const WALKED_BYTES_FREE: usize = 512;

/// What one worker keeps from scan to scan.
#[derive(Debug, Default)]
pub struct Scratch {
    /// The patterns that the caches belong to.
    programs: Option<Arc<Programs>>,
    caches: Vec<Caches>,
    states: Vec<State>,
    efforts: Efforts,
    /// Rows of scans before this one, so that a row has a number of its own.
    rows_before: u64,
    rows: Rows,
    room: Room,
}

/// Places that lanes found.
#[derive(Debug, Default)]
pub(super) struct Room {
    /// Of the lane of grams; only the first of them are from the last scan.
    pub(super) places: Vec<u32>,
    pub(super) shorts: Vec<u32>,
    /// Needles that stand there, and where they start.
    pub(super) candidates: Vec<(u32, u32)>,
}

/// Made at the first run of a program, since most programs never run.
#[derive(Debug, Default)]
struct Caches {
    expression: Option<Box<Cache>>,
    unless: Option<Box<Cache>>,
}

/// How far a pattern is with a row.
#[derive(Debug, Clone, Copy, Default)]
struct State {
    /// Number of the row, from one.
    row: u64,
    walked: u32,
    settled: bool,
}

impl Scratch {
    /// What the patterns have cost since it was taken away last.
    pub fn efforts(&mut self) -> &mut Efforts {
        &mut self.efforts
    }

    /// Forgets the rows of the last scan, and the caches too if they belong to other patterns.
    pub(super) fn begin(&mut self, programs: &Arc<Programs>) {
        if !self.programs.as_ref().is_some_and(|mine| Arc::ptr_eq(mine, programs)) {
            self.programs = Some(Arc::clone(programs));
            self.caches.clear();
            self.caches.resize_with(programs.len(), Caches::default);
            self.states = vec![State::default(); programs.len()];
            self.efforts = Efforts { patterns: vec![Effort::default(); programs.len()], bytes: 0 };
            self.rows_before = 0;
        }
    }

    /// The parts a scan works with, the places aside.
    pub(super) fn scan<'a>(
        &'a mut self,
        (programs, automata): (&'a [Program], &'a Automata),
        batch: &'a Batch,
        hits: &'a mut Hits,
    ) -> (Scan<'a>, &'a mut Room) {
        let block = self.rows.block(batch);
        let (first, end) = block.range();
        self.efforts.bytes += (end - first) as u64;
        let rows_before = self.rows_before;
        self.rows_before += block.rows() as u64;
        let scan = Scan {
            programs,
            automata,
            caches: &mut self.caches,
            states: &mut self.states,
            efforts: &mut self.efforts.patterns,
            block,
            hits,
            row: 0,
            rows_before,
        };
        (scan, &mut self.room)
    }
}

/// A pass over one block.
pub(super) struct Scan<'a> {
    programs: &'a [Program],
    automata: &'a Automata,
    caches: &'a mut [Caches],
    states: &'a mut [State],
    efforts: &'a mut [Effort],
    pub(super) block: Block<'a>,
    hits: &'a mut Hits,
    /// The row of the last candidate.
    row: usize,
    rows_before: u64,
}

impl Scan<'_> {
    /// Looks at what surrounds a needle that stands at a place.
    pub(super) fn candidate(&mut self, engine: &Engine, needle: u32, start: u32) {
        let start = start as usize;
        self.row = self.block.row(start, self.row);
        let (first, end) = self.block.bounds(self.row);
        if start < first || start + engine.needles.len(needle) > end {
            return;
        }
        for &unit in engine.needles.units(needle) {
            let unit = &engine.units[unit as usize];
            if self.is_settled(unit.pattern, self.row) {
                continue;
            }
            self.efforts[unit.pattern as usize].candidates += 1;
            self.confirm(unit, self.row, start - first);
        }
    }

    fn confirm(&mut self, unit: &Unit, row: usize, start: usize) {
        let after = unit.after.iter().map(|side| (side, start + unit.settled));
        let before = unit.before.iter().map(|side| (side, start));
        for (side, place) in after.chain(before) {
            match self.walk(side, unit.pattern, row, place) {
                Some(true) => {}
                Some(false) => return,
                None => {
                    let sides = [unit.before.as_ref(), unit.after.as_ref()];
                    return self.near(unit.pattern, row, start..start + NEEDLE_BYTES_MAX, sides);
                }
            }
        }
        self.hit(unit.pattern, row);
    }

    /// Tries what must stand at a place of a row, all by itself.
    pub(super) fn side(&mut self, side: &Side, pattern: u32, row: usize, start: usize) {
        if self.is_settled(pattern, row) {
            return;
        }
        self.efforts[pattern as usize].candidates += 1;
        match self.walk(side, pattern, row, start) {
            Some(true) => self.hit(pattern, row),
            Some(false) => {}
            None => self.near(pattern, row, start..start, [None, Some(side)]),
        }
    }

    /// Walks a side; `None` where it cannot, or where the pattern has walked too much in this row.
    fn walk(&mut self, side: &Side, pattern: u32, row: usize, start: usize) -> Option<bool> {
        let text = self.block.text(row);
        if self.is_tired(pattern, row) {
            return None;
        }
        let walk = side.walk(self.automata, text, start);
        self.walked(pattern, walk.bytes);
        walk.matches
    }

    /// Whether a pattern has walked too much in a row.
    fn is_tired(&self, pattern: u32, row: usize) -> bool {
        let walked = self.states[pattern as usize].walked as usize;
        walked > WALKED_BYTES_FREE + WALKS_MAX * self.block.text(row).len()
    }

    fn walked(&mut self, pattern: u32, bytes: usize) {
        let state = &mut self.states[pattern as usize];
        state.walked = state.walked.saturating_add(bytes as u32);
        self.efforts[pattern as usize].walked_bytes += bytes as u64;
    }

    /// Runs a pattern on the part of a row in which the match must lie of which something was found, with its sides.
    fn near(
        &mut self,
        pattern: u32,
        row: usize,
        found: Range<usize>,
        [before, after]: [Option<&Side>; 2],
    ) {
        let text = self.block.text(row);
        let [before, after] = [before, after].map(|side| side.map_or(Reach::NOTHING, Side::reach));
        for run_bytes in [RUN_BYTES, LONG_RUN_BYTES] {
            let start = found.start.saturating_sub(before.bytes(run_bytes));
            let end = found.end.saturating_add(after.bytes(run_bytes)).min(text.len());
            // A second part of this size would be more work than the row.
            if 2 * (end - start) > text.len() || self.is_tired(pattern, row) {
                break;
            }
            if start > 0 && !before.holds(run_bytes, &text[start..found.start])
                || end < text.len() && !after.holds(run_bytes, &text[found.start..end])
            {
                continue;
            }
            self.walked(pattern, end - start);
            let Program { expression, .. } = &self.programs[pattern as usize];
            let cache = &mut self.caches[pattern as usize].expression;
            if run(expression, cache, (text, start..end)) {
                self.hit(pattern, row);
            }
            return;
        }
        self.whole(pattern, row);
    }

    /// Runs a pattern on a row.
    pub(super) fn whole(&mut self, pattern: u32, row: usize) {
        if self.is_settled(pattern, row) {
            return;
        }
        let id = pattern as usize;
        let text = self.block.text(row);
        self.efforts[id].candidates += 1;
        self.efforts[id].walked_bytes += text.len() as u64;
        let whole = (text, 0..text.len());
        if run(&self.programs[id].expression, &mut self.caches[id].expression, whole) {
            self.hit(pattern, row);
        } else {
            self.states[id].settled = true;
        }
    }

    /// Notes that the expression of a pattern matches a row, unless something excuses it.
    fn hit(&mut self, pattern: u32, row: usize) {
        let id = pattern as usize;
        self.states[id].settled = true;
        let text = self.block.text(row);
        let excused = self.programs[id]
            .unless
            .as_ref()
            .is_some_and(|unless| run(unless, &mut self.caches[id].unless, (text, 0..text.len())));
        if !excused {
            self.hits.push(pattern, self.block.number(row));
        }
    }

    /// Whether it is known already what a pattern says of a row; begins the row if not.
    fn is_settled(&mut self, pattern: u32, row: usize) -> bool {
        let state = &mut self.states[pattern as usize];
        let number = self.rows_before + row as u64 + 1;
        if state.row != number {
            *state = State { row: number, walked: 0, settled: false };
        }
        state.settled
    }
}

/// Whether an expression matches in a part of a text.
fn run(
    expression: &Expression,
    cache: &mut Option<Box<Cache>>,
    (text, part): (&[u8], Range<usize>),
) -> bool {
    let cache = cache.get_or_insert_with(|| Box::new(expression.cache()));
    expression.matches_with(cache, text, part)
}
