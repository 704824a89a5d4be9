//! A plugin that a tenant works with, and in which lanes it counts.

use super::fit::Fit;
use crate::config::{DetectorConfig, FilterConfig, OnFailure};
use bellwether_core::lane::{DetectorSlot, FilterSlot, Lane, Learnt, Role, Seat, Seated};
use bellwether_core::plugin::WindowSpan;
use bellwether_plugins::{CompiledPlugin, Health, HealthHandle, OpenError};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use xxhash_rust::xxh3::xxh3_64;

/// Digits of a digest that tell editions apart.
const DIGEST_DIGITS: usize = 12;

/// Which of the editions of a fit a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Current,
    Next,
}

/// How a member is set, by what it does.
#[derive(Debug, Clone)]
pub(super) enum Setting {
    Detector { offset: f64, window_s: Option<u64> },
    Filter { on_failure: OnFailure },
}

/// An edition of a plugin in the lanes of a tenant.
pub(super) struct Member {
    pub(super) name: String,
    pub(super) edition: String,
    /// Where it is named, for messages.
    pub(super) place: String,
    pub(super) which: Which,
    pub(super) fit: Fit,
    pub(super) plugin: CompiledPlugin,
    pub(super) config: String,
    pub(super) setting: Setting,
    /// What it begins with, where there is no predecessor whose states it can read.
    pub(super) learnt: Mutex<BTreeMap<u32, Learnt>>,
}

impl Setting {
    pub(super) fn of_detector(config: &DetectorConfig) -> Self {
        Setting::Detector { offset: config.offset, window_s: config.window_s }
    }

    pub(super) fn of_filter(config: &FilterConfig) -> Self {
        Setting::Filter { on_failure: config.on_failure }
    }
}

/// What tells an edition apart from others of its plugin.
pub(super) fn edition_of(plugin: &CompiledPlugin, config: &str, setting: &Setting) -> String {
    let how = xxh3_64(format!("{config}{setting:?}").as_bytes());
    format!("{}-{:08x}", &plugin.digest()[..DIGEST_DIGITS], how as u32)
}

/// Takes the key of a plugin apart: its name, and its edition where that is on its way in.
pub(crate) fn split_key(key: &str) -> (&str, Option<&str>) {
    key.split_once('~').map_or((key, None), |(name, edition)| (name, Some(edition)))
}

/// The health of the edition of a plugin that is on its way in.
pub(crate) fn next_of<'a>(plugins: &'a BTreeMap<String, Health>, name: &str) -> Option<&'a Health> {
    let mut all = plugins.iter().map(|(key, health)| (split_key(key), health));
    all.find(|((own, edition), _)| *own == name && edition.is_some()).map(|(_, health)| health)
}

impl Member {
    /// What its health goes by: those that are on their way in have their edition behind the name.
    pub(super) fn key(&self) -> String {
        match self.which {
            Which::Current => self.name.clone(),
            Which::Next => format!("{}~{}", self.name, self.edition),
        }
    }

    /// The lanes of so many in which it counts.
    pub(super) fn lanes(&self, lanes: u32) -> Range<u32> {
        let next = self.fit.next_lanes(lanes);
        match self.which {
            Which::Current => next..lanes,
            Which::Next => 0..next,
        }
    }

    /// Its seat in a lane of so many.
    pub(super) fn seat(&self, lane: u32, lanes: u32) -> Seat {
        let role = if self.lanes(lanes).contains(&lane) { Role::Live } else { Role::Shadow };
        Seat { name: self.name.clone(), edition: self.edition.clone(), role }
    }

    /// Its place among the detectors of a lane, with its health where it was opened just now.
    pub(super) fn detector(
        &self,
        seat: &Seat,
        lane: &Lane,
    ) -> Option<Result<(DetectorSlot, Option<HealthHandle>), OpenError>> {
        let Setting::Detector { offset, window_s } = self.setting else { return None };
        let (seat, offset) = (seat.clone(), offset as f32);
        if lane.has(&seat) {
            return Some(Ok((DetectorSlot { seat, detector: Seated::Kept, offset }, None)));
        }
        let span =
            window_s.map(|size_s| WindowSpan { size_ms: size_s * 1000, step_ms: size_s * 1000 });
        Some(self.plugin.detector(&self.config, span).map(|opened| {
            let health = opened.health();
            let slot = DetectorSlot { seat, detector: Seated::Fresh(Box::new(opened)), offset };
            (slot, Some(health))
        }))
    }

    /// Its place among the filters of a lane, with its health where it was opened just now.
    pub(super) fn filter(
        &self,
        seat: &Seat,
        lane: &Lane,
    ) -> Option<Result<(FilterSlot, Option<HealthHandle>), OpenError>> {
        let Setting::Filter { on_failure } = self.setting else { return None };
        let (seat, fail_open) = (seat.clone(), on_failure == OnFailure::Open);
        if lane.has(&seat) {
            return Some(Ok((FilterSlot { seat, filter: Seated::Kept, fail_open }, None)));
        }
        Some(self.plugin.filter(&self.config).map(|opened| {
            let health = opened.health();
            let slot = FilterSlot { seat, filter: Seated::Fresh(Box::new(opened)), fail_open };
            (slot, Some(health))
        }))
    }

    /// Lets those that are opened from now on begin with this.
    pub(super) fn begin_with(&self, learnt: BTreeMap<u32, Learnt>) {
        *self.learnt.lock().unwrap_or_else(PoisonError::into_inner) = learnt;
    }

    /// Gives a seat that is new to the lane what it begins with.
    pub(super) fn teach(&self, lane: &mut Lane, seat: &Seat) {
        let learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
        lane.teach(seat, &learnt);
    }
}
