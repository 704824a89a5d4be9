//! Files that are gone for good: after a time, nothing is remembered of them but what was counted and found.

use super::tenant::{ONCE_LOOKS, Tenant};
use crate::pipeline::Forgotten;
use bellwether_core::intake::InputId;
use std::collections::BTreeSet;
use tracing::info;

/// Milliseconds of an hour.
const HOUR_MS: u64 = 3_600_000;

impl Tenant {
    /// Lets the next checkpoint forget the inputs that nobody has read for long enough. That goes by event time, so that a
    /// run that was killed forgets what an undisturbed one does.
    pub(super) fn forget_gone(&mut self) {
        if self.files.looks() < u64::from(ONCE_LOOKS) {
            // Files that are there may not have been found yet.
            return;
        }
        let after_ms = self.given.config.follow.forget_after_h * HOUR_MS;
        let there = self.reading.iter().filter(|(id, _)| !self.files.has_ended(**id));
        let there: BTreeSet<InputId> = there.map(|(_, reading)| reading.input).collect();
        let intake = self.pipeline.intake();
        let inputs = intake.inputs().map(|(input, _)| input);
        let gone = inputs
            .filter(|input| !there.contains(input) && intake.has_outlived(*input, after_ms))
            .collect();
        self.pipeline.forget_at_checkpoint(gone);
    }

    /// Lets go of the files behind inputs that were forgotten.
    pub(super) fn drop_forgotten(&mut self, forgotten: &Forgotten) {
        for (number, source) in &forgotten.sources {
            info!(tenant = self.given.tenant, source, "forgotten: its file is gone");
            self.infos.remove(number);
        }
        let files = self.reading.extract_if(.., |_, one| forgotten.inputs.contains(&one.input));
        files.for_each(|(id, _)| self.files.forget(id));
    }
}
