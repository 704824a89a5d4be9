//! Where the answers of workers meet: findings become anomalies, and everything comes out in one order.

use super::{Output, Release};
use bellwether_core::correlate::{Correlator, Event, EventKind};
use bellwether_core::lane::{KeptRecord, Outputs};
use bellwether_core::report::Report;
use std::collections::BTreeMap;
use tracing::trace;

/// Kept records that were said between two ticks, and how many workers have passed the second.
#[derive(Default)]
struct Span {
    passed: usize,
    kept: Vec<KeptRecord>,
}

/// What was said and is not yet certain to be in order.
pub(super) struct Gather {
    pub(super) correlator: Correlator,
    release: Release,
    workers: usize,
    /// By the number of the ticks before; workers may be several ahead of others.
    spans: BTreeMap<u64, Span>,
    waiting_events: Vec<Event>,
    waiting_records: Vec<KeptRecord>,
}

impl Gather {
    pub(super) fn new(correlator: Correlator, release: Release, workers: usize) -> Self {
        Gather {
            correlator,
            release,
            workers,
            spans: BTreeMap::new(),
            waiting_events: Vec::new(),
            waiting_records: Vec::new(),
        }
    }

    /// Takes what a lane said in one step, and of which sources it is complete up to when.
    pub(super) fn take(
        &mut self,
        ticks: u64,
        outputs: Outputs,
        closed: Option<(Vec<u32>, u64)>,
        output: &mut Output,
    ) {
        let Outputs { panes, reports, kept, trials, dead, .. } = outputs;
        output.trials.extend(trials);
        reports.iter().for_each(trace_report);
        if self.release == Release::InOrder {
            output.scores.extend(reports.iter().map(|report| self.correlator.score(report)));
        }
        output.panes.extend(panes);
        output.dead.extend(dead);
        self.spans.entry(ticks).or_default().kept.extend(kept);
        let (sources, until_ms) = match closed {
            Some((sources, until_ms)) => (sources, Some(until_ms)),
            None => (reports.iter().map(|report| report.source).collect(), None),
        };
        let mut by_source: BTreeMap<u32, Vec<Report>> =
            sources.into_iter().map(|source| (source, Vec::new())).collect();
        for report in reports {
            by_source.entry(report.source).or_default().push(report);
        }
        for (source, reports) in by_source {
            self.waiting_events.extend(self.correlator.fold(source, reports, until_ms));
        }
        if self.release == Release::AtOnce {
            output.events.append(&mut self.waiting_events);
        }
    }

    /// A worker has passed a tick; the last one makes everything up to it certain, whoever said it first.
    pub(super) fn pass(&mut self, ticks: u64, watermark_ms: u64, output: &mut Output) {
        let span = self.spans.entry(ticks).or_default();
        span.passed += 1;
        if span.passed < self.workers {
            return;
        }
        let Span { kept, .. } = self.spans.remove(&ticks).unwrap_or_default();
        self.waiting_records.extend(kept);
        self.release_events(watermark_ms, output);
        self.release_records(i64::try_from(watermark_ms).unwrap_or(i64::MAX), output);
    }

    /// Nothing more comes.
    pub(super) fn end(&mut self, output: &mut Output) {
        let spans = std::mem::take(&mut self.spans);
        self.waiting_records.extend(spans.into_values().flat_map(|span| span.kept));
        self.release_events(u64::MAX, output);
        self.release_records(i64::MAX, output);
    }

    /// What people are told, in the order of time and source.
    fn release_events(&mut self, until_ms: u64, output: &mut Output) {
        let waiting = std::mem::take(&mut self.waiting_events);
        let (mut ready, later): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|event| event.at_ms <= until_ms);
        self.waiting_events = later;
        ready.retain(|event| event.event != EventKind::Continued);
        ready.sort_by(|a, b| (a.at_ms, &a.source).cmp(&(b.at_ms, &b.source)));
        output.events.extend(ready);
    }

    /// Records up to a point in event time, in the order of their input. Later ones wait: a record of theirs may still
    /// be joined from its lines.
    fn release_records(&mut self, until_ms: i64, output: &mut Output) {
        let waiting = std::mem::take(&mut self.waiting_records);
        let (mut ready, later): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|record| record.time_ms < until_ms);
        self.waiting_records = later;
        ready.sort_by_key(|record| (record.position, record.source));
        output.kept.extend(ready);
    }
}

fn trace_report(report: &Report) {
    let Report { source, end_ms, state_bits, news_bits, findings, .. } = report;
    let what = findings.first().and_then(|finding| finding.subject.as_ref());
    let what = what.map(|subject| &subject.template);
    trace!(source, end_ms, state_bits, news_bits, ?what, "window is odd");
}
