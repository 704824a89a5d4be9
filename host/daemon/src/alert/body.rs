//! What an alert says: one JSON object, the same for all sinks, with all fields in every alert.

use bellwether_core::correlate::{Alarm, Event};
use bellwether_store::AlertKind;
use serde::Serialize;

/// Fields of an alert, as templates name them. Fields are only ever added.
pub const FIELDS: &[&str] = &[
    "at",
    "before_per_minute",
    "bits",
    "detectors",
    "evidence",
    "examples",
    "id",
    "key",
    "kind",
    "link",
    "now_per_minute",
    "opened",
    "pattern",
    "sentence",
    "severity",
    "source",
    SUPPRESSED_SINCE,
    "template",
    "template_id",
    "tenant",
];

/// The field that is known only when the alert is sent: anomalies of the same cause that the sink was spared.
pub(super) const SUPPRESSED_SINCE: &str = "suppressed_since";

/// Longest text; a record may have hundreds of kilobytes, and receivers refuse large bodies.
const TEXT_BYTES_MAX: usize = 2_000;
/// Most examples, facts, detectors of each.
const ENTRIES_MAX: usize = 20;

/// An alert as it is stored and sent.
#[derive(Debug, Serialize)]
pub(super) struct Body {
    /// Names the alert: the same key is the same alert, sent again.
    key: String,
    id: String,
    tenant: String,
    kind: AlertKind,
    severity: Alarm,
    source: String,
    sentence: String,
    template: String,
    template_id: String,
    before_per_minute: f32,
    now_per_minute: f32,
    bits: f32,
    detectors: Vec<String>,
    evidence: Vec<Fact>,
    examples: Vec<String>,
    opened: String,
    at: String,
    pattern: Option<String>,
    link: Option<String>,
}

#[derive(Debug, Serialize)]
struct Fact {
    name: String,
    value: String,
}

impl Body {
    pub(super) fn new(event: &Event, kind: AlertKind, key: &str, page: Option<&str>) -> Body {
        let evidence = event.evidence.iter().take(ENTRIES_MAX);
        let link = |page: &str| format!("{}/#/anomaly/{}", page.trim_end_matches('/'), event.id);
        Body {
            key: key.to_owned(),
            id: event.id.clone(),
            tenant: event.tenant.clone(),
            kind,
            severity: event.severity,
            source: cut(&event.source),
            sentence: cut(&event.sentence),
            template: cut(&event.template),
            template_id: event.template_id.clone(),
            before_per_minute: event.before_per_minute,
            now_per_minute: event.now_per_minute,
            bits: event.bits,
            detectors: event.detectors.iter().take(ENTRIES_MAX).cloned().collect(),
            evidence: evidence
                .map(|(name, value)| Fact { name: cut(name), value: cut(value) })
                .collect(),
            examples: event.examples.iter().take(ENTRIES_MAX).map(|text| cut(text)).collect(),
            opened: event.opened.clone(),
            at: event.at.clone(),
            pattern: event.pattern.clone(),
            link: page.map(link),
        }
    }

    /// As it is stored. JSON knows no infinite numbers; they become null.
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts and numbers are always valid JSON")
    }
}

/// The beginning of a long text.
fn cut(text: &str) -> String {
    if text.len() <= TEXT_BYTES_MAX {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(TEXT_BYTES_MAX)])
}
