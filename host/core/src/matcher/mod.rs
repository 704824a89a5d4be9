//! Finds all patterns in all rows of a batch: a block goes in, pairs of pattern and row come out.
//!
//! Each expression is taken apart into branches, and of each branch some bytes are chosen that every match of it has
//! and that are rare in logs: its needle. Lanes look for all needles in the whole block at once, and what surrounds a
//! needle that was found is confirmed from there on. A pattern for which no lane is fit is run on every row, and
//! [`Matcher::lint`] says so. The result is exactly that of running each expression alone.
//!
//! In the order in which a pattern travels: `shape` and `prefix` say what a match must have, `window` and `frequency`
//! what of it is rare, `plan` chooses the lane; `grams`, `shorts`, `runs` are the lanes, `needle` and `automaton`
//! confirm, and `automata` keeps what that takes; `scan` counts what it costs, and `effort` judges it; `follow` learns
//! from the traffic and plans anew.

mod automata;
mod automaton;
mod block;
mod bytes;
mod effort;
mod engine;
mod follow;
mod frequency;
mod grams;
mod hits;
mod needle;
mod plan;
mod prefix;
mod reach;
mod runs;
mod scan;
mod shape;
mod shorts;
mod window;

use std::sync::Arc;

use thiserror::Error;

use crate::batch::Batch;
use crate::pattern::{Expression, ExpressionError, Pattern};
use crate::plugin::PluginPattern;
pub use crate::simd::Level;
use automata::Automata;
pub use effort::{Effort, Efforts, Lint};
use engine::Engine;
pub use engine::Lane;
use follow::Follower;
pub use frequency::Frequencies;
pub use hits::Hits;
use scan::Scan;
pub use scan::Scratch;

/// Most patterns in one matcher, those of plugins included.
pub const PATTERNS_MAX: usize = 65_536;

/// Most threads that plan; with more the rest takes longer.
const THREADS_MAX: usize = 4;

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
}

/// What decides about one pattern.
#[derive(Debug)]
struct Program {
    expression: Expression,
    unless: Option<Expression>,
}

/// All programs, by the ids of their patterns.
type Programs = [Program];

/// A set of patterns, ready to scan; shared by all workers.
#[derive(Debug, Clone)]
pub struct Matcher {
    programs: Arc<Programs>,
    automata: Arc<Automata>,
    follower: Arc<Follower>,
    level: Level,
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
            programs.push(Program { expression: expression.at_rest(), unless: None });
        }
        let engine = Engine::new(&programs, &Frequencies::default(), &[], threads());
        let follower = Arc::new(Follower::new(engine));
        let (programs, automata) = (programs.into(), Arc::default());
        Ok(Matcher { programs, automata, follower, level: Level::detect() })
    }

    /// The same patterns, looked for by what is known of the traffic now; hits stay the same, only their price changes.
    ///
    /// A pattern that has exceeded its budget is run on every row from now on, which [`Matcher::lint`] tells.
    pub fn refined(&self, frequencies: &Frequencies, efforts: &Efforts) -> Matcher {
        let mut demoted = Vec::new();
        efforts.demote(&mut demoted);
        let engine = Engine::new(&self.programs, frequencies, &demoted, 1);
        engine.prepare(efforts, &self.automata);
        Matcher { follower: Arc::new(Follower::new(engine)), ..self.clone() }
    }

    /// The same with the loops of another level, one that `Level::available` has; hits stay the same.
    pub fn at_level(mut self, level: Level) -> Matcher {
        debug_assert!(Level::available().contains(&level));
        self.level = level.min(Level::detect());
        self
    }

    /// Number of patterns.
    pub fn len(&self) -> usize {
        self.programs.len()
    }

    /// Whether there is no pattern.
    pub fn is_empty(&self) -> bool {
        self.programs.is_empty()
    }

    /// What looking for each pattern is expected to cost.
    pub fn lint(&self) -> Arc<[Lint]> {
        self.follower.engine().lints()
    }

    /// Bytes held by tables and by the automata made so far, the expressions aside.
    pub fn bytes(&self) -> usize {
        self.follower.engine().bytes() + self.automata.bytes()
    }

    /// Fills `hits` with what is found in the rows of the batch.
    pub fn scan(&self, batch: &Batch, scratch: &mut Scratch, hits: &mut Hits) {
        hits.begin(self.programs.len(), batch.len());
        scratch.begin(&self.programs);
        if batch.is_empty() {
            return;
        }
        let (mut scan, room) = scratch.scan((&self.programs, &self.automata), batch, hits);
        self.follower.engine().run(self.level, room, &mut scan);
        hits.finish();
    }
}

/// Threads that plan at the start, when nobody else has anything to do.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, |count| count.get().min(THREADS_MAX))
}

#[cfg(test)]
mod tests;
