//! Anomalies as the API shows them.

use bellwether_store as store;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::silences::SilenceView;

/// How much an anomaly matters.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::api) enum Severity {
    /// Worth knowing.
    Notice,
    /// Worth a look soon.
    Warning,
    /// Worth waking somebody.
    Critical,
}

/// Whether an anomaly goes on.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::api) enum AnomalyState {
    /// It goes on.
    Open,
    /// It is over, or somebody said that it is normal.
    Resolved,
}

/// Who said something, and when.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct SaidView {
    /// Who.
    #[schema(example = "Ada")]
    by: String,
    /// When, by the wall clock.
    #[schema(example = 1_795_262_400_000_u64)]
    at_ms: u64,
}

/// An anomaly in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct AnomalyItem {
    /// Names it within its tenant.
    #[schema(example = "4f2a9c0d11e85b73")]
    id: String,
    /// Key of the source.
    #[schema(example = "file:nginx")]
    source: String,
    /// Whether it goes on.
    state: AnomalyState,
    /// How much it matters.
    severity: Severity,
    /// End of the window in which it was found.
    opened_ms: u64,
    /// End of the last window that belongs to it.
    updated_ms: u64,
    /// When it was over.
    resolved_ms: Option<u64>,
    /// Bits of surprise, the highest so far.
    #[schema(example = 21.5)]
    bits: f32,
    /// The message it is about, variables as `<*>`; empty for the source as a whole.
    #[schema(example = "upstream timed out <*>")]
    template: String,
    /// Name of the message; empty for the source as a whole.
    #[schema(example = "9c1f03ab")]
    template_id: String,
    /// What a tired person needs to know.
    #[schema(example = "nginx: `upstream timed out <*>` rose from 2/min to 240/min at 03:12")]
    sentence: String,
    /// Detectors that agreed.
    detectors: Vec<String>,
    /// The library pattern it matched.
    pattern: Option<String>,
    /// Lines of the message per minute before.
    before_per_minute: f32,
    /// Lines of the message per minute now.
    now_per_minute: f32,
    /// Findings so far.
    findings: u64,
    /// Who looks after it.
    acknowledged: Option<SaidView>,
    /// Who said that it is normal.
    normal: Option<SaidView>,
}

/// One finding of an anomaly.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct FindingView {
    /// End of its window.
    end_ms: u64,
    /// The detector.
    detector: String,
    /// Bits of surprise.
    bits: f32,
    /// The detector's reason.
    reason: String,
    /// The message it is about; empty for the source as a whole.
    template: String,
    /// Where the record stands in its input.
    position: Option<u64>,
    /// In the detector's words.
    summary: Option<String>,
}

/// A named fact.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Fact {
    /// Its name.
    name: String,
    /// What it says.
    value: String,
}

/// What a person wrote about an anomaly.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct NoteView {
    /// The words.
    text: String,
    /// Who wrote them.
    by: String,
    /// When, by the wall clock.
    at_ms: u64,
}

/// An anomaly with everything that is kept about it.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct AnomalyView {
    /// What lists show.
    summary: AnomalyItem,
    /// Named facts.
    evidence: Vec<Fact>,
    /// Records.
    examples: Vec<String>,
    /// The first findings.
    findings: Vec<FindingView>,
    /// What people wrote, oldest first.
    notes: Vec<NoteView>,
    /// Silences that cover it, ended ones as well.
    silences: Vec<SilenceView>,
    /// Lines before, during and after.
    chart: super::chart::Chart,
}

impl AnomalyView {
    pub(super) fn new(detail: store::AnomalyDetail, chart: super::chart::Chart) -> Self {
        let fact = |(name, value)| Fact { name, value };
        AnomalyView {
            summary: detail.summary.into(),
            evidence: detail.evidence.into_iter().map(fact).collect(),
            examples: detail.examples,
            findings: detail.findings.into_iter().map(FindingView::from).collect(),
            notes: detail.notes.into_iter().map(NoteView::from).collect(),
            silences: detail.silences.into_iter().map(SilenceView::from).collect(),
            chart,
        }
    }
}

impl From<store::AnomalySummary> for AnomalyItem {
    fn from(one: store::AnomalySummary) -> Self {
        AnomalyItem {
            id: one.id,
            source: one.source,
            state: one.state.into(),
            severity: one.severity.into(),
            opened_ms: one.opened_ms,
            updated_ms: one.updated_ms,
            resolved_ms: one.resolved_ms,
            bits: one.bits,
            template: one.template,
            template_id: one.template_id,
            sentence: one.sentence,
            detectors: one.detectors,
            pattern: one.pattern,
            before_per_minute: one.before_per_minute,
            now_per_minute: one.now_per_minute,
            findings: one.findings_total,
            acknowledged: one.acknowledged.map(SaidView::from),
            normal: one.normal.map(SaidView::from),
        }
    }
}

impl From<store::Said> for SaidView {
    fn from(said: store::Said) -> Self {
        SaidView { by: said.by, at_ms: said.at_ms }
    }
}

impl From<store::FindingRow> for FindingView {
    fn from(row: store::FindingRow) -> Self {
        FindingView {
            end_ms: row.end_ms,
            detector: row.detector,
            bits: row.bits,
            reason: row.reason,
            template: row.template,
            position: row.position,
            summary: row.summary,
        }
    }
}

impl From<store::Note> for NoteView {
    fn from(note: store::Note) -> Self {
        NoteView { text: note.text, by: note.by, at_ms: note.at_ms }
    }
}

impl From<store::Severity> for Severity {
    fn from(severity: store::Severity) -> Self {
        match severity {
            store::Severity::Notice => Severity::Notice,
            store::Severity::Warning => Severity::Warning,
            store::Severity::Critical => Severity::Critical,
        }
    }
}

impl From<Severity> for store::Severity {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Notice => store::Severity::Notice,
            Severity::Warning => store::Severity::Warning,
            Severity::Critical => store::Severity::Critical,
        }
    }
}

impl From<store::AnomalyState> for AnomalyState {
    fn from(state: store::AnomalyState) -> Self {
        match state {
            store::AnomalyState::Open => AnomalyState::Open,
            store::AnomalyState::Resolved => AnomalyState::Resolved,
        }
    }
}

impl From<AnomalyState> for store::AnomalyState {
    fn from(state: AnomalyState) -> Self {
        match state {
            AnomalyState::Open => store::AnomalyState::Open,
            AnomalyState::Resolved => store::AnomalyState::Resolved,
        }
    }
}
