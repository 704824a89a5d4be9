//! How a plugin is doing, in one lane or over many.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;

use crate::bindings::Level;
use crate::circuit::CircuitState;
use crate::fault::Fault;
use crate::link::Said;

/// Lines that wait for somebody to take them; the oldest give way.
const LINES_MAX: usize = 100;

/// Something that a plugin said, or that was said of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogLine {
    /// `debug`, `info`, `warn` or `error`; `fault` where it failed.
    pub level: &'static str,
    /// What was said.
    pub line: String,
}

/// Counters of a plugin since its lanes were opened.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Health {
    /// Batches and windows it was asked about and answered.
    pub calls: u64,
    /// Rows in them.
    pub rows: u64,
    /// Explanations it gave.
    pub explanations: u64,
    /// Rows it was to be asked about, but failed or was left out.
    pub rows_unscored: u64,
    /// Fuel used, by failed calls too.
    pub fuel: u64,
    /// Faults by code.
    pub faults: BTreeMap<&'static str, u64>,
    /// Faults by the clock among them: results that depend on the machine, so a replay ends with an error.
    pub deadlines: u64,
    /// The fault last seen, with its backtrace.
    pub last_fault: Option<String>,
    /// Rows, windows and states that were set aside because they kill it.
    pub poisoned: u64,
    /// Calls that were made again after a fault.
    pub reruns: u64,
    /// Batches that were taken apart in search of what kills it.
    pub bisections: u64,
    /// Instances that were changed for new ones because they had grown too much or were too old.
    pub rejuvenations: u64,
    /// How often its fuel is halved, since it was ended for fuel or time again and again; over many lanes the most.
    pub fuel_halvings: u64,
    /// Wall time in calls, in nanoseconds; nothing depends on it.
    pub busy_ns: u64,
    /// Instances started.
    pub starts: u64,
    /// Linear memory at present.
    pub memory_bytes: u64,
    /// Sources with a saved state.
    pub states: u64,
    /// Bytes of those states.
    pub state_bytes: u64,
    /// Whether it is asked; over many lanes the worst.
    pub circuit: CircuitState,
    /// Lines of its log that were kept.
    pub log_lines_kept: u64,
    /// Lines of its log beyond the limit, or of failed calls.
    pub log_lines_dropped: u64,
    /// Calls of `metrics.add` beyond the limit.
    pub metric_calls_dropped: u64,
    /// What it counted, by name.
    pub metrics: BTreeMap<String, f64>,
    /// Lines that nobody has taken yet.
    #[serde(skip)]
    pub lines: VecDeque<LogLine>,
}

impl Health {
    /// Adds the counters of another lane.
    pub fn merge(&mut self, other: &Health) {
        self.calls += other.calls;
        self.rows += other.rows;
        self.explanations += other.explanations;
        self.rows_unscored += other.rows_unscored;
        self.fuel = self.fuel.saturating_add(other.fuel);
        for (code, count) in &other.faults {
            *self.faults.entry(code).or_default() += count;
        }
        self.deadlines += other.deadlines;
        if self.last_fault.is_none() {
            self.last_fault.clone_from(&other.last_fault);
        }
        self.poisoned += other.poisoned;
        self.reruns += other.reruns;
        self.bisections += other.bisections;
        self.rejuvenations += other.rejuvenations;
        self.fuel_halvings = self.fuel_halvings.max(other.fuel_halvings);
        self.busy_ns = self.busy_ns.saturating_add(other.busy_ns);
        self.starts += other.starts;
        self.memory_bytes += other.memory_bytes;
        self.states += other.states;
        self.state_bytes += other.state_bytes;
        self.circuit = self.circuit.max(other.circuit);
        self.log_lines_kept += other.log_lines_kept;
        self.log_lines_dropped += other.log_lines_dropped;
        self.metric_calls_dropped += other.metric_calls_dropped;
        for (name, sum) in &other.metrics {
            *self.metrics.entry(name.clone()).or_default() += sum;
        }
    }

    /// Counts a fault.
    pub(crate) fn fault(&mut self, plugin: &str, fault: &Fault) {
        let code = fault.code();
        tracing::warn!(plugin, code, %fault, "plugin failed");
        *self.faults.entry(code).or_default() += 1;
        self.note("fault", &fault.to_string());
        self.deadlines += u64::from(matches!(fault, Fault::Deadline(_)));
        self.last_fault = Some(fault.to_string());
    }

    /// Counts the start of an instance.
    pub(crate) fn start(&mut self, fuel: u64) {
        self.starts += 1;
        self.fuel = self.fuel.saturating_add(fuel);
    }

    /// Counts what a call cost.
    pub(crate) fn cost(&mut self, fuel: u64, memory_bytes: usize, took: Duration) {
        self.fuel = self.fuel.saturating_add(fuel);
        let took_ns = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.busy_ns = self.busy_ns.saturating_add(took_ns);
        self.memory_bytes = memory_bytes as u64;
    }

    fn note(&mut self, level: &'static str, line: &str) {
        if self.lines.len() == LINES_MAX {
            self.lines.pop_front();
        }
        self.lines.push_back(LogLine { level, line: line.to_owned() });
    }

    /// Takes over what a plugin said in a call, if the call went well.
    pub(crate) fn hear(&mut self, plugin: &str, metrics: &[String], said: &Said, well: bool) {
        self.log_lines_dropped += said.lines_dropped;
        self.metric_calls_dropped += said.metric_calls_dropped;
        if !well {
            self.log_lines_dropped += said.lines.len() as u64;
            return;
        }
        self.log_lines_kept += said.lines.len() as u64;
        for (level, line) in &said.lines {
            print(plugin, *level, line);
            self.note(word(*level), line);
        }
        for (name, sum) in metrics.iter().zip(&said.sums) {
            if *sum != 0.0 {
                *self.metrics.entry(name.clone()).or_default() += sum;
            }
        }
    }
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    }
}

/// The health of a plugin in one lane, for others to look at while the lane works.
#[derive(Debug, Clone, Default)]
pub struct HealthHandle {
    // A std mutex: locked for a few additions, once per call.
    health: Arc<Mutex<Health>>,
}

impl HealthHandle {
    /// A copy of the counters as they are now.
    pub fn snapshot(&self) -> Health {
        self.lock().clone()
    }

    /// Takes what was said since this was last asked.
    pub fn take_lines(&self) -> Vec<LogLine> {
        std::mem::take(&mut self.lock().lines).into()
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Health> {
        // Counters are never left half-written, whatever panicked.
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn print(plugin: &str, level: Level, line: &str) {
    match level {
        Level::Debug => tracing::debug!(plugin, "{line}"),
        Level::Info => tracing::info!(plugin, "{line}"),
        Level::Warn => tracing::warn!(plugin, "{line}"),
        Level::Error => tracing::error!(plugin, "{line}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_add_up_and_the_worst_circuit_shows() {
        let lane = |calls, circuit, code, sum| Health {
            calls,
            circuit,
            faults: [(code, 1)].into(),
            metrics: [("seen".to_owned(), sum)].into(),
            ..Health::default()
        };
        let mut health = Health::default();
        for other in [
            lane(3, CircuitState::Closed, "trap", 1.5),
            lane(4, CircuitState::Open, "fuel", 0.5),
            lane(0, CircuitState::HalfOpen, "trap", 2.0),
        ] {
            health.merge(&other);
        }
        assert_eq!(health.calls, 7);
        assert_eq!(health.circuit, CircuitState::Open);
        assert_eq!(health.faults, [("fuel", 1), ("trap", 2)].into());
        assert_eq!(health.metrics, [("seen".to_owned(), 4.0)].into());
        let json = serde_json::to_value(&health).unwrap();
        assert_eq!(json["circuit"], "open");
    }
}
