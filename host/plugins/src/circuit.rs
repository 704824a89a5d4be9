//! Leaves a plugin out for a while when it fails too often, in event time.

use std::collections::VecDeque;

use serde::Serialize;

use crate::limits::Limits;

/// Whether a plugin is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CircuitState {
    /// It is.
    #[default]
    Closed,
    /// It is asked once, and what comes of that decides.
    HalfOpen,
    /// It is left out for a while.
    Open,
    /// It is left out until it is opened anew.
    Quarantined,
}

/// The circuit of one plugin in one lane.
#[derive(Debug, Default)]
pub(crate) struct Circuit {
    state: CircuitState,
    faults_ms: VecDeque<u64>,
    pause_ms: u64,
    ends_ms: u64,
    /// When it was opened lately.
    openings_ms: VecDeque<u64>,
    /// Rows of late, and how many of them were poison.
    lately: VecDeque<(usize, usize)>,
}

impl Circuit {
    /// Whether the plugin may be asked now.
    pub(crate) fn admits(&mut self, now_ms: u64) -> bool {
        if self.state == CircuitState::Open && now_ms >= self.ends_ms {
            self.state = CircuitState::HalfOpen;
        }
        matches!(self.state, CircuitState::Closed | CircuitState::HalfOpen)
    }

    /// A call over so many rows succeeded.
    pub(crate) fn success(&mut self, rows: usize, limits: &Limits) {
        self.note(rows, 0, limits);
        if self.state == CircuitState::HalfOpen {
            self.state = CircuitState::Closed;
            self.faults_ms.clear();
        }
    }

    /// A call failed.
    pub(crate) fn fault(&mut self, now_ms: u64, limits: &Limits) {
        self.faults_ms.push_back(now_ms);
        forget_before(&mut self.faults_ms, now_ms, limits.circuit_within_ms);
        let often = self.faults_ms.len() > limits.circuit_faults_max;
        if self.state == CircuitState::HalfOpen || often {
            self.give_up(now_ms, limits);
        }
    }

    /// A call over so many rows went well but for some that are poison.
    pub(crate) fn poison(&mut self, poison: usize, rows: usize, now_ms: u64, limits: &Limits) {
        self.note(rows, poison, limits);
        let lately = self.lately.iter();
        let (all, bad) = lately.fold((0, 0), |sum, (rows, bad)| (sum.0 + rows, sum.1 + bad));
        let borne = all.max(limits.circuit_poison_rows) / limits.circuit_rows_per_poison.max(1);
        if self.state == CircuitState::HalfOpen || bad > borne {
            self.open(now_ms, limits);
        }
    }

    /// It is not worth asking any further for now.
    pub(crate) fn give_up(&mut self, now_ms: u64, limits: &Limits) {
        if matches!(self.state, CircuitState::Closed | CircuitState::HalfOpen) {
            self.open(now_ms, limits);
        }
    }

    /// Whether the plugin is asked.
    pub(crate) fn state(&self) -> CircuitState {
        self.state
    }

    /// A plugin that has been well for as long as the longest pause begins with the shortest again.
    fn open(&mut self, now_ms: u64, limits: &Limits) {
        let (least_ms, most_ms) = (limits.circuit_pause_ms_min, limits.circuit_pause_ms_max);
        let well_ms = now_ms.saturating_sub(self.ends_ms);
        let again = self.pause_ms != 0 && well_ms <= most_ms;
        let doubled_ms = self.pause_ms.saturating_mul(2);
        self.pause_ms = if again { doubled_ms.clamp(least_ms, most_ms) } else { least_ms };
        self.ends_ms = now_ms.saturating_add(self.pause_ms);
        self.state = CircuitState::Open;
        self.faults_ms.clear();
        self.lately.clear();
        self.openings_ms.push_back(now_ms);
        forget_before(&mut self.openings_ms, now_ms, limits.circuit_openings_within_ms);
        if self.openings_ms.len() > limits.circuit_openings_max {
            self.state = CircuitState::Quarantined;
        }
    }

    /// Notes rows in stretches, of which as few are kept as the share of poison is told by.
    fn note(&mut self, rows: usize, poison: usize, limits: &Limits) {
        let stretch = limits.circuit_poison_rows / 10;
        match self.lately.back_mut() {
            Some((all, bad)) if *all < stretch => {
                *all += rows;
                *bad += poison;
            }
            _ => self.lately.push_back((rows, poison)),
        }
        let mut all: usize = self.lately.iter().map(|(rows, _)| rows).sum();
        while let Some((first, _)) = self.lately.front()
            && all - first >= limits.circuit_poison_rows
        {
            all -= first;
            self.lately.pop_front();
        }
    }
}

/// Lets go of moments that are longer ago than that.
fn forget_before(moments_ms: &mut VecDeque<u64>, now_ms: u64, within_ms: u64) {
    while let Some(&first_ms) = moments_ms.front()
        && now_ms.saturating_sub(first_ms) > within_ms
    {
        moments_ms.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use CircuitState::{Closed, HalfOpen, Open, Quarantined};

    /// What happens at a second of event time, and the state after it.
    enum Step {
        Fault(u64, CircuitState),
        Success(u64, CircuitState),
        LeftOut(u64),
    }
    use Step::{Fault, LeftOut, Success};

    fn check(steps: &[Step]) {
        let limits = Limits::default();
        let mut circuit = Circuit::default();
        for (number, step) in steps.iter().enumerate() {
            let (Fault(at_s, _) | Success(at_s, _) | LeftOut(at_s)) = *step;
            let admitted = circuit.admits(at_s * 1000);
            assert_eq!(admitted, !matches!(step, LeftOut(_)), "step {number}");
            match *step {
                Fault(_, _) => circuit.fault(at_s * 1000, &limits),
                Success(_, _) => circuit.success(1, &limits),
                LeftOut(_) => {}
            }
            let (Fault(_, expected) | Success(_, expected)) = *step else { continue };
            assert_eq!(circuit.state(), expected, "step {number}");
        }
    }

    #[test]
    fn the_fourth_fault_within_a_minute_opens() {
        check(&[Fault(0, Closed), Fault(1, Closed), Fault(2, Closed), Fault(3, Open), LeftOut(3)]);
        check(&[Fault(0, Closed), Fault(1, Closed), Fault(2, Closed), Fault(62, Closed)]);
    }

    #[test]
    fn one_call_after_the_pause_decides() {
        let opening = || [Fault(0, Closed), Fault(0, Closed), Fault(0, Closed), Fault(0, Open)];
        let well = opening().into_iter().chain([Success(1, Closed), Fault(2, Closed)]);
        check(&well.collect::<Vec<_>>());
        let ill = [Fault(1, Open), LeftOut(2), Fault(3, Open), LeftOut(6), Success(7, Closed)];
        check(&opening().into_iter().chain(ill).collect::<Vec<_>>());
    }

    #[test]
    fn too_much_poison_opens() {
        let limits = Limits::default();
        // Rows and poison of each call; whether it opens at the last.
        let cases: [(&[(usize, usize)], CircuitState); 6] = [
            (&[(100, 10)], Closed),
            (&[(100, 10), (1, 1)], Open),
            (&[(100, 5), (9000, 0), (100, 5), (1, 1)], Open),
            (&[(100, 5), (20_000, 0), (100, 5), (1, 1)], Closed),
            (&[(50_000, 50)], Closed),
            (&[(50_000, 51)], Open),
        ];
        for (calls, state) in cases {
            let mut circuit = Circuit::default();
            for &(rows, poison) in calls {
                assert_eq!(circuit.state(), Closed, "{calls:?}");
                match poison {
                    0 => circuit.success(rows, &limits),
                    _ => circuit.poison(poison, rows, 0, &limits),
                }
            }
            assert_eq!(circuit.state(), state, "{calls:?}");
            assert!(circuit.lately.len() < 20, "{calls:?}");
        }
    }

    #[test]
    fn the_sixth_opening_within_an_hour_is_for_good() {
        let limits = Limits::default();
        // The minutes at which it is given up, and what it is then.
        let cases: [(&[u64], CircuitState); 3] = [
            (&[0, 10, 20, 30, 40, 50], Quarantined),
            (&[0, 10, 20, 30, 40, 61], Open),
            (&[0, 10, 20, 30, 40, 61, 62], Quarantined),
        ];
        for (minutes, state) in cases {
            let mut circuit = Circuit::default();
            for minute in minutes {
                assert!(circuit.admits(minute * 60_000), "{minutes:?}");
                circuit.give_up(minute * 60_000, &limits);
            }
            assert_eq!(circuit.state(), state, "{minutes:?}");
            let admitted = circuit.admits(u64::MAX);
            assert_eq!(admitted, state != Quarantined, "{minutes:?}");
        }
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let limits = Limits { circuit_openings_max: 100, ..Limits::default() };
        let mut circuit = Circuit { state: HalfOpen, ..Circuit::default() };
        let mut now_ms = 0;
        let mut pauses_s = Vec::new();
        for _ in 0..11 {
            assert!(circuit.admits(now_ms));
            circuit.fault(now_ms, &limits);
            pauses_s.push((circuit.ends_ms - now_ms) / 1000);
            now_ms = circuit.ends_ms;
        }
        assert_eq!(pauses_s, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert!(circuit.admits(now_ms));
        circuit.success(1, &limits);
        now_ms += limits.circuit_pause_ms_max + 1;
        for _ in 0..=limits.circuit_faults_max {
            circuit.fault(now_ms, &limits);
        }
        assert_eq!(circuit.ends_ms - now_ms, limits.circuit_pause_ms_min, "well for long");
    }
}
