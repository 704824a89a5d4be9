//! Which plugins a lane works with, and how they change between two inputs without anything being lost.
//!
//! A plugin has a seat: a name, an edition of what sits there, and a role. A lane is *fitted* with a list of seats. Those
//! that it has already stay as they are; a new edition goes on with what its predecessor remembered, if it can read that.

use super::detect::LaneDetector;
use super::filtering::LaneFilter;
use super::{Lane, LaneError, PatternSet, check_span, plan};
use crate::lane::columns::ColumnPlan;
use crate::plugin::{Detector, Filter, Plugin, Scale, SeriesColumn, WindowSpan};
use std::collections::{BTreeMap, BTreeSet};

/// Whether what a plugin says counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// It does.
    Live,
    /// It is only compared with what the live plugin of the same name says.
    Shadow,
}

/// Where a plugin sits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seat {
    /// What people call it; one live plugin has it, and perhaps one shadow.
    pub name: String,
    /// What sits there: two seats of equal name and edition hold the same component with the same configuration.
    pub edition: String,
    /// Whether it counts.
    pub role: Role,
}

impl Seat {
    /// A seat whose plugin counts.
    pub fn live(name: &str, edition: &str) -> Self {
        Seat { name: name.into(), edition: edition.into(), role: Role::Live }
    }

    /// Whether both hold the same, whatever the role.
    pub fn holds_same(&self, other: &Seat) -> bool {
        (&self.name, &self.edition) == (&other.name, &other.edition)
    }

    /// Under what its state is saved.
    pub(super) fn key(&self) -> String {
        match self.role {
            Role::Live => self.name.clone(),
            Role::Shadow => self.own_key(),
        }
    }

    fn own_key(&self) -> String {
        format!("{}~{}", self.name, self.edition)
    }

    /// Where its state is among saved ones: its own, or else that of who was live.
    pub(super) fn place(&self, keys: &[String]) -> Option<usize> {
        let find = |wanted: &str| keys.iter().position(|key| key == wanted);
        find(&self.own_key()).or_else(|| find(&self.name))
    }
}

/// A plugin for a seat.
pub enum Seated<P: ?Sized> {
    /// The one that the lane has there already, in any role.
    Kept,
    /// A new one.
    Fresh(Box<P>),
}

/// A filter and what happens to records while it cannot answer.
pub struct FilterSlot {
    /// Where it sits.
    pub seat: Seat,
    /// The plugin.
    pub filter: Seated<dyn Filter + Send>,
    /// Records go on unfiltered (true) or to the dead letter (false).
    pub fail_open: bool,
}

/// A detector and how much it is believed.
pub struct DetectorSlot {
    /// Where it sits.
    pub seat: Seat,
    /// The plugin.
    pub detector: Seated<dyn Detector + Send>,
    /// Bits added to what it says: prior odds, and the number of its channels.
    pub offset: f32,
}

/// Everything that is laid out before a lane changes, so that it changes as a whole or not at all.
struct Layout {
    filter_plan: ColumnPlan,
    filter_places: Vec<Vec<usize>>,
    detector_plan: ColumnPlan,
    detector_places: Vec<Vec<usize>>,
    spans: Vec<WindowSpan>,
}

impl Lane {
    /// Whether a plugin sits there, in whatever role.
    pub fn has(&self, seat: &Seat) -> bool {
        let filters = self.filters.iter().map(|slot| &slot.seat);
        filters.chain(self.detectors.iter().map(|slot| &slot.seat)).any(|own| own.holds_same(seat))
    }

    /// Works with these plugins from now on; where that is refused, nothing has changed.
    pub fn fit(
        &mut self,
        patterns: PatternSet,
        filters: Vec<FilterSlot>,
        detectors: Vec<DetectorSlot>,
    ) -> Result<(), LaneError> {
        let layout = self.lay_out(&patterns, &filters, &detectors)?;
        let numbers: Vec<u32> = self.sources.iter().map(|(number, _)| number).collect();
        let mut old_filters: Vec<Option<LaneFilter>> =
            std::mem::take(&mut self.filters).into_iter().map(Some).collect();
        for (slot, places) in filters.into_iter().zip(layout.filter_places) {
            let FilterSlot { seat, filter, fail_open } = slot;
            let filter = match filter {
                Seated::Kept => take_kept(&mut old_filters, &seat, |old| &old.seat).filter,
                Seated::Fresh(mut fresh) => {
                    let old = self.filters.iter_mut().chain(old_filters.iter_mut().flatten());
                    let old = old.map(|old| (&old.seat, &mut *old.filter as &mut dyn Plugin));
                    hand_over(old, &seat, &mut *fresh, &numbers);
                    fresh
                }
            };
            self.filters.push(LaneFilter { seat, filter, fail_open, places });
        }
        self.seat_detectors(detectors, layout.detector_places, layout.spans, &numbers);
        self.filter_plan = layout.filter_plan;
        self.detector_plan = layout.detector_plan;
        let wants = |column| self.detectors.iter().any(|detector| detector.wants(column));
        self.wants_repeats = wants(SeriesColumn::Repeats);
        self.wants_entropy = wants(SeriesColumn::Entropy);
        self.rename_patterns(patterns);
        Ok(())
    }

    fn seat_detectors(
        &mut self,
        slots: Vec<DetectorSlot>,
        places: Vec<Vec<usize>>,
        spans: Vec<WindowSpan>,
        numbers: &[u32],
    ) {
        let seats: Vec<Seat> = self.detectors.iter().map(|old| old.seat.clone()).collect();
        let mut old: Vec<Option<LaneDetector>> =
            std::mem::take(&mut self.detectors).into_iter().map(Some).collect();
        let mut origins = Vec::with_capacity(slots.len());
        for ((slot, places), span) in slots.into_iter().zip(places).zip(spans) {
            let DetectorSlot { seat, detector, offset } = slot;
            let (detector, origin) = match detector {
                Seated::Kept => {
                    let origin = seats.iter().position(|own| own.holds_same(&seat));
                    (take_kept(&mut old, &seat, |old| &old.seat).detector, origin)
                }
                Seated::Fresh(mut fresh) => {
                    let known = self.detectors.iter_mut().chain(old.iter_mut().flatten());
                    let known = known.map(|old| (&old.seat, &mut *old.detector as &mut dyn Plugin));
                    let carried = hand_over(known, &seat, &mut *fresh, numbers);
                    (
                        fresh,
                        carried.and_then(|from| seats.iter().position(|own| own.holds_same(&from))),
                    )
                }
            };
            origins.push(origin);
            self.detectors.push(LaneDetector { seat, detector, offset, span, places });
        }
        let scales: Vec<Scale> = self.detectors.iter().map(LaneDetector::scale).collect();
        let spans_ms = self.detectors.iter().map(LaneDetector::span_ms);
        let span_ms_max = spans_ms.max().unwrap_or(0).max(self.settings.window_ms);
        self.sources.refit(&origins, scales, span_ms_max);
    }

    /// Enters the wishes of all plugins into new plans.
    fn lay_out(
        &self,
        patterns: &PatternSet,
        filters: &[FilterSlot],
        detectors: &[DetectorSlot],
    ) -> Result<Layout, LaneError> {
        let seats = filters.iter().map(|slot| &slot.seat);
        check_seats(seats.chain(detectors.iter().map(|slot| &slot.seat)))?;
        let base =
            WindowSpan { size_ms: self.settings.window_ms, step_ms: self.settings.window_ms };
        let (mut filter_plan, mut detector_plan) = (ColumnPlan::default(), ColumnPlan::default());
        let (mut filter_places, mut detector_places) = (Vec::new(), Vec::new());
        for FilterSlot { seat, filter, .. } in filters {
            let wanted = match filter {
                Seated::Fresh(fresh) => fresh.descriptor(),
                Seated::Kept => {
                    let mut own = self.filters.iter().filter(|own| own.seat.holds_same(seat));
                    own.next().ok_or_else(|| nobody(seat))?.filter.descriptor()
                }
            };
            let places =
                plan(&mut filter_plan, &wanted.name, &wanted.lines, base.step_ms, patterns)?;
            filter_places.push(places);
        }
        let mut spans = Vec::new();
        for DetectorSlot { seat, detector, .. } in detectors {
            let wanted = match detector {
                Seated::Fresh(fresh) => fresh.descriptor(),
                Seated::Kept => {
                    let mut own = self.detectors.iter().filter(|own| own.seat.holds_same(seat));
                    own.next().ok_or_else(|| nobody(seat))?.detector.descriptor()
                }
            };
            let span = wanted.window.unwrap_or(base);
            check_span(&wanted.name, span, self.settings.pane_ms)?;
            let places =
                plan(&mut detector_plan, &wanted.name, &wanted.lines, span.step_ms, patterns)?;
            detector_places.push(places);
            spans.push(span);
        }
        Ok(Layout { filter_plan, filter_places, detector_plan, detector_places, spans })
    }

    /// Sources remember patterns by their numbers, which may have changed.
    fn rename_patterns(&mut self, patterns: PatternSet) {
        let old = std::mem::replace(&mut self.patterns, patterns);
        if old.names == self.patterns.names {
            return;
        }
        let names = self.patterns.names.iter().enumerate();
        let places: BTreeMap<&str, u16> =
            names.map(|(place, name)| (name.as_str(), place as u16)).collect();
        for (_, source) in self.sources.iter_mut() {
            source.counts.rename_patterns(|id| {
                old.names.get(usize::from(id)).and_then(|name| places.get(name.as_str()).copied())
            });
        }
    }
}

/// Gives a new plugin what the live one of its name remembers of each source; from whom, if it can read that.
fn hand_over<'a>(
    known: impl Iterator<Item = (&'a Seat, &'a mut (dyn Plugin + 'a))>,
    seat: &Seat,
    fresh: &mut dyn Plugin,
    numbers: &[u32],
) -> Option<Seat> {
    let same = known.filter(|(own, _)| own.name == seat.name);
    let (from, old) = same.min_by_key(|(own, _)| own.role)?;
    if !fresh.descriptor().reads(old.descriptor().state_version) {
        return None;
    }
    for number in numbers {
        if let Some(state) = old.save(*number) {
            fresh.load(*number, state);
        }
    }
    Some(from.clone())
}

/// Two seats that hold the same could not be told apart: who stays would be wanted by both.
fn check_seats<'a>(mut seats: impl Iterator<Item = &'a Seat>) -> Result<(), LaneError> {
    let mut met = BTreeSet::new();
    match seats.find(|seat| !met.insert((&seat.name, &seat.edition))) {
        Some(seat) => Err(LaneError::SeatedTwice { plugin: seat.name.clone() }),
        None => Ok(()),
    }
}

fn take_kept<T>(old: &mut [Option<T>], seat: &Seat, seat_of: impl Fn(&T) -> &Seat) -> T {
    let holds =
        |old: &&mut Option<T>| old.as_ref().is_some_and(|old| seat_of(old).holds_same(seat));
    old.iter_mut()
        .find(holds)
        .and_then(Option::take)
        .expect("it was there, for one seat alone, when this was laid out")
}

fn nobody(seat: &Seat) -> LaneError {
    LaneError::NotSeated { plugin: seat.name.clone() }
}
