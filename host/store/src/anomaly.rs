//! Anomalies as they are kept: what the pipeline says of them, and what people say.

use serde::Serialize;

use crate::silence::Silence;
use crate::word;

/// The most findings that are kept of one anomaly; the first ones tell how it began.
pub const FINDINGS_MAX: u64 = 100;
/// Examples that are kept of one.
pub const EXAMPLES_MAX: usize = 10;
/// Facts that are kept of one.
pub const FACTS_MAX: usize = 50;
/// Bytes that are kept of its sentence, of a template, an example, a fact; cut between characters.
pub const ANOMALY_TEXT_BYTES_MAX: usize = 4_000;

/// The most notes that people can leave at one anomaly.
pub const NOTES_MAX: u64 = 100;

/// Whether an anomaly goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AnomalyState {
    /// It goes on.
    Open,
    /// It is over, or somebody said that it is normal.
    Resolved,
}

impl AnomalyState {
    pub(crate) const WORDS: word::Words<Self> =
        &[(AnomalyState::Open, "open"), (AnomalyState::Resolved, "resolved")];
}

/// How much an anomaly matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Notice,
    /// Worth a look soon.
    Warning,
    /// Worth waking somebody.
    Critical,
}

impl Severity {
    pub(crate) const WORDS: word::Words<Self> = &[
        (Severity::Notice, "notice"),
        (Severity::Warning, "warning"),
        (Severity::Critical, "critical"),
    ];
}

/// An anomaly, as the pipeline knows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AnomalyRow {
    /// Names the anomaly within its tenant.
    pub id: String,
    /// Key of the source.
    pub source: String,
    /// Whether it goes on.
    pub state: AnomalyState,
    /// How much it matters.
    pub severity: Severity,
    /// End of the window in which it was found.
    pub opened_ms: u64,
    /// End of the last window that belongs to it.
    pub updated_ms: u64,
    /// When it was over.
    pub resolved_ms: Option<u64>,
    /// Bits of surprise, the highest so far.
    pub bits: f32,
    /// The message it is about; empty for the source as a whole.
    pub template: String,
    /// Name of the message; empty for the source as a whole.
    pub template_id: String,
    /// What a tired person needs to know.
    pub sentence: String,
    /// Detectors that agreed.
    pub detectors: Vec<String>,
    /// The library pattern it matched.
    pub pattern: Option<String>,
    /// Lines of the message per minute before.
    pub before_per_minute: f32,
    /// Lines of the message per minute now.
    pub now_per_minute: f32,
    /// Named facts.
    pub evidence: Vec<(String, String)>,
    /// Records.
    pub examples: Vec<String>,
    /// What was found since the last checkpoint; appended to what is there.
    pub findings: Vec<FindingRow>,
}

/// One finding of an anomaly.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FindingRow {
    /// End of its window.
    pub end_ms: u64,
    /// The detector.
    pub detector: String,
    /// Bits of surprise.
    pub bits: f32,
    /// The detector's reason.
    pub reason: String,
    /// The message it is about; empty for the source as a whole.
    pub template: String,
    /// Where the record stands in its input.
    pub position: Option<u64>,
    /// In the detector's words.
    pub summary: Option<String>,
}

/// Who said something, and when by the wall clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// Who.
    pub by: String,
    /// When.
    pub at_ms: u64,
}

/// What a person wrote about an anomaly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// The words.
    pub text: String,
    /// Who wrote them.
    pub by: String,
    /// When, by the wall clock.
    pub at_ms: u64,
}

/// An anomaly in a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AnomalySummary {
    /// As in [`AnomalyRow`].
    pub id: String,
    /// As in [`AnomalyRow`].
    pub source: String,
    /// As the pipeline sees it, or resolved once somebody has said that it is normal.
    pub state: AnomalyState,
    /// As in [`AnomalyRow`].
    pub severity: Severity,
    /// As in [`AnomalyRow`].
    pub opened_ms: u64,
    /// As in [`AnomalyRow`].
    pub updated_ms: u64,
    /// As in [`AnomalyRow`].
    pub resolved_ms: Option<u64>,
    /// As in [`AnomalyRow`].
    pub bits: f32,
    /// As in [`AnomalyRow`].
    pub template: String,
    /// As in [`AnomalyRow`].
    pub template_id: String,
    /// As in [`AnomalyRow`].
    pub sentence: String,
    /// As in [`AnomalyRow`].
    pub detectors: Vec<String>,
    /// As in [`AnomalyRow`].
    pub pattern: Option<String>,
    /// As in [`AnomalyRow`].
    pub before_per_minute: f32,
    /// As in [`AnomalyRow`].
    pub now_per_minute: f32,
    /// Findings so far, whether kept or not.
    pub findings_total: u64,
    /// Who looks after it.
    pub acknowledged: Option<Said>,
    /// Who said that it is normal.
    pub normal: Option<Said>,
}

/// An anomaly with everything that is kept about it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AnomalyDetail {
    /// What lists show.
    pub summary: AnomalySummary,
    /// Named facts.
    pub evidence: Vec<(String, String)>,
    /// Records.
    pub examples: Vec<String>,
    /// The first [`FINDINGS_MAX`].
    pub findings: Vec<FindingRow>,
    /// What people wrote, oldest first.
    pub notes: Vec<Note>,
    /// Silences that cover it, ended ones as well.
    pub silences: Vec<Silence>,
}
