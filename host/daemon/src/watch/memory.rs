//! Keeps the process within its budget of memory.
//!
//! What gives way first costs nothing: sources that are idle sleep in the store and come back with their next line. Then
//! go examples, then templates of a single line. One step at each commit, so that its effect is seen.

use super::keeper::Keeper;
use super::tenant::{Tenant, TenantError};
use crate::chain::chain;
use crate::pipeline::{Fetch, Output, PipelineError, SourceState};
use bellwether_core::lane::Relief;
use bellwether_core::plugin::PluginState;
use tracing::warn;

/// Bytes of a page as the kernel counts them.
const PAGE_BYTES: u64 = 4096;

/// What has given way.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing but sleep so far.
    #[default]
    Sleep,
    Examples,
    RareTemplates,
}

/// Bytes of memory that the process holds; 0 where the system does not say.
pub fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * PAGE_BYTES
}

/// Takes one step if there is too much.
pub(super) fn relieve(tenant: &mut Tenant) -> Result<(), TenantError> {
    if resident_bytes() <= tenant.given.config.memory.bytes_max {
        return Ok(());
    }
    let mut output = Output::default();
    let idle = tenant.infos.iter().filter(|(_, info)| info.idle).map(|(source, _)| *source);
    let mut fell_asleep = 0;
    for source in idle.collect::<Vec<u32>>() {
        fell_asleep += u64::from(tenant.pipeline.hibernate(source, &mut output)?);
    }
    if fell_asleep == 0 {
        let (relief, next) = match tenant.stage {
            Stage::Sleep => (Relief::Examples, Stage::Examples),
            Stage::Examples => (Relief::RareTemplates, Stage::RareTemplates),
            Stage::RareTemplates => (Relief::Examples, Stage::Examples),
        };
        warn!(tenant = tenant.given.tenant, ?relief, "memory is short; something gives way");
        tenant.stage = next;
        tenant.pipeline.relieve(relief, &mut output)?;
    }
    tenant.take(output);
    Ok(())
}

/// Fetches sleeping sources out of the store.
pub(super) fn fetch(keeper: Keeper, tenant: String) -> Fetch {
    Box::new(move |key: &str| {
        let (tenant, key) = (tenant.clone(), key.to_string());
        let found = keeper.call(move |writer| writer.load_source(&tenant, &key));
        let row = found.map_err(|error| PipelineError::Asleep(chain(&error)))?;
        let row = row.ok_or_else(|| PipelineError::Asleep("it is not in the store".into()))?;
        let plugins = row.plugins.into_iter().map(|plugin| {
            (plugin.plugin, PluginState { version: plugin.version, bytes: plugin.bytes })
        });
        Ok((SourceState::from_bytes(&row.state)?, plugins.collect()))
    })
}
