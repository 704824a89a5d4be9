//! What a plugin would be given for some logs, call by call.

use super::stage::{self, Log};
use bellwether_core::lane::{
    DetectorSlot, FilterSlot, Lane, LaneError, PatternSet, Seat, Seated, Wishes,
};
use bellwether_core::plugin::{
    ClosedWindow, Descriptor, Detector, Explanation, Filter, Given, Lines, Plugin, PluginState,
    Scores, Verdicts,
};
use bellwether_plugins::Kind;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Takes logs through a lane, and takes down all that a plugin with such wishes is given; with the keys of the sources.
pub fn listen(
    logs: &[Log],
    kind: Kind,
    wanted: &Descriptor,
    patterns: PatternSet,
) -> Result<(BTreeMap<u32, String>, Vec<Given>), LaneError> {
    let given = Arc::default();
    let recorder = Recorder { descriptor: wanted.clone(), given: Arc::clone(&given) };
    let (mut detectors, mut filters) = (Vec::new(), Vec::new());
    let seat = Seat::live(&wanted.name, "recorder");
    match kind {
        Kind::Detector => {
            let detector = Seated::Fresh(Box::new(recorder) as _);
            detectors.push(DetectorSlot { seat, detector, offset: 0.0 });
        }
        Kind::Filter => {
            let filter = Seated::Fresh(Box::new(recorder) as _);
            filters.push(FilterSlot { seat, filter, fail_open: true });
        }
    }
    let settings = stage::settings();
    let mut lane = Lane::new(settings.clone(), patterns, filters, detectors, Wishes::default())?;
    let keys = stage::run(logs, &settings, &mut lane, drop);
    let given = std::mem::take(&mut *given.lock().unwrap_or_else(PoisonError::into_inner));
    Ok((keys, given))
}

/// Stands where the plugin would, and says nothing.
struct Recorder {
    descriptor: Descriptor,
    given: Arc<Mutex<Vec<Given>>>,
}

impl Recorder {
    fn take(&self, given: Given) {
        self.given.lock().unwrap_or_else(PoisonError::into_inner).push(given);
    }
}

impl Plugin for Recorder {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn forget(&mut self, _source: u32) {}

    fn rest(&mut self, _watermark_ms: u64) {}

    fn save(&mut self, _source: u32) -> Option<PluginState> {
        None
    }

    fn load(&mut self, _source: u32, _state: PluginState) {}
}

impl Detector for Recorder {
    fn observe(&mut self, lines: &Lines<'_>) -> Option<Scores> {
        self.take(Given::lines(lines));
        Some(Scores::silent())
    }

    fn close_window(&mut self, window: &ClosedWindow<'_>) -> Option<Scores> {
        self.take(Given::window(window));
        Some(Scores::silent())
    }

    fn explain(&mut self, _token: u32) -> Option<Explanation> {
        None
    }
}

impl Filter for Recorder {
    fn evaluate(&mut self, lines: &Lines<'_>) -> Option<Verdicts> {
        self.take(Given::lines(lines));
        Some(Verdicts::default())
    }
}
