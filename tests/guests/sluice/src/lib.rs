//! A filter for the bench: as little work over bits as a filter can have, so that the boundary shows.

// The detector of the bench does the same, and so does the bench itself, natively.
#[path = "../../probe/src/combine.rs"]
mod combine;
mod sluice;

bellwether_sdk::export_filter!(sluice::Sluice);
