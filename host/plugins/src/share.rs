//! How much of its fuel a plugin gets: who is killed for fuel or time again and again gets less, and costs others less.

use crate::limits::Limits;

/// The share of one plugin in one lane, as halvings of the whole.
#[derive(Debug, Default)]
pub(crate) struct Share {
    halvings: u32,
    /// When it was last killed, or its share last grew.
    since_ms: Option<u64>,
}

impl Share {
    /// How often the fuel is halved.
    pub(crate) fn halvings(&self) -> u32 {
        self.halvings
    }

    /// A call was ended for want of fuel or time. The first time is borne.
    pub(crate) fn kill(&mut self, now_ms: u64, limits: &Limits) {
        if self.since_ms.is_some() {
            self.halvings = (self.halvings + 1).min(limits.share_halvings_max);
        }
        self.since_ms = Some(now_ms);
    }

    /// Event time has come so far; the share is doubled again for each stretch without such an end.
    pub(crate) fn pass(&mut self, now_ms: u64, limits: &Limits) {
        while let Some(since_ms) = self.since_ms
            && now_ms.saturating_sub(since_ms) >= limits.share_grows_after_ms
        {
            let grown_ms = since_ms.saturating_add(limits.share_grows_after_ms);
            self.since_ms = (self.halvings > 0).then_some(grown_ms);
            self.halvings = self.halvings.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What happens at a minute, and the halvings then.
    enum Step {
        Kill(u64, u32),
        Pass(u64, u32),
    }
    use Step::{Kill, Pass};

    fn check(steps: &[Step]) {
        let limits = Limits::default();
        let mut share = Share::default();
        for (number, step) in steps.iter().enumerate() {
            let (Kill(minute, halvings) | Pass(minute, halvings)) = *step;
            share.pass(minute * 60_000, &limits);
            if matches!(step, Kill(..)) {
                share.kill(minute * 60_000, &limits);
            }
            assert_eq!(share.halvings(), halvings, "step {number}");
        }
    }

    #[test]
    fn repeated_kills_halve_and_clean_hours_double() {
        check(&[Kill(0, 0), Kill(1, 1), Kill(2, 2), Kill(3, 3), Kill(4, 4), Kill(5, 4)]);
        check(&[Kill(0, 0), Pass(59, 0), Kill(59, 1), Pass(118, 1), Pass(119, 0)]);
        check(&[Kill(0, 0), Kill(60, 0), Kill(119, 1)]);
        check(&[Kill(0, 0), Kill(1, 1), Kill(2, 2), Kill(3, 3), Pass(123, 1), Pass(10_000, 0)]);
    }

    #[test]
    fn a_share_that_is_whole_again_bears_the_next_kill() {
        check(&[Kill(0, 0), Kill(1, 1), Pass(200, 0), Kill(201, 0), Kill(202, 1)]);
    }
}
