//! How long things are kept, and from when counts are coarser.

const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;

/// How many days things are kept.
///
/// Counts, templates, sources, anomalies and dead letters age by event time, held against the tenant's watermark; alerts,
/// which have to do with people, and the audit log by the wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Counts of lines.
    pub counts_days: u32,
    /// Resolved anomalies, by their last window.
    pub anomalies_days: u32,
    /// Templates without lines.
    pub templates_days: u32,
    /// Sources without lines, with the state that is kept for them; never shorter than their counts.
    pub sources_days: u32,
    /// What plugins could not bear.
    pub dead_letters_days: u32,
    /// Alerts that were sent.
    pub alerts_days: u32,
    /// Alerts that died or were suppressed, and silences that are over.
    pub quiet_days: u32,
    /// Entries of the audit log.
    pub audit_days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Retention {
            counts_days: 90,
            anomalies_days: 365,
            templates_days: 90,
            sources_days: 365,
            dead_letters_days: 30,
            alerts_days: 7,
            quiet_days: 30,
            audit_days: 365,
        }
    }
}

/// Moments before which things are old, for one watermark.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Horizon {
    /// Panes that start earlier become minutes.
    pub(crate) panes_ms: u64,
    /// Minutes that start earlier become hours.
    pub(crate) minutes_ms: u64,
    pub(crate) counts_ms: u64,
    pub(crate) anomalies_ms: u64,
    pub(crate) templates_ms: u64,
    pub(crate) sources_ms: u64,
    pub(crate) dead_letters_ms: u64,
}

impl Horizon {
    /// Whole hours everywhere, so that a span is rolled up or dropped as a whole.
    pub(crate) fn of(watermark_ms: u64, retention: &Retention) -> Self {
        let before = |ms: u64| {
            let moment = watermark_ms.saturating_sub(ms);
            moment - moment % HOUR_MS
        };
        let days = |days: u32| before(u64::from(days).saturating_mul(DAY_MS));
        Horizon {
            panes_ms: before(2 * HOUR_MS),
            minutes_ms: before(2 * DAY_MS),
            counts_ms: days(retention.counts_days),
            anomalies_ms: days(retention.anomalies_days),
            templates_ms: days(retention.templates_days),
            dead_letters_ms: days(retention.dead_letters_days),
            sources_ms: days(retention.sources_days.max(retention.counts_days.saturating_add(1))),
        }
    }
}

/// How finely counts are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grain {
    Pane = 0,
    Minute = 1,
    Hour = 2,
}

impl Grain {
    pub(crate) const ALL: [Grain; 3] = [Grain::Pane, Grain::Minute, Grain::Hour];

    /// Length of a span; the pipeline's panes may be longer, never shorter.
    pub(crate) fn step_ms(self) -> u64 {
        match self {
            Grain::Pane => 10_000,
            Grain::Minute => 60_000,
            Grain::Hour => HOUR_MS,
        }
    }

    /// Number in the database.
    pub(crate) fn code(self) -> i64 {
        self as i64
    }
}

impl Horizon {
    /// The grain in which a span that starts then is to be kept.
    pub(crate) fn grain(&self, start_ms: u64) -> Grain {
        if start_ms < self.minutes_ms {
            Grain::Hour
        } else if start_ms < self.panes_ms {
            Grain::Minute
        } else {
            Grain::Pane
        }
    }
}
