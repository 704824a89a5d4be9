//! What a plugin would be given for some logs: all rows and windows, to be played to it in any cut.

use super::listen::listen;
use super::stage::Log;
use bellwether_core::batch::Run;
use bellwether_core::column::{Bitmap, Column, TextColumn};
use bellwether_core::lane::{LaneError, PatternSet};
use bellwether_core::plugin::{Descriptor, Given, GivenLines, GivenWindow, LineColumn, Lines};
use bellwether_plugins::Kind;
use std::collections::BTreeMap;
use std::sync::Arc;

/// All that a plugin would be given, in order.
#[derive(Debug, Default)]
pub(crate) struct Tape {
    /// Keys of the sources.
    pub(crate) keys: BTreeMap<u32, String>,
    /// Source of each row.
    pub(crate) sources: Vec<u32>,
    /// Windows, with the rows before each.
    pub(crate) windows: Vec<(usize, GivenWindow)>,
    /// The columns that the plugin asks for.
    columns: Vec<Column>,
    /// Event time and text of each row, for people.
    times: Vec<u64>,
    texts: TextColumn,
}

/// Rows as a batch.
#[derive(Debug)]
pub(crate) struct Cut {
    /// The rows, by their places on the tape.
    pub(crate) rows: Vec<usize>,
    /// What they are.
    pub(crate) lines: GivenLines,
}

/// What comes next.
#[derive(Debug)]
pub(crate) enum Step<'a> {
    /// A batch.
    Rows(Cut),
    /// A window, and its place on the tape.
    Window(usize, &'a GivenWindow),
}

impl Tape {
    /// Records what a plugin with such wishes would be given.
    pub(crate) fn record(
        logs: &[Log],
        kind: Kind,
        wanted: &Descriptor,
        patterns: PatternSet,
    ) -> Result<Tape, LaneError> {
        let mut descriptor = wanted.clone();
        // A filter is asked about every row, whether or not it names columns.
        if kind == Kind::Filter || !descriptor.lines.is_empty() {
            descriptor.lines.extend([LineColumn::Time, LineColumn::Text]);
        }
        let (keys, given) = listen(logs, kind, &descriptor, patterns)?;
        let mut tape = Tape { keys, ..Tape::default() };
        for given in given {
            match given {
                Given::Lines(lines) => tape.take(&lines.view()),
                Given::Window(window) => tape.windows.push((tape.sources.len(), window)),
            }
        }
        Ok(tape)
    }

    /// Everything in order, in batches of at most so many rows, of one source or of all. Where `in_turn`, a batch ends
    /// when a window closes.
    pub(crate) fn steps(&self, rows_max: usize, only: Option<u32>, in_turn: bool) -> Vec<Step<'_>> {
        let mut steps = Vec::new();
        let mut waiting = Vec::new();
        let mut windows = self.windows.iter().enumerate().peekable();
        let wanted = |source: u32| only.is_none_or(|only| only == source);
        for row in 0..=self.sources.len() {
            while let Some((place, (_, window))) =
                windows.next_if(|(_, (before, _))| *before <= row)
            {
                if wanted(window.source) {
                    if in_turn {
                        self.cut(&mut waiting, &mut steps);
                    }
                    steps.push(Step::Window(place, window));
                }
            }
            if self.sources.get(row).is_some_and(|source| wanted(*source)) {
                waiting.push(row);
            }
            if waiting.len() == rows_max {
                self.cut(&mut waiting, &mut steps);
            }
        }
        self.cut(&mut waiting, &mut steps);
        steps
    }

    /// Where a row comes from and what it says.
    pub(crate) fn tell(&self, row: usize) -> String {
        let source = self.sources[row];
        let number = self.sources[..row].iter().filter(|other| **other == source).count() + 1;
        let text = String::from_utf8_lossy(self.texts.row(row));
        let text: String = text.lines().next().unwrap_or_default().chars().take(120).collect();
        format!("line {number} of {}, `{text}`", self.key(source))
    }

    /// Which window it is.
    pub(crate) fn tell_window(&self, place: usize) -> String {
        let source = self.windows[place].1.source;
        let of_source = self.windows[..place].iter().filter(|(_, window)| window.source == source);
        format!("window {} of {}", of_source.count() + 1, self.key(source))
    }

    /// The key of a source.
    pub(crate) fn key(&self, source: u32) -> &str {
        self.keys.get(&source).map_or("?", String::as_str)
    }

    fn cut<'a>(&self, waiting: &mut Vec<usize>, steps: &mut Vec<Step<'a>>) {
        if waiting.is_empty() {
            return;
        }
        let mut rows = std::mem::take(waiting);
        rows.sort_by_key(|row| self.sources[*row]);
        let runs = rows.chunk_by(|a, b| self.sources[*a] == self.sources[*b]);
        let runs = runs.map(|run| Run { source: self.sources[run[0]], rows: run.len() as u32 });
        let watermark_ms = rows.iter().map(|row| self.times[*row]).max().unwrap_or(0);
        let columns = self.columns.iter().map(|column| Arc::new(pick(column, &rows))).collect();
        let lines = GivenLines { seq: 0, watermark_ms, runs: runs.collect(), columns };
        steps.push(Step::Rows(Cut { rows, lines }));
    }

    fn take(&mut self, lines: &Lines<'_>) {
        let runs = lines.runs.iter();
        self.sources
            .extend(runs.flat_map(|run| std::iter::repeat_n(run.source, run.rows as usize)));
        let [own @ .., times, texts] = lines.columns else { return };
        let (Column::U64s(times), Column::Text(texts)) = (&**times, &**texts) else { return };
        self.times.extend(times);
        (0..lines.rows()).for_each(|row| self.texts.push(texts.row(row)));
        if self.columns.is_empty() {
            self.columns = own.iter().map(|column| Column::clone(column)).collect();
        } else {
            self.columns.iter_mut().zip(own).for_each(|(all, more)| append(all, more));
        }
    }
}

/// Those rows of a column, in that order.
fn pick(column: &Column, rows: &[usize]) -> Column {
    fn of<T: Copy>(values: &[T], rows: &[usize]) -> Vec<T> {
        rows.iter().map(|row| values[*row]).collect()
    }
    match column {
        Column::Bits(bits) => {
            let mut picked = Bitmap::new(rows.len());
            let set = rows.iter().enumerate().filter(|(_, row)| bits.contains(**row));
            set.for_each(|(place, _)| picked.insert(place));
            Column::Bits(picked)
        }
        Column::U8s(values) => Column::U8s(of(values, rows)),
        Column::U32s(values) => Column::U32s(of(values, rows)),
        Column::U64s(values) => Column::U64s(of(values, rows)),
        Column::F32s(values) => Column::F32s(of(values, rows)),
        Column::F64s(values) => Column::F64s(of(values, rows)),
        Column::Text(texts) => {
            let mut picked = TextColumn::default();
            rows.iter().for_each(|row| picked.push(texts.row(*row)));
            Column::Text(picked)
        }
    }
}

/// Adds the rows of one column to another of the same type; columns of a plugin never change their type.
fn append(all: &mut Column, more: &Column) {
    match (all, more) {
        (Column::Bits(all), Column::Bits(more)) => all.extend(more),
        (Column::U8s(all), Column::U8s(more)) => all.extend(more),
        (Column::U32s(all), Column::U32s(more)) => all.extend(more),
        (Column::U64s(all), Column::U64s(more)) => all.extend(more),
        (Column::F32s(all), Column::F32s(more)) => all.extend(more),
        (Column::F64s(all), Column::F64s(more)) => all.extend(more),
        (Column::Text(all), Column::Text(more)) => {
            (0..more.ends.len()).for_each(|row| all.push(more.row(row)));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
