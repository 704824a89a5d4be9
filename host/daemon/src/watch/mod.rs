//! The daemon: follows files, keeps state, and survives being killed anywhere.

mod keeper;
mod status;

pub use keeper::{Keeper, KeeperError, KeeperThread};
pub use status::{CommitStatus, InputStatus, SourceStatus, Status, TenantStatus};
