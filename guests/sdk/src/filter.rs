//! Filters: keep, drop or tag rows.

use crate::plugin::{States, parse};
use crate::rows::Lines;
use bellwether_world_detector::bellwether::plugin::types::{
    Batch, Descriptor, LoadError, Rows, SavedState, Tagged, Verdicts,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A filter: what it wants, and how it decides over the rows of one source.
pub trait Filter: Sized {
    /// Its configuration, as the user writes it.
    type Config: DeserializeOwned;
    /// What it remembers of one source.
    type State: Default + Serialize + DeserializeOwned;

    /// What it is and wants, with the configuration at hand or, before there is one, with its default.
    fn describe(&self) -> Descriptor;

    /// Checks a configuration.
    fn new(config: Self::Config) -> Result<Self, String>;

    /// Decides over the lines of one source; rows that are not dropped are kept.
    fn evaluate(&self, state: &mut Self::State, lines: &Lines<'_>, verdicts: &mut Tagger<'_>);
}

/// Collects the verdicts of a filter; rows count from 0 in each call.
pub struct Tagger<'a> {
    first: usize,
    rows: usize,
    drop: &'a mut [u8],
    tags: &'a mut [Vec<u8>],
}

impl Tagger<'_> {
    /// Drops a row.
    pub fn drop(&mut self, row: usize) {
        let row = self.known(row);
        self.drop[row / 8] |= 1 << (row % 8);
    }

    /// Gives a row a tag, by its place in `Descriptor::tags`.
    pub fn tag(&mut self, row: usize, tag: usize) {
        let (row, tags) = (self.known(row), self.tags.len());
        let bits = self.tags.get_mut(tag).unwrap_or_else(|| unknown(tag, tags));
        bits[row / 8] |= 1 << (row % 8);
    }

    /// Drops those of a block of rows whose bit is set; see [`crate::Bits::block`].
    #[inline]
    pub fn drop_block(&mut self, row: usize, bits: u64) {
        let first = self.known_block(row, bits);
        put(self.drop, first, bits);
    }

    /// Gives those of a block of rows a tag whose bit is set.
    #[inline]
    pub fn tag_block(&mut self, row: usize, tag: usize, bits: u64) {
        let (first, tags) = (self.known_block(row, bits), self.tags.len());
        let known = self.tags.get_mut(tag);
        put(known.unwrap_or_else(|| unknown(tag, tags)), first, bits);
    }

    /// The place of a block's first row in the batch.
    fn known_block(&self, row: usize, bits: u64) -> usize {
        if bits != 0 {
            self.known(row + bits.ilog2() as usize);
        }
        self.first + row
    }

    /// The row's place in the batch.
    fn known(&self, row: usize) -> usize {
        assert!(row < self.rows, "there is a verdict on row {row}, of {} in this call", self.rows);
        self.first + row
    }
}

/// A filter with the state of its sources: what the export macro puts behind the contract.
pub struct FilterPlugin<F: Filter> {
    filter: Option<F>,
    /// Number of its tags.
    tags: usize,
    states: States<F::State>,
}

impl<F: Filter> Default for FilterPlugin<F> {
    fn default() -> Self {
        FilterPlugin { filter: None, tags: 0, states: States::default() }
    }
}

impl<F: Filter> FilterPlugin<F> {
    /// What the filter is and wants, under its configuration if it has one.
    pub fn describe(&self) -> Descriptor {
        match &self.filter {
            Some(filter) => filter.describe(),
            None => {
                parse("").and_then(F::new).expect("the default configuration is valid").describe()
            }
        }
    }

    /// Takes a configuration.
    pub fn configure(&mut self, json: &str) -> Result<(), String> {
        let filter = parse(json).and_then(F::new)?;
        self.tags = filter.describe().tags.len();
        self.filter = Some(filter);
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

    /// Decides over a batch, source by source.
    pub fn evaluate(&mut self, batch: &Batch) -> Verdicts {
        let filter = self.filter.as_ref().expect("the host configures before it sends work");
        let rows: usize = batch.runs.iter().map(|run| run.rows as usize).sum();
        let mut drop = vec![0; rows.div_ceil(8)];
        let mut tags = vec![vec![0; rows.div_ceil(8)]; self.tags];
        let mut first = 0;
        for run in &batch.runs {
            let lines = Lines::new(&batch.columns, first..first + run.rows as usize);
            let rows = lines.len();
            let mut tagger = Tagger { first, rows, drop: &mut drop, tags: &mut tags };
            filter.evaluate(self.states.of(run.source), &lines, &mut tagger);
            first += run.rows as usize;
        }
        let tags = tags.into_iter().enumerate();
        Verdicts {
            drop: rows_of(drop),
            tags: tags.map(|(tag, bits)| Tagged { tag: tag as u32, rows: rows_of(bits) }).collect(),
        }
    }
}

fn unknown(tag: usize, tags: usize) -> ! {
    panic!("tag {tag} was given, of {tags} described")
}

/// Sets bits from a row on; those of other rows are left alone.
pub(crate) fn put(rows: &mut [u8], first: usize, bits: u64) {
    let wide = (u128::from(bits) << (first % 8)).to_le_bytes();
    let bytes = rows.get_mut(first / 8..).unwrap_or_default();
    bytes.iter_mut().zip(&wide[..9]).for_each(|(mine, more)| *mine |= more);
}

fn rows_of(bits: Vec<u8>) -> Rows {
    if bits.iter().all(|byte| *byte == 0) { Rows::None } else { Rows::Bits(bits) }
}
