//! Saved states of the sources of a lane.

use std::collections::BTreeMap;

use bellwether_core::plugin::PluginState;

use crate::health::Health;
use crate::instance::SavedState;
use crate::limits::Limits;

/// The state of each source when it was last saved.
#[derive(Debug, Default)]
pub(crate) struct States {
    saved: BTreeMap<u32, SavedState>,
    saved_bytes: usize,
    checkpoint_ms: Option<u64>,
}

impl States {
    /// Drops the state of a source.
    pub(crate) fn forget(&mut self, source: u32) {
        if let Some(state) = self.saved.remove(&source) {
            self.saved_bytes -= state.bytes.len();
        }
    }

    /// Whether it is time for a checkpoint. The first time that is asked only starts the clock.
    pub(crate) fn due(&mut self, now_ms: u64, limits: &Limits) -> bool {
        let since_ms = *self.checkpoint_ms.get_or_insert(now_ms);
        if now_ms.saturating_sub(since_ms) < limits.checkpoint_every_ms {
            return false;
        }
        self.checkpoint_ms = Some(now_ms);
        true
    }

    /// The state of a source when it was last saved.
    pub(crate) fn get(&self, source: u32) -> Option<PluginState> {
        let state = self.saved.get(&source)?;
        Some(PluginState { version: state.version, bytes: state.bytes.clone() })
    }

    /// Takes a state that was saved in an earlier run.
    pub(crate) fn put(&mut self, source: u32, state: PluginState) {
        self.forget(source);
        self.saved_bytes += state.bytes.len();
        let PluginState { version, bytes } = state;
        self.saved.insert(source, SavedState { version, bytes });
    }

    /// The state of a source, to be loaded.
    pub(crate) fn saved(&self, source: u32) -> Option<&SavedState> {
        self.saved.get(&source)
    }

    /// Shows what is held.
    pub(crate) fn show(&self, health: &mut Health) {
        health.states = self.saved.len() as u64;
        health.state_bytes = self.saved_bytes as u64;
    }

    /// Takes a state that was just saved, or says why not; the older one stays then.
    pub(crate) fn keep(
        &mut self,
        source: u32,
        state: SavedState,
        version: u32,
        limits: &Limits,
    ) -> Result<(), String> {
        let (bytes, bytes_max) = (state.bytes.len(), limits.state_bytes_max);
        if state.version != version {
            return Err(format!("it is of version {}, not {version}", state.version));
        }
        if bytes > bytes_max {
            return Err(format!("it has {bytes} bytes, of {bytes_max} allowed"));
        }
        let before = self.saved.get(&source).map_or(0, |state| state.bytes.len());
        let lane_bytes = self.saved_bytes - before + bytes;
        if lane_bytes > limits.lane_state_bytes_max {
            let lane_bytes_max = limits.lane_state_bytes_max;
            return Err(format!(
                "the lane would hold {lane_bytes} bytes, of {lane_bytes_max} allowed"
            ));
        }
        self.saved_bytes = lane_bytes;
        self.saved.insert(source, state);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(bytes: usize) -> SavedState {
        SavedState { version: 1, bytes: vec![0; bytes] }
    }

    #[test]
    fn states_are_bounded_each_and_together() {
        let limits = Limits { state_bytes_max: 10, lane_state_bytes_max: 25, ..Limits::default() };
        let mut states = States::default();
        // Source, bytes, whether they are kept, bytes held then.
        let steps = [
            (1, 10, true, 10),
            (2, 11, false, 10),
            (2, 10, true, 20),
            (3, 10, false, 20),
            (1, 2, true, 12),
            (3, 10, true, 22),
        ];
        for (source, bytes, kept, held) in steps {
            let result = states.keep(source, state(bytes), 1, &limits);
            assert_eq!(result.is_ok(), kept, "{source} with {bytes}: {result:?}");
            assert_eq!(states.saved_bytes, held, "{source} with {bytes}");
        }
        assert!(states.keep(1, state(1), 2, &limits).is_err(), "a version that was not announced");
        states.forget(3);
        assert_eq!(states.saved_bytes, 12);
    }

    #[test]
    fn a_checkpoint_is_due_when_time_has_passed() {
        let limits = Limits { checkpoint_every_ms: 100, ..Limits::default() };
        let mut states = States::default();
        assert!(!states.due(1000, &limits), "starts the clock");
        assert!(!states.due(1099, &limits));
        assert!(states.due(1100, &limits));
        assert!(!states.due(1199, &limits));
        assert!(states.due(1200, &limits));
    }
}
