//! One shard of a tenant's sources, and everything they remember.
//!
//! `step` is the whole pipeline between intake and correlator: match, mine, filter, count, observe, close windows,
//! judge. It runs on one thread, shares nothing with other lanes but the matcher, and waits for nobody; the same inputs
//! give the same outputs.

mod births;
mod columns;
mod counters;
mod dead;
mod detect;
mod dictionary;
mod filtering;
mod fit;
mod input;
mod judge;
mod learnt;
mod memory;
mod merging;
mod refining;
mod renaming;
mod source;
mod state;
mod trace;

use crate::batch::Batch;
use crate::column::Column;
use crate::matcher::{self, Matcher, Scratch};
use crate::plugin::{LineColumn, WindowSpan};
use crate::report::Report;
use crate::settings::{Settings, Standard};
use crate::template::TemplateInfo;
use columns::{ColumnPlan, Facts};
pub use counters::LaneCounters;
pub use dead::DeadLetter;
use detect::{LaneDetector, best_patterns};
use filtering::LaneFilter;
pub use fit::{DetectorSlot, FilterSlot, Role, Seat, Seated};
pub use input::Input;
pub use learnt::Learnt;
pub use memory::Relief;
use merging::Merged;
pub use refining::Refinement;
pub use source::IDLE_WINDOWS;
use source::Sources;
pub use state::{MetTemplate, SavedSource, Snapshot};
use std::sync::Arc;
use trace::Trace;
pub use trace::{Taken, Verdict, Voice, WEIGHED_MAX, Weighed};

/// A record that passed the filters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRecord {
    /// Number of its source.
    pub source: u32,
    /// Where it stands in its input.
    pub position: u64,
    /// Its event time, in milliseconds since 1970.
    pub time_ms: i64,
    /// Its text.
    pub text: Vec<u8>,
}

/// What a lane answers.
#[derive(Debug, Default, PartialEq)]
pub struct Outputs {
    /// Counts of closed windows, pane by pane, if they are wanted.
    pub panes: Vec<PaneCounts>,
    /// What shadows would have changed.
    pub trials: Vec<Trial>,
    /// Windows in which something was surprising, source by source in their order.
    pub reports: Vec<Report>,
    /// Kept records, if they are wanted.
    pub kept: Vec<KeptRecord>,
    /// What plugins could not bear.
    pub dead: Vec<DeadLetter>,
    /// Scores about the window that is traced.
    pub weighed: Vec<Weighed>,
    /// What came of that window.
    pub verdict: Option<Verdict>,
}

/// What a shadow would have made of something that was judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    /// Where it sits.
    pub seat: Seat,
    /// Number of the source; filters judge the records of many at once.
    pub source: Option<u32>,
    /// What the two say.
    pub outcome: Outcome,
}

/// What the live plugin and its shadow say.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// About a window in which at least one of them made a report: all detectors with the live one, and with the shadow.
    Window {
        /// What was reported.
        live: Option<Report>,
        /// What would have been reported with the shadow in its place.
        shadow: Option<Report>,
    },
    /// About records: how many both dropped, the live filter alone, and the shadow alone.
    Records {
        /// Records judged by both.
        rows: u64,
        /// Dropped by both.
        both: u64,
        /// Dropped by the live filter alone.
        live: u64,
        /// Dropped by the shadow alone.
        shadow: u64,
    },
}

/// Counts of a closed pane of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaneCounts {
    /// Number of the source.
    pub source: u32,
    /// First millisecond.
    pub start_ms: u64,
    /// Lines of the source.
    pub lines: u64,
    /// Lines per template, by template.
    pub counts: Vec<(u32, u32)>,
}

/// What a lane hands out beside reports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wishes {
    /// Records that pass the filters.
    pub kept_records: bool,
    /// Counts of closed panes.
    pub panes: bool,
}

/// Patterns to be matched, and what they are called.
#[derive(Debug, Clone)]
pub struct PatternSet {
    /// The engine over all of them.
    pub matcher: Arc<Matcher>,
    /// Names, in the matcher's order; patterns of plugins are named `plugin:name`.
    pub names: Arc<[String]>,
    /// Scores of the library's patterns, which come first.
    pub scores: Arc<[u8]>,
    /// Their severities, as OpenTelemetry numbers.
    pub severities: Arc<[u8]>,
    /// What some of them want beside the text.
    pub refinements: Arc<[Refinement]>,
}

impl PatternSet {
    /// Patterns that are run on every row, since no bytes tell where they could match, or since those that do cost more.
    pub fn slow(&self) -> Vec<&str> {
        let lints = self.matcher.lint();
        let names = self.names.iter().zip(&*lints);
        names
            .filter(|(_, lint)| lint.lane == matcher::Lane::Slow)
            .map(|(name, _)| &**name)
            .collect()
    }
}

/// Why a lane cannot be built.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum LaneError {
    /// A plugin wants a pattern nobody has.
    #[error(
        "plugin `{plugin}` wants the pattern `{pattern}`, which is in no pattern file; load the file that has it"
    )]
    UnknownPattern {
        /// The plugin.
        plugin: String,
        /// The pattern.
        pattern: String,
    },
    /// Windows that are no whole number of panes.
    #[error(
        "plugin `{plugin}` wants windows of {size_ms} ms every {step_ms} ms, which are no whole panes of {pane_ms} ms"
    )]
    Span {
        /// The plugin.
        plugin: String,
        /// Size it wants.
        size_ms: u64,
        /// Step it wants.
        step_ms: u64,
        /// Pane configured.
        pane_ms: u64,
    },
    /// A plugin that was to be kept is not there.
    #[error("plugin `{plugin}` is to stay where it is, yet it is not there")]
    NotSeated {
        /// The plugin.
        plugin: String,
    },
    /// Two seats hold the same.
    #[error("plugin `{plugin}` has the same edition twice; leave one of them out")]
    SeatedTwice {
        /// The plugin.
        plugin: String,
    },
}

/// What is known of a source, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceInfo {
    /// Number of the source.
    pub source: u32,
    /// Records that passed the filters.
    pub lines: u64,
    /// First event time, in milliseconds since 1970.
    pub first_ms: i64,
    /// Last event time.
    pub last_ms: i64,
    /// Its templates.
    pub templates: Vec<TemplateInfo>,
    /// How many they are.
    pub templates_alive: usize,
    /// Templates that had to make room for others.
    pub templates_evicted: u64,
    /// Whether it has said nothing for so long that nothing waits for its time.
    pub idle: bool,
    /// Its age in windows, without idle time; from `calibrate::WARM_UP_WINDOWS` on sizes are judged.
    pub windows: u64,
}

/// A lane.
pub struct Lane {
    settings: Settings,
    patterns: PatternSet,
    filters: Vec<LaneFilter>,
    detectors: Vec<LaneDetector>,
    filter_plan: ColumnPlan,
    detector_plan: ColumnPlan,
    wants_repeats: bool,
    wants_entropy: bool,
    wishes: Wishes,
    sources: Sources,
    scratch: Scratch,
    seq: u64,
    watermark_ms: u64,
    counters: LaneCounters,
    dead: Vec<DeadLetter>,
    trace: Trace,
}

impl Lane {
    /// A lane without sources.
    pub fn new(
        settings: Settings,
        patterns: PatternSet,
        filters: Vec<FilterSlot>,
        detectors: Vec<DetectorSlot>,
        wishes: Wishes,
    ) -> Result<Self, LaneError> {
        let mut lane = Lane {
            wants_repeats: false,
            wants_entropy: false,
            sources: Sources::new(settings.clone()),
            settings,
            patterns: patterns.clone(),
            filters: Vec::new(),
            detectors: Vec::new(),
            filter_plan: ColumnPlan::default(),
            detector_plan: ColumnPlan::default(),
            wishes,
            scratch: Scratch::default(),
            seq: 0,
            watermark_ms: 0,
            counters: LaneCounters::default(),
            dead: Vec::new(),
            trace: Trace::default(),
        };
        lane.fit(patterns, filters, detectors)?;
        Ok(lane)
    }

    /// Takes one input through the pipeline.
    pub fn step(&mut self, input: Input) -> Outputs {
        let mut outputs = Outputs::default();
        match input {
            Input::Records(batch) => self.records(batch, &mut outputs),
            Input::Close { sources, until_ms } => {
                self.close_windows(&sources, until_ms, &mut outputs);
            }
            Input::Tick(watermark_ms) => self.tick(watermark_ms),
            Input::End => self.judge_waiting(&mut outputs),
        }
        outputs.dead = self.take_dead();
        outputs.weighed = self.trace.weighed();
        outputs
    }

    /// Judges a source by a standard of its own; to be said before its first record, and before it is loaded.
    pub fn judge_by(&mut self, source: u32, standard: Standard) {
        self.sources.judge_by(source, standard);
    }

    /// What was counted so far.
    pub fn counters(&self) -> &LaneCounters {
        &self.counters
    }

    /// What is known of the sources.
    pub fn sources(&self) -> Vec<SourceInfo> {
        let info = |(number, source): (u32, &source::Source)| SourceInfo {
            templates: source.templates.list(),
            ..source.info(number)
        };
        self.sources.iter().map(info).collect()
    }

    /// Whether it has met a source.
    pub fn knows(&self, source: u32) -> bool {
        self.sources.knows(source)
    }

    fn records(&mut self, batch: Batch, outputs: &mut Outputs) {
        self.seq += 1;
        let mut facts = Facts { batch, ..Facts::default() };
        self.patterns.matcher.scan(&facts.batch, &mut self.scratch, &mut facts.hits);
        self.patterns.matcher.follow(&facts.batch, &mut self.scratch);
        self.patterns.refine(&facts.batch, &mut facts.hits);
        let mut row = 0;
        for run in facts.batch.runs() {
            let rows = row..row + run.rows as usize;
            let source = self.sources.of(run.source);
            rows.clone().for_each(|row| source.meet(facts.batch.time_ms(row)));
            let merges = source.templates.assign(&facts.batch, rows.clone(), &mut facts.mined);
            facts.merged.extend(Merged::of(run.source, merges));
            row = rows.end;
        }
        self.filter(&mut facts, outputs);
        facts.best = best_patterns(&self.patterns.scores, &facts.hits);
        self.count(&facts);
        self.observe(&facts);
        self.rename(&facts.merged);
    }

    fn tick(&mut self, watermark_ms: u64) {
        if watermark_ms <= self.watermark_ms {
            return;
        }
        self.watermark_ms = watermark_ms;
        for filter in &mut self.filters {
            filter.rest(watermark_ms);
        }
        for detector in &mut self.detectors {
            detector.rest(watermark_ms);
        }
    }
}

/// Picks the columns of one plugin.
fn pick(columns: &[Arc<Column>], places: &[usize]) -> Vec<Arc<Column>> {
    places.iter().map(|place| Arc::clone(&columns[*place])).collect()
}

/// Enters the columns of a plugin into the plan and returns their places.
fn plan(
    plan: &mut ColumnPlan,
    plugin: &str,
    lines: &[LineColumn],
    step_ms: u64,
    patterns: &PatternSet,
) -> Result<Vec<usize>, LaneError> {
    let mut places = Vec::with_capacity(lines.len());
    for column in lines {
        let pattern = match column {
            LineColumn::Pattern(name) => find_pattern(patterns, plugin, name)?,
            _ => 0,
        };
        places.push(plan.add(column, step_ms, pattern));
    }
    Ok(places)
}

/// A plugin's own pattern comes before one of the library.
fn find_pattern(patterns: &PatternSet, plugin: &str, name: &str) -> Result<usize, LaneError> {
    let own = format!("{plugin}:{name}");
    let place = |wanted: &str| patterns.names.iter().position(|known| known == wanted);
    place(&own)
        .or_else(|| place(name))
        .ok_or_else(|| LaneError::UnknownPattern { plugin: plugin.into(), pattern: name.into() })
}

fn check_span(plugin: &str, span: WindowSpan, pane_ms: u64) -> Result<(), LaneError> {
    let WindowSpan { size_ms, step_ms } = span;
    let whole = |ms: u64| ms > 0 && ms.is_multiple_of(pane_ms);
    if whole(size_ms) && whole(step_ms) {
        return Ok(());
    }
    Err(LaneError::Span { plugin: plugin.into(), size_ms, step_ms, pane_ms })
}

#[cfg(test)]
mod tests;
