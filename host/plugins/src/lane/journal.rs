//! What a plugin was given since the state of each source was saved, so that a new instance can be brought to where the
//! old one was.

use std::collections::{BTreeMap, VecDeque};

use bellwether_core::plugin::Given;

/// Calls in their order, and from which on each source is not in its saved state.
#[derive(Debug, Default)]
pub(super) struct Journal {
    calls: VecDeque<Given>,
    /// Number of the first of them.
    first: u64,
    bytes: usize,
    /// Sources with work since they were saved, and the number of the call with the first of it.
    touched: BTreeMap<u32, u64>,
}

impl Journal {
    /// Notes a call that went well.
    pub(super) fn note(&mut self, given: Given) {
        let number = self.first + self.calls.len() as u64;
        for source in given.sources() {
            self.touched.entry(source).or_insert(number);
        }
        self.bytes += given.bytes();
        self.calls.push_back(given);
    }

    /// A source counts as one with work, although it has had none.
    pub(super) fn touch(&mut self, source: u32) {
        self.touched.entry(source).or_insert(self.first + self.calls.len() as u64);
    }

    /// A source with work that is not saved.
    pub(super) fn first_touched(&self) -> Option<u32> {
        self.touched.keys().next().copied()
    }

    /// All such sources.
    pub(super) fn touched(&self) -> Vec<u32> {
        self.touched.keys().copied().collect()
    }

    /// Whether a source has such work.
    pub(super) fn has_touched(&self, source: u32) -> bool {
        self.touched.contains_key(&source)
    }

    /// The work of a source is saved, forgotten or lost.
    pub(super) fn settle(&mut self, source: u32) {
        self.touched.remove(&source);
        if self.touched.is_empty() {
            self.clear();
        }
    }

    /// All work is lost.
    pub(super) fn clear(&mut self) {
        self.touched.clear();
        self.first += self.calls.len() as u64;
        self.calls.clear();
        self.bytes = 0;
    }

    /// Whether it holds more than it may. Calls that nobody needs any more are let go of first.
    pub(super) fn is_full(&mut self, bytes_max: usize) -> bool {
        if self.bytes <= bytes_max {
            return false;
        }
        let needed = self.touched.values().min().copied().unwrap_or(u64::MAX);
        while self.first < needed
            && let Some(call) = self.calls.pop_front()
        {
            self.first += 1;
            self.bytes -= call.bytes();
        }
        self.bytes > bytes_max
    }

    /// The rows that are not saved, call by call.
    pub(super) fn work(&self) -> Vec<Given> {
        let calls = (self.first..).zip(&self.calls);
        let since = |source: u32| self.touched.get(&source).copied();
        calls
            .filter_map(|(number, call)| {
                call.only(|source| since(source).is_some_and(|first| first <= number))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bellwether_core::batch::Run;
    use bellwether_core::column::Column;
    use bellwether_core::plugin::Lines;

    use super::*;

    /// A call with a row of each of these sources.
    fn call(seq: u64, sources: &[u32]) -> Given {
        let runs: Vec<Run> = sources.iter().map(|&source| Run { source, rows: 1 }).collect();
        let columns = [Arc::new(Column::U32s(sources.to_vec()))];
        Given::lines(&Lines { seq, watermark_ms: 0, runs: &runs, columns: &columns })
    }

    fn work(journal: &Journal) -> Vec<Vec<u32>> {
        journal.work().iter().map(|call| call.sources().collect()).collect()
    }

    #[test]
    fn only_what_is_not_saved_is_done_again() {
        let mut journal = Journal::default();
        journal.note(call(1, &[1, 2]));
        journal.note(call(2, &[2, 3]));
        assert_eq!(work(&journal), [vec![1, 2], vec![2, 3]]);
        journal.settle(2);
        assert_eq!(work(&journal), [vec![1], vec![3]]);
        journal.note(call(3, &[2, 3]));
        assert_eq!(work(&journal), [vec![1], vec![3], vec![2, 3]], "a source that has work again");
        assert_eq!(journal.touched(), [1, 2, 3]);
        [1, 3, 2].into_iter().for_each(|source| journal.settle(source));
        assert_eq!((work(&journal).len(), journal.bytes), (0, 0), "all is saved");
        journal.note(call(4, &[1]));
        assert_eq!(work(&journal), [[1]]);
    }

    #[test]
    fn calls_that_nobody_needs_make_room() {
        let one = call(0, &[1]).bytes();
        let mut journal = Journal::default();
        for seq in 0..4 {
            journal.note(call(seq, &[1]));
        }
        assert!(!journal.is_full(4 * one));
        journal.note(call(4, &[2]));
        assert!(journal.is_full(4 * one));
        journal.settle(1);
        assert!(!journal.is_full(4 * one), "only the call of source 2 is needed");
        assert_eq!((journal.bytes, work(&journal)), (one, vec![vec![2]]));
        journal.clear();
        assert_eq!((journal.first_touched(), journal.bytes), (None, 0));
    }
}
