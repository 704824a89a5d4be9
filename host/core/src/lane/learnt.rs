//! What a plugin has learnt in one lane, for a new one to begin with in another.

use super::{Lane, Seat};
use crate::calibrate::Calibration;
use crate::plugin::{Plugin, PluginState};
use std::collections::BTreeMap;

/// What has been learnt about a source by and of a plugin.
#[derive(Debug, Clone)]
pub struct Learnt {
    /// What the plugin remembers.
    state: Option<PluginState>,
    /// By what the host judges what it says, where it is a detector.
    calibration: Option<Calibration>,
}

impl Lane {
    /// What has been learnt in a seat, by source, whatever its role.
    pub fn learnt(&mut self, seat: &Seat) -> BTreeMap<u32, Learnt> {
        let place = self.detectors.iter().position(|own| own.seat.holds_same(seat));
        let numbers: Vec<u32> = self.sources.iter().map(|(number, _)| number).collect();
        let mut learnt = BTreeMap::new();
        for number in numbers {
            let source = self.sources.get_mut(number);
            let calibration =
                place.zip(source).map(|(own, source)| source.calibrations[own].clone());
            let state = self.plugin_in(seat).and_then(|plugin| plugin.save(number));
            learnt.insert(number, Learnt { state, calibration });
        }
        learnt
    }

    /// Lets a seat go on with what was learnt elsewhere about the sources that are known here.
    pub fn teach(&mut self, seat: &Seat, learnt: &BTreeMap<u32, Learnt>) {
        let place = self.detectors.iter().position(|own| own.seat.holds_same(seat));
        for (number, Learnt { state, calibration }) in learnt {
            let Some(source) = self.sources.get_mut(*number) else { continue };
            source.changed = true;
            if let (Some(own), Some(calibration)) = (place, calibration) {
                source.calibrations[own] = calibration.clone();
            }
            if let (Some(state), Some(plugin)) = (state, self.plugin_in(seat)) {
                plugin.load(*number, state.clone());
            }
        }
    }

    fn plugin_in(&mut self, seat: &Seat) -> Option<&mut dyn Plugin> {
        let filters = self.filters.iter_mut().filter(|own| own.seat.holds_same(seat));
        let filter = filters.map(|own| &mut *own.filter as &mut dyn Plugin).next();
        let detectors = self.detectors.iter_mut().filter(|own| own.seat.holds_same(seat));
        filter.or(detectors.map(|own| &mut *own.detector as &mut dyn Plugin).next())
    }
}
