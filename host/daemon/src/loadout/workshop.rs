//! What all tenants of a program share: what plugins run in, and sets of patterns, each compiled once.

use super::runtime;
use crate::config::Config;
use bellwether_core::lane::{PatternSet, Refinement};
use bellwether_core::matcher::{Matcher, MatcherError};
use bellwether_core::pattern::Pattern;
use bellwether_core::plugin::{Descriptor, PluginPattern};
use bellwether_plugins::{Runtime, RuntimeError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use xxhash_rust::xxh3::xxh3_64;

/// Where plugins are opened. A thousand tenants with the same patterns have one automaton for them.
pub struct Workshop {
    runtime: Runtime,
    /// Tells the library of the configuration apart from others.
    library: u64,
    // A std mutex: locked to look a set up, or to compile one that the next who waits wants as well.
    sets: Mutex<Vec<Known>>,
}

/// A set of patterns that somebody works with.
#[derive(Clone)]
struct Known {
    brought: Vec<PluginPattern>,
    set: PatternSet,
}

impl Workshop {
    /// With the limits and the cache folder of a configuration.
    pub fn new(config: &Config) -> Result<Self, RuntimeError> {
        Ok(Workshop::around(runtime(config)?, config))
    }

    /// The same around a runtime.
    pub fn around(runtime: Runtime, config: &Config) -> Self {
        Workshop { runtime, library: digest_of(&config.patterns), sets: Mutex::default() }
    }

    /// The same for another configuration with the same limits of plugins. Where the library is the same, so are the sets
    /// that somebody works with, and what they have learnt.
    pub fn anew(&self, config: &Config) -> Self {
        let library = digest_of(&config.patterns);
        let sets = if library == self.library { self.sets().clone() } else { Vec::new() };
        Workshop { runtime: self.runtime.clone(), library, sets: Mutex::new(sets) }
    }

    /// What plugins run in.
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// What tells the library of the configuration apart from others.
    pub(super) fn library(&self) -> u64 {
        self.library
    }

    /// The patterns of the configuration that this was made for, and those that plugins bring along.
    pub(super) fn pattern_set<'a>(
        &self,
        config: &Config,
        plugins: impl Iterator<Item = &'a Descriptor> + Clone,
    ) -> Result<PatternSet, MatcherError> {
        let wanted = (names(config, plugins.clone()), brought(plugins.clone()));
        let mut sets = self.sets();
        sets.retain(|known| Arc::strong_count(&known.set.matcher) > 1);
        let is_same = |known: &&Known| (&known.set.names, &known.brought) == (&wanted.0, &wanted.1);
        if let Some(known) = sets.iter().find(is_same) {
            return Ok(known.set.clone());
        }
        let set = pattern_set(config, plugins)?;
        sets.push(Known { brought: wanted.1, set: set.clone() });
        Ok(set)
    }

    fn sets(&self) -> MutexGuard<'_, Vec<Known>> {
        // A set is known whole or not at all, whatever panicked.
        self.sets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What tells libraries apart.
fn digest_of(patterns: &[Pattern]) -> u64 {
    let part = |own: &Pattern| {
        let (name, score, severity) = (own.name(), own.score(), own.severity());
        let (ignores, conditions) = (own.ignores(), own.conditions());
        let texts = (own.expression(), own.unless());
        format!("{name} {score} {severity} {ignores} {conditions:?} {texts:?}\n")
    };
    xxh3_64(patterns.iter().map(part).collect::<String>().as_bytes())
}

/// The library's patterns, then those that plugins bring along.
pub fn pattern_set<'a>(
    config: &Config,
    plugins: impl Iterator<Item = &'a Descriptor> + Clone,
) -> Result<PatternSet, MatcherError> {
    Ok(PatternSet {
        matcher: Arc::new(Matcher::new(&config.patterns, &brought(plugins.clone()))?),
        names: names(config, plugins),
        scores: config.patterns.iter().map(|pattern| pattern.score()).collect(),
        severities: config.patterns.iter().map(|pattern| pattern.severity()).collect(),
        refinements: Refinement::of(&config.patterns).collect(),
    })
}

fn brought<'a>(plugins: impl Iterator<Item = &'a Descriptor>) -> Vec<PluginPattern> {
    plugins.flat_map(|own| own.patterns.iter().cloned()).collect()
}

fn names<'a>(config: &Config, plugins: impl Iterator<Item = &'a Descriptor>) -> Arc<[String]> {
    let library = config.patterns.iter().map(|pattern| pattern.name().to_owned());
    let brought = plugins.flat_map(|descriptor| {
        let name = &descriptor.name;
        descriptor.patterns.iter().map(move |pattern| format!("{name}:{}", pattern.name))
    });
    library.chain(brought).collect()
}
