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
    /// It is left out.
    Open,
}

/// The circuit of one plugin in one lane.
#[derive(Debug, Default)]
pub(crate) struct Circuit {
    state: CircuitState,
    faults_ms: VecDeque<u64>,
    pause_ms: u64,
    ends_ms: u64,
}

impl Circuit {
    /// Whether the plugin may be asked now.
    pub(crate) fn admits(&mut self, now_ms: u64) -> bool {
        if self.state == CircuitState::Open && now_ms >= self.ends_ms {
            self.state = CircuitState::HalfOpen;
        }
        self.state != CircuitState::Open
    }

    /// A call succeeded.
    pub(crate) fn success(&mut self) {
        if self.state == CircuitState::HalfOpen {
            self.state = CircuitState::Closed;
            self.faults_ms.clear();
        }
    }

    /// A call failed.
    pub(crate) fn fault(&mut self, now_ms: u64, limits: &Limits) {
        self.faults_ms.push_back(now_ms);
        while let Some(&first_ms) = self.faults_ms.front()
            && now_ms.saturating_sub(first_ms) > limits.circuit_within_ms
        {
            self.faults_ms.pop_front();
        }
        let often = self.faults_ms.len() > limits.circuit_faults_max;
        if self.state == CircuitState::HalfOpen || often {
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
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use CircuitState::{Closed, HalfOpen, Open};

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
                Success(_, _) => circuit.success(),
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
    fn pauses_double_up_to_the_longest() {
        let limits = Limits::default();
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
        circuit.success();
        now_ms += limits.circuit_pause_ms_max + 1;
        for _ in 0..=limits.circuit_faults_max {
            circuit.fault(now_ms, &limits);
        }
        assert_eq!(circuit.ends_ms - now_ms, limits.circuit_pause_ms_min, "well for long");
    }
}
