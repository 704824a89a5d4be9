//! A detector for the bench: small, plain work over one kind of column at a time, so that the boundary shows.

mod combine;
mod probe;
mod work;

bellwether_sdk::export_detector!(probe::Probe);
