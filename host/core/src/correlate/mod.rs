//! From windows in which something was odd to anomalies with a life.
//!
//! One correlator per tenant folds the reports of all lanes in one order, once every lane has passed that point in event
//! time, so that it does not show how sources were spread over lanes and workers. A report joins an open anomaly of its
//! source when it is about the same message or follows at once; otherwise, if it is news enough, it opens a new one.

mod anomaly;
mod sentence;

pub use anomaly::{Alarm, Event, EventKind};
use anomaly::{Anomaly, Subjects};

use crate::report::Report;
use crate::settings::Settings;
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64;

/// A report about other messages joins an anomaly whose last window is at most so many windows ago.
const FOLLOWS_WINDOWS: u64 = 2;
/// An anomaly is announced again when it is so many bits stronger than last said.
const STRONGER_BITS: f32 = 4.0;

/// The open anomalies of a tenant.
#[derive(Debug)]
pub struct Correlator {
    settings: Settings,
    source_keys: Vec<String>,
    waiting: Vec<Report>,
    /// By source key and order of opening.
    open: BTreeMap<(String, u64), Anomaly>,
    opened: u64,
}

impl Correlator {
    /// No anomaly open.
    pub fn new(settings: Settings) -> Self {
        Correlator {
            settings,
            source_keys: Vec::new(),
            waiting: Vec::new(),
            open: BTreeMap::new(),
            opened: 0,
        }
    }

    /// Learns the keys of the next sources, in the order of their numbers.
    pub fn learn_sources<'a>(&mut self, keys: impl IntoIterator<Item = &'a str>) {
        self.source_keys.extend(keys.into_iter().map(String::from));
    }

    /// Number of sources known.
    pub fn sources(&self) -> usize {
        self.source_keys.len()
    }

    /// Takes reports of any lane.
    pub fn take(&mut self, reports: impl IntoIterator<Item = Report>) {
        self.waiting.extend(reports);
    }

    /// Folds everything up to a point in event time that all lanes have passed.
    pub fn fold(&mut self, watermark_ms: u64) -> Vec<Event> {
        let waiting = std::mem::take(&mut self.waiting);
        let (ready, later) = waiting.into_iter().partition(|report| report.end_ms <= watermark_ms);
        self.waiting = later;
        let mut events = self.fold_reports(ready);
        self.resolve(watermark_ms, &mut events);
        events
    }

    /// Folds what is left when nothing more comes. Anomalies that are open stay so: nobody knows how they end.
    pub fn finish(&mut self) -> Vec<Event> {
        let rest = std::mem::take(&mut self.waiting);
        self.fold_reports(rest)
    }

    fn fold_reports(&mut self, mut reports: Vec<Report>) -> Vec<Event> {
        reports.sort_by(|a, b| (a.end_ms, self.key(a)).cmp(&(b.end_ms, self.key(b))));
        let mut events = Vec::new();
        for report in reports {
            self.resolve(report.start_ms, &mut events);
            self.fold_report(&report, &mut events);
        }
        events
    }

    /// Anomalies that are open.
    pub fn open(&self) -> usize {
        self.open.len()
    }

    fn key(&self, report: &Report) -> &str {
        &self.source_keys[report.source as usize]
    }

    fn fold_report(&mut self, report: &Report, events: &mut Vec<Event>) {
        let key = self.key(report).to_string();
        let subjects = Subjects::of(report);
        let follows_ms = FOLLOWS_WINDOWS * self.settings.window_ms;
        let own = (key.clone(), 0)..=(key.clone(), u64::MAX);
        let shares = |anomaly: &Anomaly| anomaly.shares(&subjects);
        let follows = |anomaly: &Anomaly| report.start_ms <= anomaly.last_end_ms() + follows_ms;
        let mut candidates = self.open.range(own.clone());
        let same = candidates.find(|(_, anomaly)| shares(anomaly));
        let joined = same.or_else(|| self.open.range(own).find(|(_, anomaly)| follows(anomaly)));
        let joined = joined.map(|(place, _)| place.clone());
        let joined = joined.and_then(|place| self.open.get_mut(&place));
        if let Some(anomaly) = joined {
            let before = anomaly.said_bits();
            anomaly.join(report, subjects);
            if report.news_bits >= self.settings.alarm_bits()
                && report.state_bits >= before + STRONGER_BITS
            {
                events.push(anomaly.say(EventKind::Updated, report.end_ms));
            }
            return;
        }
        if report.news_bits < self.settings.alarm_bits() {
            return;
        }
        self.make_room(report.end_ms, events);
        let cause =
            format!("{}\0{key}\0{}\0{}", self.settings.tenant, subjects.cause(), report.start_ms);
        let id = format!("{:016x}", xxh3_64(cause.as_bytes()));
        let mut anomaly = Anomaly::open(id, &self.settings, &key, report, subjects);
        events.push(anomaly.say(EventKind::Opened, report.end_ms));
        self.opened += 1;
        self.open.insert((key, self.opened), anomaly);
    }

    /// Resolves what had no finding for long enough, in the order of time.
    fn resolve(&mut self, until_ms: u64, events: &mut Vec<Event>) {
        let quiet_ms = self.settings.quiet_windows * self.settings.window_ms;
        let due = |anomaly: &Anomaly| anomaly.last_end_ms() + quiet_ms;
        let mut quiet: Vec<(u64, (String, u64))> = self
            .open
            .iter()
            .filter(|(_, anomaly)| due(anomaly) <= until_ms)
            .map(|(key, anomaly)| (due(anomaly), key.clone()))
            .collect();
        quiet.sort();
        for (at_ms, key) in quiet {
            if let Some(mut anomaly) = self.open.remove(&key) {
                events.push(anomaly.say(EventKind::Resolved, at_ms));
            }
        }
    }

    /// Resolves the anomaly that is longest without a finding when there is no room for one more.
    fn make_room(&mut self, at_ms: u64, events: &mut Vec<Event>) {
        if self.open.len() < self.settings.open_anomalies_max {
            return;
        }
        let longest = self.open.iter().min_by_key(|(key, anomaly)| (anomaly.last_end_ms(), *key));
        if let Some(key) = longest.map(|(key, _)| key.clone())
            && let Some(mut anomaly) = self.open.remove(&key)
        {
            events.push(anomaly.say(EventKind::Resolved, at_ms));
        }
    }
}

#[cfg(test)]
mod tests;
