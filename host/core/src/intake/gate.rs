//! Event time of one input: how far it has come, who is late, and who claims to be from the future.

use crate::settings::Settings;
use serde::{Deserialize, Serialize};

/// So many records in a row that agree with one another make a jump ahead believable.
const CONFIRMATIONS: u32 = 3;

/// What becomes of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    InTime,
    Late,
    FromTheFuture,
}

/// What a gate goes by; not part of a saved one.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct GateLimits {
    pane_ms: i64,
    lateness_ms: i64,
    future_ms_max: i64,
    now_ms: i64,
}

impl GateLimits {
    /// `now_ms` is the clock at the edge.
    pub(super) fn new(settings: &Settings, now_ms: i64) -> Self {
        GateLimits {
            pane_ms: settings.pane_ms as i64,
            lateness_ms: settings.lateness_ms as i64,
            future_ms_max: settings.future_ms_max as i64,
            now_ms,
        }
    }
}

/// The clock of an input.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Gate {
    #[serde(skip)]
    limits: GateLimits,
    /// Newest event time of records in time.
    newest_ms: Option<i64>,
    /// The same, of records with a stamp.
    newest_stamp_ms: Option<i64>,
    /// Panes that end by then are complete.
    closed_ms: i64,
    jump: Option<(i64, u32)>,
}

impl Gate {
    pub(super) fn new(limits: GateLimits) -> Self {
        Gate { limits, newest_ms: None, newest_stamp_ms: None, closed_ms: 0, jump: None }
    }

    /// Goes on under these limits.
    pub(super) fn limit(&mut self, limits: GateLimits) {
        self.limits = limits;
    }

    /// Judges a record's time. A stamp after the clock's now, or far beyond all before it, is not believed; the latter
    /// is once several in a row say so, since logs do have gaps.
    pub(super) fn judge(&mut self, time_ms: i64) -> Admission {
        let GateLimits { now_ms, future_ms_max, pane_ms, .. } = self.limits;
        if time_ms > now_ms.saturating_add(future_ms_max) || time_ms < 0 {
            return Admission::FromTheFuture;
        }
        let leap = self.newest_stamp_ms.is_some_and(|newest| time_ms - newest > future_ms_max);
        if leap {
            let agrees = |(at, _): &(i64, u32)| (time_ms - at).abs() <= future_ms_max;
            let (_, count) = self.jump.filter(agrees).unwrap_or((time_ms, 0));
            self.jump = Some((time_ms, count + 1));
            if count + 1 < CONFIRMATIONS {
                return Admission::FromTheFuture;
            }
        }
        self.jump = None;
        let pane_end_ms = (time_ms / pane_ms + 1) * pane_ms;
        if pane_end_ms <= self.closed_ms { Admission::Late } else { Admission::InTime }
    }

    /// Takes note of a record in time; true when that completes a pane.
    pub(super) fn moves(&mut self, time_ms: i64, stamped: bool) -> bool {
        self.newest_ms = self.newest_ms.max(Some(time_ms));
        if stamped {
            self.newest_stamp_ms = self.newest_stamp_ms.max(Some(time_ms));
        }
        self.closing_ms() > self.closed_ms
    }

    /// Up to when panes are complete now.
    pub(super) fn closing_ms(&self) -> i64 {
        let GateLimits { lateness_ms, pane_ms, .. } = self.limits;
        let watermark_ms = self.newest_ms.unwrap_or(0) - lateness_ms;
        watermark_ms.div_euclid(pane_ms) * pane_ms
    }

    /// Lets the complete panes go.
    pub(super) fn close(&mut self) {
        self.closed_ms = self.closed_ms.max(self.closing_ms());
    }

    /// Lets panes go that others have shown to be over.
    pub(super) fn follow(&mut self, until_ms: u64) {
        self.closed_ms = self.closed_ms.max(until_ms as i64);
    }

    pub(super) fn closed_ms(&self) -> i64 {
        self.closed_ms
    }

    pub(super) fn newest_ms(&self) -> Option<i64> {
        self.newest_ms
    }

    pub(super) fn newest_stamp_ms(&self) -> Option<i64> {
        self.newest_stamp_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_early_and_in_between() {
        use Admission::{FromTheFuture, InTime, Late};
        const DAY: i64 = 86_400_000;
        let start = 1000 * DAY;
        let cases: [(&str, &[i64], Admission); 8] = [
            ("the first record", &[start], InTime),
            ("a little out of order", &[start + 15_000, start], InTime),
            ("after its pane was closed", &[start + 60_000, start], Late),
            ("after now", &[start, 2001 * DAY], FromTheFuture),
            ("year 9999", &[start, 253_402_300_799_000], FromTheFuture),
            ("before 1970", &[start, -1], FromTheFuture),
            ("a leap of two days", &[start, start + 2 * DAY], FromTheFuture),
            (
                "which others confirm",
                &[start, start + 2 * DAY, start + 2 * DAY, start + 2 * DAY + 1],
                InTime,
            ),
        ];
        for (name, times, expected) in cases {
            let mut gate = Gate::new(GateLimits::new(&Settings::default(), 2000 * DAY));
            let mut last = InTime;
            for time in times {
                last = gate.judge(*time);
                if last == InTime && gate.moves(*time, true) {
                    gate.close();
                }
            }
            assert_eq!(last, expected, "{name}");
        }
    }
}
