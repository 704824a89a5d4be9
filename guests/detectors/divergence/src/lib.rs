//! Detector `divergence`: the shares of a source's messages now, against the hour before.

mod divergence;
mod measure;
mod past;

bellwether_sdk::export_detector!(divergence::Divergence);
