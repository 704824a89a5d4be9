//! The daemon: follows files, keeps state, and survives being killed anywhere.

mod commit;
mod crew;
mod files;
mod forget;
mod keeper;
mod learn;
mod memory;
mod naming;
mod orders;
mod pacing;
mod pending;
mod recording;
mod reload;
mod restore;
mod run;
mod silence;
mod status;
mod telling;
mod tenant;

pub use keeper::{Keeper, KeeperError, KeeperThread};
pub use learn::{History, Learnt, learn};
pub use memory::resident_bytes;
pub use naming::{container_labels, plain_name, source_key};
pub use orders::{Order, OrderError, Orders, Post};
pub(crate) use pending::anomaly;
pub(crate) use run::now_ms;
pub use run::{RunError, run, store_options};
pub use status::{
    CommitStatus, DaemonStatus, InputStatus, PluginLine, SourceStatus, Status, TenantStatus,
};
pub use tenant::{Assignment, TenantError};
