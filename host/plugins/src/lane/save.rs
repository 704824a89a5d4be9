//! Saving: when it is time, before a call when the journal is full, and before an instance is changed for a new one.

use bellwether_core::plugin::PluginCall;

use super::Lane;
use super::recover::{Failure, Live};
use crate::fault::Fault;
use crate::limits::Limits;

impl Lane {
    /// Saves all sources that have had work; a plugin that cannot even be started keeps its journal.
    pub(super) fn save_all(&mut self) {
        if let Err(fault) = self.try_save_all() {
            self.fail(&fault);
        }
    }

    /// Saves all sources that have had work. What kills the plugin is set aside: the older state stays, the work since is
    /// lost, and the others are saved.
    pub(super) fn try_save_all(&mut self) -> Result<(), Fault> {
        let mut losses = 0;
        while let Some(source) = self.journal.first_touched() {
            losses += usize::from(!self.save_one(source)?);
            if losses > self.limits().poison_max {
                let lost = Fault::lost(self.journal.touched().len());
                self.journal.clear();
                return Err(lost);
            }
        }
        Ok(())
    }

    /// Saves a source that has had work; whether its state is kept.
    pub(super) fn save_one(&mut self, source: u32) -> Result<bool, Fault> {
        let saved = match self.try_save(source) {
            // Once more, after the work since the last save was done again.
            Err(Failure::Call(fault)) => {
                self.count(&fault);
                self.try_save(source)
            }
            saved => saved,
        };
        let fault = match saved {
            Err(Failure::Before(fault)) => return Err(fault),
            Err(Failure::Call(fault)) => {
                self.fail(&fault);
                fault
            }
            Ok(Err(refusal)) => {
                self.health.lock().fault(&self.descriptor.name, &refusal);
                refusal
            }
            Ok(Ok(())) => {
                self.journal.settle(source);
                return Ok(true);
            }
        };
        self.journal.settle(source);
        self.set_aside(source, None, PluginCall::Save, &fault);
        Ok(false)
    }

    /// The inner error is a state that is not given or not taken, and costs no instance.
    fn try_save(&mut self, source: u32) -> Result<Result<(), Fault>, Failure> {
        let mut live = self.ready(&[source]).map_err(Failure::Before)?;
        let state = live.instance.save(source).map_err(Failure::Call)?;
        self.live = Some(live);
        let (version, limits) = (self.descriptor.state_version, self.code.limits());
        let kept = state.and_then(|state| self.states.keep(source, state, version, limits));
        Ok(kept.map_err(|words| Fault::state(source, &words)))
    }

    /// Changes an instance that has grown too much, or is too old, for a new one with the same states: linear memory
    /// never shrinks.
    pub(super) fn rejuvenate(&mut self) {
        let (now_ms, code) = (self.now_ms, &self.code);
        let Some(live) = &mut self.live else { return };
        let since_ms = *live.since_ms.get_or_insert(now_ms);
        let age_ms = now_ms.saturating_sub(since_ms);
        let bytes_max = code.limits().memory_bytes_max(code.kind());
        if age_ms < code.limits().instance_age_ms_max && !is_worn(live, bytes_max, code.limits()) {
            return;
        }
        self.save_all();
        if self.journal.first_touched().is_some() {
            return;
        }
        // The old one goes first: there may be no slot for two.
        self.live = None;
        match self.ready(&[]) {
            Ok(mut live) => {
                live.since_ms = Some(now_ms);
                self.live = Some(live);
                self.health.lock().rejuvenations += 1;
            }
            Err(fault) => self.fail(&fault),
        }
    }
}

/// Growth that states do not explain, or little room left.
fn is_worn(live: &Live, bytes_max: usize, limits: &Limits) -> bool {
    let (bytes, restored) = (live.instance.memory_bytes(), live.restored_bytes);
    let grown =
        bytes >= limits.worn_bytes_min && bytes > restored.saturating_mul(limits.worn_growth_max);
    let most = bytes_max / 100 * limits.worn_percent_max;
    // One whose states take that much would be changed for ever.
    let narrow = bytes > most && bytes.saturating_sub(restored) > bytes_max / 8;
    grown || narrow
}
