//! Detector `rate`: the count of each template against what it usually is.

mod rate;
mod run;
mod silence;

bellwether_sdk::export_detector!(rate::Rate);
