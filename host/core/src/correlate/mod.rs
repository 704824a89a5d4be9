//! From windows in which something was odd to anomalies with a life.
//!
//! One correlator per tenant folds the reports of each source in the order of its windows, so that it does not show how
//! sources were spread over lanes and workers. A report joins an open anomaly of its source when it is about the same
//! message or follows at once; otherwise, if it is news enough, it opens a new one. It stays open while there are
//! findings, and while messages come that were an alarm when they came up.

mod anomaly;
mod sentence;

pub use anomaly::{Alarm, Event, EventKind};
use anomaly::{Anomaly, Subjects};

use crate::report::{Report, WindowScore};
use crate::settings::{Settings, Standard};
use crate::state::{StateError, from_bytes, to_bytes};
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64;

/// A report about other messages joins an anomaly whose last window is at most so many windows ago.
const FOLLOWS_WINDOWS: u64 = 2;
/// An anomaly is announced again when it is so many bits stronger than last said.
pub const STRONGER_BITS: f32 = 4.0;

/// The open anomalies of a tenant.
#[derive(Debug)]
pub struct Correlator {
    settings: Settings,
    sources: BTreeMap<u32, Known>,
    /// By source and opening window.
    open: BTreeMap<(u32, u64), Anomaly>,
}

/// A source that was met.
#[derive(Debug)]
struct Known {
    key: String,
    standard: Standard,
}

impl Correlator {
    /// No anomaly open.
    pub fn new(settings: Settings) -> Self {
        Correlator { settings, sources: BTreeMap::new(), open: BTreeMap::new() }
    }

    /// Learns the key of a source, and says by what it is judged.
    pub fn learn_source(&mut self, source: u32, key: &str) -> Standard {
        let standard = self.settings.standard_of(key);
        self.sources.insert(source, Known { key: key.into(), standard });
        standard
    }

    /// Forgets a source without open anomalies; its number may be given to another one.
    pub fn forget_source(&mut self, source: u32) {
        self.sources.remove(&source);
    }

    /// Folds the reports of a source, in the order of their windows; they are complete up to `until_ms`, or nothing
    /// more comes. Anomalies that are open at the end stay so: nobody knows how they end.
    pub fn fold(
        &mut self,
        source: u32,
        mut reports: Vec<Report>,
        until_ms: Option<u64>,
    ) -> Vec<Event> {
        reports.sort_by_key(|report| report.end_ms);
        let mut events = Vec::new();
        for report in reports {
            self.resolve(source, report.start_ms, &mut events);
            self.fold_report(&report, &mut events);
        }
        if let Some(until_ms) = until_ms {
            self.resolve(source, until_ms, &mut events);
        }
        events
    }

    /// What a report alone is worth, whether or not an anomaly comes of it.
    pub fn score(&self, report: &Report) -> WindowScore {
        let (source, first) = (&self.sources[&report.source].key, report.findings.first());
        WindowScore {
            source: source.clone(),
            start_ms: report.start_ms,
            news_bits: report.news_bits,
            state_bits: report.news_bits.max(report.recurrence.bits),
            detector: first.map(|finding| finding.detector.clone()).unwrap_or_default(),
            sentence: first
                .map(|finding| sentence::sentence(source, finding, report.start_ms))
                .unwrap_or_default(),
        }
    }

    /// Whether a report is news enough for an alarm.
    pub fn alarms(&self, report: &Report) -> bool {
        report.news_bits >= self.sources[&report.source].standard.alarm_bits
    }

    /// Anomalies that are open.
    pub fn open(&self) -> usize {
        self.open.len()
    }

    /// Whether a source has open anomalies.
    pub fn has_open(&self, source: u32) -> bool {
        self.of(source).next().is_some()
    }

    /// The open anomalies of a source, as bytes.
    pub fn save(&self, source: u32) -> Vec<u8> {
        to_bytes(&self.of(source).map(|(_, anomaly)| anomaly).collect::<Vec<_>>())
    }

    /// Takes the open anomalies of a source back.
    pub fn load(&mut self, source: u32, bytes: &[u8]) -> Result<(), StateError> {
        let anomalies: Vec<Anomaly> = from_bytes(bytes)?;
        self.open
            .extend(anomalies.into_iter().map(|anomaly| ((source, anomaly.opened_ms()), anomaly)));
        Ok(())
    }

    /// Ends an anomaly because somebody says so; whether there was one.
    pub fn end(&mut self, id: &str) -> bool {
        let before = self.open.len();
        self.open.retain(|_, anomaly| anomaly.id() != id);
        self.open.len() < before
    }

    fn of(&self, source: u32) -> impl Iterator<Item = (&(u32, u64), &Anomaly)> {
        self.open.range((source, 0)..=(source, u64::MAX))
    }

    fn fold_report(&mut self, report: &Report, events: &mut Vec<Event>) {
        let source = report.source;
        if !report.findings.is_empty() {
            self.fold_findings(report, events);
        }
        for anomaly in self.open.range_mut((source, 0)..=(source, u64::MAX)).map(|(_, own)| own) {
            anomaly.recur(&report.recurrence.messages, report.end_ms);
        }
    }

    fn fold_findings(&mut self, report: &Report, events: &mut Vec<Event>) {
        let source = report.source;
        let Standard { alarm_bits, .. } = self.sources[&source].standard;
        let subjects = Subjects::of(report);
        let follows_ms = FOLLOWS_WINDOWS * self.settings.window_ms;
        let quiet_ms = self.quiet_ms(source);
        let shares = |anomaly: &Anomaly| {
            let is_quiet = anomaly.last_end_ms() + quiet_ms <= report.start_ms;
            if is_quiet { anomaly.is_about(&subjects) } else { anomaly.shares(&subjects) }
        };
        let follows = |anomaly: &Anomaly| report.start_ms <= anomaly.last_end_ms() + follows_ms;
        let same = self.of(source).find(|(_, anomaly)| shares(anomaly));
        let joined = same.or_else(|| self.of(source).find(|(_, anomaly)| follows(anomaly)));
        let joined = joined.map(|(place, _)| *place);
        if let Some(anomaly) = joined.and_then(|place| self.open.get_mut(&place)) {
            let before = anomaly.said_bits();
            anomaly.join(report, subjects);
            let stronger =
                report.news_bits >= alarm_bits && report.state_bits >= before + STRONGER_BITS;
            let kind = if stronger { EventKind::Updated } else { EventKind::Continued };
            events.push(anomaly.say(kind, report.end_ms, report.findings.clone()));
            return;
        }
        if report.news_bits < alarm_bits {
            return;
        }
        self.make_room(source, report.end_ms, events);
        let key = &self.sources[&source].key;
        let cause =
            format!("{}\0{key}\0{}\0{}", self.settings.tenant, subjects.cause(), report.start_ms);
        let id = format!("{:016x}", xxh3_64(cause.as_bytes()));
        let mut anomaly =
            Anomaly::open(id, (&self.settings.tenant, key), alarm_bits, report, subjects);
        events.push(anomaly.say(EventKind::Opened, report.end_ms, report.findings.clone()));
        self.open.insert((source, report.end_ms), anomaly);
    }

    /// How long nothing may come of an anomaly until it is resolved.
    fn quiet_ms(&self, source: u32) -> u64 {
        self.sources[&source].standard.quiet_windows * self.settings.window_ms
    }

    /// Resolves what had no finding for long enough and does not recur, in the order of time.
    fn resolve(&mut self, source: u32, until_ms: u64, events: &mut Vec<Event>) {
        let quiet_ms = self.quiet_ms(source);
        let due = |anomaly: &Anomaly| anomaly.alive_ms() + quiet_ms;
        let mut quiet: Vec<(u64, (u32, u64))> = self
            .of(source)
            .filter(|(_, anomaly)| due(anomaly) <= until_ms)
            .map(|(place, anomaly)| (due(anomaly), *place))
            .collect();
        quiet.sort_unstable();
        for (at_ms, place) in quiet {
            if let Some(mut anomaly) = self.open.remove(&place) {
                events.push(anomaly.say(EventKind::Resolved, at_ms, Vec::new()));
            }
        }
    }

    /// Resolves the anomaly that is longest without a finding when its source has no room for one more.
    fn make_room(&mut self, source: u32, at_ms: u64, events: &mut Vec<Event>) {
        if self.of(source).count() < self.settings.open_anomalies_max {
            return;
        }
        let longest =
            self.of(source).min_by_key(|(place, anomaly)| (anomaly.last_end_ms(), *place));
        if let Some(place) = longest.map(|(place, _)| *place)
            && let Some(mut anomaly) = self.open.remove(&place)
        {
            events.push(anomaly.say(EventKind::Resolved, at_ms, Vec::new()));
        }
    }
}

#[cfg(test)]
mod tests;
