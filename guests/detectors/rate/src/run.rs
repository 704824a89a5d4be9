//! Evidence for a lasting change of rate, gathered over windows (Page's cumulative sum, 1954).
//!
//! Each window adds the logarithm of how much likelier its count is after a change than before; the sum never falls
//! below 0, which is where a change may begin. It needs no notion of how long a change lasts: two windows of five times
//! as many lines and five windows of three times as many gather as much. But it forgets within a quarter of an hour:
//! traffic that comes back after a lull would gather evidence until the baseline has caught up, and sums as high as that
//! would hide every real change.

use serde::{Deserialize, Serialize};

/// A fall is a fall to this share: half-way, in nats, between silence and a loss of half.
const FALL_SHARE: f32 = 0.25;
/// A rise is one to this many times as much, and to at least a line a window more: less is of no use to anybody.
const RISE_FACTOR: f32 = 2.0;
const RISE_LINES: f32 = 1.0;
/// No rate can be known to be lower than one line in an hour of windows.
const RATE_MIN: f32 = 1.0 / 60.0;
/// Share of the evidence that survives a window which speaks against a change, so that its end shows soon.
const KEPT: f32 = 0.75;
/// Share that survives any window: a sum forgets over 15 of them.
const REMEMBERED: f32 = 1.0 - 1.0 / 15.0;

/// Windows that point the same way.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Run {
    nats: f32,
    /// What the strongest window added.
    largest: f32,
    /// Whether the last window added.
    pub(crate) goes_on: bool,
    /// Whether the evidence is more than it was before: a window that adds less than is forgotten is an echo.
    pub(crate) grows: bool,
    /// Windows that added.
    pub(crate) windows: u32,
    pub(crate) lines: f32,
    pub(crate) expected: f32,
    /// Lines and expectation of the strongest window.
    strongest: (f32, f32),
}

/// A run if there is one: most templates have none at most times, and there are many of them.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(crate) struct Evidence(Option<Box<Run>>);

impl Evidence {
    /// Takes a window, with what it adds and what was expected of it.
    pub(crate) fn add(&mut self, nats: f32, count: u32, expected: f32) {
        let mut run = self.run();
        run.add(nats, count, expected);
        self.0 = (run.nats > 0.0).then(|| Box::new(run));
    }

    pub(crate) fn run(&self) -> Run {
        self.0.as_deref().copied().unwrap_or_default()
    }
}

impl Run {
    fn add(&mut self, nats: f32, count: u32, expected: f32) {
        let before = self.nats;
        self.nats = self.nats * REMEMBERED + nats;
        self.largest *= REMEMBERED;
        self.grows = self.nats > before;
        if nats < 0.0 {
            self.nats *= KEPT;
            self.largest *= KEPT;
        }
        if self.nats <= 0.0 {
            *self = Run::default();
            return;
        }
        if nats > self.largest {
            (self.largest, self.strongest) = (nats, (count as f32, expected));
        }
        self.goes_on = nats > 0.0;
        self.windows += u32::from(nats > 0.0);
        self.lines += count as f32;
        self.expected += expected;
    }

    /// A rise in standard deviations; one of a single window counts half.
    pub(crate) fn rise_z(&self) -> f32 {
        deviations(self.nats - self.largest).max(deviations(self.nats) / 2.0)
    }

    /// A fall in standard deviations; one of a single window, such as a gap while files are rotated, counts nothing.
    pub(crate) fn fall_z(&self) -> f32 {
        let (lines, expected) = self.strongest;
        let (lines, expected) = (self.lines - lines, self.expected - expected);
        (stabilise(expected) - stabilise(lines)).max(0.0)
    }
}

/// How much likelier a count is after a rise.
pub(crate) fn rise_nats(count: f32, expected: f32) -> f32 {
    let before = expected.max(RATE_MIN);
    let after = (before * RISE_FACTOR).max(before + RISE_LINES);
    count * (after / before).ln() - (after - before)
}

/// How much likelier a count is after a fall.
pub(crate) fn fall_nats(count: f32, expected: f32) -> f32 {
    expected * (1.0 - FALL_SHARE) + count * FALL_SHARE.ln()
}

/// The normal deviation that is as improbable.
pub(crate) fn deviations(nats: f32) -> f32 {
    (2.0 * nats.max(0.0)).sqrt()
}

/// Counts on a scale on which Poisson counts have a standard deviation of 1 (Anscombe 1948).
pub(crate) fn stabilise(count: f32) -> f32 {
    2.0 * (count + 0.375).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A window: its count, and what was expected.
    type Counted = (u32, f32);

    /// Windows of one count each, all with the same expectation.
    fn windows(count: u32, expected: f32, windows: usize) -> Vec<Counted> {
        vec![(count, expected); windows]
    }

    /// A run of what each window added; its counts do not matter.
    fn of_nats(nats: &[f32]) -> Run {
        let mut run = Run::default();
        nats.iter().for_each(|nats| run.add(*nats, 3, 2.0));
        run
    }

    /// A run of windows.
    fn of_counts(nats: fn(f32, f32) -> f32, windows: &[Counted]) -> Run {
        let mut run = Run::default();
        for (count, expected) in windows {
            run.add(nats(*count as f32, *expected), *count, *expected);
        }
        run
    }

    fn check(context: &str, value: f32, expected: f32) {
        assert!((value - expected).abs() < 0.01, "{context}: {value}, not {expected}");
    }

    #[test]
    fn a_count_speaks_for_a_rise_a_fall_or_neither() {
        let cases = [
            (100.0, 100.0, false, false),
            (140.0, 100.0, false, false),
            (150.0, 100.0, true, false),
            (60.0, 100.0, false, false),
            (50.0, 100.0, false, true),
            (0.0, 100.0, false, true),
            (1.0, 1.0, false, false),
            (2.0, 1.0, true, false),
            (1.0, 2.0, false, true),
            (0.0, 0.1, false, true),
            (1.0, 0.1, true, false),
            (0.0, 0.0, false, false),
            (1.0, 0.0, true, false),
        ];
        for (count, expected, rise, fall) in cases {
            let said = (rise_nats(count, expected) > 0.0, fall_nats(count, expected) > 0.0);
            assert_eq!(said, (rise, fall), "{count} where {expected} are usual");
        }
    }

    #[test]
    fn a_rise_of_one_window_counts_half() {
        let cases: [(&[f32], f32); 7] = [
            (&[], 0.0),
            (&[8.0], 2.0),
            (&[32.0], 4.0),
            (&[8.0, 8.0], 3.864),
            (&[8.0, 8.0, 8.0], 5.373),
            (&[8.0, 2.0], 2.176),
            (&[2.0, 8.0], 2.221),
        ];
        for (nats, z) in cases {
            check(&format!("{nats:?}"), of_nats(nats).rise_z(), z);
        }
    }

    #[test]
    fn a_fall_of_one_window_counts_nothing() {
        let cases: [(&str, Vec<Counted>, f32); 8] = [
            ("no window", vec![], 0.0),
            ("a silent window", windows(0, 100.0, 1), 0.0),
            ("a silent window of a busy one", windows(0, 1e6, 1), 0.0),
            ("two silent windows", windows(0, 100.0, 2), 18.813),
            ("three", windows(0, 100.0, 3), 27.086),
            ("two of a tenth", windows(10, 100.0, 2), 13.595),
            ("the strongest is left out", vec![(0, 100.0), (30, 100.0)], 9.014),
            ("wherever it is", vec![(30, 100.0), (0, 100.0)], 9.014),
        ];
        for (name, windows, z) in cases {
            check(name, of_counts(fall_nats, &windows).fall_z(), z);
        }
    }

    #[test]
    fn evidence_against_a_change_weakens_it_and_ends_it() {
        let cases: [(&[f32], f32, bool, u32); 7] = [
            (&[10.0], 10.0, true, 1),
            (&[10.0, -2.0], 5.5, false, 1),
            (&[10.0, -2.0, -2.0], 2.35, false, 1),
            (&[10.0, -2.0, 4.0], 9.133, true, 2),
            (&[10.0, -10.0], 0.0, false, 0),
            (&[10.0, -50.0, 4.0], 4.0, true, 1),
            (&[-50.0, 4.0], 4.0, true, 1),
        ];
        for (nats, kept, goes_on, windows) in cases {
            let run = of_nats(nats);
            check(&format!("{nats:?}"), run.nats, kept);
            assert_eq!((run.goes_on, run.windows), (goes_on, windows), "{nats:?}");
        }
        let over = of_nats(&[10.0, 10.0, -50.0]);
        assert_eq!((over.lines, over.expected, over.strongest), (0.0, 0.0, (0.0, 0.0)));
        assert_eq!((over.rise_z(), over.fall_z()), (0.0, 0.0), "nothing is left to speak");
        let weak = of_nats(&[8.0, 8.0, -4.0]);
        check("the strongest window weakens with the rest", weak.rise_z(), 2.11);
    }

    #[test]
    fn evidence_is_forgotten_and_an_echo_adds_none() {
        let of_ones = |windows: usize| of_nats(&vec![1.0; windows]).nats;
        check("an hour of evidence is worth a quarter of an hour", of_ones(60), 14.76);
        check("and so is a day", of_ones(1440), 15.0);
        let cases: [(&[f32], bool); 5] = [
            (&[10.0], true),
            (&[10.0, 0.5], false),
            (&[10.0, 0.7], true),
            (&[10.0, -1.0], false),
            (&[1.0, 1.0, 1.0], true),
        ];
        for (nats, grows) in cases {
            assert_eq!(of_nats(nats).grows, grows, "{nats:?}");
        }
    }

    #[test]
    fn a_sparse_message_needs_more_than_its_usual_pauses() {
        let line_each_ten: Vec<Counted> =
            (0..60).map(|window| (u32::from(window % 10 == 0), 0.1)).collect();
        let largest = (1..=60).map(|end| of_counts(rise_nats, &line_each_ten[..end]).rise_z());
        check("a line where one is due", largest.fold(0.0, f32::max), 0.836);
        let largest = (1..=60).map(|end| of_counts(fall_nats, &line_each_ten[..end]).fall_z());
        check("the pauses between", largest.fold(0.0, f32::max), 0.943);
        let cases = [(1, 0.0), (2, 0.154), (10, 1.034), (20, 1.791), (60, 3.785), (600, 14.312)];
        for (silent, z) in cases {
            let run = of_counts(fall_nats, &windows(0, 0.1, silent));
            check(&format!("{silent} silent windows"), run.fall_z(), z);
        }
        for (lines, z) in [(1, 0.836), (2, 1.615), (3, 2.246)] {
            let run = of_counts(rise_nats, &windows(1, 0.1, lines));
            check(&format!("{lines} lines in a row"), run.rise_z(), z);
        }
    }
}
