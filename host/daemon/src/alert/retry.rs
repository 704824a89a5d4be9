//! When to try again: later each time, and not all at once.

use std::hash::{BuildHasher, RandomState};

use crate::config::AlertConfig;

/// Pauses between attempts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pauses {
    first_ms: u64,
    longest_ms: u64,
}

impl Pauses {
    pub(super) fn new(config: &AlertConfig) -> Pauses {
        Pauses { first_ms: config.retry_first_s * 1000, longest_ms: config.retry_max_s * 1000 }
    }

    /// The pause after the attempt that failed, counted from 1. Its upper end doubles with each attempt; within it chance
    /// decides, so that what failed together does not come back together.
    pub(super) fn after_ms(&self, attempt: u32, chance: u64) -> u64 {
        let doublings = attempt.saturating_sub(1).min(u64::BITS - 1);
        let upper_ms = self.first_ms.saturating_mul(1 << doublings).min(self.longest_ms);
        let lower_ms = (self.first_ms / 2).min(upper_ms);
        lower_ms + chance % (upper_ms - lower_ms + 1)
    }
}

/// A number that nobody can foresee. Standard hash keys are random, and differ each time.
pub(super) fn chance() -> u64 {
    RandomState::new().hash_one(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_within_their_bounds() {
        let pauses = Pauses { first_ms: 5_000, longest_ms: 3_600_000 };
        let cases = [
            (0, 2_500, 5_000),
            (1, 2_500, 5_000),
            (2, 2_500, 10_000),
            (10, 2_500, 2_560_000),
            (11, 2_500, 3_600_000),
            (100, 2_500, 3_600_000),
            (u32::MAX, 2_500, 3_600_000),
        ];
        for (attempt, lower_ms, upper_ms) in cases {
            let span = upper_ms - lower_ms;
            assert_eq!(pauses.after_ms(attempt, 0), lower_ms, "{attempt}");
            assert_eq!(pauses.after_ms(attempt, span), upper_ms, "{attempt}");
            assert_eq!(pauses.after_ms(attempt, span + 1), lower_ms, "{attempt}");
            let any_ms = pauses.after_ms(attempt, chance());
            assert!((lower_ms..=upper_ms).contains(&any_ms), "{attempt}: {any_ms}");
        }
        let same = Pauses { first_ms: 1_000, longest_ms: 1_000 };
        assert_eq!(same.after_ms(50, u64::MAX), 500 + u64::MAX % 501);
    }
}
