//! What a plugin was given in one call, to keep, to cut and to give again.

use super::{ClosedWindow, Lines};
use crate::batch::Run;
use crate::column::Column;
use std::ops::Range;
use std::sync::Arc;

/// Bytes of a call beside its columns.
const CALL_BYTES: usize = 128;

/// Lines or a window.
#[derive(Debug, Clone)]
pub enum Given {
    /// For `observe` and `evaluate`.
    Lines(GivenLines),
    /// For `close-window`.
    Window(GivenWindow),
}

/// Lines; their columns are shared with whoever else has them.
#[derive(Debug, Clone)]
pub struct GivenLines {
    /// As in [`Lines`].
    pub seq: u64,
    /// As in [`Lines`].
    pub watermark_ms: u64,
    /// As in [`Lines`].
    pub runs: Arc<[Run]>,
    /// As in [`Lines`].
    pub columns: Arc<[Arc<Column>]>,
}

/// A closed window.
#[derive(Debug, Clone)]
pub struct GivenWindow {
    /// As in [`ClosedWindow`].
    pub source: u32,
    /// As in [`ClosedWindow`].
    pub start_ms: u64,
    /// As in [`ClosedWindow`].
    pub end_ms: u64,
    /// As in [`ClosedWindow`].
    pub lines: u64,
    /// As in [`ClosedWindow`].
    pub rows: usize,
    /// As in [`ClosedWindow`].
    pub columns: Arc<[Arc<Column>]>,
    /// As in [`ClosedWindow`].
    pub vector: Arc<[f32]>,
}

impl Given {
    /// Lines, to keep.
    pub fn lines(lines: &Lines<'_>) -> Self {
        let &Lines { seq, watermark_ms, runs, columns } = lines;
        let (runs, columns) = (runs.into(), columns.into());
        Given::Lines(GivenLines { seq, watermark_ms, runs, columns })
    }

    /// A window, to keep.
    pub fn window(window: &ClosedWindow<'_>) -> Self {
        let &ClosedWindow { source, start_ms, end_ms, lines, rows, columns, vector } = window;
        let (columns, vector) = (columns.into(), vector.into());
        Given::Window(GivenWindow { source, start_ms, end_ms, lines, rows, columns, vector })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        match self {
            Given::Lines(lines) => lines.view().rows(),
            Given::Window(window) => window.rows,
        }
    }

    /// Event time that has come with it.
    pub fn time_ms(&self) -> u64 {
        match self {
            Given::Lines(lines) => lines.watermark_ms,
            Given::Window(window) => window.end_ms,
        }
    }

    /// Whose rows they are.
    pub fn sources(&self) -> impl Iterator<Item = u32> {
        let (runs, window) = match self {
            Given::Lines(lines) => (&lines.runs[..], None),
            Given::Window(window) => (&[][..], Some(window.source)),
        };
        runs.iter().map(|run| run.source).chain(window)
    }

    /// Roughly what keeping it takes.
    pub fn bytes(&self) -> usize {
        let (columns, others) = match self {
            Given::Lines(lines) => (&lines.columns, lines.runs.len() * size_of::<Run>()),
            Given::Window(window) => (&window.columns, window.vector.len() * 4),
        };
        CALL_BYTES + others + columns.iter().map(|column| column.bytes()).sum::<usize>()
    }

    /// Some adjacent rows of it; a window has no parts.
    pub fn part(&self, rows: Range<usize>) -> Given {
        let Given::Lines(lines) = self else { return self.clone() };
        let mut first = 0;
        let runs = lines.runs.iter().filter_map(|run| {
            let (start, end) = (first.max(rows.start), (first + run.rows as usize).min(rows.end));
            first += run.rows as usize;
            (start < end).then(|| Run { source: run.source, rows: (end - start) as u32 })
        });
        Given::Lines(lines.cut(runs.collect(), std::slice::from_ref(&rows)))
    }

    /// The rows of some sources; `None` where there are none.
    pub fn only(&self, wanted: impl Fn(u32) -> bool) -> Option<Given> {
        let lines = match self {
            Given::Window(window) => return wanted(window.source).then(|| self.clone()),
            Given::Lines(lines) if lines.runs.iter().all(|run| wanted(run.source)) => {
                return Some(self.clone());
            }
            Given::Lines(lines) => lines,
        };
        let (mut first, mut runs, mut stretches) = (0, Vec::new(), Vec::new());
        for run in lines.runs.iter() {
            let rows = first..first + run.rows as usize;
            first = rows.end;
            if wanted(run.source) {
                runs.push(*run);
                stretches.push(rows);
            }
        }
        (!runs.is_empty()).then(|| Given::Lines(lines.cut(runs, &stretches)))
    }
}

impl GivenLines {
    /// As it crosses the boundary.
    pub fn view(&self) -> Lines<'_> {
        let GivenLines { seq, watermark_ms, runs, columns } = self;
        Lines { seq: *seq, watermark_ms: *watermark_ms, runs, columns }
    }

    fn cut(&self, runs: Vec<Run>, stretches: &[Range<usize>]) -> GivenLines {
        let columns = self.columns.iter().map(|column| Arc::new(column.slices(stretches)));
        GivenLines { runs: runs.into(), columns: columns.collect(), ..*self }
    }
}

impl GivenWindow {
    /// As it crosses the boundary.
    pub fn view(&self) -> ClosedWindow<'_> {
        ClosedWindow {
            source: self.source,
            start_ms: self.start_ms,
            end_ms: self.end_ms,
            lines: self.lines,
            rows: self.rows,
            columns: &self.columns,
            vector: &self.vector,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three rows of source 1, two of source 2, three of source 4.
    fn given() -> Given {
        let run = |source, rows| Run { source, rows };
        Given::lines(&Lines {
            seq: 7,
            watermark_ms: 9,
            runs: &[run(1, 3), run(2, 2), run(4, 3)],
            columns: &[Arc::new(Column::U32s((10..18).collect()))],
        })
    }

    fn check(given: Option<Given>, runs: &[(u32, u32)], values: &[u32]) {
        let Some(Given::Lines(lines)) = given else { panic!("lines stay lines") };
        let found: Vec<_> = lines.runs.iter().map(|run| (run.source, run.rows)).collect();
        assert_eq!(found, runs);
        assert_eq!(*lines.columns[0], Column::U32s(values.to_vec()));
        assert_eq!((lines.seq, lines.watermark_ms), (7, 9));
    }

    #[test]
    fn parts_are_cut_through_runs() {
        check(Some(given().part(0..8)), &[(1, 3), (2, 2), (4, 3)], &(10..18).collect::<Vec<_>>());
        check(Some(given().part(0..3)), &[(1, 3)], &[10, 11, 12]);
        check(Some(given().part(2..6)), &[(1, 1), (2, 2), (4, 1)], &[12, 13, 14, 15]);
        check(Some(given().part(7..8)), &[(4, 1)], &[17]);
    }

    #[test]
    fn sources_are_taken_out() {
        check(given().only(|_| true), &[(1, 3), (2, 2), (4, 3)], &(10..18).collect::<Vec<_>>());
        check(given().only(|source| source != 2), &[(1, 3), (4, 3)], &[10, 11, 12, 15, 16, 17]);
        check(given().only(|source| source == 2), &[(2, 2)], &[13, 14]);
        assert!(given().only(|source| source == 3).is_none());
    }
}
