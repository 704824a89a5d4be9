//! Alerts: from what happened to an anomaly to somebody who knows.
//!
//! An event becomes rows of the outbox, one for each sink that wants it, in the commit that also keeps the anomaly; so
//! none is lost, wherever the daemon is killed. From there a courier for each sink carries them out, at least once each,
//! with a key by which a receiver tells repetitions. Sinks do not wait for one another, alerts about one anomaly do.

mod body;
mod courier;
mod deliver;
mod outlet;
mod retry;
mod route;
mod template;

pub use body::FIELDS;
pub use deliver::deliver;
pub use outlet::OutletError;
pub use route::new_alerts;
pub use template::{Template, TemplateError};

#[cfg(test)]
mod tests;
