//! The counts of the last windows, summed over a current span and over the baseline before it.

use super::measure::Pair;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// Stands for all templates beyond the limit of a window; ids begin at 1.
const OTHERS: u32 = 0;

/// What is remembered of one source.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Past {
    /// Lines per template of each window, the newest last.
    windows: VecDeque<Vec<(u32, u32)>>,
    /// Current and baseline lines of each template that either has.
    sums: BTreeMap<u32, (u64, u64)>,
}

/// Lengths of the spans, and how many templates are told apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spans {
    pub(crate) current_windows: usize,
    pub(crate) baseline_windows: usize,
    pub(crate) templates_max: usize,
}

impl Past {
    /// Takes a window, with its lines per template.
    pub(crate) fn push(&mut self, spans: Spans, counts: impl Iterator<Item = (u32, u32)>) {
        let mut window: Vec<(u32, u32)> = counts.filter(|(_, count)| *count > 0).collect();
        pool_rarest(&mut window, spans.templates_max);
        for (template, count) in &window {
            self.sums.entry(*template).or_default().0 += u64::from(*count);
        }
        self.windows.push_back(window);
        let Spans { current_windows, baseline_windows, .. } = spans;
        if let Some(aged) = self.windows.len().checked_sub(current_windows + 1) {
            for (template, count) in &self.windows[aged] {
                let sum = self.sums.entry(*template).or_default();
                sum.0 = sum.0.saturating_sub(u64::from(*count));
                sum.1 += u64::from(*count);
            }
        }
        if self.windows.len() > current_windows + baseline_windows
            && let Some(oldest) = self.windows.pop_front()
        {
            for (template, count) in oldest {
                let sum = self.sums.entry(template).or_default();
                sum.1 = sum.1.saturating_sub(u64::from(count));
            }
            self.sums.retain(|_, sum| *sum != (0, 0));
        }
    }

    /// Windows of the baseline so far.
    pub(crate) fn baseline_windows(&self, spans: Spans) -> usize {
        self.windows.len().saturating_sub(spans.current_windows)
    }

    /// The templates that either span has, with their lines.
    pub(crate) fn pairs(&self) -> (Vec<u32>, Vec<Pair>) {
        let pair = |(template, sum): (&u32, &(u64, u64))| {
            (*template, Pair { current: sum.0, baseline: sum.1 })
        };
        self.sums.iter().map(pair).unzip()
    }
}

/// Puts the templates with the fewest lines together, so that no window holds more than it may.
fn pool_rarest(window: &mut Vec<(u32, u32)>, templates_max: usize) {
    if window.len() <= templates_max {
        return;
    }
    window.sort_unstable_by_key(|(template, count)| (std::cmp::Reverse(*count), *template));
    let rest = window.split_off(templates_max - 1);
    let lines = rest.iter().fold(0u32, |sum, (_, count)| sum.saturating_add(*count));
    window.push((OTHERS, lines));
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPANS: Spans = Spans { current_windows: 2, baseline_windows: 3, templates_max: 3 };

    /// Feeds windows and returns the sums as template, current lines, baseline lines.
    fn sums(windows: &[&[(u32, u32)]]) -> Vec<(u32, u64, u64)> {
        let mut past = Past::default();
        windows.iter().for_each(|window| past.push(SPANS, window.iter().copied()));
        let (templates, pairs) = past.pairs();
        let row = |(template, pair): (u32, Pair)| (template, pair.current, pair.baseline);
        templates.into_iter().zip(pairs).map(row).collect()
    }

    #[test]
    fn windows_age_from_the_current_span_into_the_baseline_and_out() {
        let one: &[(u32, u32)] = &[(1, 1)];
        let two: &[(u32, u32)] = &[(2, 10), (3, 0)];
        type Case<'a> = (&'a [&'a [(u32, u32)]], &'a [(u32, u64, u64)]);
        let cases: [Case<'_>; 6] = [
            (&[], &[]),
            (&[one, one], &[(1, 2, 0)]),
            (&[one, one, two], &[(1, 1, 1), (2, 10, 0)]),
            (&[one, one, two, two], &[(1, 0, 2), (2, 20, 0)]),
            (&[one, one, two, two, two, &[]], &[(1, 0, 1), (2, 10, 20)]),
            (&[one, &[], &[], &[], &[], &[]], &[]),
        ];
        for (windows, expected) in cases {
            assert_eq!(sums(windows), expected, "{windows:?}");
        }
    }

    #[test]
    fn the_rarest_templates_of_a_window_share_a_place() {
        type Case<'a> = (&'a [(u32, u32)], &'a [(u32, u64, u64)]);
        let cases: [Case<'_>; 3] = [
            (&[(1, 5), (2, 6), (3, 7)], &[(1, 5, 0), (2, 6, 0), (3, 7, 0)]),
            (&[(1, 5), (2, 6), (3, 7), (4, 1)], &[(OTHERS, 6, 0), (2, 6, 0), (3, 7, 0)]),
            (&[(1, 1), (2, 1), (3, 1), (4, 1)], &[(OTHERS, 2, 0), (1, 1, 0), (2, 1, 0)]),
        ];
        for (window, expected) in cases {
            assert_eq!(sums(&[window]), expected, "{window:?}");
        }
    }
}
