//! Filter `drop-noise`: drops and tags records by pattern, severity and message.

mod drop_noise;

bellwether_sdk::export_filter!(drop_noise::DropNoise);
