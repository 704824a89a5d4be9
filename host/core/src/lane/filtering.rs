//! Verdicts of the tenant's filters: what is dropped, kept and tagged.

use super::columns::Facts;
use super::fit::{Role, Seat};
use super::{KeptRecord, Lane, Outcome, Outputs, Trial, merging, pick};
use crate::column::Bitmap;
use crate::plugin::{Filter, Lines, Plugin, Rows, Verdicts};

/// A filter in its seat, with the places of its columns.
pub(super) struct LaneFilter {
    pub(super) seat: Seat,
    pub(super) filter: Box<dyn Filter + Send>,
    pub(super) fail_open: bool,
    pub(super) places: Vec<usize>,
}

impl LaneFilter {
    pub(super) fn plugin(&mut self) -> &mut dyn Plugin {
        &mut *self.filter
    }

    pub(super) fn seated(&mut self) -> (&Seat, &mut dyn Plugin) {
        (&self.seat, &mut *self.filter)
    }

    pub(super) fn rest(&mut self, watermark_ms: u64) {
        self.filter.rest(watermark_ms);
    }
}

impl Lane {
    /// Asks every filter over all rows, then lets go of what any of them dropped.
    pub(super) fn filter(&mut self, facts: &mut Facts, outputs: &mut Outputs) {
        let rows = facts.batch.len();
        let columns = self.filter_plan.compute(facts, &mut self.sources);
        let (mut dropped, mut dead) = (Bitmap::new(rows), Bitmap::new(rows));
        let mut drops: Vec<Option<Bitmap>> = Vec::with_capacity(self.filters.len());
        for slot in &mut self.filters {
            let columns = pick(&columns, &slot.places);
            let runs = facts.batch.runs();
            let lines =
                Lines { seq: self.seq, watermark_ms: self.watermark_ms, runs, columns: &columns };
            let verdicts = slot.filter.evaluate(&lines);
            super::dead::bury(&mut *slot.filter, facts, &mut self.dead);
            let drop = verdicts.as_ref().map(|verdicts| bits_of(&verdicts.drop, rows));
            drops.push(drop.clone());
            if slot.seat.role == Role::Shadow {
                continue;
            }
            let undecided = match verdicts {
                Some(Verdicts { tags, undecided, .. }) => {
                    dropped.union(drop.as_ref().expect("there is a verdict"));
                    for (tag, tagged) in tags {
                        let name = slot.filter.descriptor().tags[tag as usize].clone();
                        let count = bits_of(&tagged, rows).count() as u64;
                        *self.counters.tags.entry(name).or_default() += count;
                    }
                    bits_of(&undecided, rows)
                }
                None => Bitmap::full(rows),
            };
            if slot.fail_open {
                self.counters.unfiltered += undecided.count() as u64;
            } else {
                dead.union(&undecided);
            }
        }
        compare(&self.filters, &drops, rows, outputs);
        self.settle(facts, &dropped, &dead, outputs);
    }

    /// A record that a filter dropped is dropped even if another filter failed on it.
    fn settle(
        &mut self,
        facts: &mut Facts,
        dropped: &Bitmap,
        dead: &Bitmap,
        outputs: &mut Outputs,
    ) {
        let rows = facts.batch.len();
        let mut gone = dropped.clone();
        gone.union(dead);
        let lost = gone.count();
        self.counters.dropped += dropped.count() as u64;
        self.counters.dead += (lost - dropped.count()) as u64;
        self.counters.kept += (rows - lost) as u64;
        if lost > 0 {
            facts.retain(&gone.complement());
        }
        if self.wishes.kept_records {
            let runs = facts.batch.runs().iter();
            let sources = runs.flat_map(|run| std::iter::repeat_n(run.source, run.rows as usize));
            outputs.kept.extend(sources.enumerate().map(|(row, source)| KeptRecord {
                source,
                position: facts.batch.position(row),
                time_ms: facts.batch.time_ms(row),
                text: facts.batch.text(row).to_vec(),
            }));
        }
    }
}

impl Facts {
    fn retain(&mut self, keep: &Bitmap) {
        self.batch.retain(keep);
        self.mined.retain(keep);
        merging::retain(&mut self.merged, keep);
        self.hits = self.hits.select(keep);
    }
}

/// Holds shadows against the live filters of their names, if there are any, over records that both have judged.
fn compare(filters: &[LaneFilter], drops: &[Option<Bitmap>], rows: usize, outputs: &mut Outputs) {
    let shadows = filters.iter().zip(drops).filter(|(slot, _)| slot.seat.role == Role::Shadow);
    for (slot, theirs) in shadows {
        let is_live =
            |other: &LaneFilter| other.seat.role == Role::Live && other.seat.name == slot.seat.name;
        let live = filters.iter().zip(drops).find(|(other, _)| is_live(other));
        // Where nobody has that name yet, nothing is dropped by it.
        let live = live.map_or_else(|| Some(Bitmap::new(rows)), |(_, drops)| drops.clone());
        let (Some(live), Some(shadow)) = (live, theirs) else { continue };
        let mut either = live.clone();
        either.union(shadow);
        let (either, live, shadow) =
            (either.count() as u64, live.count() as u64, shadow.count() as u64);
        let outcome = Outcome::Records {
            rows: rows as u64,
            both: live + shadow - either,
            live: either - shadow,
            shadow: either - live,
        };
        outputs.trials.push(Trial { seat: slot.seat.clone(), source: None, outcome });
    }
}

fn bits_of(rows: &Rows, count: usize) -> Bitmap {
    match rows {
        Rows::None => Bitmap::new(count),
        Rows::All => Bitmap::full(count),
        Rows::Some(bits) => bits.clone(),
    }
}
