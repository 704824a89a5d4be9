//! Finds all patterns in all rows of a batch: a block goes in, one bitmap per pattern comes out.
//!
//! One pass of an Aho-Corasick automaton over each row finds the patterns that could match, by the literals they cannot
//! do without; only those are run. A pattern without such a literal runs on every row. The result is exactly that of
//! running each expression alone.

mod literals;

use std::collections::BTreeMap;
use std::sync::Arc;

use aho_corasick::AhoCorasick;
use regex_automata::meta::Cache;
use thiserror::Error;

use crate::batch::Batch;
use crate::column::Bitmap;
use crate::pattern::{Expression, ExpressionError, Pattern};
use crate::plugin::PluginPattern;

/// Most patterns in one matcher, those of plugins included.
pub const PATTERNS_MAX: usize = 65_536;

/// Why a matcher cannot be built.
#[derive(Debug, Error)]
pub enum MatcherError {
    /// More than `PATTERNS_MAX`.
    #[error("{0} patterns are given, at most {PATTERNS_MAX} are allowed; load fewer pattern files")]
    TooMany(usize),
    /// A plugin's pattern has an expression that cannot be used.
    #[error("pattern `{name}` of a plugin cannot be used")]
    Plugin {
        /// Its name.
        name: String,
        /// Why.
        source: ExpressionError,
    },
    /// The automaton over all literals became too large.
    #[error("the literals of all patterns do not fit one automaton; load fewer pattern files")]
    Prefilter(#[source] aho_corasick::BuildError),
}

/// A set of patterns, ready to scan; shared by all workers.
#[derive(Debug, Clone)]
pub struct Matcher {
    programs: Arc<[Program]>,
    prefilter: Arc<Prefilter>,
}

/// What decides about one pattern.
#[derive(Debug)]
struct Program {
    expression: Expression,
    unless: Option<Expression>,
}

/// Says which programs could match a text.
#[derive(Debug)]
struct Prefilter {
    automaton: AhoCorasick,
    /// Programs by literal.
    owners: Vec<Vec<u32>>,
    /// Programs that no literal announces.
    always: Vec<u32>,
}

/// What one worker keeps from scan to scan.
#[derive(Debug, Default)]
pub struct Scratch {
    /// The matcher that the caches belong to.
    programs: Option<Arc<[Program]>>,
    caches: Vec<Caches>,
    /// Per program, the row plus one for which it became a candidate last.
    marks: Vec<u32>,
    candidates: Vec<u32>,
}

/// Made at the first run of a program, since most programs never run.
#[derive(Debug, Default)]
struct Caches {
    expression: Option<Cache>,
    unless: Option<Cache>,
}

impl Matcher {
    /// Builds a matcher; a pattern's id is its place in `patterns`, and those of plugins follow in their order.
    pub fn new(patterns: &[Pattern], extra: &[PluginPattern]) -> Result<Matcher, MatcherError> {
        let count = patterns.len() + extra.len();
        if count > PATTERNS_MAX {
            return Err(MatcherError::TooMany(count));
        }
        let mut programs = Vec::with_capacity(count);
        programs.extend(patterns.iter().map(|pattern| Program {
            expression: pattern.expression().clone(),
            unless: pattern.unless().cloned(),
        }));
        for pattern in extra {
            let expression = Expression::new(pattern.kind, &pattern.expr)
                .map_err(|source| MatcherError::Plugin { name: pattern.name.clone(), source })?;
            programs.push(Program { expression, unless: None });
        }
        let prefilter = Arc::new(Prefilter::new(&programs)?);
        Ok(Matcher { programs: programs.into(), prefilter })
    }

    /// Number of patterns.
    pub fn len(&self) -> usize {
        self.programs.len()
    }

    /// Whether there is no pattern.
    pub fn is_empty(&self) -> bool {
        self.programs.is_empty()
    }

    /// Fills `out` with one bitmap per pattern over the rows of the batch.
    pub fn scan(&self, batch: &Batch, scratch: &mut Scratch, out: &mut Vec<Bitmap>) {
        scratch.begin(&self.programs);
        out.clear();
        out.resize_with(self.programs.len(), || Bitmap::new(batch.len()));
        for row in 0..batch.len() {
            let text = batch.text(row);
            self.prefilter.find(text, row as u32 + 1, scratch);
            for &id in &scratch.candidates {
                let id = id as usize;
                if self.programs[id].matches(text, &mut scratch.caches[id]) {
                    out[id].insert(row);
                }
            }
        }
    }
}

impl Prefilter {
    fn new(programs: &[Program]) -> Result<Prefilter, MatcherError> {
        let mut owners_by_literal: BTreeMap<Vec<u8>, Vec<u32>> = BTreeMap::new();
        let mut always = Vec::new();
        for (id, program) in programs.iter().enumerate() {
            let Some(literals) = literals::required(program.expression.syntax()) else {
                always.push(id as u32);
                continue;
            };
            for literal in literals {
                owners_by_literal.entry(literal).or_default().push(id as u32);
            }
        }
        let (literals, owners): (Vec<_>, Vec<_>) = owners_by_literal.into_iter().unzip();
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(&literals)
            .map_err(MatcherError::Prefilter)?;
        Ok(Prefilter { automaton, owners, always })
    }

    fn find(&self, text: &[u8], mark: u32, scratch: &mut Scratch) {
        scratch.candidates.clear();
        scratch.candidates.extend_from_slice(&self.always);
        for hit in self.automaton.find_overlapping_iter(text) {
            for &id in &self.owners[hit.pattern().as_usize()] {
                if scratch.marks[id as usize] != mark {
                    scratch.marks[id as usize] = mark;
                    scratch.candidates.push(id);
                }
            }
        }
    }
}

impl Program {
    fn matches(&self, text: &[u8], caches: &mut Caches) -> bool {
        run(&self.expression, &mut caches.expression, text)
            && !self.unless.as_ref().is_some_and(|unless| run(unless, &mut caches.unless, text))
    }
}

fn run(expression: &Expression, cache: &mut Option<Cache>, text: &[u8]) -> bool {
    expression.matches_with(cache.get_or_insert_with(|| expression.cache()), text)
}

impl Scratch {
    /// Forgets the rows of the last scan, and the caches too if they belong to another matcher.
    fn begin(&mut self, programs: &Arc<[Program]>) {
        if !self.programs.as_ref().is_some_and(|mine| Arc::ptr_eq(mine, programs)) {
            self.programs = Some(Arc::clone(programs));
            self.caches.clear();
            self.caches.resize_with(programs.len(), Caches::default);
        }
        self.marks.clear();
        self.marks.resize(programs.len(), 0);
    }
}

#[cfg(test)]
mod tests;
