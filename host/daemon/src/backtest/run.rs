//! What the windows of a replay were worth, over all sources.

use super::truth::Span;
use bellwether_core::report::WindowScore;
use std::collections::BTreeMap;

/// The windows of a run in which something was odd; of each the source that was oddest.
#[derive(Debug)]
pub(crate) struct Run {
    /// From the first line to the last.
    pub(crate) log: Span,
    pub(crate) window_ms: i64,
    /// Windows below so many bits may be missing.
    pub(crate) scores_from_bits: f32,
    windows: BTreeMap<u64, WindowScore>,
    /// By the beginning of a window, how odd the oddest source was in it, be it news or not.
    states: BTreeMap<u64, f32>,
}

impl Run {
    pub(crate) fn new(window_ms: u64, scores_from_bits: f32) -> Self {
        let log = Span { start_ms: i64::MAX, end_ms: i64::MIN };
        Run {
            log,
            window_ms: window_ms as i64,
            scores_from_bits,
            windows: BTreeMap::new(),
            states: BTreeMap::new(),
        }
    }

    /// Takes note that the log goes from one moment to another in one of its sources.
    pub(crate) fn cover(&mut self, first_ms: i64, last_ms: i64) {
        self.log.start_ms = self.log.start_ms.min(first_ms);
        self.log.end_ms = self.log.end_ms.max(last_ms);
    }

    /// Takes the score of a window of one source; the order of calls does not matter.
    pub(crate) fn push(&mut self, score: WindowScore) {
        let state = self.states.entry(score.start_ms).or_default();
        *state = state.max(score.state_bits);
        if score.news_bits < self.scores_from_bits {
            return;
        }
        let known = self.windows.get(&score.start_ms);
        let louder = known.is_none_or(|known| {
            let order = known.news_bits.total_cmp(&score.news_bits);
            order.then_with(|| score.source.cmp(&known.source)).is_lt()
        });
        if louder {
            self.windows.insert(score.start_ms, score);
        }
    }

    /// The windows in the order of time.
    pub(crate) fn windows(&self) -> impl Iterator<Item = &WindowScore> {
        self.windows.values()
    }

    /// First moments of the windows that were so odd.
    pub(crate) fn odd_windows(&self, from_bits: f32) -> impl Iterator<Item = i64> {
        let odd = self.states.iter().filter(move |(_, state)| **state >= from_bits);
        odd.map(|(start_ms, _)| *start_ms as i64)
    }

    /// The time of a window.
    pub(crate) fn span(&self, window: &WindowScore) -> Span {
        let start_ms = window.start_ms as i64;
        Span { start_ms, end_ms: start_ms + self.window_ms }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(source: &str, start_ms: u64, news_bits: f32) -> WindowScore {
        let (source, detector, sentence) = (source.into(), String::new(), String::new());
        WindowScore { source, start_ms, news_bits, state_bits: news_bits, detector, sentence }
    }

    #[test]
    fn the_oddest_source_speaks_whoever_comes_first() {
        let scores = [
            score("b", 60, 7.0),
            score("a", 60, 7.0),
            score("c", 60, 6.0),
            score("c", 0, 9.0),
            score("a", 120, 2.9),
        ];
        for turned in [false, true] {
            let mut run = Run::new(60, 3.0);
            let order: Box<dyn Iterator<Item = &WindowScore>> =
                if turned { Box::new(scores.iter().rev()) } else { Box::new(scores.iter()) };
            order.for_each(|score| run.push(score.clone()));
            let seen: Vec<_> =
                run.windows().map(|window| (window.start_ms, &window.source[..])).collect();
            assert_eq!(seen, [(0, "c"), (60, "a")], "turned: {turned}");
        }
    }

    #[test]
    fn the_log_reaches_over_all_sources() {
        let mut run = Run::new(60, 0.0);
        run.cover(50, 70);
        run.cover(10, 60);
        assert_eq!(run.log, Span { start_ms: 10, end_ms: 70 });
    }
}
