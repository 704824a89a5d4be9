//! Detector `entropy`: tokens more random than any that their message usually has.

mod entropy;
mod levels;

bellwether_sdk::export_detector!(entropy::Entropy);
