//! A pipeline that goes on where the last commit left off.

use super::keeper::{Keeper, KeeperError};
use super::pending::counters_from_rows;
use super::tenant::TenantError;
use crate::loadout::Loadout;
use crate::pipeline::{Pipeline, Release, SourceState, Workers};
use bellwether_core::lane::LaneCounters;
use bellwether_core::plugin::PluginState;
use bellwether_store::{InputRow, SourceRow, Writer};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

/// Sources that may wait between the store and the workers.
const ROWS_MAX: usize = 16;

/// What was saved, at work again.
pub(super) struct Restored {
    pub(super) pipeline: Pipeline,
    /// Positions in its inputs.
    pub(super) inputs: Vec<InputRow>,
    /// What the lanes had counted.
    pub(super) counters: LaneCounters,
    /// The state of its intake, if there was a commit.
    pub(super) intake: Option<Vec<u8>>,
}

/// Starts a tenant's pipeline from its last commit, or anew.
pub(super) fn restore(
    loadout: &Arc<Loadout>,
    workers: &Workers,
    now_ms: i64,
    keeper: &Keeper,
) -> Result<Restored, TenantError> {
    let tenant = loadout.settings().tenant.clone();
    let loaded = keeper.call({
        let tenant = tenant.clone();
        move |writer| writer.load(&tenant)
    })?;
    let Some(loaded) = loaded else {
        let pipeline = Pipeline::start(loadout, workers, now_ms, Release::AtOnce)?;
        let (inputs, counters) = (Vec::new(), LaneCounters::default());
        return Ok(Restored { pipeline, inputs, counters, intake: None });
    };
    let counters = counters_from_rows(&loaded.counters);
    let (release, intake) = (Release::AtOnce, &loaded.intake);
    let mut pipeline =
        Pipeline::resume(loadout, workers, now_ms, release, intake, counters.clone())?;
    load_sources(&mut pipeline, keeper, tenant)?;
    Ok(Restored { pipeline, inputs: loaded.inputs, counters, intake: Some(loaded.intake) })
}

/// Hands the sources over while they are read, since all at once may be more than one wants to hold.
fn load_sources(
    pipeline: &mut Pipeline,
    keeper: &Keeper,
    tenant: String,
) -> Result<(), TenantError> {
    let (sender, rows) = sync_channel::<SourceRow>(ROWS_MAX);
    let read = move |writer: &mut Writer| {
        // Nobody left to take them is an error of whoever took them.
        writer.load_sources(&tenant, &mut |row| drop(sender.send(row)))
    };
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| keeper.call(read));
        for row in rows {
            let state = SourceState::from_bytes(&row.state)?;
            let plugins = row.plugins.into_iter().map(|plugin| {
                let state = PluginState { version: plugin.version, bytes: plugin.bytes };
                (plugin.plugin, state)
            });
            pipeline.load(row.number, state, plugins.collect())?;
        }
        Ok(reading.join().map_err(|_| KeeperError::Closed)??)
    })
}
