//! Detectors: a score for every row.

use crate::plugin::{States, parse};
use crate::rows::{Lines, Window};
use bellwether_world_detector::bellwether::plugin::types::{
    Batch, Descriptor, Explanation, LoadError, Mark, Reason, Rows, SavedState, Scores,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A detector: what it wants, and how it scores the rows of one source.
pub trait Detector: Sized {
    /// Its configuration, as the user writes it.
    type Config: DeserializeOwned;
    /// What it remembers of one source.
    type State: Default + Serialize + DeserializeOwned;
    /// What it notes about a score, for the question that may follow.
    type Note;

    /// What it is and wants, with the configuration at hand or, before there is one, with its default.
    fn describe(&self) -> Descriptor;

    /// Checks a configuration.
    fn new(config: Self::Config) -> Result<Self, String>;

    /// Scores the lines of one source.
    fn observe(
        &self,
        _state: &mut Self::State,
        _lines: &Lines<'_>,
        _scores: &mut Scorer<'_, Self::Note>,
    ) {
    }

    /// Scores the templates of a closed window of one source.
    fn close_window(
        &self,
        _state: &mut Self::State,
        _window: &Window<'_>,
        _scores: &mut Scorer<'_, Self::Note>,
    ) {
    }

    /// Puts a note of the call just made into words.
    fn explain(&self, note: &Self::Note) -> Explanation;
}

/// Collects what a detector says about the rows it was given; rows count from 0 in each call.
pub struct Scorer<'a, N> {
    first: u32,
    rows: usize,
    scores: &'a mut Scores,
    quiet: &'a mut Vec<u8>,
    notes: &'a mut Vec<N>,
}

impl<N> Scorer<'_, N> {
    /// The next row's score, compared with what the row's template scored before; a detector calls it for every row or
    /// for none. NaN means that it cannot say yet.
    pub fn push(&mut self, score: f32) {
        self.fill();
        self.scores.rows.push(score);
    }

    /// Scores many rows, each in its turn, as [`Scorer::push`] does one.
    pub fn extend(&mut self, scores: impl IntoIterator<Item = f32>) {
        self.fill();
        self.scores.rows.extend(scores);
    }

    /// Scores the next row, compared with what that channel scored before. A detector pushes all of its rows this way or none.
    pub fn push_on(&mut self, channel: u32, score: f32) {
        self.push(score);
        self.scores.channels.resize(self.scores.rows.len() - 1, 0);
        self.scores.channels.push(channel);
    }

    /// Marks a row that scores something although most do not.
    pub fn mark(&mut self, row: usize, channel: u32, score: f32, code: u32, note: N) {
        let token = self.note(note);
        let row = self.known(row) as u32;
        self.scores.marks.push(Mark { row, channel, score, code, token });
    }

    /// The row's score teaches, but is too small in absolute terms to speak.
    pub fn quiet(&mut self, row: usize) {
        let row = self.known(row);
        self.quiet.resize(self.quiet.len().max(row / 8 + 1), 0);
        self.quiet[row / 8] |= 1 << (row % 8);
    }

    /// Says why a row scored high.
    pub fn reason(&mut self, row: usize, code: u32, note: N) {
        let token = self.note(note);
        let row = self.known(row) as u32;
        self.scores.reasons.push(Reason { row: Some(row), code, token });
    }

    /// Scores the window as a whole.
    pub fn whole(&mut self, score: f32, code: u32, note: N) {
        let token = self.note(note);
        self.scores.whole = score;
        self.scores.reasons.push(Reason { row: None, code, token });
    }

    fn note(&mut self, note: N) -> u32 {
        self.notes.push(note);
        self.notes.len() as u32 - 1
    }

    /// The row's place in the batch.
    fn known(&self, row: usize) -> usize {
        assert!(row < self.rows, "row {row} was scored, of {} in this call", self.rows);
        self.first as usize + row
    }

    /// Before the first score: sources before this one that had none get NaN, so that every row has its place.
    fn fill(&mut self) {
        let first = self.first as usize;
        if self.scores.rows.len() <= first {
            self.scores.rows.reserve(first + self.rows - self.scores.rows.len());
            self.scores.rows.resize(first, f32::NAN);
        }
    }

    /// A forgotten score would give all rows after it the score of their neighbour.
    fn check(&self) {
        let pushed = self.scores.rows.len().saturating_sub(self.first as usize);
        let rows = self.rows;
        assert!(
            pushed == 0 || pushed == rows,
            "{pushed} scores were pushed for {rows} rows: push one for each row, or none"
        );
    }
}

/// A detector with the state of its sources: what the export macro puts behind the contract.
pub struct DetectorPlugin<D: Detector> {
    detector: Option<D>,
    states: States<D::State>,
    notes: Vec<D::Note>,
}

impl<D: Detector> Default for DetectorPlugin<D> {
    fn default() -> Self {
        DetectorPlugin { detector: None, states: States::default(), notes: Vec::new() }
    }
}

impl<D: Detector> DetectorPlugin<D> {
    /// What the detector is and wants, under its configuration if it has one.
    pub fn describe(&self) -> Descriptor {
        match &self.detector {
            Some(detector) => detector.describe(),
            None => {
                parse("").and_then(D::new).expect("the default configuration is valid").describe()
            }
        }
    }

    /// Takes a configuration.
    pub fn configure(&mut self, json: &str) -> Result<(), String> {
        self.detector = Some(parse(json).and_then(D::new)?);
        Ok(())
    }

    /// Saves the state of a source.
    pub fn save(&self, source: u32) -> Result<SavedState, String> {
        self.states.save(source, self.describe().state_version)
    }

    /// Loads the state of a source.
    pub fn load(&mut self, source: u32, state: &SavedState) -> Result<(), LoadError> {
        self.states.load(source, state, &self.describe())
    }

    /// Forgets a source.
    pub fn forget(&mut self, source: u32) {
        self.states.forget(source);
    }

    /// Scores a batch, source by source.
    pub fn observe(&mut self, batch: &Batch) -> Scores {
        let rows = batch.runs.iter().map(|run| run.rows as usize).sum();
        let mut first = 0;
        let runs = batch.runs.iter().map(|run| {
            let start = first;
            first += run.rows as usize;
            (run.source, start..first)
        });
        self.score(rows, runs, |detector, state, range, scores| {
            detector.observe(state, &Lines::new(&batch.columns, range), scores);
        })
    }

    /// Scores a closed window.
    pub fn close_window(
        &mut self,
        window: &bellwether_world_detector::bellwether::plugin::types::Window,
    ) -> Scores {
        let view = Window::new(window);
        let rows = view.series().len();
        self.score(rows, std::iter::once((window.source, 0..rows)), |detector, state, _, scores| {
            detector.close_window(state, &view, scores);
        })
    }

    /// Explains a score of the call just made.
    pub fn explain(&mut self, token: u32) -> Option<Explanation> {
        let note = self.notes.get(token as usize)?;
        self.detector.as_ref().map(|detector| detector.explain(note))
    }

    fn score(
        &mut self,
        rows: usize,
        runs: impl Iterator<Item = (u32, std::ops::Range<usize>)>,
        mut each: impl FnMut(&D, &mut D::State, std::ops::Range<usize>, &mut Scorer<'_, D::Note>),
    ) -> Scores {
        let detector = self.detector.as_ref().expect("the host configures before it sends work");
        let (mut scores, mut quiet) = (silent(), Vec::new());
        self.notes.clear();
        for (source, range) in runs {
            let mut scorer = Scorer {
                first: range.start as u32,
                rows: range.len(),
                scores: &mut scores,
                quiet: &mut quiet,
                notes: &mut self.notes,
            };
            each(detector, self.states.of(source), range, &mut scorer);
            scorer.check();
        }
        if !scores.rows.is_empty() {
            scores.rows.resize(rows, f32::NAN);
        }
        if !scores.channels.is_empty() {
            scores.channels.resize(rows, 0);
        }
        if !quiet.is_empty() {
            quiet.resize(rows.div_ceil(8), 0);
            scores.quiet = Rows::Bits(quiet);
        }
        scores
    }
}

fn silent() -> Scores {
    Scores {
        rows: Vec::new(),
        channels: Vec::new(),
        marks: Vec::new(),
        quiet: Rows::None,
        whole: f32::NAN,
        reasons: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
