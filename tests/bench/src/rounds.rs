//! Rounds of a measurement, and what is read from them.

use anyhow::Result;
use std::time::{Duration, Instant};

/// Rounds that count; odd, so that a median is a figure that was measured.
pub(crate) const ROUNDS: usize = 9;
/// Least time over which short work is repeated.
const SPAN_MIN: Duration = Duration::from_millis(40);

/// Figures of all rounds.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Rounds {
    ours: Vec<f64>,
    /// As many as ours, or none where there is no peer.
    theirs: Vec<f64>,
}

/// Middle and ends of some figures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Rounds {
    /// Measures without a peer. The first round warms up and does not count.
    pub(crate) fn alone(mut ours: impl FnMut() -> Result<f64>) -> Result<Self> {
        let mut rounds = Rounds::default();
        ours()?;
        for _ in 0..ROUNDS {
            rounds.ours.push(ours()?);
        }
        Ok(rounds)
    }

    /// Measures in turns with a peer. The first round warms up and does not count.
    pub(crate) fn against(
        mut ours: impl FnMut() -> Result<f64>,
        mut theirs: impl FnMut() -> Result<f64>,
    ) -> Result<Self> {
        let mut rounds = Rounds::default();
        ours()?;
        theirs()?;
        for _ in 0..ROUNDS {
            rounds.ours.push(ours()?);
            rounds.theirs.push(theirs()?);
        }
        Ok(rounds)
    }

    /// Figures that were measured elsewhere, in turns.
    pub(crate) fn of(ours: Vec<f64>, theirs: Vec<f64>) -> Self {
        debug_assert_eq!(ours.len(), theirs.len());
        Rounds { ours, theirs }
    }

    /// One figure made of both, round by round.
    pub(crate) fn combined(&self, figure: impl Fn(f64, f64) -> f64) -> Rounds {
        let pairs = self.ours.iter().zip(&self.theirs);
        Rounds {
            ours: pairs.map(|(ours, theirs)| figure(*ours, *theirs)).collect(),
            theirs: Vec::new(),
        }
    }

    /// Our figures.
    pub(crate) fn ours(&self) -> Spread {
        Spread::of(&self.ours).expect("there is at least one round")
    }

    /// The peer's figures.
    pub(crate) fn theirs(&self) -> Option<Spread> {
        Spread::of(&self.theirs)
    }

    /// Ours divided by the peer's, round by round.
    pub(crate) fn ratio(&self) -> Option<Spread> {
        let pairs = self.ours.iter().zip(&self.theirs);
        Spread::of(&pairs.map(|(ours, theirs)| ours / theirs).collect::<Vec<_>>())
    }
}

impl Spread {
    fn of(figures: &[f64]) -> Option<Self> {
        let mut sorted = figures.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        Some(Spread { median: sorted[sorted.len() / 2], min, max })
    }
}

/// Nanoseconds that each item of some work costs. Work too short for the clock is repeated, twice as often each time.
pub(crate) fn ns_per_item(items: usize, mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut times = 1_usize;
    loop {
        let began = Instant::now();
        for _ in 0..times {
            work()?;
        }
        let taken = began.elapsed();
        if taken >= SPAN_MIN {
            return Ok(taken.as_secs_f64() * 1e9 / (times * items) as f64);
        }
        times *= 2;
    }
}

/// The same for work that begins with something new each time, the making of which does not count.
pub(crate) fn ns_per_item_anew<T>(
    items: usize,
    mut make: impl FnMut() -> Result<T>,
    mut work: impl FnMut(&mut T) -> Result<()>,
) -> Result<f64> {
    let (mut taken, mut times) = (Duration::ZERO, 0);
    while taken < SPAN_MIN {
        let mut made = make()?;
        let began = Instant::now();
        work(&mut made)?;
        taken += began.elapsed();
        times += 1;
    }
    Ok(taken.as_secs_f64() * 1e9 / (times * items) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(median: f64, min: f64, max: f64) -> Option<Spread> {
        Some(Spread { median, min, max })
    }

    #[test]
    fn a_spread_has_the_middle_and_the_ends() {
        let cases: [(&[f64], Option<Spread>); 4] = [
            (&[], None),
            (&[5.0], spread(5.0, 5.0, 5.0)),
            (&[9.0, 1.0, 2.0], spread(2.0, 1.0, 9.0)),
            (&[3.0, 100.0, 2.0, 4.0, 1.0], spread(3.0, 1.0, 100.0)),
        ];
        for (figures, expected) in cases {
            assert_eq!(Spread::of(figures), expected, "{figures:?}");
        }
    }

    #[test]
    fn ratios_are_taken_within_a_round() {
        let rounds = Rounds { ours: vec![2.0, 30.0, 8.0], theirs: vec![1.0, 10.0, 2.0] };
        assert_eq!(rounds.ratio(), spread(3.0, 2.0, 4.0));
        assert_eq!(rounds.theirs(), spread(2.0, 1.0, 10.0));
        let sums = rounds.combined(|ours, theirs| ours + theirs);
        assert_eq!(
            (sums.ours(), sums.theirs(), sums.ratio()),
            (Spread { median: 10.0, min: 3.0, max: 40.0 }, None, None)
        );
    }

    #[test]
    fn both_take_turns_and_the_first_round_does_not_count() {
        let calls = std::cell::RefCell::new(Vec::new());
        let call = |who: u8| {
            calls.borrow_mut().push(who);
            Ok(calls.borrow().len() as f64)
        };
        let rounds = Rounds::against(|| call(1), || call(2)).expect("nothing fails");
        assert_eq!(*calls.borrow(), [1, 2].repeat(ROUNDS + 1));
        assert_eq!((rounds.ours.len(), rounds.theirs.len()), (ROUNDS, ROUNDS));
        assert_eq!((rounds.ours[0], rounds.theirs[0]), (3.0, 4.0));
    }
}
