//! What authors of plugins get: a project to begin with, and the means to test, replay and measure what they write.
//!
//! Everything runs on the real component in the real sandbox. A [`tape`] holds what a plugin would be given for some
//! logs; it can be played to it in other cuts, in other company, or in two halves.

pub(crate) mod conformance;
pub(crate) mod diff;
pub(crate) mod golden;
mod listen;
pub(crate) mod measure;
pub(crate) mod project;
pub(crate) mod stage;
pub(crate) mod subject;
pub(crate) mod tape;

pub use crate::loadout::pattern_set;
pub use listen::listen;
pub use stage::Log;
