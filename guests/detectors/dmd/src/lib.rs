//! Detector `dmd`: what a window says, against what the windows before lead to expect.

mod cholesky;
mod dmd;
mod history;
mod normal;
mod prediction;
mod spectrum;

bellwether_sdk::export_detector!(dmd::Dmd);
