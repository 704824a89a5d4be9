//! What a shadow would have changed, counted and with examples: what somebody looks at before it counts.

use bellwether_core::correlate::Correlator;
use bellwether_core::lane::{Outcome, Trial};
use bellwether_core::report::Report;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Differences that are kept; the oldest go first.
const DIFFERENCES_MAX: usize = 50;

/// How often two say the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Agreement {
    /// Both.
    pub both: u64,
    /// The current edition alone.
    pub current: u64,
    /// The next one alone.
    pub next: u64,
}

/// One alarm that only one of the two would give.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// Key of the source.
    pub source: String,
    /// First millisecond of the window.
    pub start_ms: u64,
    /// Bits of news with the current edition.
    pub current_bits: f32,
    /// Bits of news with the next one in its place.
    pub next_bits: f32,
    /// What whoever gives the alarm says.
    pub sentence: String,
}

impl Difference {
    /// Whether the alarm would be a new one.
    pub fn appears(&self) -> bool {
        self.next_bits > self.current_bits
    }
}

/// What became of one next edition so far.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Tally {
    /// The next edition.
    pub edition: String,
    /// Windows that are worth an alarm.
    pub alarms: Agreement,
    /// Windows with a report, whether or not that is worth an alarm.
    pub reports: Agreement,
    /// Records that a filter drops.
    pub dropped: Agreement,
    /// Records that both filters judged.
    pub rows: u64,
    /// The last alarms that only one of the two gives.
    pub differences: VecDeque<Difference>,
}

/// All shadows of a tenant, by the names of their plugins.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Trials {
    /// By the names of the plugins.
    pub tallies: BTreeMap<String, Tally>,
}

impl Agreement {
    fn count(&mut self, current: bool, next: bool) {
        match (current, next) {
            (true, true) => self.both += 1,
            (true, false) => self.current += 1,
            (false, true) => self.next += 1,
            (false, false) => {}
        }
    }
}

impl Trials {
    /// Other shadows, by name and edition: who stays goes on counting.
    pub fn begin(&mut self, shadows: BTreeSet<(String, String)>) {
        self.tallies.retain(|name, tally| shadows.contains(&(name.clone(), tally.edition.clone())));
        for (name, edition) in shadows {
            self.tallies.entry(name).or_insert_with(|| Tally { edition, ..Tally::default() });
        }
    }

    /// Counts what lanes say.
    pub fn take(&mut self, trials: Vec<Trial>, correlator: &Correlator) {
        for trial in trials {
            let Some(tally) = self.tallies.get_mut(&trial.seat.name) else { continue };
            // In the lanes of a canary the roles have changed; what is counted is editions, not roles.
            let swapped = trial.seat.edition != tally.edition;
            match trial.outcome {
                Outcome::Records { rows, both, live, shadow } => {
                    let (current, next) = if swapped { (shadow, live) } else { (live, shadow) };
                    tally.rows += rows;
                    tally.dropped.both += both;
                    tally.dropped.current += current;
                    tally.dropped.next += next;
                }
                Outcome::Window { live, shadow } => {
                    let (current, next) = if swapped { (shadow, live) } else { (live, shadow) };
                    tally.take(current.as_ref(), next.as_ref(), correlator);
                }
            }
        }
    }
}

impl Tally {
    fn take(&mut self, current: Option<&Report>, next: Option<&Report>, correlator: &Correlator) {
        self.reports.count(current.is_some(), next.is_some());
        let alarms = |report: Option<&Report>| report.is_some_and(|own| correlator.alarms(own));
        let (now, then) = (alarms(current), alarms(next));
        self.alarms.count(now, then);
        if now == then {
            return;
        }
        let Some(told) = (if now { current } else { next }) else { return };
        let bits = |report: Option<&Report>| report.map_or(0.0, |report| report.news_bits);
        let score = correlator.score(told);
        if self.differences.len() == DIFFERENCES_MAX {
            self.differences.pop_front();
        }
        self.differences.push_back(Difference {
            source: score.source,
            start_ms: score.start_ms,
            current_bits: bits(current),
            next_bits: bits(next),
            sentence: score.sentence,
        });
    }
}
