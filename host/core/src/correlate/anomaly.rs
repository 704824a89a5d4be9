//! One anomaly: what a person sees.

use super::sentence;
use crate::record::severity;
use crate::report::{Finding, Report};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Bits above the threshold from which an anomaly is serious whatever its lines say.
const CRITICAL_BITS_ABOVE: f32 = 10.0;
const WARNING_BITS_ABOVE: f32 = 4.0;

/// What happened to an anomaly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EventKind {
    /// It begins.
    Opened,
    /// It became much stronger.
    Updated,
    /// A further window belongs to it; nobody need be told.
    Continued,
    /// It has been quiet long enough.
    Resolved,
}

/// How much an anomaly matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Alarm {
    /// Worth knowing.
    Notice,
    /// Worth a look soon.
    Warning,
    /// Worth waking somebody.
    Critical,
}

/// A change in an anomaly's life, as `replay --format json` prints it. Fields are only ever added.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// What happened.
    pub event: EventKind,
    /// Names the anomaly: a hash of tenant, source, cause and opening window.
    pub id: String,
    /// The tenant.
    pub tenant: String,
    /// The source.
    pub source: String,
    /// When it happened, by event time (RFC 3339).
    pub at: String,
    /// End of the window in which the anomaly was found (RFC 3339).
    pub opened: String,
    /// How much it matters.
    pub severity: Alarm,
    /// Bits of surprise, the highest so far.
    pub bits: f32,
    /// Detectors that agreed, in alphabetical order.
    pub detectors: Vec<String>,
    /// The message it is about, variables as `<*>`; empty for the source as a whole.
    pub template: String,
    /// The message's name across sources; empty for the source as a whole.
    pub template_id: String,
    /// Lines of it per minute before.
    pub before_per_minute: f32,
    /// Lines of it per minute now.
    pub now_per_minute: f32,
    /// Newest records.
    pub examples: Vec<String>,
    /// What a tired person needs to know.
    pub sentence: String,
    /// The library pattern it matched, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// Named facts from the detectors.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<(String, String)>,
    /// `at` in milliseconds since 1970.
    #[serde(skip)]
    pub at_ms: u64,
    /// `opened` in milliseconds since 1970.
    #[serde(skip)]
    pub opened_ms: u64,
    /// What was found in the window behind it.
    #[serde(skip)]
    pub findings: Vec<Finding>,
}

/// The source as a whole, as a message.
const SOURCE: u32 = 0;

/// Messages a report is about.
#[derive(Debug, Clone, Default)]
pub(super) struct Subjects {
    messages: BTreeSet<u32>,
    cause: u32,
}

impl Subjects {
    pub(super) fn of(report: &Report) -> Self {
        let message =
            |finding: &Finding| finding.subject.as_ref().map_or(SOURCE, |subject| subject.message);
        Subjects {
            messages: report.findings.iter().map(message).collect(),
            cause: report.findings.first().map_or(SOURCE, message),
        }
    }

    pub(super) fn cause(&self) -> u32 {
        self.cause
    }
}

/// An open anomaly.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Anomaly {
    id: String,
    tenant: String,
    source: String,
    opened_ms: u64,
    last_end_ms: u64,
    /// End of the last window in which one of its messages recurred, if any did.
    recurred_ms: u64,
    alarm_bits: f32,
    bits: f32,
    said_bits: f32,
    detectors: BTreeSet<String>,
    messages: BTreeSet<u32>,
    severity: u8,
    /// The finding that explains it, and when that was.
    main: Finding,
    main_start_ms: u64,
    /// As last said: what an anomaly was about does not change when it is over.
    sentence: String,
}

impl Anomaly {
    pub(super) fn open(
        id: String,
        (tenant, source): (&str, &str),
        alarm_bits: f32,
        report: &Report,
        subjects: Subjects,
    ) -> Self {
        let main = report.findings.first().expect("a report has at least one finding").clone();
        let mut anomaly = Anomaly {
            id,
            tenant: tenant.into(),
            source: source.into(),
            opened_ms: report.end_ms,
            last_end_ms: report.end_ms,
            recurred_ms: 0,
            alarm_bits,
            bits: 0.0,
            said_bits: 0.0,
            detectors: BTreeSet::new(),
            messages: BTreeSet::new(),
            severity: 0,
            main,
            main_start_ms: report.start_ms,
            sentence: String::new(),
        };
        anomaly.join(report, subjects);
        anomaly
    }

    /// Takes a further window in. The first finding goes on explaining the anomaly, with its figures brought up to date.
    pub(super) fn join(&mut self, report: &Report, subjects: Subjects) {
        self.last_end_ms = self.last_end_ms.max(report.end_ms);
        self.bits = self.bits.max(report.state_bits);
        self.messages.extend(subjects.messages);
        for finding in &report.findings {
            self.detectors.insert(finding.detector.clone());
            let severity = finding.subject.as_ref().map_or(0, |subject| subject.severity);
            self.severity = self.severity.max(severity);
            if message(finding) == message(&self.main) {
                self.main.now_per_minute = finding.now_per_minute;
            }
        }
    }

    /// Stays open where one of its messages recurs.
    pub(super) fn recur(&mut self, messages: &[u32], end_ms: u64) {
        if messages.iter().any(|message| self.messages.contains(message)) {
            self.recurred_ms = end_ms;
        }
    }

    /// Whether something is mainly about one of its messages: no more is taken in by an anomaly that nothing but its
    /// messages keeps open.
    pub(super) fn is_about(&self, subjects: &Subjects) -> bool {
        subjects.cause != SOURCE && self.messages.contains(&subjects.cause)
    }

    pub(super) fn shares(&self, subjects: &Subjects) -> bool {
        !self.messages.is_disjoint(&subjects.messages)
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn opened_ms(&self) -> u64 {
        self.opened_ms
    }

    pub(super) fn last_end_ms(&self) -> u64 {
        self.last_end_ms
    }

    /// End of the last window in which anything came of it.
    pub(super) fn alive_ms(&self) -> u64 {
        self.last_end_ms.max(self.recurred_ms)
    }

    pub(super) fn said_bits(&self) -> f32 {
        self.said_bits
    }

    /// Puts the anomaly into an event.
    pub(super) fn say(&mut self, event: EventKind, at_ms: u64, findings: Vec<Finding>) -> Event {
        if event != EventKind::Continued {
            self.said_bits = self.bits;
        }
        if matches!(event, EventKind::Opened | EventKind::Updated) {
            self.sentence = sentence::sentence(&self.source, &self.main, self.main_start_ms);
        }
        let subject = self.main.subject.as_ref();
        Event {
            event,
            id: self.id.clone(),
            tenant: self.tenant.clone(),
            source: self.source.clone(),
            at: sentence::rfc3339(at_ms),
            opened: sentence::rfc3339(self.opened_ms),
            severity: self.alarm(),
            bits: rounded(self.bits),
            detectors: self.detectors.iter().cloned().collect(),
            template: subject.map(|subject| subject.template.clone()).unwrap_or_default(),
            template_id: subject
                .map(|subject| format!("{:08x}", subject.message))
                .unwrap_or_default(),
            before_per_minute: rounded(self.main.before_per_minute),
            now_per_minute: rounded(self.main.now_per_minute),
            examples: subject.map(|subject| subject.examples.clone()).unwrap_or_default(),
            sentence: self.sentence.clone(),
            pattern: subject.and_then(|subject| subject.pattern.clone()),
            evidence: self
                .main
                .explanation
                .as_ref()
                .map(|e| e.evidence.clone())
                .unwrap_or_default(),
            at_ms,
            opened_ms: self.opened_ms,
            findings,
        }
    }

    fn alarm(&self) -> Alarm {
        let above = self.bits - self.alarm_bits;
        if self.severity >= severity::FATAL || above >= CRITICAL_BITS_ABOVE {
            Alarm::Critical
        } else if self.severity >= severity::ERROR || above >= WARNING_BITS_ABOVE {
            Alarm::Warning
        } else {
            Alarm::Notice
        }
    }
}

fn message(finding: &Finding) -> Option<u32> {
    finding.subject.as_ref().map(|subject| subject.message)
}

/// Two decimals are enough for a person, and keep the output the same on every machine.
fn rounded(value: f32) -> f32 {
    (value * 100.0).round() / 100.0
}
