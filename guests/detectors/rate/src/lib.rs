//! Detector `rate`: the count of each template against what it usually is.

mod rate;

bellwether_sdk::export_detector!(rate::Rate);
