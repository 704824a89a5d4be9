//! Detector `invariants`: counts that belong together, and no longer do.

mod cholesky;
mod dense;
mod invariants;
mod moment;
mod sparse;

bellwether_sdk::export_detector!(invariants::Invariants);
