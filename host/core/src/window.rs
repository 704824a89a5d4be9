//! Counts of one source: panes that sum to windows, and what is remembered of each template.

mod life;
mod recent;

use crate::column::{Column, TextColumn};
use crate::lane::PaneCounts;
use crate::miner::Merge;
use crate::plugin::{SeriesColumn, WindowSpan};
use crate::state::sorted;
use crate::template::Templates;
pub use life::Life;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

/// A template is alive for so many windows after its last line, and has rows with count 0 meanwhile.
const ALIVE_WINDOWS: u64 = 60;
/// Windows that "before" is the mean of.
const RECENT_WINDOWS: usize = 30;
/// Windows from which at most one example is told of: what comes all the time need not be written all the time.
const FRESH_WINDOWS: i64 = 10;
/// Bytes kept of an example.
const EXAMPLE_BYTES_MAX: usize = 500;

/// What a pane or window knows of a template.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Cell {
    count: u32,
    severity: u8,
    entropy: f32,
    repeats: u32,
}

impl Cell {
    /// Takes in lines beside its own; without own lines, its severity is theirs.
    fn add(&mut self, other: &Cell) {
        self.severity =
            if self.count == 0 { other.severity } else { self.severity.max(other.severity) };
        self.count += other.count;
        self.entropy = self.entropy.max(other.entropy);
        self.repeats += other.repeats;
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Pane {
    lines: u64,
    #[serde(with = "sorted")]
    cells: HashMap<u32, Cell, foldhash::fast::FixedState>,
}

/// A line to be counted.
#[derive(Debug, Clone, Copy)]
pub struct CountedLine<'a> {
    /// Event time.
    pub time_ms: i64,
    /// Its template.
    pub template: u32,
    /// Its severity.
    pub severity: u8,
    /// Highest token entropy, 0 unless somebody wants it.
    pub entropy: f32,
    /// Whether the same text occurred before in this window.
    pub repeat: bool,
    /// Its best library pattern.
    pub pattern: Option<u16>,
    /// Its text, for examples.
    pub text: &'a [u8],
}

/// A closed window with its rows in the order of template ids.
#[derive(Debug)]
pub struct Series {
    /// Lines of the source.
    pub lines: u64,
    /// The template of each row.
    pub templates: Vec<u32>,
    cells: Vec<Cell>,
}

/// Sizes and bounds of counting.
#[derive(Debug, Clone, Copy, Default)]
pub struct CountLimits {
    /// Length of a pane in milliseconds.
    pub pane_ms: u64,
    /// Length of the windows of which history is kept.
    pub window_ms: u64,
    /// Longest window of any detector.
    pub span_ms_max: u64,
    /// Templates remembered.
    pub templates_max: usize,
    /// Examples of a template that wait to be told of.
    pub examples_max: usize,
}

/// The counts of one source.
#[derive(Debug, Serialize, Deserialize)]
pub struct Counts {
    #[serde(skip)]
    limits: CountLimits,
    panes: BTreeMap<u64, Pane>,
    #[serde(with = "sorted")]
    lives: HashMap<u32, Life, foldhash::fast::FixedState>,
    recent_lines: VecDeque<u64>,
    /// Newest examples of templates that were not told of yet.
    #[serde(skip)]
    fresh: BTreeMap<u32, Vec<Box<[u8]>>>,
    /// Templates that became part of others, which was not told of yet; the oldest are forgotten where nobody asks.
    #[serde(skip)]
    given_up: VecDeque<u32>,
}

impl Counts {
    /// No line counted.
    pub fn new(limits: CountLimits) -> Self {
        Counts {
            limits,
            panes: BTreeMap::new(),
            lives: HashMap::default(),
            recent_lines: VecDeque::new(),
            fresh: BTreeMap::new(),
            given_up: VecDeque::new(),
        }
    }

    /// Goes on under these limits, which are not part of saved counts.
    pub fn limit(&mut self, limits: CountLimits) {
        self.limits = limits;
    }

    /// Counts a line.
    pub fn push(&mut self, line: &CountedLine<'_>) {
        let CountLimits { pane_ms, window_ms, examples_max, .. } = self.limits;
        let pane = self.panes.entry(line.time_ms.max(0) as u64 / pane_ms).or_default();
        pane.lines += 1;
        let cell = pane.cells.entry(line.template).or_default();
        cell.count += 1;
        cell.severity = cell.severity.max(line.severity);
        cell.entropy = cell.entropy.max(line.entropy);
        cell.repeats += u32::from(line.repeat);
        if self.lives.len() >= self.limits.templates_max && !self.lives.contains_key(&line.template)
        {
            self.make_room();
        }
        let fresh = Life { first_ms: line.time_ms, last_ms: i64::MIN, ..Life::default() };
        let life = self.lives.entry(line.template).or_insert(fresh);
        let window_of = |time_ms: i64| time_ms.div_euclid(window_ms as i64);
        if examples_max > 0
            && (life.last_ms == i64::MIN || window_of(line.time_ms) > window_of(life.last_ms))
        {
            let example = &line.text[..line.text.len().min(EXAMPLE_BYTES_MAX)];
            life.example = example.into();
            let span_of = |time_ms: i64| window_of(time_ms).div_euclid(FRESH_WINDOWS);
            if life.last_ms == i64::MIN || span_of(line.time_ms) > span_of(life.last_ms) {
                let fresh = self.fresh.entry(line.template).or_default();
                if fresh.len() == examples_max {
                    fresh.remove(0);
                }
                fresh.push(example.into());
            }
        }
        life.first_ms = life.first_ms.min(line.time_ms);
        life.last_ms = life.last_ms.max(line.time_ms);
        life.severity = line.severity;
        life.met = true;
        life.pattern = line.pattern.or(life.pattern);
    }

    /// Counts what was counted of one template under another: they proved to be the same.
    pub fn merge(&mut self, merge: Merge) {
        for pane in self.panes.values_mut() {
            if let Some(old) = pane.cells.remove(&merge.old) {
                pane.cells.entry(merge.new).or_default().add(&old);
            }
        }
        if let Some(old) = self.lives.remove(&merge.old) {
            match self.lives.get_mut(&merge.new) {
                Some(life) => life.absorb(old),
                None => drop(self.lives.insert(merge.new, old)),
            }
        }
        self.lives.entry(merge.new).and_modify(|life| life.met = true);
        // Its examples go with it, wherever they are by now, so that nothing depends on when they were told.
        self.fresh.remove(&merge.old);
        if self.given_up.len() >= self.limits.templates_max {
            self.given_up.pop_front();
        }
        self.given_up.push_back(merge.old);
    }

    /// Templates that became part of others since this was last asked.
    pub fn take_given_up(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.given_up).into()
    }

    /// What is remembered of a template.
    pub fn life(&self, template: u32) -> Option<&Life> {
        self.lives.get(&template)
    }

    /// Mean lines of the windows before.
    pub fn usual_lines(&self) -> f32 {
        let sum: u64 = self.recent_lines.iter().sum();
        sum as f32 / self.recent_lines.len().max(1) as f32
    }

    /// The rows of the window that ends there.
    pub fn series(&self, span: WindowSpan, end_ms: u64) -> Series {
        let pane_ms = self.limits.pane_ms;
        let start_ms = end_ms - span.size_ms;
        let mut cells: BTreeMap<u32, Cell> = BTreeMap::new();
        let alive_from = end_ms.saturating_sub(ALIVE_WINDOWS * span.size_ms) as i64;
        for (template, life) in &self.lives {
            if life.last_ms >= alive_from && life.first_ms < end_ms as i64 {
                cells.insert(*template, Cell { severity: life.severity, ..Cell::default() });
            }
        }
        let mut lines = 0;
        for pane in self.panes.range(start_ms / pane_ms..end_ms / pane_ms).map(|(_, pane)| pane) {
            lines += pane.lines;
            for (template, cell) in &pane.cells {
                cells.entry(*template).or_default().add(cell);
            }
        }
        let (templates, cells) = cells.into_iter().unzip();
        Series { lines, templates, cells }
    }

    /// Takes a closed window into history and drops panes that no window needs any more.
    pub fn pass(&mut self, series: &Series, end_ms: u64) {
        for (template, cell) in series.templates.iter().zip(&series.cells) {
            let Some(life) = self.lives.get_mut(template) else { continue };
            life.recent.push(cell.count);
        }
        if self.recent_lines.len() == RECENT_WINDOWS {
            self.recent_lines.pop_front();
        }
        self.recent_lines.push_back(series.lines);
        let needed_from = (end_ms + self.limits.window_ms).saturating_sub(self.limits.span_ms_max);
        self.panes = self.panes.split_off(&(needed_from / self.limits.pane_ms));
    }

    /// The panes of a span with lines in them.
    pub fn panes(
        &self,
        source: u32,
        span_ms: std::ops::Range<u64>,
    ) -> impl Iterator<Item = PaneCounts> {
        let pane_ms = self.limits.pane_ms;
        self.panes.range(span_ms.start / pane_ms..span_ms.end / pane_ms).map(
            move |(number, pane)| {
                let mut counts: Vec<(u32, u32)> =
                    pane.cells.iter().map(|(template, cell)| (*template, cell.count)).collect();
                counts.sort_unstable();
                PaneCounts { source, start_ms: number * pane_ms, lines: pane.lines, counts }
            },
        )
    }

    /// Templates that were met since this was last asked, by id, each with its newest examples of that time.
    pub fn take_met(&mut self) -> Vec<(u32, Vec<Box<[u8]>>)> {
        let mut fresh = std::mem::take(&mut self.fresh);
        let lives = self.lives.iter_mut();
        let met = lives.filter_map(|(id, life)| std::mem::take(&mut life.met).then_some(*id));
        let mut ids: Vec<u32> = met.collect();
        ids.sort_unstable();
        ids.into_iter().map(|id| (id, fresh.remove(&id).unwrap_or_default())).collect()
    }

    /// Lets go of all examples, for want of memory; how many.
    pub fn drop_examples(&mut self) -> u64 {
        let examples = self.lives.values_mut().map(|life| std::mem::take(&mut life.example));
        let dropped = examples.filter(|example| !example.is_empty()).count();
        let fresh = std::mem::take(&mut self.fresh);
        (dropped + fresh.values().map(Vec::len).sum::<usize>()) as u64
    }

    /// The library patterns that are remembered.
    pub fn patterns(&self) -> BTreeSet<u16> {
        self.lives.values().filter_map(|life| life.pattern).collect()
    }

    /// Gives the remembered patterns other numbers; those without one are forgotten.
    pub fn rename_patterns(&mut self, name: impl Fn(u16) -> Option<u16>) {
        for life in self.lives.values_mut() {
            life.pattern = life.pattern.and_then(&name);
        }
    }

    fn make_room(&mut self) {
        let mut ages: Vec<(i64, u32)> =
            self.lives.iter().map(|(id, life)| (life.last_ms, *id)).collect();
        ages.sort_unstable();
        for (_, template) in ages.iter().take((ages.len() / 8).max(1)) {
            self.lives.remove(template);
            self.fresh.remove(template);
        }
    }
}

impl Series {
    /// Count of a row.
    pub fn count(&self, row: usize) -> u32 {
        self.cells[row].count
    }

    /// The row of a template.
    pub fn row_of(&self, template: u32) -> Option<usize> {
        self.templates.binary_search(&template).ok()
    }

    /// A column, as plugins receive it.
    pub fn column(&self, wanted: SeriesColumn, counts: &Counts, templates: &Templates) -> Column {
        let cells = self.cells.iter();
        match wanted {
            SeriesColumn::Template => Column::U32s(self.templates.clone()),
            SeriesColumn::Count => Column::U32s(cells.map(|cell| cell.count).collect()),
            SeriesColumn::Severity => Column::U8s(cells.map(|cell| cell.severity).collect()),
            SeriesColumn::Entropy => Column::F32s(cells.map(|cell| cell.entropy).collect()),
            SeriesColumn::Repeats => Column::U32s(cells.map(|cell| cell.repeats).collect()),
            SeriesColumn::FirstSeen => {
                let first =
                    |template| counts.life(template).map_or(0, |life| life.first_ms.max(0) as u64);
                Column::U64s(self.templates.iter().map(|template| first(*template)).collect())
            }
            SeriesColumn::Text => {
                let mut texts = TextColumn::default();
                self.templates.iter().for_each(|template| texts.push(&templates.text(*template)));
                Column::Text(texts)
            }
        }
    }
}

#[cfg(test)]
mod tests;
