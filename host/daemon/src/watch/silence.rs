//! Files that have been read to their end, and files that say nothing.

use super::files::FileId;
use super::tenant::{ONCE_LOOKS, Tenant, TenantError};
use std::time::{Duration, Instant};

impl Tenant {
    /// A file that is known to be read to its end, and has said nothing since, is never ready.
    pub(super) fn notice_ends(&mut self, ready: &[FileId]) -> Result<(), TenantError> {
        let looks = ONCE_LOOKS * Duration::from_millis(self.given.config.follow.poll_ms);
        let mut outputs = Vec::new();
        for (id, reading) in &mut self.reading {
            let quiet = !reading.caught_up && reading.read.elapsed() >= looks;
            if quiet && !ready.contains(id) && self.files.lag_bytes(*id) == 0 {
                reading.caught_up = true;
                outputs.push(self.pipeline.caught_up(reading.input)?);
            }
        }
        outputs.into_iter().for_each(|output| self.take(output));
        Ok(())
    }

    /// Files that say nothing hold nobody up; when all of them do, the clock says how far event time has come.
    pub(super) fn notice_silence(&mut self) -> Result<(), TenantError> {
        let after = Duration::from_secs(self.given.config.follow.idle_after_s);
        let mut outputs = Vec::new();
        for reading in self.reading.values_mut() {
            if reading.caught_up && !reading.idle && reading.read.elapsed() >= after {
                reading.idle = true;
                outputs.push(self.pipeline.idle(reading.input)?);
            }
        }
        let all = self.reading.values().all(|reading| reading.idle);
        if all && let Some(newest_ms) = self.pipeline.intake().newest_ms() {
            let now = Instant::now();
            let (since, from_ms) = *self.silent_since.get_or_insert((now, newest_ms));
            let lateness_ms = self.given.loadout.settings().lateness_ms;
            let passed_ms = (now - since + after).as_millis() as u64;
            outputs.push(self.pipeline.pass((from_ms + passed_ms).saturating_sub(lateness_ms))?);
        }
        for output in outputs {
            self.take(output);
        }
        Ok(())
    }
}
