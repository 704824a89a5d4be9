//! What a service may say, and what makes it say it.

use super::template::Template;

/// How serious a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// For developers.
    Debug,
    /// Normal operation.
    Info,
    /// Odd but handled.
    Warn,
    /// Something failed.
    Error,
    /// The program cannot go on.
    Fatal,
}

impl Level {
    /// Reads a level's name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "debug" => Self::Debug,
            "info" => Self::Info,
            "warn" => Self::Warn,
            "error" => Self::Error,
            "fatal" => Self::Fatal,
            _ => return None,
        })
    }
}

/// What makes a service write a message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum When {
    /// A request runs an operation. At most one message of a group is written, each with its share.
    /// Group 0 is the outcome; it uses the luck of the request, so that services agree on it.
    Call {
        /// Name of the operation, as the routes know it.
        operation: &'static str,
        /// Group of alternatives within the operation.
        group: u32,
        /// Probability.
        share: f64,
        /// Median of the time that passes before it.
        after_ms: u32,
    },
    /// A timer fires.
    Every {
        /// Distance in seconds.
        period_s: u32,
        /// How late it may come, in milliseconds.
        jitter_ms: u32,
    },
    /// It happens at random, more often when there is more traffic.
    Random {
        /// Mean number of times on a day.
        per_day: f64,
        /// How many lines come in a row, about 2 s apart.
        lines: u32,
    },
    /// A call is tried again: rare on a good day, frequent when the service called is in trouble.
    Retry {
        /// Mean number of times on a day.
        per_day: f64,
    },
    /// The service starts.
    Start {
        /// Time after the start.
        after_ms: u32,
    },
    /// The service is asked to stop.
    Stop {
        /// Time after the request.
        after_ms: u32,
    },
    /// The nightly job runs.
    Night {
        /// Time after its start in seconds.
        after_s: u32,
        /// How many lines.
        lines: u32,
        /// Distance of them in seconds.
        step_s: u32,
    },
    /// The platform has something to tell, once or twice a day.
    Notice,
    /// Only an incident writes it: an error that was never seen before.
    Unseen,
    /// Only an incident writes it: the last words of a dying service, in the order of the catalogue.
    Death,
}

/// A message of a catalogue.
#[derive(Debug)]
pub(crate) struct Message {
    /// What makes the service write it.
    pub(crate) when: When,
    /// How serious it is.
    pub(crate) level: Level,
    /// Logger, component or program; the agent in access logs.
    pub(crate) source: &'static str,
    /// Text of the first version, as the catalogue has it.
    pub(crate) text: &'static str,
    /// The text taken apart; further lines follow as they are.
    pub(crate) template: Template,
    /// How a later version of the service words it.
    pub(crate) reworded: Option<Template>,
}

impl Message {
    /// How many lines a day come without a request.
    pub(crate) fn lines_per_day(&self) -> f64 {
        match self.when {
            When::Random { per_day, lines } => per_day * f64::from(lines),
            When::Retry { per_day } => per_day,
            When::Every { period_s, .. } => 86_400.0 / f64::from(period_s),
            _ => 0.0,
        }
    }
}
