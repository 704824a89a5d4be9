//! What is kept of an anomaly, so that it can be explained when the recording has gone on: its source before its first
//! window, and everything that the source's lane was told until that window closed.

use super::block::{Blocks, RecordingError, beginning};
use super::cut::cut;
use super::entry::Head;
use super::reader::{Entries, Recording};
use super::shelf;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Bytes of what is kept of one anomaly.
pub(super) const CASE_BYTES_MAX: usize = 4 << 20;
/// The folder beside the segments.
const FOLDER: &str = "cases";

/// An anomaly that is to be explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Its id.
    pub anomaly: String,
    /// Key of its source.
    pub source: String,
    /// First millisecond of its first window.
    pub start_ms: u64,
    /// First millisecond after it.
    pub end_ms: u64,
}

impl Subject {
    /// The window in which an anomaly was found, by its end.
    pub fn of(anomaly: &str, source: &str, end_ms: u64, window_ms: u64) -> Self {
        let (anomaly, source) = (anomaly.into(), source.into());
        Subject { anomaly, source, start_ms: end_ms.saturating_sub(window_ms), end_ms }
    }
}

/// The head of a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseHead {
    /// What it is about.
    pub subject: Subject,
    /// The segment that it begins in.
    pub segment: Head,
    /// Number of the source.
    pub number: u32,
    /// Its lane.
    pub lane: u32,
    /// Whether it begins before the window; else scores from before its beginning are known by their bits alone.
    pub whole: bool,
}

/// What is kept of an anomaly.
#[derive(Debug)]
pub struct Case {
    /// Its head.
    pub head: CaseHead,
    /// Behind the head.
    blocks: Blocks,
}

/// Why there is no case.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// The recording cannot be read.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// What it would be made of is not there.
    #[error("the recording does not reach back to its first window, or has a gap there")]
    Absent,
    /// It is too much to be kept; it can only be cut out while the recording reaches back to it.
    #[error(
        "its source has said more than {CASE_BYTES_MAX} bytes since its segment began; lower `recording.minutes_per_segment`"
    )]
    TooLarge,
    /// It cannot be written.
    #[error("it cannot be written")]
    Unwritten(#[from] io::Error),
}

impl Case {
    /// Finds what was kept of an anomaly of a tenant, or else cuts it out of the recording.
    pub fn find(folder: &Path, subject: &Subject) -> Result<Case, CaseError> {
        let path = path_of(folder, &subject.anomaly);
        if path.is_file() {
            return Ok(Case::read(Blocks::open(&path)?)?);
        }
        let recording = Recording::open(folder)?;
        let mut texts = cut(&recording, std::slice::from_ref(subject), usize::MAX)?;
        let text = texts.pop().unwrap_or(Err(CaseError::Absent))?;
        Ok(Case::read(Blocks::of(text))?)
    }

    /// What the lane of its source was told; first comes the source as it was, if it was known.
    pub fn entries(&self) -> Entries {
        Entries::of(self.blocks.clone())
    }

    fn read(mut blocks: Blocks) -> Result<Case, RecordingError> {
        let block = blocks.next()?;
        let head = block.as_ref().and_then(|(_, bytes)| postcard::from_bytes(bytes).ok());
        let offset = block.map_or(beginning().len() as u64, |(offset, _)| offset);
        let head = head.ok_or_else(|| blocks.damaged(offset))?;
        Ok(Case { head, blocks })
    }
}

/// How much is kept of anomalies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaseLimits {
    /// Bytes of all cases.
    pub bytes_max: u64,
    /// Days that each is kept.
    pub days: u32,
}

/// Cuts cases out of a recording and keeps them in its folder; says which could not be kept, and why.
pub(super) fn keep(
    folder: &Path,
    recording: &Recording,
    subjects: &[Subject],
    limits: CaseLimits,
) -> Result<Vec<(String, CaseError)>, CaseError> {
    shelf::create(&folder.join(FOLDER))?;
    shelf::demand_room(folder)?;
    let mut missed = Vec::new();
    for (subject, text) in subjects.iter().zip(cut(recording, subjects, CASE_BYTES_MAX)?) {
        let path = path_of(folder, &subject.anomaly);
        let new = path.with_extension("new");
        let write =
            |text: Vec<u8>| std::fs::write(&new, text).and_then(|()| std::fs::rename(&new, &path));
        if let Err(error) = text.and_then(|text| Ok(write(text)?)) {
            missed.push((subject.anomaly.clone(), error));
        }
    }
    tidy_up(&folder.join(FOLDER), limits)?;
    Ok(missed)
}

/// Lets go of what is too old, and of the oldest where there is too much.
fn tidy_up(folder: &Path, limits: CaseLimits) -> io::Result<()> {
    let mut cases: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let about = entry.metadata()?;
        cases.push((about.modified()?, about.len(), entry.path()));
    }
    cases.sort_unstable();
    let days = Duration::from_secs(u64::from(limits.days) * 86_400);
    let horizon = SystemTime::now().checked_sub(days);
    let mut bytes: u64 = cases.iter().map(|(_, bytes, _)| bytes).sum();
    for (written, own, path) in cases {
        if bytes > limits.bytes_max || horizon.is_some_and(|horizon| written < horizon) {
            std::fs::remove_file(path)?;
            bytes -= own;
        }
    }
    Ok(())
}

/// Ids are digits and letters; nothing else is looked for in the folder.
fn path_of(folder: &Path, anomaly: &str) -> PathBuf {
    let is_id = !anomaly.is_empty() && anomaly.bytes().all(|byte| byte.is_ascii_alphanumeric());
    folder.join(FOLDER).join(if is_id { anomaly } else { "none" })
}
