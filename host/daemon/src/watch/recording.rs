//! The recording of a tenant.

use super::tenant::{Tenant, TenantError};
use crate::config::RecordingConfig;
use crate::pipeline::Output;
use crate::recording::{CaseLimits, Limits, Recorder};
use std::sync::Arc;
use tracing::warn;

impl Tenant {
    /// Records from here on, where that is wanted and can be done; behind the commit with that state of the intake.
    pub(super) fn record(&mut self, intake: Option<&[u8]>) -> Result<(), TenantError> {
        let config = &self.given.config;
        let RecordingConfig { bytes_max, minutes, minutes_per_segment, cases_bytes_max, .. } =
            config.recording;
        if bytes_max == 0 {
            return Ok(());
        }
        let days = config.store.anomalies_days;
        let cases = CaseLimits { bytes_max: cases_bytes_max, days };
        let limits = Limits { bytes_max, minutes, minutes_per_segment, cases };
        let folder = config.recording.folder(&config.store.path, &self.given.tenant);
        match Recorder::open(&folder, limits, self.given.clock, intake) {
            Ok(recorder) => {
                let (loadout, mut output) = (Arc::clone(&self.given.loadout), Output::default());
                self.pipeline.record(recorder, &loadout, &mut output)?;
                self.take(output);
            }
            Err(error) => {
                let folder = folder.display();
                warn!(%folder, %error, "nothing is recorded; check the folder and its permissions");
            }
        }
        Ok(())
    }

    /// Begins the next segment when it is time.
    pub(super) fn turn_recording(&mut self) -> Result<(), TenantError> {
        let (loadout, mut output) = (Arc::clone(&self.given.loadout), Output::default());
        self.pipeline.turn_recording(&loadout, &mut output)?;
        self.take(output);
        Ok(())
    }
}
