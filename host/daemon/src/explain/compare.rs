//! Whether what was found once more is what is kept of an anomaly.

use super::play::Played;
use crate::recording::CaseHead;
use crate::watch::anomaly;
use bellwether_core::correlate::{Correlator, EventKind, STRONGER_BITS};
use bellwether_store::{
    ANOMALY_TEXT_BYTES_MAX, AnomalyDetail, AnomalyRow, EXAMPLES_MAX, FACTS_MAX, FINDINGS_MAX,
    FindingRow,
};
use std::fmt::Debug;

/// Texts of which so much is equal were cut when they were kept; a character has up to four bytes.
const CUT_BYTES: usize = ANOMALY_TEXT_BYTES_MAX - 3;

/// In what it differs from what is kept; empty if it is the same to the last bit.
pub(super) fn differences(head: &CaseHead, played: &Played, detail: &AnomalyDetail) -> Vec<String> {
    let Some(report) = played.report.clone() else {
        return vec!["nothing is found in the window".into()];
    };
    let mut correlator = Correlator::new(head.segment.makeup.settings.clone());
    correlator.learn_source(head.number, &head.subject.source);
    let events = correlator.fold(head.number, vec![report], None);
    let Some(opened) = events.iter().find(|event| event.event == EventKind::Opened) else {
        return vec!["what is found in the window opens no anomaly".into()];
    };
    let found = anomaly(opened);
    let kept = &detail.summary;
    let mut notes = Notes::default();
    notes.compare("id", &kept.id, &found.id);
    notes.text("message", &kept.template, &found.template);
    notes.compare("name of the message", &kept.template_id, &found.template_id);
    notes.compare("pattern", &kept.pattern, &found.pattern);
    notes.compare("lines before", &kept.before_per_minute, &found.before_per_minute);
    // What has grown so much since was told again, with figures of a later window.
    if kept.bits < found.bits + STRONGER_BITS {
        notes.text("sentence", &kept.sentence, &found.sentence);
    }
    if kept.bits < found.bits {
        notes.compare("bits", &kept.bits, &found.bits);
    }
    notes.details(detail, &found);
    notes.findings(head, &detail.findings, &found.findings);
    notes.0
}

#[derive(Default)]
struct Notes(Vec<String>);

impl Notes {
    fn compare<T: PartialEq + Debug>(&mut self, what: &str, kept: &T, found: &T) {
        if kept != found {
            self.0.push(format!("{what}: {kept:?} is kept, {found:?} is found"));
        }
    }

    /// Long texts are kept in part.
    fn text(&mut self, what: &str, kept: &str, found: &str) {
        if !(kept == found || (kept.len() >= CUT_BYTES && found.starts_with(kept))) {
            self.compare(what, &kept, &found);
        }
    }

    fn details(&mut self, detail: &AnomalyDetail, found: &AnomalyRow) {
        let counts = [detail.examples.len(), detail.evidence.len()];
        let expected =
            [found.examples.len().min(EXAMPLES_MAX), found.evidence.len().min(FACTS_MAX)];
        self.compare("numbers of examples and facts", &counts, &expected);
        for (kept, found) in detail.examples.iter().zip(&found.examples) {
            self.text("example", kept, found);
        }
        for ((name, kept), (found_name, found)) in detail.evidence.iter().zip(&found.evidence) {
            self.text("fact", name, found_name);
            self.text(name, kept, found);
        }
    }

    /// The findings of the first window come first.
    fn findings(&mut self, head: &CaseHead, kept: &[FindingRow], found: &[FindingRow]) {
        let first = kept.iter().filter(|finding| finding.end_ms == head.subject.end_ms);
        let first: Vec<&FindingRow> = first.collect();
        let most = found.len().min(FINDINGS_MAX as usize);
        self.compare("number of findings", &first.len(), &most);
        for (number, (kept, found)) in (1..).zip(first.iter().zip(found)) {
            let about = |row: &FindingRow| {
                let FindingRow { end_ms, detector, bits, reason, position, .. } = row.clone();
                (end_ms, detector, bits, reason, position)
            };
            self.compare(&format!("finding {number}"), &about(kept), &about(found));
            self.text(&format!("message of finding {number}"), &kept.template, &found.template);
            let summary = |row: &FindingRow| row.summary.clone().unwrap_or_default();
            self.text(&format!("words of finding {number}"), &summary(kept), &summary(found));
        }
    }
}
