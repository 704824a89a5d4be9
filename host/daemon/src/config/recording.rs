//! What is recorded, so that an anomaly can be explained and plugins can be tried on real lines.

use std::path::{Path, PathBuf};

use super::files::beside;
use super::table::Table;

/// Fewer bytes would be full of states at once.
const BYTES_MIN: u64 = 1 << 20;

/// What the recording of a tenant keeps; each setting is described in `read`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingConfig {
    /// The folder, if it is not the usual one.
    pub dir: Option<PathBuf>,
    /// Most bytes of a tenant; 0 records nothing.
    pub bytes_max: u64,
    /// Minutes that are kept.
    pub minutes: u64,
    /// Minutes of a segment.
    pub minutes_per_segment: u64,
    /// Most bytes of what is kept of anomalies.
    pub cases_bytes_max: u64,
}

impl RecordingConfig {
    /// Where the recording of a tenant lies. The usual folder has the name of the store, so that two stores side by side do
    /// not share it.
    pub fn folder(&self, store: &Path, tenant: &str) -> PathBuf {
        let usual = || beside(store, "recording");
        self.dir.clone().unwrap_or_else(usual).join(tenant)
    }

    fn read(table: &mut Table<'_>, folder: &Path) -> RecordingConfig {
        let dir = table.optional_text(
            "dir",
            "/var/lib/bellwether/recording",
            "Folder of what is recorded; beside the database and named after it, with `.recording` behind the name.",
        );
        let bytes_max = table.integer(
            "bytes_max",
            256 << 20,
            0..=1 << 40,
            "Most bytes of a tenant's recording, from which the oldest goes; 0 records nothing.",
        );
        if (1..BYTES_MIN).contains(&bytes_max) {
            let message = format!(
                "expected 0 or at least {BYTES_MIN}, found {bytes_max}; write e.g. bytes_max: {BYTES_MIN}"
            );
            table.complain(&["bytes_max"], &message);
        }
        RecordingConfig {
            dir: dir.map(|text| folder.join(text)),
            bytes_max,
            minutes: table.integer(
                "minutes",
                40,
                1..=10_080,
                "Minutes by the clock that a recording reaches back at most.",
            ),
            minutes_per_segment: table.integer(
                "minutes_per_segment",
                10,
                1..=1440,
                "Minutes by the clock after which the state of every source is recorded again.",
            ),
            cases_bytes_max: table.integer(
                "cases_bytes_max",
                64 << 20,
                0..=1 << 40,
                "Most bytes of what a tenant keeps to explain its anomalies later, from which the oldest goes.",
            ),
        }
    }
}

/// Reads the section.
pub(super) fn read_recording(table: &mut Table<'_>, folder: &Path) -> RecordingConfig {
    let doc = "What the daemon records, to explain anomalies and to try plugins on real lines.";
    table.section("recording", doc, |section| RecordingConfig::read(section, folder))
}
