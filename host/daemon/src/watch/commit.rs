//! Commits of a tenant: what is in them, and how they went.

use super::keeper::KeeperError;
use super::tenant::{Tenant, TenantError};
use crate::chain::chain;
use bellwether_connect::SavedStream;
use bellwether_store::InputRow;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tracing::{debug, warn};

impl Tenant {
    /// State, anomalies, alerts and positions, as one; whether it was written.
    pub(super) fn commit(&mut self) -> Result<bool, TenantError> {
        let began = Instant::now();
        self.forget_gone();
        let (output, checkpoint) = self.pipeline.checkpoint()?;
        self.take(output);
        self.drop_forgotten(&checkpoint.forgotten);
        self.counters = checkpoint.counters.clone();
        for source in &checkpoint.sources {
            self.infos.insert(source.info.source, source.info.clone());
        }
        let loadout = Arc::clone(&self.given.loadout);
        let digest = |key: &str| loadout.digest(key).unwrap_or_default().to_string();
        let mut checkpoint = self.pending.checkpoint(&self.given.tenant, checkpoint, digest);
        checkpoint.inputs = self.inputs();
        let bytes = checkpoint.sources.iter().map(|source| source.state.len() as u64).sum();
        let alerts = !checkpoint.alerts.is_empty();
        let (checkpoint, result) = self.given.keeper.call(move |writer| {
            let result = writer.commit(&checkpoint);
            Ok((checkpoint, result))
        })?;
        let took = self.pacing.committed(began, bytes);
        // Who could not be heard meanwhile was not silent.
        self.reading.values_mut().for_each(|reading| reading.read += took);
        let result = result.map_err(KeeperError::from);
        if let Err(error) = &result {
            let error = chain(error);
            warn!(tenant = self.given.tenant, error, "nothing can be committed; detection goes on");
            self.pending.put_back(checkpoint);
        } else {
            debug!(tenant = self.given.tenant, bytes, "committed");
            if alerts {
                (self.given.wake_alerts)();
            }
        }
        let written = result.is_ok();
        self.tell_commit(result.err(), bytes, took);
        Ok(written)
    }

    fn tell_commit(&self, error: Option<KeeperError>, bytes: u64, took: Duration) {
        let now_ms = (self.given.clock)();
        let panes_given_up = self.pending.panes_given_up;
        self.given.status.update(&self.given.tenant, |status| {
            let commit = &mut status.commit;
            commit.panes_given_up = panes_given_up;
            commit.disk_full = error.as_ref().is_some_and(KeeperError::is_full);
            commit.trouble = error.map(|error| chain(&error));
            if commit.trouble.is_some() {
                commit.failures += 1;
                return;
            }
            commit.commits += 1;
            commit.last_ms = now_ms;
            commit.took_ms = took.as_millis() as u64;
            commit.bytes = bytes;
        });
    }

    fn inputs(&self) -> Vec<InputRow> {
        let followed = self
            .reading
            .iter()
            .filter_map(|(id, reading)| Some(input_row(&reading.path, &self.files.position(*id)?)));
        let unfollowed = self.files.unfollowed().iter();
        followed
            .chain(unfollowed.map(|saved| input_row(&saved.path.display().to_string(), saved)))
            .collect()
    }
}

fn input_row(path: &str, saved: &SavedStream) -> InputRow {
    let state =
        postcard::to_allocvec(saved).expect("plain data, and memory is all that writing needs");
    InputRow { name: path.into(), position: saved.position, state }
}
